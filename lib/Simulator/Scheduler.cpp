// Interleaves the warps of a cluster with its asynchronous engines.
#include "Barriers.h"
#include "Collective.h"

using namespace dgemm::sim;

/// Rounds of expired try_waits without any progress before it is a deadlock.
static constexpr uint64_t kTimeoutRounds = 16;

bool Cluster::ready(Warp &warp, const Split &split) {
  const Wait &wait = split.wait;
  switch (wait.kind) {
  case Wait::None:
  case Wait::Sleep:
    return true;
  case Wait::Children:
    return false;
  case Wait::Lanes: {
    uint32_t here = 0;
    for (const Split &other : warp.splits)
      if (other.used && other.pc == split.pc &&
          other.wait.kind == Wait::Lanes && other.parent == split.parent &&
          other.reconverge == split.reconverge)
        here |= other.mask;
    return (here & wait.a & warp.live) == (wait.a & warp.live);
  }
  case Wait::NamedBarrier:
    return warp.cta->named[wait.a].generation != wait.b;
  case Wait::ClusterBarrier:
    return clusterGeneration != wait.b;
  case Wait::MBarrier: {
    if (wait.timedOut)
      return true;
    auto &barriers = ctas[wait.a]->barriers;
    auto it = barriers.find((uint32_t)wait.b);
    return it == barriers.end() || it->second.phase > wait.c;
  }
  case Wait::WgmmaGroup:
    return warp.cta->warpgroups[warp.index / 4].finished >= wait.b;
  case Wait::BulkGroup: {
    uint64_t unfinished = 0;
    for (const BulkOp &op : warp.bulkOps)
      unfinished += !op.done;
    return unfinished < wait.b;
  }
  case Wait::RegisterPool:
    return ((int64_t)wait.a - warp.registers) * 32 <= warp.cta->freeRegisters;
  }
  return true;
}

/// Makes some runnable split current, the next one in turn.
bool Cluster::pickSplit(Warp &warp) {
  size_t count = warp.splits.size();
  for (size_t i = 1; i <= count; ++i) {
    int candidate = (int)((warp.current + i) % count);
    Split &split = warp.splits[candidate];
    if (split.used && ready(warp, split)) {
      warp.current = candidate;
      return true;
    }
  }
  return false;
}

/// Runs one instruction of the current split; false when the split cannot go
/// on at once.
bool Cluster::stepSplit(Warp &warp) {
  uint32_t pc, mask;
  {
    Split &split = warp.split();
    pc = split.pc;
    mask = split.mask;
  }
  const Inst &inst = kernel.code[pc];
  ++warp.step;
  ++executed;
  ++opcodeCounts[inst.opcode];
  uint64_t &issue = schedulerFree[warp.cta->rank * 4 + warp.index % 4];
  warp.time = issue = std::max(issue, warp.time) + 1;
  Step step = Step::Next;
  if (inst.guard >= 0) {
    uint32_t value =
        *lanes<uint32_t>(warp, Ref{(uint32_t)inst.guard, 0, false});
    if (check && (warp.written[inst.guard] & mask) != mask) {
      report(HazardKind::Uninitialized, &warp, &inst,
             "its guard " + kernel.rowNames[inst.guard] + " was never written");
      warp.written[inst.guard] |= mask;
    }
    if (check && !warp.poison.empty() && (warp.poison[inst.guard] & mask))
      reportPoison(warp, inst, "its guard");
    mask &= inst.guardNegated ? ~value : value;
  }
  if (mask) {
    if (check && !inst.accumulates && warp.split().wait.kind == Wait::None)
      checkRegisters(warp, inst, mask);
    if (check && !inst.accumulates && !warp.poison.empty() &&
        warp.split().wait.kind == Wait::None)
      spreadPoison(warp, inst, mask);
    bool timed = !warp.resultTime.empty();
    const Ref *r = refs(inst);
    if (timed)
      for (uint32_t i = inst.numDst; i < (uint32_t)inst.numDst + inst.numSrc;
           ++i)
        if (!r[i].constant)
          warp.time = std::max(warp.time, warp.resultTime[r[i].row]);
    step = inst.run(*this, warp, inst, mask);
    if (timed && step == Step::Next && !inst.accumulates)
      for (uint32_t i = 0; i < inst.numDst; ++i)
        warp.resultTime[r[i].row] = warp.time + inst.latency;
    if (tracing)
      traceStep(warp, inst, step);
  }
  switch (step) {
  case Step::Blocked:
    return false;
  case Step::Next: {
    Split &split = warp.split();
    split.wait = Wait();
    split.pc = pc + 1;
    break;
  }
  case Step::Jumped:
    if (!warp.split().used)
      return false;
    break;
  case Step::Exited: {
    Split &split = warp.split();
    warp.live &= ~mask;
    split.mask &= ~mask;
    split.pc = pc + 1;
    progressed();
    if (warp.live == 0) {
      if (check && warp.anyInFlight)
        report(HazardKind::AccumulatorInFlight, &warp, &inst,
               "exits while a wgmma is in flight; wait for it");
      for (const BulkOp &op : warp.bulkOps)
        if (check && !op.done) {
          report(HazardKind::ExitedCta, &warp, &inst,
                 "exits while the TMA unit may still read its shared memory; "
                 "put cp.async.bulk.wait_group.read 0 before the exit");
          break;
        }
      --warp.cta->liveWarps;
      counters.cycles = std::max(counters.cycles, warp.time);
      warpLeft(*this, warp);
    }
    if (split.mask == 0) {
      leaveSplit(warp, warp.current);
      return false;
    }
    break;
  }
  }
  Split &split = warp.split();
  if (split.pc == split.reconverge) {
    leaveSplit(warp, warp.current);
    return false;
  }
  return true;
}

