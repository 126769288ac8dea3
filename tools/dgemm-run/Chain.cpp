// Rings of weights, graphs over them, and their times.
#include "Chain.h"

#include <algorithm>
#include <stdexcept>

using namespace dgemm::run;

namespace {

// Copies for each launch up to this many bytes; beyond, they repeat once the
// ring is as large as a few L2.
constexpr size_t ringBudget = size_t(8) << 30;
constexpr size_t ringInL2 = 4;

/// Copies of a pair of buffers. Subjects of the same layout share them.
struct Ring {
  const Buffer *b, *sfb;
  std::vector<std::unique_ptr<Buffer>> bs, sfbs;
};

std::unique_ptr<Buffer> copyOf(Device &device, const Buffer &from) {
  auto copy = std::make_unique<Buffer>(device, from.size(), 0xff, 65536);
  device.copy(copy->data(), from.data(), from.size());
  return copy;
}

struct Chain {
  KernelSubject *subject;
  Ring *ring;
  bool pdl;
  std::unique_ptr<LaunchGraph> graph;
};

/// Runs a chain on a poisoned D and compares it with what one launch gives.
uint64_t differences(Device &device, Chain &chain) {
  KernelSubject &s = *chain.subject;
  Buffer &d = s.buffer();
  s.reset();
  s.launch();
  Buffer one(device, d.total(), 0, 0);
  device.copy(one.data(), d.begin(), d.total());
  s.reset();
  chain.graph->launch();
  device.synchronize();
  return device.countMismatches(d.begin(), one.data(), d.total());
}

} // namespace

ChainTiming dgemm::run::timeChains(Device &device,
                                   const std::vector<KernelSubject *> &subjects,
                                   int launches, const TimingOptions &options) {
  ChainTiming result;
  result.launches = launches;
  result.pairs = options.pairs;
  result.flush = options.flush == Flush::Auto ? Flush::Clean : options.flush;

  std::vector<std::unique_ptr<Ring>> rings;
  std::vector<Chain> chains;
  for (KernelSubject *subject : subjects) {
    const Buffer *b = subject->input("B"), *sfb = subject->input("SFB");
    if (!b || !sfb || subject->accumulates())
      throw std::runtime_error("a chain needs B, SFB and a D that is only "
                               "written");
    auto found = std::find_if(rings.begin(), rings.end(), [&](const auto &r) {
      return r->b == b && r->sfb == sfb;
    });
    if (found == rings.end()) {
      size_t each = b->size() + sfb->size();
      size_t count = size_t(launches);
      if (count * each > ringBudget)
        count = std::min(count,
                         ringInL2 * size_t(device.info().l2_bytes) / each + 2);
      auto ring = std::make_unique<Ring>();
      ring->b = b, ring->sfb = sfb;
      for (size_t i = 0; i < count; ++i) {
        ring->bs.push_back(copyOf(device, *b));
        ring->sfbs.push_back(copyOf(device, *sfb));
      }
      result.ring = int(count);
      result.ringBytes = count * each;
      rings.push_back(std::move(ring));
      found = rings.end() - 1;
    }
    for (bool pdl : {true, false})
      if (!pdl || subject->allowsPdl())
        chains.push_back({subject, found->get(), pdl, nullptr});
  }
  device.synchronize();

  for (Chain &chain : chains) {
    chain.graph = std::make_unique<LaunchGraph>(device, [&chain, launches] {
      for (size_t i = 0; i < size_t(launches); ++i)
        chain.subject->launchWith(*chain.ring->bs[i % chain.ring->bs.size()],
                                  *chain.ring->sfbs[i % chain.ring->bs.size()],
                                  chain.pdl);
    });
    result.subjects.push_back({chain.subject->name(), chain.pdl, {}, {}, 0});
    result.subjects.back().differingWords = differences(device, chain);
  }

  std::vector<Turn> turns;
  for (Chain &chain : chains)
    turns.push_back([&chain] { chain.graph->launch(); });
  TurnTimes times = timeWithEvents(device, turns, options.pairs, result.flush);
  const std::vector<double> first = times.microseconds[0];
  for (size_t i = 0; i < chains.size(); ++i) {
    ChainSubject &s = result.subjects[i];
    s.ratio = spreadOf(quotients(times.microseconds[i], first));
    for (double &us : times.microseconds[i])
      us /= launches;
    s.microseconds = spreadOf(times.microseconds[i]);
    // And once more, now that the GPU is warm.
    s.differingWords += differences(device, chains[i]);
  }
  return result;
}
