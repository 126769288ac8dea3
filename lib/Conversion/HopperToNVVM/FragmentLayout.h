// Which elements of a fragment a thread holds (PTX ISA section
// 9.7.15.5.1.2, matrix D of wgmma.m64nNk32).
#ifndef DGEMM_LIB_CONVERSION_HOPPERTONVVM_FRAGMENTLAYOUT_H
#define DGEMM_LIB_CONVERSION_HOPPERTONVVM_FRAGMENTLAYOUT_H

#include "Build.h"

namespace dgemm {

/// Rows of a fragment, the m of every wgmma.
inline constexpr int64_t kFragmentRows = target::sm90::wgmmaM;
/// Columns of a group: the unit in which a fragment is distributed.
inline constexpr int64_t kGroupCols = 8;
/// Registers of a thread for one group: two columns of each of two rows.
inline constexpr int64_t kGroupRegisters = 4;

inline mlir::Type fragmentStruct(mlir::MLIRContext *context,
                                 llvm::ArrayRef<int64_t> shape) {
  mlir::SmallVector<mlir::Type> fields(shape[1] / 2,
                                       mlir::Float32Type::get(context));
  return mlir::LLVM::LLVMStructType::getLiteral(context, fields);
}

/// The thread's first row; its second is eight below.
inline mlir::Value fragmentRow(mlir::OpBuilder &b, mlir::Location loc) {
  mlir::Value quad = mlir::arith::ShRUIOp::create(b, loc, laneIndex(b, loc),
                                                  constant(b, loc, 2));
  return add(b, loc, mul(b, loc, warpInGroup(b, loc), 16), quad);
}

/// The thread's first column in a group; its second is the next.
inline mlir::Value fragmentCol(mlir::OpBuilder &b, mlir::Location loc) {
  mlir::Value quarter = mlir::arith::AndIOp::create(b, loc, laneIndex(b, loc),
                                                    constant(b, loc, 3));
  return mul(b, loc, quarter, 2);
}

} // namespace dgemm

#endif
