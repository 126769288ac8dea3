// Parses what stands outside function bodies: variables, entries, directives.
#include "Parser.h"

#include <cstring>

using namespace dgemm::sim::ptx;

namespace {
/// Parses `{a, b, {c, d}}` into little-endian elements of `size` bytes.
void parseInitializer(Lexer &lex, unsigned size, std::vector<uint8_t> &bytes,
                      uint64_t limit, unsigned depth) {
  if (depth > 8)
    lex.fail("initialisers are nested too deeply");
  if (lex.accept('{')) {
    if (!lex.isPunct('}'))
      do
        parseInitializer(lex, size, bytes, limit, depth + 1);
      while (lex.accept(','));
    lex.expect('}');
    return;
  }
  uint64_t value;
  if (lex.peek().kind == Token::Float32 || lex.peek().kind == Token::Float64)
    value = lex.next().bits;
  else if (lex.peek().kind == Token::Identifier)
    lex.fail("an initialiser with the address of '" + lex.peek().text +
             "' is not supported");
  else
    value = (uint64_t)parseInteger(lex);
  if (bytes.size() + size > limit)
    lex.fail("the initialiser has more elements than the variable");
  for (unsigned i = 0; i < size; ++i)
    bytes.push_back((uint8_t)(value >> (8 * (i & 7))));
}

Variable::Space spaceFromName(Lexer &lex, const std::string &name) {
  if (name == ".param")
    return Variable::Param;
  if (name == ".shared")
    return Variable::Shared;
  if (name == ".local")
    return Variable::Local;
  if (name == ".global")
    return Variable::Global;
  if (name == ".const")
    return Variable::Const;
  lex.fail("unsupported state space '" + name + "'");
}
} // namespace

Variable dgemm::sim::ptx::parseVariable(Lexer &lex) {
  Variable var;
  var.space = spaceFromName(lex, lex.next().text);
  unsigned vector = 1;
  while (lex.peek().kind == Token::Identifier && lex.peek().text[0] == '.') {
    std::string word = lex.next().text;
    if (word == ".align") {
      var.align = (uint64_t)parseInteger(lex);
      if (var.align == 0 || var.align > 4096 || (var.align & (var.align - 1)))
        lex.fail("alignment " + std::to_string(var.align) +
                 " is not a power of two up to 4096");
    } else if (word == ".attribute") {
      while (!lex.accept(')'))
        if (lex.next().kind == Token::End)
          lex.fail("unterminated .attribute");
    } else if (word == ".v2" || word == ".v4") {
      vector = word[2] - '0';
    } else if (typeFromName(word.substr(1)) != Type::None) {
      var.type = typeFromName(word.substr(1));
    } else if (word != ".ptr" && word != ".global" && word != ".shared" &&
               word != ".const" && word != ".local") {
      lex.fail("unsupported attribute '" + word + "' of a variable");
    }
  }
  if (var.type == Type::None)
    lex.fail("a variable without a type");
  if (lex.peek().kind != Token::Identifier)
    lex.fail("expected a variable name before '" + lex.peek().text + "'");
  var.name = lex.next().text;
  uint64_t element = (bitsOf(var.type) + 7) / 8;
  uint64_t count = vector;
  bool unsizedArray = false;
  while (lex.accept('[')) {
    if (lex.accept(']')) {
      unsizedArray = true;
      continue;
    }
    count = checkedBytes(lex, count, (uint64_t)parseInteger(lex));
    lex.expect(']');
  }
  var.size = unsizedArray ? 0 : checkedBytes(lex, count, element);
  var.align = std::max<uint64_t>(var.align, 1);
  if (lex.accept('=')) {
    parseInitializer(lex, element, var.init,
                     unsizedArray ? (1u << 28) : var.size, 0);
    if (unsizedArray)
      var.size = var.init.size();
  }
  return var;
}

namespace {
class ModuleParser {
public:
  ModuleParser(Lexer &lex, Module &module) : lex(lex), module(module) {}

