// Finding the fastest of several kernels for one problem, and writing it down
// as an entry of a tuning table (docs/tuning.md).
#ifndef DGEMM_TOOLS_RUN_TUNE_H
#define DGEMM_TOOLS_RUN_TUNE_H

#include "RunCase.h"

namespace dgemm::run {

struct TuneResult {
  /// Empty, or why there is no winner.
  std::string error;
  /// Candidates that computed something else or could not run, and why.
  std::vector<std::string> dropped;
  /// The first round: every candidate, the others as peers of the first.
  CaseResult round;
  std::shared_ptr<const KernelFile> winner;
  double microseconds = 0, firstMicroseconds = 0; ///< its time; the first's
  size_t candidates = 0;                          ///< that were timed

  /// The entry for a table; empty without a winner.
  std::string entry(const Case &c) const;
};

/// Times the kernel of a case and its peers, which are candidates for the same
/// problem, in turns. Those within 3 % of the fastest meet again for three
/// times as many rounds. The fastest must be right in every bit.
TuneResult tune(CaseRunner &runner, const Case &c);

/// One line for people.
std::string tuneText(const Case &c, const TuneResult &result);

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_TUNE_H
