// The checks behind each access: registers, shared memory, global memory.
#include "Machine.h"

using namespace dgemm::sim;

void Cluster::checkRegisters(Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = refs(inst);
  auto inFlight = [&](const Ref &ref, bool writes) {
    uint32_t row = ref.row;
    if (!warp.inFlight[row])
      return;
    bool accumulator = warp.rowRole[row] == Warp::Accumulator;
    if (!accumulator && !writes)
      return; // reading an A fragment is harmless
    report(HazardKind::AccumulatorInFlight, &warp, &inst,
           std::string(writes ? "writes" : "reads") + " register " +
               kernel.rowNames[row] + ", which the wgmma of line " +
               std::to_string(kernel.code[warp.owner[row]].line) +
               (accumulator ? " is still accumulating into"
                            : " still reads its A operand from") +
               "; put wgmma.wait_group before");
  };
  const Ref *s = r + inst.numDst;
  for (uint32_t i = 0; i < inst.numSrc; ++i) {
    const Ref &ref = s[i];
    if (ref.constant)
      continue;
    if (warp.anyInFlight)
      inFlight(ref, false);
    warp.touched[ref.row] = warp.step;
    if (!inst.copies && (warp.written[ref.row] & mask) != mask) {
      report(HazardKind::Uninitialized, &warp, &inst,
             "reads register " + kernel.rowNames[ref.row] +
                 ", which was never written");
      warp.written[ref.row] |= mask;
    }
  }
  for (uint32_t i = 0; i < inst.numDst; ++i) {
    const Ref &ref = r[i];
    if (warp.anyInFlight)
      inFlight(ref, true);
    warp.touched[ref.row] = warp.step;
    if (!inst.copies)
      warp.written[ref.row] |= mask;
  }
}

void Cluster::reportPoison(Warp &warp, const Inst &inst,
                           const std::string &what) {
  report(HazardKind::Uninitialized, &warp, &inst,
         what + " depends on " + warp.poisonSource);
}

/// Arithmetic hands it on; an address or a branch must not depend on it. What
/// is stored is looked at by the store.
void Cluster::spreadPoison(Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = refs(inst), *s = r + inst.numDst;
  uint32_t from = 0;
  for (uint32_t i = 0; i < inst.numSrc; ++i)
    from |= warp.poisoned(s[i]);
  from &= mask;
  const std::string &opcode = kernel.opcodes[inst.opcode];
  auto begins = [&](const char *with) { return opcode.rfind(with, 0) == 0; };
  if ((inst.visible || inst.control) && from) {
    bool stores = (begins("st.") && !begins("st.async")) || begins("stmatrix");
    if (!stores || (warp.poisoned(s[0]) & mask))
      reportPoison(warp, inst, "an operand");
    from = 0;
  }
  bool mixes = begins("shfl");
  if (mixes && from)
    from = mask;
  for (uint32_t i = 0; i < inst.numDst; ++i)
    warp.poison[r[i].row] = (warp.poison[r[i].row] & ~mask) | from;
}

void Cluster::reportConflict(const Conflict &conflict, bool writes, bool async,
                             const Warp *warp, const Inst *inst, Cta &cta) {
  std::string place = "shared byte " + std::to_string(conflict.offset) + " (" +
                      sharedName(conflict.offset) + ") of CTA " +
                      std::to_string(cta.rank);
  std::string earlier =
      std::string(conflict.earlierAsync ? "asynchronous " : "") +
      (conflict.earlierWrote ? "write" : "read") + " of line " +
      std::to_string(conflict.line) + " by " + agentName(conflict.agent);
  std::string access = std::string(async ? "the async proxy " : "") +
                       (writes ? "writes " : "reads ") + place;
  switch (conflict.kind) {
  case Conflict::NoProxyFence:
    report(HazardKind::MissingProxyFence, warp, inst,
           access + " after the " + earlier +
               "; put fence.proxy.async between the write and the barrier "
               "before this");
    return;
  case Conflict::LateRead:
    report(HazardKind::MissingProxyFence, warp, inst,
           access + " after the " + earlier +
               ", which may not have its value yet: an arrival does not wait "
               "for it; put fence.proxy.async or fence.acq_rel.cta between the "
               "read and the arrival that releases the buffer");
    return;
  case Conflict::Lanes:
    report(HazardKind::SharedRace, warp, inst,
           access + " after the " + earlier +
               " in another lane of the same warp; put bar.warp.sync between");
    return;
  default:
    break;
  }
  std::string advice =
      conflict.earlierWrote
          ? (conflict.earlierAsync
                 ? "; wait for the mbarrier phase that completes the copy"
             : async
                 ? "; put a barrier between or, where the write comes later in "
                   "the program, the wait for this (wgmma.wait_group, "
                   "cp.async.bulk.wait_group) before it"
                 : "; put a barrier between")
      : conflict.earlierAsync
          ? "; wait for the operation that reads (wgmma.wait_group, "
            "cp.async.bulk.wait_group) and tell the writer by a barrier"
          : "; the buffer must be released by a barrier first";
  report(HazardKind::SharedRace, warp, inst,
         access + " with nothing that orders it after the " + earlier + advice);
}

