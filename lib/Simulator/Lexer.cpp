// Splits PTX text into tokens.
#include "Lexer.h"

#include <cstdlib>
#include <cstring>

using namespace dgemm::sim::ptx;

static bool isWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '$' || c == '%' || c == '.';
}

static bool isDigit(char c) { return c >= '0' && c <= '9'; }

static bool isWord(char c) { return isWordStart(c) || isDigit(c); }

void Lexer::fail(const std::string &message) const {
  throw ParseError{token.line ? token.line : line, message};
}

void Lexer::skipSpace() {
  while (pos < text.size()) {
    char c = text[pos];
    if (c == '\n') {
      ++line;
      ++pos;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
      ++pos;
    } else if (c == '/' && pos + 1 < text.size() && text[pos + 1] == '/') {
      while (pos < text.size() && text[pos] != '\n')
        ++pos;
    } else if (c == '/' && pos + 1 < text.size() && text[pos + 1] == '*') {
      size_t end = text.find("*/", pos + 2);
      if (end == std::string::npos)
        end = text.size() - 2;
      for (size_t i = pos; i < end; ++i)
        line += text[i] == '\n';
      pos = end + 2;
    } else {
      return;
    }
  }
}

void Lexer::number() {
  size_t start = pos;
  auto hexDigits = [&](size_t count, uint64_t &value) {
    value = 0;
    size_t seen = 0;
    for (; seen < count && pos < text.size() &&
           isxdigit((unsigned char)text[pos]);
         ++seen, ++pos) {
      char c = text[pos];
      unsigned digit = isDigit(c) ? c - '0' : (c | 32) - 'a' + 10;
      value = value * 16 + digit;
    }
    return seen;
  };
  if (text[pos] == '0' && pos + 1 < text.size()) {
    char kind = text[pos + 1] | 32;
    bool real = (kind == 'f' || kind == 'd');
    if (real) {
      pos += 2;
      size_t want = kind == 'f' ? 8 : 16;
      if (hexDigits(want, token.bits) != want)
        fail("a 0f/0d literal needs 8/16 hexadecimal digits");
      token.kind = kind == 'f' ? Token::Float32 : Token::Float64;
      token.text = text.substr(start, pos - start);
      return;
    }
  }
  token.kind = Token::Integer;
  bool hex = text[pos] == '0' && pos + 1 < text.size() &&
             (text[pos + 1] == 'x' || text[pos + 1] == 'X');
  bool binary = text[pos] == '0' && pos + 1 < text.size() &&
                (text[pos + 1] == 'b' || text[pos + 1] == 'B');
  if (hex) {
    pos += 2;
    if (!hexDigits(16, token.bits))
      fail("a hexadecimal literal without digits");
  } else if (binary) {
    pos += 2;
    token.bits = 0;
    while (pos < text.size() && (text[pos] == '0' || text[pos] == '1'))
      token.bits = token.bits * 2 + (text[pos++] - '0');
  } else {
    size_t end = pos;
    while (end < text.size() && isDigit(text[end]))
      ++end;
    bool real = end < text.size() &&
                (text[end] == '.' || text[end] == 'e' || text[end] == 'E') &&
                end + 1 < text.size() &&
                (isDigit(text[end + 1]) || text[end + 1] == '-' ||
                 text[end + 1] == '+');
    if (real) {
      char *stop = nullptr;
      double value = std::strtod(text.c_str() + pos, &stop);
      pos = stop - text.c_str();
      token.kind = Token::Float64;
      std::memcpy(&token.bits, &value, 8);
    } else {
      int base = text[pos] == '0' ? 8 : 10;
      token.bits = 0;
      for (; pos < end; ++pos)
        token.bits = token.bits * base + (text[pos] - '0');
    }
  }
  if (pos < text.size() && (text[pos] == 'U' || text[pos] == 'u'))
    ++pos;
  token.text = text.substr(start, pos - start);
}

void Lexer::advance() {
  skipSpace();
  token = Token();
  token.line = line;
  if (pos >= text.size())
    return;
  char c = text[pos];
  if (isDigit(c))
    return number();
  if (c == '"') {
    size_t end = text.find('"', pos + 1);
    if (end == std::string::npos)
      fail("unterminated string");
    token.kind = Token::String;
    token.text = text.substr(pos + 1, end - pos - 1);
    pos = end + 1;
    return;
  }
  if (isWordStart(c)) {
    size_t start = pos;
    while (pos < text.size()) {
      // `::` belongs to a modifier; a single `:` ends a label.
      if (text[pos] == ':' && pos + 2 < text.size() && text[pos + 1] == ':' &&
          isWord(text[pos + 2]))
        pos += 2;
      else if (isWord(text[pos]))
        ++pos;
      else
        break;
    }
    token.kind = Token::Identifier;
    token.text = text.substr(start, pos - start);
    return;
  }
  token.kind = Token::Punct;
  token.text = std::string(1, c);
  ++pos;
}

Token Lexer::next() {
  Token result = token;
  advance();
  return result;
}

bool Lexer::accept(char c) {
  if (!isPunct(c))
    return false;
  advance();
  return true;
}

void Lexer::expect(char c) {
  if (!accept(c))
    fail(std::string("expected '") + c + "' before '" + token.text + "'");
}

void Lexer::skipLine() {
  // The current token may already be on the next line.
  unsigned here = token.line;
  while (token.kind != Token::End && token.line == here)
    advance();
}

void Lexer::skipBlock() {
  expect('{');
  unsigned depth = 1;
  while (depth) {
    if (token.kind == Token::End)
      fail("unbalanced '{'");
    if (isPunct('{'))
      ++depth;
    else if (isPunct('}'))
      --depth;
    advance();
  }
}
