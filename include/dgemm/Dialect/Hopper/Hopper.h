// The hopper dialect: declarations of its enums, types and operations.
#ifndef DGEMM_DIALECT_HOPPER_HOPPER_H
#define DGEMM_DIALECT_HOPPER_HOPPER_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dgemm/Dialect/Hopper/HopperDialect.h.inc"
#include "dgemm/Dialect/Hopper/HopperEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dgemm/Dialect/Hopper/HopperAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dgemm/Dialect/Hopper/HopperTypes.h.inc"
#define GET_OP_CLASSES
#include "dgemm/Dialect/Hopper/HopperOps.h.inc"

namespace dgemm::hopper {

/// On a kernel's argument: the launch record's entry for it.
inline constexpr llvm::StringLiteral kArgAttr = "dgemm.arg";
/// On a kernel: the launch record's entry for the kernel, less arguments.
inline constexpr llvm::StringLiteral kLaunchAttr = "dgemm.launch";
/// On a kernel: blocks that share an SM, and with it registers and shared
/// memory; one where it is missing.
inline constexpr llvm::StringLiteral kBlocksPerSMAttr = "dgemm.blocks_per_sm";
/// On a gpu.module: the rest of the launch record.
inline constexpr llvm::StringLiteral kRecordAttr = "dgemm.record";

/// Bytes of one element, 0 for a type that shared memory does not hold.
int64_t getElementBytes(mlir::Type type);

/// The pipeline op behind a value; verified to exist for every use.
PipelineOp getPipeline(mlir::Value pipe);

} // namespace dgemm::hopper

#endif
