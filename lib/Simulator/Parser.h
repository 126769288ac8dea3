// The recursive-descent parser of one PTX function body.
#ifndef DGEMM_LIB_SIMULATOR_PARSER_H
#define DGEMM_LIB_SIMULATOR_PARSER_H

#include "Lexer.h"

#include <unordered_map>

namespace dgemm::sim::ptx {

int64_t parseInteger(Lexer &lex);
/// `count * size`, or an error when a module asks for absurd storage.
uint64_t checkedBytes(Lexer &lex, uint64_t count, uint64_t size);
/// Parses `.space ... name[..] = {..}` without the closing semicolon.
Variable parseVariable(Lexer &lex);

class FunctionParser {
public:
  FunctionParser(Lexer &lex, Function &fn) : lex(lex), fn(fn) {}
  void body();

private:
  struct Scope {
    unsigned id = 0;
    int parent = -1;
    std::unordered_map<std::string, uint32_t> registers;
    // prefix -> (first register, count), for `%r<100>`
    std::unordered_map<std::string, std::pair<uint32_t, uint32_t>> ranges;
    std::unordered_map<std::string, uint32_t> labels;
  };
  struct ClosedScope {
    int parent = -1;
    std::unordered_map<std::string, uint32_t> labels;
  };
  struct Table {
    std::string name;
    int scope;
    Instruction inst;
  };

  void statement();
  void labelOrInstruction();
  void instruction(const Token &opcode, int guard, bool negated);
  void declareRegisters();
  void declareLabel(const std::string &name);
  void branchTable(const std::string &name);
  void openScope();
  void closeScope();
  bool findLabel(const std::string &name, int scope, uint32_t &target);
  void resolveLabels();
  bool lookUpRegister(const std::string &name, uint32_t &reg);
  Operand operand(unsigned depth);
  Operand primary(unsigned depth);
  std::string word(const char *what);
  int64_t integer();

  Lexer &lex;
  Function &fn;
  std::vector<Scope> scopes;
  std::vector<ClosedScope> closed;
  std::vector<int> scopeOf; // per instruction
  std::vector<Table> tables;
};

} // namespace dgemm::sim::ptx

#endif // DGEMM_LIB_SIMULATOR_PARSER_H
