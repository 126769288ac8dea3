// The tensors of a simulated call: shapes from the record, data from files or
// a generator.
#include "Operands.h"
#include "dgemm/Simulator/Numbers.h"
#include "dgemm/Simulator/Plan.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

using namespace dgemm;
using namespace dgemm::simtool;
using launch::DType;
using launch::Error;
using launch::Result;
using launch::Status;

Result<std::vector<Operand>>
dgemm::simtool::makeOperands(const launch::Record &record,
                             launch::Environment values) {
  std::vector<Operand> operands;
  for (const launch::Operand &spec : record.operands) {
    Operand operand;
    operand.name = spec.name;
    operand.tensor.dtype = spec.dtype;
    for (const launch::Expression &size : spec.shape) {
      Result<int64_t> value = size.evaluate(values);
      if (!value)
        return Error{"the shape of " + spec.name + ": " + value.message() +
                     "; give it with --size"};
      if (*value < 0 || *value > (1 << 28))
        return Error{"the shape of " + spec.name + " has a size of " +
                     std::to_string(*value)};
      operand.tensor.shape.push_back(*value);
    }
    size_t rank = spec.strides.size();
    std::vector<int64_t> strides(rank, -1);
    int64_t unit = 16 / (int64_t)launch::byteSize(spec.dtype);
    // Known strides first; then each unknown one above those before it.
    int64_t dense = 1;
    for (size_t i = 0; i < rank; ++i)
      if (auto value = spec.strides[i].evaluate(values)) {
        strides[i] = *value;
        dense = std::max(dense, *value * operand.tensor.shape[i]);
      }
    for (size_t i = rank; i-- > 0;)
      if (strides[i] < 0) {
        if (!spec.strides[i].isName())
          return Error{"the strides of " + spec.name +
                       " need a value that --size does not give"};
        strides[i] = (dense + unit - 1) / unit * unit;
        values[spec.strides[i].name()] = strides[i];
        dense = strides[i] * operand.tensor.shape[i];
      }
    operand.tensor.strides = strides;
    operand.initial.assign(sim::extentBytes(operand.tensor), 0);
    operands.push_back(std::move(operand));
  }
  return operands;
}

std::vector<uint64_t>
dgemm::simtool::elementOffsets(const launch::Tensor &tensor) {
  std::vector<uint64_t> offsets;
  std::vector<int64_t> index(tensor.shape.size(), 0);
  for (int64_t size : tensor.shape)
    if (size == 0)
      return offsets;
  for (;;) {
    uint64_t offset = 0;
    for (size_t i = 0; i < index.size(); ++i)
      offset += (uint64_t)(index[i] * tensor.strides[i]);
    offsets.push_back(offset * launch::byteSize(tensor.dtype));
    size_t i = index.size();
    while (i > 0 && ++index[i - 1] == tensor.shape[i - 1])
      index[--i] = 0;
    if (i == 0)
      return offsets;
  }
}

void dgemm::simtool::generate(Operand &operand, launch::Access access,
                              uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::normal_distribution<double> normal;
  bool scale = operand.name.compare(0, 2, "SF") == 0;
  unsigned size = launch::byteSize(operand.tensor.dtype);
  // Padding and what is only written hold NaNs.
  std::fill(operand.initial.begin(), operand.initial.end(), 0xff);
  if (access == launch::Access::Write)
    return;
  for (uint64_t offset : elementOffsets(operand.tensor)) {
    uint64_t bits = 0;
    switch (operand.tensor.dtype) {
    case DType::E4M3:
      bits = sim::roundToE4M3((float)(normal(rng) * 120));
      break;
    case DType::E5M2:
      bits = sim::roundToE5M2((float)(normal(rng) * 16384));
      break;
    case DType::BF16:
      bits = sim::roundToBF16((float)normal(rng));
      break;
    case DType::F16:
      bits = sim::roundToF16((float)normal(rng));
      break;
    case DType::F32: {
      float value = scale ? (float)((0.25 + std::fabs(normal(rng))) / 448)
                          : (float)normal(rng);
      uint32_t word;
      memcpy(&word, &value, 4);
      bits = word;
      break;
    }
    default:
      break; // integers are zero
    }
    memcpy(operand.initial.data() + offset, &bits, size);
  }
}

Status dgemm::simtool::loadFile(Operand &operand, const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return Error{"cannot read '" + path + "'"};
  std::stringstream buffer;
  buffer << in.rdbuf();
  std::string data = buffer.str();
  std::vector<uint64_t> offsets = elementOffsets(operand.tensor);
  unsigned size = launch::byteSize(operand.tensor.dtype);
  if (data.size() != offsets.size() * size)
    return Error{"'" + path + "' has " + std::to_string(data.size()) +
                 " bytes, operand " + operand.name + " needs " +
                 std::to_string(offsets.size() * size)};
  for (size_t i = 0; i < offsets.size(); ++i)
    memcpy(operand.initial.data() + offsets[i], data.data() + i * size, size);
  return {};
}

