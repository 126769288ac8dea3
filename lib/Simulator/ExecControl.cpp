// Control flow: branches and reconvergence, exits, register reallocation.
#include "Collective.h"

using namespace dgemm::sim;
using ptx::Operand;

static int newSplit(Warp &warp) {
  for (size_t i = 0; i < warp.splits.size(); ++i)
    if (!warp.splits[i].used) {
      warp.splits[i] = Split();
      warp.splits[i].used = true;
      return (int)i;
    }
  warp.splits.emplace_back();
  warp.splits.back().used = true;
  return (int)warp.splits.size() - 1;
}

void dgemm::sim::leaveSplit(Warp &warp, int split) {
  while (split >= 0) {
    int parent = warp.splits[split].parent;
    warp.splits[split].used = false;
    if (parent < 0)
      return;
    Split &p = warp.splits[parent];
    if (--p.children)
      return;
    p.mask &= warp.live;
    p.wait = Wait();
    // The parent sleeps at its own next instruction, unless nothing is left
    // of it or that is where it joins in turn.
    if (p.mask && p.pc != p.reconverge)
      return;
    split = parent;
  }
}

void dgemm::sim::diverge(Warp &warp, const Inst &inst, uint32_t taken,
                         uint32_t target, uint32_t next) {
  int index = warp.current;
  uint32_t join = inst.reconverge;
  uint32_t rest = warp.splits[index].mask & ~taken;
  if (join == kNoReconvergence || join == warp.splits[index].reconverge) {
    // They part for good, or meet where this split ends anyway.
    int other = newSplit(warp);
    Split &a = warp.splits[index], &b = warp.splits[other];
    b.pc = target;
    b.mask = taken;
    b.parent = a.parent;
    b.reconverge = a.reconverge;
    if (a.parent >= 0)
      ++warp.splits[a.parent].children;
    a.pc = next;
    a.mask = rest;
    if (b.pc == b.reconverge)
      leaveSplit(warp, other);
    return; // the caller sees whether `a` has arrived
  }
  int first = newSplit(warp), second = newSplit(warp);
  Split &parent = warp.splits[index];
  parent.pc = join;
  parent.children = 2;
  parent.wait = Wait();
  parent.wait.kind = Wait::Children;
  Split &a = warp.splits[first], &b = warp.splits[second];
  a.pc = next;
  a.mask = rest;
  b.pc = target;
  b.mask = taken;
  a.parent = b.parent = index;
  a.reconverge = b.reconverge = join;
  bool aDone = a.pc == join, bDone = b.pc == join;
  warp.current = aDone ? second : first;
  if (aDone)
    leaveSplit(warp, first);
  if (bDone)
    leaveSplit(warp, second);
}

bool dgemm::sim::gather(Cluster &cluster, Warp &warp, const Inst &inst,
                        uint32_t members, uint32_t &mask) {
  uint32_t wanted = members & warp.live;
  if ((mask & wanted) == wanted)
    return true;
  Split &self = warp.split();
  for (size_t i = 0; i < warp.splits.size(); ++i) {
    Split &other = warp.splits[i];
    if (!other.used || &other == &self || other.pc != self.pc ||
        other.wait.kind != Wait::Lanes || other.parent != self.parent ||
        other.reconverge != self.reconverge)
      continue;
    self.mask |= other.mask;
    mask |= other.mask;
    if (other.parent >= 0)
      --warp.splits[other.parent].children;
    other.used = false;
  }
  if ((mask & wanted) == wanted)
    return true;
  self.wait = Wait();
  self.wait.kind = Wait::Lanes;
  self.wait.a = wanted;
  return false;
}

