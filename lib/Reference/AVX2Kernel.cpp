// The AVX2 kernel: 32 columns at a time, two FMAs per eight products.
//
// This file alone is compiled with -mavx2 -mfma -frounding-math, so it must not
// instantiate inline functions that other files share: the linker could keep
// its copies.
//
// How one k32 step becomes FMAs. Let u = 2^(emax - 13), the unit to which every
// term is cut. An f32 accumulator that starts at 2^23 u has u as its last bit
// until it reaches 2^24 u; with rounding toward zero, fma(a, b, accumulator)
// adds a * b cut to a multiple of u, if a * b >= 0. So we sum the positive and
// the negative terms apart: |A| times the positive part of B and times the
// negative part, into whichever of the two sums A's sign says. 32 products of
// at most 225/64 * 2^emax and an accumulator below 2^(emax + 1) stay far below
// 2^23 u; the difference of the two sums is exact and needs at most 21 bits;
// masking ten fraction bits is the last cut.
//
// emax needs one signed byte per column: exponents of e4m3 products lie in
// [-12, 16].
#include "Kernel.h"

#include "dgemm/Reference/TensorCore.h"

#if defined(__x86_64__)

#include <immintrin.h>

namespace dgemm::reference {
namespace {

/// Vectors of eight floats in a panel.
constexpr int panelVectors = panelWidth / 8;
/// Smallest exponent of a product.
constexpr int minExponent = -12;
/// Stands for the exponent of zero: with any other it stays below minExponent.
constexpr int zeroExponent = -100;

/// |A[row, k]| and the distance from B's part (positive or negative) of the
/// same sign to the positive part, in floats.
struct Element {
  float magnitude;
  uint32_t part;
};

/// What the 256 codes stand for.
struct Tables {
  Element element[256];
  float parts[256][2]; ///< positive, negative part's magnitude
  int8_t exponent[256];

  Tables() {
    for (int code = 0; code < 256; ++code) {
      bool negative = code & 0x80;
      int biased = (code >> 3) & 15;
      int significand = (code & 7) + (biased ? 8 : 0);
      int scale = biased ? biased : 1; // 2^(scale - 7) / 8 per unit
      float magnitude = float(significand * (1 << scale)) * 0x1p-10f;
      if ((code & 0x7f) == 0x7f)
        magnitude = __builtin_nanf("");
      element[code] = {magnitude, negative ? uint32_t(panelWidth) : 0};
      // NaN in one part is enough: 0 * NaN is NaN.
      parts[code][0] = negative ? 0.0f : magnitude;
      parts[code][1] = negative ? magnitude : 0.0f;
      exponent[code] = int8_t(significand ? scale - 7 : zeroExponent);
    }
  }
};

/// Sets rounding toward zero, default exceptions and denormals while it lives.
class RoundTowardZero {
public:
  RoundTowardZero() : saved(_mm_getcsr()) {
    _mm_setcsr(_MM_MASK_MASK | _MM_ROUND_TOWARD_ZERO);
  }
  ~RoundTowardZero() { _mm_setcsr(saved); }

private:
  unsigned saved;
};

class AVX2Kernel final : public Kernel {
public:
  void loadRows(const uint8_t *const *rows, int count, int length) override;
  void loadPanel(const uint8_t *const *columns, int count, int length) override;
  void computePartials(float *partials) override;
  void promote(const float *sfa, const float *sfb, const float *partials,
               float *acc, int rows) override;

private:
  /// One step for one row; `c` is the panel's accumulator.
  void step(int row, int first, __m256 *c) const;
  /// Never inlined, so that no floating-point operation can move out of the
  /// scope of the rounding mode.
  __attribute__((noinline)) void computeRow(int row, float *partials) const;

