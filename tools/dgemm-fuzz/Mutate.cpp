// Random edits of MLIR text, token by token, so that most results get past
// the lexer.

#include "Fuzz.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <vector>

namespace {

using Random = std::mt19937_64;
using Tokens = std::vector<std::string>;

/// Values around the limits of the language and of the hardware.
const char *const kNumbers[] = {"0",
                                "1",
                                "-1",
                                "2",
                                "3",
                                "4",
                                "5",
                                "7",
                                "8",
                                "15",
                                "16",
                                "24",
                                "32",
                                "40",
                                "63",
                                "64",
                                "65",
                                "96",
                                "127",
                                "128",
                                "129",
                                "192",
                                "208",
                                "232",
                                "255",
                                "256",
                                "257",
                                "384",
                                "512",
                                "1024",
                                "2048",
                                "7168",
                                "65536",
                                "232448",
                                "2147483647",
                                "4294967296",
                                "-128",
                                "?",
                                "4.0",
                                "9223372036854775807",
                                "18446744073709551616"};

const char *const kWords[] = {
    // Schedules.
    "tile", "warpgroups", "stages", "kblocks", "in_flight", "swap", "cluster",
    "multicast", "none", "lhs", "rhs", "raster", "n", "m", "raster_width",
    "unroll", "lhs_scales", "rhs_scales", "staged", "direct", "max_kblocks",
    "coordinates", "producer", "consumer", "epilogue", "after", "overlapped",
    "chunk", "buffers", "store", "tma", "registers", "persistent", "specialize",
    "split_k", "partition", "residency", "pdl", "true", "false",
    // Operations and types.
    "schedule", "a_block", "b_block", "promote", "ins", "outs", "acc",
    "f8E4M3FN", "f8E5M2", "bf16", "f16", "f32", "i32", "index", "memref",
    "tensor", "strided", "affine_map", "#dgemm.schedule", "dgemm.gemm"};

bool isWordCharacter(char c) {
  return llvm::isAlnum(c) || c == '_' || c == '.' || c == '$';
}

/// Words with their sigil, strings, and single characters. Shapes such as
/// `?x2048xf32` fall apart into dimensions, so that each can change.
Tokens tokenize(llvm::StringRef text) {
  Tokens tokens;
  while (!text.empty()) {
    char c = text.front();
    size_t length = 1;
    if (c == '"') {
      size_t end = text.find('"', 1);
      length = end == llvm::StringRef::npos ? text.size() : end + 1;
    } else if (llvm::isDigit(c)) {
      length = std::min(text.find_first_not_of("0123456789"), text.size());
    } else if (isWordCharacter(c) || llvm::StringRef("%@#!^").contains(c)) {
      while (length < text.size() && isWordCharacter(text[length]))
        ++length;
      // "x2048xf32" after a dimension.
      if (c == 'x' && length > 1 && llvm::isDigit(text[1]))
        length = 1;
    } else if (llvm::isSpace(c)) {
      length = std::min(text.find_first_not_of(" \n\t\r"), text.size());
    }
    tokens.push_back(text.take_front(length).str());
    text = text.drop_front(length);
  }
  return tokens;
}

size_t below(size_t limit, Random &random) {
  return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
}

/// A position of a token for which `wanted` holds, or of any token.
template <typename Predicate>
size_t pick(const Tokens &tokens, Random &random, Predicate wanted) {
  for (int attempt = 0; attempt < 32; ++attempt) {
    size_t position = below(tokens.size(), random);
    if (wanted(tokens[position]))
      return position;
  }
  return below(tokens.size(), random);
}

bool isNumber(const std::string &token) {
  return llvm::isDigit(token.front()) || token == "?";
}
bool isWord(const std::string &token) { return isWordCharacter(token.front()); }
bool isMeaningful(const std::string &token) {
  return !llvm::isSpace(token.front());
}

void editOnce(Tokens &tokens, llvm::ArrayRef<std::string> others,
              Random &random) {
  size_t at = pick(tokens, random, isMeaningful);
  auto position = tokens.begin() + at;
  switch (below(8, random)) {
  case 0:
  case 1:
    tokens[pick(tokens, random, isNumber)] =
        kNumbers[below(std::size(kNumbers), random)];
    break;
  case 2:
    tokens[pick(tokens, random, isWord)] =
        kWords[below(std::size(kWords), random)];
    break;
  case 3: // one word for another of the same text
    tokens[pick(tokens, random, isWord)] = tokens[pick(tokens, random, isWord)];
    break;
  case 4: // drop a few tokens
    tokens.erase(position,
                 position + std::min(below(4, random) + 1, tokens.size() - at));
    break;
  case 5: { // say something twice
    Tokens copy(position,
                position + std::min(below(24, random) + 1, tokens.size() - at));
    tokens.insert(position, copy.begin(), copy.end());
    break;
  }
  case 6: // exchange two tokens
    std::swap(*position, tokens[pick(tokens, random, isMeaningful)]);
    break;
  case 7: { // take a piece of another input
    if (others.empty())
      break;
    Tokens other = tokenize(others[below(others.size(), random)]);
    if (other.empty())
      break;
    size_t from = below(other.size(), random);
    size_t length = std::min(below(48, random) + 1, other.size() - from);
    size_t replaced = std::min(below(8, random), tokens.size() - at);
    position = tokens.erase(position, position + replaced);
    tokens.insert(position, other.begin() + from,
                  other.begin() + from + length);
    break;
  }
  }
  if (tokens.empty())
    tokens.push_back(" ");
}

} // namespace

std::string dgemm::fuzz::mutate(llvm::StringRef text,
                                llvm::ArrayRef<std::string> others,
                                std::mt19937_64 &random) {
  Tokens tokens = tokenize(text);
  if (tokens.empty())
    tokens.push_back(" ");
  // Mostly one edit: each further one makes a rejection more likely.
  size_t edits = 1;
  while (edits < 6 && below(3, random) == 0)
    ++edits;
  for (size_t i = 0; i < edits; ++i)
    editOnce(tokens, others, random);
  return llvm::join(tokens, "");
}
