// Tests of the evaluator: engines agree, and every part of the definition.
#include "dgemm/Reference/Reference.h"

#include "dgemm/Reference/Formats.h"
#include "dgemm/Reference/Generate.h"
#include "dgemm/Reference/TensorCore.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace dgemm::reference;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// A problem with its storage; fields may be changed before run().
struct Case {
  Case(int64_t m, int64_t n, int64_t k, OutputType type, int64_t sfbRows = 128,
       bool withC = false)
      : a(generateQuantized(1, m, k, 1, k + 3)),
        b(generateQuantized(2, n, k, sfbRows, k + 5)), c(m * n), d(m * n) {
    p.m = m, p.n = n, p.k = k;
    p.sfbRows = sfbRows;
    p.type = type;
    for (int64_t i = 0; i < m * n; ++i) {
      float value = 10 * randomNormal(3, i);
      c[i] = type == OutputType::F32 ? bitsOf(value) : encodeBF16(value);
    }
    if (type == OutputType::BF16)
      for (int64_t i = 0; i < m * n; ++i)
        reinterpret_cast<uint16_t *>(c.data())[i] = uint16_t(c[i]);
    p.c = withC ? c.data() : nullptr;
  }

  /// D, one element a word.
  std::vector<uint32_t> run(Engine engine, Mode mode = Mode::Hardware,
                            unsigned threads = 2) {
    p.a = a.codes.data(), p.aStride = a.stride;
    p.sfa = a.scales.data(), p.sfaRowStride = a.scaleStride;
    p.b = b.codes.data(), p.bStride = b.stride;
    p.sfb = b.scales.data(), p.sfbRowStride = b.scaleStride;
    p.sfaBlockStride = p.sfbBlockStride = 1;
    p.d = d.data();
    p.cStride = p.n;
    p.dStride = p.columns.empty() ? p.n : p.columns.size();
    p.engine = engine;
    p.mode = mode;
    p.threads = threads;
    EXPECT_EQ(evaluate(p), "");
    size_t count = (p.rows.empty() ? p.m : p.rows.size()) * p.dStride;
    std::vector<uint32_t> result(count);
    for (size_t i = 0; i < count; ++i)
      result[i] = p.type == OutputType::F32
                      ? d[i]
                      : reinterpret_cast<uint16_t *>(d.data())[i];
    return result;
  }

  Problem p;
  QuantizedMatrix a, b;
  std::vector<uint32_t> c, d; // bf16 elements fill the first half
};

std::vector<Engine> engines() {
  std::vector<Engine> result{Engine::Scalar};
  if (isAvailable(Engine::AVX2))
    result.push_back(Engine::AVX2);
  return result;
}

} // namespace

TEST(ReferenceEvaluate, FollowsTheDefinition) {
  for (Mode mode : {Mode::Hardware, Mode::Exact}) {
    Case test(3, 130, 300, OutputType::F32, 128, true);
    std::vector<uint32_t> d = test.run(Engine::Scalar, mode);
    for (int m = 0; m < 3; ++m)
      for (int n = 0; n < 130; ++n) {
        float acc = 0.0f;
        for (int kb = 0; kb < 3; ++kb) {
          const uint8_t *a = &test.a.codes[m * test.a.stride + kb * 128];
          const uint8_t *b = &test.b.codes[n * test.b.stride + kb * 128];
          int length = kb == 2 ? 44 : 128;
          float partial = mode == Mode::Hardware ? tensorCoreBlock(a, b, length)
                                                 : exactBlock(a, b, length);
          float scale =
              test.a.scales[m * 3 + kb] * test.b.scales[n / 128 * 3 + kb];
          acc = std::fma(scale, partial, acc);
        }
        float c = floatOf(test.c[m * 130 + n]);
        ASSERT_EQ(d[m * 130 + n], bitsOf(c + acc)) << m << ", " << n;
      }
  }
}

TEST(ReferenceEvaluate, EnginesAgreeOnNormalData) {
  if (!isAvailable(Engine::AVX2))
    GTEST_SKIP() << "no AVX2";
  struct Shape {
    int64_t m, n, k;
  };
  for (Shape s : {Shape{1, 1, 1}, Shape{5, 33, 128}, Shape{300, 31, 31},
                  Shape{17, 70, 1000}, Shape{2, 300, 33}, Shape{64, 64, 2048}})
    for (int64_t sfbRows : {1, 128})
      for (OutputType type : {OutputType::BF16, OutputType::F32})
        for (bool withC : {false, true}) {
          Case test(s.m, s.n, s.k, type, sfbRows, withC);
          EXPECT_EQ(test.run(Engine::Scalar), test.run(Engine::AVX2))
              << s.m << "x" << s.n << "x" << s.k;
        }
}

