// The reference evaluator: defines dgemm.gemm to the bit on a CPU.
#ifndef DGEMM_REFERENCE_REFERENCE_H
#define DGEMM_REFERENCE_REFERENCE_H

#include <cstdint>
#include <string>
#include <vector>

namespace dgemm::reference {

enum class OutputType { BF16, F32 };

enum class Mode {
  /// Every bit as the GPU computes it.
  Hardware,
  /// The sum inside a 128-K block is exact and rounded once to f32; what
  /// follows is as on the GPU. Shows what the tensor core costs in accuracy.
  Exact,
};

/// Which code computes; all give the same bits.
enum class Engine {
  Best,   ///< The fastest that this CPU runs.
  Scalar, ///< TensorCore.h, element by element.
  AVX2,   ///< 32 columns at a time; hardware mode only.
};

/// One block-scaled GEMM,
///
///   D[m, n] = C[m, n] + sum over kb of
///       SFA[m, kb] * SFB[n / sfbRows, kb] *
///       sum over k in [128 kb, min(128 kb + 128, K)) of A[m, k] * B[n, k]
///
/// in this order: the inner sum by TensorCore.h; s = rn(SFA * SFB);
/// acc = fma(s, partial, acc), K blocks ascending, from +0; where K is cut into
/// `parts`, such a sum for each, added in f32 in ascending order; with C, one
/// f32 addition rn(C + acc); rounding to nearest even where D is bf16. K = 0
/// gives C unchanged, or +0 without C. NaN, infinite, denormal and zero scales
/// do what IEEE 754 says; NaN results are 0x7fffffff in f32 and 0x7fff in bf16,
/// the GPU's. All strides count elements and may be anything, negative or
/// zero included.
struct Problem {
  int64_t m = 0, n = 0, k = 0;

  const uint8_t *a = nullptr; ///< e4m3, M x K, K contiguous
  int64_t aStride = 0;
  const uint8_t *b = nullptr; ///< e4m3, N x K, K contiguous
  int64_t bStride = 0;

  const float *sfa = nullptr; ///< M x ceil(K / 128)
  int64_t sfaRowStride = 0, sfaBlockStride = 0;
  const float *sfb = nullptr; ///< ceil(N / sfbRows) x ceil(K / 128)
  int64_t sfbRowStride = 0, sfbBlockStride = 0;
  int64_t sfbRows = 128; ///< 128 (1D2D) or 1 (1D1D)

  OutputType type = OutputType::BF16; ///< of C and D
  const void *c = nullptr;            ///< optional, M x N, N contiguous
  int64_t cStride = 0;
  void *d = nullptr; ///< N contiguous; may be C itself
  int64_t dStride = 0;

  /// Where not empty, only these rows or columns are evaluated, and D shrinks
  /// to them: D[i][j] is element (rows[i], columns[j]). C keeps M x N, so here
  /// D must not be C.
  std::vector<int64_t> rows, columns;

  /// Where K is split: how many partial sums there are, and the K blocks of
  /// each (the last ones may have fewer, or none).
  int64_t parts = 1, partBlocks = 0;

  Mode mode = Mode::Hardware;
  Engine engine = Engine::Best;
  unsigned threads = 0; ///< 0: one per CPU
};

/// Whether this CPU runs `engine`.
bool isAvailable(Engine engine);

/// Evaluates `problem` into D. Returns the empty string, or what is wrong with
/// the problem, in which case D is untouched.
[[nodiscard]] std::string evaluate(const Problem &problem);

} // namespace dgemm::reference

#endif // DGEMM_REFERENCE_REFERENCE_H
