// Issues tensor and bulk copies and tracks their groups.
#include "Atomics.h"
#include "ExecMemory.h"

using namespace dgemm::sim;
using ptx::Operand;
using ptx::Type;

namespace {
uint64_t pairAddress(Cluster &cluster, Warp &warp, const Ref *r,
                     uint32_t lane) {
  return laneValue(cluster, warp, r[0], lane) +
         laneValue(cluster, warp, r[1], lane);
}

/// Reads the description behind a handle in parameter or global memory.
TensorMap loadMap(Cluster &cluster, Warp &warp, const Inst &inst,
                  uint64_t address, bool inParam) {
  TensorMap map;
  if (address % 64)
    cluster.fault(HazardKind::Misaligned, &warp, &inst,
                  "the tensor map's address is not a multiple of 64");
  const uint8_t *bytes = nullptr;
  const std::vector<uint8_t> &params = cluster.device.params;
  if (inParam || (address & kWindowMask) == kParamWindow) {
    uint64_t offset = address & ~kWindowMask;
    if (offset <= params.size() && params.size() - offset >= sizeof(map))
      bytes = params.data() + offset;
  } else if ((address & kWindowMask) == 0) {
    bytes = cluster.device.memory.find(address, sizeof(map));
    std::lock_guard<std::mutex> lock(cluster.device.atomics);
    auto it = cluster.device.mapVersions.find(address);
    auto seen = warp.mapsSeen.find(address);
    if (cluster.checking() && it != cluster.device.mapVersions.end() &&
        (seen == warp.mapsSeen.end() || seen->second != it->second))
      cluster.report(HazardKind::TensorMapProxy, &warp, &inst,
                     "the tensor map was changed on the device; put "
                     "fence.proxy.tensormap::generic.acquire before its use");
  } else {
    cluster.fault(HazardKind::BadOperand, &warp, &inst,
                  "the tensor map lies in local or shared memory; pass it as "
                  "a __grid_constant__ parameter or in global memory");
  }
  if (!bytes)
    cluster.fault(HazardKind::OutOfBounds, &warp, &inst,
                  "no tensor map at " +
                      cluster.device.memory.describe(address));
  memcpy(&map, bytes, sizeof(map));
  if (map.magic != TensorMap::kMagic)
    cluster.fault(HazardKind::BadOperand, &warp, &inst,
                  "the 128 bytes are not a tensor map");
  if (std::string wrong = map.check(); !wrong.empty())
    cluster.fault(HazardKind::BadOperand, &warp, &inst,
                  "the tensor map is invalid: " + wrong);
  return map;
}

enum : uint32_t { HasMask = 1, MapInParam = 2 };

void setShared(Cluster &cluster, Warp &warp, const Inst &inst, uint64_t address,
               uint32_t bytes, uint32_t align, uint32_t &rank,
               uint32_t &offset) {
  Cta *cta;
  cluster.shared(warp, inst, (uint32_t)address, bytes, cta, offset, align);
  rank = cta->rank;
}

/// Binds a load to its barrier and checks that the async proxy may see it.
void bindBarrier(Cluster &cluster, Warp &warp, const Inst &inst,
                 uint64_t address, uint32_t lane, Transfer &t) {
  Cta *cta;
  MBarrier &bar =
      cluster.barrier(warp, inst, (uint32_t)address, lane, cta, t.barrier);
  t.barrierRank = cta->rank;
  if (cluster.checking() && !bar.visible) {
    cluster.report(HazardKind::MissingMBarrierFence, &warp, &inst,
                   "mbarrier " + cluster.sharedName(t.barrier) +
                       " was initialised (line " + std::to_string(bar.line) +
                       ") without fence.mbarrier_init or fence.proxy.async "
                       "behind it: the TMA unit may not see it");
    bar.visible = true;
  }
}

/// What an H200 answers with "illegal instruction".
void checkCoordinates(Cluster &cluster, Warp &warp, const Inst &inst,
                      const Transfer &t) {
  int64_t first = (int64_t)t.coords[0] * t.map.elementBytes();
  if (first & 15)
    cluster.fault(HazardKind::Misaligned, &warp, &inst,
                  "the innermost coordinate " + std::to_string(t.coords[0]) +
                      " lies at byte " + std::to_string(first) +
                      " of a row; it must be a multiple of 16 bytes");
  if (t.kind == Transfer::TensorLoad)
    return;
  for (uint32_t i = 0; i < t.map.rank; ++i)
    if (t.coords[i] < 0)
      cluster.fault(HazardKind::BadOperand, &warp, &inst,
                    "coordinate " + std::to_string(i) + " is " +
                        std::to_string(t.coords[i]) +
                        "; a box that is stored may reach beyond the tensor's "
                        "end but not begin before it");
  if (t.kind != Transfer::TensorReduce)
    return;
  auto op = (AtomicOp)(inst.flags >> 8);
  uint8_t type = t.map.dtype;
  bool half = type == TensorMap::F16 || type == TensorMap::BF16;
  bool real = half || type == TensorMap::F32 || type == TensorMap::F64;
  bool ordered = op == Min || op == Max;
  bool fits = op == Add                ? true
              : op == Inc || op == Dec ? type == TensorMap::U32
              : real                   ? half && ordered
                                       : true;
  if (!fits)
    cluster.fault(HazardKind::BadOperand, &warp, &inst,
                  "the tensor map's element type has no such reduction");
}

Step tensorCopy(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  bool load = inst.imm == Transfer::TensorLoad;
  uint32_t rank = inst.count;
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    Transfer t;
    t.kind = (Transfer::Kind)inst.imm;
    const Ref *map = load ? r + 2 : r, *coords = map + 2;
    const Ref *sharedRef = load ? r : coords + rank;
    t.map = loadMap(cluster, warp, inst, pairAddress(cluster, warp, map, lane),
                    inst.flags & MapInParam);
    if (t.map.rank != rank)
      cluster.fault(HazardKind::BadOperand, &warp, &inst,
                    "a tensor map of rank " + std::to_string(t.map.rank));
    for (uint32_t i = 0; i < rank; ++i)
      t.coords[i] = (int32_t)laneValue(cluster, warp, coords[i], lane);
    checkCoordinates(cluster, warp, inst, t);
    t.bytes = (uint32_t)t.map.boxBytes();
    setShared(cluster, warp, inst, pairAddress(cluster, warp, sharedRef, lane),
              (uint32_t)t.map.sharedBytes(), 128, t.sharedRank, t.shared);
    if (load) {
      const Ref *bar = coords + rank;
      bindBarrier(cluster, warp, inst, pairAddress(cluster, warp, bar, lane),
                  lane, t);
      if (inst.flags & HasMask)
        t.multicast = (uint32_t)laneValue(cluster, warp, bar[2], lane) & 0xffff;
      if ((inst.flags & HasMask) &&
          (t.multicast == 0 || t.multicast >> cluster.ctas.size()))
        cluster.fault(HazardKind::BadOperand, &warp, &inst,
                      "a multicast mask of " + std::to_string(t.multicast) +
                          " in a cluster of " +
                          std::to_string(cluster.ctas.size()));
      cluster.counters.tmaLoadBytes +=
          (uint64_t)t.bytes *
          (t.multicast ? __builtin_popcount(t.multicast) : 1);
    } else {
      if (t.sharedRank != warp.cta->rank)
        cluster.fault(HazardKind::BadOperand, &warp, &inst,
                      "stores from another CTA's shared memory");
      t.reduction = (uint8_t)(inst.flags >> 8);
      cluster.counters.tmaStoreBytes += t.bytes;
    }
    t.issuer = &warp;
    t.inst = &inst;
    cluster.issue(std::move(t), 1u << lane);
  }
  return Step::Next;
}

