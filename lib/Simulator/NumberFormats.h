// Conversions between f32 and the narrow floating-point formats.
#ifndef DGEMM_LIB_SIMULATOR_NUMBERFORMATS_H
#define DGEMM_LIB_SIMULATOR_NUMBERFORMATS_H

#include <cstdint>
#include <cstring>

namespace dgemm::sim {

enum class Rounding : uint8_t { Nearest, Zero, Down, Up, Away };

inline float asFloat(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}
inline uint32_t asBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

/// A format of `exponent` and `mantissa` bits below a sign bit.
struct Format {
  unsigned exponent, mantissa;
  bool infinity; // false: e4m3, where only all ones is NaN
  int bias() const { return (1 << (exponent - 1)) - 1; }
};
constexpr Format kHalf{5, 10, true}, kBFloat16{8, 7, true}, kE4M3{4, 3, false},
    kE5M2{5, 2, true};

/// Rounds `value` to `format`. `saturate` replaces overflow and infinity by
/// the largest finite value (NaN stays NaN).
uint32_t narrow(double value, const Format &format, Rounding rounding,
                bool saturate = false);
/// Exact.
float widen(uint32_t bits, const Format &format);

inline float fromBFloat16(uint16_t bits) {
  return asFloat((uint32_t)bits << 16);
}
inline uint16_t toBFloat16(float value) { // to nearest even
  uint32_t bits = asBits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return 0x7fff;
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_NUMBERFORMATS_H
