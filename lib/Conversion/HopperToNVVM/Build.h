// Short names for the operations that this conversion builds.
#ifndef DGEMM_LIB_CONVERSION_HOPPERTONVVM_BUILD_H
#define DGEMM_LIB_CONVERSION_HOPPERTONVVM_BUILD_H

#include "dgemm/Lowering/Kernel.h"
#include "dgemm/Target/SM90.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace dgemm {

inline constexpr unsigned kSharedSpace = 3;

inline mlir::Type sharedPointer(mlir::MLIRContext *context) {
  return mlir::LLVM::LLVMPointerType::get(context, kSharedSpace);
}

/// `base` plus a number of bytes.
inline mlir::Value offsetBy(mlir::OpBuilder &b, mlir::Location loc,
                            mlir::Value base, int64_t bytes) {
  if (bytes == 0)
    return base;
  return mlir::LLVM::GEPOp::create(b, loc, base.getType(), b.getI8Type(), base,
                                   mlir::LLVM::GEPArg(int32_t(bytes)));
}
inline mlir::Value offsetBy(mlir::OpBuilder &b, mlir::Location loc,
                            mlir::Value base, mlir::Value bytes) {
  return mlir::LLVM::GEPOp::create(b, loc, base.getType(), b.getI8Type(), base,
                                   mlir::ValueRange{bytes});
}

/// A value that changes its type when the conversion reaches it.
inline mlir::Value cast(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type,
                        mlir::Value value) {
  return mlir::UnrealizedConversionCastOp::create(b, loc, type, value)
      .getResult(0);
}

inline mlir::Value threadIndex(mlir::OpBuilder &b, mlir::Location loc) {
  return mlir::NVVM::ThreadIdXOp::create(b, loc, b.getI32Type());
}

inline mlir::Value laneIndex(mlir::OpBuilder &b, mlir::Location loc) {
  return mlir::arith::AndIOp::create(b, loc, threadIndex(b, loc),
                                     constant(b, loc, 31));
}

/// Index of the thread in its warpgroup.
inline mlir::Value threadInGroup(mlir::OpBuilder &b, mlir::Location loc) {
  return mlir::arith::AndIOp::create(
      b, loc, threadIndex(b, loc),
      constant(b, loc, target::sm90::threadsPerWarpgroup - 1));
}

/// Blocks of the kernel that share an SM.
inline int64_t getBlocksPerSM(mlir::gpu::GPUFuncOp kernel) {
  auto attr =
      kernel->getAttrOfType<mlir::IntegerAttr>(hopper::kBlocksPerSMAttr);
  return attr ? attr.getInt() : 1;
}

/// Index of the warp in its warpgroup.
inline mlir::Value warpInGroup(mlir::OpBuilder &b, mlir::Location loc) {
  mlir::Value warp = mlir::arith::ShRUIOp::create(b, loc, threadIndex(b, loc),
                                                  constant(b, loc, 5));
  return mlir::arith::AndIOp::create(b, loc, warp, constant(b, loc, 3));
}

inline mlir::Value isEqual(mlir::OpBuilder &b, mlir::Location loc,
                           mlir::Value lhs, int64_t rhs) {
  return mlir::arith::CmpIOp::create(b, loc, mlir::arith::CmpIPredicate::eq,
                                     lhs, constant(b, loc, rhs));
}

} // namespace dgemm

#endif
