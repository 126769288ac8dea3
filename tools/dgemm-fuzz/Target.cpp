// What the fuzzer does with one input.

#include "Fuzz.h"

#include "dgemm/InitAll.h"
#include "dgemm/Pipelines/Pipeline.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
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

llvm::StringRef getLastRungBeforePTX() {
  ArrayRef<llvm::StringRef> rungs = dgemm::getRungs();
  return *std::prev(llvm::find(rungs, "ptx"));
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

  auto pm = PassManager::on<ModuleOp>(&context);
  // A pass that fails does so with a diagnostic of its own; one that leaves
  // invalid IR is a bug, so verification is done here, not in between.
  pm.enableVerifier(false);
  PipelineOptions options;
  options.stopAfter = getLastRungBeforePTX().str();
  if (llvm::Error error = buildPipeline(pm, options))
    fail("no pipeline:", llvm::toString(std::move(error)));
  if (failed(pm.run(*module)))
    return Outcome::Parsed;
  if (failed(verify(*module)))
    fail("the lowered module does not verify; it came from:", text);
  checkRoundTrip(*module, context);
  return Outcome::Lowered;
}
