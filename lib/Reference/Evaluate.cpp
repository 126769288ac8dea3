// The evaluator's driver: checks, tiles, threads, promotion and rounding.
#include "dgemm/Reference/Reference.h"

#include "Kernel.h"

#include "dgemm/Reference/Formats.h"
#include "dgemm/Reference/TensorCore.h"

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <memory>
#include <numeric>
#include <thread>

namespace dgemm::reference {
namespace {

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

std::string checkIndices(const std::vector<int64_t> &indices, int64_t size,
                         const char *what) {
  for (int64_t index : indices)
    if (index < 0 || index >= size)
      return std::string(what) + " " + std::to_string(index) +
             " is not in [0, " + std::to_string(size) + ")";
  return "";
}

std::string check(const Problem &p) {
  if (p.m < 0 || p.n < 0 || p.k < 0)
    return "sizes must not be negative, but M = " + std::to_string(p.m) +
           ", N = " + std::to_string(p.n) + ", K = " + std::to_string(p.k);
  if (p.sfbRows != 1 && p.sfbRows != 128)
    return "a scale of B covers 1 or 128 rows, not " +
           std::to_string(p.sfbRows);
  if (p.parts < 1 || (p.parts > 1 && p.partBlocks < 1))
    return "K cannot be cut into " + std::to_string(p.parts) + " parts of " +
           std::to_string(p.partBlocks) + " blocks";
  if (p.parts > 1 && (ceilDiv(p.k, blockLength) - 1) / p.partBlocks >= p.parts)
    return std::to_string(p.parts) + " parts of " +
           std::to_string(p.partBlocks) +
           " blocks do not cover K = " + std::to_string(p.k);
  if (p.mode == Mode::Exact && p.engine == Engine::AVX2)
    return "the AVX2 engine has no exact mode";
  if (!isAvailable(p.engine))
    return "this CPU has no AVX2 with FMA";
  if (std::string error = checkIndices(p.rows, p.m, "row"); !error.empty())
    return error;
  if (std::string error = checkIndices(p.columns, p.n, "column");
      !error.empty())
    return error;
  if (p.m == 0 || p.n == 0)
    return "";
  if (!p.d)
    return "D is null";
  if (p.c == p.d && (!p.rows.empty() || !p.columns.empty()))
    return "D cannot be C where rows or columns are chosen";
  if (p.k == 0)
    return "";
  if (!p.a || !p.b || !p.sfa || !p.sfb)
    return std::string(!p.a     ? "A"
                       : !p.b   ? "B"
                       : !p.sfa ? "SFA"
                                : "SFB") +
           " is null";
  return "";
}

Kernel *createKernel(const Problem &p) {
  if (p.mode == Mode::Exact)
    return createExactKernel();
  if (p.engine == Engine::Scalar || !isAvailable(Engine::AVX2))
    return createScalarKernel();
  return createAVX2Kernel();
}

/// D's element from C's and the promoted sum.
void finish(const Problem &p, int64_t cIndex, int64_t dIndex, float acc) {
  if (p.type == OutputType::F32) {
    if (p.c)
      acc = static_cast<const float *>(p.c)[cIndex] + acc;
    static_cast<float *>(p.d)[dIndex] = canonical(acc);
    return;
  }
  if (p.c)
    acc = decodeBF16(static_cast<const uint16_t *>(p.c)[cIndex]) + acc;
  static_cast<uint16_t *>(p.d)[dIndex] = encodeBF16(acc);
}

/// D's element where K = 0: C's own bits, a NaN's payload included, or +0.
void finishEmpty(const Problem &p, int64_t cIndex, int64_t dIndex) {
  if (p.type == OutputType::F32)
    static_cast<uint32_t *>(p.d)[dIndex] =
        p.c ? static_cast<const uint32_t *>(p.c)[cIndex] : 0;
  else
    static_cast<uint16_t *>(p.d)[dIndex] =
        p.c ? static_cast<const uint16_t *>(p.c)[cIndex] : 0;
}

/// Rows and columns of the problem, as positions in D.
struct Tile {
  int64_t row, column;
  int rowCount, columnCount;
};

/// How D is cut into tiles that threads take one at a time.
struct Tiling {
  int64_t rows, columns;
  int64_t tileRows = maxRows, tileColumns = 8 * panelWidth;

  /// Full tiles decode an element of A for 256 products and an element of B
  /// for 256; we cut them down only as far as the threads need.
  Tiling(int64_t rows, int64_t columns, unsigned threads)
      : rows(rows), columns(columns) {
    while (count() < 4 * int64_t(threads) && tileColumns > panelWidth)
      tileColumns /= 2;
    while (count() < 4 * int64_t(threads) && tileRows > 16)
      tileRows /= 2;
  }

  int64_t count() const {
    return ceilDiv(rows, tileRows) * ceilDiv(columns, tileColumns);
  }

  Tile operator[](int64_t index) const {
    int64_t perRow = ceilDiv(columns, tileColumns);
    Tile tile;
    tile.row = index / perRow * tileRows;
    tile.column = index % perRow * tileColumns;
    tile.rowCount = int(std::min(tileRows, rows - tile.row));
    tile.columnCount = int(std::min(tileColumns, columns - tile.column));
    return tile;
  }
};

/// Evaluates tiles; one per thread.
class Worker {
public:
  Worker(const Problem &p, const std::vector<int64_t> &rows,
         const std::vector<int64_t> &columns)
      : p(p), rows(rows), columns(columns), kernel(createKernel(p)) {}

