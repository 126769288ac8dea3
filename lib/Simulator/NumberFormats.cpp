// Conversions between f32 and the narrow floating-point formats.
#include "NumberFormats.h"

#include <cmath>

using namespace dgemm::sim;

uint32_t dgemm::sim::narrow(double value, const Format &format,
                            Rounding rounding, bool saturate) {
  uint32_t sign =
      std::signbit(value) ? 1u << (format.exponent + format.mantissa) : 0;
  uint32_t top = (1u << format.exponent) - 1;
  uint32_t allOnes = (top << format.mantissa) | ((1u << format.mantissa) - 1);
  if (std::isnan(value))
    return allOnes; // the canonical NaN is positive
  // The largest finite magnitude.
  uint32_t largest =
      format.infinity ? (top << format.mantissa) - 1 : allOnes - 1;
  uint32_t overflow = format.infinity ? top << format.mantissa : allOnes;
  if (std::isinf(value))
    return sign | (saturate ? largest : overflow);
  double magnitude = std::fabs(value);
  if (magnitude == 0)
    return sign;
  int exponent;
  std::frexp(magnitude, &exponent); // magnitude in [0.5, 1) * 2^exponent
  int unit = exponent - 1 - (int)format.mantissa;
  int lowest = 1 - format.bias() - (int)format.mantissa;
  if (unit < lowest)
    unit = lowest;
  double scaled = std::ldexp(magnitude, -unit); // exact, below 2^(mantissa+1)
  double whole = std::floor(scaled), rest = scaled - whole;
  bool up = false;
  switch (rounding) {
  case Rounding::Nearest:
    up = rest > 0.5 || (rest == 0.5 && std::fmod(whole, 2) == 1);
    break;
  case Rounding::Away:
    up = rest >= 0.5;
    break;
  case Rounding::Zero:
    break;
  case Rounding::Down:
    up = sign && rest > 0;
    break;
  case Rounding::Up:
    up = !sign && rest > 0;
    break;
  }
  uint64_t digits = (uint64_t)whole + up;
  if (!digits)
    return sign;
  // Subnormal and normal encodings are one sequence.
  uint64_t bits = digits;
  if (unit > lowest || digits >> format.mantissa)
    bits = digits + ((uint64_t)(unit - lowest) << format.mantissa);
  if (bits > largest) {
    bool toInfinity = rounding == Rounding::Nearest ||
                      rounding == Rounding::Away ||
                      (rounding == Rounding::Up && !sign) ||
                      (rounding == Rounding::Down && sign);
    return sign | (saturate || !toInfinity ? largest : overflow);
  }
  return sign | (uint32_t)bits;
}

float dgemm::sim::widen(uint32_t bits, const Format &format) {
  uint32_t top = (1u << format.exponent) - 1;
  uint32_t mantissa = bits & ((1u << format.mantissa) - 1);
  uint32_t exponent = bits >> format.mantissa & top;
  bool negative = bits >> (format.exponent + format.mantissa) & 1;
  if (format.infinity && exponent == top) {
    uint32_t f = mantissa ? 0x7fffffffu : 0x7f800000u;
    return asFloat(f | (negative && !mantissa ? 0x80000000u : 0));
  }
  if (!format.infinity && exponent == top &&
      mantissa == (1u << format.mantissa) - 1)
    return asFloat(0x7fffffffu);
  float value =
      exponent == 0
          ? std::ldexp((float)mantissa,
                       1 - format.bias() - (int)format.mantissa)
          : std::ldexp((float)(mantissa | 1u << format.mantissa),
                       (int)exponent - format.bias() - (int)format.mantissa);
  return negative ? -value : value;
}
