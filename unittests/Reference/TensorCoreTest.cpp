// Tests of the tensor core's step, each rule by an example worked by hand.
#include "dgemm/Reference/TensorCore.h"

#include "dgemm/Reference/Formats.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

using namespace dgemm::reference;

namespace {

/// One step on these products a * b; the rest is zero.
float step(std::vector<std::pair<float, float>> products, float c = 0.0f) {
  uint8_t a[stepLength] = {}, b[stepLength] = {};
  for (size_t i = 0; i < products.size(); ++i) {
    a[i] = encodeE4M3(products[i].first);
    b[i] = encodeE4M3(products[i].second);
    EXPECT_EQ(decodeE4M3(a[i]), products[i].first);
    EXPECT_EQ(decodeE4M3(b[i]), products[i].second);
  }
  return tensorCoreStep(a, b, stepLength, c);
}

} // namespace

TEST(ReferenceTensorCore, SmallSumsAreExact) {
  EXPECT_EQ(step({{1, 1}, {2, 3}, {-4, 0.5}}), 5.0f);
  EXPECT_EQ(step({{1, 1}}, 1024.0f), 1025.0f);
}

TEST(ReferenceTensorCore, ProductsAreNotNormalised) {
  // 1.875 * 1.875 = 3.515625 counts as exponent 0: the unit stays 2^-13, and
  // 2^-13 survives. Normalised, the unit would be 2^-12.
  EXPECT_EQ(step({{-1.875f, 1.875f}, {1.875f, 1.875f}, {0x1p-7f, 0x1p-6f}}),
            0x1p-13f);
}

TEST(ReferenceTensorCore, TermsAreCutTowardZeroApart) {
  // emax = 0, unit 2^-13. 2^-14 is cut to nothing, as often as it comes.
  std::vector<std::pair<float, float>> products(31, {0x1p-7f, 0x1p-7f});
  products.push_back({1, 1});
  EXPECT_EQ(step(products), 1.0f);
  // 3 * 2^-14 is cut to 2^-13, a negative one to -2^-13 and not to -2^-12.
  EXPECT_EQ(step({{1, 1}, {-1, 1}, {0x1.8p-7f, 0x1p-6f}}), 0x1p-13f);
  EXPECT_EQ(step({{1, 1}, {-1, 1}, {-0x1.8p-7f, 0x1p-6f}}), -0x1p-13f);
}

TEST(ReferenceTensorCore, AccumulatorTakesPartInTheAlignment) {
  // C = 2^14 sets the unit to 2: 1 is lost, and 3 counts as 2.
  EXPECT_EQ(step({{1, 1}}, 16384.0f), 16384.0f);
  EXPECT_EQ(step({{3, 1}}, 16384.0f), 16386.0f);
  // C is cut by the products' unit: 2^16 * 2^-13 = 8.
  EXPECT_EQ(step({{256, 256}}, 15.0f), 65536.0f + 8.0f);
}

TEST(ReferenceTensorCore, ResultKeepsThirteenFractionBits) {
  // Even C + 0 cuts C, toward zero.
  EXPECT_EQ(step({}, floatOf(0x3f8007ff)), floatOf(0x3f800400));
  EXPECT_EQ(step({}, floatOf(0xbf8007ff)), floatOf(0xbf800400));
  // The unit is 2^-7 and 64 + 2^-7 has 13 fraction bits: it stays.
  EXPECT_EQ(step({{8, 8}, {0x1p-6f, 0.5}}), 64.0f + 0x1p-7f);
  // 31 * 1.75^2 = 94.9375 = 2^6 * 1.48...; 2^-13 survives the alignment to
  // 2^-13, but not the cut of the sum to 2^6 * 2^-13.
  std::vector<std::pair<float, float>> products(31, {1.75f, 1.75f});
  products.push_back({0x1p-7f, 0x1p-6f});
  EXPECT_EQ(step(products), 94.9375f);
}

TEST(ReferenceTensorCore, ZeroProductsDoNotAlign) {
  // 448 * 0 has the exponent of 448 but is no term.
  EXPECT_EQ(step({{448, 0}, {0x1p-9f, 0x1p-9f}}), 0x1p-18f);
}

TEST(ReferenceTensorCore, SubnormalsKeepTheirExponent) {
  // 2^-9 is 0.125 * 2^-6: a product of exponent -6 + 8, whose unit is 2^-11.
  // 2^-12 is cut.
  EXPECT_EQ(step({{0x1p-9f, 256}, {0x1p-6f, 0x1p-6f}}), 0.5f);
  EXPECT_EQ(step({{0x1p-9f, 256}, {0x1p-6f, 0x1p-5f}}), 0.5f + 0x1p-11f);
}

TEST(ReferenceTensorCore, CancellationGivesPositiveZero) {
  EXPECT_EQ(bitsOf(step({{3, 5}, {-5, 3}})), 0u);
  EXPECT_EQ(bitsOf(step({}, -0.0f)), 0u);
  EXPECT_EQ(bitsOf(step({{-1, 0}})), 0u);
}

TEST(ReferenceTensorCore, DenormalAccumulator) {
  // Exponent -126: unit 2^-139.
  EXPECT_EQ(step({}, 0x1p-130f), 0x1p-130f);
  EXPECT_EQ(step({}, 0x1p-140f), 0.0f);
  EXPECT_EQ(step({}, -(0x1p-139f + 0x1p-149f)), -0x1p-139f);
}

TEST(ReferenceTensorCore, NaNAndInfinity) {
  float infinity = std::numeric_limits<float>::infinity();
  uint8_t nan[stepLength] = {0xff}, zero[stepLength] = {};
  EXPECT_EQ(bitsOf(tensorCoreStep(nan, zero, stepLength, 1)), canonicalNaN);
  EXPECT_EQ(bitsOf(tensorCoreStep(zero, nan, stepLength, 1)), canonicalNaN);
  EXPECT_EQ(bitsOf(tensorCoreStep(nan, zero, stepLength, infinity)),
            canonicalNaN);
  EXPECT_EQ(bitsOf(step({}, floatOf(0xffc00001))), canonicalNaN);
  EXPECT_EQ(step({{1, 1}}, infinity), infinity);
  EXPECT_EQ(step({{448, 448}}, -infinity), -infinity);
}

TEST(ReferenceTensorCore, BlockIsAChainOfSteps) {
  // Step 1 gives 2^14, which swallows the ones of the later steps.
  uint8_t a[blockLength] = {}, b[blockLength] = {};
  a[0] = b[0] = encodeE4M3(128);
  for (int k : {32, 64, 96})
    a[k] = b[k] = encodeE4M3(1);
  EXPECT_EQ(tensorCoreBlock(a, b, blockLength), 16384.0f);
  EXPECT_EQ(exactBlock(a, b, blockLength), 16387.0f);
  // In one step they would count together with it, but each is cut as well.
  EXPECT_EQ(tensorCoreBlock(a, b, 1), 16384.0f);
  EXPECT_EQ(tensorCoreBlock(a, b, 0), 0.0f);
}