  void evaluate(const Tile &tile) {
    int panels = int(ceilDiv(tile.columnCount, panelWidth));
    acc.assign(size_t(panels) * tile.rowCount * panelWidth, 0.0f);
    partials.resize(size_t(tile.rowCount) * panelWidth);
    const int64_t blocks = ceilDiv(p.k, blockLength);
    if (p.parts == 1)
      for (int64_t block = 0; block < blocks; ++block)
        addBlock(tile, block);
    else
      addParts(tile, blocks);

    for (int i = 0; i < tile.rowCount; ++i)
      for (int j = 0; j < tile.columnCount; ++j) {
        int64_t cIndex =
            rows[tile.row + i] * p.cStride + columns[tile.column + j];
        int64_t dIndex = (tile.row + i) * p.dStride + tile.column + j;
        if (p.k == 0)
          finishEmpty(p, cIndex, dIndex);
        else
          finish(
              p, cIndex, dIndex,
              panelAcc(tile, j / panelWidth)[i * panelWidth + j % panelWidth]);
      }
  }

private:
  float *panelAcc(const Tile &tile, int panel) {
    return acc.data() + size_t(panel) * tile.rowCount * panelWidth;
  }

  /// The partial sums one after the other, a part without blocks being +0.
  void addParts(const Tile &tile, int64_t blocks) {
    std::vector<float> total;
    for (int64_t part = 0; part < p.parts; ++part) {
      std::fill(acc.begin(), acc.end(), 0.0f);
      const int64_t first = part * p.partBlocks;
      for (int64_t block = first;
           block < std::min(first + p.partBlocks, blocks); ++block)
        addBlock(tile, block);
      if (part == 0)
        total = acc;
      else
        for (size_t i = 0; i < acc.size(); ++i)
          total[i] += acc[i];
    }
    acc = std::move(total);
  }

  void addBlock(const Tile &tile, int64_t block) {
    int64_t k = block * blockLength;
    int length = int(std::min<int64_t>(blockLength, p.k - k));

    const uint8_t *a[maxRows];
    float sfa[maxRows];
    for (int i = 0; i < tile.rowCount; ++i) {
      int64_t row = rows[tile.row + i];
      a[i] = p.a + row * p.aStride + k;
      sfa[i] = p.sfa[row * p.sfaRowStride + block * p.sfaBlockStride];
    }
    kernel->loadRows(a, tile.rowCount, length);

    for (int first = 0; first < tile.columnCount; first += panelWidth) {
      int count = std::min(panelWidth, tile.columnCount - first);
      const uint8_t *b[panelWidth];
      float sfb[panelWidth] = {};
      for (int j = 0; j < count; ++j) {
        int64_t column = columns[tile.column + first + j];
        b[j] = p.b + column * p.bStride + k;
        sfb[j] = p.sfb[column / p.sfbRows * p.sfbRowStride +
                       block * p.sfbBlockStride];
      }
      kernel->loadPanel(b, count, length);
      kernel->computePartials(partials.data());
      kernel->promote(sfa, sfb, partials.data(),
                      panelAcc(tile, first / panelWidth), tile.rowCount);
    }
  }

  const Problem &p;
  const std::vector<int64_t> &rows, &columns;
  std::unique_ptr<Kernel> kernel;
  std::vector<float> acc, partials;
};

/// The chosen indices, or all of them.
std::vector<int64_t> indicesOrAll(const std::vector<int64_t> &chosen,
                                  int64_t size) {
  if (!chosen.empty())
    return chosen;
  std::vector<int64_t> all(size);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

} // namespace

bool isAvailable(Engine engine) {
  if (engine != Engine::AVX2)
    return true;
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

std::string evaluate(const Problem &p) {
  if (std::string error = check(p); !error.empty())
    return error;
  if (p.m == 0 || p.n == 0)
    return "";

  std::vector<int64_t> rows = indicesOrAll(p.rows, p.m);
  std::vector<int64_t> columns = indicesOrAll(p.columns, p.n);
  unsigned threads =
      p.threads ? p.threads : std::max(1u, std::thread::hardware_concurrency());
  Tiling tiles(rows.size(), columns.size(), threads);
  threads = unsigned(std::min<int64_t>(threads, tiles.count()));

  std::atomic<int64_t> next{0};
  auto work = [&] {
    // A caller may run with denormals flushed or another rounding mode.
    std::fenv_t saved;
    std::fegetenv(&saved);
    std::fesetenv(FE_DFL_ENV);
    {
      Worker worker(p, rows, columns);
      for (int64_t i; (i = next++) < tiles.count();)
        worker.evaluate(tiles[i]);
    }
    std::fesetenv(&saved);
  };
  std::vector<std::thread> helpers;
  for (unsigned i = 1; i < threads; ++i)
    helpers.emplace_back(work);
  work();
  for (std::thread &helper : helpers)
    helper.join();
  return "";
}

} // namespace dgemm::reference