// Sources: destination, source, size, [barrier, [mask]].
Step bulkCopy(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  auto kind = (Transfer::Kind)inst.imm;
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    Transfer t;
    t.kind = kind;
    uint64_t to = pairAddress(cluster, warp, r, lane);
    uint64_t from = pairAddress(cluster, warp, r + 2, lane);
    t.bytes = (uint32_t)laneValue(cluster, warp, r[4], lane);
    if (t.bytes == 0 || t.bytes % 16)
      cluster.fault(HazardKind::Misaligned, &warp, &inst,
                    "a size of " + std::to_string(t.bytes) +
                        " bytes; it must be a multiple of 16");
    bool toGlobal =
        kind == Transfer::BulkToGlobal || kind == Transfer::BulkReduce;
    if (kind == Transfer::BulkToShared) {
      setShared(cluster, warp, inst, to, t.bytes, 16, t.sharedRank, t.shared);
      cluster.global(warp, inst, from, t.bytes, false, 16);
      t.global = from;
      cluster.counters.tmaLoadBytes += t.bytes;
    } else if (toGlobal) {
      setShared(cluster, warp, inst, from, t.bytes, 16, t.sharedRank, t.shared);
      cluster.global(warp, inst, to, t.bytes, true, 16);
      t.global = to;
      t.reduction = (uint8_t)(inst.flags >> 8);
      t.reduceType = (uint8_t)(inst.flags >> 16);
      cluster.counters.tmaStoreBytes += t.bytes;
    } else {
      setShared(cluster, warp, inst, from, t.bytes, 16, t.sharedRank, t.shared);
      setShared(cluster, warp, inst, to, t.bytes, 16, t.targetRank, t.target);
      if (t.sharedRank != warp.cta->rank)
        cluster.fault(HazardKind::BadOperand, &warp, &inst,
                      "copies from another CTA's shared memory");
      t.reduction = (uint8_t)(inst.flags >> 8);
      t.reduceType = (uint8_t)(inst.flags >> 16);
    }
    if (!toGlobal) {
      bindBarrier(cluster, warp, inst, pairAddress(cluster, warp, r + 5, lane),
                  lane, t);
      if (inst.flags & HasMask)
        t.multicast = (uint32_t)laneValue(cluster, warp, r[7], lane) & 0xffff;
      if (t.multicast >> cluster.ctas.size())
        cluster.fault(HazardKind::BadOperand, &warp, &inst,
                      "the multicast mask names a CTA beyond the cluster");
    }
    t.issuer = &warp;
    t.inst = &inst;
    cluster.issue(std::move(t), 1u << lane);
  }
  return Step::Next;
}

