// An analytic model of a kernel's time, to rank schedules with.

#ifndef DGEMM_DIALECT_DGEMM_TRANSFORMS_COSTMODEL_H
#define DGEMM_DIALECT_DGEMM_TRANSFORMS_COSTMODEL_H

#include "dgemm/Dialect/DGEMM/ScheduleVerifier.h"

namespace dgemm::dg {

/// The terms of an estimate. Clocks are those of one SM.
struct Cost {
  int64_t tiles = 0, waves = 0;
  double tensorClocks = 0;    ///< of one K block in the tensor cores
  double promotionClocks = 0; ///< of its promotion, as far as it shows
  double chainClocks = 0;     ///< of its serial chain in one warpgroup
  double kBlockClocks = 0;    ///< what one K block takes, all in all
  double epilogueClocks = 0;  ///< per tile
  double coldClocks = 0;      ///< fetching code that runs for the first time
  double computeMicroseconds = 0;
  double memoryMicroseconds = 0; ///< every byte once
  double l2Microseconds = 0;     ///< the operands of every tile
  double microseconds = 0;       ///< the estimate

  /// One line with every term.
  std::string str() const;
};

/// Estimates `schedule` for a problem whose sizes are all known.
Cost estimateCost(const Schedule &schedule, const ProblemFacts &facts,
                  int64_t sms);

} // namespace dgemm::dg

#endif // DGEMM_DIALECT_DGEMM_TRANSFORMS_COSTMODEL_H
