// Shared-memory matrix descriptors and the shape of a wgmma.
#ifndef DGEMM_LIB_SIMULATOR_WGMMA_H
#define DGEMM_LIB_SIMULATOR_WGMMA_H

#include "Machine.h"
#include "TensorCore.h"

namespace dgemm::sim {

/// Inst::flags of wgmma.mma_async.
struct WgmmaShape {
  MmaType a, b;
  uint32_t n;
  bool registersA, half, negateA, negateB, transposeA, transposeB;

  uint32_t pack() const {
    return (uint32_t)a | (uint32_t)b << 2 | (n / 8) << 4 |
           (uint32_t)registersA << 10 | (uint32_t)half << 11 |
           (uint32_t)negateA << 12 | (uint32_t)negateB << 13 |
           (uint32_t)transposeA << 14 | (uint32_t)transposeB << 15;
  }
  static WgmmaShape unpack(uint32_t f) {
    return {(MmaType)(f & 3),    (MmaType)(f >> 2 & 3), (f >> 4 & 63) * 8,
            (bool)(f >> 10 & 1), (bool)(f >> 11 & 1),   (bool)(f >> 12 & 1),
            (bool)(f >> 13 & 1), (bool)(f >> 14 & 1),   (bool)(f >> 15 & 1)};
  }
};

/// What a matrix descriptor says.
struct MatrixDescriptor {
  uint32_t start, leading, stride, baseOffset, swizzle; // swizzle: log2 span
  explicit MatrixDescriptor(uint64_t bits)
      : start((uint32_t)(bits & 0x3fff) << 4),
        leading((uint32_t)(bits >> 16 & 0x3fff) << 4),
        stride((uint32_t)(bits >> 32 & 0x3fff) << 4),
        baseOffset((uint32_t)(bits >> 49 & 7)), swizzle(bits >> 62 == 1   ? 7
                                                        : bits >> 62 == 2 ? 6
                                                        : bits >> 62 == 3 ? 5
                                                                          : 0) {
  }

  /// Address of 16 bytes along K of row `row` (K-major).
  uint32_t kMajor(uint32_t row, uint32_t kByte) const {
    uint32_t span = swizzle ? 1u << swizzle : 16;
    uint32_t address = start + row / 8 * stride + row % 8 * span;
    address += swizzle ? kByte : kByte / 16 * leading + kByte % 16;
    return swizzleAddress(address);
  }
  /// Address of 8 16-bit elements along M or N, from `element` on, at step k.
  uint32_t mnMajor(uint32_t element, uint32_t k) const {
    uint32_t unit = element / 8, address = start;
    if (!swizzle) {
      address += unit * stride + k % 8 * 16 + k / 8 * leading;
    } else {
      uint32_t units = (1u << swizzle) / 16;
      address += unit % units * 16 + unit / units * leading +
                 k % 8 * (1u << swizzle) + k / 8 * stride;
    }
    return swizzleAddress(address);
  }
  uint32_t swizzleAddress(uint32_t address) const {
    uint32_t mask = swizzle == 7   ? 0x70
                    : swizzle == 6 ? 0x30
                    : swizzle == 5 ? 0x10
                                   : 0;
    // The pattern counts its 128-byte rows from where it begins.
    return address ^ (((address >> 7) - baseOffset) << 4 & mask);
  }
};

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_WGMMA_H
