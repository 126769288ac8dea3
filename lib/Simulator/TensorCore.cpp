// The tensor core's arithmetic on plain arrays.
//
// Settled on an H200: for each type the answers of 10.5 million dot products of
// ten kinds have the hash that this model has (unittests/Simulator/ProbeTiles).
//
// The products of a step and the old accumulator are cut toward zero to a
// common unit of 2^(emax - F), where emax is the largest exponent among the
// terms that are not zero (a product's exponent is the sum of its factors',
// not normalised), added exactly, and the sum is cut toward zero.
//   e4m3, e5m2, mixed: 32 products, F = 13, 13 fraction bits in the result
//   f16, bf16:         16 products, F = 25, a full f32 result
// An f16 accumulator gets the sum rounded to nearest, and not cut before.
// A sum that is zero or underflows to zero is +0; every NaN is 0x7fffffff.
#include "TensorCore.h"
#include "NumberFormats.h"

#include <cmath>
#include <cstdlib>

using namespace dgemm::sim;

// Wide vectors where the host has them; the arithmetic is in integers, so all
// variants give the same bits.
#if defined(__x86_64__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define DGEMM_SIM_CLONES                                                       \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
#endif
#ifndef DGEMM_SIM_CLONES
#define DGEMM_SIM_CLONES
#endif

