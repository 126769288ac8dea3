// The hand-written warp-specialised FP8 GEMM with its inputs and its answer.
#ifndef DGEMM_UNITTESTS_SIMULATOR_GEMMFIXTURE_H
#define DGEMM_UNITTESTS_SIMULATOR_GEMMFIXTURE_H

#include "Support.h"

#include <cmath>

namespace dgemm::sim::test {

inline double valueE4M3(uint8_t bits) {
  int exponent = bits >> 3 & 15, mantissa = bits & 7;
  double v = exponent ? std::ldexp(8 + mantissa, exponent - 10)
                      : std::ldexp(mantissa, -9);
  return bits & 0x80 ? -v : v;
}
inline float valueBF16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float v;
  memcpy(&v, &wide, 4);
  return v;
}

struct GemmProblem {
  int m, n, k;
  std::vector<uint8_t> a, b;
  std::vector<float> sfa, sfb; // sfa: [k/128][m], sfb: [ceil(n/128)][k/128]
  GlobalMemory memory;
  uint64_t da = 0, db = 0, dsfa = 0, dsfb = 0, dd = 0;
  int alignedM = 0;

  GemmProblem(int m, int n, int k) : m(m), n(n), k(k) {
    alignedM = (m + 3) / 4 * 4;
    a = randomE4M3((size_t)m * k, 1);
    b = randomE4M3((size_t)n * k, 2);
    sfa = randomScales((size_t)alignedM * (k / 128), 3);
    sfb = randomScales((size_t)((n + 127) / 128) * (k / 128), 4);
    da = upload(memory, a, "A");
    db = upload(memory, b, "B");
    dsfa = upload(memory, sfa, "SFA");
    dsfb = upload(memory, sfb, "SFB");
    dd = memory.allocate((size_t)m * n * 2, "D");
  }

  Launch launch(int ctas) const {
    Launch l;
    l.grid.x = ctas;
    l.block.x = 384;
    l.dynamicShared = 3 * (128 * 128 * 2 + 512) + 2 * 64 * 128 * 2;
    l.param(map2d(da, TensorMap::U8, k, m, k, 128, 128, 7));
    l.param(map2d(db, TensorMap::U8, k, n, k, 128, 128, 7));
    l.param(map2d(dd, TensorMap::BF16, n, m, n * 2, 64, 64, 7));
    l.param(map2d(dsfa, TensorMap::F32, m, k / 128, alignedM * 4, 128, 1, 0));
    l.param(dsfb);
    l.param(m);
    l.param(n);
    l.param(k);
    return l;
  }

  /// Checks a sample of D against exact sums.
  void check() {
    const uint16_t *d = (const uint16_t *)memory.data(dd, (size_t)m * n * 2);
    std::mt19937 rng(7);
    for (int i = 0; i < 400; ++i) {
      int row = rng() % m, column = rng() % n;
      double sum = 0, size = 0;
      for (int kb = 0; kb < k / 128; ++kb) {
        double part = 0, magnitude = 0;
        for (int j = kb * 128; j < kb * 128 + 128; ++j) {
          double p = valueE4M3(a[(size_t)row * k + j]) *
                     valueE4M3(b[(size_t)column * k + j]);
          part += p;
          magnitude += std::fabs(p);
        }
        double scale = (double)sfa[(size_t)kb * alignedM + row] *
                       sfb[(size_t)(column / 128) * (k / 128) + kb];
        sum += part * scale;
        size += magnitude * scale;
      }
      double got = valueBF16(d[(size_t)row * n + column]);
      // 13 fraction bits below the largest product, 33 terms, then bf16.
      ASSERT_NEAR(got, sum, size * 4e-3 + std::fabs(sum) * 0x1p-8)
          << "row " << row << " column " << column;
    }
  }
};

} // namespace dgemm::sim::test

#endif // DGEMM_UNITTESTS_SIMULATOR_GEMMFIXTURE_H