namespace {
Step branch(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  Split &split = warp.split();
  if (mask == split.mask) {
    split.pc = inst.target;
    return Step::Jumped;
  }
  diverge(warp, inst, mask, inst.target, split.pc + 1);
  return Step::Jumped;
}

Step branchIndexed(Cluster &cluster, Warp &warp, const Inst &inst,
                   uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  const uint32_t *index = lanes<uint32_t>(cluster, warp, r[0]);
  const std::vector<uint32_t> &table = cluster.kernel.tables[inst.target];
  uint32_t first = index[firstLane(mask)], same = 0;
  forLanes(mask,
           [&](uint32_t l) { same |= (uint32_t)(index[l] == first) << l; });
  if (first >= table.size())
    cluster.fault(HazardKind::OutOfBounds, &warp, &inst,
                  "index " + std::to_string(first) + " of a table of " +
                      std::to_string(table.size()) + " targets");
  Split &split = warp.split();
  if (same == split.mask) {
    split.pc = table[first];
    return Step::Jumped;
  }
  // Guarded-off lanes go on; the others come back to this instruction.
  if (split.mask != mask)
    cluster.fault(HazardKind::Unsupported, &warp, &inst,
                  "a guard that differs between lanes");
  diverge(warp, inst, same, table[first], split.pc);
  return Step::Jumped;
}

Step leave(Cluster &, Warp &, const Inst &, uint32_t) { return Step::Exited; }

Step trap(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t) {
  cluster.fault(HazardKind::Trap, &warp, &inst, "the kernel trapped");
}

Step nothing(Cluster &, Warp &, const Inst &, uint32_t) { return Step::Next; }

Step setmaxnreg(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  if (!gatherWarp(cluster, warp, inst, mask))
    return Step::Blocked;
  uint32_t want = (uint32_t)inst.imm;
  Cta &cta = *warp.cta;
  bool increase = inst.flags;
  if (increase ? want < warp.registers : want > warp.registers)
    cluster.report(HazardKind::RegisterPool, &warp, &inst,
                   std::string(increase ? "increases" : "decreases") + " to " +
                       std::to_string(want) + " registers but has " +
                       std::to_string(warp.registers));
  int64_t delta = ((int64_t)want - warp.registers) * 32;
  if (delta > cta.freeRegisters) {
    warp.split().wait = Wait();
    warp.split().wait.kind = Wait::RegisterPool;
    warp.split().wait.a = want;
    return Step::Blocked;
  }
  cta.freeRegisters -= delta;
  warp.registers = want;
  warp.split().wait = Wait();
  cluster.progressed();
  return Step::Next;
}
} // namespace

bool dgemm::sim::decodeControl(Decoder &d) {
  Inst &out = *d.out;
  if (d.is("bra")) {
    d.expectOperands(1, 1);
    if (d.operand(0).kind != Operand::Label)
      d.fail("the target is not a label");
    out.target = d.operand(0).reg;
    out.run = branch;
    return true;
  }
  if (d.is("brx")) {
    d.expectOperands(2, 2);
    d.src((size_t)0, 32);
    auto it = d.getFunction().branchTables.find(d.operand(1).name);
    if (it == d.getFunction().branchTables.end())
      d.fail("'" + d.operand(1).name + "' is not a table of targets");
    out.target = d.addTable(it->second);
    out.run = branchIndexed;
    return true;
  }
  if (d.is("ret") || d.is("exit")) {
    out.run = leave;
    return true;
  }
  if (d.is("trap") || d.is("brkpt")) {
    out.run = trap;
    return true;
  }
  if (d.is("setmaxnreg")) {
    d.expectOperands(1, 1);
    const Operand &count = d.operand(0);
    if (count.kind != Operand::Integer || count.bits < 24 || count.bits > 256 ||
        count.bits % 8)
      d.fail("the count is not a multiple of 8 from 24 to 256");
    out.imm = (int64_t)count.bits;
    out.flags = d.has("inc");
    if (!d.has("inc") && !d.has("dec"))
      d.fail("needs .inc or .dec");
    out.run = setmaxnreg;
    return true;
  }
  if (d.is("nanosleep") || d.is("griddepcontrol") || d.is("pmevent")) {
    out.run = nothing;
    return true;
  }
  return false;
}
