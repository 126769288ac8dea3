// The tensor core's arithmetic on plain arrays.
#ifndef DGEMM_LIB_SIMULATOR_TENSORCORE_H
#define DGEMM_LIB_SIMULATOR_TENSORCORE_H

#include <cstdint>

namespace dgemm::sim {

enum class MmaType : uint8_t { E4M3, E5M2, F16, BF16 };
inline unsigned bytesOf(MmaType type) {
  return type == MmaType::E4M3 || type == MmaType::E5M2 ? 1 : 2;
}

/// One k step (32 bytes of K) of d = a * b^T + (accumulate ? d : 0).
/// a: rows x 32 bytes, b: columns x 32 bytes, d: rows x columns, in f32.
/// `negateA`/`negateB` flip the signs of the inputs. With `half` the
/// accumulators are f16, in f32 here.
void multiplyStep(MmaType typeA, MmaType typeB, const uint8_t *a,
                  const uint8_t *b, float *d, unsigned rows, unsigned columns,
                  bool accumulate, bool negateA = false, bool negateB = false,
                  bool half = false);

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_TENSORCORE_H
