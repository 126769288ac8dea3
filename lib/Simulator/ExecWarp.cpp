// Communication inside a warp: shfl, vote, elect, match, redux, warp barriers.
#include "Collective.h"

using namespace dgemm::sim;
using ptx::Type;

namespace {
/// The member mask is the last source and the same in all lanes.
bool members(Cluster &cluster, Warp &warp, const Inst &inst, const Ref &ref,
             uint32_t &mask) {
  uint32_t named = lanes<uint32_t>(cluster, warp, ref)[firstLane(mask)];
  if ((named & mask) != mask)
    cluster.report(HazardKind::WarpDivergence, &warp, &inst,
                   "executed by lanes that its member mask does not name");
  return gather(cluster, warp, inst, named, mask);
}

enum : uint32_t { Up, Down, Bfly, Idx };

Step shfl(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst), *s = r + inst.numDst;
  if (!members(cluster, warp, inst, s[3], mask))
    return Step::Blocked;
  warp.split().wait = Wait();
  const uint32_t *a = lanes<uint32_t>(cluster, warp, s[0]);
  const uint32_t *b = lanes<uint32_t>(cluster, warp, s[1]);
  const uint32_t *c = lanes<uint32_t>(cluster, warp, s[2]);
  uint32_t values[32], valid = 0;
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    uint32_t clamp = c[lane] & 0x1f, segment = c[lane] >> 8 & 0x1f;
    uint32_t high = (lane & segment) | (clamp & ~segment);
    uint32_t low = lane & segment, by = b[lane] & 0x1f;
    int32_t from;
    bool in;
    switch (inst.flags) {
    case Up:
      from = (int32_t)lane - (int32_t)by;
      in = from >= (int32_t)high;
      break;
    case Down:
      from = lane + by;
      in = from <= (int32_t)high;
      break;
    case Bfly:
      from = lane ^ by;
      in = from <= (int32_t)high;
      break;
    default:
      from = (int32_t)(low | (by & ~segment));
      in = from <= (int32_t)high;
      break;
    }
    if (!in)
      from = lane;
    if (!(mask >> from & 1))
      cluster.report(HazardKind::WarpDivergence, &warp, &inst,
                     "lane " + std::to_string(lane) + " reads lane " +
                         std::to_string(from) + ", which does not take part");
    values[lane] = a[from];
    valid |= (uint32_t)in << lane;
  }
  uint32_t *d = lanes<uint32_t>(warp, r[0]);
  forLanes(mask, [&](uint32_t l) { d[l] = values[l]; });
  if (inst.numDst > 1)
    setPredicate(warp, r[1], mask, valid);
  return Step::Next;
}

enum : uint32_t { All, Any, Uni, Ballot };

Step vote(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  if (!members(cluster, warp, inst, r[2], mask))
    return Step::Blocked;
  warp.split().wait = Wait();
  uint32_t value = predicate(cluster, warp, r[1]);
  if (inst.imm)
    value = ~value;
  value &= mask;
  if (inst.flags == Ballot) {
    forLanes(mask, [&](uint32_t l) { setLane(warp, r[0], l, value); });
    return Step::Next;
  }
  bool result = inst.flags == All   ? value == mask
                : inst.flags == Any ? value != 0
                                    : value == mask || value == 0;
  setPredicate(warp, r[0], mask, result ? ~0u : 0);
  return Step::Next;
}

Step elect(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  if (!members(cluster, warp, inst, r[2], mask))
    return Step::Blocked;
  warp.split().wait = Wait();
  uint32_t leader = firstLane(mask);
  forLanes(mask, [&](uint32_t l) { setLane(warp, r[0], l, leader); });
  setPredicate(warp, r[1], mask, 1u << leader);
  return Step::Next;
}

Step redux(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  if (!members(cluster, warp, inst, r[2], mask))
    return Step::Blocked;
  warp.split().wait = Wait();
  const uint32_t *a = lanes<uint32_t>(cluster, warp, r[1]);
  uint32_t value = a[firstLane(mask)];
  for (uint32_t m = mask & (mask - 1); m; m &= m - 1) {
    uint32_t x = a[firstLane(m)];
    switch (inst.flags) {
    case 0:
      value += x;
      break;
    case 1:
      value = std::min(value, x);
      break;
    case 2:
      value = std::max(value, x);
      break;
    case 3:
      value = (uint32_t)std::min((int32_t)value, (int32_t)x);
      break;
    case 4:
      value = (uint32_t)std::max((int32_t)value, (int32_t)x);
      break;
    case 5:
      value &= x;
      break;
    case 6:
      value |= x;
      break;
    default:
      value ^= x;
      break;
    }
  }
  forLanes(mask, [&](uint32_t l) { setLane(warp, r[0], l, value); });
  return Step::Next;
}

