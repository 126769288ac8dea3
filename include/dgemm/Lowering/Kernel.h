// What the rungs share about kernels: arguments, records, index arithmetic.
#ifndef DGEMM_LOWERING_KERNEL_H
#define DGEMM_LOWERING_KERNEL_H

#include "dgemm/Dialect/DGEMM/DGEMMAttrs.h"
#include "dgemm/Dialect/Hopper/Hopper.h"

namespace dgemm {

/// On a kernel until the rung epilogue: the schedule, of which each rung
/// reads its own knobs.
inline constexpr llvm::StringLiteral kScheduleAttr = "dgemm.schedule";

/// The schedule of a kernel, null where the kernel has none.
dg::ScheduleAttr getSchedule(mlir::gpu::GPUFuncOp kernel);

/// Adds an argument described by an entry of the launch record.
mlir::Value addKernelArgument(mlir::gpu::GPUFuncOp kernel, mlir::Type type,
                              mlir::DictionaryAttr description);

/// Removes the arguments that nothing uses.
void dropUnusedArguments(mlir::gpu::GPUFuncOp kernel);

/// The launch record's entry for the operand `name`; asserts that it exists.
mlir::DictionaryAttr getRecordOperand(mlir::DictionaryAttr record,
                                      llvm::StringRef name);

/// Adds a precondition to a kernel's launch record: a check over run-time
/// values and what to say where it fails.
void addPrecondition(mlir::gpu::GPUFuncOp kernel, const llvm::Twine &check,
                     const llvm::Twine &message);

/// A tensor map over an operand, the innermost dimension first: sizes in
/// elements, the strides of the other dimensions in bytes.
struct TensorMap {
  llvm::SmallVector<std::string> sizes, strides;
  llvm::SmallVector<int64_t> box;
  int64_t swizzle = 0;
};

/// Adds the argument for a tensor map over the operand `name`.
mlir::Value addTensorMap(mlir::gpu::GPUFuncOp kernel, llvm::StringRef name,
                         const TensorMap &map);

/// The swizzle of staged rows of so many bytes: that of TMA if there is one of
/// their width, else none.
int64_t getSwizzle(int64_t rowBytes);

/// What the launch record says of the operand `name` of a kernel.
mlir::DictionaryAttr getOperand(mlir::gpu::GPUFuncOp kernel,
                                llvm::StringRef name);

/// The operand whose memory a kernel argument is.
llvm::StringRef getOperandName(mlir::Value argument);

/// Entry `i` of an operand's "shape" or "strides", as text.
llvm::StringRef getOperandText(mlir::DictionaryAttr operand,
                               llvm::StringRef key, int64_t i);

/// Lets the launch record ask for the operand `name` to start at a multiple of
/// 16 bytes.
void requireAlignment(mlir::gpu::GPUFuncOp kernel, llvm::StringRef name);

/// A size or stride as the record writes it: a number, or dynamic.
int64_t parseSize(mlir::Attribute text);

/// Index arithmetic on i32.
mlir::Value constant(mlir::OpBuilder &b, mlir::Location loc, int64_t value);
mlir::Value add(mlir::OpBuilder &b, mlir::Location loc, mlir::Value lhs,
                mlir::Value rhs);
mlir::Value add(mlir::OpBuilder &b, mlir::Location loc, mlir::Value lhs,
                int64_t rhs);
mlir::Value mul(mlir::OpBuilder &b, mlir::Location loc, mlir::Value lhs,
                int64_t rhs);
mlir::Value ceilDiv(mlir::OpBuilder &b, mlir::Location loc, mlir::Value lhs,
                    int64_t rhs);

} // namespace dgemm

#endif
