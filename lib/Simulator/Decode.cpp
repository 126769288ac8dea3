// Lays out a kernel's storage and decodes its instructions.
#include "Decode.h"
#include "SpecialRegisters.h"

#include <set>

using namespace dgemm::sim;
using ptx::Operand;
using ptx::Type;

static uint64_t alignTo(uint64_t value, uint64_t align) {
  return (value + align - 1) / align * align;
}

Decoder::Decoder(const ptx::Module &module, const ptx::Function &function,
                 Kernel &kernel, const std::map<std::string, uint64_t> &globals)
    : module(module), function(function), kernel(kernel), globals(globals) {}

void Decoder::fail(const std::string &message) const {
  std::string text = message;
  if (in)
    text = "'" + in->opcode + "': " + message;
  throw ptx::ParseError{in ? in->line : function.line, text};
}

//===-- Layout ------------------------------------------------------------===//

void Decoder::layOutShared() {
  std::set<std::string> used;
  auto collect = [&](auto &&self, const Operand &operand) -> void {
    if (operand.kind == Operand::Symbol)
      used.insert(operand.name);
    for (const Operand &item : operand.items)
      self(self, item);
  };
  for (const ptx::Instruction &inst : function.body)
    for (const Operand &operand : inst.operands)
      collect(collect, operand);

  uint64_t offset = kSharedBase, local = 0;
  uint64_t dynamicAlign = 16;
  std::vector<std::string> dynamic;
  auto place = [&](const ptx::Variable &var) {
    if (var.space == ptx::Variable::Local) {
      local = alignTo(local, var.align);
      symbols[var.name] = local;
      local += var.size;
      return;
    }
    if (var.space != ptx::Variable::Shared)
      return;
    if (var.size == 0) {
      dynamic.push_back(var.name);
      dynamicAlign = std::max(dynamicAlign, var.align);
      return;
    }
    offset = alignTo(offset, var.align);
    symbols[var.name] = offset;
    kernel.sharedSymbols.push_back({var.name, (uint32_t)offset});
    offset += var.size;
  };
  for (const ptx::Variable &var : module.variables)
    if (used.count(var.name))
      place(var);
  for (const ptx::Variable &var : function.variables)
    place(var);
  if (offset > kSharedBase + kMaxShared)
    fail("kernel '" + function.name + "' declares " +
         std::to_string(offset - kSharedBase) +
         " bytes of shared memory; at most " + std::to_string(kMaxShared) +
         " fit");
  if (local > 512 * 1024)
    fail("more than 512 KB of local memory per thread");
  offset = alignTo(offset, dynamicAlign);
  for (const std::string &name : dynamic) {
    symbols[name] = offset;
    kernel.sharedSymbols.push_back({name, (uint32_t)offset});
  }
  kernel.staticShared = (uint32_t)(offset - kSharedBase);
  kernel.dynamicAlign = (uint32_t)dynamicAlign;
  kernel.localBytes = (uint32_t)alignTo(local, 16);
}

void Decoder::layOutParams() {
  uint64_t offset = 0;
  for (const ptx::Variable &param : function.params) {
    offset = alignTo(offset, param.align);
    kernel.params.push_back(
        {(uint32_t)offset, (uint32_t)param.size, param.name});
    symbols[param.name] = offset;
    offset += param.size;
    if (offset > 32764)
      fail("more than 32,764 bytes of parameters");
  }
  kernel.paramBytes = (uint32_t)offset;
}

void Decoder::allocateRows() {
  uint32_t row = NumSpecialRows;
  kernel.rowNames.assign(NumSpecialRows, "special register");
  for (const ptx::Register &reg : function.registers) {
    unsigned bits = ptx::bitsOf(reg.type);
    Ref ref;
    ref.row = row;
    ref.bytes = bits == 1 ? 0 : bits == 64 ? 8 : 4;
    registers.push_back(ref);
    unsigned rows = bits == 64 ? 2 : 1;
    row += rows;
    for (unsigned i = 0; i < rows; ++i)
      kernel.rowNames.push_back(reg.name);
  }
  kernel.scratchRow = row;
  kernel.rowNames.push_back("_");
  kernel.rowNames.push_back("_");
  kernel.rows = row + 2;
}

//===-- Operands ----------------------------------------------------------===//

const Operand &Decoder::operand(size_t i) const {
  if (i >= in->operands.size())
    fail("operand " + std::to_string(i + 1) + " is missing");
  return in->operands[i];
}

void Decoder::expectOperands(size_t low, size_t high) const {
  size_t have = numOperands();
  if (have < low || have > high)
    fail("has " + std::to_string(have) + " operands");
}

