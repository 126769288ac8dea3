// A complete warp-specialised TMA/WGMMA kernel, compiled by nvcc, runs clean
// and gives the product under many interleavings.
#include "GemmFixture.h"

using namespace dgemm::sim;
using namespace dgemm::sim::test;

TEST(SimulatorGemm, OneTile) {
  auto program = loadPtx(readPtx("gemm_fp8.ptx"));
  ASSERT_TRUE(program);
  GemmProblem problem(128, 128, 512);
  Result result = run(*program, problem.launch(1), problem.memory);
  EXPECT_TRUE(result.ok()) << result.str();
  problem.check();
  EXPECT_EQ(result.counters.wgmmaOperations, 2u * 4 * 4);
  EXPECT_EQ(result.counters.wgmmaMacs, 128ull * 128 * 512);
}

TEST(SimulatorGemm, OddShapesAreSilentUnderManySeeds) {
  auto program = loadPtx(readPtx("gemm_fp8.ptx"));
  ASSERT_TRUE(program);
  std::vector<uint8_t> first;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    GemmProblem problem(200, 328, 640);
    Options options;
    options.seed = seed;
    Result result = run(*program, problem.launch(2), problem.memory, options);
    ASSERT_TRUE(result.ok()) << "seed " << seed << "\n" << result.str();
    size_t size = (size_t)problem.m * problem.n * 2;
    const uint8_t *d = (const uint8_t *)problem.memory.data(problem.dd, size);
    std::vector<uint8_t> bytes(d, d + size);
    if (seed == 0) {
      problem.check();
      first = bytes;
    }
    EXPECT_EQ(bytes, first) << "seed " << seed;
  }
}
