// Generating operands and laying them out.
#include "Inputs.h"

#include "Parallel.h"

#include "dgemm/Reference/Formats.h"

#include <cmath>
#include <cstring>
#include <stdexcept>

using namespace dgemm::run;
namespace launch = dgemm::launch;
namespace reference = dgemm::reference;
using dgemm::launch::Access;
using dgemm::launch::DType;
using dgemm::launch::Operand;

namespace {

// Enough for the operands of two large problems.
constexpr size_t deviceBudget = size_t(12) << 30;
constexpr size_t hostMatrices = 6;

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t align(int64_t a, int64_t b) { return ceilDiv(a, b) * b; }

} // namespace

float Problem::c(int64_t row, int64_t column) const {
  // Of the size of the product's elements, so that the addition matters.
  float value =
      reference::randomNormal(seed + 2000003, uint64_t(row * n + column)) *
      std::sqrt(float(k + 1));
  return type == DType::BF16
             ? reference::decodeBF16(reference::encodeBF16(value))
             : value;
}

std::vector<int64_t> dgemm::run::shapeOf(const Problem &p,
                                         const std::string &name) {
  if (name == "A")
    return {p.m, p.k};
  if (name == "SFA")
    return {p.m, p.kBlocks()};
  if (name == "B")
    return {p.n, p.k};
  if (name == "SFB")
    return {ceilDiv(p.n, p.sfbRows), p.kBlocks()};
  if (name == "C" || name == "D")
    return {p.m, p.n};
  throw std::runtime_error("operand " + name +
                           " is none of A, SFA, B, SFB, C, D");
}

Problem dgemm::run::problemOf(const Case &c, const launch::Record &record) {
  Problem p;
  p.m = c.m, p.n = c.n, p.k = c.k, p.seed = c.seed;
  for (const char *name : {"A", "SFA", "B", "SFB", "D"})
    if (const Operand *o = record.findOperand(name); !o || o->shape.size() != 2)
      throw std::runtime_error(std::string("the record has no 2-D operand ") +
                               name);
  const Operand &d = *record.findOperand("D");
  p.type = d.dtype;
  p.withC = record.findOperand("C") || d.access == Access::ReadWrite;
  // 1D1D where SFB has a row per row of B. The names N and K are those of B's
  // own shape, whatever the record calls them.
  launch::Environment values;
  const Operand &b = *record.findOperand("B");
  for (auto [e, value] : {std::pair(&b.shape[0], p.n), {&b.shape[1], p.k}})
    if (e->isName())
      values[e->name()] = value;
  const launch::Expression &rows = record.findOperand("SFB")->shape[0];
  launch::Result<int64_t> count = rows.evaluate(values);
  if (!count)
    throw std::runtime_error("SFB's shape: " + count.message());
  // A single row block looks alike in both; the text then decides.
  bool vector = p.n > 1 ? *count == p.n : rows.text() == b.shape[0].text();
  p.sfbRows = vector ? 1 : 128;
  return p;
}

std::vector<int64_t> dgemm::run::stridesOf(const Case &c, const Problem &p,
                                           const Operand &operand) {
  std::vector<int64_t> shape = shapeOf(p, operand.name);
  auto literal = [&](size_t d) -> int64_t {
    if (!operand.strides[d].isLiteral())
      return -1;
    return *operand.strides[d].evaluate({});
  };
  // The contiguous dimension: what the record says, else rows of A, B, D and
  // columns of SFA (DeepGEMM's form, the one that TMA takes).
  int unit = literal(0) == 1 && literal(1) != 1 ? 0 : 1;
  if (literal(0) < 0 && literal(1) < 0)
    unit = operand.name == "SFA" && !c.sfaRowMajor ? 0 : 1;
  int outer = 1 - unit;
  std::vector<int64_t> strides(2, 1);
  auto given = c.ld.find(operand.name);
  if (given != c.ld.end())
    strides[outer] = given->second;
  else if (literal(outer) >= 0)
    strides[outer] = literal(outer);
  else {
    // Inputs by TMA need a multiple of 16 bytes; outputs and block scales are
    // as callers have them.
    bool padded = operand.name == "A" || operand.name == "B" || unit == 0;
    int64_t step = padded ? 16 / launch::byteSize(operand.dtype) : 1;
    strides[outer] = align(std::max<int64_t>(shape[unit], 1), step);
  }
  return strides;
}

