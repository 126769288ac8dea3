// mbarrier instructions: init to try_wait.
#include "ExecMemory.h"

using namespace dgemm::sim;
using ptx::Operand;

namespace {
constexpr int64_t kMaxCount = (1 << 20) - 1;

std::string barrierName(Cluster &cluster, const Cta &cta, uint32_t offset) {
  return "mbarrier " + cluster.sharedName(offset) + " of CTA " +
         std::to_string(cta.rank);
}

// The opaque state: the phase and the pending count at arrival.
uint64_t stateWord(const MBarrier &bar) {
  return (bar.phase & 0xffffffffu) << 32 | ((uint64_t)bar.pending & 0xfffff);
}

Step init(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    uint64_t address = laneAddress(cluster, warp, inst, r[0], lane);
    int64_t count = (int64_t)laneValue(cluster, warp, r[1], lane);
    Cta *cta;
    uint32_t offset;
    cluster.shared(warp, inst, address, 8, cta, offset, 8);
    if (count < 1 || count > kMaxCount)
      cluster.fault(HazardKind::BarrierMisuse, &warp, &inst,
                    "a count of " + std::to_string(count) +
                        "; it must be from 1 to " + std::to_string(kMaxCount));
    if (auto it = cta->barriers.find(offset);
        it != cta->barriers.end() && it->second.arrivals)
      cluster.report(HazardKind::BarrierMisuse, &warp, &inst,
                     barrierName(cluster, *cta, offset) +
                         " is initialised again without mbarrier.inval");
    if (cluster.checking())
      cluster.noteShared(warp, inst, *cta, offset, 8, true, lane);
    MBarrier bar;
    bar.expected = (uint32_t)count;
    bar.pending = count;
    bar.agent = cluster.agents++;
    bar.line = inst.line;
    bar.initAgent = warp.self;
    bar.initClock = warp.knows.tick();
    cta->barriers[offset] = bar;
    if (cta->shadow)
      cta->shadow->reset(offset, 8);
    memset(cta->sharedWritten.data() + offset, 1, 8);
    warp.freshBarriers.push_back({cta->rank, offset});
  }
  cluster.progressed();
  return Step::Next;
}

Step inval(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    uint64_t address = laneAddress(cluster, warp, inst, r[0], lane);
    Cta *cta;
    uint32_t offset;
    MBarrier &bar = cluster.barrier(warp, inst, address, lane, cta, offset);
    if (bar.inFlightBytes)
      cluster.report(HazardKind::BarrierMisuse, &warp, &inst,
                     barrierName(cluster, *cta, offset) + " still awaits " +
                         std::to_string(bar.inFlightBytes) +
                         " bytes of TMA operations in flight");
    cta->barriers.erase(offset);
    memset(cta->sharedWritten.data() + offset, 0, 8);
  }
  return Step::Next;
}

enum : uint32_t {
  ExpectTx = 0x100,
  Drop = 0x200,
  NoArrive = 0x400,
  HasCount = 0x800,
  CompleteTx = 0x1000
};

