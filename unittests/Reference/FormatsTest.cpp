// Tests of the number formats against their definitions.
#include "dgemm/Reference/Formats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace dgemm::reference;

TEST(ReferenceFormats, E4M3DecodesByDefinition) {
  for (int code = 0; code < 256; ++code) {
    int biased = (code >> 3) & 15, fraction = code & 7;
    if ((code & 0x7f) == 0x7f) {
      EXPECT_EQ(bitsOf(decodeE4M3(code)), canonicalNaN);
      continue;
    }
    double magnitude = biased ? std::ldexp(1.0 + fraction / 8.0, biased - 7)
                              : std::ldexp(fraction / 8.0, -6);
    EXPECT_EQ(decodeE4M3(code), float(code & 0x80 ? -magnitude : magnitude));
    EXPECT_EQ(std::signbit(decodeE4M3(code)), bool(code & 0x80));
    EXPECT_EQ(encodeE4M3(decodeE4M3(code)), code);
  }
}

TEST(ReferenceFormats, E4M3EncodesToTheNearest) {
  // Between two neighbours: below, at and above the middle. At the middle the
  // even code wins.
  for (int code = 0; code < 0x7e; ++code) {
    float low = decodeE4M3(code), high = decodeE4M3(code + 1);
    float middle = (low + high) / 2;
    for (int sign : {0, 0x80}) {
      float s = sign ? -1.0f : 1.0f;
      EXPECT_EQ(encodeE4M3(s * std::nextafter(middle, 0.0f)), sign | code);
      EXPECT_EQ(encodeE4M3(s * middle), sign | (code + (code & 1)));
      EXPECT_EQ(encodeE4M3(s * std::nextafter(middle, 1e9f)),
                sign | (code + 1));
    }
  }
}

TEST(ReferenceFormats, E4M3SaturatesAndKeepsNaN) {
  float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(encodeE4M3(449.0f), 0x7e);
  EXPECT_EQ(encodeE4M3(1e30f), 0x7e);
  EXPECT_EQ(encodeE4M3(infinity), 0x7e);
  EXPECT_EQ(encodeE4M3(-infinity), 0xfe);
  EXPECT_EQ(encodeE4M3(std::nanf("")), 0x7f);
  EXPECT_EQ(encodeE4M3(-std::nanf("")), 0x7f);
  EXPECT_EQ(encodeE4M3(-1e-30f), 0x80);
}

TEST(ReferenceFormats, BF16RoundsToNearestEven) {
  EXPECT_EQ(encodeBF16(1.0f), 0x3f80);
  EXPECT_EQ(encodeBF16(floatOf(0x3f808000)), 0x3f80); // tie, to even
  EXPECT_EQ(encodeBF16(floatOf(0x3f818000)), 0x3f82); // tie, to even
  EXPECT_EQ(encodeBF16(floatOf(0x3f808001)), 0x3f81);
  EXPECT_EQ(encodeBF16(floatOf(0x7f7fffff)), 0x7f80); // rounds to infinity
  EXPECT_EQ(encodeBF16(floatOf(0x00008001)), 0x0001); // denormals stay
  EXPECT_EQ(encodeBF16(-0.0f), 0x8000);
  EXPECT_EQ(encodeBF16(floatOf(0xffc12345)), canonicalNaNBF16);
  for (int code = 0; code < 0x10000; ++code)
    if (!isNaN(decodeBF16(code)))
      ASSERT_EQ(encodeBF16(decodeBF16(code)), code);
}
