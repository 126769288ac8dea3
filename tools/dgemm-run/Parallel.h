// A loop over all cores of the host.
#ifndef DGEMM_TOOLS_RUN_PARALLEL_H
#define DGEMM_TOOLS_RUN_PARALLEL_H

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace dgemm::run {

/// Calls body(i) for i in [0, count), in no order.
template <typename F> void parallelFor(int64_t count, F body) {
  constexpr int64_t chunk = 16;
  std::atomic<int64_t> next{0};
  auto work = [&] {
    for (int64_t begin; (begin = next.fetch_add(chunk)) < count;)
      for (int64_t i = begin; i < std::min(begin + chunk, count); ++i)
        body(i);
  };
  std::vector<std::thread> helpers;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  for (unsigned t = 1; t < threads && int64_t(t) * chunk < count; ++t)
    helpers.emplace_back(work);
  work();
  for (std::thread &helper : helpers)
    helper.join();
}

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_PARALLEL_H
