// Shadow state of a CTA's shared memory: who wrote and read each word last.
#ifndef DGEMM_LIB_SIMULATOR_SHADOW_H
#define DGEMM_LIB_SIMULATOR_SHADOW_H

#include "VectorClock.h"

#include <string>
#include <unordered_map>

namespace dgemm::sim {

/// One side of an access, as the race detector sees it.
struct Accessor {
  uint32_t agent = 0;
  uint32_t clock = 0;
  const Knowledge *knows = nullptr;
  bool async = false;   // through the async proxy
  uint32_t line = 0;    // of the PTX instruction
  uint32_t lane = 32;   // 32: not one lane
  uint32_t ordered = 0; // own clock up to which other lanes are ordered
};

struct Conflict {
  enum Kind : uint8_t { None, Race, NoProxyFence, Lanes, LateRead } kind = None;
  uint32_t offset = 0;
  uint32_t agent = 0, line = 0; // of the earlier access
  bool earlierWrote = false, earlierAsync = false;
};

class Shadow {
public:
  explicit Shadow(uint32_t bytes) : words((bytes + 3) / 4) {}

  Conflict read(uint32_t offset, uint32_t size, const Accessor &who);
  Conflict write(uint32_t offset, uint32_t size, const Accessor &who);
  /// Forgets accesses, after an mbarrier or an inval takes the bytes over.
  void reset(uint32_t offset, uint32_t size);

private:
  struct Word {
    uint32_t writeClock = 0;
    uint16_t writeAgent = 0;
    uint8_t writeBytes = 0; // which of the 4 bytes; bit 7: async
    uint8_t writeLane = 32;
    uint32_t writeLine = 0;
    uint32_t readers = 0; // index of a reader set
  };
  struct Reader {
    uint16_t agent;
    bool async;
    uint8_t bytes, lane;
    uint32_t clock, line;
  };
  using ReaderSet = std::vector<Reader>;

  uint32_t withReader(uint32_t set, const Reader &reader);
  bool checkWriter(const Word &word, uint8_t bytes, const Accessor &who,
                   Conflict &conflict) const;
  void compact();

  std::vector<Word> words;
  // Set 0 is empty. Tiles share their sets: transitions are remembered.
  std::vector<ReaderSet> sets{ReaderSet()};
  struct Transition {
    uint32_t from = ~0u, to = 0;
    Reader reader{};
  };
  std::vector<Transition> cache = std::vector<Transition>(64);
};

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_SHADOW_H
