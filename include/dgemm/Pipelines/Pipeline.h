// The one pipeline, from dgemm.gemm to cubin, as a function with options.

#ifndef DGEMM_PIPELINES_PIPELINE_H
#define DGEMM_PIPELINES_PIPELINE_H

#include "dgemm/Dialect/DGEMM/Transforms/SizeRange.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace dgemm {

struct PipelineOptions {
  /// The last rung to take; empty means the last there is. `getRungs` lists
  /// them.
  std::string stopAfter;
  /// Where `ptx` and `cubin` leave files; empty means nowhere.
  std::string outputDir;
  /// The ptxas executable or its folder; searched for if empty.
  std::string ptxas;
  /// Seconds after which ptxas is killed.
  double ptxasTimeout = 60;
  /// Streaming multiprocessors that a schedule is chosen for.
  int64_t sms = 132;
  /// The M that a schedule is chosen for where M is dynamic; for a range,
  /// several kernels are made and the launch record chooses.
  dg::SizeRange m = 4096;
  /// A tuning table to choose by before the model is asked; empty means none.
  std::string table;
  /// Only schedules with which a row's bits do not depend on M.
  bool batchInvariant = false;
  /// Programmatic dependent launch of the chosen kernels: none, inputs or
  /// activations.
  std::string pdl = "none";
  /// Say why a schedule was chosen.
  bool explain = false;
  /// Keep the milliseconds of LLVM's and ptxas's steps in the output.
  bool timings = false;
};

/// The names of the rungs, from the top.
llvm::ArrayRef<llvm::StringRef> getRungs();

/// Adds the passes of each rung down to `options.stopAfter` to `pm`, a pass
/// manager for builtin.module. A module that stands on a lower rung already
/// passes the upper ones unchanged. An unknown rung is an error.
llvm::Error buildPipeline(mlir::OpPassManager &pm,
                          const PipelineOptions &options);

/// Registers it as `--dgemm-pipeline`.
void registerPipelines();

} // namespace dgemm

#endif // DGEMM_PIPELINES_PIPELINE_H
