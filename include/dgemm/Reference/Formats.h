// The number formats of block-scaled FP8 GEMM: e4m3, bf16, and the GPU's NaNs.
#ifndef DGEMM_REFERENCE_FORMATS_H
#define DGEMM_REFERENCE_FORMATS_H

#include <cstdint>
#include <cstring>

namespace dgemm::reference {

/// The only NaN that the GPU's FP32 instructions and tensor cores produce,
/// whatever the payload and sign of the NaNs that went in.
constexpr uint32_t canonicalNaN = 0x7fffffff;

/// The only NaN that `cvt.rn.bf16.f32` and `cvt.rn.bf16x2.f32` produce.
constexpr uint16_t canonicalNaNBF16 = 0x7fff;

inline uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline bool isNaN(float value) {
  return (bitsOf(value) & 0x7fffffff) > 0x7f800000;
}

/// `value` as a GPU instruction returns it: a CPU passes payloads of NaNs on,
/// the GPU does not.
inline float canonical(float value) {
  return isNaN(value) ? floatOf(canonicalNaN) : value;
}

//===- e4m3 ---------------------------------------------------------------===//
// One sign bit, four exponent bits with bias 7, three fraction bits; no
// infinity; 0x7f and 0xff are NaN; the largest finite value is 448.

constexpr float maxE4M3 = 448.0f;

inline bool isNaNE4M3(uint8_t code) { return (code & 0x7f) == 0x7f; }
inline bool isNegativeE4M3(uint8_t code) { return code & 0x80; }

/// The integer significand: the value is significand / 8 * 2^exponent.
inline int significandE4M3(uint8_t code) {
  return (code & 0x78) ? 8 + (code & 7) : code & 7;
}

/// The unbiased exponent, -6 for subnormals and zero.
inline int exponentE4M3(uint8_t code) {
  return (code & 0x78) ? ((code >> 3) & 15) - 7 : -6;
}

inline float decodeE4M3(uint8_t code) {
  if (isNaNE4M3(code))
    return floatOf(canonicalNaN);
  float unit = floatOf(uint32_t(exponentE4M3(code) - 3 + 127) << 23);
  float magnitude = float(significandE4M3(code)) * unit;
  return isNegativeE4M3(code) ? -magnitude : magnitude;
}

/// Rounds to nearest even and saturates to 448, infinity included, as
/// `cvt.rn.satfinite.e4m3x2.f32` does; any NaN becomes 0x7f.
inline uint8_t encodeE4M3(float value) {
  uint32_t bits = bitsOf(value);
  uint8_t sign = (bits >> 24) & 0x80;
  bits &= 0x7fffffff;
  if (bits > 0x7f800000)
    return 0x7f;
  if (bits >= bitsOf(maxE4M3))
    return sign | 0x7e;
  if (bits < bitsOf(0x1p-6f)) {
    // Adding 2^14, whose last bit is worth 2^-9, rounds to the subnormal grid.
    float shifted = floatOf(bits) + 0x1p14f;
    return sign | uint8_t(bitsOf(shifted) - bitsOf(0x1p14f));
  }
  uint32_t rounded = bits + 0x7ffff + ((bits >> 20) & 1);
  return sign | uint8_t((rounded >> 20) - ((127 - 7) << 3));
}

//===- bf16 ---------------------------------------------------------------===//

inline float decodeBF16(uint16_t code) { return floatOf(uint32_t(code) << 16); }

/// Rounds to nearest even, as `cvt.rn.bf16x2.f32` does.
inline uint16_t encodeBF16(float value) {
  if (isNaN(value))
    return canonicalNaNBF16;
  uint32_t bits = bitsOf(value);
  return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

} // namespace dgemm::reference

#endif // DGEMM_REFERENCE_FORMATS_H
