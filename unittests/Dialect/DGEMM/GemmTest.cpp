// The interfaces of dgemm.gemm, as other code sees them.

#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace dgemm::dg;

namespace {

class GemmTest : public testing::Test {
protected:
  GemmTest() { context.loadDialect<DGEMMDialect, func::FuncDialect>(); }

  /// The only gemm of `text`; the module stays alive with the fixture.
  GemmOp parse(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    GemmOp found;
    if (module)
      module->walk([&](GemmOp op) { found = op; });
    return found;
  }

  static SmallVector<MemoryEffects::EffectInstance> getEffects(GemmOp op,
                                                               Value value) {
    SmallVector<MemoryEffects::EffectInstance> all;
    op.getEffects(all);
    llvm::erase_if(all, [&](const MemoryEffects::EffectInstance &effect) {
      return effect.getValue() != value;
    });
    return all;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

const char *const onMemrefs = R"(
func.func @f(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
             %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
             %c: memref<4x128xf32>, %d: memref<4x128xf32>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>,
      memref<4x2xf32>, memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      acc(%c : memref<4x128xf32>) outs(%d : memref<4x128xf32>)
  return
})";

const char *const onTensors = R"(
func.func @f(%a: tensor<4x256xf8E4M3FN>, %sfa: tensor<4x2xf32>,
             %b: tensor<128x256xf8E4M3FN>, %sfb: tensor<1x2xf32>,
             %d: tensor<4x128xf32>) -> tensor<4x128xf32> {
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<4x256xf8E4M3FN>,
      tensor<4x2xf32>, tensor<128x256xf8E4M3FN>, tensor<1x2xf32>)
      outs(%d : tensor<4x128xf32>) -> tensor<4x128xf32>
  return %r : tensor<4x128xf32>
})";

TEST_F(GemmTest, ReadsEveryInputAndWritesDOnly) {
  GemmOp op = parse(onMemrefs);
  ASSERT_TRUE(op);
  for (Value input :
       {op.getA(), op.getSfa(), op.getB(), op.getSfb(), op.getC()}) {
    auto effects = getEffects(op, input);
    ASSERT_EQ(effects.size(), 1u);
    EXPECT_TRUE(isa<MemoryEffects::Read>(effects[0].getEffect()));
  }
  auto effects = getEffects(op, op.getD());
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_TRUE(isa<MemoryEffects::Write>(effects[0].getEffect()));
  SmallVector<MemoryEffects::EffectInstance> all;
  op.getEffects(all);
  EXPECT_EQ(all.size(), 6u);
}

TEST_F(GemmTest, HasNoEffectOnTensors) {
  GemmOp op = parse(onTensors);
  ASSERT_TRUE(op);
  EXPECT_TRUE(isMemoryEffectFree(op));
}

TEST_F(GemmTest, IsDestinationPassing) {
  GemmOp op = parse(onTensors);
  ASSERT_TRUE(op);
  auto dps = cast<DestinationStyleOpInterface>(*op);
  EXPECT_TRUE(dps.hasPureTensorSemantics());
  EXPECT_EQ(dps.getNumDpsInputs(), 4);
  EXPECT_EQ(dps.getDpsInits(), ValueRange(op.getD()));
  EXPECT_EQ(dps.getTiedOpResult(&op.getDMutable()), op.getResult());
}

TEST_F(GemmTest, IsDestinationPassingOnMemrefs) {
  GemmOp op = parse(onMemrefs);
  ASSERT_TRUE(op);
  auto dps = cast<DestinationStyleOpInterface>(*op);
  EXPECT_TRUE(dps.hasPureBufferSemantics());
  EXPECT_EQ(dps.getNumDpsInputs(), 5);
  EXPECT_EQ(dps.getDpsInits(), ValueRange(op.getD()));
}

} // namespace
