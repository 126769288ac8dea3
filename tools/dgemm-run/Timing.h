// Timing subjects against each other: interleaved, on one stream, with the
// same cache state before each, as docs/dgemm-run.md describes.
#ifndef DGEMM_TOOLS_RUN_TIMING_H
#define DGEMM_TOOLS_RUN_TIMING_H

#include "Profiler.h"
#include "Subject.h"

#include <functional>
#include <optional>

namespace dgemm::run {

struct Spread {
  double median = 0, low = 0, high = 0; ///< 10th and 90th percentile
};

struct SubjectTiming {
  std::string name, schedule;
  Spread microseconds; ///< between events; 0 where kernel times alone are
  double mhz = 0;      ///< mean SM clock while it ran; 0: not measured
  /// What the profiler measured: the kernel alone.
  std::optional<Spread> kernelMicroseconds;

  /// The kernel's time where it is known.
  const Spread &best() const {
    return kernelMicroseconds ? *kernelMicroseconds : microseconds;
  }
};

struct Timing {
  Flush flush = Flush::Dirty;
  int pairs = 0;
  bool withEvents = true;
  /// What the events measure around an empty kernel in the same place.
  Spread emptyMicroseconds;
  std::optional<Spread> emptyKernelMicroseconds;
  std::vector<SubjectTiming> subjects;
  /// Per subject but the first: its time over the first's, pair by pair.
  std::vector<Spread> ratios;
  /// The same from the profiler's rounds; empty where there were none.
  std::vector<Spread> kernelRatios;
  /// Why there were none.
  std::string noKernelTimes;
  /// Back to back without flushes, per subject; empty where not asked for.
  std::vector<SubjectTiming> sustained;
};

struct TimingOptions {
  int pairs = 30;
  Flush flush = Flush::Auto;
  int64_t m = 0;        ///< decides what Auto is
  double sustained = 0; ///< seconds of back-to-back launches of each
  Profiler *profiler = nullptr;
  bool kernelTimesAlone = false; ///< no events, where the profiler works
  int warmUpMilliseconds = 500;  ///< turns that nobody times, before the rest
};

/// Times all subjects; the first is the one that the others are compared to.
/// Rounds between events come first; where there is a profiler, as many rounds
/// under it follow, for it slows launches down.
Timing timeSubjects(Device &device, const std::vector<Subject *> &subjects,
                    const TimingOptions &options);

/// Something that enqueues what is timed.
using Turn = std::function<void()>;

struct TurnTimes {
  std::vector<std::vector<double>> microseconds; ///< per turn and pair
  std::vector<double> mhz;                       ///< per turn; 0: not measured
};

/// `pairs` rounds in which each takes its turn after the same flush.
TurnTimes timeWithEvents(Device &device, const std::vector<Turn> &turns,
                         int pairs, Flush flush);
/// The kernels' own times in such rounds. Empty, with a reason in `why`, where
/// the profiler did not see each of them.
TurnTimes timeWithProfiler(Device &device, const std::vector<Turn> &turns,
                           int pairs, Flush flush, Profiler &profiler,
                           std::string &why);

Spread spreadOf(std::vector<double> values);
/// a[i] / b[i].
std::vector<double> quotients(const std::vector<double> &a,
                              const std::vector<double> &b);

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_TIMING_H
