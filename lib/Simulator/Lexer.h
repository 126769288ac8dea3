// Splits PTX text into tokens.
#ifndef DGEMM_LIB_SIMULATOR_LEXER_H
#define DGEMM_LIB_SIMULATOR_LEXER_H

#include "dgemm/Simulator/PTX.h"

namespace dgemm::sim::ptx {

struct Token {
  enum Kind : uint8_t {
    End,
    Identifier, // names, opcodes with their dots, directives
    Integer,
    Float32,
    Float64,
    String,
    Punct // one character in `text`
  };
  Kind kind = End;
  std::string text;
  uint64_t bits = 0;
  unsigned line = 0;
};

class Lexer {
public:
  explicit Lexer(const std::string &text) : text(text) { advance(); }

  const Token &peek() const { return token; }
  Token next();
  bool isPunct(char c) const {
    return token.kind == Token::Punct && token.text[0] == c;
  }
  bool accept(char c);
  void expect(char c);
  /// Skips to the end of the current line (for .loc, .file and .section).
  void skipLine();
  /// Skips a balanced {...}; the opening brace is the current token.
  void skipBlock();
  [[noreturn]] void fail(const std::string &message) const;

private:
  void advance();
  void skipSpace();
  void number();

  const std::string &text;
  size_t pos = 0;
  unsigned line = 1;
  Token token;
};

} // namespace dgemm::sim::ptx

#endif // DGEMM_LIB_SIMULATOR_LEXER_H
