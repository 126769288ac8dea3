// LLVM's part of the way down: a gpu.module of nvvm and llvm ops to PTX text.

#ifndef DGEMM_TARGET_PTX_H
#define DGEMM_TARGET_PTX_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

#include <string>

namespace dgemm::target {

/// What the NVPTX back end is asked for.
struct PTXOptions {
  std::string chip = "sm_90a";
  /// PTX 8.7: TMA loads into `.shared::cta` need 8.6, and CUDA 13.0's driver
  /// and ptxas accept everything up to 9.0.
  std::string features = "+ptx87";
  /// 0 to 3, for the IR pipeline and the code generator alike.
  unsigned optLevel = 3;
};

/// Wall time of each step, in milliseconds.
struct PTXTimings {
  double translate = 0;
  double optimize = 0;
  double codegen = 0;
};

/// Compiles `module` to PTX without touching it. A failure has been reported
/// on the module. The context must hold LLVM translation interfaces for the
/// dialects in the module (`registerAllTranslations` in InitAll.h).
mlir::FailureOr<std::string> emitPTX(mlir::gpu::GPUModuleOp module,
                                     const PTXOptions &options,
                                     PTXTimings *timings = nullptr);

} // namespace dgemm::target

#endif // DGEMM_TARGET_PTX_H
