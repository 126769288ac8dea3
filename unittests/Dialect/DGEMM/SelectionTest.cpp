// Tests of how schedules are chosen, as an embedding compiler asks for them.

#include "dgemm/Dialect/DGEMM/Transforms/Selection.h"
#include "dgemm/Dialect/DGEMM/Transforms/TuningTable.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

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
  ASSERT_TRUE(selection->chosen.has_value());
  const std::vector<Candidate> &candidates = selection->candidates;
  EXPECT_GT(candidates.size(), 100u);
  EXPECT_TRUE(candidates[*selection->chosen].schedule == selection->schedule);
  for (size_t i = 1; i < candidates.size(); ++i)
    EXPECT_LE(candidates[i - 1].cost.microseconds,
              candidates[i].cost.microseconds);
  // Whatever the model likes better does not fit; the number is in the text.
  for (size_t i = 0; i < *selection->chosen; ++i)
    EXPECT_FALSE(isFeasible(candidates[i].schedule, selection->facts));
  size_t rejected = 0;
  for (const Candidate &candidate : candidates) {
    std::string reason = rejectSchedule(candidate.schedule, selection->facts);
    rejected += !reason.empty();
    if (!reason.empty())
      EXPECT_NE(reason.find_first_of("0123456789"), std::string::npos);
  }
  EXPECT_GT(rejected, 0u);
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
  EXPECT_FALSE(selection->chosen.has_value());
  options.m = 65;
  selection = select(op, options);
  ASSERT_TRUE(succeeded(selection));
  EXPECT_EQ(selection->tableEntry, "");
  EXPECT_TRUE(selection->chosen.has_value());
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
