// Systematic exploration: every interleaving with few preemptions.
#ifndef DGEMM_SIMULATOR_EXPLORE_H
#define DGEMM_SIMULATOR_EXPLORE_H

#include "dgemm/Simulator/Simulator.h"

#include <functional>

namespace dgemm::sim {

struct Exploration {
  uint64_t runs = 0;
  bool complete = false; // all interleavings within the bound were run
  Result first;          // the first run that was not clean, or the last
  std::vector<Preemption> preemptions; // that led to it
};

/// Runs the launch without preemptions, then with each single one, each pair,
/// ... up to `bound`, and stops at the first run that is reported or that
/// `accept` refuses. `prepare` resets the memory before each run. For one
/// cluster: the launch's clusters run one after another. Where there are more
/// single preemptions than runs, those near Options::nearLine come first (up
/// to half of the runs), and the others are picked evenly.
Exploration
exploreSystematically(Program &program, const Launch &launch,
                      const Options &options, unsigned bound, uint64_t maxRuns,
                      const std::function<GlobalMemory &()> &prepare,
                      const std::function<bool(const Result &)> &accept);

} // namespace dgemm::sim

#endif // DGEMM_SIMULATOR_EXPLORE_H
