// Tests that generated inputs never change.
#include "dgemm/Reference/Generate.h"

#include "dgemm/Reference/Formats.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace dgemm::reference;

TEST(ReferenceGenerate, RandomBitsAreSplitmix64) {
  // The published first outputs of splitmix64 for seed 1234567.
  EXPECT_EQ(randomBits(1234567, 0), 6457827717110365317u);
  EXPECT_EQ(randomBits(1234567, 1), 3203168211198807973u);
  EXPECT_EQ(randomBits(1234567, 2), 9817491932198370423u);
  EXPECT_EQ(randomBits(1234567, 3), 4593380528125082431u);
}

TEST(ReferenceGenerate, NormalHasItsMoments) {
  double sum = 0, squares = 0;
  int n = 200000;
  for (int i = 0; i < n; ++i) {
    double x = randomNormal(7, i);
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / n, 0.0, 0.01);
  EXPECT_NEAR(std::sqrt(squares / n), 0.8165, 0.01);
}

TEST(ReferenceGenerate, BlocksReachTheLargestCode) {
  QuantizedMatrix matrix = generateQuantized(3, 200, 300, 128, 304, 2);
  ASSERT_EQ(matrix.scaleStride, 3);
  ASSERT_EQ(matrix.scales.size(), 6u);
  for (int rowBlock = 0; rowBlock < 2; ++rowBlock)
    for (int block = 0; block < 3; ++block) {
      float amax = 0, code = 0;
      for (int i = rowBlock * 128; i < std::min(200, rowBlock * 128 + 128); ++i)
        for (int k = block * 128; k < std::min(300, block * 128 + 128); ++k) {
          amax = std::max(amax, std::fabs(randomNormal(3, i * 300 + k)));
          code =
              std::max(code, std::fabs(decodeE4M3(matrix.codes[i * 304 + k])));
        }
      EXPECT_EQ(matrix.scales[rowBlock * 3 + block], amax / 448.0f);
      EXPECT_EQ(code, 448.0f);
    }
  for (int i = 0; i < 200; ++i)
    for (int k = 300; k < 304; ++k)
      EXPECT_TRUE(isNaNE4M3(matrix.codes[i * 304 + k]));
}

TEST(ReferenceGenerate, ThreadsDoNotMatter) {
  QuantizedMatrix one = generateQuantized(9, 70, 200, 1, 0, 1);
  QuantizedMatrix three = generateQuantized(9, 70, 200, 1, 0, 3);
  EXPECT_EQ(one.codes, three.codes);
  EXPECT_EQ(one.scales, three.scales);
}
