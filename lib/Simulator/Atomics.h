// The read-modify-write operations of atomics and of TMA reductions.
#ifndef DGEMM_LIB_SIMULATOR_ATOMICS_H
#define DGEMM_LIB_SIMULATOR_ATOMICS_H

#include "Decode.h"

namespace dgemm::sim {

enum AtomicOp : uint8_t { Add, Min, Max, And, Or, Xor, Exch, Cas, Inc, Dec };

/// The operation among the modifiers of the instruction at hand.
AtomicOp atomicOp(Decoder &decoder);
/// The new value for `a` in memory; `c` is what cas swaps in.
uint64_t applyAtomic(AtomicOp op, ptx::Type type, uint64_t a, uint64_t b,
                     uint64_t c);

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_ATOMICS_H
