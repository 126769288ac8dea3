// The syntax tree of a PTX module and the parser that builds it.
#ifndef DGEMM_SIMULATOR_PTX_H
#define DGEMM_SIMULATOR_PTX_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dgemm::sim::ptx {

/// A syntax or name error, with the line it was found on.
struct ParseError {
  unsigned line = 0;
  std::string message;
};

/// The size and class of a register or variable element.
enum class Type : uint8_t {
  None,
  Pred,
  B8,
  U8,
  S8,
  B16,
  U16,
  S16,
  F16,
  BF16,
  F16x2,
  BF16x2,
  B32,
  U32,
  S32,
  F32,
  TF32,
  B64,
  U64,
  S64,
  F64,
  B128,
  E4M3,
  E5M2,
  E4M3x2,
  E5M2x2
};
Type typeFromName(const std::string &name);
unsigned bitsOf(Type type);
bool isSigned(Type type);
bool isFloat(Type type);

struct Operand {
  enum Kind : uint8_t {
    Register, // `reg` indexes Function::registers
    Special,  // %tid.x and its kin, by name
    Integer,
    Float32,
    Float64,
    Symbol,  // variable, parameter or label; `offset` added
    Label,   // resolved: `reg` is the index of the target instruction
    Vector,  // {items...}
    Address, // [items[0] + offset, items[1]...]
    Pair,    // items[0]|items[1]
    Sink     // _
  };
  Kind kind = Sink;
  bool negated = false;
  uint32_t reg = 0;
  uint64_t bits = 0;
  int64_t offset = 0;
  std::string name;
  std::vector<Operand> items;
};

struct Instruction {
  std::string opcode;             // as written
  std::vector<std::string> parts; // opcode split at '.'
  int guard = -1;                 // predicate register
  bool guardNegated = false;
  unsigned line = 0;
  std::vector<Operand> operands;

  /// True when `part` is one of the modifiers after the first word.
  bool has(const char *part) const;
};

struct Register {
  std::string name;
  Type type = Type::None;
};

struct Variable {
  enum Space : uint8_t { Param, Shared, Local, Global, Const };
  std::string name;
  Space space = Param;
  Type type = Type::None;
  bool isExtern = false;
  uint64_t align = 1;
  uint64_t size = 0; // bytes; 0 for an unsized extern array
  std::vector<uint8_t> init;
};

struct Function {
  std::string name;
  unsigned line = 0;
  std::vector<Variable> params;
  std::vector<Variable> variables; // .shared and .local of the body
  std::vector<Register> registers;
  std::vector<Instruction> body;
  std::map<std::string, std::vector<uint32_t>> branchTables;
  uint32_t reqntid[3] = {0, 0, 0};
  uint32_t maxntid[3] = {0, 0, 0};
  uint32_t cluster[3] = {0, 0, 0};
  uint32_t maxnreg = 0;
  /// Blocks that are to fit on an SM at once, and share its registers.
  uint32_t minBlocks = 1;
  bool explicitCluster = false;
};

struct Module {
  std::string version, target;
  std::vector<Variable> variables;
  std::vector<Function> kernels;
};

/// Parses `text`. Returns false and fills `error` when it is not PTX that we
/// understand.
bool parse(const std::string &text, Module &module, ParseError &error);

} // namespace dgemm::sim::ptx

#endif // DGEMM_SIMULATOR_PTX_H
