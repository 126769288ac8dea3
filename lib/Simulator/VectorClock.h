// Vector clocks over the agents of one cluster.
#ifndef DGEMM_LIB_SIMULATOR_VECTORCLOCK_H
#define DGEMM_LIB_SIMULATOR_VECTORCLOCK_H

#include <algorithm>
#include <cstdint>
#include <vector>

namespace dgemm::sim {

/// Entry i is the last step of agent i that is known to have happened. Agents
/// are warps, each warp's tensor core and bulk copies, and each mbarrier (on
/// whose phases TMA writes complete); absent entries are 0.
class VectorClock {
public:
  uint32_t get(uint32_t agent) const {
    return agent < clocks.size() ? clocks[agent] : 0;
  }
  void raise(uint32_t agent, uint32_t value) {
    if (agent >= clocks.size())
      clocks.resize(agent + 1, 0);
    clocks[agent] = std::max(clocks[agent], value);
  }
  void join(const VectorClock &other) {
    if (other.clocks.size() > clocks.size())
      clocks.resize(other.clocks.size(), 0);
    for (size_t i = 0; i < other.clocks.size(); ++i)
      clocks[i] = std::max(clocks[i], other.clocks[i]);
  }
  void lower(uint32_t agent, uint32_t value) {
    if (agent < clocks.size())
      clocks[agent] = std::min(clocks[agent], value);
  }

private:
  std::vector<uint32_t> clocks;
};

/// What an agent knows: accesses that happened before, those generic writes
/// that a proxy fence has made visible to the async proxy, and those generic
/// reads that have surely got their value (see WarpKnowledge::settle).
struct Knowledge {
  VectorClock seen, fenced, settled;
  void join(const Knowledge &other) {
    seen.join(other.seen);
    fenced.join(other.fenced);
    settled.join(other.settled);
  }
};

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_VECTORCLOCK_H
