// Translates a gpu.module to LLVM IR, optimizes it and generates PTX, all in
// this process.

#include "dgemm/Target/PTX.h"

#include "dgemm/Target/Record.h"

#include "Diagnostics.h"

#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/DialectConversion.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"

#include <chrono>
#include <mutex>

// Declared by hand: TargetSelect.h would name every target of the LLVM build,
// and this project links only one of them.
extern "C" {
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

using namespace mlir;

namespace dgemm::target {
namespace {

/// Adds the time between its construction and destruction to a slot.
class Stopwatch {
public:
  explicit Stopwatch(double &slot)
      : slot(slot), start(std::chrono::steady_clock::now()) {}
  ~Stopwatch() {
    std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    slot += elapsed.count();
  }

private:
  double &slot;
  std::chrono::steady_clock::time_point start;
};

/// Turns LLVM's errors and warnings into diagnostics on the gpu.module, where
/// the default handler would print to stderr and exit.
class DiagnosticBridge : public llvm::DiagnosticHandler {
public:
  DiagnosticBridge(Location loc, bool &failed) : loc(loc), failed(failed) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    std::string text;
    llvm::raw_string_ostream os(text);
    llvm::DiagnosticPrinterRawOStream printer(os);
    info.print(printer);
    switch (info.getSeverity()) {
    case llvm::DS_Error:
      failed = true;
      emitError(loc) << "LLVM: " << text;
      break;
    case llvm::DS_Warning:
      emitWarning(loc) << "LLVM: " << text;
      break;
    case llvm::DS_Remark:
    case llvm::DS_Note:
      break;
    }
    return true;
  }

private:
  Location loc;
  bool &failed;
};

void initializeNVPTX() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
}

std::unique_ptr<llvm::TargetMachine>
createTargetMachine(const llvm::Triple &triple, const PTXOptions &options,
                    std::string &error) {
  initializeNVPTX();
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  llvm::TargetOptions targetOptions;
  // The order of the arithmetic is the op's meaning: a multiply and an add
  // become one FMA only where the lowering wrote an FMA.
  targetOptions.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, options.chip, options.features, targetOptions, llvm::Reloc::PIC_,
      std::nullopt, static_cast<llvm::CodeGenOptLevel>(options.optLevel)));
  if (!machine)
    error = "cannot create a target machine";
  return machine;
}

llvm::OptimizationLevel irLevel(unsigned level) {
  switch (level) {
  case 0:
    return llvm::OptimizationLevel::O0;
  case 1:
    return llvm::OptimizationLevel::O1;
  case 2:
    return llvm::OptimizationLevel::O2;
  default:
    return llvm::OptimizationLevel::O3;
  }
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine,
              unsigned level) {
  llvm::PipelineTuningOptions tuning;
  // Unrolling and the use of vector registers are the schedule's decisions.
  // A loop with a constant trip count is still unrolled in full.
  tuning.LoopVectorization = false;
  tuning.LoopInterleaving = false;
  tuning.SLPVectorization = false;
  llvm::PassBuilder builder(&machine, tuning);
  llvm::LoopAnalysisManager lam;
  llvm::FunctionAnalysisManager fam;
  llvm::CGSCCAnalysisManager cgam;
  llvm::ModuleAnalysisManager mam;
  builder.registerModuleAnalyses(mam);
  builder.registerCGSCCAnalyses(cgam);
  builder.registerFunctionAnalyses(fam);
  builder.registerLoopAnalyses(lam);
  builder.crossRegisterProxies(lam, fam, cgam, mam);
  builder.buildPerModuleDefaultPipeline(irLevel(level)).run(module, mam);
}

/// A name as PTX allows it. LLVM's back end aborts the process over others.
bool isPTXIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name, [](char c) {
           return llvm::isAlnum(c) || c == '_' || c == '$';
         });
}

LogicalResult checkNames(gpu::GPUModuleOp module) {
  for (auto symbol : module.getOps<SymbolOpInterface>())
    if (!isPTXIdentifier(symbol.getName()))
      return errorAt(symbol)
             << "the name is no PTX identifier: a letter or one of _ $, then "
             << "letters, digits, _ and $";
  return success();
}

/// Removes what the launch record says of the arguments: the translation
/// would warn about each attribute that it does not know.
void stripArgumentEntries(gpu::GPUModuleOp module) {
  for (auto function : module.getOps<LLVM::LLVMFuncOp>())
    for (unsigned i = 0, e = function.getNumArguments(); i != e; ++i)
      function.removeArgAttr(i, kArgName);
}

/// Turns the nvvm ops that LLVM has no intrinsic for, WGMMA above all, into
/// inline assembly.
LogicalResult writeInlineAssembly(gpu::GPUModuleOp module) {
  ConversionTarget target(*module.getContext());
  target.addLegalDialect<LLVM::LLVMDialect>();
  RewritePatternSet patterns(module.getContext());
  populateNVVMToLLVMConversionPatterns(patterns);
  return applyPartialConversion(module.getOperation(), target,
                                std::move(patterns));
}

} // namespace

FailureOr<std::string> emitPTX(gpu::GPUModuleOp module,
                               const PTXOptions &options, PTXTimings *timings) {
  if (options.optLevel > 3) {
    errorAt(module) << "optimization level " << options.optLevel
                    << " does not exist; use 0, 1, 2 or 3";
    return failure();
  }
  if (failed(checkNames(module)))
    return failure();
  PTXTimings unused;
  PTXTimings &times = timings ? *timings : unused;

  bool failed = false;
  llvm::LLVMContext context;
  context.setDiagnosticHandler(
      std::make_unique<DiagnosticBridge>(module.getLoc(), failed));

  std::unique_ptr<llvm::Module> llvmModule;
  {
    Stopwatch watch(times.translate);
    // Translation edits its input (it splits critical edges), hence the copy.
    OwningOpRef<gpu::GPUModuleOp> copy = module.clone();
    stripArgumentEntries(*copy);
    if (succeeded(writeInlineAssembly(*copy)))
      llvmModule = translateModuleToLLVMIR(*copy, context, module.getName());
  }
  if (!llvmModule) {
    errorAt(module) << "cannot be translated to LLVM IR";
    return failure();
  }

  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(triple, options, error);
  if (!machine) {
    errorAt(module) << "no NVPTX back end: " << error;
    return failure();
  }
  llvmModule->setTargetTriple(triple);
  llvmModule->setDataLayout(machine->createDataLayout());

  {
    Stopwatch watch(times.optimize);
    optimize(*llvmModule, *machine, options.optLevel);
  }

  llvm::SmallString<0> text;
  {
    Stopwatch watch(times.codegen);
    llvm::raw_svector_ostream os(text);
    llvm::legacy::PassManager passes;
    passes.add(llvm::createTargetTransformInfoWrapperPass(
        machine->getTargetIRAnalysis()));
    if (machine->addPassesToEmitFile(passes, os, nullptr,
                                     llvm::CodeGenFileType::AssemblyFile)) {
      errorAt(module) << "the NVPTX back end cannot write assembly";
      return failure();
    }
    passes.run(*llvmModule);
  }
  if (failed)
    return failure();
  return text.str().str();
}

} // namespace dgemm::target
