// Schedules as values, and how the model ranks what was measured.

#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "dgemm/Dialect/DGEMM/ScheduleVerifier.h"
#include "dgemm/Dialect/DGEMM/Transforms/CostModel.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace dgemm::dg;

namespace {

TEST(Schedule, EqualityAndHash) {
  Schedule a, b;
  EXPECT_EQ(a, b);
  EXPECT_EQ(hash_value(a), hash_value(b));
  b.specializeK = true;
  EXPECT_NE(a, b);
  b = a;
  b.pdl = PDL::Activations;
  EXPECT_NE(a, b);
}

TEST(Schedule, AttributeIsUniqued) {
  MLIRContext context;
  context.loadDialect<DGEMMDialect>();
  Schedule a;
  a.stages = 2;
  EXPECT_EQ(ScheduleAttr::get(&context, a), ScheduleAttr::get(&context, a));
  EXPECT_NE(ScheduleAttr::get(&context, a),
            ScheduleAttr::get(&context, Schedule()));
  EXPECT_EQ(ScheduleAttr::get(&context, a).getStages(), 2);
}

TEST(Schedule, BuffersAreNoMoreThanOfUse) {
  Schedule schedule; // 256x128 in two slices of two chunks
  EXPECT_EQ(schedule.buffers, 8);
  EXPECT_EQ(schedule.getChunkBuffers(), 4);
  schedule.buffers = 3; // one slice
  EXPECT_EQ(schedule.getChunkBuffers(), 2);
  schedule.buffers = 1;
  EXPECT_EQ(schedule.getChunkBuffers(), 1);
  schedule.chunk = 16; // eight chunks a slice: batches of four
  schedule.buffers = 7;
  EXPECT_EQ(schedule.getChunkBuffers(), 4);
}

TEST(Schedule, SidesChangeWithASwap) {
  ProblemFacts facts;
  Schedule schedule;
  EXPECT_STREQ(getLhsScaleSide(schedule, facts).name, "SFA");
  EXPECT_TRUE(getLhsScaleSide(schedule, facts).vector);
  EXPECT_FALSE(getRhsScaleSide(schedule, facts).vector);
  schedule.swap = true;
  EXPECT_STREQ(getLhsScaleSide(schedule, facts).name, "SFB");
  EXPECT_FALSE(getLhsScaleSide(schedule, facts).vector);
  EXPECT_TRUE(getRhsScaleSide(schedule, facts).vector);
}

//===-- The cost model against measurements -------------------------------===//

ProblemFacts problem(int64_t m, int64_t n, int64_t k) {
  ProblemFacts facts;
  facts.m = m;
  facts.n = n;
  facts.k = k;
  facts.strideD = n;
  return facts;
}

Schedule tile(int64_t m, int64_t n, int64_t warpgroups, int64_t stages,
              int64_t chunk) {
  Schedule schedule;
  schedule.tileM = m;
  schedule.tileN = n;
  schedule.warpgroups = warpgroups;
  schedule.stages = stages;
  schedule.chunk = chunk;
  if (warpgroups == 3) {
    schedule.producerRegs = 32;
    schedule.consumerRegs = 160;
  }
  return schedule;
}

double microseconds(const Schedule &schedule, const ProblemFacts &facts) {
  return estimateCost(schedule, facts, /*sms=*/132).microseconds;
}

/// Times measured on one H200 with kernels of exactly these schedules, at
/// M = 4096; the model is within 10 %.
TEST(CostModel, LargeProblems) {
  const Schedule coop256 = tile(256, 128, 2, 3, 64);
  struct {
    Schedule schedule;
    int64_t n, k;
    double measured;
  } points[] = {
      {coop256, 7168, 16384, 697.4},
      {coop256, 4096, 7168, 162.8},
      {coop256, 7168, 2048, 88.8},
      {coop256, 24576, 1536, 227.4},
      {coop256, 32768, 512, 127.1},
      {tile(128, 176, 2, 4, 88), 2112, 7168, 89},
      {tile(192, 96, 3, 5, 32), 576, 7168, 27.2},
      {tile(256, 136, 2, 3, 136), 2112, 7168, 96.8},
      {tile(128, 144, 2, 5, 72), 576, 7168, 27.9},
  };
  for (auto &point : points) {
    // The prototypes choose the place of the scales' edge at compile time.
    point.schedule.staticSplits = true;
    const double estimate =
        microseconds(point.schedule, problem(4096, point.n, point.k));
    EXPECT_NEAR(estimate / point.measured, 1.0, 0.15)
        << point.n << " x " << point.k << ": " << estimate << " us";
  }
}

/// 4096x7168 at M = 64 with 64x32 tiles: the K blocks per stage and groups in
/// flight are the largest levers of all.
TEST(CostModel, DepthsAtSmallM) {
  const struct {
    int64_t kBlocks, inFlight;
    double measured;
  } points[] = {{1, 1, 15.3}, {2, 1, 13.3}, {2, 2, 11.0},
                {4, 1, 11.5}, {4, 2, 10.1}, {4, 4, 9.9}};
  for (const auto &point : points) {
    Schedule schedule = tile(64, 32, 1, 4, 32);
    schedule.kBlocks = point.kBlocks;
    schedule.inFlight = point.inFlight;
    const double estimate = microseconds(schedule, problem(64, 4096, 7168));
    EXPECT_NEAR(estimate / point.measured, 1.0, 0.15)
        << point.kBlocks << ", " << point.inFlight << ": " << estimate;
  }
}

/// A tile that stays inside one block of scales beats a fuller wave.
TEST(CostModel, OneBlockOfScalesBeatsAFullerWave) {
  Schedule inside = tile(64, 64, 1, 3, 64), across = tile(64, 56, 1, 3, 56);
  for (Schedule *schedule : {&inside, &across})
    schedule->kBlocks = schedule->inFlight = 4;
  const ProblemFacts facts = problem(64, 7168, 2048);
  EXPECT_LT(microseconds(inside, facts), microseconds(across, facts));
}

} // namespace