  void run() {
    while (lex.peek().kind != Token::End)
      directive();
    if (module.version.empty())
      throw ParseError{1, "not a PTX module: no .version"};
  }

private:
  void directive() {
    if (lex.accept(';'))
      return;
    if (lex.peek().kind != Token::Identifier || lex.peek().text[0] != '.')
      lex.fail("expected a directive before '" + lex.peek().text + "'");
    std::string word = lex.peek().text;
    if (word == ".version") {
      lex.next();
      module.version = lex.next().text;
    } else if (word == ".target") {
      lex.next();
      module.target = lex.next().text;
      while (lex.accept(','))
        lex.next();
    } else if (word == ".address_size") {
      lex.next();
      if (parseInteger(lex) != 64)
        lex.fail("only 64-bit addresses are supported");
    } else if (word == ".file" || word == ".loc") {
      lex.skipLine();
    } else if (word == ".section") {
      while (!lex.isPunct('{') && lex.peek().kind != Token::End)
        lex.next();
      lex.skipBlock();
    } else if (word == ".pragma") {
      while (!lex.accept(';'))
        if (lex.next().kind == Token::End)
          lex.fail("unterminated .pragma");
    } else if (word == ".visible" || word == ".weak" || word == ".common") {
      lex.next();
    } else if (word == ".extern") {
      lex.next();
      isExtern = true;
      return;
    } else if (word == ".entry") {
      entry();
    } else if (word == ".func") {
      skipFunction();
    } else {
      Variable var = parseVariable(lex);
      var.isExtern = isExtern;
      module.variables.push_back(std::move(var));
      lex.expect(';');
    }
    isExtern = false;
  }

  void skipFunction() {
    while (lex.peek().kind != Token::End) {
      if (lex.isPunct('{'))
        return lex.skipBlock();
      if (lex.accept(';'))
        return;
      lex.next();
    }
  }

  void triple(uint32_t *out) {
    for (int i = 0; i < 3; ++i)
      out[i] = 1;
    for (int i = 0; i < 3; ++i) {
      int64_t value = parseInteger(lex);
      if (value < 1 || value > 0x7fffffff)
        lex.fail("a dimension of " + std::to_string(value));
      out[i] = (uint32_t)value;
      if (!lex.accept(','))
        return;
    }
  }

  void entry() {
    lex.next();
    Function fn;
    fn.line = lex.peek().line;
    if (lex.peek().kind != Token::Identifier)
      lex.fail("expected the name of the entry");
    fn.name = lex.next().text;
    if (lex.accept('(')) {
      if (!lex.isPunct(')'))
        do {
          if (lex.peek().text != ".param")
            lex.fail("expected .param before '" + lex.peek().text + "'");
          fn.params.push_back(parseVariable(lex));
          Variable &param = fn.params.back();
          param.align =
              std::max<uint64_t>(param.align, (bitsOf(param.type) + 7) / 8);
        } while (lex.accept(','));
      lex.expect(')');
    }
    while (lex.peek().kind == Token::Identifier) {
      std::string word = lex.next().text;
      if (word == ".reqntid")
        triple(fn.reqntid);
      else if (word == ".maxntid")
        triple(fn.maxntid);
      else if (word == ".reqnctapercluster")
        triple(fn.cluster);
      else if (word == ".maxnreg")
        fn.maxnreg = (uint32_t)parseInteger(lex);
      else if (word == ".minnctapersm") {
        fn.minBlocks = (uint32_t)parseInteger(lex);
        if (fn.minBlocks < 1 || fn.minBlocks > 32)
          lex.fail(".minnctapersm is 1 to 32 on sm_90");
      } else if (word == ".maxclusterrank" || word == ".maxnctapersm")
        parseInteger(lex);
      else if (word == ".explicitcluster" || word == ".blocksareclusters")
        fn.explicitCluster = true;
      else if (word == ".pragma")
        while (!lex.accept(';')) {
          if (lex.next().kind == Token::End)
            lex.fail("unterminated .pragma");
        }
      else
        lex.fail("unsupported directive '" + word + "' of an entry");
    }
    FunctionParser(lex, fn).body();
    module.kernels.push_back(std::move(fn));
  }

  Lexer &lex;
  Module &module;
  bool isExtern = false;
};
} // namespace

bool dgemm::sim::ptx::parse(const std::string &text, Module &module,
                            ParseError &error) {
  try {
    Lexer lex(text);
    ModuleParser(lex, module).run();
    return true;
  } catch (const ParseError &e) {
    error = e;
    return false;
  }
}
