// What a launch asks of the L2 cache, and which sectors of memory it touches.
#ifndef DGEMM_LIB_SIMULATOR_TRAFFIC_H
#define DGEMM_LIB_SIMULATOR_TRAFFIC_H

#include <cstdint>
#include <unordered_map>

namespace dgemm::sim {

/// The 32-byte sectors of global memory, by page.
class Sectors {
public:
  /// Adds a range; returns how many sectors it lies in.
  uint64_t add(uint64_t address, uint64_t bytes) {
    if (!bytes)
      return 0;
    uint64_t first = address >> 5, last = (address + bytes - 1) >> 5;
    for (uint64_t sector = first; sector <= last; ++sector) {
      if (sector >> 7 != pageNumber || !page) {
        pageNumber = sector >> 7;
        page = &pages[pageNumber];
      }
      page->bits[sector >> 6 & 1] |= 1ull << (sector & 63);
    }
    return last - first + 1;
  }
  void merge(const Sectors &other) {
    for (const auto &[number, from] : other.pages)
      for (int i = 0; i < 2; ++i)
        pages[number].bits[i] |= from.bits[i];
  }
  uint64_t count() const {
    uint64_t sectors = 0;
    for (const auto &[number, page] : pages)
      sectors += (uint64_t)__builtin_popcountll(page.bits[0]) +
                 (uint64_t)__builtin_popcountll(page.bits[1]);
    return sectors;
  }

private:
  struct Page {
    uint64_t bits[2] = {0, 0};
  };
  std::unordered_map<uint64_t, Page> pages;
  uint64_t pageNumber = 0; // the last one
  Page *page = nullptr;
};

struct Traffic {
  Sectors read, written;
  uint64_t sectorsRead = 0, sectorsWritten = 0; // requests, repeats included
  void load(uint64_t address, uint64_t bytes) {
    sectorsRead += read.add(address, bytes);
  }
  void store(uint64_t address, uint64_t bytes) {
    sectorsWritten += written.add(address, bytes);
  }
  void merge(const Traffic &other) {
    read.merge(other.read);
    written.merge(other.written);
    sectorsRead += other.sectorsRead;
    sectorsWritten += other.sectorsWritten;
  }
};

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_TRAFFIC_H
