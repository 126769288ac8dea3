// A stand-in for libcuda.so.1: it executes copies on host memory, writes down
// what a real driver would be asked for, and fails on request.
#ifndef DGEMM_UNITTESTS_RUNTIME_FAKECUDA_H
#define DGEMM_UNITTESTS_RUNTIME_FAKECUDA_H

#include <map>
#include <string>
#include <vector>

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
};

__attribute__((visibility("default"))) FakeCuda &fakeCuda();

#endif // DGEMM_UNITTESTS_RUNTIME_FAKECUDA_H
