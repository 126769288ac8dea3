// Loads, stores, and what only looks at addresses: mapa, isspacep, prefetch.
#include "ExecMemory.h"

using namespace dgemm::sim;
using ptx::Operand;
using ptx::Type;

namespace {
bool isShared(const Inst &inst, uint64_t address) {
  if (inst.space == Space::Shared || inst.space == Space::SharedCluster)
    return true;
  return inst.space == Space::Generic &&
         (address & kWindowMask) == kSharedWindow;
}

/// Calls `body` once for each sector that a warp's access touches.
template <class F>
void eachSector(const uint64_t *addresses, uint32_t mask, uint32_t bytes,
                F body) {
  uint64_t sectors[64];
  size_t count = 0;
  for (uint32_t m = mask; m; m &= m - 1) {
    uint64_t address = addresses[firstLane(m)];
    sectors[count++] = address & ~31ull;
    sectors[count++] = (address + bytes - 1) & ~31ull;
  }
  std::sort(sectors, sectors + count);
  count = (size_t)(std::unique(sectors, sectors + count) - sectors);
  for (size_t i = 0; i < count; ++i)
    body(sectors[i]);
}

void loadLanes(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  const Ref &base = r[inst.numDst];
  uint32_t bytes = (uint32_t)inst.size * inst.count;
  bool sign = inst.flags & AccessSigned;
  uint64_t addresses[32];
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    uint64_t address = laneAddress(cluster, warp, inst, base, lane);
    addresses[lane] = address;
    const uint8_t *p =
        resolve(cluster, warp, inst, address, bytes, false, lane, true);
    for (uint32_t i = 0; i < inst.count; ++i) {
      uint64_t value = 0;
      memcpy(&value, p + i * inst.size, inst.size);
      if (sign && inst.size < 8 && value >> (inst.size * 8 - 1))
        value |= ~0ull << (inst.size * 8);
      setLane(warp, r[i], lane, value);
    }
  }
  if (isShared(inst, addresses[firstLane(mask)])) {
    cluster.counters.sharedLoadBytes +=
        (uint64_t)bytes * __builtin_popcount(mask);
    countBanks(cluster, addresses, mask, bytes);
  } else {
    cluster.counters.globalLoadBytes +=
        (uint64_t)bytes * __builtin_popcount(mask);
    eachSector(addresses, mask, bytes,
               [&](uint64_t address) { cluster.traffic.load(address, 1); });
  }
}

Step ld(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  loadLanes(cluster, warp, inst, mask);
  return Step::Next;
}

Step ldParam(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  const Ref &base = r[inst.numDst];
  uint32_t bytes = (uint32_t)inst.size * inst.count;
  const std::vector<uint8_t> &params = cluster.device.params;
  bool sign = inst.flags & AccessSigned;
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    uint64_t address =
        laneAddress(cluster, warp, inst, base, lane) & ~kWindowMask;
    if (address > params.size() || bytes > params.size() - address)
      cluster.fault(HazardKind::OutOfBounds, &warp, &inst,
                    "reads parameter bytes " + std::to_string(address) +
                        " to " + std::to_string(address + bytes) + " of " +
                        std::to_string(params.size()));
    for (uint32_t i = 0; i < inst.count; ++i) {
      uint64_t value = 0;
      memcpy(&value, params.data() + address + i * inst.size, inst.size);
      if (sign && inst.size < 8 && value >> (inst.size * 8 - 1))
        value |= ~0ull << (inst.size * 8);
      setLane(warp, r[i], lane, value);
    }
  }
  return Step::Next;
}

