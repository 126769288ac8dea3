// Parser and evaluator of a launch record's expressions.
#include "dgemm/Launch/Expression.h"

#include <algorithm>
#include <vector>

using namespace dgemm::launch;

namespace {

enum class Op {
  Literal,
  Name,
  Negate,
  Or,
  And,
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  Add,
  Sub,
  Mul,
  Div,
  Rem,
  CeilDiv,
  Align,
  Min,
  Max
};

// A hostile record must not exhaust the stack or the heap.
constexpr size_t maxLength = 4096;
constexpr unsigned maxDepth = 64;

} // namespace

struct Expression::Node {
  Op op = Op::Literal;
  int64_t literal = 0;
  std::string name;
  std::vector<std::shared_ptr<const Node>> operands;
};

namespace {

using Node = Expression::Node;
using NodePtr = std::shared_ptr<const Node>;

bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool isDigit(char c) { return c >= '0' && c <= '9'; }

struct BinaryOp {
  std::string_view text;
  Op op;
  int precedence;
};

// Longer spellings first, so that `<=` is not read as `<`.
constexpr BinaryOp binaryOps[] = {
    {"||", Op::Or, 1}, {"&&", Op::And, 2}, {"==", Op::Eq, 3}, {"!=", Op::Ne, 3},
    {"<=", Op::Le, 4}, {">=", Op::Ge, 4},  {"<", Op::Lt, 4},  {">", Op::Gt, 4},
    {"+", Op::Add, 5}, {"-", Op::Sub, 5},  {"*", Op::Mul, 6}, {"/", Op::Div, 6},
    {"%", Op::Rem, 6}};

struct Function {
  std::string_view name;
  Op op;
  bool variadic;
};
constexpr Function functions[] = {{"ceildiv", Op::CeilDiv, false},
                                  {"align", Op::Align, false},
                                  {"min", Op::Min, true},
                                  {"max", Op::Max, true}};

class Parser {
public:
  explicit Parser(std::string_view text) : text(text) {}

  Result<NodePtr> run() {
    if (text.size() > maxLength)
      return Error{"an expression has at most " + std::to_string(maxLength) +
                   " characters, this one has " + std::to_string(text.size())};
    NodePtr node = binary(1);
    if (node && (skipSpace(), at < text.size()))
      node = fail("unexpected '" + std::string(1, text[at]) + "'");
    if (!node)
      return Error{problem};
    return node;
  }

private:
  NodePtr fail(const std::string &what) {
    if (problem.empty())
      problem = "expression '" + std::string(text) + "': " + what +
                " at character " + std::to_string(at + 1);
    return nullptr;
  }

  void skipSpace() {
    while (at < text.size() && text[at] == ' ')
      ++at;
  }

  bool accept(char c) {
    skipSpace();
    if (at >= text.size() || text[at] != c)
      return false;
    ++at;
    return true;
  }

  const BinaryOp *peekBinary() {
    skipSpace();
    for (const BinaryOp &op : binaryOps)
      if (text.substr(at, op.text.size()) == op.text)
        return &op;
    return nullptr;
  }

  NodePtr binary(int precedence) {
    NodePtr left = unary();
    while (left) {
      const BinaryOp *op = peekBinary();
      if (!op || op->precedence < precedence)
        return left;
      at += op->text.size();
      NodePtr right = binary(op->precedence + 1);
      if (!right)
        return nullptr;
      auto node = std::make_shared<Node>();
      node->op = op->op;
      node->operands = {left, right};
      // A left-leaning chain deepens the tree without recursion here, but the
      // evaluator recurses over it.
      if (++chain > maxLength / 8)
        return fail("too many operators");
      left = node;
    }
    return nullptr;
  }

  NodePtr unary() {
    if (++depth > maxDepth)
      return fail("nesting deeper than " + std::to_string(maxDepth));
    NodePtr node = operand();
    --depth;
    return node;
  }

  NodePtr operand() {
    if (accept('-')) {
      NodePtr inner = unary();
      if (!inner)
        return nullptr;
      auto node = std::make_shared<Node>();
      node->op = Op::Negate;
      node->operands = {inner};
      return node;
    }
    if (accept('(')) {
      NodePtr inner = binary(1);
      if (inner && !accept(')'))
        return fail("expected ')'");
      return inner;
    }
    skipSpace();
    if (at >= text.size())
      return fail("expected a value");
    if (isDigit(text[at]))
      return literal();
    if (isLetter(text[at]))
      return nameOrCall();
    return fail("unexpected '" + std::string(1, text[at]) + "'");
  }

  NodePtr literal() {
    int64_t value = 0;
    for (; at < text.size() && isDigit(text[at]); ++at)
      if (__builtin_mul_overflow(value, int64_t(10), &value) ||
          __builtin_add_overflow(value, int64_t(text[at] - '0'), &value))
        return fail("a literal must fit 64 bits");
    if (at < text.size() && isLetter(text[at]))
      return fail("unexpected '" + std::string(1, text[at]) + "'");
    auto node = std::make_shared<Node>();
    node->literal = value;
    return node;
  }