// Sources: address, then count or bytes as the flags say.
Step arrive(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst), *s = r + inst.numDst;
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    uint64_t address = laneAddress(cluster, warp, inst, s[0], lane);
    Cta *cta;
    uint32_t offset;
    MBarrier &bar = cluster.barrier(warp, inst, address, lane, cta, offset);
    int64_t count = 1;
    if (inst.flags & (ExpectTx | CompleteTx)) {
      int64_t bytes = (int64_t)(uint32_t)laneValue(cluster, warp, s[1], lane);
      if (bytes > kMaxCount)
        cluster.fault(HazardKind::BarrierMisuse, &warp, &inst,
                      "expects " + std::to_string(bytes) + " bytes; at most " +
                          std::to_string(kMaxCount) + " fit the counter");
      if (inst.flags & CompleteTx)
        cluster.completeTransactions(bar, bytes, warp.time);
      else
        cluster.expectTransactions(bar, bytes);
      if (bar.transactions > kMaxCount)
        cluster.report(HazardKind::BarrierMisuse, &warp, &inst,
                       "the transaction count overflows");
    } else if (inst.flags & HasCount) {
      count = (int64_t)(uint32_t)laneValue(cluster, warp, s[1], lane);
    }
    if (inst.numDst)
      setLane(warp, r[0], lane, stateWord(bar));
    if (inst.flags & NoArrive) {
      cluster.phaseCheck(bar, warp.time);
      continue;
    }
    if (count < 1 || count > bar.pending) {
      cluster.report(HazardKind::BarrierMisuse, &warp, &inst,
                     "arrives " + std::to_string(count) + " time(s) at " +
                         barrierName(cluster, *cta, offset) +
                         ", which waits "
                         "for " +
                         std::to_string(bar.pending) + " of " +
                         std::to_string(bar.expected) +
                         " arrivals: one side of the pipeline is a phase ahead "
                         "or the init count is too small");
      if (bar.pending == 0)
        continue;
      count = std::max<int64_t>(1, std::min(count, bar.pending));
    }
    if (inst.flags & Drop)
      bar.expected -= (uint32_t)std::min<int64_t>(count, bar.expected);
    cluster.arrive(bar, count, warp, mask);
  }
  warp.knows.advance();
  if (!(inst.flags & NoArrive)) {
    ++warp.arrivals;
    warp.arrivalLine = inst.line;
  }
  cluster.progressed();
  return Step::Next;
}

/// A warp that arrives somewhere has gone on to the next round: when it then
/// waits for the phase of the last round again, it does not wait at all.
void noteWaited(Cluster &cluster, Warp &warp, const Inst &inst,
                const MBarrier &bar, const std::string &name, uint64_t phase,
                uint32_t lane) {
  Warp::Waited &last = warp.waited[{bar.agent, lane}];
  if (last.line && last.phase == phase && last.arrivals != warp.arrivals)
    cluster.report(HazardKind::BarrierMisuse, &warp, &inst,
                   "waits for phase " + std::to_string((int64_t)phase) +
                       " of " + name + " a second time (first at line " +
                       std::to_string(last.line) +
                       "), although it has arrived at line " +
                       std::to_string(warp.arrivalLine) +
                       " since: this wait lets it through at once; flip the "
                       "parity after each round");
  last = {phase, warp.arrivals, inst.line};
}

enum : uint32_t { Parity = 0x100, Try = 0x200, RelaxedWait = 0x400 };

Step wait(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst), *s = r + inst.numDst;
  uint32_t done = 0;
  MBarrier *first = nullptr;
  Cta *firstCta = nullptr;
  uint32_t firstOffset = 0;
  uint64_t waitedPhase = 0;
  // Lanes mostly share one barrier and one phase: look each up once.
  uint64_t lastAddress = ~0ull, lastState = ~0ull;
  bool lastDone = false;
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    uint64_t address = laneAddress(cluster, warp, inst, s[0], lane);
    uint64_t state = laneValue(cluster, warp, s[1], lane);
    if (address != lastAddress || state != lastState) {
      lastAddress = address;
      lastState = state;
      Cta *cta;
      uint32_t offset;
      MBarrier &bar = cluster.barrier(warp, inst, address, lane, cta, offset);
      if (cta != warp.cta)
        cluster.fault(HazardKind::BarrierMisuse, &warp, &inst,
                      "waits on a barrier of another CTA");
      uint64_t phase; // the one to be over
      if (inst.flags & Parity) {
        if (state > 1)
          cluster.fault(HazardKind::BarrierMisuse, &warp, &inst,
                        "a phase parity of " + std::to_string(state));
        // The current phase has parity phase & 1; the one before is over.
        lastDone = (bar.phase & 1) != state;
        phase = lastDone ? bar.phase - 1 : bar.phase;
        if (lastDone && cluster.checking())
          noteWaited(cluster, warp, inst, bar,
                     barrierName(cluster, *cta, offset), phase,
                     firstLane(mask));
      } else {
        phase = state >> 32;
        lastDone = (bar.phase & 0xffffffffu) != phase;
      }
      if (lastDone) {
        if (!(inst.flags & RelaxedWait))
          warp.knows.acquire(mask, warp.live, bar.completed);
        warp.knows.raise(mask, warp.live, bar.agent, (uint32_t)bar.phase);
        warp.time = std::max(warp.time, bar.completedTime);
      } else if (!first) {
        first = &bar;
        firstCta = cta;
        firstOffset = offset;
        waitedPhase = phase;
      }
    }
    done |= (uint32_t)lastDone << lane;
  }
  Split &split = warp.split();
  bool giveUp = split.wait.kind == Wait::MBarrier && split.wait.timedOut;
  if (!done && (inst.flags & Try) && !giveUp) {
    if (split.wait.kind != Wait::MBarrier)
      ++cluster.counters.barrierStalls;
    split.wait = Wait();
    split.wait.kind = Wait::MBarrier;
    split.wait.a = firstCta->rank;
    split.wait.b = firstOffset;
    split.wait.c = waitedPhase;
    return Step::Blocked;
  }
  ++cluster.counters.barrierWaits;
  if (done) {
    warp.idleWaits = 0;
  } else {
    ++warp.idleWaits;
  }
  setPredicate(warp, r[0], mask, done);
  return Step::Next;
}