Step st(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst); // address, then values
  uint32_t bytes = (uint32_t)inst.size * inst.count;
  uint64_t addresses[32];
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    uint64_t address = laneAddress(cluster, warp, inst, r[0], lane);
    addresses[lane] = address;
    uint8_t *p = resolve(cluster, warp, inst, address, bytes, true, lane, true);
    for (uint32_t i = 0; i < inst.count; ++i) {
      uint64_t value = laneValue(cluster, warp, r[1 + i], lane);
      memcpy(p + i * inst.size, &value, inst.size);
      if (warp.poisoned(r[1 + i]) >> lane & 1)
        storePoison(cluster, warp, inst, address + i * inst.size, inst.size);
    }
  }
  cluster.progressed();
  if (isShared(inst, addresses[firstLane(mask)])) {
    cluster.counters.sharedStoreBytes +=
        (uint64_t)bytes * __builtin_popcount(mask);
    countBanks(cluster, addresses, mask, bytes);
  } else {
    cluster.counters.globalStoreBytes +=
        (uint64_t)bytes * __builtin_popcount(mask);
    eachSector(addresses, mask, bytes,
               [&](uint64_t address) { cluster.traffic.store(address, 1); });
    cluster.device.globalProgress.fetch_add(1, std::memory_order_relaxed);
  }
  return Step::Next;
}

Step mapa(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    uint64_t address = laneAddress(cluster, warp, inst, r[1], lane);
    uint32_t rank = lanes<uint32_t>(cluster, warp, r[2])[lane];
    if (rank >= cluster.ctas.size())
      cluster.fault(HazardKind::OutOfBounds, &warp, &inst,
                    "maps to CTA " + std::to_string(rank) +
                        " of a cluster of " +
                        std::to_string(cluster.ctas.size()));
    uint64_t mapped = (address & ((1u << kRankShift) - 1)) |
                      (uint64_t)(rank + 1) << kRankShift;
    setLane(warp, r[0], lane,
            mapped | (inst.space == Space::Generic ? kSharedWindow : 0));
  }
  return Step::Next;
}

Step getctarank(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  forLanes(mask, [&](uint32_t lane) {
    uint64_t address = laneAddress(cluster, warp, inst, r[1], lane);
    uint32_t rank = (uint32_t)(address >> kRankShift) & 0xff;
    setLane(warp, r[0], lane, rank ? rank - 1 : warp.cta->rank);
  });
  return Step::Next;
}

Step isspacep(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t result = 0;
  forLanes(mask, [&](uint32_t lane) {
    uint64_t a = laneAddress(cluster, warp, inst, r[1], lane);
    bool yes = (a & kWindowMask) == (uint64_t)inst.flags << 48;
    if (yes && inst.size) { // shared::cta
      uint32_t rank = (uint32_t)(a >> kRankShift) & 0xff;
      yes = rank == 0 || rank - 1 == warp.cta->rank;
    }
    result |= (uint32_t)yes << lane;
  });
  setPredicate(warp, r[0], mask, result);
  return Step::Next;
}

Step createpolicy(Cluster &cluster, Warp &warp, const Inst &inst,
                  uint32_t mask) {
  const Ref &d = cluster.refs(inst)[0];
  forLanes(mask, [&](uint32_t l) { setLane(warp, d, l, 0x12f0000000000000); });
  return Step::Next;
}

Step nothing(Cluster &, Warp &, const Inst &, uint32_t) { return Step::Next; }

bool decodeLoadStore(Decoder &d) {
  bool load = d.is("ld") || d.is("ldu");
  if (d.has("bulk"))
    d.fail("is not supported");
  d.expectOperands(2, 3); // a cache policy may follow
  Type type = d.type();
  unsigned bits = ptx::bitsOf(type);
  if (bits < 8 || bits > 64)
    d.fail("is not defined for this type");
  d.out->size = (uint8_t)(bits / 8);
  d.out->count = d.has("v2") ? 2 : d.has("v4") ? 4 : d.has("v8") ? 8 : 1;
  decodeSpace(d);
  d.out->flags |= ptx::isSigned(type) ? AccessSigned : 0;
  const Operand &value = d.operand(load ? 0 : 1);
  bool vector = value.kind == Operand::Vector;
  if (vector ? value.items.size() != d.out->count : d.out->count != 1)
    d.fail("the vector has the wrong number of elements");
  auto each = [&](auto add) {
    if (vector)
      for (const Operand &item : value.items)
        add(item);
    else
      add(value);
  };
  if (load) {
    each([&](const Operand &item) { d.dst(item, bits, false); });
    d.address(d.operand(1));
    d.out->run = d.out->space == Space::Param ? ldParam : ld;
  } else {
    if (d.out->space == Space::Param)
      d.fail("parameters are read-only");
    d.address(d.operand(0));
    each([&](const Operand &item) { d.src(item, bits, false); });
    d.out->run = st;
  }
  return true;
}
} // namespace

