// Random and adversarial tiles for the probe of the tensor core's arithmetic.
#ifndef DGEMM_UNITTESTS_SIMULATOR_PROBETILES_H
#define DGEMM_UNITTESTS_SIMULATOR_PROBETILES_H

#include "../../lib/Simulator/NumberFormats.h"
#include "../../lib/Simulator/TensorCore.h"

#include <random>
#include <string>
#include <vector>

namespace dgemm::sim::test {

constexpr int kProbeTiles = 128, kProbeKinds = 10;

struct ProbeType {
  const char *name;
  MmaType a, b;
  /// FNV-1a of the H200's answers over kProbeBatches batches, and of the
  /// first batch alone.
  uint64_t hash, firstHash;
  bool half = false; // accumulates in f16
};
constexpr int kProbeBatches = 20;
extern const std::vector<ProbeType> probeTypes;
extern const char *const probeKindNames[kProbeKinds];

const Format &formatOf(MmaType type);

/// A batch of tiles: 64x32 bytes of A and B and 64x64 floats of C each.
struct ProbeBatch {
  std::vector<uint8_t> a, b;
  std::vector<float> c;
  ProbeBatch(const ProbeType &type, int batch);
  /// The model's answer for one tile: f32 bits, or f16 bits in a word.
  std::vector<uint32_t> answer(const ProbeType &type, int tile) const;
  static int kind(int tile, int batch) { return (tile + batch) % kProbeKinds; }
};

inline uint64_t hashStep(uint64_t hash, uint32_t word) {
  return (hash ^ word) * 0x100000001b3ull;
}
constexpr uint64_t kHashStart = 0xcbf29ce484222325ull;

} // namespace dgemm::sim::test

#endif // DGEMM_UNITTESTS_SIMULATOR_PROBETILES_H
