// How a schedule is chosen: candidates, the model's ranking, the reasons.

#ifndef DGEMM_DIALECT_DGEMM_TRANSFORMS_SELECTION_H
#define DGEMM_DIALECT_DGEMM_TRANSFORMS_SELECTION_H

#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "dgemm/Dialect/DGEMM/Transforms/CostModel.h"
#include "dgemm/Dialect/DGEMM/Transforms/SizeRange.h"

#include <optional>
#include <string>
#include <vector>

namespace dgemm::dg {

class TuningTable;

struct SelectScheduleOptions {
  /// Streaming multiprocessors of the GPU.
  int64_t sms = 132;
  /// The M, or all the M, to optimise for where the op's is dynamic.
  SizeRange m = 4096;
  /// Emit a remark with the candidates and the terms of the model.
  bool explain = false;
  /// Only schedules with which a row's bits depend on N and K alone, whatever
  /// rows it stands among. One that the user or the table asks for and that
  /// does not is an error.
  bool batchInvariant = false;
  /// Whether a chosen kernel may start before the one ahead of it has ended,
  /// and what it then waits for: the caller's promise (DGEMMAttrs.td).
  PDL pdl = PDL::None;
  /// What a tuning run found, if there is such a table. It overrides the
  /// model, but no schedule that the user wrote.
  const TuningTable *table = nullptr;
};

/// Every schedule worth costing. `facts` are the op's, `sizes` the same with
/// a number for each dynamic size.
std::vector<Schedule> enumerateSchedules(const ProblemFacts &facts,
                                         const ProblemFacts &sizes);

/// The first number that speaks against `schedule`, if any does. A choice
/// must never spill, so it keeps more registers free than the verifier asks.
std::string rejectSchedule(const Schedule &schedule, const ProblemFacts &facts);

/// Whether every schedule of this kind gives the same bits, so that a row's do
/// not change with M: one chain of additions over all of K. A K that is split
/// between CTAs has an order of its own for each number of parts.
inline bool isBatchInvariant(const Schedule &schedule) {
  return schedule.splitK == 1;
}

/// Whether a schedule may be chosen: `rejectSchedule` finds nothing, and the
/// verifier has the last word.
bool isFeasible(const Schedule &schedule, const ProblemFacts &facts);

/// A schedule that was looked at.
struct Candidate {
  Schedule schedule;
  Cost cost;
  /// Empty, or the number that makes it infeasible.
  std::string rejection;

  /// Its tile program in words.
  std::string str() const;
};

/// A choice and its reasons.
struct Selection {
  Schedule schedule;
  /// "FILE:LINE" of the table's entry that decided; empty where the model did.
  std::string tableEntry;
  /// The op's facts, and the sizes that the choice was made for.
  ProblemFacts facts, sizes;
  int64_t sms = 0;
  SelectScheduleOptions options;
};

/// `facts` with `m` or, where it is static, the op's, and with a number for
/// each size that nobody knows.
ProblemFacts assumeSizes(const ProblemFacts &facts, int64_t m);

/// Every candidate with its cost and what speaks against it: what there is to
/// explain. The model's best come first, whether they fit or not; among equals
/// the one that was enumerated first.
std::vector<Candidate> rankCandidates(const ProblemFacts &facts,
                                      const ProblemFacts &sizes,
                                      const SelectScheduleOptions &options);

/// Fails, with a diagnostic at `op`, where nothing can be chosen for them.
llvm::LogicalResult checkOptions(GemmOp op,
                                 const SelectScheduleOptions &options);

/// The best feasible schedule of the model for `options.sms`. Fails, with a
/// diagnostic at `op`, where nothing fits.
llvm::FailureOr<Schedule> chooseByModel(GemmOp op, const ProblemFacts &facts,
                                        const ProblemFacts &sizes,
                                        const SelectScheduleOptions &options);

/// Chooses for one M, `options.m.last`, and leaves the op as it is. Fails,
/// with a diagnostic at the op, where nothing fits.
llvm::FailureOr<Selection> select(GemmOp op,
                                  const SelectScheduleOptions &options);

/// Emits the reasons as a remark at `op`.
void explain(GemmOp op, const Selection &selection);

/// Schedules for a run over M.
struct RunSelection {
  /// Neighbouring M with one schedule.
  struct Range {
    SizeRange m = 0;
    size_t kernel = 0; ///< a place in `kernels`
    /// The model's time at the last M, and the least of any schedule that was
    /// considered.
    double microseconds = 0, best = 0;
    /// "FILE:LINE" of the table's entry that decided; empty where the model
    /// did.
    std::string tableEntry;
  };
  ProblemFacts facts;
  SizeRange m = 0;
  int64_t sms = 0;
  /// One for each kernel, in the order of the smallest M that it is for.
  std::vector<Schedule> kernels;
  /// In ascending order, without gaps. A kernel may have several.
  std::vector<Range> ranges;
};

/// Chooses schedules for all M in `options.m`, as few as serve well, and
/// leaves the op as it is.
llvm::FailureOr<RunSelection> selectRun(GemmOp op,
                                        const SelectScheduleOptions &options);

/// Emits the reasons as a remark at `op`.
void explain(GemmOp op, const RunSelection &selection);

} // namespace dgemm::dg

#endif // DGEMM_DIALECT_DGEMM_TRANSFORMS_SELECTION_H