Type Decoder::type(unsigned fromEnd) const {
  for (size_t i = in->parts.size(); i-- > 1;) {
    Type found = ptx::typeFromName(in->parts[i]);
    if (found == Type::None)
      continue;
    if (fromEnd-- == 0)
      return found;
  }
  fail("has no type");
}

uint32_t Decoder::constantRow(uint64_t value, bool wide) {
  auto [it, fresh] = constantRows.emplace(std::make_pair(value, wide), 0);
  if (!fresh)
    return it->second;
  uint32_t row = (uint32_t)(kernel.constants.size() / 128);
  it->second = row;
  kernel.constants.resize(kernel.constants.size() + (wide ? 256 : 128));
  uint8_t *base = kernel.constants.data() + (size_t)row * 128;
  for (int lane = 0; lane < 32; ++lane)
    if (wide)
      reinterpret_cast<uint64_t *>(base)[lane] = value;
    else
      reinterpret_cast<uint32_t *>(base)[lane] = (uint32_t)value;
  return row;
}

bool Decoder::symbolAddress(const std::string &name, uint64_t &value) const {
  auto it = symbols.find(name);
  if (it == symbols.end()) {
    it = globals.find(name);
    if (it == globals.end())
      return false;
  }
  value = it->second;
  return true;
}

unsigned Decoder::registerBits(const Operand &operand) const {
  if (operand.kind != Operand::Register)
    return 0;
  return ptx::bitsOf(function.registers[operand.reg].type);
}

Ref Decoder::registerRef(const Operand &operand, unsigned bits, bool exact) {
  Ref ref = registers[operand.reg];
  unsigned have = ref.bytes == 0 ? 1 : ref.bytes * 8;
  unsigned want = bits == 1 ? 1 : bits <= 32 ? 32 : 64;
  if ((have == 1) != (want == 1))
    fail("register " + operand.name +
         (have == 1 ? " is a predicate" : " is not a predicate"));
  if (exact ? have != want : have < want)
    fail("register " + operand.name + " has " + std::to_string(have) +
         " bits where " + std::to_string(bits) + " are needed");
  return ref;
}

void Decoder::dst(const Operand &operand, unsigned bits, bool exact) {
  if (out->numSrc)
    fail("internal: destination after a source");
  Ref ref;
  if (operand.kind == Operand::Sink) {
    ref.row = kernel.scratchRow;
    ref.bytes = bits == 1 ? 0 : bits <= 32 ? 4 : 8;
  } else if (operand.kind == Operand::Register) {
    ref = registerRef(operand, bits, exact);
  } else {
    fail("the destination is not a register");
  }
  kernel.refs.push_back(ref);
  if (++out->numDst == 0)
    fail("too many destinations");
}

void Decoder::srcConstant(uint64_t value, unsigned bits) {
  Ref ref;
  ref.constant = true;
  ref.bytes = bits == 1 ? 0 : bits <= 32 ? 4 : 8;
  if (bits == 16)
    value &= 0xffff;
  else if (bits == 8)
    value &= 0xff;
  else if (bits == 32)
    value &= 0xffffffffu;
  ref.row = constantRow(value, bits > 32);
  kernel.refs.push_back(ref);
  if (++out->numSrc == 0)
    fail("too many sources");
}

void Decoder::srcTrue() { srcConstant(0xffffffffu, 1); }

void Decoder::src(const Operand &operand, unsigned bits, bool exact) {
  switch (operand.kind) {
  case Operand::Register: {
    Ref ref = registerRef(operand, bits, exact);
    kernel.refs.push_back(ref);
    if (++out->numSrc == 0)
      fail("too many sources");
    return;
  }
  case Operand::Integer:
    if (bits == 1)
      return srcConstant(operand.bits ? 0xffffffffu : 0, 1);
    return srcConstant(operand.bits, bits);
  case Operand::Float32:
  case Operand::Float64: {
    uint64_t value = operand.bits;
    if (operand.kind == Operand::Float64 && bits == 32) {
      double wide;
      memcpy(&wide, &value, 8);
      float narrow = (float)wide;
      uint32_t word;
      memcpy(&word, &narrow, 4);
      value = word;
    } else if (operand.kind == Operand::Float32 && bits == 64) {
      float narrow;
      uint32_t word = (uint32_t)value;
      memcpy(&narrow, &word, 4);
      double wide = narrow;
      memcpy(&value, &wide, 8);
    }
    return srcConstant(value, bits);
  }
  case Operand::Special: {
    uint32_t row;
    unsigned have;
    if (operand.name == "WARP_SZ")
      return srcConstant(32, bits);
    if (!specialRow(operand.name, row, have))
      fail("unknown register " + operand.name);
    if ((bits == 1) != (have == 1) || (bits == 64) != (have == 64))
      fail("special register " + operand.name + " has " + std::to_string(have) +
           " bits");
    kernel.refs.push_back({row, (uint8_t)(have == 1 ? 0 : have / 8), false});
    ++out->numSrc;
    return;
  }
  case Operand::Symbol: {
    if (operand.name == "WARP_SZ")
      return srcConstant(32, bits);
    uint64_t value;
    if (!symbolAddress(operand.name, value))
      fail("'" + operand.name + "' is not declared");
    return srcConstant(value + (uint64_t)operand.offset, bits);
  }
  default:
    fail("an operand of the wrong form");
  }
}

