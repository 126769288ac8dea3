// Integer expressions over a problem's run-time values, as launch records
// write them ("min(sms, ceildiv(M,256)*ceildiv(N,128))").
#ifndef DGEMM_LAUNCH_EXPRESSION_H
#define DGEMM_LAUNCH_EXPRESSION_H

#include "dgemm/Launch/Result.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace dgemm::launch {

/// The run-time values that expressions may name: M, N, K, lda, sms, ...
using Environment = std::map<std::string, int64_t, std::less<>>;

/// True for a letter or underscore followed by letters, digits, underscores.
bool isIdentifier(std::string_view text);

/// A parsed expression. Arithmetic is on 64-bit integers; an overflow, a
/// division by zero and an unknown name are errors. `&&` and `||` evaluate
/// their right side only when it decides.
class Expression {
public:
  struct Node;

  /// The constant 0.
  Expression();
  static Result<Expression> parse(std::string_view text);

  Result<int64_t> evaluate(const Environment &values) const;

  /// The text it was parsed from.
  const std::string &text() const { return source; }
  /// Whether it is one literal or one name: what an operand's shape binds.
  bool isLiteral() const;
  bool isName() const;
  /// The name, when isName().
  const std::string &name() const;
  /// Adds every name that it mentions.
  void collectNames(std::set<std::string> &names) const;

private:
  std::string source;
  std::shared_ptr<const Node> root;
};

} // namespace dgemm::launch

#endif // DGEMM_LAUNCH_EXPRESSION_H
