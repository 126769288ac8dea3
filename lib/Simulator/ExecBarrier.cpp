// CTA barriers, cluster barriers and fences.
#include "Barriers.h"
#include "Collective.h"

using namespace dgemm::sim;
using ptx::Operand;

namespace {
enum : uint32_t {
  Waits = 1,
  Reduces = 2,
  Counted = 4,
  RedPopc = 8,
  RedAnd = 16,
  RedOr = 32,
  NegatedSource = 64
};

uint32_t threadsOf(const Cta &cta) {
  uint32_t live = 0;
  for (const auto &warp : cta.warps)
    live += warp->live ? 32 : 0;
  return live;
}

void finishNamed(Cluster &cluster, Cta &cta, NamedBarrier &bar) {
  ++bar.generation;
  bar.completed = bar.arriving;
  bar.completedTime = bar.time;
  bar.arriving = Knowledge();
  bar.time = 0;
  bar.arrived = bar.expected = bar.warps = 0;
  bar.resultCount = bar.reduceCount;
  bar.resultAnd = bar.reduceAnd;
  bar.resultOr = bar.reduceOr;
  bar.reduceCount = 0;
  bar.reduceAnd = true;
  bar.reduceOr = false;
  cluster.progressed();
}

Step namedBarrier(Cluster &cluster, Warp &warp, const Inst &inst,
                  uint32_t mask) {
  if (!gatherWarp(cluster, warp, inst, mask))
    return Step::Blocked;
  const Ref *r = cluster.refs(inst), *s = r + inst.numDst;
  uint32_t lane = firstLane(mask);
  uint32_t id = (uint32_t)laneValue(cluster, warp, s[0], lane);
  if (id > 15)
    cluster.fault(HazardKind::BarrierMisuse, &warp, &inst,
                  "barrier " + std::to_string(id) + "; there are 16");
  Cta &cta = *warp.cta;
  NamedBarrier &bar = cta.named[id];
  Split &split = warp.split();
  auto result = [&]() {
    warp.knows.acquire(mask, warp.live, bar.completed);
    warp.time = std::max(warp.time, bar.completedTime);
    if (!(inst.flags & Reduces))
      return;
    if (inst.flags & RedPopc)
      forLanes(mask,
               [&](uint32_t l) { setLane(warp, r[0], l, bar.resultCount); });
    else
      setPredicate(warp, r[0], mask,
                   (inst.flags & RedAnd ? bar.resultAnd : bar.resultOr) ? ~0u
                                                                        : 0);
  };
  if (split.wait.kind == Wait::NamedBarrier) { // its generation is over
    split.wait = Wait();
    result();
    return Step::Next;
  }
  uint32_t expected = 0;
  if (inst.flags & Counted) {
    expected = (uint32_t)laneValue(cluster, warp, s[1], lane);
    if (expected == 0 || expected % 32)
      cluster.fault(HazardKind::BarrierMisuse, &warp, &inst,
                    "a thread count of " + std::to_string(expected) +
                        "; it must be a multiple of 32");
  }
  if (bar.arrived && bar.expected != expected)
    cluster.report(HazardKind::BarrierMisuse, &warp, &inst,
                   "arrives at barrier " + std::to_string(id) + " with " +
                       std::to_string(expected) +
                       " threads, earlier arrivals said " +
                       std::to_string(bar.expected));
  if (bar.warps >> warp.index & 1)
    cluster.report(HazardKind::BarrierMisuse, &warp, &inst,
                   "arrives twice at barrier " + std::to_string(id) +
                       " in one phase");
  if (inst.flags & Reduces) {
    uint32_t value = predicate(cluster, warp, s[inst.flags & Counted ? 2 : 1]);
    if (inst.flags & NegatedSource)
      value = ~value;
    bar.reduceCount += __builtin_popcount(value & mask);
    bar.reduceAnd &= (value & mask) == mask;
    bar.reduceOr |= (value & mask) != 0;
  }
  bar.expected = expected;
  bar.arrived += 32;
  bar.warps |= 1u << warp.index;
  warp.knows.sync();
  warp.knows.settle(mask, warp.live);
  bar.arriving.join(warp.knows.release(mask));
  bar.time = std::max(bar.time, warp.time);
  warp.knows.advance();
  ++cluster.counters.barrierWaits;
  uint32_t full = expected ? expected : threadsOf(cta);
  uint64_t generation = bar.generation;
  if (bar.arrived >= full) {
    finishNamed(cluster, cta, bar);
    if (inst.flags & Waits)
      result();
    return Step::Next;
  }
  cluster.progressed();
  if (!(inst.flags & Waits))
    return Step::Next;
  split.wait = Wait();
  split.wait.kind = Wait::NamedBarrier;
  split.wait.a = id;
  split.wait.b = generation;
  return Step::Blocked;
}

uint32_t liveWarps(Cluster &cluster) {
  uint32_t live = 0;
  for (Warp *warp : cluster.warps)
    live += warp->live != 0;
  return live;
}

void finishCluster(Cluster &cluster) {
  ++cluster.clusterGeneration;
  cluster.clusterArrived = 0;
  cluster.clusterCompleted = cluster.clusterArriving;
  cluster.clusterCompletedTime = cluster.clusterTime;
  cluster.clusterArriving = Knowledge();
  cluster.clusterTime = 0;
  cluster.progressed();
}

Step clusterArrive(Cluster &cluster, Warp &warp, const Inst &inst,
                   uint32_t mask) {
  if (!gatherWarp(cluster, warp, inst, mask))
    return Step::Blocked;
  if (warp.clusterArrived)
    cluster.fault(HazardKind::BarrierMisuse, &warp, &inst,
                  "arrives again before it has waited");
  warp.clusterArrived = true;
  warp.clusterArrivals = cluster.clusterGeneration;
  ++cluster.clusterArrived;
  warp.knows.sync();
  warp.knows.settle(mask, warp.live);
  if (!inst.flags) // not .relaxed
    cluster.clusterArriving.join(warp.knows.release(mask));
  cluster.clusterTime = std::max(cluster.clusterTime, warp.time);
  warp.knows.advance();
  cluster.progressed();
  if (cluster.clusterArrived >= liveWarps(cluster))
    finishCluster(cluster);
  return Step::Next;
}

Step clusterWait(Cluster &cluster, Warp &warp, const Inst &inst,
                 uint32_t mask) {
  if (!gatherWarp(cluster, warp, inst, mask))
    return Step::Blocked;
  if (!warp.clusterArrived)
    cluster.fault(HazardKind::BarrierMisuse, &warp, &inst,
                  "waits without having arrived");
  if (cluster.clusterGeneration == warp.clusterArrivals) {
    Wait &wait = warp.split().wait;
    wait = Wait();
    wait.kind = Wait::ClusterBarrier;
    wait.b = warp.clusterArrivals;
    return Step::Blocked;
  }
  warp.split().wait = Wait();
  warp.clusterArrived = false;
  warp.knows.acquire(mask, warp.live, cluster.clusterCompleted);
  warp.time = std::max(warp.time, cluster.clusterCompletedTime + 20);
  return Step::Next;
}

// flags: 1 proxy.async, 2 mbarrier_init, 4 orders reads
Step fence(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  if (inst.flags & 3) {
    for (auto &[rank, offset] : warp.freshBarriers) {
      auto &barriers = cluster.ctas[rank]->barriers;
      if (auto it = barriers.find(offset); it != barriers.end())
        it->second.visible = true;
    }
    warp.freshBarriers.clear();
  }
  if (inst.flags & 1)
    warp.knows.fence(mask, warp.live);
  if (inst.flags & 5)
    warp.knows.settle(mask, warp.live);
  // What follows must not count as fenced.
  warp.knows.advance();
  return Step::Next;
}
} // namespace

