// Comparing D with the reference evaluator and with fp64.
#include "Check.h"

#include "Parallel.h"

#include "dgemm/Reference/Formats.h"
#include "dgemm/Reference/Reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

using namespace dgemm::run;
namespace launch = dgemm::launch;
namespace reference = dgemm::reference;
using dgemm::launch::DType;

namespace {

// Products of the evaluator that a few seconds of 16 cores afford.
constexpr double fullWork = 6e9;
constexpr int64_t stretch = 64;
constexpr int64_t minimum = 256;

/// One index of every stretch, at a place that varies, and eight at each end.
std::vector<int64_t> pick(int64_t size, uint64_t seed) {
  std::vector<int64_t> list;
  int64_t parts = std::max(minimum, (size + stretch - 1) / stretch);
  for (int64_t i = 0; i < parts && size > 0; ++i) {
    int64_t begin = i * size / parts, end = (i + 1) * size / parts;
    if (end > begin)
      list.push_back(begin + int64_t(reference::randomBits(seed, uint64_t(i)) %
                                     uint64_t(end - begin)));
  }
  for (int64_t i = 0; i < std::min<int64_t>(8, size); ++i) {
    list.push_back(i);
    list.push_back(size - 1 - i);
  }
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

std::vector<int64_t> all(int64_t size) {
  std::vector<int64_t> list(size_t(size), 0);
  for (int64_t i = 0; i < size; ++i)
    list[size_t(i)] = i;
  return list;
}

uint32_t load(const uint8_t *row, size_t index, DType type) {
  if (type == DType::BF16) {
    uint16_t bits;
    std::memcpy(&bits, row + 2 * index, 2);
    return bits;
  }
  uint32_t bits;
  std::memcpy(&bits, row + 4 * index, 4);
  return bits;
}

float decode(uint32_t bits, DType type) {
  return type == DType::BF16 ? reference::decodeBF16(uint16_t(bits))
                             : reference::floatOf(bits);
}

// The bound of docs/numerics.md: a step of 32 products cuts 32 terms at 2^-13
// of the largest and its result at 2^-13; a block has four steps; then
// roundings to f32 per block and to D's type.
constexpr double stepLoss = 33 * 0x1p-13;
constexpr double u32 = 0x1p-24, u16 = 0x1p-8;

double roundings(double n) { return n * u32 / (1 - n * u32); }

/// The power of two by which a code takes part in the alignment, or more.
double alignmentSize(uint8_t code) {
  float value = std::fabs(reference::decodeE4M3(code));
  return value == 0 ? 0 : std::max(double(value), 0x1p-6);
}

} // namespace

Sample dgemm::run::sampleOf(const Problem &p, Check check) {
  Sample sample;
  double work = double(p.m) * double(p.n) * double(std::max<int64_t>(p.k, 1));
  sample.full =
      check == Check::Full || (check == Check::Auto && work <= fullWork);
  sample.rows = sample.full ? all(p.m) : pick(p.m, 11);
  sample.columns = sample.full ? all(p.n) : pick(p.n, 12);
  return sample;
}

uint32_t dgemm::run::expectedBits(const Problem &p, int64_t row, int64_t column,
                                  float sum) {
  float value = sum;
  // Without any K block C passes unchanged, a negative zero included.
  if (p.withC)
    value = p.k == 0 ? p.c(row, column)
                     : reference::canonical(p.c(row, column) + sum);
  return p.type == DType::BF16 ? reference::encodeBF16(value)
                               : reference::bitsOf(value);
}

const std::vector<float> &Checker::sums(const Problem &p,
                                        const Sample &sample) {
  std::string key = std::to_string(p.seed) + (sample.full ? " full" : "");
  for (int64_t part : {p.m, p.n, p.k, p.sfbRows, p.parts, p.partBlocks})
    key += " " + std::to_string(part);
  if (key == sumsKey)
    return sumsValue;
  sumsKey.clear();
  sumsValue.assign(sample.rows.size() * sample.columns.size(), 0.0f);
  if (p.k > 0 && !sumsValue.empty()) {
    Inputs::Matrix a = inputs.a(p), b = inputs.b(p);
    reference::Problem r;
    r.m = p.m, r.n = p.n, r.k = p.k;
    r.a = a->codes.data(), r.aStride = a->stride;
    r.b = b->codes.data(), r.bStride = b->stride;
    r.sfa = a->scales.data(), r.sfaRowStride = a->scaleStride;
    r.sfb = b->scales.data(), r.sfbRowStride = b->scaleStride;
    r.sfaBlockStride = r.sfbBlockStride = 1;
    r.sfbRows = p.sfbRows;
    r.parts = p.parts, r.partBlocks = p.partBlocks;
    r.type = reference::OutputType::F32;
    r.d = sumsValue.data();
    r.dStride = int64_t(sample.columns.size());
    if (!sample.full)
      r.rows = sample.rows, r.columns = sample.columns;
    std::string problem = reference::evaluate(r);
    if (!problem.empty())
      throw std::runtime_error("reference evaluator: " + problem);
  }
  sumsKey = key;
  return sumsValue;
}

std::vector<uint8_t> Checker::downloadRow(const Problem &p, const Output &d,
                                          int64_t row) {
  if (p.n > 1 && d.strides[1] != 1)
    throw std::runtime_error("D's rows must be contiguous");
  size_t elt = launch::byteSize(p.type);
  // With what lies between this row and the next.
  size_t columns = size_t(row + 1 < p.m ? d.strides[0] : p.n);
  std::vector<uint8_t> bytes(columns * elt);
  device.download(bytes.data(),
                  static_cast<const uint8_t *>(d.data) +
                      size_t(row * d.strides[0]) * elt,
                  bytes.size());
  return bytes;
}

BitResult Checker::checkBits(const Problem &p, const Sample &sample,
                             const Output &output) {
  const std::vector<float> &expected = sums(p, sample);
  size_t elt = launch::byteSize(p.type), columns = sample.columns.size();
  BitResult result;
  result.elements = sample.rows.size() * columns;
  if (result.elements == 0)
    return result;
  for (size_t i = 0; i < sample.rows.size(); ++i) {
    int64_t row = sample.rows[i];
    std::vector<uint8_t> bytes = downloadRow(p, output, row);
    for (size_t j = 0; j < columns; ++j) {
      int64_t column = sample.columns[j];
      uint32_t have = load(bytes.data(), size_t(column), p.type);
      uint32_t want = expectedBits(p, row, column, expected[i * columns + j]);
      if (have == want)
        continue;
      if (result.mismatches++ == 0) {
        char text[160];
        std::snprintf(text, sizeof text,
                      "D[%lld, %lld] = 0x%0*x (%g), expected 0x%0*x (%g)",
                      (long long)row, (long long)column, int(2 * elt), have,
                      decode(have, p.type), int(2 * elt), want,
                      decode(want, p.type));
        result.first = text;
      }
    }
    for (size_t at = 0; at < size_t(p.n) * elt; ++at)
      result.hash = (result.hash ^ bytes[at]) * 0x100000001b3;
    for (size_t at = size_t(p.n) * elt; at < bytes.size(); ++at)
      result.paddingWritten += bytes[at] != 0xff;
  }
  return result;
}

Fp64Result Checker::checkFp64(const Problem &p, const Sample &sample,
                              const Output &output) {
  Fp64Result result;
  auto thin = [](const std::vector<int64_t> &list) {
    constexpr size_t most = 48;
    std::vector<int64_t> out;
    for (size_t i = 0; i < std::min(most, list.size()); ++i)
      out.push_back(list[i * list.size() / std::min(most, list.size())]);
    return out;
  };
  std::vector<int64_t> rows = thin(sample.rows), columns = thin(sample.columns);
  if (rows.empty() || columns.empty())
    return result;
  Inputs::Matrix a = inputs.a(p), b = inputs.b(p);
  double xy = 0, xx = 0, yy = 0;
  for (int64_t row : rows) {
    std::vector<uint8_t> bytes = downloadRow(p, output, row);
    std::vector<double> exact(columns.size()), weight(columns.size());
    parallelFor(int64_t(columns.size()), [&](int64_t j) {
      int64_t column = columns[size_t(j)];
      for (int64_t block = 0; block < p.kBlocks(); ++block) {
        double sum = 0, size = 0;
        for (int64_t k = block * 128; k < std::min(p.k, block * 128 + 128);
             ++k) {
          uint8_t x = a->codes[row * a->stride + k];
          uint8_t y = b->codes[column * b->stride + k];
          sum += double(reference::decodeE4M3(x)) *
                 double(reference::decodeE4M3(y));
          size += alignmentSize(x) * alignmentSize(y);
        }
        double scale =
            double(a->scales[row * a->scaleStride + block]) *
            double(b->scales[column / p.sfbRows * b->scaleStride + block]);
        exact[size_t(j)] += scale * sum;
        weight[size_t(j)] += std::fabs(scale) * size;
      }
    });
    for (size_t j = 0; j < columns.size(); ++j) {
      double blocks = double(p.kBlocks());
      double bound = (4 * stepLoss + roundings(blocks + 1)) * weight[j] +
                     blocks * 0x1p-124;
      double total = exact[j];
      if (p.withC) {
        total += double(p.c(row, columns[j]));
        bound += u32 * (std::fabs(total) + bound);
      }
      if (p.type == DType::BF16)
        bound += u16 * (std::fabs(total) + bound) + 0x1p-134;
      bound += 0x1p-50 * (std::fabs(total) + bound);
      double have =
          decode(load(bytes.data(), size_t(columns[j]), p.type), p.type);
      double error = std::fabs(have - total);
      // A NaN must count as the worst, not vanish in a comparison.
      if (!(error <= bound) && !(error > bound))
        error = HUGE_VAL;
      result.maxError = std::max(result.maxError, error);
      if (error > 0)
        result.maxErrorOverBound =
            std::max(result.maxErrorOverBound, error / bound);
      xy += have * total, xx += have * have, yy += total * total;
      ++result.elements;
    }
  }
  result.calcDiff = xx + yy > 0 ? 1 - 2 * xy / (xx + yy) : 0;
  return result;
}
