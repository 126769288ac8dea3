// The rings of a kernel and the tensor maps that fill them: what the rung stage
// makes before it moves the loads.
#ifndef DGEMM_LIB_LOWERING_RINGS_H
#define DGEMM_LIB_LOWERING_RINGS_H

#include "dgemm/Dialect/DGEMM/DGEMMAttrs.h"
#include "dgemm/Dialect/Hopper/Hopper.h"

namespace dgemm {

/// The K loop of a tile as the rung above leaves it.
struct BlockLoop {
  mlir::scf::ForOp loop;
  hopper::MmaOp mma;
  hopper::PromoteOp promote;
  hopper::LoadOp operands[2];
  hopper::LoadScalesOp scales[2];
};

/// The rings of one kernel. Sides are 0 (lhs) and 1 (rhs).
struct Rings {
  /// A pipeline of operands, and where in its slots a side's operand and
  /// staged scales are (-1: not there).
  struct OperandRing {
    hopper::PipelineOp pipe;
    int operand[2] = {-1, -1}, scales[2] = {-1, -1};
  };

  /// One for both sides, or one for each; all have the same depth.
  llvm::SmallVector<OperandRing> operands;
  /// Coordinates and block scales of a tile, and pieces of C; null where there
  /// are none.
  hopper::PipelineOp tile, init;
  mlir::Value operandMap[2], scaleMap[2], initMap;

  hopper::PipelineOp last() const {
    return init ? init : tile ? tile : operands.back().pipe;
  }
  int64_t count() const {
    return operands.size() + (tile ? 1 : 0) + (init ? 1 : 0);
  }
};

/// Makes them at the start of the kernel, with the arguments and preconditions
/// of their tensor maps.
Rings makeRings(mlir::gpu::GPUFuncOp kernel, const BlockLoop &loop,
                dg::ScheduleAttr schedule);

} // namespace dgemm

#endif