// What the vector engine could get wrong shows in inputs of every size and
// sign, in cancellation, and in blocks with few elements that are not zero.
TEST(ReferenceEvaluate, EnginesAgreeOnAdversarialData) {
  if (!isAvailable(Engine::AVX2))
    GTEST_SKIP() << "no AVX2";
  for (int kind = 0; kind < 8; ++kind) {
    Case test(96, 96, 384, OutputType::F32, 1);
    for (int side = 0; side < 2; ++side) {
      std::vector<uint8_t> &codes = (side ? test.b : test.a).codes;
      for (size_t i = 0; i < codes.size(); ++i) {
        uint64_t r = randomBits(100 + 2 * kind + side, i);
        uint8_t code = uint8_t(r);
        uint8_t sign = code & 0x80;
        switch (kind) {
        case 0: // every bit pattern, NaN included
          break;
        case 1: // every finite one
          code = isNaNE4M3(code) ? sign : code;
          break;
        case 2: // subnormals and zeros
          code &= 0x87;
          break;
        case 3: // one in 16, and outliers
          code = (r >> 8) % 16 ? 0 : sign | ((r >> 12) % 2 ? 0x7e : 1);
          break;
        case 4: // pairs that cancel: B repeats, A changes its sign
          if (i % 2)
            code = side ? codes[i - 1] : codes[i - 1] ^ 0x80;
          else
            code = isNaNE4M3(code) ? 0x7e : code;
          break;
        case 5: // the largest everywhere, one sign
          code = 0x7e;
          break;
        case 6: // tiny, with a large one at the start of some steps
          code = i % 64 ? sign | (r >> 8) % 12 : sign | 0x70;
          break;
        case 7: // zeros of both signs, few NaNs
          code = (r >> 8) % 4096 ? sign : sign | 0x7f;
          break;
        }
        codes[i] = code;
      }
    }
    EXPECT_EQ(test.run(Engine::Scalar), test.run(Engine::AVX2))
        << "kind " << kind;
  }
}

TEST(ReferenceEvaluate, EnginesAgreeOnSpecialScales) {
  if (!isAvailable(Engine::AVX2))
    GTEST_SKIP() << "no AVX2";
  Case test(40, 50, 384, OutputType::F32, 1, true);
  const float special[] = {0.0f,      -0.0f,      infinity, -infinity,
                           0x1p-149f, -0x1p-140f, 0x1p127f, floatOf(0xffc01234),
                           1.5f};
  for (int side = 0; side < 2; ++side) {
    std::vector<float> &scales = (side ? test.b : test.a).scales;
    for (size_t i = 0; i < scales.size(); ++i)
      if (randomBits(side, i) % 3 == 0)
        scales[i] = special[randomBits(side + 2, i) % 9];
  }
  EXPECT_EQ(test.run(Engine::Scalar), test.run(Engine::AVX2));
}

TEST(ReferenceEvaluate, SpecialScales) {
  for (Engine engine : engines()) {
    Case test(1, 1, 256, OutputType::F32);
    std::vector<uint8_t> ones(256, encodeE4M3(1));
    std::copy(ones.begin(), ones.end(), test.a.codes.begin());
    std::copy(ones.begin(), ones.end(), test.b.codes.begin());
    auto run = [&](float sfa0, float sfb0, float sfa1, float sfb1) {
      test.a.scales = {sfa0, sfa1};
      test.b.scales = {sfb0, sfb1};
      return test.run(engine)[0];
    };
    EXPECT_EQ(run(1, 1, 0.5, 0.25), bitsOf(128 + 16));
    EXPECT_EQ(run(infinity, 1, 1, 1), bitsOf(infinity));
    EXPECT_EQ(run(infinity, 1, -infinity, 1), canonicalNaN);
    EXPECT_EQ(run(infinity, 0, 1, 1), canonicalNaN);
    EXPECT_EQ(run(std::nanf(""), 1, 1, 1), canonicalNaN);
    EXPECT_EQ(run(-0.0f, 1, -0.0f, 1), 0u); // fma(-0, 128, +0) = +0
    EXPECT_EQ(run(0x1p-140f, 1, 0, 0), bitsOf(0x1p-133f));
    // The product of the scales underflows before it meets the partial sum.
    EXPECT_EQ(run(0x1p-100f, 0x1p-60f, 0, 0), 0u);
    EXPECT_EQ(run(0x1p100f, 0x1p60f, 1, 1), bitsOf(infinity));
    // rn(1.5 * 2^-149 * 1): scales multiply first, to nearest even.
    EXPECT_EQ(run(0x1p-149f, 1.5f, 0, 0), bitsOf(0x1p-141f));
  }
}

