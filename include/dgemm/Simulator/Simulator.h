// Runs PTX kernels on the CPU and reports what a GPU would let pass.
#ifndef DGEMM_SIMULATOR_SIMULATOR_H
#define DGEMM_SIMULATOR_SIMULATOR_H

#include "dgemm/Simulator/Memory.h"
#include "dgemm/Simulator/Report.h"
#include "dgemm/Simulator/TensorMap.h"

#include <memory>
#include <string>
#include <vector>

namespace dgemm::sim {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
  uint64_t count() const { return (uint64_t)x * y * z; }
};

/// One decoded module. Immutable but for its .global variables.
class Program {
public:
  /// Parses and decodes `ptx`; null with `error` set when that fails.
  static std::shared_ptr<Program> load(const std::string &ptx,
                                       std::string &error);
  ~Program();
  std::vector<std::string> kernelNames() const;

  struct Impl;
  std::unique_ptr<Impl> impl;

private:
  Program();
};

struct Launch {
  std::string kernel; // may stay empty when the module has one
  Dim3 grid, block, cluster;
  uint32_t dynamicShared = 0;
  /// The bytes of each parameter, in order.
  std::vector<std::vector<uint8_t>> params;

  template <class T> void param(const T &value) {
    const uint8_t *bytes = reinterpret_cast<const uint8_t *>(&value);
    params.emplace_back(bytes, bytes + sizeof(T));
  }
};

struct TraceEvent {
  std::string track, name;
  uint64_t start = 0, duration = 0;
  uint32_t block = 0;
};

/// At the given decision of a systematic run, another actor takes over.
struct Preemption {
  uint64_t decision = 0;
  uint32_t choice = 0;
};

struct Options {
  /// 0 follows the latency model; any other seed interleaves at random.
  uint64_t seed = 0;
  /// Hazards, uninitialised data and races; results are the same without.
  bool check = true;
  /// A read of shared memory counts as done before TMA overwrites it only
  /// behind a fence or a barrier, not behind wgmma.wait_group.
  bool strict = false;
  unsigned threads = 0;               // 0: one per core
  uint64_t stepLimit = 2000000000ull; // warp instructions per cluster
  /// Warp instructions without any effect before it counts as a livelock.
  uint64_t idleLimit = 4000000;
  bool trace = false;
  uint32_t traceBlocks = 1; // clusters that are traced, from the first
  size_t maxHazards = 64;
  uint32_t smCount = 132;
  /// Deterministic order with the given preemptions; see Explore.h.
  bool systematic = false;
  std::vector<Preemption> preemptions;
  unsigned nearLine = 0; // of the PTX, for a systematic run
};

struct Result {
  /// In the order found; empty for a clean run.
  std::vector<Hazard> hazards;
  Counters counters;
  std::vector<TraceEvent> trace;
  bool completed = false; // every thread ran to its end
  /// How many actors could go on at each decision of a systematic run.
  std::vector<uint8_t> decisions;
  /// Which of them a warp made within 12 lines of Options::nearLine.
  std::vector<uint8_t> nearby;

  bool ok() const { return completed && hazards.empty(); }
  std::string str() const;
};

/// Runs one launch to its end.
Result run(Program &program, const Launch &launch, GlobalMemory &memory,
           const Options &options = Options());

/// Chrome and Perfetto's JSON.
std::string traceToJson(const std::vector<TraceEvent> &events);

} // namespace dgemm::sim

#endif // DGEMM_SIMULATOR_SIMULATOR_H