Status dgemm::simtool::saveFile(const Operand &operand, const uint8_t *bytes,
                                const std::string &path) {
  std::ofstream out(path, std::ios::binary);
  unsigned size = launch::byteSize(operand.tensor.dtype);
  for (uint64_t offset : elementOffsets(operand.tensor))
    out.write((const char *)bytes + offset, size);
  if (!out)
    return Error{"cannot write '" + path + "'"};
  return {};
}

std::vector<uint8_t>
dgemm::simtool::expectedD(const std::vector<Operand> &operands,
                          std::pair<int64_t, int64_t> parts) {
  auto find = [&](const char *name) -> const Operand * {
    for (const Operand &operand : operands)
      if (operand.name == name)
        return &operand;
    return nullptr;
  };
  const Operand *a = find("A"), *b = find("B"), *sfa = find("SFA"),
                *sfb = find("SFB"), *c = find("C"), *d = find("D");
  if (!a || !b || !sfa || !sfb || !d || a->tensor.shape.size() != 2 ||
      d->tensor.shape.size() != 2)
    return {};
  auto at = [](const Operand &o, int64_t i, int64_t j) {
    return o.initial.data() +
           (uint64_t)(i * o.tensor.strides[0] + j * o.tensor.strides[1]) *
               launch::byteSize(o.tensor.dtype);
  };
  auto f32 = [&](const Operand &o, int64_t i, int64_t j) {
    float value;
    memcpy(&value, at(o, i, j), 4);
    return value;
  };
  int64_t m = d->tensor.shape[0], n = d->tensor.shape[1],
          k = a->tensor.shape[1];
  int64_t perB = sfb->tensor.shape[0] == n ? 1 : 128;
  if (c && c->initial.empty())
    c = nullptr;
  // Rows of K in whole 128-blocks, zero behind the end.
  int64_t blocks = (k + 127) / 128;
  auto dense = [&](const Operand &o, int64_t rows) {
    std::vector<uint8_t> out((size_t)(rows * blocks * 128), 0);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < k; ++j)
        out[(size_t)(i * blocks * 128 + j)] = *at(o, i, j);
    return out;
  };
  std::vector<uint8_t> da = dense(*a, m), db = dense(*b, n);
  std::vector<uint8_t> result = d->initial;
  std::vector<float> sum((size_t)n), part((size_t)n), before((size_t)n);
  // Adds the sum of a part to those of the parts before it.
  auto endPart = [&](int64_t index) {
    for (size_t j = 0; j < (size_t)n; ++j)
      before[j] = index == 0 ? sum[j] : before[j] + sum[j];
    std::fill(sum.begin(), sum.end(), 0.0f);
  };
  bool e5m2 = a->tensor.dtype == DType::E5M2;
  for (int64_t i = 0; i < m; ++i) {
    std::fill(sum.begin(), sum.end(), 0.0f);
    std::fill(before.begin(), before.end(), 0.0f);
    for (int64_t block = 0; block < blocks; ++block) {
      if (parts.first > 1 && block > 0 && block % parts.second == 0)
        endPart(block / parts.second - 1);
      sim::fp8BlockProducts(da.data() + (i * blocks + block) * 128,
                            db.data() + block * 128, (size_t)blocks * 128,
                            (size_t)n, e5m2, part.data());
      float sa = f32(*sfa, i, block);
      for (int64_t j = 0; j < n; ++j)
        sum[(size_t)j] = std::fma(sa * f32(*sfb, j / perB, block),
                                  part[(size_t)j], sum[(size_t)j]);
    }
    // The last part with blocks, then those without.
    if (parts.first > 1) {
      int64_t last = std::max<int64_t>(blocks - 1, 0) / parts.second;
      for (int64_t part = last; part < parts.first; ++part)
        endPart(part);
      sum = before;
    }
    for (int64_t j = 0; j < n; ++j) {
      uint8_t *to = result.data() + (at(*d, i, j) - d->initial.data());
      float value = sum[(size_t)j];
      if (d->tensor.dtype == DType::BF16) {
        if (c) {
          uint16_t old;
          memcpy(&old, at(*c, i, j), 2);
          value = sim::fromBF16(old) + value;
        }
        uint16_t bits = (uint16_t)sim::roundToBF16(value);
        memcpy(to, &bits, 2);
      } else {
        if (c)
          value = f32(*c, i, j) + value;
        memcpy(to, &value, 4);
      }
    }
  }
  return result;
}
