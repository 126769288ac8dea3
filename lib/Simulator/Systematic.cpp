// Systematic exploration: every interleaving with few preemptions.
//
// Without preemptions a warp runs until it blocks, then the next one that can;
// the engines work only when no warp can run. At each visible instruction
// (memory, barriers, fences, asynchronous operations) a preemption may hand
// over to any other warp or let an engine finish an operation.
#include "Machine.h"
#include "dgemm/Simulator/Explore.h"

using namespace dgemm::sim;

/// Decisions that are remembered per run.
static constexpr size_t kMaxDecisions = 1u << 20;
/// Lines around the one in question.
static constexpr int64_t kNear = 12;

bool Cluster::runSystematic() {
  // The actors that could go on, the present warp first.
  std::vector<Warp *> candidates;
  auto canRun = [&](Warp *warp) {
    if (!warp->live)
      return false;
    for (Split &split : warp->splits)
      if (split.used && ready(*warp, split))
        return true;
    return false;
  };
  if (current && canRun(current))
    candidates.push_back(current);
  for (size_t i = 0; i < warps.size(); ++i) {
    size_t from = current ? current->number + 1 : 0;
    Warp *warp = warps[(from + i) % warps.size()];
    if (warp != current && canRun(warp))
      candidates.push_back(warp);
  }
  std::vector<std::pair<Cta *, uint32_t>> groups;
  for (auto &c : ctas)
    for (uint32_t g = 0; g < c->warpgroups.size(); ++g)
      if (wgmmaReady(*c, g) != ~0ull)
        groups.push_back({c.get(), g});
  size_t choices = candidates.size() + transfers.size() + groups.size();
  if (!choices)
    return false;
  size_t pick = 0;
  uint64_t decision = decisions++;
  if (alternatives.size() < kMaxDecisions) {
    alternatives.push_back((uint8_t)std::min<size_t>(choices, 255));
    int64_t line = 0;
    if (!candidates.empty() && device.options.nearLine)
      for (const Split &split : candidates[0]->splits)
        if (split.used && split.wait.kind == Wait::None)
          line = kernel.code[split.pc].line;
    nearby.push_back(
        line && std::abs(line - (int64_t)device.options.nearLine) <= kNear);
  }
  for (const Preemption &p : device.options.preemptions)
    if (p.decision == decision)
      pick = p.choice % choices;
  if (pick >= candidates.size()) {
    pick -= candidates.size();
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
  current = candidates[pick];
  if (!pickSplit(*current))
    return true;
  // One visible instruction, and the invisible ones behind it.
  do {
    if (!stepSplit(*current))
      return true;
  } while (current->live && !kernel.code[current->split().pc].visible);
  return true;
}

/// Every `n`-th so that `count` remain, in order.
static void thin(std::vector<Preemption> &list, size_t count) {
  if (list.size() <= count)
    return;
  std::vector<Preemption> kept;
  for (size_t i = 0; i < count; ++i)
    kept.push_back(list[i * list.size() / count]);
  list = std::move(kept);
}

/// The single preemptions to try after a run: all, or as many as `room`.
static std::vector<Preemption> singles(const Result &result, uint64_t from,
                                       uint64_t room) {
  std::vector<Preemption> near, far;
  for (uint64_t i = from; i < result.decisions.size(); ++i)
    for (uint32_t choice = 1; choice < result.decisions[i]; ++choice)
      (result.nearby[i] ? near : far).push_back({i, choice});
  if (near.size() + far.size() > room) {
    thin(near, std::max<size_t>(room / 2, room - std::min(room, far.size())));
    thin(far, room - near.size());
  }
  near.insert(near.end(), far.begin(), far.end());
  return near;
}

Exploration dgemm::sim::exploreSystematically(
    Program &program, const Launch &launch, const Options &options,
    unsigned bound, uint64_t maxRuns,
    const std::function<GlobalMemory &()> &prepare,
    const std::function<bool(const Result &)> &accept) {
  Exploration exploration;
  Options run = options;
  run.systematic = true;
  run.threads = 1;
  std::vector<std::vector<Preemption>> open{{}};
  bool complete = true;
  while (!open.empty() && exploration.runs < maxRuns) {
    run.preemptions = std::move(open.back());
    open.pop_back();
    ++exploration.runs;
    Result result = dgemm::sim::run(program, launch, prepare(), run);
    bool good = result.ok() && accept(result);
    exploration.first = std::move(result);
    exploration.preemptions = run.preemptions;
    if (!good)
      return exploration;
    if (run.preemptions.size() >= bound)
      continue;
    // One preemption more, behind the last: each interleaving comes once.
    uint64_t from =
        run.preemptions.empty() ? 0 : run.preemptions.back().decision + 1;
    uint64_t room = maxRuns - exploration.runs;
    room -= std::min<uint64_t>(room, open.size());
    std::vector<Preemption> next = singles(exploration.first, from, room);
    uint64_t all = 0;
    for (uint64_t i = from; i < exploration.first.decisions.size(); ++i)
      all += exploration.first.decisions[i] - 1;
    complete &= next.size() == all;
    for (size_t i = next.size(); i-- > 0;) {
      open.push_back(run.preemptions);
      open.back().push_back(next[i]);
    }
  }
  exploration.complete = complete && open.empty();
  return exploration;
}
