// When each kernel began and ended on the GPU, from CUPTI, which is loaded at
// run time where there is one.
#ifndef DGEMM_TOOLS_RUN_PROFILER_H
#define DGEMM_TOOLS_RUN_PROFILER_H

#include "Cupti.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace dgemm::run {

struct KernelRecord {
  std::string name;
  uint64_t start, end; ///< nanoseconds
};

class Profiler {
public:
  /// Loads CUPTI: `path` alone if it is given, otherwise what
  /// docs/dgemm-run.md lists. Null, with a reason in `why`, where that fails.
  static std::unique_ptr<Profiler> open(const std::string &path,
                                        std::string &why);
  ~Profiler();
  Profiler(const Profiler &) = delete;

  /// Which library, and its version.
  const std::string &description() const { return text; }

  /// Records kernels from here on. False, with a reason in `why`, where the
  /// driver or the host does not allow it.
  bool start(std::string &why);
  /// The kernels since start(), by their beginning; the GPU must be idle.
  /// Empty, with a reason in `why`, where any is missing.
  std::vector<KernelRecord> stop(std::string &why);

private:
  Profiler(const cupti::Library &library, std::string text)
      : library(library), text(std::move(text)) {}
  static void request(uint8_t **buffer, size_t *size, size_t *records);
  static void complete(void *context, uint32_t stream, uint8_t *buffer,
                       size_t size, size_t validSize);
  std::string error(const char *what, cupti::Result result) const;

  cupti::Library library;
  std::string text;
  std::mutex mutex; ///< guards what follows: CUPTI has threads of its own
  std::vector<KernelRecord> kernels;
  size_t dropped = 0;
  cupti::Result failure = 0;
};

/// Time of each launch in microseconds, given the records of launches that
/// each stand between two stamp kernels: what is between the stamps and no
/// helper of this tool, summed. Empty, with a reason in `why`, where the
/// records are not of that form.
std::vector<double> timesBetweenStamps(const std::vector<KernelRecord> &records,
                                       size_t launches, std::string &why);

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_PROFILER_H
