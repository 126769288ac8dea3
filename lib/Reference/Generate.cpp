// Random matrices quantised to e4m3 with block scales.
#include "dgemm/Reference/Generate.h"

#include "dgemm/Reference/Formats.h"
#include "dgemm/Reference/TensorCore.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

namespace dgemm::reference {
namespace {

/// One row of blocks: scaleRows rows of the matrix.
void quantizeRowBlock(QuantizedMatrix &matrix, uint64_t seed,
                      int64_t rowBlock) {
  int64_t firstRow = rowBlock * matrix.scaleRows;
  int64_t rows = std::min(matrix.scaleRows, matrix.rows - firstRow);
  std::vector<float> values(rows * blockLength);
  for (int64_t block = 0; block < matrix.scaleStride; ++block) {
    int64_t first = block * blockLength;
    int64_t length = std::min<int64_t>(blockLength, matrix.columns - first);
    float amax = 0.0f;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t k = 0; k < length; ++k) {
        float value = randomNormal(
            seed, uint64_t((firstRow + i) * matrix.columns + first + k));
        values[i * blockLength + k] = value;
        amax = std::max(amax, std::fabs(value));
      }
    float scale = amax > 0.0f ? amax / maxE4M3 : 1.0f;
    matrix.scales[rowBlock * matrix.scaleStride + block] = scale;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t k = 0; k < length; ++k)
        matrix.codes[(firstRow + i) * matrix.stride + first + k] =
            encodeE4M3(values[i * blockLength + k] / scale);
  }
}

} // namespace

QuantizedMatrix generateQuantized(uint64_t seed, int64_t rows, int64_t columns,
                                  int64_t scaleRows, int64_t stride,
                                  unsigned threads) {
  QuantizedMatrix matrix;
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.stride = stride ? stride : columns;
  matrix.codes.assign(rows * matrix.stride, 0x7f);
  matrix.scaleRows = scaleRows;
  matrix.scaleStride = (columns + blockLength - 1) / blockLength;
  int64_t rowBlocks = (rows + scaleRows - 1) / scaleRows;
  matrix.scales.resize(rowBlocks * matrix.scaleStride);

  if (threads == 0)
    threads = std::max(1u, std::thread::hardware_concurrency());
  std::atomic<int64_t> next{0};
  auto work = [&] {
    for (int64_t i; (i = next++) < rowBlocks;)
      quantizeRowBlock(matrix, seed, i);
  };
  std::vector<std::thread> helpers;
  for (unsigned i = 1; i < threads && i < rowBlocks; ++i)
    helpers.emplace_back(work);
  work();
  for (std::thread &helper : helpers)
    helper.join();
  return matrix;
}

} // namespace dgemm::reference