void dgemm::sim::warpLeft(Cluster &cluster, Warp &warp) {
  for (NamedBarrier &bar : warp.cta->named)
    if (bar.arrived && bar.expected == 0 && bar.arrived >= threadsOf(*warp.cta))
      finishNamed(cluster, *warp.cta, bar);
  // An exited warp counts as arrived.
  if (warp.clusterArrived && cluster.clusterGeneration == warp.clusterArrivals)
    --cluster.clusterArrived;
  if (cluster.clusterArrived && cluster.clusterArrived >= liveWarps(cluster))
    finishCluster(cluster);
}

bool dgemm::sim::decodeBarrier(Decoder &d) {
  Inst &out = *d.out;
  bool bar = d.is("bar"), barrier = d.is("barrier");
  if ((bar || barrier) && d.in->parts.size() > 1) {
    if (d.in->parts[1] == "warp")
      return false;
    if (d.in->parts[1] == "cluster") {
      bool arrive = d.has("arrive");
      if (!arrive && !d.has("wait"))
        d.fail("needs .arrive or .wait");
      out.flags = d.has("relaxed");
      out.run = arrive ? clusterArrive : clusterWait;
      return true;
    }
    bool reduces = d.has("red");
    out.flags = d.has("arrive") ? 0 : Waits;
    size_t at = 0;
    if (reduces) {
      out.flags |= Reduces | (d.has("popc")  ? RedPopc
                              : d.has("and") ? RedAnd
                                             : RedOr);
      d.dst(at++, d.has("popc") ? 32 : 1);
    }
    d.src(at++, 32);
    size_t sources = d.numOperands() - at;
    if (sources > (reduces ? 1u : 0u)) {
      d.src(at++, 32);
      out.flags |= Counted;
    }
    if (reduces) {
      if (d.operand(at).negated)
        out.flags |= NegatedSource;
      d.src(at++, 1);
    }
    d.expectOperands(at, at);
    out.run = namedBarrier;
    return true;
  }
  if (d.is("fence") || d.is("membar")) {
    bool proxy = d.has("proxy");
    if (d.has("mbarrier_init"))
      out.flags = 2;
    else if (proxy && (d.has("async") || d.has("async::generic")))
      // Only shared memory is tracked by proxy.
      out.flags = d.has("global") ? 0 : 1;
    else if (!proxy)
      out.flags = 4;
    out.run = fence;
    return true;
  }
  return false;
}
