// The kernels that run on every CPU: scalar to the bit, and exact.
#include "Kernel.h"

#include "dgemm/Reference/Formats.h"
#include "dgemm/Reference/TensorCore.h"

#include <cmath>

namespace dgemm::reference {

Kernel::~Kernel() = default;

void Kernel::promote(const float *sfa, const float *sfb, const float *partials,
                     float *acc, int rows) {
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < panelWidth; ++column) {
      int i = row * panelWidth + column;
      float scale = sfa[row] * sfb[column];
      acc[i] = std::fma(scale, partials[i], acc[i]);
    }
}

namespace {

/// Remembers where the operands are and calls the readable functions.
class ScalarKernel final : public Kernel {
public:
  void loadRows(const uint8_t *const *rows, int count, int length) override {
    this->rows = rows;
    rowCount = count;
    this->length = length;
  }

  void loadPanel(const uint8_t *const *columns, int count,
                 int length) override {
    this->columns = columns;
    columnCount = count;
  }

  void computePartials(float *partials) override {
    for (int row = 0; row < rowCount; ++row)
      for (int column = 0; column < columnCount; ++column)
        partials[row * panelWidth + column] =
            tensorCoreBlock(rows[row], columns[column], length);
  }

private:
  const uint8_t *const *rows = nullptr;
  const uint8_t *const *columns = nullptr;
  int rowCount = 0, columnCount = 0, length = 0;
};

/// exactBlock for a whole panel: columns are innermost so that compilers
/// vectorise, which the exactness of every sum allows.
class ExactKernel final : public Kernel {
public:
  void loadRows(const uint8_t *const *rows, int count, int length) override {
    rowCount = count;
    this->length = length;
    for (int row = 0; row < count; ++row)
      for (int k = 0; k < length; ++k)
        a[row][k] = decodeE4M3(rows[row][k]);
  }

  void loadPanel(const uint8_t *const *columns, int count,
                 int length) override {
    for (int column = 0; column < count; ++column)
      for (int k = 0; k < length; ++k)
        b[k][column] = decodeE4M3(columns[column][k]);
  }

  void computePartials(float *partials) override {
    for (int row = 0; row < rowCount; ++row) {
      double sum[panelWidth] = {};
      for (int k = 0; k < length; ++k)
        for (int column = 0; column < panelWidth; ++column)
          sum[column] += double(a[row][k]) * b[k][column];
      for (int column = 0; column < panelWidth; ++column)
        partials[row * panelWidth + column] = canonical(float(sum[column]));
    }
  }

private:
  float a[maxRows][blockLength] = {};
  double b[blockLength][panelWidth] = {};
  int rowCount = 0, length = 0;
};

} // namespace

Kernel *createScalarKernel() { return new ScalarKernel; }

Kernel *createExactKernel() { return new ExactKernel; }

} // namespace dgemm::reference
