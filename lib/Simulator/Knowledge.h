// What the lanes of one warp know about accesses that happened before.
#ifndef DGEMM_LIB_SIMULATOR_KNOWLEDGE_H
#define DGEMM_LIB_SIMULATOR_KNOWLEDGE_H

#include "VectorClock.h"

namespace dgemm::sim {

/// One clock stands for the warp. What only some lanes have acquired becomes
/// the others' at the next bar.warp.sync (or a barrier of all lanes), and a
/// release by some lanes does not cover what others did since the last one.
class WarpKnowledge {
public:
  void start(uint32_t agent) {
    self = agent;
    all.seen.raise(self, 1);
  }

  uint32_t tick() const { return all.seen.get(self); }
  void advance() {
    uint32_t next = tick() + 1;
    all.seen.raise(self, next);
    if (someMask)
      some.seen.raise(self, next);
  }

  const Knowledge &of(uint32_t mask) const {
    return someMask && !(mask & ~someMask) ? some : all;
  }
  void accessed(uint32_t mask) { unsynced |= mask; }
  /// Own accesses up to this clock are ordered before `mask`, whichever lane
  /// made them.
  uint32_t ordered(uint32_t mask) const {
    return someMask && !(mask & ~someMask) ? someOrdered : allOrdered;
  }

  void acquire(uint32_t mask, uint32_t live, const Knowledge &from) {
    uint32_t own = from.seen.get(self);
    if (Knowledge *part = target(mask, live)) {
      part->join(from);
      someOrdered = std::max(someOrdered, own);
      return;
    }
    all.join(from);
    allOrdered = std::max(allOrdered, own);
    if (someMask) {
      some.join(from);
      someOrdered = std::max(someOrdered, own);
    }
  }
  void raise(uint32_t mask, uint32_t live, uint32_t agent, uint32_t clock) {
    if (Knowledge *part = target(mask, live)) {
      part->seen.raise(agent, clock);
      return;
    }
    all.seen.raise(agent, clock);
    if (someMask)
      some.seen.raise(agent, clock);
  }

  /// What an arrival or an operation issued by `mask` carries.
  Knowledge release(uint32_t mask) const {
    Knowledge result = of(mask);
    if (unsynced & ~mask) {
      result.seen.lower(self, syncedTick);
      result.fenced.lower(self, syncedTick);
      result.settled.lower(self, syncedTick);
    }
    return result;
  }

  /// fence.proxy.async.
  void fence(uint32_t mask, uint32_t live) {
    cover(mask, live, &Knowledge::fenced);
  }
  /// Earlier reads have their values: after a fence, a barrier, or a wait for
  /// the tensor core. An arrival alone does not make them wait.
  void settle(uint32_t mask, uint32_t live) {
    cover(mask, live, &Knowledge::settled);
  }

  /// All lanes have met.
  void sync() {
    if (someMask)
      all.join(some);
    someMask = 0;
    unsynced = 0;
    syncedTick = allOrdered = tick();
    advance();
  }

private:
  void cover(uint32_t mask, uint32_t live, VectorClock Knowledge::*clock) {
    if (Knowledge *part = target(mask, live)) {
      Knowledge covered = release(mask);
      (part->*clock).join(covered.seen);
    } else {
      (all.*clock).join(all.seen);
      if (someMask)
        (some.*clock).join(some.seen);
    }
    advance();
  }
  /// Where what `mask` learns goes; null: to all lanes.
  Knowledge *target(uint32_t mask, uint32_t live) {
    if ((mask & live) == live)
      return nullptr;
    if (!someMask || !(someMask & mask)) {
      some = all;
      someOrdered = allOrdered;
      someMask = mask;
    }
    someMask &= mask;
    return &some;
  }
  uint32_t self = 0;
  Knowledge all, some;
  uint32_t someMask = 0;
  uint32_t unsynced = 0;
  uint32_t syncedTick = 0;
  uint32_t allOrdered = 0, someOrdered = 0;
};

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_KNOWLEDGE_H
