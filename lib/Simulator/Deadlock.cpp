// Describes a cluster that cannot go on: every barrier and every warp.
#include "Machine.h"

using namespace dgemm::sim;

static std::string describeWait(const Cluster &cluster, const Warp &warp,
                                const Split &split) {
  const Wait &wait = split.wait;
  auto number = [](uint64_t v) { return std::to_string(v); };
  switch (wait.kind) {
  case Wait::None:
  case Wait::Sleep:
    return "is running (polling?)";
  case Wait::Children:
    return "waits for its diverged lanes";
  case Wait::Lanes: {
    char text[96];
    snprintf(text, sizeof(text), "has lanes %08x but needs %08x to arrive",
             split.mask, wait.a);
    return text;
  }
  case Wait::NamedBarrier:
    return "waits at CTA barrier " + number(wait.a);
  case Wait::ClusterBarrier:
    return "waits at the cluster barrier";
  case Wait::MBarrier:
    return "waits for phase " + number(wait.c) + " of mbarrier " +
           cluster.sharedName((uint32_t)wait.b) + " of CTA " + number(wait.a);
  case Wait::WgmmaGroup: {
    const Warpgroup &group = warp.cta->warpgroups[warp.index / 4];
    if (group.ops.empty())
      return "waits for its wgmma groups";
    const WgmmaOp &op = group.ops.front();
    std::string text = "waits for the wgmma of line " + number(op.inst->line) +
                       ", which only warps";
    for (uint32_t w = 0; w < 4; ++w)
      if (op.joined >> w & 1)
        text += " " + number(warp.index / 4 * 4 + w);
    return text + " have reached";
  }
  case Wait::BulkGroup:
    return "waits for its bulk groups";
  case Wait::RegisterPool:
    return "wants " + number(wait.a) + " registers per thread, has " +
           number(warp.registers) + "; " +
           number((uint64_t)warp.cta->freeRegisters) +
           " registers are free in the CTA's pool";
  }
  return "";
}

std::string Cluster::stateDump() const {
  std::string text;
  for (const auto &cta : ctas) {
    const Dim3 &id = cta->id;
    text += "  block (" + std::to_string(id.x) + "," + std::to_string(id.y) +
            "," + std::to_string(id.z) + "), CTA " + std::to_string(cta->rank) +
            " of its cluster\n";
    for (const auto &[offset, bar] : cta->barriers) {
      text += "    mbarrier " + sharedName(offset) + " (init line " +
              std::to_string(bar.line) + "): phase " +
              std::to_string(bar.phase) + ", waits for " +
              std::to_string(bar.pending) + " of " +
              std::to_string(bar.expected) + " arrivals";
      if (bar.transactions || bar.inFlightBytes)
        text += ", " + std::to_string(bar.transactions) +
                " transaction bytes to come, " +
                std::to_string(bar.inFlightBytes) + " in flight";
      text += "\n";
    }
    for (int i = 0; i < 16; ++i) {
      const NamedBarrier &bar = cta->named[i];
      if (!bar.arrived)
        continue;
      text += "    CTA barrier " + std::to_string(i) + ": " +
              std::to_string(bar.arrived) + " of " +
              (bar.expected ? std::to_string(bar.expected) : "all") +
              " threads arrived, warps";
      for (int w = 0; w < 32; ++w)
        if (bar.warps >> w & 1)
          text += " " + std::to_string(w);
      text += "\n";
    }
    for (const auto &warp : cta->warps) {
      if (!warp->live)
        continue;
      for (const Split &split : warp->splits) {
        if (!split.used || split.wait.kind == Wait::Children)
          continue;
        const Inst &inst = kernel.code[split.pc];
        char lanes[16];
        snprintf(lanes, sizeof(lanes), "%08x", split.mask);
        text += "    warp " + std::to_string(warp->index);
        if (split.mask != ~0u)
          text += std::string(" lanes ") + lanes;
        text += " at line " + std::to_string(inst.line) + " (" +
                kernel.opcodes[inst.opcode] + ") " +
                describeWait(*this, *warp, split) + "\n";
      }
    }
    bool gone = cta->liveWarps == 0;
    if (gone)
      text += "    all warps have exited\n";
  }
  if (clusterArrived)
    text += "  cluster barrier: " + std::to_string(clusterArrived) +
            " warps arrived\n";
  if (!transfers.empty())
    text += "  " + std::to_string(transfers.size()) +
            " TMA operations are in flight\n";
  if (text.size() > 16000) {
    text.resize(16000);
    text += "\n  ...\n";
  }
  return text;
}

void Cluster::deadlock() {
  // Name the warp that tells most: one that waits for something.
  const Warp *first = nullptr;
  const Inst *inst = nullptr;
  bool lanesOnly = false;
  for (const Warp *warp : warps)
    for (const Split &split : warp->splits) {
      if (!warp->live || !split.used || split.wait.kind == Wait::Children)
        continue;
      bool lanes = split.wait.kind == Wait::Lanes;
      if (!first || (lanes && !lanesOnly)) {
        first = warp;
        inst = &kernel.code[split.pc];
        lanesOnly = lanes;
      }
    }
  if (lanesOnly)
    fault(HazardKind::WarpDivergence, first, inst,
          "the lanes of a warp do not all come to this collective "
          "instruction\n" +
              stateDump());
  fault(HazardKind::Deadlock, first, inst,
        "no warp can go on and no operation is in flight\n" + stateDump());
}