namespace {
constexpr int kZeroExponent = -100000; // of a factor that is zero
constexpr unsigned kBlock = 16;        // columns that are handled together

struct Decoded {
  int32_t significand = 0; // signed
  int32_t exponent = kZeroExponent;
  bool special = false; // NaN or infinity
};

Decoded decode(uint32_t bits, MmaType type) {
  const Format &format = type == MmaType::E4M3   ? kE4M3
                         : type == MmaType::E5M2 ? kE5M2
                         : type == MmaType::F16  ? kHalf
                                                 : kBFloat16;
  Decoded result;
  uint32_t mantissa = bits & ((1u << format.mantissa) - 1);
  uint32_t exponent = bits >> format.mantissa & ((1u << format.exponent) - 1);
  bool negative = bits >> (format.mantissa + format.exponent) & 1;
  uint32_t top = (1u << format.exponent) - 1;
  result.special = exponent == top &&
                   (format.infinity || mantissa == (1u << format.mantissa) - 1);
  if (exponent == 0 && mantissa == 0)
    return result;
  int32_t significand =
      (int32_t)(exponent ? mantissa | 1u << format.mantissa : mantissa);
  result.significand = negative ? -significand : significand;
  result.exponent = (int32_t)(exponent ? exponent : 1) - format.bias();
  return result;
}

unsigned fractionBits(MmaType type) {
  switch (type) {
  case MmaType::E4M3:
    return 3;
  case MmaType::E5M2:
    return 2;
  case MmaType::F16:
    return 10;
  default:
    return 7;
  }
}

/// Significands and exponents of up to 32 factors of one row.
struct Row {
  int32_t significand[32];
  int32_t exponent[32];
};

/// One block of columns of one row, FP8: integers only.
DGEMM_SIM_CLONES
void fp8Block(const Row &a, const int32_t (*significand)[kBlock],
              const int32_t (*exponent)[kBlock], unsigned steps, int shift,
              const int32_t *oldSignificand, const int32_t *oldExponent,
              int32_t *sum, int32_t *unit) {
  int32_t top[kBlock];
  for (unsigned n = 0; n < kBlock; ++n)
    top[n] = oldExponent[n];
  for (unsigned k = 0; k < steps; ++k) {
    int32_t ea = a.exponent[k];
    for (unsigned n = 0; n < kBlock; ++n) {
      int32_t e = ea + exponent[k][n];
      top[n] = top[n] > e ? top[n] : e;
    }
  }
  int32_t total[kBlock];
  for (unsigned n = 0; n < kBlock; ++n) {
    // The accumulator has 23 fraction bits: ten more than the unit.
    uint32_t drop = (uint32_t)(top[n] - oldExponent[n]) + 10;
    drop = drop < 31 ? drop : 31;
    int32_t s = oldSignificand[n];
    int32_t magnitude = (int32_t)((uint32_t)(s < 0 ? -s : s) >> drop);
    total[n] = s < 0 ? -magnitude : magnitude;
  }
  for (unsigned k = 0; k < steps; ++k) {
    int32_t ea = a.exponent[k], sa = a.significand[k];
    for (unsigned n = 0; n < kBlock; ++n) {
      int32_t p = sa * significand[k][n];
      uint32_t drop = (uint32_t)(top[n] - (ea + exponent[k][n]));
      drop = drop < 31 ? drop : 31;
      int32_t magnitude =
          (int32_t)(((uint32_t)(p < 0 ? -p : p) << shift) >> drop);
      total[n] += p < 0 ? -magnitude : magnitude;
    }
  }
  for (unsigned n = 0; n < kBlock; ++n) {
    sum[n] = total[n];
    unit[n] = top[n] - 13;
  }
}

/// Cuts `sum` toward zero to `bits` significant bits and scales it.
float cut(int64_t sum, int unit, unsigned bits) {
  if (sum == 0)
    return 0.0f;
  uint64_t magnitude = (uint64_t)(sum < 0 ? -sum : sum);
  int length = 64 - __builtin_clzll(magnitude);
  if (length > (int)bits) {
    int drop = length - (int)bits;
    magnitude = magnitude >> drop << drop;
  }
  // A subnormal result is cut as well, not rounded.
  if (unit < -149) {
    int drop = -149 - unit;
    magnitude = drop > 63 ? 0 : magnitude >> drop << drop;
  }
  if (magnitude == 0) // what underflows to zero has no sign
    return 0.0f;
  double value = std::ldexp((double)magnitude, unit);
  float result = value > 3.4028234663852886e38 ? INFINITY : (float)value;
  return sum < 0 ? -result : result;
}

/// The sum in an f16 accumulator.
float roundToHalf(int64_t sum, int unit) {
  if (sum == 0)
    return 0.0f;
  double value = std::ldexp((double)sum, unit);
  // What is rounded to zero has no sign.
  return widen(narrow(value, kHalf, Rounding::Nearest), kHalf) + 0.0f;
}

/// NaN and infinity: the IEEE result, with the one NaN the hardware gives.
float specialDot(const uint8_t *a, const uint8_t *b, MmaType typeA,
                 MmaType typeB, unsigned steps, float old, float signs) {
  double sum = old;
  for (unsigned k = 0; k < steps; ++k) {
    auto get = [k](const uint8_t *row, MmaType type) -> float {
      uint16_t wide;
      switch (type) {
      case MmaType::E4M3:
        return widen(row[k], kE4M3);
      case MmaType::E5M2:
        return widen(row[k], kE5M2);
      default:
        memcpy(&wide, row + 2 * k, 2);
        return type == MmaType::F16 ? widen(wide, kHalf) : fromBFloat16(wide);
      }
    };
    sum += (double)get(a, typeA) * get(b, typeB) * signs;
  }
  return std::isnan(sum) ? asFloat(0x7fffffffu) : (float)sum;
}

void decodeFloat(float value, int32_t &significand, int32_t &exponent) {
  uint32_t bits = asBits(value), field = bits >> 23 & 0xff;
  int32_t mantissa = (int32_t)(bits & 0x7fffff);
  if (field)
    mantissa |= 1 << 23;
  significand = bits >> 31 ? -mantissa : mantissa;
  exponent = mantissa ? (int32_t)(field ? field : 1) - 127 : 2 * kZeroExponent;
}

/// An f16 accumulator: a subnormal one has the smallest exponent.
void decodeHalf(float value, int32_t &significand, int32_t &exponent) {
  decodeFloat(value, significand, exponent);
  if (significand && exponent < -14) {
    significand /= 1 << std::min(-14 - exponent, 30);
    exponent = -14;
  }
}

bool decodeRow(const uint8_t *bytes, MmaType type, unsigned steps, bool negate,
               Row &row) {
  bool special = false;
  for (unsigned k = 0; k < steps; ++k) {
    uint32_t bits = bytes[k];
    if (bytesOf(type) == 2) {
      uint16_t wide;
      memcpy(&wide, bytes + 2 * k, 2);
      bits = wide;
    }
    Decoded d = decode(bits, type);
    row.significand[k] = negate ? -d.significand : d.significand;
    row.exponent[k] = d.exponent;
    special |= d.special;
  }
  return special;
}

/// f16 and bf16: 16 products, wider integers.
float halfDot(const Row &a, const Row &b, unsigned fraction, float old,
              bool half) {
  int32_t oldSignificand, oldExponent;
  (half ? decodeHalf : decodeFloat)(old, oldSignificand, oldExponent);
  int32_t top = oldExponent;
  for (unsigned k = 0; k < 16; ++k)
    if (a.significand[k] && b.significand[k])
      top = std::max(top, a.exponent[k] + b.exponent[k]);
  if (top <= kZeroExponent)
    return 0.0f;
  auto align = [&](int64_t value, int exponent, int fractionHere) {
    // In units of 2^(top - 25).
    int left = 25 - fractionHere - (top - exponent);
    uint64_t magnitude = (uint64_t)std::llabs(value);
    magnitude = left >= 0    ? magnitude << left
                : left > -64 ? magnitude >> -left
                             : 0;
    return value < 0 ? -(int64_t)magnitude : (int64_t)magnitude;
  };
  int64_t sum = oldSignificand ? align(oldSignificand, oldExponent, 23) : 0;
  for (unsigned k = 0; k < 16; ++k) {
    int64_t p = (int64_t)a.significand[k] * b.significand[k];
    if (p)
      sum += align(p, a.exponent[k] + b.exponent[k], (int)fraction);
  }
  return half ? roundToHalf(sum, top - 25) : cut(sum, top - 25, 24);
}
} // namespace

