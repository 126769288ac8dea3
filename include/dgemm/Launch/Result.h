// A value or an error text: how the rooms without LLVM report what went wrong.
#ifndef DGEMM_LAUNCH_RESULT_H
#define DGEMM_LAUNCH_RESULT_H

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace dgemm::launch {

/// Why something failed: one sentence that names the value and the rule.
struct Error {
  std::string message;
};

/// Either a T or an Error. There are no exceptions in this interface, so that
/// the compiler (built without them) can include it.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : value(std::move(value)) {}
  Result(Error error) : problem(std::move(error)) {}

  explicit operator bool() const { return value.has_value(); }
  T &operator*() {
    assert(value && "an error has no value");
    return *value;
  }
  const T &operator*() const {
    assert(value && "an error has no value");
    return *value;
  }
  T *operator->() { return &**this; }
  const T *operator->() const { return &**this; }

  /// Only when there is no value.
  const Error &error() const {
    assert(!value && "a value has no error");
    return problem;
  }
  const std::string &message() const { return error().message; }

private:
  std::optional<T> value;
  Error problem;
};

/// Success, or an Error: for functions without a value.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Error error) : problem(std::move(error)) {}
  explicit operator bool() const { return !problem; }
  const Error &error() const { return *problem; }
  const std::string &message() const { return problem->message; }

private:
  std::optional<Error> problem;
};

} // namespace dgemm::launch

#endif // DGEMM_LAUNCH_RESULT_H
