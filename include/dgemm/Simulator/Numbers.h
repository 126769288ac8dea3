// The number formats and the FP8 dot product of the simulated machine.
#ifndef DGEMM_SIMULATOR_NUMBERS_H
#define DGEMM_SIMULATOR_NUMBERS_H

#include <cstddef>
#include <cstdint>

namespace dgemm::sim {

uint32_t roundToE4M3(float value);
uint32_t roundToE5M2(float value);
uint32_t roundToBF16(float value);
uint32_t roundToF16(float value);
float fromBF16(uint16_t bits);

/// The tensor core's 128-long dot products of one row of `a` with `columns`
/// rows of `b`, `stride` bytes apart: four steps from a fresh accumulator.
void fp8BlockProducts(const uint8_t *a, const uint8_t *b, size_t stride,
                      size_t columns, bool e5m2, float *out);

} // namespace dgemm::sim

#endif // DGEMM_SIMULATOR_NUMBERS_H
