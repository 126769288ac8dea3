// The tensor core's arithmetic against hashes of the H200's answers.
#include "ProbeTiles.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace dgemm::sim;
using namespace dgemm::sim::test;

static uint64_t hashOfBatch(const ProbeType &type, int batch, uint64_t hash) {
  ProbeBatch tiles(type, batch);
  for (int t = 0; t < kProbeTiles; ++t)
    for (uint32_t word : tiles.answer(type, t))
      hash = hashStep(hash, word);
  return hash;
}

// Half a million dot products of each type, of ten kinds. All 10^7 are hashed
// by dgemm-probe-tensor-core, which matched the H200's hashes.
TEST(SimulatorTensorCore, FirstBatchOfEachType) {
  for (const ProbeType &type : probeTypes)
    EXPECT_EQ(hashOfBatch(type, 0, kHashStart), type.firstHash)
        << type.name << std::hex << " " << hashOfBatch(type, 0, kHashStart);
}

TEST(SimulatorTensorCore, TruncatesToThirteenBits) {
  // 1 * 1 + 2^-14: the accumulator's bit is below the unit and is cut.
  uint8_t a[32] = {0x38}, b[32] = {0x38};
  float d = 0x1p-14f;
  multiplyStep(MmaType::E4M3, MmaType::E4M3, a, b, &d, 1, 1, true);
  EXPECT_EQ(d, 1.0f);
  d = 0x1p-13f;
  multiplyStep(MmaType::E4M3, MmaType::E4M3, a, b, &d, 1, 1, true);
  EXPECT_EQ(d, 1.0f + 0x1p-13f);
  // C + 0 is cut as well; a fresh accumulator ignores C.
  uint8_t zero[32] = {};
  d = 1.0f + 0x1p-20f;
  multiplyStep(MmaType::E4M3, MmaType::E4M3, zero, zero, &d, 1, 1, true);
  EXPECT_EQ(d, 1.0f);
  d = 5;
  multiplyStep(MmaType::E4M3, MmaType::E4M3, zero, zero, &d, 1, 1, false);
  EXPECT_EQ(asBits(d), 0u);
  uint8_t nan[32] = {0x7f};
  multiplyStep(MmaType::E4M3, MmaType::E4M3, nan, b, &d, 1, 1, false);
  EXPECT_EQ(asBits(d), 0x7fffffffu);
}