  // Built by the constructor: at load time AVX2 may not be there.
  const Tables tables;
  alignas(32) float b[blockLength][2][panelWidth];
  alignas(32) int8_t bExponent[blockLength][panelWidth];
  Element a[maxRows][blockLength];
  int8_t aExponent[maxRows][blockLength];
  int rowCount = 0, steps = 0;
};

void AVX2Kernel::loadRows(const uint8_t *const *rows, int count, int length) {
  rowCount = count;
  steps = (length + stepLength - 1) / stepLength;
  for (int row = 0; row < count; ++row)
    for (int k = 0; k < steps * stepLength; ++k) {
      uint8_t code = k < length ? rows[row][k] : 0;
      a[row][k] = tables.element[code];
      aExponent[row][k] = tables.exponent[code];
    }
}

void AVX2Kernel::loadPanel(const uint8_t *const *columns, int count,
                           int length) {
  for (int column = 0; column < panelWidth; ++column)
    for (int k = 0; k < steps * stepLength; ++k) {
      uint8_t code = column < count && k < length ? columns[column][k] : 0;
      b[k][0][column] = tables.parts[code][0];
      b[k][1][column] = tables.parts[code][1];
      bExponent[k][column] = tables.exponent[code];
    }
}

inline void AVX2Kernel::step(int row, int first, __m256 *c) const {
  __m256i top = _mm256_set1_epi8(minExponent);
  for (int k = first; k < first + stepLength; ++k) {
    __m256i column = _mm256_load_si256((const __m256i *)bExponent[k]);
    __m256i product =
        _mm256_adds_epi8(_mm256_set1_epi8(aExponent[row][k]), column);
    top = _mm256_max_epi8(top, product);
  }
  alignas(32) int8_t topBytes[panelWidth];
  _mm256_store_si256((__m256i *)topBytes, top);

  __m256 zero = _mm256_setzero_ps();
  __m256 positive[panelVectors], negative[panelVectors];
  for (int v = 0; v < panelVectors; ++v) {
    __m256i emax = _mm256_cvtepi8_epi32(
        _mm_loadl_epi64((const __m128i *)(topBytes + 8 * v)));
    // The accumulator's exponent. A zero counts as -127; no other can be below
    // minExponent and lose bits, as it is a multiple of 2^(minExponent - 13).
    __m256i cExponent = _mm256_sub_epi32(
        _mm256_and_si256(_mm256_srli_epi32(_mm256_castps_si256(c[v]), 23),
                         _mm256_set1_epi32(0xff)),
        _mm256_set1_epi32(127));
    emax = _mm256_max_epi32(emax, cExponent);
    // 2^23 u = 2^(emax + 10).
    __m256 start = _mm256_castsi256_ps(_mm256_slli_epi32(
        _mm256_add_epi32(emax, _mm256_set1_epi32(127 + 10)), 23));
    // max returns its second operand where one is NaN: NaN stays NaN.
    positive[v] = _mm256_add_ps(start, _mm256_max_ps(zero, c[v]));
    negative[v] =
        _mm256_add_ps(start, _mm256_max_ps(zero, _mm256_sub_ps(zero, c[v])));
  }

  for (int k = first; k < first + stepLength; ++k) {
    const Element &element = a[row][k];
    __m256 magnitude = _mm256_broadcast_ss(&element.magnitude);
    const float *same = b[k][0] + element.part;
    const float *opposite = b[k][1] - element.part;
    for (int v = 0; v < panelVectors; ++v) {
      positive[v] =
          _mm256_fmadd_ps(magnitude, _mm256_load_ps(same + 8 * v), positive[v]);
      negative[v] = _mm256_fmadd_ps(magnitude, _mm256_load_ps(opposite + 8 * v),
                                    negative[v]);
    }
  }

  __m256 kept = _mm256_castsi256_ps(_mm256_set1_epi32(int(0xfffffc00)));
  for (int v = 0; v < panelVectors; ++v)
    c[v] = _mm256_and_ps(_mm256_sub_ps(positive[v], negative[v]), kept);
}

void AVX2Kernel::computeRow(int row, float *partials) const {
  __m256 c[panelVectors];
  for (int v = 0; v < panelVectors; ++v)
    c[v] = _mm256_setzero_ps();
  for (int s = 0; s < steps; ++s)
    step(row, s * stepLength, c);
  __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
  for (int v = 0; v < panelVectors; ++v) {
    __m256 isNaN = _mm256_cmp_ps(c[v], c[v], _CMP_UNORD_Q);
    _mm256_storeu_ps(partials + 8 * v, _mm256_blendv_ps(c[v], nan, isNaN));
  }
}

void AVX2Kernel::computePartials(float *partials) {
  RoundTowardZero rounding;
  for (int row = 0; row < rowCount; ++row)
    computeRow(row, partials + row * panelWidth);
}

void AVX2Kernel::promote(const float *sfa, const float *sfb,
                         const float *partials, float *acc, int rows) {
  for (int row = 0; row < rows; ++row) {
    __m256 rowScale = _mm256_broadcast_ss(sfa + row);
    for (int v = 0; v < panelVectors; ++v) {
      int i = row * panelWidth + 8 * v;
      __m256 scale = _mm256_mul_ps(rowScale, _mm256_loadu_ps(sfb + 8 * v));
      __m256 sum = _mm256_fmadd_ps(scale, _mm256_loadu_ps(partials + i),
                                   _mm256_loadu_ps(acc + i));
      _mm256_storeu_ps(acc + i, sum);
    }
  }
}

} // namespace

Kernel *createAVX2Kernel() { return new AVX2Kernel; }

} // namespace dgemm::reference

#else

namespace dgemm::reference {
Kernel *createAVX2Kernel() { return nullptr; }
} // namespace dgemm::reference

#endif