void dgemm::sim::multiplyStep(MmaType typeA, MmaType typeB, const uint8_t *a,
                              const uint8_t *b, float *d, unsigned rows,
                              unsigned columns, bool accumulate, bool negateA,
                              bool negateB, bool half) {
  unsigned steps = 32 / bytesOf(typeA);
  unsigned fraction = fractionBits(typeA) + fractionBits(typeB);
  Row rowsA[64];
  bool specialA[64];
  for (unsigned m = 0; m < rows; ++m)
    specialA[m] = decodeRow(a + m * 32, typeA, steps, negateA, rowsA[m]);
  float signs = negateA != negateB ? -1.0f : 1.0f;
  for (unsigned first = 0; first < columns; first += kBlock) {
    unsigned width = std::min(kBlock, columns - first);
    Row rowsB[kBlock];
    bool specialB[kBlock] = {};
    int32_t significand[32][kBlock], exponent[32][kBlock];
    for (unsigned n = 0; n < kBlock; ++n) {
      unsigned from = n < width ? n : 0;
      specialB[n] =
          decodeRow(b + (first + from) * 32, typeB, steps, negateB, rowsB[n]);
      for (unsigned k = 0; k < steps; ++k) {
        significand[k][n] = rowsB[n].significand[k];
        exponent[k][n] = rowsB[n].exponent[k];
      }
    }
    for (unsigned m = 0; m < rows; ++m) {
      float *out = d + m * columns + first;
      int32_t oldSignificand[kBlock], oldExponent[kBlock], sum[kBlock],
          unit[kBlock];
      for (unsigned n = 0; n < kBlock; ++n)
        (half ? decodeHalf : decodeFloat)(accumulate && n < width ? out[n]
                                                                  : 0.0f,
                                          oldSignificand[n], oldExponent[n]);
      bool fp8 = bytesOf(typeA) == 1;
      if (fp8)
        fp8Block(rowsA[m], significand, exponent, steps, 13 - (int)fraction,
                 oldSignificand, oldExponent, sum, unit);
      for (unsigned n = 0; n < width; ++n) {
        float old = accumulate ? out[n] : 0.0f;
        if (specialA[m] || specialB[n] || !std::isfinite(old))
          out[n] = specialDot(a + m * 32, b + (first + n) * 32, typeA, typeB,
                              steps, old, signs);
        else if (fp8)
          out[n] =
              half ? roundToHalf(sum[n], unit[n]) : cut(sum[n], unit[n], 14);
        else
          out[n] = halfDot(rowsA[m], rowsB[n], fraction, old, half);
      }
    }
  }
}
