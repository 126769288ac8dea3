// A size or a range of sizes, as options and tuning tables write it.

#ifndef DGEMM_DIALECT_DGEMM_TRANSFORMS_SIZERANGE_H
#define DGEMM_DIALECT_DGEMM_TRANSFORMS_SIZERANGE_H

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

#include <cstdint>
#include <optional>
#include <string>

namespace dgemm::dg {

/// The sizes from `first` to `last`, both included.
struct SizeRange {
  int64_t first = 0, last = 0;

  SizeRange(int64_t size) : first(size), last(size) {}
  SizeRange(int64_t first, int64_t last) : first(first), last(last) {}

  bool isSingle() const { return first == last; }
  bool contains(int64_t size) const { return first <= size && size <= last; }
  bool overlaps(SizeRange other) const {
    return first <= other.last && other.first <= last;
  }
  /// "64" or "65..128".
  std::string str() const;
  /// Reads what `str` writes; nullopt where the text is something else.
  static std::optional<SizeRange> parse(llvm::StringRef text);
};

/// The sizes of a pass's option; fails with a diagnostic.
llvm::FailureOr<SizeRange> parseSizes(llvm::StringRef option,
                                      mlir::MLIRContext *context);

} // namespace dgemm::dg

#endif // DGEMM_DIALECT_DGEMM_TRANSFORMS_SIZERANGE_H
