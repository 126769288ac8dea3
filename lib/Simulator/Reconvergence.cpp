// Finds where the lanes of a divergent branch meet again: the branch's
// immediate post-dominator.
#include "Decode.h"

using namespace dgemm::sim;

void Decoder::computeReconvergence() {
  uint32_t n = (uint32_t)kernel.code.size();
  // Blocks: leaders are targets and what follows a branch or an exit.
  std::vector<bool> leader(n + 1, false);
  leader[0] = true;
  auto isBranch = [&](const ptx::Instruction &inst) {
    return inst.parts[0] == "bra" || inst.parts[0] == "brx";
  };
  auto leaves = [&](const ptx::Instruction &inst) {
    return inst.parts[0] == "ret" || inst.parts[0] == "exit" ||
           inst.parts[0] == "trap";
  };
  for (uint32_t i = 0; i + 1 < n; ++i) {
    const ptx::Instruction &inst = function.body[i];
    if (isBranch(inst)) {
      if (inst.parts[0] == "bra")
        leader[kernel.code[i].target] = true;
      else
        for (uint32_t target : kernel.tables[kernel.code[i].target])
          leader[target] = true;
      leader[i + 1] = true;
    } else if (leaves(inst)) {
      leader[i + 1] = true;
    }
  }
  std::vector<uint32_t> blockOf(n), first;
  for (uint32_t i = 0; i < n; ++i) {
    if (leader[i])
      first.push_back(i);
    blockOf[i] = (uint32_t)first.size() - 1;
  }
  uint32_t blocks = (uint32_t)first.size(), exitBlock = blocks;
  auto lastOf = [&](uint32_t b) {
    return (b + 1 < blocks ? first[b + 1] : n) - 1;
  };
  std::vector<std::vector<uint32_t>> successors(blocks + 1),
      predecessors(blocks + 1);
  auto edge = [&](uint32_t from, uint32_t to) {
    successors[from].push_back(to);
    predecessors[to].push_back(from);
  };
  for (uint32_t b = 0; b < blocks; ++b) {
    uint32_t last = lastOf(b);
    if (last + 1 == n) {
      edge(b, exitBlock);
      continue;
    }
    const ptx::Instruction &inst = function.body[last];
    bool falls = true;
    if (inst.parts[0] == "bra") {
      edge(b, blockOf[kernel.code[last].target]);
      falls = inst.guard >= 0;
    } else if (inst.parts[0] == "brx") {
      for (uint32_t target : kernel.tables[kernel.code[last].target])
        edge(b, blockOf[target]);
      falls = inst.guard >= 0;
    } else if (leaves(inst)) {
      edge(b, exitBlock);
      falls = inst.guard >= 0;
    }
    if (falls)
      edge(b, b + 1);
  }
  // Post-order of the reverse graph from the exit, without recursion.
  std::vector<uint32_t> order, number(blocks + 1, ~0u);
  std::vector<std::pair<uint32_t, size_t>> stack{{exitBlock, 0}};
  std::vector<bool> seen(blocks + 1, false);
  seen[exitBlock] = true;
  while (!stack.empty()) {
    auto &[node, next] = stack.back();
    if (next < predecessors[node].size()) {
      uint32_t p = predecessors[node][next++];
      if (!seen[p]) {
        seen[p] = true;
        stack.push_back({p, 0});
      }
    } else {
      number[node] = (uint32_t)order.size();
      order.push_back(node);
      stack.pop_back();
    }
  }
  std::vector<uint32_t> idom(blocks + 1, ~0u);
  idom[exitBlock] = exitBlock;
  auto intersect = [&](uint32_t a, uint32_t b) {
    while (a != b) {
      while (number[a] < number[b])
        a = idom[a];
      while (number[b] < number[a])
        b = idom[b];
    }
    return a;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = order.size(); i-- > 0;) {
      uint32_t b = order[i];
      if (b == exitBlock)
        continue;
      uint32_t best = ~0u;
      for (uint32_t s : successors[b])
        if (idom[s] != ~0u)
          best = best == ~0u ? s : intersect(best, s);
      if (best != ~0u && idom[b] != best) {
        idom[b] = best;
        changed = true;
      }
    }
  }
  for (uint32_t b = 0; b < blocks; ++b) {
    uint32_t join = idom[b];
    kernel.code[lastOf(b)].reconverge =
        join == ~0u || join == exitBlock ? kNoReconvergence : first[join];
  }
}
