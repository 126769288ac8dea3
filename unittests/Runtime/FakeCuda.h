// A stand-in for libcuda.so.1: it executes copies on host memory, writes down
// what a real driver would be asked for, and fails on request.
#ifndef DGEMM_UNITTESTS_RUNTIME_FAKECUDA_H
#define DGEMM_UNITTESTS_RUNTIME_FAKECUDA_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

struct FakeLaunch {
  std::string name;
  uint64_t start, end; ///< nanoseconds
};

struct FakeCuda {
  int capabilityMajor = 9, capabilityMinor = 0;
  int deviceCount = 1;
  /// Function name -> status that it returns from now on.
  std::map<std::string, int> failures;
  /// Parameter sizes of every kernel.
  std::vector<size_t> parameters;
  /// What was asked for, in order.
  std::vector<std::string> log;
  int liveAllocations = 0;
  /// Every launch, one after the other; a kernel takes 1000 ns where nothing
  /// else is said.
  std::vector<FakeLaunch> launches;
  std::map<std::string, uint64_t> nanoseconds;
  /// For the stand-in of CUPTI: records that it claims to have dropped.
  size_t droppedRecords = 0;
  /// Graphs: the names of the kernels captured in each; and how many are alive.
  bool capturing = false;
  std::vector<std::vector<std::string>> graphs;
  int liveGraphs = 0;
};

__attribute__((visibility("default"))) FakeCuda &fakeCuda();

#endif // DGEMM_UNITTESTS_RUNTIME_FAKECUDA_H
