// Parses a PTX module: declarations, scopes, labels and operands.
#include "Parser.h"

#include <cstring>

using namespace dgemm::sim::ptx;

/// Limits that keep hostile text from exhausting memory.
static constexpr uint64_t maxRegisters = 1u << 20;
static constexpr uint64_t maxVariableBytes = 1u << 28;
static constexpr unsigned maxDepth = 64;

Type dgemm::sim::ptx::typeFromName(const std::string &name) {
  static const std::map<std::string, Type> names = {
      {"pred", Type::Pred},     {"b8", Type::B8},
      {"u8", Type::U8},         {"s8", Type::S8},
      {"b16", Type::B16},       {"u16", Type::U16},
      {"s16", Type::S16},       {"f16", Type::F16},
      {"bf16", Type::BF16},     {"f16x2", Type::F16x2},
      {"bf16x2", Type::BF16x2}, {"b32", Type::B32},
      {"u32", Type::U32},       {"s32", Type::S32},
      {"f32", Type::F32},       {"tf32", Type::TF32},
      {"b64", Type::B64},       {"u64", Type::U64},
      {"s64", Type::S64},       {"f64", Type::F64},
      {"b128", Type::B128},     {"e4m3", Type::E4M3},
      {"e5m2", Type::E5M2},     {"e4m3x2", Type::E4M3x2},
      {"e5m2x2", Type::E5M2x2}};
  auto it = names.find(name);
  return it == names.end() ? Type::None : it->second;
}

unsigned dgemm::sim::ptx::bitsOf(Type type) {
  switch (type) {
  case Type::None:
    return 0;
  case Type::Pred:
    return 1;
  case Type::B8:
  case Type::U8:
  case Type::S8:
  case Type::E4M3:
  case Type::E5M2:
    return 8;
  case Type::B16:
  case Type::U16:
  case Type::S16:
  case Type::F16:
  case Type::BF16:
  case Type::E4M3x2:
  case Type::E5M2x2:
    return 16;
  case Type::B32:
  case Type::U32:
  case Type::S32:
  case Type::F32:
  case Type::TF32:
  case Type::F16x2:
  case Type::BF16x2:
    return 32;
  case Type::B64:
  case Type::U64:
  case Type::S64:
  case Type::F64:
    return 64;
  case Type::B128:
    return 128;
  }
  return 0;
}

bool dgemm::sim::ptx::isSigned(Type type) {
  return type == Type::S8 || type == Type::S16 || type == Type::S32 ||
         type == Type::S64;
}

bool dgemm::sim::ptx::isFloat(Type type) {
  switch (type) {
  case Type::F16:
  case Type::BF16:
  case Type::F16x2:
  case Type::BF16x2:
  case Type::F32:
  case Type::TF32:
  case Type::F64:
  case Type::E4M3:
  case Type::E5M2:
    return true;
  default:
    return false;
  }
}

bool Instruction::has(const char *part) const {
  for (size_t i = 1; i < parts.size(); ++i)
    if (parts[i] == part)
      return true;
  return false;
}

//===-- Names -------------------------------------------------------------===//

bool FunctionParser::lookUpRegister(const std::string &name, uint32_t &reg) {
  for (size_t i = scopes.size(); i-- > 0;) {
    Scope &scope = scopes[i];
    auto it = scope.registers.find(name);
    if (it != scope.registers.end()) {
      reg = it->second;
      return true;
    }
    size_t digits = name.size();
    while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9')
      --digits;
    if (digits == name.size() || name.size() - digits > 7)
      continue;
    auto range = scope.ranges.find(name.substr(0, digits));
    if (range == scope.ranges.end())
      continue;
    uint32_t index = std::stoul(name.substr(digits));
    if (index >= range->second.second)
      continue;
    reg = range->second.first + index;
    scope.registers[name] = reg;
    return true;
  }
  return false;
}

void FunctionParser::declareRegisters() {
  Type type = Type::None;
  while (lex.peek().kind == Token::Identifier && lex.peek().text[0] == '.') {
    std::string word = lex.next().text.substr(1);
    type = typeFromName(word);
    if (type == Type::None)
      lex.fail("unsupported register type '." + word + "'");
  }
  if (type == Type::B128)
    lex.fail("128-bit registers are not supported");
  do {
    std::string name = word("register name");
    uint64_t count = 0;
    bool range = lex.accept('<');
    if (range) {
      count = integer();
      lex.expect('>');
    }
    uint64_t total = range ? count : 1;
    if (total > maxRegisters || fn.registers.size() + total > maxRegisters)
      lex.fail("more than " + std::to_string(maxRegisters) + " registers");
    uint32_t base = fn.registers.size();
    if (range)
      scopes.back().ranges[name] = {base, (uint32_t)total};
    else
      scopes.back().registers[name] = base;
    for (uint64_t i = 0; i < total; ++i)
      fn.registers.push_back({range ? name + std::to_string(i) : name, type});
  } while (lex.accept(','));
  lex.expect(';');
}