Step pendingCount(Cluster &cluster, Warp &warp, const Inst &inst,
                  uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  forLanes(mask, [&](uint32_t l) {
    setLane(warp, r[0], l, laneValue(cluster, warp, r[1], l) & 0xfffff);
  });
  return Step::Next;
}
} // namespace

bool dgemm::sim::decodeMBarrier(Decoder &d) {
  if (!d.is("mbarrier"))
    return false;
  Inst &out = *d.out;
  decodeSpace(d);
  out.flags = 0;
  if (d.in->parts.size() < 2)
    d.fail("needs an operation");
  const std::string &what = d.in->parts[1];
  if (what == "init") {
    d.expectOperands(2, 2);
    d.address(d.operand(0));
    d.src(1, 32);
    out.run = init;
  } else if (what == "inval") {
    d.expectOperands(1, 1);
    d.address(d.operand(0));
    out.run = inval;
  } else if (what == "arrive" || what == "arrive_drop") {
    bool expect = d.has("expect_tx");
    size_t at = 0;
    if (d.operand(0).kind != Operand::Address) {
      if (!d.isSink(0))
        d.dst((size_t)0, 64);
      at = 1;
    }
    d.address(d.operand(at));
    if (d.numOperands() > at + 1) {
      d.src(at + 1, 32);
      out.flags |= expect ? ExpectTx : HasCount;
    } else if (expect) {
      d.fail("needs a byte count");
    }
    d.expectOperands(at + 1, at + 2);
    if (what == "arrive_drop")
      out.flags |= Drop;
    out.run = arrive;
  } else if (what == "expect_tx" || what == "complete_tx") {
    d.expectOperands(2, 2);
    d.address(d.operand(0));
    d.src(1, 32);
    out.flags = NoArrive | (what == "expect_tx" ? ExpectTx : CompleteTx);
    out.run = arrive;
  } else if (what == "test_wait" || what == "try_wait") {
    bool parity = d.has("parity");
    d.expectOperands(3, 4);
    d.dst((size_t)0, 1);
    d.address(d.operand(1));
    d.src(2, parity ? 32 : 64);
    if (d.numOperands() > 3)
      d.src(3, 32);
    out.flags = (parity ? Parity : 0) | (what == "try_wait" ? Try : 0) |
                (d.has("relaxed") ? RelaxedWait : 0);
    out.run = wait;
  } else if (what == "pending_count") {
    d.expectOperands(2, 2);
    d.dst((size_t)0, 32);
    d.src(1, 64);
    out.run = pendingCount;
  } else {
    d.fail("unknown operation");
  }
  return true;
}