void dgemm::sim::decodeSpace(Decoder &d) {
  Inst &out = *d.out;
  out.space = Space::Generic;
  for (const std::string &part : d.in->parts) {
    if (part == "global" || part == "const")
      out.space = Space::Global;
    else if (part == "shared" || part == "shared::cta")
      out.space = Space::Shared;
    else if (part == "shared::cluster")
      out.space = Space::SharedCluster;
    else if (part == "local")
      out.space = Space::Local;
    else if (part == "param" || part == "param::entry")
      out.space = Space::Param;
    else if (part == "volatile" || part == "relaxed" || part == "mmio")
      out.flags |= AccessSync;
    else if (part == "acquire")
      out.flags |= AccessSync | AccessAcquire;
    else if (part == "release")
      out.flags |= AccessSync | AccessRelease;
    else if (part == "acq_rel")
      out.flags |= AccessSync | AccessAcquire | AccessRelease;
  }
}

void dgemm::sim::storePoison(Cluster &cluster, Warp &warp, const Inst &inst,
                             uint64_t address, uint32_t bytes) {
  bool shared = inst.space == Space::Shared ||
                inst.space == Space::SharedCluster ||
                (inst.space == Space::Generic &&
                 (address & kWindowMask) == kSharedWindow);
  if (!shared) {
    cluster.reportPoison(warp, inst, "the value it stores");
    return;
  }
  Cta *cta;
  uint32_t offset;
  cluster.shared(warp, inst, (uint32_t)address, bytes, cta, offset);
  memset(cta->sharedWritten.data() + offset, 0, bytes);
}

uint8_t *dgemm::sim::resolve(Cluster &cluster, Warp &warp, const Inst &inst,
                             uint64_t address, uint32_t bytes, bool write,
                             uint32_t lane, bool note) {
  Space space = inst.space;
  if (space == Space::Generic) {
    switch (address & kWindowMask) {
    case kSharedWindow:
      space = Space::SharedCluster;
      break;
    case kLocalWindow:
      space = Space::Local;
      break;
    case kParamWindow:
      space = Space::Param;
      break;
    default:
      space = Space::Global;
      break;
    }
  }
  switch (space) {
  case Space::Shared:
  case Space::SharedCluster: {
    Cta *cta;
    uint32_t offset;
    uint8_t *p = cluster.shared(warp, inst, (uint32_t)address, bytes, cta,
                                offset, bytes);
    if (note && cluster.checking() && !(inst.flags & AccessSync))
      cluster.noteShared(warp, inst, *cta, offset, bytes, write, lane);
    else if (write)
      memset(cta->sharedWritten.data() + offset, 1, bytes);
    return p;
  }
  case Space::Local: {
    uint64_t offset = address & ~kWindowMask;
    uint64_t size = cluster.kernel.localBytes;
    if (offset % bytes)
      cluster.fault(HazardKind::Misaligned, &warp, &inst,
                    "local address " + std::to_string(offset) +
                        " is not a multiple of " + std::to_string(bytes));
    if (offset > size || bytes > size - offset)
      cluster.fault(HazardKind::OutOfBounds, &warp, &inst,
                    "local byte " + std::to_string(offset) + " of " +
                        std::to_string(size));
    return warp.local.data() + lane * size + offset;
  }
  case Space::Param: {
    uint64_t offset = address & ~kWindowMask,
             size = cluster.device.params.size();
    if (write || offset > size || bytes > size - offset)
      cluster.fault(HazardKind::OutOfBounds, &warp, &inst,
                    write ? "writes a parameter"
                          : "parameter byte " + std::to_string(offset) +
                                " of " + std::to_string(size));
    return cluster.device.params.data() + offset;
  }
  default: {
    uint8_t *p = cluster.global(warp, inst, address, bytes, write, bytes);
    if (!cluster.checking())
      return p;
    if (!note || (inst.flags & AccessSync)) {
      cluster.synchronises = true;
      return p;
    }
    uint32_t mask = lane < 32 ? 1u << lane : warp.live;
    warp.knows.accessed(mask);
    Accessor who{warp.self,
                 warp.knows.tick(),
                 &warp.knows.of(mask),
                 false,
                 inst.line,
                 lane,
                 warp.knows.ordered(mask)};
    cluster.noteGlobal(warp, inst, address, bytes, write, who);
    return p;
  }
  }
}

