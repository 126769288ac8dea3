// Runs the pipeline for an embedding compiler and collects the results.

#include "dgemm/Pipelines/Compile.h"

#include "dgemm/Target/Binary.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace dgemm {

FailureOr<std::vector<CompiledKernel>> compile(ModuleOp module,
                                               const PipelineOptions &options) {
  if (!options.stopAfter.empty() && options.stopAfter != "ptx" &&
      options.stopAfter != "cubin")
    return emitError(module.getLoc())
           << "compilation cannot stop after '" << options.stopAfter
           << "': code exists after 'ptx' and 'cubin' only";
  auto pm = PassManager::on<ModuleOp>(module.getContext());
  if (llvm::Error error = buildPipeline(pm, options))
    return emitError(module.getLoc()) << llvm::toString(std::move(error));
  if (failed(pm.run(module)))
    return failure();

  std::vector<CompiledKernel> kernels;
  for (auto op : module.getOps<gpu::BinaryOp>())
    if (std::optional<target::Binary> binary = target::readBinary(op))
      kernels.push_back({op.getName().str(), binary->getPTX().str(),
                         binary->getCubin().str(), binary->getRecord().str()});
  return kernels;
}

} // namespace dgemm
