// Schedules that measurements found, one line of text each.

#ifndef DGEMM_DIALECT_DGEMM_TRANSFORMS_TUNINGTABLE_H
#define DGEMM_DIALECT_DGEMM_TRANSFORMS_TUNINGTABLE_H

#include "dgemm/Dialect/DGEMM/ScheduleVerifier.h"
#include "dgemm/Dialect/DGEMM/Transforms/SizeRange.h"

#include <string>
#include <vector>

namespace dgemm::dg {

struct SelectScheduleOptions;

/// A list of problems and the schedule of each. docs/tuning.md describes the
/// text form.
class TuningTable {
public:
  struct Entry {
    SizeRange m = 0;
    int64_t n = 0, k = 0;
    int64_t elementBytes = 2; ///< of D
    bool vectorB = false, hasC = false;
    Schedule schedule;
    unsigned line = 0;
  };

  /// Reads a table; a mistake has been reported at its file and line. The
  /// context has loaded the dgemm dialect.
  static llvm::FailureOr<TuningTable> load(llvm::StringRef path,
                                           mlir::MLIRContext *context);
  /// The same from memory; `name` stands for the file in diagnostics.
  static llvm::FailureOr<TuningTable>
  parse(llvm::StringRef text, llvm::StringRef name, mlir::MLIRContext *context);

  /// The entry for a problem whose M is `m`, or null.
  const Entry *find(const ProblemFacts &facts, int64_t m) const;
  /// All entries for a problem, whatever its M, in the order of M.
  std::vector<const Entry *> findAll(const ProblemFacts &facts) const;

  /// "FILE:LINE"
  std::string where(const Entry &entry) const {
    return name + ":" + std::to_string(entry.line);
  }

private:
  std::string name;
  std::vector<Entry> entries;
};

/// The entry's schedule for this op and these options: with their `pdl`. What
/// does not fit the op, which has strides and may have to be batch-invariant,
/// is reported there.
llvm::FailureOr<Schedule> getSchedule(GemmOp op, const TuningTable &table,
                                      const TuningTable::Entry &entry,
                                      const SelectScheduleOptions &options);

} // namespace dgemm::dg

#endif // DGEMM_DIALECT_DGEMM_TRANSFORMS_TUNINGTABLE_H
