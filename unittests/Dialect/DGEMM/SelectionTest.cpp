// Tests of how schedules are chosen, as an embedding compiler asks for them.

#include "dgemm/Dialect/DGEMM/Transforms/Selection.h"
#include "dgemm/Dialect/DGEMM/Transforms/TuningTable.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <chrono>
#include <cmath>

using namespace mlir;
using namespace dgemm::dg;

namespace {

class SelectionTest : public testing::Test {
protected:
  SelectionTest() { context.loadDialect<DGEMMDialect, func::FuncDialect>(); }

  /// A 1D2D gemm of bf16 with a dynamic M.
  GemmOp makeGemm(int64_t n, int64_t k) {
    std::string a = "memref<?x" + std::to_string(k) + "xf8E4M3FN>";
    std::string sfa = "memref<?x" + std::to_string((k + 127) / 128) +
                      "xf32, strided<[1, ?]>>";
    std::string b =
        "memref<" + std::to_string(n) + "x" + std::to_string(k) + "xf8E4M3FN>";
    std::string sfb = "memref<" + std::to_string((n + 127) / 128) + "x" +
                      std::to_string((k + 127) / 128) + "xf32>";
    std::string d = "memref<?x" + std::to_string(n) + "xbf16>";
    module = parseSourceString<ModuleOp>(
        "func.func @f(%a: " + a + ", %sfa: " + sfa + ", %b: " + b +
            ", %sfb: " + sfb + ", %d: " + d +
            ") {\n  dgemm.gemm ins(%a, %sfa, %b, %sfb : " + a + ", " + sfa +
            ", " + b + ", " + sfb + ") outs(%d : " + d + ")\n  return\n}",
        &context);
    GemmOp found;
    if (module)
      module->walk([&](GemmOp op) { found = op; });
    return found;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST(SizeRangeTest, ReadsWhatItWrites) {
  EXPECT_EQ(SizeRange::parse("64")->str(), "64");
  EXPECT_EQ(SizeRange::parse("2..63")->str(), "2..63");
  EXPECT_TRUE(SizeRange::parse("5..5")->isSingle());
  for (const char *text :
       {"", "..", "1..", "..2", "3..2", "-1", "a", "1.2", "1..2..3", "1 "})
    EXPECT_FALSE(SizeRange::parse(text)) << text;
}

TEST_F(SelectionTest, ReturnsCandidatesAndReasons) {
  GemmOp op = makeGemm(576, 7168);
  ASSERT_TRUE(op);
  SelectScheduleOptions options;
  options.m = 4096;
  FailureOr<Selection> selection = select(op, options);
  ASSERT_TRUE(succeeded(selection));
  EXPECT_FALSE(op.getScheduleAttr()) << "the op stays as it is";
  EXPECT_EQ(selection->sizes.m, 4096);
  std::vector<Candidate> candidates =
      rankCandidates(selection->facts, selection->sizes, selection->options);
  EXPECT_GT(candidates.size(), 100u);
  for (size_t i = 1; i < candidates.size(); ++i)
    EXPECT_LE(candidates[i - 1].cost.microseconds,
              candidates[i].cost.microseconds);
  // The choice is the first that fits; whatever the model likes better does
  // not, and the number is in the text.
  auto chosen = llvm::find_if(candidates, [&](const Candidate &candidate) {
    return isFeasible(candidate.schedule, selection->facts);
  });
  ASSERT_NE(chosen, candidates.end());
  EXPECT_TRUE(chosen->schedule == selection->schedule);
  size_t rejected = 0;
  for (const Candidate &candidate : candidates) {
    rejected += !candidate.rejection.empty();
    if (!candidate.rejection.empty())
      EXPECT_NE(candidate.rejection.find_first_of("0123456789"),
                std::string::npos);
  }
  EXPECT_GT(rejected, 0u);
}

TEST_F(SelectionTest, CoversARangeOfM) {
  GemmOp op = makeGemm(7168, 2048);
  SelectScheduleOptions options;
  options.m = {3, 5000};
  FailureOr<RunSelection> run = selectRun(op, options);
  ASSERT_TRUE(succeeded(run));
  ASSERT_GT(run->kernels.size(), 1u);
  EXPECT_EQ(run->ranges.front().m.first, 3);
  EXPECT_EQ(run->ranges.back().m.last, 5000);
  for (const Schedule &schedule : run->kernels) {
    EXPECT_TRUE(isFeasible(schedule, run->facts));
    EXPECT_EQ(llvm::count(run->kernels, schedule), 1);
  }
  std::vector<bool> used(run->kernels.size());
  for (size_t i = 0; i < run->ranges.size(); ++i) {
    const RunSelection::Range &range = run->ranges[i];
    EXPECT_LE(range.m.first, range.m.last);
    ASSERT_LT(range.kernel, run->kernels.size());
    used[range.kernel] = true;
    EXPECT_GE(range.microseconds, range.best);
    if (i == 0)
      continue;
    EXPECT_EQ(range.m.first, run->ranges[i - 1].m.last + 1);
    EXPECT_NE(range.kernel, run->ranges[i - 1].kernel);
  }
  EXPECT_TRUE(llvm::all_of(used, [](bool one) { return one; }));
}

/// The dense shapes of DeepSeek-V3.
constexpr std::pair<int64_t, int64_t> deepSeekShapes[] = {
    {2112, 7168},  {576, 7168},  {24576, 1536}, {32768, 512},
    {7168, 16384}, {4096, 7168}, {7168, 2048}};

TEST_F(SelectionTest, ARunLosesLittleBetweenItsSamples) {
  // The model's time with the schedule of the M's case, over that with the
  // schedule that would be chosen for this M alone.
  double logSum = 0, worst = 1;
  int count = 0;
  for (auto [n, k] : deepSeekShapes) {
    GemmOp op = makeGemm(n, k);
    const ProblemFacts facts = getProblemFacts(op);
    SelectScheduleOptions options;
    options.m = {1, 8192};
    FailureOr<RunSelection> run = selectRun(op, options);
    ASSERT_TRUE(succeeded(run));
    for (int64_t m :
         {3,   11,  20,   40,   70,   100,  150,  230,  300,  400,
          600, 800, 1100, 1500, 1800, 2500, 3000, 3500, 5000, 7000}) {
      auto found = llvm::find_if(
          run->ranges, [&](const auto &range) { return range.m.contains(m); });
      ASSERT_NE(found, run->ranges.end());
      const ProblemFacts sizes = assumeSizes(facts, m);
      FailureOr<Schedule> best = chooseByModel(op, facts, sizes, options);
      ASSERT_TRUE(succeeded(best));
      const double loss =
          estimateCost(run->kernels[found->kernel], sizes, options.sms)
              .microseconds /
          estimateCost(*best, sizes, options.sms).microseconds;
      logSum += std::log(loss);
      worst = std::max(worst, loss);
      ++count;
    }
  }
  EXPECT_LE(std::exp(logSum / count), 1.03);
  EXPECT_LE(worst, 1.3);
}

TEST_F(SelectionTest, BatchInvariantSchedulesDoNotSplitK) {
  Schedule split;
  EXPECT_TRUE(isBatchInvariant(split));
  split.splitK = 2;
  EXPECT_FALSE(isBatchInvariant(split));
  // Few tiles and a long K: where splitting is worth most.
  GemmOp op = makeGemm(576, 16384);
  SelectScheduleOptions options;
  options.batchInvariant = true;
  options.m = {1, 300};
  FailureOr<RunSelection> run = selectRun(op, options);
  ASSERT_TRUE(succeeded(run));
  for (const Schedule &schedule : run->kernels)
    EXPECT_TRUE(isBatchInvariant(schedule));
}

/// Milliseconds that `work` takes when nothing disturbs it.
double leastMilliseconds(llvm::function_ref<void()> work) {
  double least = 1e9;
  for (int i = 0; i < 9; ++i) {
    auto start = std::chrono::steady_clock::now();
    work();
    std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    least = std::min(least, elapsed.count());
  }
  return least;
}

TEST_F(SelectionTest, TakesAtMostTenMilliseconds) {
  // Threads would make it faster, and depend on who else computes.
  context.disableMultithreading();
  for (auto [n, k] : deepSeekShapes) {
    GemmOp op = makeGemm(n, k);
    SelectScheduleOptions options;
    for (SizeRange m : {SizeRange(1), SizeRange(64), SizeRange(4096)}) {
      options.m = m;
      EXPECT_LE(leastMilliseconds([&] { (void)select(op, options); }), 10)
          << n << "x" << k << ", M = " << m.str();
    }
    options.m = {1, 8192};
    EXPECT_LE(leastMilliseconds([&] { (void)selectRun(op, options); }), 10)
        << n << "x" << k << ", M = 1..8192";
  }
}

TEST_F(SelectionTest, TheTableDecidesBeforeTheModel) {
  FailureOr<TuningTable> table = TuningTable::parse(
      "M=1..64 N=576 K=7168 out=bf16 scaling=1d2d = "
      "#dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24>\n",
      "memory", &context);
  ASSERT_TRUE(succeeded(table));
  GemmOp op = makeGemm(576, 7168);
  SelectScheduleOptions options;
  options.table = &*table;
  options.m = 64;
  FailureOr<Selection> selection = select(op, options);
  ASSERT_TRUE(succeeded(selection));
  EXPECT_EQ(selection->tableEntry, "memory:1");
  EXPECT_EQ(selection->schedule.tileN, 24);
  options.m = 65;
  selection = select(op, options);
  ASSERT_TRUE(succeeded(selection));
  EXPECT_EQ(selection->tableEntry, "");
}

TEST_F(SelectionTest, FindsAllEntriesOfAProblem) {
  FailureOr<TuningTable> table = TuningTable::parse(
      "M=65..128 N=576 K=7168 out=bf16 scaling=1d2d = #dgemm.schedule<buffers "
      "= 1>\n"
      "M=1 N=576 K=7168 out=bf16 scaling=1d2d = #dgemm.schedule<buffers = 1>\n"
      "M=1 N=576 K=7168 out=f32 scaling=1d2d = #dgemm.schedule<buffers = 1>\n",
      "memory", &context);
  ASSERT_TRUE(succeeded(table));
  ProblemFacts facts = getProblemFacts(makeGemm(576, 7168));
  auto found = table->findAll(facts);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0]->m.str(), "1");
  EXPECT_EQ(found[1]->m.str(), "65..128");
}

} // namespace
