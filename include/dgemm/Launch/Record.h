// The launch record: everything a launcher must know about a compiled kernel,
// as data. docs/launch-record.md describes the document.
#ifndef DGEMM_LAUNCH_RECORD_H
#define DGEMM_LAUNCH_RECORD_H

#include "dgemm/Launch/Expression.h"
#include "dgemm/Launch/Result.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dgemm::launch {

/// The version of the document that this library reads and writes.
constexpr int recordVersion = 1;

enum class DType { E4M3, E5M2, BF16, F16, F32, I32, U8 };
const char *toString(DType dtype);
unsigned byteSize(DType dtype);
std::optional<DType> parseDType(std::string_view text);

enum class Access { Read, Write, ReadWrite };
const char *toString(Access access);

/// One tensor of the call. Shapes and strides are in elements.
struct Operand {
  std::string name;
  DType dtype = DType::E4M3;
  std::vector<Expression> shape;
  std::vector<Expression> strides;
  Access access = Access::Read;
  int64_t align = 1;
};

enum class Fill { Zero, NaN };

/// A tensor map as a description; innermost dimension first.
struct TensorMapSpec {
  std::string operand;
  DType dtype = DType::E4M3;
  std::vector<Expression> sizes;
  std::vector<Expression> strides; ///< bytes, of dimensions 1..rank-1
  std::vector<int64_t> box;
  std::vector<int64_t> elementStrides;
  int64_t swizzle = 0;    ///< bytes: 0, 32, 64, 128
  int64_t interleave = 0; ///< bytes: 0, 16, 32
  Fill fill = Fill::Zero;
  int64_t l2Promotion = 0;          ///< bytes: 0, 64, 128, 256
  std::optional<Expression> offset; ///< bytes from the operand's address
};

enum class ValueType { I32, I64 };

/// One kernel parameter.
struct Argument {
  enum class Kind { TensorMap, Pointer, Value, Workspace };
  Kind kind = Kind::Workspace;
  TensorMapSpec map;               ///< Kind::TensorMap
  std::string operand;             ///< Kind::Pointer
  ValueType type = ValueType::I32; ///< Kind::Value
  Expression value;                ///< Kind::Value
};

struct Precondition {
  Expression check;
  std::string message;
};

/// How a kernel cuts the K blocks of D's sums: it adds `count` partial sums in
/// ascending order, each a chain from +0 over `kBlocks` K blocks (the last ones
/// over those that are left, or over none: +0).
struct Parts {
  int64_t count = 1;
  Expression kBlocks;
};

struct Kernel {
  std::string name;
  Expression when;
  std::string schedule; ///< empty: the document's
  std::array<int64_t, 3> block{1, 1, 1};
  std::array<int64_t, 3> cluster{1, 1, 1};
  std::array<Expression, 3> grid;
  int64_t dynamicSharedMemory = 0;
  bool pdl = false;
  std::optional<Parts> parts; ///< not set: one chain over all K blocks
  std::vector<Argument> args;
  std::vector<Precondition> preconditions;
};

/// What to do instead of a launch.
enum class EmptyAction { Nothing, Zero, CopyC };
const char *toString(EmptyAction action);

struct EmptyRule {
  Expression when;
  EmptyAction action = EmptyAction::Nothing;
};

struct Workspace {
  Expression bytes;
  bool zeroed = false;
};

/// What ptxas said about a kernel.
struct Resources {
  std::string kernel;
  int64_t registers = 0, spillBytes = 0, localBytes = 0, ptxBytes = 0,
          cubinBytes = 0;
};

struct Record {
  std::string compiler, target, schedule;
  std::vector<Operand> operands;
  std::vector<Kernel> kernels;
  std::vector<EmptyRule> empty;
  Workspace workspace;
  std::vector<Resources> resources;

  /// Reads a document and validates it. An error names the JSON path, the
  /// value and the rule.
  static Result<Record> parse(std::string_view json);
  /// The rules that need no run-time values (names resolve, hardware limits).
  /// parse() has applied them; a Record built by hand can be checked too.
  Status validate() const;
  /// The document, in the documented key order.
  std::string toJson() const;

  const Operand *findOperand(std::string_view name) const;
  /// Position in `operands`, or -1.
  int operandIndex(std::string_view name) const;
};

} // namespace dgemm::launch

#endif // DGEMM_LAUNCH_RECORD_H
