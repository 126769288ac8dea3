// Systematic exploration finds an interleaving that the plain order hides.
#include "dgemm/Simulator/Explore.h"
#include "Support.h"

using namespace dgemm::sim;
using namespace dgemm::sim::test;

namespace {
/// Both warps' first lanes increment a word of shared memory by `how`, and
/// the last to leave writes it out.
std::string increments(const std::string &how) {
  return wrap(".param .u64 out",
              ".reg .b32 %r<8>;\n.reg .b64 %rd<2>;\n.reg .pred %p<4>;\n"
              "mov.u32 %r0, %tid.x;\nld.param.u64 %rd0, [out];\n"
              "setp.eq.u32 %p0, %r0, 0;\nmov.u32 %r1, 0;\n"
              "@%p0 st.shared.u32 [dyn], %r1;\nbar.sync 0;\n"
              "and.b32 %r2, %r0, 31;\nsetp.eq.u32 %p1, %r2, 0;\n"
              "@!%p1 bra E;\n" +
                  how +
                  "E: bar.sync 0;\n"
                  "ld.shared.u32 %r3, [dyn];\n@%p0 st.global.u32 [%rd0], %r3;\n"
                  "ret;");
}

Exploration exploreIncrements(const std::string &how, unsigned bound,
                              uint64_t maxRuns = 5000, unsigned nearLine = 0) {
  auto program = loadPtx(increments(how));
  GlobalMemory memory;
  uint64_t out = memory.allocate(4, "out");
  Launch launch;
  launch.block.x = 64;
  launch.dynamicShared = 16;
  launch.param(out);
  Options options;
  options.check = false; // only the result tells
  options.nearLine = nearLine;
  return exploreSystematically(
      *program, launch, options, bound, maxRuns,
      [&]() -> GlobalMemory & { return memory; },
      [&](const Result &) { return *(uint32_t *)memory.data(out, 4) == 2; });
}
} // namespace

TEST(SimulatorExplore, LostUpdateNeedsOnePreemption) {
  std::string plain = "ld.shared.u32 %r4, [dyn];\nadd.u32 %r4, %r4, 1;\n"
                      "st.shared.u32 [dyn], %r4;\n";
  Exploration none = exploreIncrements(plain, 0);
  EXPECT_EQ(none.runs, 1u);
  EXPECT_TRUE(none.complete);
  Exploration one = exploreIncrements(plain, 1);
  EXPECT_FALSE(one.complete);
  EXPECT_EQ(one.preemptions.size(), 1u);
}

TEST(SimulatorExplore, AtomicsHoldInEveryInterleaving) {
  Exploration e = exploreIncrements("atom.shared.add.u32 %r4, [dyn], 1;\n", 2);
  EXPECT_TRUE(e.complete);
  EXPECT_GT(e.runs, 10u);
}

TEST(SimulatorExplore, FewRunsAreSpreadAndBeginNearALine) {
  std::string atomic = "atom.shared.add.u32 %r4, [dyn], 1;\n";
  Exploration few = exploreIncrements(atomic, 1, 4, 18);
  EXPECT_EQ(few.runs, 4u);
  EXPECT_FALSE(few.complete);
  // The lost update lies in lines 18 to 20; two runs near it suffice.
  std::string plain = "ld.shared.u32 %r4, [dyn];\nadd.u32 %r4, %r4, 1;\n"
                      "st.shared.u32 [dyn], %r4;\n";
  Exploration found = exploreIncrements(plain, 1, 12, 18);
  EXPECT_EQ(found.preemptions.size(), 1u);
  EXPECT_LE(found.runs, 12u);
}
