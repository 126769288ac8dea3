// The tensors of a simulated call: shapes from the record, data from files or
// a generator.
#ifndef DGEMM_TOOLS_SIM_OPERANDS_H
#define DGEMM_TOOLS_SIM_OPERANDS_H

#include "dgemm/Launch/Plan.h"
#include "dgemm/Simulator/Memory.h"

#include <map>

namespace dgemm::simtool {

/// One tensor, its bytes as they were before the launch.
struct Operand {
  std::string name;
  launch::Tensor tensor;
  std::vector<uint8_t> initial;
};

/// Evaluates each operand's shape with `values`; strides that `values` does
/// not name are as dense as 16-byte alignment lets them be.
launch::Result<std::vector<Operand>> makeOperands(const launch::Record &record,
                                                  launch::Environment values);

/// Random data: e4m3 from a normal distribution that fills the range, scales
/// around 1/448, NaN patterns in what is only written.
void generate(Operand &operand, launch::Access access, uint64_t seed);

/// Replaces the data by a file's, dense in row-major order of the shape.
launch::Status loadFile(Operand &operand, const std::string &path);
/// Writes the data of `bytes` dense to a file.
launch::Status saveFile(const Operand &operand, const uint8_t *bytes,
                        const std::string &path);

/// Offset in bytes of every element, in row-major order of the shape.
std::vector<uint64_t> elementOffsets(const launch::Tensor &tensor);

/// What D must be, bit for bit, by this program's own arithmetic; empty when
/// the operands are not those of a dense gemm. `parts` says how many partial
/// sums there are and how many K blocks each has (1 and 0: one chain).
std::vector<uint8_t> expectedD(const std::vector<Operand> &operands,
                               std::pair<int64_t, int64_t> parts);

} // namespace dgemm::simtool

#endif // DGEMM_TOOLS_SIM_OPERANDS_H
