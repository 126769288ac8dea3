// The life of an mbarrier: arrivals, transactions, phases.
#include "Machine.h"

using namespace dgemm::sim;

MBarrier &Cluster::barrier(const Warp &warp, const Inst &inst, uint64_t address,
                           uint32_t lane, Cta *&cta, uint32_t &offset) {
  uint32_t at = (uint32_t)address;
  if (inst.space == Space::Generic && (address & kWindowMask) != kSharedWindow)
    fault(HazardKind::OutOfBounds, &warp, &inst,
          "the mbarrier's address is not in shared memory");
  shared(warp, inst, at, 8, cta, offset, 8);
  auto it = cta->barriers.find(offset);
  if (it == cta->barriers.end())
    fault(HazardKind::BarrierMisuse, &warp, &inst,
          sharedName(offset) + " of CTA " + std::to_string(cta->rank) +
              " is not an initialised mbarrier: the init has not run yet (is "
              "there a barrier behind it?) or the address is wrong");
  MBarrier &bar = it->second;
  if (check &&
      bar.initClock > warp.knows.of(1u << lane).seen.get(bar.initAgent))
    report(HazardKind::SharedRace, &warp, &inst,
           "uses mbarrier " + sharedName(offset) + ", whose init (line " +
               std::to_string(bar.line) +
               ") is not ordered before: put a CTA or cluster barrier "
               "between");
  return bar;
}

void Cluster::phaseCheck(MBarrier &bar, uint64_t time) {
  if (bar.pending != 0 || bar.transactions != 0)
    return;
  ++bar.phase;
  bar.pending = bar.expected;
  bar.completed.join(bar.arriving);
  bar.arriving = Knowledge();
  bar.completedTime = std::max(bar.arrivingTime, time);
  bar.arrivingTime = 0;
  progressed();
}

void Cluster::arrive(MBarrier &bar, int64_t count, Warp &warp, uint32_t mask) {
  bar.pending -= count;
  ++bar.arrivals;
  if (check)
    bar.arriving.join(warp.knows.release(mask));
  bar.arrivingTime = std::max(bar.arrivingTime, warp.time);
  phaseCheck(bar, warp.time);
}

void Cluster::expectTransactions(MBarrier &bar, int64_t bytes) {
  bar.transactions += bytes;
}

void Cluster::completeTransactions(MBarrier &bar, int64_t bytes,
                                   uint64_t time) {
  bar.transactions -= bytes;
  bar.arrivingTime = std::max(bar.arrivingTime, time);
  phaseCheck(bar, time);
}