//===-- Operands ----------------------------------------------------------===//

Operand FunctionParser::primary(unsigned depth) {
  if (depth > maxDepth)
    lex.fail("operands are nested too deeply");
  Operand result;
  const Token &token = lex.peek();
  if (lex.accept('!')) {
    result = primary(depth + 1);
    result.negated = !result.negated;
    return result;
  }
  if (lex.accept('-')) {
    result = primary(depth + 1);
    if (result.kind == Operand::Integer)
      result.bits = 0 - result.bits;
    else if (result.kind == Operand::Float32)
      result.bits ^= 0x80000000u;
    else if (result.kind == Operand::Float64)
      result.bits ^= 1ull << 63;
    else
      lex.fail("only literals can be negated");
    return result;
  }
  if (lex.accept('{')) {
    result.kind = Operand::Vector;
    if (!lex.isPunct('}'))
      do
        result.items.push_back(operand(depth + 1));
      while (lex.accept(','));
    lex.expect('}');
    return result;
  }
  if (lex.accept('[')) {
    result.kind = Operand::Address;
    result.items.push_back(primary(depth + 1));
    result.offset = result.items[0].offset;
    result.items[0].offset = 0;
    while (lex.isPunct('+') || lex.isPunct('-')) {
      bool minus = lex.next().text[0] == '-';
      int64_t value = integer();
      result.offset =
          (int64_t)((uint64_t)result.offset +
                    (minus ? 0 - (uint64_t)value : (uint64_t)value));
    }
    while (lex.accept(','))
      result.items.push_back(operand(depth + 1));
    lex.expect(']');
    return result;
  }
  switch (token.kind) {
  case Token::Integer:
    result.kind = Operand::Integer;
    result.bits = lex.next().bits;
    return result;
  case Token::Float32:
    result.kind = Operand::Float32;
    result.bits = lex.next().bits;
    return result;
  case Token::Float64:
    result.kind = Operand::Float64;
    result.bits = lex.next().bits;
    return result;
  case Token::Identifier:
    break;
  default:
    lex.fail("expected an operand before '" + token.text + "'");
  }
  std::string name = lex.next().text;
  if (name == "_")
    return result;
  uint32_t reg;
  if (lookUpRegister(name, reg)) {
    result.kind = Operand::Register;
    result.reg = reg;
  } else {
    result.kind = name[0] == '%' ? Operand::Special : Operand::Symbol;
  }
  result.name = name;
  return result;
}

Operand FunctionParser::operand(unsigned depth) {
  Operand result = primary(depth);
  if (lex.isPunct('|')) {
    lex.next();
    Operand pair;
    pair.kind = Operand::Pair;
    pair.items.push_back(result);
    pair.items.push_back(primary(depth + 1));
    return pair;
  }
  while (result.kind == Operand::Symbol &&
         (lex.isPunct('+') || lex.isPunct('-'))) {
    bool minus = lex.next().text[0] == '-';
    int64_t value = integer();
    result.offset += minus ? -value : value;
  }
  while (result.kind == Operand::Integer && lex.isPunct('+')) {
    lex.next();
    result.bits += (uint64_t)integer();
  }
  return result;
}

//===-- Statements --------------------------------------------------------===//

void FunctionParser::declareLabel(const std::string &name) {
  auto &labels = scopes.back().labels;
  if (!labels.emplace(name, (uint32_t)fn.body.size()).second)
    lex.fail("label '" + name + "' is defined twice");
}

void FunctionParser::branchTable(const std::string &name) {
  Instruction table;
  table.line = lex.peek().line;
  do {
    Operand target;
    target.kind = Operand::Symbol;
    target.name = word("label");
    table.operands.push_back(target);
  } while (lex.accept(','));
  lex.expect(';');
  tables.push_back({name, (int)scopes.back().id, table});
}

void FunctionParser::instruction(const Token &opcode, int guard, bool negated) {
  Instruction inst;
  inst.guard = guard;
  inst.guardNegated = negated;
  inst.line = opcode.line;
  inst.opcode = opcode.text;
  size_t start = 0;
  for (size_t i = 0; i <= inst.opcode.size(); ++i)
    if (i == inst.opcode.size() || inst.opcode[i] == '.') {
      inst.parts.push_back(inst.opcode.substr(start, i - start));
      start = i + 1;
    }
  if (!lex.isPunct(';'))
    do
      inst.operands.push_back(operand(0));
    while (lex.accept(','));
  lex.expect(';');
  scopeOf.push_back(scopes.back().id);
  fn.body.push_back(std::move(inst));
}

void FunctionParser::openScope() {
  if (scopes.size() > maxDepth)
    lex.fail("blocks are nested too deeply");
  Scope scope;
  scope.id = closed.size();
  scope.parent = scopes.empty() ? -1 : (int)scopes.back().id;
  closed.emplace_back();
  scopes.push_back(std::move(scope));
}

