// What the passes over the dgemm dialect do, as functions.

#ifndef DGEMM_DIALECT_DGEMM_TRANSFORMS_TRANSFORMS_H
#define DGEMM_DIALECT_DGEMM_TRANSFORMS_TRANSFORMS_H

#include "dgemm/Dialect/DGEMM/Transforms/Selection.h"
#include "mlir/IR/PatternMatch.h"

namespace dgemm::dg {

/// Gives `op` the schedule that the tuning table has for it, or the one that
/// the cost model ranks first. A schedule that is already there is kept.
/// Fails, with a diagnostic, where none fits. Where the op's M is dynamic and
/// `options.m` is a range, several schedules may be chosen: the op is then
/// replaced by a dgemm.dispatch.
llvm::LogicalResult selectSchedule(GemmOp op,
                                   const SelectScheduleOptions &options);

/// The model's best feasible schedules for `options.m.last`, best first, at
/// most `perTile` of them with the same tile.
std::vector<Schedule> bestCandidates(GemmOp op,
                                     const SelectScheduleOptions &options,
                                     size_t count, size_t perTile);

/// Replaces `op` by the constant that it computes, with the GPU's bits or, if
/// `exact`, with blocks of 128 summed exactly. Fails where it works on memrefs
/// or an operand is not constant.
llvm::LogicalResult evaluateGemm(mlir::RewriterBase &rewriter, GemmOp op,
                                 bool exact);

} // namespace dgemm::dg

#endif // DGEMM_DIALECT_DGEMM_TRANSFORMS_TRANSFORMS_H