void Cluster::runWarp(Warp &warp, uint32_t burst) {
  if (!pickSplit(warp))
    return;
  for (uint32_t i = 0; i < burst && warp.live; ++i) {
    if (stepSplit(warp))
      continue;
    if (!warp.live || !pickSplit(warp))
      return;
  }
}

/// No one can run: try_waits may give up, as the hardware's do.
bool Cluster::wakeTimedOut() {
  if (progress == timeoutProgress) {
    if (++timeoutRounds > kTimeoutRounds)
      return false;
  } else {
    timeoutProgress = progress;
    timeoutRounds = 0;
  }
  bool any = false;
  for (Warp *warp : warps)
    for (Split &split : warp->splits)
      if (split.used && split.wait.kind == Wait::MBarrier) {
        split.wait.timedOut = true;
        any = true;
      }
  return any;
}

static bool runnable(const Warp &warp) { return warp.live != 0; }

/// Follows the latency model: whoever is earliest goes next.
bool Cluster::runTimed() {
  uint64_t best = ~0ull, second = ~0ull;
  Warp *warp = nullptr;
  int transfer = -1;
  Cta *cta = nullptr;
  uint32_t group = 0;
  auto offer = [&](uint64_t time) {
    if (time < best) {
      second = best;
      best = time;
      warp = nullptr;
      transfer = -1;
      cta = nullptr;
      return true;
    }
    second = std::min(second, time);
    return false;
  };
  for (size_t i = 0; i < transfers.size(); ++i)
    if (offer(transfers[i].readyTime))
      transfer = (int)i;
  for (auto &c : ctas)
    for (uint32_t g = 0; g < c->warpgroups.size(); ++g)
      if (uint64_t time = wgmmaReady(*c, g); time != ~0ull && offer(time)) {
        cta = c.get();
        group = g;
      }
  for (Warp *w : warps) {
    if (!runnable(*w))
      continue;
    bool any = false;
    for (Split &split : w->splits)
      if (split.used && ready(*w, split)) {
        any = true;
        break;
      }
    if (any && offer(w->time))
      warp = w;
  }
  if (best == ~0ull)
    return false;
  if (transfer >= 0) {
    Transfer t = std::move(transfers[transfer]);
    transfers.erase(transfers.begin() + transfer);
    execute(t);
  } else if (cta) {
    executeWgmma(*cta, group);
  } else {
    uint64_t slack = second == ~0ull ? 64 : second - best;
    runWarp(*warp, (uint32_t)std::min<uint64_t>(slack + 4, 64));
  }
  return true;
}

/// Any legal interleaving, drawn from the seed.
bool Cluster::runRandom() {
  std::vector<Warp *> candidates;
  for (Warp *w : warps)
    if (runnable(*w))
      for (Split &split : w->splits)
        if (split.used && ready(*w, split)) {
          candidates.push_back(w);
          break;
        }
  std::vector<std::pair<Cta *, uint32_t>> groups;
  for (auto &c : ctas)
    for (uint32_t g = 0; g < c->warpgroups.size(); ++g)
      if (wgmmaReady(*c, g) != ~0ull)
        groups.push_back({c.get(), g});
  size_t async = transfers.size() + groups.size();
  if (!async && candidates.empty())
    return false;
  // Each seed has a temper: eager or lazy engines, long or short bursts, and
  // every third one strict priorities that change now and then.
  uint64_t seed = device.options.seed;
  static const uint32_t eagerness[] = {1, 6, 30}; // of 32
  static const uint32_t bursts[] = {4, 32, 200, 1000};
  bool useAsync =
      candidates.empty() || (async && rng() % 32 < eagerness[seed % 3]);
  if (useAsync) {
    size_t pick = rng() % async;
    if (pick < transfers.size()) {
      Transfer t = std::move(transfers[pick]);
      transfers.erase(transfers.begin() + pick);
      execute(t);
    } else {
      auto [cta, group] = groups[pick - transfers.size()];
      executeWgmma(*cta, group);
    }
    return true;
  }
  Warp *warp = candidates[rng() % candidates.size()];
  if (seed % 3 == 1 && rng() % 16) {
    // The favourite: stable for a while, then another one.
    uint64_t era = executed / 2000;
    for (Warp *w : candidates)
      if ((w->number * 0x9e3779b97f4a7c15ull ^
           (seed + era) * 0xd1b54a32d192ed03ull) >
          (warp->number * 0x9e3779b97f4a7c15ull ^
           (seed + era) * 0xd1b54a32d192ed03ull))
        warp = w;
  }
  runWarp(*warp, 1 + (uint32_t)(rng() % bursts[seed / 3 % 4]));
  return true;
}

Cluster::State Cluster::run(uint64_t budget) {
  uint64_t end = executed + budget;
  while (executed < end) {
    bool any = device.options.systematic ? runSystematic()
               : device.options.seed     ? runRandom()
                                         : runTimed();
    if (!any) {
      bool alive = false;
      for (Warp *warp : warps)
        alive |= warp->live != 0;
      if (!alive)
        return State::Finished;
      if (!wakeTimedOut())
        deadlock();
      continue;
    }
    if (device.stop)
      return State::Finished;
    uint64_t global = device.globalProgress.load(std::memory_order_relaxed);
    if (progress != idleProgress || global != idleGlobal) {
      idleProgress = progress;
      idleGlobal = global;
      idleSince = executed;
    } else if (executed - idleSince > device.options.idleLimit) {
      deadlock();
    }
    if (executed > device.options.stepLimit)
      fault(HazardKind::StepLimit, nullptr, nullptr,
            "more than " + std::to_string(device.options.stepLimit) +
                " warp instructions in one cluster\n" + stateDump());
  }
  return State::Running;
}