TEST(ReferenceEvaluate, NaNHasTheBitsOfTheGPU) {
  for (Engine engine : engines()) {
    Case f32(2, 2, 128, OutputType::F32, 1, true);
    f32.a.codes[5] = 0xff;
    f32.c[2] = 0xffc12345;
    std::vector<uint32_t> d = f32.run(engine);
    EXPECT_EQ(d[0], canonicalNaN);
    EXPECT_EQ(d[1], canonicalNaN);
    EXPECT_EQ(d[2], canonicalNaN);
    EXPECT_FALSE(isNaN(floatOf(d[3])));

    Case bf16(2, 2, 128, OutputType::BF16, 1);
    bf16.b.codes[bf16.b.stride] = 0x7f;
    d = bf16.run(engine);
    EXPECT_EQ(d[1], canonicalNaNBF16);
    EXPECT_EQ(d[3], canonicalNaNBF16);
    EXPECT_FALSE(isNaN(decodeBF16(d[0])));
  }
}

TEST(ReferenceEvaluate, EmptyProblems) {
  for (OutputType type : {OutputType::BF16, OutputType::F32})
    for (Mode mode : {Mode::Hardware, Mode::Exact}) {
      Case test(3, 5, 0, type, 128, true);
      test.c[0] = 0xffc1ffc1; // a NaN is copied, not made canonical
      std::vector<uint32_t> expected = test.c;
      if (type == OutputType::BF16)
        for (int i = 0; i < 15; ++i)
          expected[i] = reinterpret_cast<uint16_t *>(test.c.data())[i];
      EXPECT_EQ(test.run(Engine::Best, mode), expected);
      test.p.c = nullptr;
      test.d.assign(15, ~0u);
      EXPECT_EQ(test.run(Engine::Best, mode), std::vector<uint32_t>(15, 0));
    }
  Problem p;
  p.m = 0, p.n = 5, p.k = 7;
  EXPECT_EQ(evaluate(p), "");
  p.m = 5, p.n = 0;
  EXPECT_EQ(evaluate(p), "");
}

TEST(ReferenceEvaluate, ChosenRowsAndColumns) {
  Case test(300, 400, 200, OutputType::BF16, 128, true);
  std::vector<uint32_t> all = test.run(Engine::Best);
  test.p.rows = {299, 0, 7, 7};
  test.p.columns = {399, 127, 128, 3, 0};
  std::vector<uint32_t> chosen = test.run(Engine::Best);
  ASSERT_EQ(chosen.size(), 20u);
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 5; ++j)
      EXPECT_EQ(chosen[i * 5 + j],
                all[test.p.rows[i] * 400 + test.p.columns[j]]);
}

TEST(ReferenceEvaluate, AnyStrides) {
  Case test(70, 140, 256, OutputType::F32);
  std::vector<uint32_t> expected = test.run(Engine::Best);
  // Scales with rows contiguous, A bottom up, D with a gap.
  std::vector<float> sfa(2 * 72), sfb(2 * 4);
  for (int kb = 0; kb < 2; ++kb) {
    for (int i = 0; i < 70; ++i)
      sfa[kb * 72 + i] = test.a.scales[(69 - i) * 2 + kb];
    for (int i = 0; i < 2; ++i)
      sfb[kb * 4 + i] = test.b.scales[i * 2 + kb];
  }
  Problem p = test.p;
  p.a = test.a.codes.data() + 69 * test.a.stride;
  p.aStride = -test.a.stride;
  p.sfa = sfa.data(), p.sfaRowStride = 1, p.sfaBlockStride = 72;
  p.sfb = sfb.data(), p.sfbRowStride = 1, p.sfbBlockStride = 4;
  std::vector<uint32_t> d(70 * 150, 0x5a5a5a5a);
  p.d = d.data(), p.dStride = 150;
  ASSERT_EQ(evaluate(p), "");
  for (int i = 0; i < 70; ++i)
    for (int j = 0; j < 150; ++j)
      EXPECT_EQ(d[i * 150 + j],
                j < 140 ? expected[(69 - i) * 140 + j] : 0x5a5a5a5a);
}

