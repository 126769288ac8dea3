// From a launch record and the tensors of one call to concrete numbers: the
// values, the checks, the grid, the arguments. Backends take it from there.
#ifndef DGEMM_LAUNCH_PLAN_H
#define DGEMM_LAUNCH_PLAN_H

#include "dgemm/Launch/Record.h"

#include <array>
#include <cstdint>
#include <vector>

namespace dgemm::launch {

/// A tensor of a call, in the order of the record's operands. Shape and
/// strides count elements.
struct Tensor {
  uint64_t address = 0;
  DType dtype = DType::E4M3;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

/// A tensor map with numbers: what the driver encodes and the simulator reads.
struct TensorMap {
  DType dtype = DType::E4M3;
  unsigned rank = 0;
  uint64_t address = 0;
  std::array<uint64_t, 5> sizes{};   ///< elements, innermost first
  std::array<uint64_t, 4> strides{}; ///< bytes, of dimensions 1..rank-1
  std::array<uint32_t, 5> box{};     ///< elements
  std::array<uint32_t, 5> elementStrides{};
  unsigned swizzle = 0, interleave = 0, l2Promotion = 0; ///< bytes
  Fill fill = Fill::Zero;
};

/// A kernel parameter with numbers.
struct ArgumentValue {
  Argument::Kind kind = Argument::Kind::Workspace;
  TensorMap map;      ///< Kind::TensorMap
  uint64_t bits = 0;  ///< Kind::Pointer and Kind::Value; Workspace: unset
  unsigned bytes = 8; ///< size of the parameter (a tensor map has 128)
};

/// Rows of equal length at a pitch, for what an empty problem writes.
struct Region {
  uint64_t address = 0;
  uint64_t rows = 0, rowBytes = 0, pitchBytes = 0;
};

/// What one call does: an empty action, or one kernel.
struct Plan {
  Environment values;

  /// Set when an empty rule applied; then there is no kernel.
  std::optional<EmptyAction> empty;
  Region destination; ///< Zero and CopyC
  Region source;      ///< CopyC

  size_t kernel = 0; ///< index into the record's kernels
  std::array<uint32_t, 3> grid{1, 1, 1}, block{1, 1, 1}, cluster{1, 1, 1};
  uint32_t dynamicSharedMemory = 0;
  bool pdl = false;
  /// The partial sums of D and the K blocks of each; 1 and 0: one chain.
  int64_t parts = 1, partKBlocks = 0;
  std::vector<ArgumentValue> args;

  uint64_t workspaceBytes = 0;
  bool workspaceZeroed = false;
};

/// Binds M, N, K, strides ... from the tensors and checks every shape, stride
/// and type against the record. `sms` becomes the value of that name.
Result<Environment> bindValues(const Record &record,
                               const std::vector<Tensor> &tensors, int64_t sms);

/// The whole plan of one call: bindValues, null and alignment checks, empty
/// rules, the first kernel whose `when` holds, its preconditions, grid and
/// arguments.
Result<Plan> plan(const Record &record, const std::vector<Tensor> &tensors,
                  int64_t sms);

/// The limits of the driver on a tensor map (also the simulator's).
Status checkTensorMap(const TensorMap &map);

} // namespace dgemm::launch

#endif // DGEMM_LAUNCH_PLAN_H
