// Shadow state of a CTA's shared memory: who wrote and read each word last.
#include "Shadow.h"

using namespace dgemm::sim;

static constexpr size_t kMaxSets = 1u << 16;
static constexpr uint8_t kNoLane = 32, kManyLanes = 33;

bool Shadow::checkWriter(const Word &word, uint8_t bytes, const Accessor &who,
                         Conflict &conflict) const {
  if (!(word.writeBytes & 0xf & bytes))
    return true;
  bool earlierAsync = word.writeBytes & 0x80;
  conflict.agent = word.writeAgent;
  conflict.line = word.writeLine;
  conflict.earlierWrote = true;
  conflict.earlierAsync = earlierAsync;
  if (word.writeClock > who.knows->seen.get(word.writeAgent)) {
    conflict.kind = Conflict::Race;
    return false;
  }
  if (who.async && !earlierAsync &&
      word.writeClock > who.knows->fenced.get(word.writeAgent)) {
    conflict.kind = Conflict::NoProxyFence;
    return false;
  }
  // Lanes of one warp are ordered by bar.warp.sync only.
  if (word.writeAgent == who.agent && word.writeLane != kNoLane &&
      who.lane != kNoLane && word.writeLane != who.lane &&
      word.writeClock > who.ordered) {
    conflict.kind = Conflict::Lanes;
    return false;
  }
  return true;
}

uint32_t Shadow::withReader(uint32_t set, const Reader &reader) {
  Transition &cached = cache[(set * 7 + reader.lane * 3 + reader.agent) % 64];
  const Reader &l = cached.reader;
  if (cached.from == set && l.agent == reader.agent &&
      l.clock == reader.clock && l.bytes == reader.bytes &&
      l.lane == reader.lane && l.async == reader.async && l.line == reader.line)
    return cached.to;
  uint32_t result = set;
  const ReaderSet &old = sets[set];
  Reader merged = reader;
  bool known = false;
  for (const Reader &r : old) {
    if (r.agent != reader.agent || r.clock != reader.clock)
      continue;
    known |= r.lane == reader.lane && (r.bytes & reader.bytes) == reader.bytes;
    // Several lanes: a conflict with every lane's write.
    if (r.lane != reader.lane)
      merged.lane = kManyLanes;
    known |= r.lane == kManyLanes && (r.bytes & reader.bytes) == reader.bytes;
  }
  if (!known) {
    ReaderSet next;
    for (const Reader &r : old)
      if (r.agent != reader.agent || (r.bytes & ~reader.bytes))
        next.push_back(r);
    next.push_back(merged);
    sets.push_back(std::move(next));
    result = (uint32_t)sets.size() - 1;
  }
  cached = {set, result, reader};
  return result;
}

Conflict Shadow::read(uint32_t offset, uint32_t size, const Accessor &who) {
  Conflict conflict;
  uint32_t first = offset / 4, end = (offset + size + 3) / 4;
  for (uint32_t i = first; i < end; ++i) {
    Word &word = words[i];
    uint8_t bytes = 0xf;
    if (size < 4)
      bytes = (uint8_t)(((1u << size) - 1) << (offset & 3)) & 0xf;
    if (!conflict.kind && !checkWriter(word, bytes, who, conflict))
      conflict.offset = i * 4;
    word.readers =
        withReader(word.readers, {(uint16_t)who.agent, who.async, bytes,
                                  (uint8_t)who.lane, who.clock, who.line});
  }
  if (sets.size() > kMaxSets)
    compact();
  return conflict;
}

Conflict Shadow::write(uint32_t offset, uint32_t size, const Accessor &who) {
  Conflict conflict;
  uint32_t first = offset / 4, end = (offset + size + 3) / 4;
  for (uint32_t i = first; i < end; ++i) {
    Word &word = words[i];
    uint8_t bytes = 0xf;
    if (size < 4)
      bytes = (uint8_t)(((1u << size) - 1) << (offset & 3)) & 0xf;
    if (!conflict.kind && !checkWriter(word, bytes, who, conflict))
      conflict.offset = i * 4;
    if (!conflict.kind)
      for (const Reader &r : sets[word.readers]) {
        if (!(r.bytes & bytes))
          continue;
        bool race = r.clock > who.knows->seen.get(r.agent);
        bool lanes = r.agent == who.agent && r.lane != kNoLane &&
                     who.lane != kNoLane && r.lane != who.lane &&
                     r.clock > who.ordered;
        bool late =
            who.async && !r.async && r.clock > who.knows->settled.get(r.agent);
        if (!race && !lanes && !late)
          continue;
        conflict = {race    ? Conflict::Race
                    : lanes ? Conflict::Lanes
                            : Conflict::LateRead,
                    i * 4,
                    r.agent,
                    r.line,
                    false,
                    r.async};
        break;
      }
    if (bytes == 0xf)
      word.readers = 0;
    bool merge = bytes != 0xf && word.writeAgent == who.agent &&
                 word.writeClock == who.clock;
    word.writeBytes = (uint8_t)((merge ? word.writeBytes & 0xf : 0) | bytes |
                                (who.async ? 0x80 : 0));
    word.writeAgent = (uint16_t)who.agent;
    word.writeClock = who.clock;
    word.writeLine = who.line;
    word.writeLane = (uint8_t)who.lane;
  }
  return conflict;
}

void Shadow::reset(uint32_t offset, uint32_t size) {
  for (uint32_t i = offset / 4; i < (offset + size + 3) / 4; ++i)
    words[i] = Word();
}

/// Drops the reader sets that no word uses any more.
void Shadow::compact() {
  std::unordered_map<uint32_t, uint32_t> renamed{{0, 0}};
  std::vector<ReaderSet> kept{ReaderSet()};
  for (Word &word : words) {
    auto [it, fresh] = renamed.emplace(word.readers, (uint32_t)kept.size());
    if (fresh)
      kept.push_back(sets[word.readers]);
    word.readers = it->second;
  }
  sets = std::move(kept);
  cache.assign(cache.size(), Transition());
}
