// The simulated device's global memory: regions at simulated addresses.
#ifndef DGEMM_SIMULATOR_MEMORY_H
#define DGEMM_SIMULATOR_MEMORY_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dgemm::sim {

/// Regions are apart from each other by unmapped guard space, so that an
/// address that strays from its buffer is found.
class GlobalMemory {
public:
  struct Region {
    uint64_t base = 0;
    uint64_t size = 0;
    uint8_t *host = nullptr;
    std::string name;
    std::unique_ptr<uint8_t[]> owned;
  };

  /// Allocates `size` zeroed bytes, aligned to 512, and returns the address.
  uint64_t allocate(uint64_t size, const std::string &name);
  /// Makes host memory visible at `base` (often its own address).
  void map(uint64_t base, void *host, uint64_t size, const std::string &name);
  void unmap(uint64_t base);

  /// Host pointer for [address, address + size), or null.
  uint8_t *find(uint64_t address, uint64_t size) const;
  /// The region that holds `address`, or the nearest one below; for messages.
  std::string describe(uint64_t address) const;

  void *data(uint64_t address, uint64_t size) { return find(address, size); }

private:
  std::vector<std::unique_ptr<Region>> regions; // sorted by base
  uint64_t nextBase = 0x700000000000ull;
};

} // namespace dgemm::sim

#endif // DGEMM_SIMULATOR_MEMORY_H
