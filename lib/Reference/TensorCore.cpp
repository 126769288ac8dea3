// The scalar model of the FP8 tensor core, written to be read.
#include "dgemm/Reference/TensorCore.h"

#include "dgemm/Reference/Formats.h"

#include <algorithm>
#include <cmath>

namespace dgemm::reference {
namespace {

/// Fraction bits that survive alignment and the final cut.
constexpr int keptFractionBits = 13;
/// Fraction bits of Term::significand, enough for an f32.
constexpr int termFractionBits = 23;

/// (-1)^negative * significand * 2^(exponent - termFractionBits); the
/// significand is not normalised.
struct Term {
  bool negative;
  int64_t significand;
  int exponent;
};

Term productTerm(uint8_t a, uint8_t b) {
  // Two significands with 3 fraction bits each have 6 together.
  int64_t product = significandE4M3(a) * significandE4M3(b);
  return {isNegativeE4M3(a) != isNegativeE4M3(b),
          product << (termFractionBits - 6), exponentE4M3(a) + exponentE4M3(b)};
}

Term accumulatorTerm(float c) {
  uint32_t bits = bitsOf(c);
  int biased = (bits >> 23) & 0xff;
  int64_t fraction = bits & 0x7fffff;
  return {(bits >> 31) != 0, biased ? fraction | 0x800000 : fraction,
          std::max(biased, 1) - 127};
}

/// The term in units of 2^(emax - 13), cut toward zero: the sign is applied
/// after the cut.
int64_t align(const Term &term, int emax) {
  int shift = termFractionBits - keptFractionBits + emax - term.exponent;
  int64_t magnitude = shift < 64 ? term.significand >> shift : 0;
  return term.negative ? -magnitude : magnitude;
}

/// sum * 2^(emax - 13) as an f32 whose fraction is cut to 13 bits.
float normalize(int64_t sum, int emax) {
  if (sum == 0)
    return 0.0f;
  uint64_t magnitude = sum < 0 ? -sum : sum;
  int shift = 0;
  while ((magnitude >> shift) >= (uint64_t(2) << keptFractionBits))
    ++shift;
  // At most 14 bits are left, so the conversion and the scaling are exact.
  float result =
      std::ldexp(float(magnitude >> shift), shift + emax - keptFractionBits);
  return sum < 0 ? -result : result;
}

bool hasNaN(const uint8_t *codes, int length) {
  return std::any_of(codes, codes + length, isNaNE4M3);
}

} // namespace

float tensorCoreStep(const uint8_t *a, const uint8_t *b, int length, float c) {
  if (isNaN(c) || hasNaN(a, length) || hasNaN(b, length))
    return floatOf(canonicalNaN);
  if (std::isinf(c))
    return c;

  Term terms[stepLength + 1];
  int count = 0;
  for (int k = 0; k < length; ++k)
    terms[count++] = productTerm(a[k], b[k]);
  terms[count++] = accumulatorTerm(c);

  // Far below every exponent that occurs: 2 * -6 and -126.
  int emax = -1000;
  for (int i = 0; i < count; ++i)
    if (terms[i].significand != 0)
      emax = std::max(emax, terms[i].exponent);

  int64_t sum = 0;
  for (int i = 0; i < count; ++i)
    if (terms[i].significand != 0)
      sum += align(terms[i], emax);
  return normalize(sum, emax);
}

float tensorCoreBlock(const uint8_t *a, const uint8_t *b, int length) {
  float partial = 0.0f;
  for (int k = 0; k < length; k += stepLength)
    partial =
        tensorCoreStep(a + k, b + k, std::min(stepLength, length - k), partial);
  return partial;
}

float exactBlock(const uint8_t *a, const uint8_t *b, int length) {
  // A product is a multiple of 2^-18 below 2^18: 128 of them need 43 bits.
  double sum = 0.0;
  for (int k = 0; k < length; ++k)
    sum += double(decodeE4M3(a[k])) * double(decodeE4M3(b[k]));
  return canonical(float(sum));
}

} // namespace dgemm::reference
