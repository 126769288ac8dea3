// The launch record of a gpu.module: from its attributes to JSON.

#ifndef DGEMM_TARGET_RECORD_H
#define DGEMM_TARGET_RECORD_H

#include "dgemm/Launch/Record.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace dgemm::target {

/// On a gpu.module: the document-level keys.
inline constexpr llvm::StringLiteral kRecordName = "dgemm.record";
/// On a kernel: its entry in the document.
inline constexpr llvm::StringLiteral kLaunchName = "dgemm.launch";
/// On a kernel's argument: its entry in the kernel's.
inline constexpr llvm::StringLiteral kArgName = "dgemm.arg";

/// "dgemm 0.1.0 (LLVM 22.1.8)".
std::string compilerVersion();

/// Builds and validates the record of `module`. Its document-level keys stand
/// in the module's dictionary `dgemm.record`, each kernel's in the function's
/// `dgemm.launch`, each parameter's in the argument's `dgemm.arg`; keys and
/// values are those of the JSON document. `resources` stays empty. A failure
/// has been reported at the offending op.
mlir::FailureOr<launch::Record> buildRecord(mlir::gpu::GPUModuleOp module);

} // namespace dgemm::target

#endif // DGEMM_TARGET_RECORD_H
