// What the passes over the dgemm dialect do, as functions.

#ifndef DGEMM_DIALECT_DGEMM_TRANSFORMS_TRANSFORMS_H
#define DGEMM_DIALECT_DGEMM_TRANSFORMS_TRANSFORMS_H

#include "dgemm/Dialect/DGEMM/DGEMMOps.h"

namespace dgemm::dg {

struct SelectScheduleOptions {
  /// Streaming multiprocessors of the GPU.
  int64_t sms = 132;
  /// The M to optimise for where the op's is dynamic.
  int64_t m = 4096;
  /// Emit a remark with the candidates and the terms of the model.
  bool explain = false;
};

/// Gives `op` the schedule that the cost model ranks first. A schedule that
/// is already there is kept. Fails, with a diagnostic, where none fits.
llvm::LogicalResult selectSchedule(GemmOp op,
                                   const SelectScheduleOptions &options);

} // namespace dgemm::dg

#endif // DGEMM_DIALECT_DGEMM_TRANSFORMS_TRANSFORMS_H
