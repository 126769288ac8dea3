// Shadow state of global memory: who wrote and read each word last.
#include "GlobalShadow.h"

using namespace dgemm::sim;

template <class F>
void GlobalShadow::forWords(uint64_t address, uint64_t size, F body) {
  uint64_t end = address + size;
  while (address < end) {
    uint64_t page = address >> 12;
    Stripe &stripe = stripes[page % stripes.size()];
    std::lock_guard<std::mutex> lock(stripe.mutex);
    std::unique_ptr<Page> &words = stripe.pages[page];
    if (!words)
      words = std::make_unique<Page>();
    uint64_t last = std::min(end, (page + 1) << 12);
    while (address < last) {
      uint32_t first = address & 3;
      uint32_t count = (uint32_t)std::min<uint64_t>(4 - first, last - address);
      body((*words)[address >> 2 & 1023],
           (uint8_t)(((1u << count) - 1) << first), address);
      address += count;
    }
  }
}

void GlobalShadow::checkWrite(const Word &word, uint8_t bytes,
                              const Access &access, uint64_t address,
                              Found &found) {
  if (found.conflict.kind || word.writeCluster == kNobody ||
      !(word.writeBytes & bytes))
    return;
  bool race;
  if (word.writeCluster != access.cluster)
    race = !word.writeSynchronises && !access.synchronises;
  else
    race = word.writeClock > access.who.knows->seen.get(word.writeAgent);
  if (!race)
    return;
  found.conflict = {Conflict::Race,
                    (uint32_t)(address & 0xffffffffu),
                    word.writeAgent,
                    word.writeLine,
                    true,
                    false};
  found.otherCluster = word.writeCluster != access.cluster;
  found.cluster = word.writeCluster;
}

GlobalShadow::Found GlobalShadow::read(uint64_t address, uint64_t size,
                                       const Access &access) {
  Found found;
  forWords(address, size, [&](Word &word, uint8_t bytes, uint64_t at) {
    checkWrite(word, bytes, access, at, found);
    uint32_t cluster = (uint32_t)access.cluster;
    if (word.readCluster == kNobody) {
      word.readCluster = cluster;
    } else if (word.readCluster != cluster) {
      word.readCluster = kMany;
    }
    // The latest comes first; an agent is listed once.
    size_t slot = 0;
    while (slot < 2 && word.readers[slot].agent != access.who.agent)
      ++slot;
    for (; slot > 0; --slot)
      word.readers[slot] = word.readers[slot - 1];
    word.readers[0] = {access.who.clock, access.who.line,
                       (uint16_t)access.who.agent};
    word.readSynchronises |= access.synchronises;
  });
  return found;
}

GlobalShadow::Found GlobalShadow::write(uint64_t address, uint64_t size,
                                        const Access &access) {
  Found found;
  forWords(address, size, [&](Word &word, uint8_t bytes, uint64_t at) {
    checkWrite(word, bytes, access, at, found);
    if (!found.conflict.kind && word.readCluster != kNobody) {
      bool other = word.readCluster != access.cluster;
      bool ordered = word.readSynchronises || access.synchronises;
      for (const Word::Reader &reader : word.readers) {
        bool race =
            other ? !ordered
                  : reader.clock > access.who.knows->seen.get(reader.agent);
        if (!race)
          continue;
        found.conflict = {Conflict::Race, (uint32_t)(at & 0xffffffffu),
                          reader.agent,   reader.line,
                          false,          false};
        found.otherCluster = other;
        found.cluster = word.readCluster;
        break;
      }
    }
    bool merge = word.writeCluster == access.cluster &&
                 word.writeAgent == access.who.agent &&
                 word.writeClock == access.who.clock;
    word.writeBytes = (uint8_t)((merge ? word.writeBytes : 0) | bytes);
    word.writeCluster = (uint32_t)access.cluster;
    word.writeAgent = (uint16_t)access.who.agent;
    word.writeClock = access.who.clock;
    word.writeLine = access.who.line;
    word.writeSynchronises = access.synchronises;
    if (bytes == 0xf) {
      word.readCluster = kNobody;
      word.readSynchronises = false;
      for (Word::Reader &reader : word.readers)
        reader = Word::Reader();
    }
  });
  return found;
}