  NodePtr nameOrCall() {
    size_t begin = at;
    while (at < text.size() && (isLetter(text[at]) || isDigit(text[at])))
      ++at;
    auto node = std::make_shared<Node>();
    node->name = std::string(text.substr(begin, at - begin));
    if (!accept('(')) {
      node->op = Op::Name;
      return node;
    }
    auto *function =
        std::find_if(std::begin(functions), std::end(functions),
                     [&](const Function &f) { return f.name == node->name; });
    if (function == std::end(functions))
      return fail("unknown function '" + node->name +
                  "' (there are ceildiv, align, min and max)");
    node->op = function->op;
    do {
      NodePtr argument = binary(1);
      if (!argument)
        return nullptr;
      node->operands.push_back(argument);
    } while (accept(','));
    if (!accept(')'))
      return fail("expected ')' or ','");
    if (node->operands.size() < 2 ||
        (!function->variadic && node->operands.size() != 2))
      return fail(node->name + " takes " +
                  (function->variadic ? "two or more" : "two") +
                  " arguments, not " + std::to_string(node->operands.size()));
    return node;
  }

  std::string_view text;
  size_t at = 0, chain = 0;
  unsigned depth = 0;
  std::string problem;
};

/// Evaluates a tree; the first problem stops it.
class Evaluator {
public:
  explicit Evaluator(const Environment &values) : values(values) {}
  std::string problem;

  int64_t run(const Node &node) {
    switch (node.op) {
    case Op::Literal:
      return node.literal;
    case Op::Name: {
      auto found = values.find(node.name);
      if (found == values.end())
        return fail("'" + node.name + "' has no value");
      return found->second;
    }
    case Op::And:
    case Op::Or: {
      bool left = run(*node.operands[0]) != 0;
      if (!problem.empty() || left == (node.op == Op::Or))
        return left;
      return run(*node.operands[1]) != 0;
    }
    default:
      break;
    }
    int64_t x[2] = {run(*node.operands[0]), 0};
    for (size_t i = 1; i < node.operands.size() && problem.empty(); ++i) {
      x[1] = run(*node.operands[i]);
      // Of min and max, which take any number, the operands fold pairwise.
      if (node.op == Op::Min || node.op == Op::Max)
        x[0] = (node.op == Op::Min) == (x[1] < x[0]) ? x[1] : x[0];
    }
    return problem.empty() ? apply(node.op, x) : 0;
  }

private:
  int64_t fail(const std::string &what) {
    if (problem.empty())
      problem = what;
    return 0;
  }

  static std::string pair(const int64_t *x, const char *op) {
    return std::to_string(x[0]) + op + std::to_string(x[1]);
  }

  int64_t apply(Op op, const int64_t *x) {
    int64_t r = 0;
    switch (op) {
    case Op::Eq:
      return x[0] == x[1];
    case Op::Ne:
      return x[0] != x[1];
    case Op::Lt:
      return x[0] < x[1];
    case Op::Le:
      return x[0] <= x[1];
    case Op::Gt:
      return x[0] > x[1];
    case Op::Ge:
      return x[0] >= x[1];
    case Op::Min:
    case Op::Max:
      return x[0];
    case Op::Negate:
      if (__builtin_sub_overflow(int64_t(0), x[0], &r))
        return fail("-(" + std::to_string(x[0]) + ") overflows 64 bits");
      return r;
    case Op::Add:
      if (__builtin_add_overflow(x[0], x[1], &r))
        return fail(pair(x, " + ") + " overflows 64 bits");
      return r;
    case Op::Sub:
      if (__builtin_sub_overflow(x[0], x[1], &r))
        return fail(pair(x, " - ") + " overflows 64 bits");
      return r;
    case Op::Mul:
      if (__builtin_mul_overflow(x[0], x[1], &r))
        return fail(pair(x, " * ") + " overflows 64 bits");
      return r;
    case Op::Div:
    case Op::Rem: {
      const char *text = op == Op::Div ? " / " : " % ";
      if (x[1] == 0)
        return fail(pair(x, text) + " divides by zero");
      if (x[0] == INT64_MIN && x[1] == -1)
        return fail(pair(x, text) + " overflows 64 bits");
      return op == Op::Div ? x[0] / x[1] : x[0] % x[1];
    }
    case Op::CeilDiv:
    case Op::Align: {
      auto call = [&] {
        return (op == Op::CeilDiv ? "ceildiv(" : "align(") + pair(x, ", ") +
               ")";
      };
      if (x[1] <= 0)
        return fail(call() + " needs a positive divisor");
      r = x[0] / x[1] + (x[0] % x[1] > 0);
      if (op == Op::Align && __builtin_mul_overflow(r, x[1], &r))
        return fail(call() + " overflows 64 bits");
      return r;
    }
    default:
      return fail("internal error: not an operator");
    }
  }

  const Environment &values;
};

void collect(const Node &node, std::set<std::string> &names) {
  if (node.op == Op::Name)
    names.insert(node.name);
  for (const NodePtr &operand : node.operands)
    collect(*operand, names);
}

} // namespace

bool dgemm::launch::isIdentifier(std::string_view text) {
  return !text.empty() && isLetter(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return isLetter(c) || isDigit(c); });
}

Expression::Expression() : source("0"), root(std::make_shared<Node>()) {}

Result<Expression> Expression::parse(std::string_view text) {
  Result<NodePtr> root = Parser(text).run();
  if (!root)
    return root.error();
  Expression expression;
  expression.source = std::string(text);
  expression.root = *root;
  return expression;
}

Result<int64_t> Expression::evaluate(const Environment &values) const {
  if (root->op == Op::Literal)
    return root->literal;
  Evaluator evaluator(values);
  int64_t value = evaluator.run(*root);
  if (!evaluator.problem.empty())
    return Error{"expression '" + source + "': " + evaluator.problem};
  return value;
}

bool Expression::isLiteral() const { return root->op == Op::Literal; }
bool Expression::isName() const { return root->op == Op::Name; }
const std::string &Expression::name() const { return root->name; }

void Expression::collectNames(std::set<std::string> &names) const {
  collect(*root, names);
}
