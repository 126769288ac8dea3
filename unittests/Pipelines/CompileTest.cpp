// Tests of compiling in memory, as an embedding compiler does.

#include "dgemm/Pipelines/Compile.h"
#include "dgemm/InitAll.h"
#include "dgemm/Launch/Record.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

using namespace mlir;

namespace {

class CompileTest : public ::testing::Test {
protected:
  CompileTest() {
    DialectRegistry registry;
    dgemm::registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    module = parseSourceFile<ModuleOp>(
        DGEMM_TEST_DIR "/Target/Inputs/scale.mlir", &context);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(CompileTest, StopsAtPTX) {
  ASSERT_TRUE(module);
  dgemm::PipelineOptions options;
  options.stopAfter = "ptx";
  auto kernels = dgemm::compile(*module, options);
  ASSERT_TRUE(succeeded(kernels));
  ASSERT_EQ(kernels->size(), 1u);
  const dgemm::CompiledKernel &kernel = kernels->front();
  EXPECT_EQ(kernel.name, "module");
  EXPECT_NE(kernel.ptx.find(".entry scale("), std::string::npos);
  EXPECT_TRUE(kernel.cubin.empty());
  auto record = dgemm::launch::Record::parse(kernel.record);
  ASSERT_TRUE(static_cast<bool>(record)) << record.message();
  EXPECT_EQ(record->kernels.front().name, "scale");
  EXPECT_EQ(record->toJson(), kernel.record);
}

TEST_F(CompileTest, OneRecordForARunOverM) {
  OwningOpRef<ModuleOp> gemm = parseSourceString<ModuleOp>(R"(
    func.func @gemm(
        %a: memref<?x2048xf8E4M3FN>, %sfa: memref<?x16xf32, strided<[1, ?]>>,
        %b: memref<7168x2048xf8E4M3FN>, %sfb: memref<56x16xf32>,
        %d: memref<?x7168xbf16>) {
      dgemm.gemm ins(%a, %sfa, %b, %sfb
                     : memref<?x2048xf8E4M3FN>,
                       memref<?x16xf32, strided<[1, ?]>>,
                       memref<7168x2048xf8E4M3FN>, memref<56x16xf32>)
          outs(%d : memref<?x7168xbf16>)
      return
    })",
                                                           &context);
  ASSERT_TRUE(gemm);
  dgemm::PipelineOptions options;
  options.stopAfter = "ptx";
  options.m = {1, 128};
  auto kernels = dgemm::compile(*gemm, options);
  ASSERT_TRUE(succeeded(kernels));
  ASSERT_EQ(kernels->size(), 1u);
  auto record = dgemm::launch::Record::parse(kernels->front().record);
  ASSERT_TRUE(static_cast<bool>(record)) << record.message();
  ASSERT_GT(record->kernels.size(), 1u);
  EXPECT_EQ(record->kernels.back().when.text(), "1");
  for (const dgemm::launch::Kernel &kernel : record->kernels) {
    EXPECT_NE(kernels->front().ptx.find(".entry " + kernel.name + "("),
              std::string::npos);
    EXPECT_EQ(kernel.schedule.rfind("#dgemm.schedule<", 0), 0u);
  }
}

TEST_F(CompileTest, TwiceTheSameBytes) {
  dgemm::PipelineOptions options;
  options.stopAfter = "ptx";
  OwningOpRef<ModuleOp> copy = module->clone();
  auto first = dgemm::compile(*module, options);
  auto second = dgemm::compile(*copy, options);
  ASSERT_TRUE(succeeded(first) && succeeded(second));
  EXPECT_EQ(first->front().ptx, second->front().ptx);
  EXPECT_EQ(first->front().record, second->front().record);
}

TEST_F(CompileTest, FailuresGoToTheDiagnosticHandler) {
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message += diagnostic.str();
    return success();
  });
  dgemm::PipelineOptions options;
  options.ptxas = "/nonexistent/ptxas";
  EXPECT_TRUE(failed(dgemm::compile(*module, options)));
  EXPECT_NE(message.find("/nonexistent/ptxas (not there)"), std::string::npos)
      << message;
}

TEST_F(CompileTest, OnlyWhereThereIsCode) {
  ScopedDiagnosticHandler handler(&context,
                                  [](Diagnostic &) { return success(); });
  dgemm::PipelineOptions options;
  options.stopAfter = "bufferize";
  EXPECT_TRUE(failed(dgemm::compile(*module, options)));
}

} // namespace
