// A chain of launches in one graph, each with weights of its own that no cache
// holds: what a decoder does, where the time between kernels counts.
#ifndef DGEMM_TOOLS_RUN_CHAIN_H
#define DGEMM_TOOLS_RUN_CHAIN_H

#include "Timing.h"

namespace dgemm::run {

struct ChainSubject {
  std::string name;
  bool pdl = false;
  Spread microseconds; ///< per kernel
  Spread ratio;        ///< its time over the first subject's, pair by pair
  uint64_t differingWords = 0; ///< of D after the chain, against one launch
};

struct ChainTiming {
  int launches = 0, ring = 0, pairs = 0;
  size_t ringBytes = 0; ///< of all weights that one chain reads
  Flush flush = Flush::Clean;
  /// Each subject with programmatic dependent launch where its record allows
  /// it, then without.
  std::vector<ChainSubject> subjects;
};

/// Times graphs of `launches` launches of each subject in turn. Every launch
/// reads a copy of B and its scales from a ring that is several times as large
/// as L2; all read the same A and write the same D.
ChainTiming timeChains(Device &device,
                       const std::vector<KernelSubject *> &subjects,
                       int launches, const TimingOptions &options);

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_CHAIN_H
