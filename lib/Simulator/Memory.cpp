// The simulated device's global memory: regions at simulated addresses.
#include "dgemm/Simulator/Memory.h"

#include <algorithm>

using namespace dgemm::sim;

static bool startsAfter(uint64_t address,
                        const std::unique_ptr<GlobalMemory::Region> &region) {
  return address < region->base;
}

uint64_t GlobalMemory::allocate(uint64_t size, const std::string &name) {
  auto region = std::make_unique<Region>();
  region->owned.reset(new uint8_t[size + 1]());
  region->base = nextBase;
  region->size = size;
  region->host = region->owned.get();
  region->name = name;
  nextBase += ((size + 511) & ~511ull) + (1 << 20);
  uint64_t base = region->base;
  auto it = std::upper_bound(regions.begin(), regions.end(), base, startsAfter);
  regions.insert(it, std::move(region));
  return base;
}

void GlobalMemory::map(uint64_t base, void *host, uint64_t size,
                       const std::string &name) {
  unmap(base);
  auto region = std::make_unique<Region>();
  region->base = base;
  region->size = size;
  region->host = static_cast<uint8_t *>(host);
  region->name = name;
  auto it = std::upper_bound(regions.begin(), regions.end(), base, startsAfter);
  regions.insert(it, std::move(region));
}

void GlobalMemory::unmap(uint64_t base) {
  regions.erase(std::remove_if(regions.begin(), regions.end(),
                               [&](const std::unique_ptr<Region> &region) {
                                 return region->base == base;
                               }),
                regions.end());
}

uint8_t *GlobalMemory::find(uint64_t address, uint64_t size) const {
  auto it =
      std::upper_bound(regions.begin(), regions.end(), address, startsAfter);
  if (it == regions.begin())
    return nullptr;
  const Region &region = **--it;
  uint64_t offset = address - region.base;
  if (offset > region.size || size > region.size - offset)
    return nullptr;
  return region.host + offset;
}

std::string GlobalMemory::describe(uint64_t address) const {
  auto it =
      std::upper_bound(regions.begin(), regions.end(), address, startsAfter);
  if (it == regions.begin())
    return "no buffer below it";
  const Region &region = **--it;
  uint64_t offset = address - region.base;
  if (offset < region.size)
    return "byte " + std::to_string(offset) + " of '" + region.name + "' (" +
           std::to_string(region.size) + " bytes)";
  return std::to_string(offset - region.size) + " bytes behind the end of '" +
         region.name + "' (" + std::to_string(region.size) + " bytes)";
}
