// What the fuzzer does with one input.

#include "Fuzz.h"

#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "dgemm/InitAll.h"
#include "dgemm/Pipelines/Pipeline.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace {

/// A context with everything registered and nothing printed. It is replaced
/// now and then, because attributes and types live as long as it does.
MLIRContext &getContext() {
  static std::unique_ptr<MLIRContext> context;
  static unsigned uses = 0;
  if (!context || ++uses % 512 == 0) {
    DialectRegistry registry;
    dgemm::registerAllDialects(registry);
    context = std::make_unique<MLIRContext>(registry,
                                            MLIRContext::Threading::DISABLED);
    context->getDiagEngine().registerHandler(
        [](Diagnostic &) { return success(); });
  }
  return *context;
}

std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

[[noreturn]] void fail(const char *what, llvm::StringRef text) {
  llvm::errs() << "dgemm-fuzz: " << what << "\n" << text << "\n";
  abort();
}

void checkRoundTrip(ModuleOp module, MLIRContext &context) {
  std::string once = print(module);
  OwningOpRef<ModuleOp> again = parseSourceString<ModuleOp>(once, &context);
  if (!again)
    fail("what was printed does not parse:", once);
  if (print(*again) != once)
    fail("printing again gives another text:", once);
}

/// Crashes of the upstream parser, known and not ours to find again.
bool crashesUpstream(llvm::StringRef text) {
  // LLVM 22: parseDenseArrayAttr asks `index` for its width in bits.
  return text.contains("array<index");
}

/// Whether the module is what users write: gemms and no kernels yet. Kernels
/// of the middle rungs hold to more rules than their verifiers know.
bool isInputOfUsers(ModuleOp module) {
  bool gemm = false, kernel = false;
  module.walk([&](Operation *op) {
    gemm |= isa<dgemm::dg::GemmOp>(op);
    kernel |= isa<gpu::GPUModuleOp, dgemm::dg::ContractOp>(op);
  });
  return gemm && !kernel;
}

/// A pass may fail, with a diagnostic, but what it leaves when it succeeds
/// must verify.
class VerifyAfterPass : public PassInstrumentation {
  void runAfterPass(Pass *pass, Operation *op) override {
    if (failed(verify(op))) {
      std::string text;
      llvm::raw_string_ostream(text) << *op;
      fail(("invalid IR after " + pass->getArgument()).str().c_str(), text);
    }
  }
};

llvm::StringRef getLastRungBeforePTX() {
  ArrayRef<llvm::StringRef> rungs = dgemm::getRungs();
  return *std::prev(llvm::find(rungs, "ptx"));
}

LogicalResult runPipeline(ModuleOp module, llvm::StringRef last,
                          bool mustVerify) {
  auto pm = PassManager::on<ModuleOp>(module.getContext());
  if (mustVerify) {
    pm.enableVerifier(false);
    pm.addInstrumentation(std::make_unique<VerifyAfterPass>());
  }
  dgemm::PipelineOptions options;
  options.stopAfter = last.str();
  if (llvm::Error error = dgemm::buildPipeline(pm, options))
    fail("no pipeline:", llvm::toString(std::move(error)));
  return pm.run(module);
}

} // namespace

dgemm::fuzz::Outcome dgemm::fuzz::runInput(llvm::StringRef text) {
  if (crashesUpstream(text))
    return Outcome::Rejected;
  MLIRContext &context = getContext();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return Outcome::Rejected;
  checkRoundTrip(*module, context);
  if (!isInputOfUsers(*module))
    return Outcome::Parsed;

  // Buffers have constraints that tensors have not, and the verifier tells.
  if (failed(runPipeline(*module, "bufferize", /*mustVerify=*/false)) ||
      failed(runPipeline(*module, getLastRungBeforePTX(), /*mustVerify=*/true)))
    return Outcome::Parsed;
  checkRoundTrip(*module, context);
  return Outcome::Lowered;
}
