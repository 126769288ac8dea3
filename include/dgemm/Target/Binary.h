// Code and launch record of one kernel module as they stand in a gpu.binary.

#ifndef DGEMM_TARGET_BINARY_H
#define DGEMM_TARGET_BINARY_H

#include "dgemm/Target/Record.h"

namespace dgemm::target {

/// The object property with the milliseconds of each step, if asked for.
inline constexpr llvm::StringLiteral kTimingsAttr = "dgemm.timings";

/// What a gpu.binary of this project holds. Both objects have the launch
/// record's JSON text as their property `kRecordName`.
struct Binary {
  mlir::gpu::ObjectAttr ptx;
  /// Null before `dgemm-assemble`.
  mlir::gpu::ObjectAttr cubin;

  /// The launch record's JSON text.
  llvm::StringRef getRecord() const;
  llvm::StringRef getPTX() const { return ptx.getObject().getValue(); }
  llvm::StringRef getCubin() const {
    return cubin ? cubin.getObject().getValue() : llvm::StringRef();
  }
};

/// Reads `op`; nullopt if it was not written by this project.
std::optional<Binary> readBinary(mlir::gpu::BinaryOp op);

} // namespace dgemm::target

#endif // DGEMM_TARGET_BINARY_H
