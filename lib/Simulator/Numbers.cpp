// The number formats and the FP8 dot product of the simulated machine.
#include "dgemm/Simulator/Numbers.h"
#include "NumberFormats.h"
#include "TensorCore.h"

#include <vector>

using namespace dgemm::sim;

uint32_t dgemm::sim::roundToE4M3(float value) {
  return narrow(value, kE4M3, Rounding::Nearest, true);
}
uint32_t dgemm::sim::roundToE5M2(float value) {
  return narrow(value, kE5M2, Rounding::Nearest, true);
}
uint32_t dgemm::sim::roundToBF16(float value) { return toBFloat16(value); }
uint32_t dgemm::sim::roundToF16(float value) {
  return narrow(value, kHalf, Rounding::Nearest);
}
float dgemm::sim::fromBF16(uint16_t bits) { return fromBFloat16(bits); }

void dgemm::sim::fp8BlockProducts(const uint8_t *a, const uint8_t *b,
                                  size_t stride, size_t columns, bool e5m2,
                                  float *out) {
  MmaType type = e5m2 ? MmaType::E5M2 : MmaType::E4M3;
  uint8_t tile[256 * 32];
  for (size_t first = 0; first < columns; first += 256) {
    size_t width = columns - first < 256 ? columns - first : 256;
    for (unsigned step = 0; step < 4; ++step) {
      for (size_t n = 0; n < width; ++n)
        memcpy(tile + n * 32, b + (first + n) * stride + step * 32, 32);
      multiplyStep(type, type, a + step * 32, tile, out + first, 1,
                   (unsigned)width, step > 0);
    }
  }
}