void FunctionParser::closeScope() {
  closed[scopes.back().id] = {scopes.back().parent,
                              std::move(scopes.back().labels)};
  scopes.pop_back();
}

/// Resolves `name` from the scope outwards.
bool FunctionParser::findLabel(const std::string &name, int scope,
                               uint32_t &target) {
  for (; scope >= 0; scope = closed[scope].parent) {
    auto it = closed[scope].labels.find(name);
    if (it == closed[scope].labels.end())
      continue;
    target = it->second;
    return true;
  }
  return false;
}

void FunctionParser::resolveLabels() {
  auto resolve = [&](Operand &operand, int scope, unsigned line) {
    if (operand.kind != Operand::Symbol)
      return;
    uint32_t target;
    if (!findLabel(operand.name, scope, target))
      throw ParseError{line, "label '" + operand.name + "' is not defined"};
    operand.kind = Operand::Label;
    operand.reg = target;
  };
  for (size_t i = 0; i < fn.body.size(); ++i) {
    Instruction &inst = fn.body[i];
    if (inst.parts[0] == "bra" && !inst.operands.empty())
      resolve(inst.operands[0], scopeOf[i], inst.line);
  }
  for (Table &table : tables) {
    std::vector<uint32_t> targets;
    for (Operand &operand : table.inst.operands) {
      resolve(operand, table.scope, table.inst.line);
      targets.push_back(operand.reg);
    }
    fn.branchTables[table.name] = targets;
  }
}

void FunctionParser::statement() {
  if (lex.accept(';'))
    return;
  if (lex.isPunct('{')) {
    lex.next();
    openScope();
    return;
  }
  if (lex.isPunct('@')) {
    lex.next();
    bool negated = lex.accept('!');
    std::string name = word("predicate");
    uint32_t reg;
    if (!lookUpRegister(name, reg) || fn.registers[reg].type != Type::Pred)
      lex.fail("guard '" + name + "' is not a predicate register");
    if (lex.peek().kind != Token::Identifier)
      lex.fail("expected an opcode before '" + lex.peek().text + "'");
    Token opcode = lex.next();
    instruction(opcode, reg, negated);
    return;
  }
  if (lex.peek().kind != Token::Identifier)
    lex.fail("unexpected '" + lex.peek().text + "'");
  const std::string &text = lex.peek().text;
  if (text == ".reg") {
    lex.next();
    declareRegisters();
  } else if (text == ".shared" || text == ".local" || text == ".param") {
    if (text == ".param")
      lex.fail("calls are not supported");
    fn.variables.push_back(parseVariable(lex));
    lex.expect(';');
  } else if (text == ".loc" || text == ".file") {
    lex.skipLine();
  } else if (text == ".pragma") {
    lex.next();
    while (!lex.isPunct(';') && lex.peek().kind != Token::End)
      lex.next();
    lex.expect(';');
  } else if (text == ".branchtargets" || text == ".callprototype" ||
             text == ".calltargets") {
    lex.fail("'" + text + "' needs a label");
  } else if (text[0] == '.') {
    lex.fail("unsupported directive '" + text + "'");
  } else {
    labelOrInstruction();
  }
}

void FunctionParser::labelOrInstruction() {
  Token first = lex.next();
  const std::string &name = first.text;
  if (!lex.accept(':')) {
    instruction(first, -1, false);
    return;
  }
  if (lex.peek().kind == Token::Identifier &&
      lex.peek().text == ".branchtargets") {
    lex.next();
    branchTable(name);
  } else {
    declareLabel(name);
  }
}

void FunctionParser::body() {
  lex.expect('{');
  openScope();
  while (!scopes.empty()) {
    if (lex.peek().kind == Token::End)
      lex.fail("the body of '" + fn.name + "' has no end");
    if (lex.isPunct('}')) {
      lex.next();
      closeScope();
    } else {
      statement();
    }
  }
  resolveLabels();
}

std::string FunctionParser::word(const char *what) {
  if (lex.peek().kind != Token::Identifier)
    lex.fail(std::string("expected a ") + what + " before '" + lex.peek().text +
             "'");
  return lex.next().text;
}

int64_t FunctionParser::integer() { return parseInteger(lex); }

int64_t dgemm::sim::ptx::parseInteger(Lexer &lex) {
  bool minus = false;
  while (lex.isPunct('-')) {
    lex.next();
    minus = !minus;
  }
  if (lex.peek().kind != Token::Integer)
    lex.fail("expected an integer before '" + lex.peek().text + "'");
  uint64_t value = lex.next().bits;
  return (int64_t)(minus ? 0 - value : value);
}

uint64_t dgemm::sim::ptx::checkedBytes(Lexer &lex, uint64_t count,
                                       uint64_t size) {
  if (count > maxVariableBytes || count * size > maxVariableBytes)
    lex.fail("a variable of more than " + std::to_string(maxVariableBytes) +
             " bytes");
  return count * size;
}