Step match(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst), *s = r + inst.numDst;
  if (!members(cluster, warp, inst, s[1], mask))
    return Step::Blocked;
  warp.split().wait = Wait();
  uint32_t same[32];
  bool all = true;
  forLanes(mask, [&](uint32_t l) {
    same[l] = 0;
    forLanes(mask, [&](uint32_t k) {
      same[l] |= (uint32_t)(laneValue(cluster, warp, s[0], l) ==
                            laneValue(cluster, warp, s[0], k))
                 << k;
    });
    all &= same[l] == mask;
  });
  forLanes(mask, [&](uint32_t l) {
    setLane(warp, r[0], l, inst.flags ? (all ? mask : 0) : same[l]);
  });
  if (inst.numDst > 1)
    setPredicate(warp, r[1], mask, all ? ~0u : 0);
  return Step::Next;
}

Step activemask(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref &d = cluster.refs(inst)[0];
  forLanes(mask, [&](uint32_t l) { setLane(warp, d, l, mask); });
  return Step::Next;
}

Step warpBarrier(Cluster &cluster, Warp &warp, const Inst &inst,
                 uint32_t mask) {
  if (!members(cluster, warp, inst, cluster.refs(inst)[0], mask))
    return Step::Blocked;
  warp.split().wait = Wait();
  if (mask == warp.live)
    warp.knows.sync();
  return Step::Next;
}

void pairDst(Decoder &d, unsigned bits) {
  const ptx::Operand &to = d.operand(0);
  if (to.kind == ptx::Operand::Pair) {
    d.dst(to.items[0], bits);
    d.dst(to.items[1], 1);
  } else {
    d.dst(to, bits);
  }
}
} // namespace

bool dgemm::sim::decodeWarp(Decoder &d) {
  Inst &out = *d.out;
  bool sync = d.has("sync");
  if ((d.is("bar") || d.is("barrier")) && d.has("warp")) {
    d.expectOperands(1, 1);
    d.src((size_t)0, 32);
    out.run = warpBarrier;
    return true;
  }
  if (d.is("activemask")) {
    d.expectOperands(1, 1);
    d.dst((size_t)0, 32);
    out.run = activemask;
    return true;
  }
  bool ours = d.is("shfl") || d.is("vote") || d.is("elect") || d.is("redux") ||
              d.is("match");
  if (!ours)
    return false;
  if (!sync)
    d.fail("only the .sync forms are supported");
  if (d.is("shfl")) {
    d.expectOperands(5, 5);
    out.flags = d.has("up")     ? Up
                : d.has("down") ? Down
                : d.has("bfly") ? Bfly
                                : Idx;
    pairDst(d, 32);
    for (size_t i = 1; i <= 4; ++i)
      d.src(i, 32);
    out.run = shfl;
  } else if (d.is("vote")) {
    d.expectOperands(3, 3);
    out.flags = d.has("all")   ? All
                : d.has("any") ? Any
                : d.has("uni") ? Uni
                               : Ballot;
    d.dst((size_t)0, out.flags == Ballot ? 32 : 1);
    d.src(1, 1);
    d.src(2, 32);
    out.imm = d.operand(1).negated;
    out.run = vote;
  } else if (d.is("elect")) {
    d.expectOperands(2, 2);
    if (d.operand(0).kind != ptx::Operand::Pair)
      d.fail("needs a destination pair");
    d.dst(d.operand(0).items[0], 32);
    d.dst(d.operand(0).items[1], 1);
    d.src(1, 32);
    // refs: leader, predicate, mask
    out.run = elect;
  } else if (d.is("redux")) {
    d.expectOperands(3, 3);
    Type type = d.type();
    if (ptx::bitsOf(type) != 32 || ptx::isFloat(type))
      d.fail("is supported for 32-bit integers");
    bool sign = type == Type::S32;
    out.flags = d.has("add")   ? 0
                : d.has("min") ? (sign ? 3 : 1)
                : d.has("max") ? (sign ? 4 : 2)
                : d.has("and") ? 5
                : d.has("or")  ? 6
                               : 7;
    d.dst((size_t)0, 32);
    d.src(1, 32);
    d.src(2, 32);
    out.run = redux;
  } else {
    d.expectOperands(3, 3);
    out.flags = d.has("all");
    pairDst(d, 32);
    d.src(1, ptx::bitsOf(d.type()));
    d.src(2, 32);
    out.run = match;
  }
  return true;
}
