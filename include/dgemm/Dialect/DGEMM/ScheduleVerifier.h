// What a schedule can do for a problem: the checks behind #dgemm.schedule.

#ifndef DGEMM_DIALECT_DGEMM_SCHEDULEVERIFIER_H
#define DGEMM_DIALECT_DGEMM_SCHEDULEVERIFIER_H

#include "dgemm/Dialect/DGEMM/DGEMMAttrs.h"
#include "dgemm/Target/SM90.h"
#include "mlir/IR/BuiltinTypeInterfaces.h"

namespace dgemm::dg {

class GemmOp;

/// The facts of a problem that a schedule depends on. Sizes and strides are
/// in elements; `ShapedType::kDynamic` where only the run time knows them.
/// A tensor's strides are those of its contiguous buffer.
struct ProblemFacts {
  int64_t m = 0, n = 0, k = 0;
  /// B's scales: one per row and K block (1D1D), or per 128x128 block.
  bool vectorB = false;
  bool hasC = false;
  int64_t elementBytes = 2; ///< of D
  int64_t strideA = 0, strideB = 0, strideC = 0, strideD = 0;
  /// [row stride, K stride] of the scales.
  int64_t strideSFA[2] = {0, 0}, strideSFB[2] = {0, 0};

  /// ceil(K / 128), or `ShapedType::kDynamic`.
  int64_t getKBlocks() const;
};

ProblemFacts getProblemFacts(GemmOp op);

/// The scales of one side of a tile, after a swap of the operands.
struct ScaleSide {
  const char *name; ///< "SFA" or "SFB"
  bool vector;      ///< one scale per row, or per 128 rows
  int64_t rowStride, kStride;
};
ScaleSide getLhsScaleSide(const Schedule &schedule, const ProblemFacts &facts);
ScaleSide getRhsScaleSide(const Schedule &schedule, const ProblemFacts &facts);

/// The plain numbers that the target's arithmetic works on.
target::sm90::KernelShape getKernelShape(const Schedule &schedule,
                                         const ProblemFacts &facts);

using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// The constraints that a schedule meets by itself (S1...).
llvm::LogicalResult checkSchedule(const Schedule &schedule,
                                  EmitError emitError);

/// Those that depend on the problem; assumes that the others hold.
llvm::LogicalResult checkSchedule(const Schedule &schedule,
                                  const ProblemFacts &facts,
                                  EmitError emitError);

} // namespace dgemm::dg

#endif // DGEMM_DIALECT_DGEMM_SCHEDULEVERIFIER_H