TEST(ReferenceEvaluate, InPlaceAccumulation) {
  Case test(40, 60, 128, OutputType::F32, 1, true);
  std::vector<uint32_t> expected = test.run(Engine::Best);
  test.d = test.c;
  test.p.c = test.d.data();
  EXPECT_EQ(test.run(Engine::Best), expected);
}

TEST(ReferenceEvaluate, ThreadsDoNotMatter) {
  Case test(130, 100, 256, OutputType::F32);
  std::vector<uint32_t> expected = test.run(Engine::Best, Mode::Hardware, 1);
  for (unsigned threads : {2u, 5u, 64u})
    EXPECT_EQ(test.run(Engine::Best, Mode::Hardware, threads), expected);
}

TEST(ReferenceEvaluate, BadProblems) {
  Case test(4, 4, 128, OutputType::F32);
  test.run(Engine::Best);
  auto errorOf = [&](auto change) {
    Problem p = test.p;
    change(p);
    return evaluate(p);
  };
  EXPECT_EQ(errorOf([](Problem &p) { p.k = -1; }),
            "sizes must not be negative, but M = 4, N = 4, K = -1");
  EXPECT_EQ(errorOf([](Problem &p) { p.sfbRows = 64; }),
            "a scale of B covers 1 or 128 rows, not 64");
  EXPECT_EQ(errorOf([](Problem &p) { p.sfa = nullptr; }), "SFA is null");
  EXPECT_EQ(errorOf([](Problem &p) { p.b = nullptr; }), "B is null");
  EXPECT_EQ(errorOf([](Problem &p) { p.d = nullptr; }), "D is null");
  EXPECT_EQ(errorOf([](Problem &p) { p.rows = {0, 4}; }),
            "row 4 is not in [0, 4)");
  EXPECT_EQ(errorOf([](Problem &p) { p.columns = {-1}; }),
            "column -1 is not in [0, 4)");
  EXPECT_EQ(errorOf([](Problem &p) {
              p.c = p.d;
              p.rows = {0};
            }),
            "D cannot be C where rows or columns are chosen");
  EXPECT_EQ(errorOf([](Problem &p) {
              p.mode = Mode::Exact;
              p.engine = Engine::AVX2;
            }),
            "the AVX2 engine has no exact mode");
}

// Parts are evaluated as problems of their own, whose K starts further on.
TEST(ReferenceEvaluate, AddsPartsInOrder) {
  constexpr int64_t m = 3, n = 70, k = 900, perPart = 3, parts = 4;
  for (Engine engine : engines()) {
    Case whole(m, n, k, OutputType::F32);
    whole.p.parts = parts, whole.p.partBlocks = perPart;
    std::vector<uint32_t> got = whole.run(engine);
    std::vector<float> want(m * n);
    for (int64_t part = 0; part < parts; ++part) {
      Case one(m, n, k, OutputType::F32);
      Problem &p = one.p;
      const int64_t first = part * perPart;
      std::vector<float> sum(m * n);
      p.k = std::max<int64_t>(0, std::min(k - first * 128, perPart * 128));
      p.a = one.a.codes.data() + first * 128, p.aStride = one.a.stride;
      p.b = one.b.codes.data() + first * 128, p.bStride = one.b.stride;
      p.sfa = one.a.scales.data() + first, p.sfaRowStride = one.a.scaleStride;
      p.sfb = one.b.scales.data() + first, p.sfbRowStride = one.b.scaleStride;
      p.sfaBlockStride = p.sfbBlockStride = 1;
      p.d = sum.data(), p.dStride = n;
      p.engine = engine;
      ASSERT_EQ(evaluate(p), "");
      for (int64_t i = 0; i < m * n; ++i)
        want[i] = part == 0 ? sum[i] : want[i] + sum[i];
    }
    for (int64_t i = 0; i < m * n; ++i)
      ASSERT_EQ(got[i], bitsOf(want[i])) << i;
    // And not what one chain gives.
    EXPECT_NE(got, Case(m, n, k, OutputType::F32).run(engine));
  }
}

TEST(ReferenceEvaluate, PartsMustCoverK) {
  Case test(1, 1, 1024, OutputType::F32);
  test.run(Engine::Scalar);
  test.p.parts = 2, test.p.partBlocks = 3;
  EXPECT_EQ(evaluate(test.p), "2 parts of 3 blocks do not cover K = 1024");
  test.p.partBlocks = 0;
  EXPECT_EQ(evaluate(test.p), "K cannot be cut into 2 parts of 0 blocks");
}
