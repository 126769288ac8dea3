// Faulty variants of a correct kernel are reported: a sample of those that
// `dgemm-sim --mutate` runs.
#include "dgemm/Simulator/Mutation.h"
#include "GemmFixture.h"

using namespace dgemm::sim;
using namespace dgemm::sim::test;

static bool reported(const std::string &ptx) {
  auto program = loadPtx(ptx);
  if (!program)
    return true;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    GemmProblem problem(128, 384, 640);
    Options options;
    options.seed = seed;
    options.idleLimit = 100000;
    Result result = run(*program, problem.launch(1), problem.memory, options);
    for (const Hazard &hazard : result.hazards)
      if (hazard.kind != HazardKind::StepLimit)
        return true;
  }
  return false;
}

TEST(SimulatorMutation, EveryThirdMutantOfTheGemm) {
  std::vector<Mutant> mutants = makeMutants(readPtx("gemm_fp8.ptx"));
  ASSERT_GT(mutants.size(), 30u);
  size_t made = 0, found = 0;
  for (size_t i = 0; i < mutants.size(); i += 3) {
    ++made;
    if (reported(mutants[i].ptx))
      ++found;
    else
      std::cout << "survived: line " << mutants[i].line << " "
                << mutants[i].instruction << ", " << mutants[i].description
                << "\n";
  }
  EXPECT_GE(found * 10, made * 9);
}

TEST(SimulatorMutation, KindsOfMutants) {
  std::vector<Mutant> mutants = makeMutants(
      "\tbar.sync 1, 128;\n\tmbarrier.init.shared.b64 [%r1], 2;\n"
      "\twgmma.wait_group.sync.aligned 0;\n\tadd.s32 %r1, %r2, 3;\n");
  // bar.sync: deleted, 96 and 160 threads, moved; init: 1 and 3; wait:
  // deleted, 1, moved above nothing.
  std::string kinds;
  for (const Mutant &mutant : mutants)
    kinds += mutant.kind + " ";
  EXPECT_EQ(kinds, "delete count count move count count delete weaken ");
  EXPECT_NE(mutants[1].ptx.find("bar.sync 1, 96;"), std::string::npos);
}
