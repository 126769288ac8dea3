// Hopper's FP8 tensor core arithmetic, one scalar function per concept.
#ifndef DGEMM_REFERENCE_TENSORCORE_H
#define DGEMM_REFERENCE_TENSORCORE_H

#include <cstdint>

namespace dgemm::reference {

/// K of one `wgmma.m64nNk32` instruction on e4m3.
constexpr int stepLength = 32;
/// K of one scale block: a chain of four steps on a fresh accumulator.
constexpr int blockLength = 128;

/// One element of `wgmma.mma_async.sync.aligned.m64nNk32.f32.e4m3.e4m3`: the
/// dot product of `length` <= 32 elements (the missing ones are zeros), added
/// to `c`. docs/numerics.md states the rule and how it was measured:
///
///   1. A product is the exact integer product of the two significands, with
///      the sum of the two exponents, not normalised. `c` is one more term.
///   2. Every term is cut toward zero to a multiple of 2^(emax - 13), where
///      emax is the largest exponent among the terms that are not zero.
///   3. The terms are added exactly; a sum of zero is +0.
///   4. The sum is normalised and cut toward zero to 13 fraction bits.
///
/// Any NaN gives 0x7fffffff; an infinite `c` stays as it is.
float tensorCoreStep(const uint8_t *a, const uint8_t *b, int length, float c);

/// The partial sum of one scale block of `length` <= 128 elements: steps in
/// ascending order, each on the result of the one before, the first on zero.
float tensorCoreBlock(const uint8_t *a, const uint8_t *b, int length);

/// The same sum without the tensor core's losses: exact, then rounded once to
/// the nearest f32.
float exactBlock(const uint8_t *a, const uint8_t *b, int length);

} // namespace dgemm::reference

#endif // DGEMM_REFERENCE_TENSORCORE_H
