// Bringing the lanes of a warp together at instructions that need them all.
#ifndef DGEMM_LIB_SIMULATOR_COLLECTIVE_H
#define DGEMM_LIB_SIMULATOR_COLLECTIVE_H

#include "Exec.h"

namespace dgemm::sim {

/// Ensures that all live lanes of `members` execute `inst` together. Returns
/// false when the split has been put to sleep until they do; `mask` grows to
/// the lanes that have come.
bool gather(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t members,
            uint32_t &mask);

/// A warp-wide .aligned instruction.
inline bool gatherWarp(Cluster &cluster, Warp &warp, const Inst &inst,
                       uint32_t &mask) {
  if (mask == warp.live)
    return true;
  return gather(cluster, warp, inst, warp.live, mask);
}

/// Makes two splits of one at a branch that only `taken` lanes take to
/// `target`; the others go on at `next`.
void diverge(Warp &warp, const Inst &inst, uint32_t taken, uint32_t target,
             uint32_t next);
/// `split` has reached its point of reconvergence, or has no lanes left.
void leaveSplit(Warp &warp, int split);

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_COLLECTIVE_H
