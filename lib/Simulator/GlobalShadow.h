// Shadow state of global memory: who wrote and read each word last.
#ifndef DGEMM_LIB_SIMULATOR_GLOBALSHADOW_H
#define DGEMM_LIB_SIMULATOR_GLOBALSHADOW_H

#include "Shadow.h"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

namespace dgemm::sim {

/// Inside one cluster accesses are ordered by vector clocks. Accesses of two
/// clusters are ordered by nothing, unless a cluster synchronises through
/// global memory (atomics, acquire, release): its accesses count as ordered
/// then, so that there is no false alarm.
class GlobalShadow {
public:
  struct Access {
    uint64_t cluster = 0;
    bool synchronises = false; // the cluster does, so far
    Accessor who;
  };
  struct Found {
    Conflict conflict;
    bool otherCluster = false;
    uint64_t cluster = 0;
  };

  Found read(uint64_t address, uint64_t size, const Access &access);
  Found write(uint64_t address, uint64_t size, const Access &access);

private:
  static constexpr uint32_t kNobody = ~0u, kMany = ~0u - 1;
  struct Word {
    uint32_t writeCluster = kNobody, writeClock = 0, writeLine = 0;
    uint32_t readCluster = kNobody;
    uint16_t writeAgent = 0;
    uint8_t writeBytes = 0;
    bool writeSynchronises = false, readSynchronises = false;
    // Of one cluster; of more than these the oldest is forgotten.
    struct Reader {
      uint32_t clock = 0, line = 0;
      uint16_t agent = 0;
    } readers[3];
  };
  using Page = std::array<Word, 1024>;
  struct Stripe {
    std::mutex mutex;
    std::unordered_map<uint64_t, std::unique_ptr<Page>> pages;
  };

  template <class F> void forWords(uint64_t address, uint64_t size, F body);
  static void checkWrite(const Word &word, uint8_t bytes, const Access &access,
                         uint64_t address, Found &found);

  std::array<Stripe, 64> stripes;
};

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_GLOBALSHADOW_H
