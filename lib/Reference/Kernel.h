// What computes the partial sums of one K block of a tile; internal.
#ifndef DGEMM_LIB_REFERENCE_KERNEL_H
#define DGEMM_LIB_REFERENCE_KERNEL_H

#include <cstdint>

namespace dgemm::reference {

/// Columns that a kernel treats at a time.
constexpr int panelWidth = 32;
/// Rows that a kernel holds at most.
constexpr int maxRows = 256;

/// One K block of up to maxRows rows against panels of panelWidth columns. The
/// rows are loaded once for many panels, hence the three calls.
class Kernel {
public:
  virtual ~Kernel();

  /// Takes `count` rows of `length` <= 128 elements each.
  virtual void loadRows(const uint8_t *const *rows, int count, int length) = 0;

  /// Takes `count` <= panelWidth columns of the same length.
  virtual void loadPanel(const uint8_t *const *columns, int count,
                         int length) = 0;

  /// partials[row * panelWidth + column] for the rows and columns loaded; what
  /// lies beyond the panel's count is unspecified.
  virtual void computePartials(float *partials) = 0;

  /// acc = fma(rn(sfa[row] * sfb[column]), partial, acc) for `rows` rows of a
  /// panel.
  virtual void promote(const float *sfa, const float *sfb,
                       const float *partials, float *acc, int rows);
};

// The caller deletes these. They are plain pointers because AVX2Kernel.cpp may
// not instantiate a smart one.
Kernel *createScalarKernel();
Kernel *createExactKernel();

/// Null where the library was built for another architecture.
Kernel *createAVX2Kernel();

} // namespace dgemm::reference

#endif // DGEMM_LIB_REFERENCE_KERNEL_H
