// What a simulation reports: hazards, errors, counters.
#ifndef DGEMM_SIMULATOR_REPORT_H
#define DGEMM_SIMULATOR_REPORT_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dgemm::sim {

enum class HazardKind : uint8_t {
  AccumulatorInFlight,  // a register of an unfinished wgmma is touched
  MissingWgmmaFence,    // registers touched since the last wgmma.fence
  MissingProxyFence,    // generic write, async-proxy access, no fence between
  MissingMBarrierFence, // mbarrier.init not made visible
  SharedRace,           // two unordered accesses to shared memory
  GlobalRace,           // two unordered accesses to global memory
  BarrierMisuse,        // counts, phases or transaction bytes that do not fit
  Uninitialized,        // registers or shared memory read before written
  OutOfBounds,
  Misaligned,
  Deadlock,
  WarpDivergence, // a collective without all of its threads
  TensorMapProxy, // a tensor map that the async proxy may not see
  ExitedCta,      // an access to the shared memory of a CTA that has exited
  BadOperand,     // descriptors, boxes or operands the hardware rejects
  RegisterPool,
  Trap,
  StepLimit,
  Unsupported
};
const char *nameOf(HazardKind kind);

struct Hazard {
  HazardKind kind;
  unsigned line = 0;       // of the PTX
  std::string instruction; // as decoded
  std::string where;       // block and warp
  std::string message;     // what happened and what to do about it
  uint64_t count = 1;      // occurrences that were folded into this one

  std::string str() const;
};

/// Deterministic counts of one launch.
struct Counters {
  uint64_t instructions = 0; // warp instructions
  std::map<std::string, uint64_t> byOpcode;
  std::map<std::string, uint64_t> byRole; // "warpgroup 0", ...
  uint64_t tmaLoadBytes = 0, tmaStoreBytes = 0, tmaOperations = 0;
  uint64_t globalLoadBytes = 0, globalStoreBytes = 0;
  /// What reaches the L2 cache, in sectors of 32 bytes (a multicast once), and
  /// the distinct sectors among it: their quotient is the reuse.
  uint64_t l2LoadBytes = 0, l2StoreBytes = 0;
  uint64_t distinctLoadBytes = 0, distinctStoreBytes = 0;
  uint64_t sharedLoadBytes = 0, sharedStoreBytes = 0;
  uint64_t bankConflicts = 0; // extra wavefronts of shared-memory accesses
  uint64_t wgmmaOperations = 0, wgmmaMacs = 0;
  uint64_t barrierWaits = 0, barrierStalls = 0;
  uint64_t registerRows = 0; // 32-bit virtual registers of the kernel
  uint64_t sharedBytes = 0;
  uint64_t cycles = 0; // of the latency model, slowest cluster

  void add(const Counters &other);
};

} // namespace dgemm::sim

#endif // DGEMM_SIMULATOR_REPORT_H