void dgemm::sim::countBanks(Cluster &cluster, const uint64_t *addresses,
                            uint32_t mask, uint32_t bytes) {
  // 8- and 16-byte accesses go in halves and quarters of a warp.
  uint32_t words = std::max(bytes / 4, 1u);
  uint32_t perPhase = 32 / std::min(words, 32u);
  for (uint32_t first = 0; first < 32; first += perPhase) {
    uint32_t distinct[32][4];
    uint8_t used[32] = {};
    uint32_t worst = 1;
    for (uint32_t l = first; l < first + perPhase; ++l) {
      if (!(mask >> l & 1))
        continue;
      for (uint32_t w = 0; w < words; ++w) {
        uint32_t word = (uint32_t)(addresses[l] / 4) + w, bank = word % 32;
        bool seen = false;
        for (uint32_t i = 0; i < std::min<uint32_t>(used[bank], 4); ++i)
          seen |= distinct[bank][i] == word;
        if (seen)
          continue;
        if (used[bank] < 4)
          distinct[bank][used[bank]] = word;
        ++used[bank];
        worst = std::max<uint32_t>(worst, used[bank]);
      }
    }
    cluster.counters.bankConflicts += worst - 1;
  }
}

bool dgemm::sim::decodeMemory(Decoder &d) {
  if (d.is("ld") || d.is("ldu") || d.is("st"))
    return decodeLoadStore(d);
  if (d.is("prefetch") || d.is("prefetchu") || d.is("discard") ||
      d.is("applypriority")) {
    d.expectOperands(1, 2);
    d.address(d.operand(0));
    d.out->run = nothing;
    return true;
  }
  if (d.is("mapa")) {
    d.expectOperands(3, 3);
    unsigned bits = ptx::bitsOf(d.type());
    decodeSpace(d);
    d.dst((size_t)0, bits);
    d.src(1, bits);
    d.src(2, 32);
    d.out->run = mapa;
    return true;
  }
  if (d.is("getctarank")) {
    d.expectOperands(2, 2);
    d.dst((size_t)0, 32);
    d.src(1, ptx::bitsOf(d.type()));
    d.out->run = getctarank;
    return true;
  }
  if (d.is("isspacep")) {
    d.expectOperands(2, 2);
    d.dst((size_t)0, 1);
    d.src(1, 64);
    d.out->size = d.has("shared") || d.has("shared::cta");
    d.out->flags = d.out->size || d.has("shared::cluster")   ? 1
                   : d.has("local")                          ? 2
                   : d.has("param") || d.has("param::entry") ? 3
                                                             : 0;
    d.out->run = isspacep;
    return true;
  }
  if (d.is("createpolicy")) {
    d.dst((size_t)0, 64);
    d.out->run = createpolicy;
    return true;
  }
  return false;
}
