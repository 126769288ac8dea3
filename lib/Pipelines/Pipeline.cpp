// The rungs of the one pipeline and its command-line form.

#include "dgemm/Pipelines/Pipeline.h"

#include "dgemm/Conversion/Passes.h"
#include "dgemm/Dialect/DGEMM/Transforms/Passes.h"
#include "dgemm/Lowering/Passes.h"
#include "dgemm/Target/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dgemm {
namespace {

using AddPasses = void (*)(OpPassManager &, const PipelineOptions &);

void addBufferize(OpPassManager &pm, const PipelineOptions &) {
  // Arguments arrive as the caller's plain buffers: no layout unless the
  // caller wrote a memref with one.
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(bufferization::createOneShotBufferizePass(options));
}

void addSelectSchedule(OpPassManager &pm, const PipelineOptions &options) {
  dg::DGEMMSelectSchedulePassOptions pass;
  pass.sms = options.sms;
  pass.m = options.m.str();
  pass.table = options.table;
  pass.batchInvariant = options.batchInvariant;
  pass.pdl = options.pdl;
  pass.explain = options.explain;
  pm.addPass(dg::createDGEMMSelectSchedulePass(pass));
}

/// A rung of one pass without options.
template <std::unique_ptr<Pass> (*create)()>
void addPass(OpPassManager &pm, const PipelineOptions &) {
  pm.addPass(create());
}

/// The same, and then the dust wiped off, so that the rung can be read. A loop
/// of one iteration stays: the next rungs look for the loop over K blocks, and
/// for them K = 128 is no special case.
template <std::unique_ptr<Pass> (*create)()>
void addDustedPass(OpPassManager &pm, const PipelineOptions &) {
  pm.addPass(create());
  // As createCanonicalizerPass() has it: a lower rung must stay as it is.
  GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Normal);
  pm.addPass(createCanonicalizerPass(
      config, {"(anonymous namespace)::SimplifyTrivialLoops"}));
  pm.addPass(createCSEPass());
}

