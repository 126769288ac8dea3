// The simulator's own encoding of a tensor map in its 128-byte handle.
#ifndef DGEMM_SIMULATOR_TENSORMAP_H
#define DGEMM_SIMULATOR_TENSORMAP_H

#include <cstdint>
#include <string>

namespace dgemm::sim {

/// The description itself, behind the handle that a kernel passes around.
/// Dimension 0 is the innermost one; strides are in bytes, for dimensions
/// 1..rank-1.
struct TensorMap {
  static constexpr uint32_t kMagic = 0x4d54474du;
  enum DType : uint8_t { U8, U16, U32, S32, U64, S64, F16, F32, F64, BF16 };

  uint32_t magic = kMagic;
  uint8_t rank = 0;
  uint8_t dtype = U8;
  uint8_t swizzle = 0; // log2 of the span: 0 none, 5, 6, 7 for 32, 64, 128 B
  uint8_t interleave = 0;
  uint64_t address = 0;
  uint64_t sizes[5] = {1, 1, 1, 1, 1};
  uint64_t strides[4] = {0, 0, 0, 0};
  uint16_t box[5] = {1, 1, 1, 1, 1};
  uint8_t elementStrides[5] = {1, 1, 1, 1, 1};
  uint8_t nanFill = 0;
  uint8_t reserved[24] = {};

  unsigned elementBytes() const;
  /// Bytes that one box brings, out-of-bounds elements included.
  uint64_t boxBytes() const;
  /// From one row of a box to the next in shared memory: a swizzled row takes
  /// the whole span, even where the box is narrower (measured on an H200).
  uint32_t pitch() const {
    return swizzle ? 1u << swizzle : box[0] * elementBytes();
  }
  /// Bytes of shared memory that a box spans.
  uint64_t sharedBytes() const;
  /// The driver's rules for cuTensorMapEncodeTiled; empty when they hold.
  std::string check() const;
};
static_assert(sizeof(TensorMap) == 128, "a tensor map is 128 bytes");

} // namespace dgemm::sim

#endif // DGEMM_SIMULATOR_TENSORMAP_H
