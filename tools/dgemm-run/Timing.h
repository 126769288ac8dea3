// Timing subjects against each other: interleaved, on one stream, with the
// same cache state before each, as docs/dgemm-run.md describes.
#ifndef DGEMM_TOOLS_RUN_TIMING_H
#define DGEMM_TOOLS_RUN_TIMING_H

#include "Subject.h"

namespace dgemm::run {

struct Spread {
  double median = 0, low = 0, high = 0; ///< 10th and 90th percentile
};

struct SubjectTiming {
  std::string name;
  Spread microseconds;
  double mhz = 0; ///< mean SM clock while it ran; 0: not measured
};

struct Timing {
  Flush flush = Flush::Dirty;
  int pairs = 0;
  /// What the events measure around an empty kernel in the same place.
  Spread emptyMicroseconds;
  std::vector<SubjectTiming> subjects;
  /// Per subject but the first: its time over the first's, pair by pair.
  std::vector<Spread> ratios;
  /// Back to back without flushes, per subject; empty where not asked for.
  std::vector<SubjectTiming> sustained;
};

/// Times all subjects; the first is the one that the others are compared to.
/// `sustained` seconds of back-to-back launches of each follow.
Timing timeSubjects(Device &device, const std::vector<Subject *> &subjects,
                    int pairs, Flush flush, int64_t m, double sustained);

Spread spreadOf(std::vector<double> values);

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_TIMING_H
