// The driver's limits on a tensor map (CUDA driver API,
// cuTensorMapEncodeTiled).
#include "dgemm/Launch/Plan.h"

using namespace dgemm::launch;

namespace {

Error limit(const std::string &what, uint64_t value, const std::string &rule) {
  return Error{what + " is " + std::to_string(value) + "; it must be " + rule};
}

std::string indexed(const char *what, unsigned i) {
  return std::string(what) + "[" + std::to_string(i) + "]";
}

} // namespace

Status dgemm::launch::checkTensorMap(const TensorMap &map) {
  if (map.rank < 1 || map.rank > 5)
    return limit("the rank", map.rank, "in 1..5");
  uint64_t unit = map.interleave == 32 ? 32 : 16;
  if (map.address == 0)
    return Error{"the address is null"};
  if (map.address % unit)
    return limit("the address", map.address,
                 "a multiple of " + std::to_string(unit) + " bytes");
  for (unsigned i = 0; i < map.rank; ++i) {
    if (map.sizes[i] < 1 || map.sizes[i] > (uint64_t(1) << 32))
      return limit(indexed("size", i), map.sizes[i], "in 1..2^32");
    if (map.box[i] < 1 || map.box[i] > 256)
      return limit(indexed("box", i), map.box[i], "in 1..256");
    if (map.elementStrides[i] < 1 || map.elementStrides[i] > 8)
      return limit(indexed("element stride", i), map.elementStrides[i],
                   "in 1..8");
  }
  for (unsigned i = 0; i + 1 < map.rank; ++i) {
    if (map.strides[i] % unit)
      return limit(indexed("stride", i), map.strides[i],
                   "a multiple of " + std::to_string(unit) +
                       " bytes; pad it to " +
                       std::to_string((map.strides[i] / unit + 1) * unit));
    if (map.strides[i] >= (uint64_t(1) << 40))
      return limit(indexed("stride", i), map.strides[i], "below 2^40 bytes");
  }
  uint64_t inner = uint64_t(map.box[0]) * byteSize(map.dtype);
  if (!map.interleave && inner % 16)
    return limit("the inner box", inner, "a multiple of 16 bytes");
  if (!map.interleave && map.swizzle && inner > map.swizzle)
    return limit("the inner box", inner,
                 "at most the swizzle width, " + std::to_string(map.swizzle) +
                     " bytes");
  return {};
}
