// The rules a tensor map must keep, as the driver's encoder has them.
#include "dgemm/Simulator/TensorMap.h"

using namespace dgemm::sim;

unsigned TensorMap::elementBytes() const {
  switch (dtype) {
  case U8:
    return 1;
  case U16:
  case F16:
  case BF16:
    return 2;
  case U32:
  case S32:
  case F32:
    return 4;
  default:
    return 8;
  }
}

uint64_t TensorMap::boxBytes() const {
  uint64_t bytes = elementBytes();
  for (unsigned i = 0; i < rank && i < 5; ++i) {
    uint64_t step = i == 0 || !elementStrides[i] ? 1 : elementStrides[i];
    bytes *= (box[i] + step - 1) / step;
  }
  return bytes;
}

uint64_t TensorMap::sharedBytes() const {
  uint64_t row = (uint64_t)box[0] * elementBytes();
  return row ? boxBytes() / row * pitch() : 0;
}

std::string TensorMap::check() const {
  auto number = [](uint64_t v) { return std::to_string(v); };
  if (rank < 1 || rank > 5)
    return "rank " + number(rank) + " is not from 1 to 5";
  if (dtype > BF16)
    return "unknown element type " + number(dtype);
  if (address % 16)
    return "the address is not a multiple of 16";
  if (swizzle != 0 && (swizzle < 5 || swizzle > 7))
    return "unknown swizzle";
  if (interleave)
    return "interleaved layouts are not supported";
  for (unsigned i = 0; i < rank; ++i) {
    std::string dim = " of dimension " + number(i);
    if (sizes[i] < 1 || sizes[i] > (1ull << 32))
      return "size " + number(sizes[i]) + dim + " is not from 1 to 2^32";
    if (box[i] < 1 || box[i] > 256)
      return "box " + number(box[i]) + dim + " is not from 1 to 256";
    if (elementStrides[i] < 1 || elementStrides[i] > 8)
      return "element stride " + number(elementStrides[i]) + dim +
             " is not from 1 to 8";
    if (i + 1 < rank && (strides[i] % 16 || strides[i] >= (1ull << 40)))
      return "stride " + number(strides[i]) + " of dimension " + number(i + 1) +
             " is not a multiple of 16 below 2^40";
  }
  uint64_t inner = (uint64_t)box[0] * elementBytes();
  if (inner % 16)
    return "the inner box of " + number(inner) +
           " bytes is not a multiple of 16";
  if (swizzle && inner > (1u << swizzle))
    return "the inner box of " + number(inner) +
           " bytes exceeds the swizzle "
           "of " +
           number(1u << swizzle);
  return "";
}
