// Issues wgmma operations and tracks the registers they own.
#include "Collective.h"
#include "Wgmma.h"

using namespace dgemm::sim;
using ptx::Operand;
using ptx::Type;

namespace {
std::string rowName(Cluster &cluster, uint32_t row) {
  return cluster.kernel.rowNames[row];
}

/// The accumulators and A fragments of a wgmma against what was done to them.
void checkOwnRegisters(Cluster &cluster, Warp &warp, const Inst &inst,
                       bool accumulate) {
  const Ref *r = cluster.refs(inst);
  WgmmaShape shape = WgmmaShape::unpack(inst.flags);
  bool fence = false, unwritten = false, foreign = false;
  uint32_t fenceRow = 0, unwrittenRow = 0, foreignRow = 0;
  auto look = [&](const Ref &ref, bool isAccumulator) {
    if (ref.constant)
      return;
    if (warp.fenceStep == 0 || warp.touched[ref.row] > warp.fenceStep) {
      fence = true;
      fenceRow = ref.row;
    }
    bool reads = !isAccumulator || accumulate;
    if (reads && warp.written[ref.row] != ~0u) {
      unwritten = true;
      unwrittenRow = ref.row;
    }
    if (warp.inFlight[ref.row]) {
      // Chains of one shape on the same accumulators need no wait.
      const Inst &other = cluster.kernel.code[warp.owner[ref.row]];
      bool sameShape = isAccumulator &&
                       WgmmaShape::unpack(other.flags).n == shape.n &&
                       warp.rowRole[ref.row] == Warp::Accumulator;
      bool bothRead = !isAccumulator && warp.rowRole[ref.row] == Warp::Fragment;
      if (!sameShape && !bothRead) {
        foreign = true;
        foreignRow = ref.row;
      }
    }
  };
  for (uint32_t i = 0; i < inst.numDst; ++i)
    look(r[i], true);
  if (shape.registersA)
    for (uint32_t i = 0; i < 4; ++i)
      look(r[inst.numDst + i], false);
  if (fence)
    cluster.report(HazardKind::MissingWgmmaFence, &warp, &inst,
                   "register " + rowName(cluster, fenceRow) +
                       " was touched by an ordinary instruction with no "
                       "wgmma.fence since; put one before this wgmma");
  if (unwritten)
    cluster.report(HazardKind::Uninitialized, &warp, &inst,
                   "register " + rowName(cluster, unwrittenRow) +
                       " was never written; use scale-d = 0 on the first step "
                       "or initialise it");
  if (foreign)
    cluster.report(HazardKind::AccumulatorInFlight, &warp, &inst,
                   "register " + rowName(cluster, foreignRow) +
                       " still belongs to a wgmma of another shape or role; "
                       "wait for it first");
}

Step issue(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  if (!gatherWarp(cluster, warp, inst, mask))
    return Step::Blocked;
  Cta &cta = *warp.cta;
  if (warp.live != ~0u || (warp.index | 3) >= cta.warps.size())
    cluster.fault(HazardKind::WarpDivergence, &warp, &inst,
                  "needs four complete warps");
  Warpgroup &group = cta.warpgroups[warp.index / 4];
  WgmmaShape shape = WgmmaShape::unpack(inst.flags);
  const Ref *r = cluster.refs(inst);
  const Ref *s = r + inst.numDst;
  uint32_t a = shape.registersA ? 4 : 1;
  auto uniform = [&](const Ref &ref) {
    const uint64_t *v = lanes<uint64_t>(cluster, warp, ref);
    for (uint32_t l = 1; l < 32; ++l)
      if (v[l] != v[0]) {
        cluster.report(HazardKind::BadOperand, &warp, &inst,
                       "the lanes of the warp hold different descriptors");
        break;
      }
    return v[0];
  };
  uint64_t descA = shape.registersA ? 0 : uniform(s[0]);
  uint64_t descB = uniform(s[a]);
  uint32_t scale = predicate(cluster, warp, s[a + 1]);
  if (scale != 0 && scale != ~0u)
    cluster.report(HazardKind::BadOperand, &warp, &inst,
                   "the lanes of the warp hold different scale-d predicates");
  bool accumulate = scale & 1;
  if (cluster.checking())
    checkOwnRegisters(cluster, warp, inst, accumulate);

  uint64_t serial = warp.wgmmaIssued++;
  uint64_t at = serial - group.finished;
  if (at >= group.ops.size()) {
    group.ops.emplace_back();
    WgmmaOp &op = group.ops.back();
    op.inst = &inst;
    op.descA = descA;
    op.descB = descB;
    op.scaleD = accumulate;
  }
  WgmmaOp &op = group.ops[at];
  uint32_t member = warp.index % 4;
  if (op.inst != &inst)
    cluster.fault(HazardKind::WarpDivergence, &warp, &inst,
                  "the other warps of the warpgroup are at the wgmma of line " +
                      std::to_string(op.inst->line));
  if (op.descA != descA || op.descB != descB || op.scaleD != accumulate)
    cluster.report(HazardKind::BadOperand, &warp, &inst,
                   "the warps of the warpgroup disagree about descriptors or "
                   "scale-d");
  op.joined |= 1u << member;
  if (cluster.checking())
    op.knows[member] = warp.knows.release(mask);
  warp.knows.advance();
  op.readyTime = std::max(op.readyTime, warp.time);
  if (op.joined == 15) {
    uint64_t &free = cluster.tensorFree[cta.rank];
    op.issueTime = op.readyTime;
    op.readyTime = std::max(free, op.readyTime + 8) + shape.n / 2;
    free = op.readyTime;
    op.readyTime += 20;
    ++cluster.counters.wgmmaOperations;
    cluster.counters.wgmmaMacs +=
        (uint64_t)64 * shape.n * (32 / bytesOf(shape.a));
  }
  // The registers belong to the tensor core until the wait.
  std::vector<uint32_t> rows;
  uint32_t self = (uint32_t)(&inst - cluster.kernel.code.data());
  auto own = [&](const Ref &ref, Warp::RowRole role) {
    if (ref.constant)
      return;
    warp.inFlight[ref.row] = serial + 1;
    warp.owner[ref.row] = self;
    warp.rowRole[ref.row] = role;
    rows.push_back(ref.row);
  };
  for (uint32_t i = 0; i < inst.numDst; ++i) {
    own(r[i], Warp::Accumulator);
    warp.written[r[i].row] = ~0u;
  }
  if (shape.registersA)
    for (uint32_t i = 0; i < 4; ++i)
      own(s[i], Warp::Fragment);
  warp.wgmmaRows.push_back(std::move(rows));
  warp.anyInFlight = true;
  cluster.progressed();
  return Step::Next;
}

Step fence(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  if (!gatherWarp(cluster, warp, inst, mask))
    return Step::Blocked;
  warp.fenceStep = warp.step;
  return Step::Next;
}

Step commit(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  if (!gatherWarp(cluster, warp, inst, mask))
    return Step::Blocked;
  warp.wgmmaGroups.push_back(warp.wgmmaIssued);
  return Step::Next;
}

Step wait(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  if (!gatherWarp(cluster, warp, inst, mask))
    return Step::Blocked;
  size_t keep = (size_t)inst.imm, groups = warp.wgmmaGroups.size();
  if (groups <= keep)
    return Step::Next;
  uint64_t until = warp.wgmmaGroups[groups - keep - 1];
  Warpgroup &group = warp.cta->warpgroups[warp.index / 4];
  if (group.finished < until) {
    Wait &wait = warp.split().wait;
    wait = Wait();
    wait.kind = Wait::WgmmaGroup;
    wait.b = until;
    return Step::Blocked;
  }
  warp.time = std::max(warp.time, group.lastTime);
  warp.wgmmaGroups.erase(warp.wgmmaGroups.begin(),
                         warp.wgmmaGroups.begin() + (groups - keep));
  while (warp.wgmmaRetired < until) {
    ++warp.wgmmaRetired;
    for (uint32_t row : warp.wgmmaRows.front())
      if (warp.inFlight[row] == warp.wgmmaRetired)
        warp.inFlight[row] = 0;
    warp.wgmmaRows.pop_front();
  }
  warp.anyInFlight = !warp.wgmmaRows.empty();
  warp.knows.raise(mask, warp.live, warp.tensor, (uint32_t)until);
  if (!cluster.device.options.strict)
    warp.knows.settle(mask, warp.live);
  return Step::Next;
}

MmaType mmaType(Decoder &d, Type type) {
  switch (type) {
  case Type::E4M3:
    return MmaType::E4M3;
  case Type::E5M2:
    return MmaType::E5M2;
  case Type::F16:
    return MmaType::F16;
  case Type::BF16:
    return MmaType::BF16;
  default:
    d.fail("this input type is not supported");
  }
}

bool immediate(Decoder &d, size_t i, int64_t low, int64_t high,
               int64_t &value) {
  const Operand &operand = d.operand(i);
  if (operand.kind != Operand::Integer)
    return false;
  value = (int64_t)operand.bits;
  if (value < low || value > high)
    d.fail("operand " + std::to_string(i + 1) + " is " + std::to_string(value));
  return true;
}

void decodeMma(Decoder &d) {
  Inst &out = *d.out;
  WgmmaShape shape{};
  shape.a = mmaType(d, d.type(1));
  shape.b = mmaType(d, d.type(0));
  Type accumulator = d.type(2);
  if (accumulator != Type::F32 && accumulator != Type::F16)
    d.fail("the accumulator is f32 or f16");
  shape.half = accumulator == Type::F16;
  if (bytesOf(shape.a) != bytesOf(shape.b) ||
      (bytesOf(shape.a) == 2 && shape.a != shape.b))
    d.fail("the input types do not go together");
  uint32_t m = 0, n = 0, k = 0;
  for (const std::string &part : d.in->parts)
    if (sscanf(part.c_str(), "m%un%uk%u", &m, &n, &k) == 3)
      break;
  if (m != 64 || n < 8 || n > 256 || n % 8 || k != 32 / bytesOf(shape.a))
    d.fail("the shape is not m64nNk" + std::to_string(32 / bytesOf(shape.a)) +
           " with N from 8 to 256");
  shape.n = n;
  const Operand &result = d.operand(0), &a = d.operand(1);
  size_t registers = n / (shape.half ? 4 : 2);
  if (result.kind != Operand::Vector || result.items.size() != registers)
    d.fail("the accumulator needs " + std::to_string(registers) + " registers");
  for (const Operand &item : result.items)
    d.dst(item, 32);
  shape.registersA = a.kind == Operand::Vector;
  if (shape.registersA) {
    if (a.items.size() != 4)
      d.fail("the A fragment needs 4 registers");
    for (const Operand &item : a.items)
      d.src(item, 32);
  } else {
    d.src(a, 64);
  }
  d.src(2, 64);
  d.src(3, 1);
  int64_t value;
  if (immediate(d, 4, -1, 1, value))
    shape.negateA = value < 0;
  if (immediate(d, 5, -1, 1, value))
    shape.negateB = value < 0;
  size_t at = 6;
  if (bytesOf(shape.a) == 2) {
    if (!shape.registersA && immediate(d, at++, 0, 1, value))
      shape.transposeA = value;
    if (immediate(d, at++, 0, 1, value))
      shape.transposeB = value;
  }
  d.expectOperands(at, at);
  out.flags = shape.pack();
  out.accumulates = true;
  out.run = issue;
}
} // namespace

bool dgemm::sim::decodeWgmma(Decoder &d) {
  if (!d.is("wgmma"))
    return false;
  Inst &out = *d.out;
  if (d.has("mma_async")) {
    if (d.has("sp"))
      d.fail("sparse operands are not supported");
    decodeMma(d);
  } else if (d.has("fence")) {
    out.run = fence;
  } else if (d.has("commit_group")) {
    out.run = commit;
  } else if (d.has("wait_group")) {
    if (!immediate(d, 0, 0, 1 << 20, out.imm))
      d.fail("the count is not an immediate");
    out.run = wait;
  } else {
    d.fail("unknown operation");
  }
  return true;
}