/// The same for the rungs below, where loops are just loops.
template <std::unique_ptr<Pass> (*create)()>
void addCleanPass(OpPassManager &pm, const PipelineOptions &) {
  pm.addPass(create());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void addEmitPTX(OpPassManager &pm, const PipelineOptions &options) {
  target::DGEMMEmitPTXPassOptions pass;
  pass.timings = options.timings;
  pm.addPass(target::createDGEMMEmitPTXPass(pass));
}

void addAssemble(OpPassManager &pm, const PipelineOptions &options) {
  target::DGEMMAssemblePassOptions pass;
  pass.ptxas = options.ptxas;
  pass.timeout = options.ptxasTimeout;
  pass.timings = options.timings;
  pm.addPass(target::createDGEMMAssemblePass(pass));
}

void addWriteArtifacts(OpPassManager &pm, const PipelineOptions &options) {
  target::DGEMMWriteArtifactsPassOptions pass;
  pass.outputDir = options.outputDir;
  pm.addPass(target::createDGEMMWriteArtifactsPass(pass));
}

/// The ladder. Everything that speaks of rungs reads this table.
struct Rung {
  StringRef name;
  AddPasses addPasses;
};
constexpr StringLiteral kPTX = "ptx", kCubin = "cubin";
const Rung kLadder[] = {
    {"bufferize", addBufferize},
    {"select-schedule", addSelectSchedule},
    {"normalise", addPass<createDGEMMNormalisePass>},
    {"tile", addDustedPass<createDGEMMTilePass>},
    {"stage", addDustedPass<createDGEMMStagePass>},
    {"specialize", addDustedPass<createDGEMMSpecializePass>},
    {"accumulate", addCleanPass<createDGEMMAccumulatePass>},
    {"epilogue", addCleanPass<createDGEMMEpiloguePass>},
    {"nvvm", addCleanPass<createDGEMMHopperToNVVMPass>},
    {kPTX, addEmitPTX},
    {kCubin, addAssemble},
};

/// Lives as long as the options that refer to it.
StringRef getStopAfterHelp() {
  static const std::string text =
      "The last rung to take: " + llvm::join(getRungs(), ", ");
  return text;
}

/// The options as `--dgemm-pipeline` takes them.
struct CommandLineOptions : PassPipelineOptions<CommandLineOptions> {
  PipelineOptions defaults;
  Option<std::string> stopAfter{*this, "stop-after",
                                llvm::cl::desc(getStopAfterHelp())};
  Option<std::string> outputDir{
      *this, "output-dir",
      llvm::cl::desc("Folder for PTX, cubin and launch record")};
  Option<std::string> ptxas{
      *this, "ptxas", llvm::cl::desc("The ptxas executable or its folder")};
  Option<double> ptxasTimeout{
      *this, "ptxas-timeout",
      llvm::cl::desc("Seconds after which ptxas is killed"),
      llvm::cl::init(defaults.ptxasTimeout)};
  Option<int64_t> sms{
      *this, "sms",
      llvm::cl::desc("Streaming multiprocessors to choose a schedule for"),
      llvm::cl::init(defaults.sms)};
  Option<std::string> m{
      *this, "m",
      llvm::cl::desc("The M, or the range of M like 1..8192, to choose "
                     "schedules for where M is dynamic"),
      llvm::cl::init(defaults.m.str())};
  Option<std::string> table{*this, "table",
                            llvm::cl::desc("A tuning table to choose by")};
  Option<bool> batchInvariant{
      *this, "batch-invariant",
      llvm::cl::desc("Only schedules whose bits for a row do not depend on M"),
      llvm::cl::init(defaults.batchInvariant)};
  Option<std::string> pdl{
      *this, "pdl",
      llvm::cl::desc("Programmatic dependent launch of chosen kernels: none, "
                     "inputs or activations"),
      llvm::cl::init(defaults.pdl)};
  Option<bool> explain{*this, "explain",
                       llvm::cl::desc("Say why a schedule was chosen"),
                       llvm::cl::init(defaults.explain)};
  Option<bool> timings{
      *this, "timings",
      llvm::cl::desc("Keep the times of LLVM's and ptxas's steps"),
      llvm::cl::init(defaults.timings)};

  /// nullopt where `m` is no size.
  std::optional<PipelineOptions> get() const {
    PipelineOptions options;
    std::optional<dg::SizeRange> range = dg::SizeRange::parse(m);
    if (!range)
      return std::nullopt;
    options.stopAfter = stopAfter;
    options.outputDir = outputDir;
    options.ptxas = ptxas;
    options.ptxasTimeout = ptxasTimeout;
    options.sms = sms;
    options.m = *range;
    options.table = table;
    options.batchInvariant = batchInvariant;
    options.pdl = pdl;
    options.explain = explain;
    options.timings = timings;
    return options;
  }
};

} // namespace

ArrayRef<StringRef> getRungs() {
  static const SmallVector<StringRef> names =
      llvm::map_to_vector(kLadder, [](const Rung &rung) { return rung.name; });
  return names;
}

llvm::Error buildPipeline(OpPassManager &pm, const PipelineOptions &options) {
  StringRef last =
      options.stopAfter.empty() ? StringRef(kCubin) : options.stopAfter;
  if (!llvm::is_contained(getRungs(), last))
    return llvm::createStringError("unknown rung '" + last +
                                   "' in stop-after; the rungs are " +
                                   llvm::join(getRungs(), ", "));
  for (const Rung &rung : kLadder) {
    rung.addPasses(pm, options);
    if (rung.name == last)
      break;
  }
  if (!options.outputDir.empty()) {
    if (last != kPTX && last != kCubin)
      return llvm::createStringError(
          "output-dir needs code to write, and there is none after '" + last +
          "'; stop after ptx or cubin");
    addWriteArtifacts(pm, options);
  }
  return llvm::Error::success();
}

void registerPipelines() {
  registerPassPipeline(
      "dgemm-pipeline", "Compile dgemm.gemm down to the rung stop-after",
      [](OpPassManager &pm, StringRef text,
         function_ref<LogicalResult(const Twine &)> errorHandler) {
        CommandLineOptions options;
        if (failed(options.parseFromString(text)))
          return failure();
        std::optional<PipelineOptions> given = options.get();
        if (!given)
          return errorHandler("m = '" + options.m +
                              "' is neither a size nor a "
                              "range of sizes; write 4096 or 1..8192");
        if (llvm::Error error = buildPipeline(pm, *given))
          return errorHandler(llvm::toString(std::move(error)));
        return success();
      },
      [](function_ref<void(const detail::PassOptions &)> optHandler) {
        optHandler(CommandLineOptions());
      });
}

} // namespace dgemm
