// From a module in memory to code and launch records in memory: what an
// embedding compiler calls.

#ifndef DGEMM_PIPELINES_COMPILE_H
#define DGEMM_PIPELINES_COMPILE_H

#include "dgemm/Pipelines/Pipeline.h"
#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace dgemm {

/// One document and its code.
struct CompiledKernel {
  /// The symbol of the gpu.binary.
  std::string name;
  std::string ptx;
  /// Empty when the pipeline stopped after `ptx`.
  std::string cubin;
  /// The launch record, JSON text.
  std::string record;
};

/// Runs the pipeline on `module`, which is left holding gpu.binary ops, and
/// collects what they hold. `options.stopAfter` must be `ptx`, `cubin` or
/// empty. The context's registry must have seen `registerAllDialects`. A
/// failure has been reported to the context's diagnostic handler.
mlir::FailureOr<std::vector<CompiledKernel>>
compile(mlir::ModuleOp module, const PipelineOptions &options);

} // namespace dgemm

#endif // DGEMM_PIPELINES_COMPILE_H