Step commit(Cluster &cluster, Warp &warp, const Inst &, uint32_t mask) {
  for (BulkOp &op : warp.bulkOps)
    if (op.group < 0 && (mask >> op.lane & 1))
      op.group = warp.bulkCommits[op.lane];
  forLanes(mask, [&](uint32_t l) { ++warp.bulkCommits[l]; });
  return Step::Next;
}

/// Groups belong to the thread that committed them.
Step waitGroup(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  int64_t allowed = inst.imm;
  uint64_t newest = warp.bulkRetired;
  bool pending = false;
  for (const BulkOp &op : warp.bulkOps) {
    bool wanted = (mask >> op.lane & 1) && op.group >= 0 &&
                  op.group < warp.bulkCommits[op.lane] - allowed;
    if (!wanted)
      continue;
    if (!op.done)
      pending = true;
    else
      newest = std::max(newest, op.serial + 1);
  }
  if (pending) {
    uint64_t unfinished = 0;
    for (const BulkOp &op : warp.bulkOps)
      unfinished += !op.done;
    Wait &wait = warp.split().wait;
    wait = Wait();
    wait.kind = Wait::BulkGroup;
    wait.b = unfinished;
    return Step::Blocked;
  }
  if (cluster.checking()) {
    uint32_t committed = 0;
    for (uint32_t l = 0; l < 32; ++l)
      committed |= (uint32_t)(warp.bulkCommits[l] > 0) << l;
    if (committed && !(committed & mask))
      cluster.report(HazardKind::BarrierMisuse, &warp, &inst,
                     "waits for bulk groups in threads that committed none; "
                     "the thread that committed them must wait");
    warp.knows.raise(mask, warp.live, warp.bulk, (uint32_t)newest);
    if (!inst.flags) // not .read: the writes are done as well
      warp.knows.raise(mask, warp.live, warp.stores, (uint32_t)newest);
  }
  warp.time = std::max(warp.time, warp.bulkTime);
  while (!warp.bulkOps.empty() && warp.bulkOps.front().done &&
         warp.bulkOps.front().serial < newest) {
    warp.bulkRetired = warp.bulkOps.front().serial + 1;
    warp.bulkOps.pop_front();
  }
  while (!cluster.checking() && !warp.bulkOps.empty() &&
         warp.bulkOps.front().done && warp.bulkOps.front().group >= 0)
    warp.bulkOps.pop_front();
  return Step::Next;
}

Step nothing(Cluster &, Warp &, const Inst &, uint32_t) { return Step::Next; }

