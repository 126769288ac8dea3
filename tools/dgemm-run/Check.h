// What D must hold: every bit from the reference evaluator, and an fp64 sum
// with a bound beside it.
#ifndef DGEMM_TOOLS_RUN_CHECK_H
#define DGEMM_TOOLS_RUN_CHECK_H

#include "Inputs.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dgemm::run {

/// The rows and columns of D that are compared.
struct Sample {
  std::vector<int64_t> rows, columns;
  bool full = false;
};

/// All of D where that is cheap (or asked for); otherwise rows and columns
/// from every stretch of at most 64, with both edges: at least 256 x 256.
Sample sampleOf(const Problem &problem, Check check);

struct BitResult {
  uint64_t elements = 0, mismatches = 0;
  std::string first; ///< the first mismatch, in words
  /// Bytes between D's rows that were written.
  uint64_t paddingWritten = 0;
  /// FNV-1a of D's elements, row by row, where all of D was looked at.
  uint64_t hash = 0xcbf29ce484222325;
};

struct Fp64Result {
  uint64_t elements = 0;
  double maxError = 0;          ///< |D - exact|
  double maxErrorOverBound = 0; ///< at most 1 for a correct kernel
  double calcDiff = 0;          ///< DeepGEMM's measure, 1 - 2 xy / (xx + yy)
};

/// D on the device: where, and with which strides.
struct Output {
  const void *data = nullptr;
  std::vector<int64_t> strides;
};

class Checker {
public:
  Checker(Device &device, Inputs &inputs) : device(device), inputs(inputs) {}

  /// `poison` is what lies between D's rows (0xff, or C's own padding).
  BitResult checkBits(const Problem &problem, const Sample &sample,
                      const Output &output);
  Fp64Result checkFp64(const Problem &problem, const Sample &sample,
                       const Output &output);

private:
  /// The sums in f32 before C and rounding, of a sample's rows x columns. Four
  /// kinds of output share them.
  const std::vector<float> &sums(const Problem &problem, const Sample &sample);
  std::vector<uint8_t> downloadRow(const Problem &problem, const Output &output,
                                   int64_t row);

  Device &device;
  Inputs &inputs;
  std::string sumsKey;
  std::vector<float> sumsValue;
};

/// The bits that D must have, given the f32 sum (0 for K = 0).
uint32_t expectedBits(const Problem &problem, int64_t row, int64_t column,
                      float sum);

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_CHECK_H
