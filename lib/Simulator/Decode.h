// Turns parsed instructions into the decoded form; one decoder per family.
#ifndef DGEMM_LIB_SIMULATOR_DECODE_H
#define DGEMM_LIB_SIMULATOR_DECODE_H

#include "Machine.h"

namespace dgemm::sim {

/// Decodes one instruction: families ask it for operands and types.
class Decoder {
public:
  Decoder(const ptx::Module &module, const ptx::Function &function,
          Kernel &kernel, const std::map<std::string, uint64_t> &globals);
  void decodeAll();

  // The instruction at hand.
  const ptx::Instruction *in = nullptr;
  Inst *out = nullptr;

  bool is(const char *base) const { return in->parts[0] == base; }
  bool has(const char *part) const { return in->has(part); }
  size_t numOperands() const { return in->operands.size(); }
  const ptx::Operand &operand(size_t i) const;
  void expectOperands(size_t low, size_t high) const;
  /// The i-th type modifier from the end (0 is the last).
  ptx::Type type(unsigned fromEnd = 0) const;
  [[noreturn]] void fail(const std::string &message) const;

  // Add operands, destinations first. `bits` is what the instruction wants;
  // with `exact` false a wider register may hold a narrower value.
  void dst(const ptx::Operand &operand, unsigned bits, bool exact = true);
  void src(const ptx::Operand &operand, unsigned bits, bool exact = true);
  void srcConstant(uint64_t value, unsigned bits);
  void srcTrue(); // a predicate that always holds
  /// The address operand: base as source, offset into `imm`.
  void address(const ptx::Operand &operand);
  /// An address among several: base and constant offset as two sources.
  void addressRefs(const ptx::Operand &operand);
  void dst(size_t i, unsigned bits, bool exact = true) {
    dst(operand(i), bits, exact);
  }
  void src(size_t i, unsigned bits, bool exact = true) {
    src(operand(i), bits, exact);
  }
  bool isSink(size_t i) const {
    return i < numOperands() && in->operands[i].kind == ptx::Operand::Sink;
  }
  uint32_t addTable(const std::vector<uint32_t> &targets);
  const ptx::Function &getFunction() const { return function; }
  unsigned registerBits(const ptx::Operand &operand) const;

private:
  void layOutShared();
  void layOutParams();
  void allocateRows();
  void decodeOne();
  void computeReconvergence();
  uint32_t constantRow(uint64_t value, bool wide);
  bool symbolAddress(const std::string &name, uint64_t &value) const;
  Ref registerRef(const ptx::Operand &operand, unsigned bits, bool exact);

  const ptx::Module &module;
  const ptx::Function &function;
  Kernel &kernel;
  const std::map<std::string, uint64_t> &globals;
  std::map<std::string, uint64_t> symbols;
  std::vector<Ref> registers;
  std::map<std::pair<uint64_t, bool>, uint32_t> constantRows;
  std::map<std::string, uint16_t> opcodeIds;
  uint32_t specialBase = 0;
  friend struct SpecialRegisters;
};

// Each returns false when the opcode is not of its family.
bool decodeInteger(Decoder &decoder);
bool decodeLogic(Decoder &decoder);
bool decodeCompare(Decoder &decoder);
bool decodeFloat(Decoder &decoder);
bool decodeHalf(Decoder &decoder);
bool decodeConvert(Decoder &decoder);
bool decodeMove(Decoder &decoder);
bool decodeMemory(Decoder &decoder);
bool decodeAsyncStore(Decoder &decoder);
bool decodeAtomic(Decoder &decoder);
bool decodeControl(Decoder &decoder);
bool decodeBarrier(Decoder &decoder);
bool decodeWarp(Decoder &decoder);
bool decodeMBarrier(Decoder &decoder);
bool decodeTMA(Decoder &decoder);
bool decodeBulk(Decoder &decoder);
bool decodeMatrix(Decoder &decoder);
bool decodeTensorMap(Decoder &decoder);
bool decodeWgmma(Decoder &decoder);

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_DECODE_H