size_t dgemm::run::spanBytes(const std::vector<int64_t> &shape,
                             const std::vector<int64_t> &strides, DType dtype) {
  if (shape[0] == 0 || shape[1] == 0)
    return 0;
  return size_t((shape[0] - 1) * strides[0] + (shape[1] - 1) * strides[1] + 1) *
         launch::byteSize(dtype);
}

Inputs::Matrix Inputs::matrix(uint64_t seed, int64_t rows, int64_t columns,
                              int64_t scaleRows) {
  MatrixKey key{seed, rows, columns, scaleRows};
  for (auto it = matrices.begin(); it != matrices.end(); ++it)
    if (it->first == key) {
      matrices.splice(matrices.begin(), matrices, it);
      return it->second;
    }
  auto made = std::make_shared<reference::QuantizedMatrix>(
      reference::generateQuantized(seed, rows, columns, scaleRows));
  matrices.emplace_front(key, made);
  if (matrices.size() > hostMatrices)
    matrices.pop_back();
  return made;
}

std::shared_ptr<Buffer> Inputs::operand(const Problem &p,
                                        const std::string &name,
                                        const std::vector<int64_t> &strides) {
  std::vector<int64_t> shape = shapeOf(p, name);
  DType dtype = name == "C"                  ? p.type
                : name == "A" || name == "B" ? DType::E4M3
                                             : DType::F32;
  // One matrix serves every problem of its shape. Scales depend on the shape
  // of what they scale, C on K by its size.
  bool ofA = name == "A" || name == "SFA", ofB = name == "B" || name == "SFB";
  std::string key = name + " " + std::to_string(p.seed);
  for (int64_t part : {ofB ? 0 : p.m, ofA ? 0 : p.n, p.k, strides[0],
                       strides[1], int64_t(dtype), ofB ? p.sfbRows : 0})
    key += " " + std::to_string(part);
  size_t total = 0;
  for (auto it = operands.begin(); it != operands.end(); ++it) {
    total += it->second->size();
    if (it->first == key) {
      operands.splice(operands.begin(), operands, it);
      return it->second;
    }
  }

  // Whatever lies between and around the elements is NaN: 0x7f in e4m3, all
  // ones in the others.
  if (dtype == DType::E4M3 && shape[1] > 1 && strides[1] != 1)
    throw std::runtime_error("operand " + name +
                             " must have rows without gaps");
  uint8_t poison = dtype == DType::E4M3 ? 0x7f : 0xff;
  size_t bytes = spanBytes(shape, strides, dtype);
  std::vector<uint8_t> image(bytes, poison);
  Matrix matrix = ofA ? a(p) : ofB ? b(p) : nullptr;
  parallelFor(shape[0], [&](int64_t row) {
    for (int64_t column = 0; column < shape[1]; ++column) {
      size_t at = size_t(row * strides[0] + column * strides[1]);
      if (dtype == DType::E4M3) {
        // Rows are contiguous in both.
        std::memcpy(&image[at], &matrix->codes[row * matrix->stride],
                    size_t(shape[1]));
        break;
      }
      float value = matrix ? matrix->scales[row * matrix->scaleStride + column]
                           : p.c(row, column);
      if (dtype == DType::BF16) {
        uint16_t code = reference::encodeBF16(value);
        std::memcpy(&image[at * 2], &code, 2);
      } else {
        std::memcpy(&image[at * 4], &value, 4);
      }
    }
  });
  while (!operands.empty() && total + bytes > deviceBudget) {
    total -= operands.back().second->size();
    operands.pop_back();
  }
  auto buffer = std::make_shared<Buffer>(device, bytes, poison, 64 * 1024);
  device.upload(buffer->data(), image.data(), bytes);
  operands.emplace_front(key, buffer);
  return buffer;
}