void Cluster::checkWritten(Cta &cta, uint32_t offset, uint32_t size,
                           const Warp *warp, const Inst *inst) {
  uint8_t *written = cta.sharedWritten.data() + offset;
  if (!memchr(written, 0, size))
    return;
  uint32_t first = (uint32_t)((uint8_t *)memchr(written, 0, size) - written);
  report(HazardKind::Uninitialized, warp, inst,
         "reads shared byte " + std::to_string(offset + first) + " (" +
             sharedName(offset + first) + ") of CTA " +
             std::to_string(cta.rank) + ", which was never written");
  memset(written, 1, size);
}

void Cluster::noteShared(Warp &warp, const Inst &inst, Cta &cta,
                         uint32_t offset, uint32_t size, bool write,
                         uint32_t lane) {
  auto it = cta.barriers.lower_bound(offset >= 7 ? offset - 7 : 0);
  if (write && it != cta.barriers.end() && it->first < offset + size &&
      it->first + 8 > offset && it->second.phase + it->second.arrivals > 0)
    report(HazardKind::BarrierMisuse, &warp, &inst,
           "overwrites mbarrier " + sharedName(it->first));
  uint32_t mask = lane < 32 ? 1u << lane : warp.live;
  warp.knows.accessed(mask);
  Accessor who{warp.self,
               warp.knows.tick(),
               &warp.knows.of(mask),
               false,
               inst.line,
               lane,
               warp.knows.ordered(mask)};
  Conflict conflict;
  if (write) {
    memset(cta.sharedWritten.data() + offset, 1, size);
    conflict = cta.shadow->write(offset, size, who);
  } else {
    checkWritten(cta, offset, size, &warp, &inst);
    conflict = cta.shadow->read(offset, size, who);
  }
  if (conflict.kind)
    reportConflict(conflict, write, false, &warp, &inst, cta);
}

void Cluster::noteGlobal(const Warp &warp, const Inst &inst, uint64_t address,
                         uint64_t bytes, bool write, const Accessor &who) {
  GlobalShadow::Access access{index, synchronises, who};
  GlobalShadow::Found found = write
                                  ? device.shadow.write(address, bytes, access)
                                  : device.shadow.read(address, bytes, access);
  if (!found.conflict.kind)
    return;
  std::string other =
      found.otherCluster
          ? "by another cluster; nothing orders clusters but atomics and "
            "acquire/release on global memory"
          : "by " + agentName(found.conflict.agent) +
                "; put a barrier (and for a bulk store its wait_group) between";
  report(HazardKind::GlobalRace, &warp, &inst,
         std::string(write ? "writes " : "reads ") +
             device.memory.describe(address) +
             " with nothing that orders it after the " +
             (found.conflict.earlierWrote ? "write" : "read") + " of line " +
             std::to_string(found.conflict.line) + " " + other);
}

void Cluster::noteGlobalStore(const Transfer &t, uint64_t address,
                              uint64_t bytes, bool atomic) {
  counters.globalStoreBytes += bytes;
  traffic.store(address, bytes);
  if (!check || atomic)
    return;
  Accessor who{t.issuer->stores, (uint32_t)t.serial + 1, &t.knows, true,
               t.inst->line};
  noteGlobal(*t.issuer, *t.inst, address, bytes, true, who);
}