void Decoder::address(const Operand &operand) {
  if (operand.kind != Operand::Address)
    fail("expected an address in brackets");
  out->imm = operand.offset;
  const Operand &base = operand.items[0];
  if (base.kind == Operand::Register) {
    unsigned bits = registerBits(base);
    if (bits != 32 && bits != 64)
      fail("the address register " + base.name + " has " +
           std::to_string(bits) + " bits");
    src(base, bits);
    return;
  }
  src(base, 64);
}

void Decoder::addressRefs(const Operand &operand) {
  address(operand);
  srcConstant((uint64_t)out->imm, 64);
}

uint32_t Decoder::addTable(const std::vector<uint32_t> &targets) {
  kernel.tables.push_back(targets);
  return (uint32_t)kernel.tables.size() - 1;
}

//===-- Instructions ------------------------------------------------------===//

void Decoder::decodeOne() {
  using Family = bool (*)(Decoder &);
  static const Family families[] = {
      decodeMove,    decodeInteger, decodeLogic,     decodeCompare,
      decodeFloat,   decodeHalf,    decodeConvert,   decodeAsyncStore,
      decodeMemory,  decodeAtomic,  decodeTensorMap, decodeControl,
      decodeBarrier, decodeWarp,    decodeMBarrier,  decodeTMA,
      decodeBulk,    decodeMatrix,  decodeWgmma};
  out->line = in->line;
  out->refs = (uint32_t)kernel.refs.size();
  auto [it, fresh] =
      opcodeIds.emplace(in->opcode, (uint16_t)kernel.opcodes.size());
  if (fresh) {
    if (kernel.opcodes.size() >= 0xffff)
      fail("too many different opcodes");
    kernel.opcodes.push_back(in->opcode);
  }
  out->opcode = it->second;
  if (in->guard >= 0) {
    out->guard = (int32_t)registers[in->guard].row;
    out->guardNegated = in->guardNegated;
  }
  // Rough latencies of Hopper, for the order of seed 0 and the timeline.
  static const std::pair<const char *, uint16_t> latencies[] = {
      {"ld.global", 500}, {"ld.shared", 24}, {"ldmatrix", 28},
      {"atom.", 600},     {"shfl", 24},      {"mbarrier.try_wait", 12},
      {"div.", 40},       {"rem.", 40}};
  static const char *const visible[] = {
      "ld.global", "ld.shared", "ld.acquire", "ld.relaxed", "ld.volatile",
      "st.",       "atom.",     "red.",       "mbarrier",   "bar",
      "cp.",       "wgmma",     "fence",      "membar",     "ldmatrix",
      "stmatrix",  "setmaxnreg"};
  out->control = is("bra") || is("brx") || is("ret") || is("exit");
  for (const char *prefix : visible)
    out->visible |= in->opcode.compare(0, strlen(prefix), prefix) == 0;
  for (const auto &[prefix, latency] : latencies)
    if (in->opcode.compare(0, strlen(prefix), prefix) == 0)
      out->latency = latency;
  for (Family family : families)
    if (family(*this)) {
      if (!out->run)
        fail("internal: no handler");
      return;
    }
  fail("unknown instruction");
}

void Decoder::decodeAll() {
  kernel.name = function.name;
  memcpy(kernel.reqntid, function.reqntid, sizeof(kernel.reqntid));
  memcpy(kernel.maxntid, function.maxntid, sizeof(kernel.maxntid));
  memcpy(kernel.cluster, function.cluster, sizeof(kernel.cluster));
  kernel.maxnreg = function.maxnreg;
  kernel.minBlocks = function.minBlocks;
  layOutParams();
  layOutShared();
  allocateRows();
  kernel.code.resize(function.body.size());
  for (size_t i = 0; i < function.body.size(); ++i) {
    in = &function.body[i];
    out = &kernel.code[i];
    decodeOne();
  }
  in = nullptr;
  // Falling off the end is leaving.
  Inst end;
  end.run = [](Cluster &, Warp &, const Inst &, uint32_t) {
    return Step::Exited;
  };
  end.line = function.body.empty() ? function.line : function.body.back().line;
  end.opcode = (uint16_t)kernel.opcodes.size();
  kernel.opcodes.push_back("(end)");
  kernel.code.push_back(end);
  computeReconvergence();
}