void decodeTensor(Decoder &d, bool reduce) {
  Inst &out = *d.out;
  uint32_t rank = 0;
  for (const std::string &part : d.in->parts) {
    if (part.size() == 2 && part[1] == 'd' && part[0] >= '1' && part[0] <= '5')
      rank = part[0] - '0';
    if (part.compare(0, 6, "im2col") == 0 || part == "tile::gather4" ||
        part == "tile::scatter4")
      d.fail("only tile mode is supported");
  }
  if (!rank)
    d.fail("needs a rank from 1d to 5d");
  out.count = (uint8_t)rank;
  bool prefetch = d.has("prefetch");
  bool load = !prefetch && !reduce && d.has("mbarrier::complete_tx::bytes");
  size_t mapAt = load ? 1 : 0;
  const Operand &tensor = d.operand(mapAt);
  if (tensor.kind != Operand::Address || tensor.items.size() != 2 ||
      tensor.items[1].kind != Operand::Vector ||
      tensor.items[1].items.size() != rank)
    d.fail("expected [map, {" + std::to_string(rank) + " coordinates}]");
  out.space = Space::SharedCluster;
  if (load)
    d.addressRefs(d.operand(0));
  const Operand &base = tensor.items[0];
  if (base.kind == Operand::Symbol)
    for (const ptx::Variable &param : d.getFunction().params)
      if (param.name == base.name)
        out.flags |= MapInParam;
  d.addressRefs(tensor);
  for (const Operand &coord : tensor.items[1].items)
    d.src(coord, 32);
  if (prefetch) {
    out.run = nothing;
    return;
  }
  size_t at = mapAt + 1;
  d.addressRefs(d.operand(at++)); // barrier of a load, memory of a store
  if (load && d.has("multicast::cluster")) {
    d.src(at++, 16, false);
    out.flags |= HasMask;
  }
  if (d.has("L2::cache_hint"))
    d.src(at++, 64);
  d.expectOperands(at, at);
  out.imm = load     ? Transfer::TensorLoad
            : reduce ? Transfer::TensorReduce
                     : Transfer::TensorStore;
  if (reduce)
    out.flags |= (uint32_t)atomicOp(d) << 8;
  out.run = tensorCopy;
}
} // namespace

bool dgemm::sim::decodeTMA(Decoder &d) {
  bool reduce = d.is("cp") && d.has("reduce");
  if (!d.is("cp") || !d.has("bulk") || !d.has("tensor"))
    return false;
  decodeTensor(d, reduce);
  return true;
}

bool dgemm::sim::decodeBulk(Decoder &d) {
  if (!d.is("cp") || !d.has("bulk"))
    return false;
  Inst &out = *d.out;
  out.space = Space::SharedCluster;
  if (d.has("commit_group")) {
    out.run = commit;
    return true;
  }
  if (d.has("wait_group")) {
    d.expectOperands(1, 1);
    if (d.operand(0).kind != Operand::Integer)
      d.fail("the count is not an immediate");
    out.imm = (int64_t)(d.operand(0).bits & 0x7fffffff);
    out.flags = d.has("read");
    out.run = waitGroup;
    return true;
  }
  if (d.has("prefetch")) {
    d.addressRefs(d.operand(0));
    out.run = nothing;
    return true;
  }
  bool reduce = d.has("reduce"),
       barrier = d.has("mbarrier::complete_tx::bytes");
  size_t at = 3;
  d.addressRefs(d.operand(0));
  d.addressRefs(d.operand(1));
  d.src(2, 32);
  if (barrier) {
    d.addressRefs(d.operand(at++));
    if (d.has("multicast::cluster")) {
      d.src(at++, 16, false);
      out.flags |= HasMask;
    }
  }
  if (d.has("L2::cache_hint"))
    d.src(at++, 64);
  if (d.has("cp_mask"))
    d.fail("byte masks are not supported");
  d.expectOperands(at, at);
  bool fromGlobal = d.in->parts.size() > 4 && d.in->parts[4] == "global";
  out.imm =
      reduce ? (barrier ? Transfer::BulkReduceToCluster : Transfer::BulkReduce)
      : !barrier   ? Transfer::BulkToGlobal
      : fromGlobal ? Transfer::BulkToShared
                   : Transfer::BulkToCluster;
  if (reduce)
    out.flags |= (uint32_t)atomicOp(d) << 8 | (uint32_t)d.type() << 16;
  out.run = bulkCopy;
  return true;
}
