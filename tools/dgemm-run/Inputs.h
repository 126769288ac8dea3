// The operands of a case: the same matrices in whatever layout a kernel's
// record asks for, kept on the device from one case to the next.
#ifndef DGEMM_TOOLS_RUN_INPUTS_H
#define DGEMM_TOOLS_RUN_INPUTS_H

#include "Case.h"
#include "Device.h"

#include "dgemm/Launch/Plan.h"
#include "dgemm/Reference/Generate.h"

#include <list>
#include <memory>
#include <tuple>

namespace dgemm::run {

/// The problem of a case as mathematics, independent of any layout.
struct Problem {
  int64_t m = 0, n = 0, k = 0;
  int64_t sfbRows = 128; ///< 128: 1D2D, 1: 1D1D
  bool withC = false;
  launch::DType type = launch::DType::BF16; ///< of C and D
  uint64_t seed = 1;
  /// How our kernel cuts the sums: parts, and K blocks of each (one chain).
  int64_t parts = 1, partBlocks = 0;

  int64_t kBlocks() const { return (k + 127) / 128; }
  const char *scaling() const { return sfbRows == 1 ? "1d1d" : "1d2d"; }
  /// C's value as it is stored (bf16 values are exact in f32).
  float c(int64_t row, int64_t column) const;
};

/// Reads what a record computes; throws where it is no block-scaled GEMM.
Problem problemOf(const Case &c, const launch::Record &record);

/// Strides (in elements) of an operand of a record for a problem.
std::vector<int64_t> stridesOf(const Case &c, const Problem &problem,
                               const launch::Operand &operand);

/// Shape of an operand by its role.
std::vector<int64_t> shapeOf(const Problem &problem, const std::string &name);

/// Matrices on the host and operands on the device, the latest few of each.
class Inputs {
public:
  explicit Inputs(Device &device) : device(device) {}

  using Matrix = std::shared_ptr<const reference::QuantizedMatrix>;
  Matrix a(const Problem &p) { return matrix(p.seed, p.m, p.k, 1); }
  Matrix b(const Problem &p) {
    return matrix(p.seed + 1000003, p.n, p.k, p.sfbRows);
  }

  /// An input operand (A, SFA, B, SFB, C) with these strides.
  std::shared_ptr<Buffer> operand(const Problem &p, const std::string &name,
                                  const std::vector<int64_t> &strides);

  /// Forgets the device's copies: a kernel has written where it must not.
  void drop() { operands.clear(); }

private:
  Matrix matrix(uint64_t seed, int64_t rows, int64_t columns,
                int64_t scaleRows);

  Device &device;
  using MatrixKey = std::tuple<uint64_t, int64_t, int64_t, int64_t>;
  std::list<std::pair<MatrixKey, Matrix>> matrices;
  std::list<std::pair<std::string, std::shared_ptr<Buffer>>> operands;
};

/// Bytes from the first to the last element of a 2-D operand, inclusive.
size_t spanBytes(const std::vector<int64_t> &shape,
                 const std::vector<int64_t> &strides, launch::DType dtype);

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_INPUTS_H
