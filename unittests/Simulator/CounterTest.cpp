// Counters are deterministic, and hold the instruction counts of a kernel;
// the timeline is JSON with the tracks that one expects.
#include "GemmFixture.h"

#include <nlohmann/json.hpp>
#include <set>

using namespace dgemm::sim;
using namespace dgemm::sim::test;

namespace {
Result runGemm(int k, bool trace = false) {
  auto program = loadPtx(readPtx("gemm_fp8.ptx"));
  GemmProblem problem(128, 128, k);
  Options options;
  options.trace = trace;
  return run(*program, problem.launch(1), problem.memory, options);
}
} // namespace

TEST(SimulatorCounters, PerKBlock) {
  Result eight = runGemm(1024), nine = runGemm(1152);
  ASSERT_TRUE(eight.ok() && nine.ok());
  auto perBlock = [&](const char *opcode) {
    return nine.counters.byOpcode.at(opcode) -
           eight.counters.byOpcode.at(opcode);
  };
  // Eight consumer warps: four steps, one promotion of 64 values each.
  EXPECT_EQ(perBlock("wgmma.mma_async.sync.aligned.m64n128k32.f32.e4m3.e4m3"),
            8u * 4);
  EXPECT_EQ(perBlock("fma.rn.f32"), 8u * 64);
  EXPECT_EQ(nine.counters.tmaLoadBytes - eight.counters.tmaLoadBytes,
            2u * 128 * 128 + 512);
  // A limit that a change for the worse breaks.
  uint64_t consumer = nine.counters.byRole.at("warpgroup 0") -
                      eight.counters.byRole.at("warpgroup 0");
  EXPECT_LE(consumer / 4, 160u);
  EXPECT_EQ(nine.counters.bankConflicts, 0u);
  EXPECT_EQ(nine.counters.tmaStoreBytes, 128u * 128 * 2);
}

TEST(SimulatorCounters, Deterministic) {
  Result a = runGemm(512), b = runGemm(512);
  EXPECT_EQ(a.counters.instructions, b.counters.instructions);
  EXPECT_EQ(a.counters.byOpcode, b.counters.byOpcode);
  EXPECT_EQ(a.counters.cycles, b.counters.cycles);
  EXPECT_EQ(a.counters.l2LoadBytes, b.counters.l2LoadBytes);
}

TEST(SimulatorCounters, BankConflicts) {
  // Lane l stores word 32 * l: all in one bank.
  auto program = loadPtx(
      wrap("", ".reg .b32 %r<4>;\nmov.u32 %r0, %tid.x;\nshl.b32 %r1, %r0, 7;\n"
               "mov.u32 %r2, dyn;\nadd.u32 %r3, %r2, %r1;\n"
               "st.shared.u32 [%r3], %r0;\nret;"));
  ASSERT_TRUE(program);
  GlobalMemory memory;
  Launch launch;
  launch.block.x = 32;
  launch.dynamicShared = 4096;
  Result result = run(*program, launch, memory);
  ASSERT_TRUE(result.ok()) << result.str();
  EXPECT_EQ(result.counters.bankConflicts, 31u);
}

TEST(SimulatorTrace, HasTheRoles) {
  Result result = runGemm(512, true);
  auto json = nlohmann::json::parse(traceToJson(result.trace));
  std::set<std::string> tracks;
  for (const auto &event : json["traceEvents"])
    if (event["ph"] == "M")
      tracks.insert(event["args"]["name"]);
  for (const char *track : {"TMA load, stage 0", "TMA load, stage 2",
                            "TMA store", "warp 0 (consumer 0)",
                            "warp 8 (producer)", "tensor core (warpgroup 0)"})
    EXPECT_TRUE(tracks.count(track)) << track;
}
