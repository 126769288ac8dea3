// Address resolution shared by loads, stores, atomics and matrix moves.
#ifndef DGEMM_LIB_SIMULATOR_EXECMEMORY_H
#define DGEMM_LIB_SIMULATOR_EXECMEMORY_H

#include "Exec.h"

namespace dgemm::sim {

enum AccessFlags : uint32_t {
  AccessSigned = 1,
  AccessSync = 2, // volatile, relaxed, acquire or release: never a data race
  AccessAcquire = 4,
  AccessRelease = 8
};

/// Host pointer of one lane's access, checked and noted for races.
uint8_t *resolve(Cluster &cluster, Warp &warp, const Inst &inst,
                 uint64_t address, uint32_t bytes, bool write, uint32_t lane,
                 bool note);

/// A value that depends on shared memory that nobody wrote goes to memory: the
/// bytes there count as unwritten; outside of shared memory it is a report.
void storePoison(Cluster &cluster, Warp &warp, const Inst &inst,
                 uint64_t address, uint32_t bytes);

inline uint64_t laneAddress(Cluster &cluster, Warp &warp, const Inst &inst,
                            const Ref &base, uint32_t lane) {
  return laneValue(cluster, warp, base, lane) + (uint64_t)inst.imm;
}

/// The state space and ordering of a memory instruction's modifiers.
void decodeSpace(Decoder &decoder);

/// Counts the extra wavefronts of one warp's shared-memory access.
void countBanks(Cluster &cluster, const uint64_t *addresses, uint32_t mask,
                uint32_t bytes);

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_EXECMEMORY_H
