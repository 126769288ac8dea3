// The evaluator behind a C interface, for Python's ctypes.
#include "dgemm/Reference/Generate.h"
#include "dgemm/Reference/Reference.h"
#include "dgemm/Reference/TensorCore.h"

#include <algorithm>
#include <cstring>

using namespace dgemm::reference;

#define EXPORT extern "C" __attribute__((visibility("default")))

/// Mirrors Problem; python/tests/reference_library.py mirrors it in turn.
struct CProblem {
  int64_t m, n, k;
  const uint8_t *a;
  int64_t aStride;
  const uint8_t *b;
  int64_t bStride;
  const float *sfa;
  int64_t sfaRowStride, sfaBlockStride;
  const float *sfb;
  int64_t sfbRowStride, sfbBlockStride, sfbRows;
  const void *c;
  int64_t cStride;
  void *d;
  int64_t dStride;
  const int64_t *rows;
  int64_t rowCount;
  const int64_t *columns;
  int64_t columnCount;
  int32_t type;   // 0: bf16, 1: f32
  int32_t mode;   // 0: hardware, 1: exact
  int32_t engine; // 0: best, 1: scalar, 2: AVX2
  int32_t threads;
  int64_t parts; // 1: K is one chain
  int64_t partBlocks;
};

/// Returns 0, or 1 with the reason in `message`.
EXPORT int dgemm_reference_evaluate(const CProblem *c, char *message,
                                    size_t messageSize) {
  Problem p;
  p.m = c->m, p.n = c->n, p.k = c->k;
  p.a = c->a, p.aStride = c->aStride;
  p.b = c->b, p.bStride = c->bStride;
  p.sfa = c->sfa, p.sfaRowStride = c->sfaRowStride;
  p.sfaBlockStride = c->sfaBlockStride;
  p.sfb = c->sfb, p.sfbRowStride = c->sfbRowStride;
  p.sfbBlockStride = c->sfbBlockStride, p.sfbRows = c->sfbRows;
  p.c = c->c, p.cStride = c->cStride;
  p.d = c->d, p.dStride = c->dStride;
  p.rows.assign(c->rows, c->rows + c->rowCount);
  p.columns.assign(c->columns, c->columns + c->columnCount);
  p.type = OutputType(c->type);
  p.mode = Mode(c->mode);
  p.engine = Engine(c->engine);
  p.threads = c->threads;
  p.parts = c->parts, p.partBlocks = c->partBlocks;
  std::string error = evaluate(p);
  std::strncpy(message, error.c_str(), messageSize - 1);
  message[messageSize - 1] = '\0';
  return !error.empty();
}

/// `count` independent steps on contiguous rows of 32 codes each.
EXPORT void dgemm_reference_steps(const uint8_t *a, const uint8_t *b,
                                  const float *c, float *d, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    d[i] = tensorCoreStep(a + i * stepLength, b + i * stepLength, stepLength,
                          c[i]);
}

EXPORT void dgemm_reference_generate(uint64_t seed, int64_t rows,
                                     int64_t columns, int64_t scaleRows,
                                     uint8_t *codes, float *scales) {
  QuantizedMatrix matrix = generateQuantized(seed, rows, columns, scaleRows);
  std::copy(matrix.codes.begin(), matrix.codes.end(), codes);
  std::copy(matrix.scales.begin(), matrix.scales.end(), scales);
}
