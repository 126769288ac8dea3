// Chooses schedules for a run over M: as few kernels as serve every M well.
//
// The model is asked at some M, from small to large. Each of them ends a
// stretch of M that is computed alike (a tile is filled best at its upper
// end), and has a schedule that is best there. Neighbouring stretches then
// share one of these schedules where that costs less than a kernel is worth.

#include "dgemm/Dialect/DGEMM/Transforms/Selection.h"
#include "dgemm/Dialect/DGEMM/Transforms/TuningTable.h"
#include "mlir/IR/Threading.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <limits>
#include <set>

using namespace mlir;
using namespace dgemm::dg;

/// What a kernel must save, summed over the M that are looked at, as a share
/// of the time at one of them. A kernel costs its share of compile time and
/// of the module.
static constexpr double kernelWorth = 0.04;

namespace {

/// The M above the previous stretch's and up to `last`.
struct Stretch {
  int64_t last;
  /// The table's choice, or null.
  const TuningTable::Entry *entry = nullptr;
  /// The model's choice where there is no entry.
  std::optional<Schedule> best;
};

/// The M to ask the model at: powers of two and the middle between them, and
/// 63, the last M with tokens on the narrow side of a tile.
std::vector<int64_t> sampleM(SizeRange range, const TuningTable *table,
                             const ProblemFacts &facts) {
  std::set<int64_t> samples = {range.last};
  auto add = [&](int64_t m) {
    if (m >= std::max<int64_t>(range.first, 1) && m < range.last)
      samples.insert(m);
  };
  for (int64_t power = 1; power < range.last; power *= 2) {
    add(power);
    // Large M differ in the number of waves; small ones by whole tiles.
    if (power >= 4 && power < 256)
      add(power + power / 2);
  }
  add(63);
  // A table's entry ends where it says.
  if (table)
    for (const TuningTable::Entry *entry : table->findAll(facts)) {
      add(entry->m.first - 1);
      add(entry->m.last);
    }
  return {samples.begin(), samples.end()};
}

/// Finds the cheapest way to cut the stretches into groups with one schedule
/// each.
class Grouping {
public:
  Grouping(std::vector<Stretch> stretches, const ProblemFacts &facts,
           int64_t sms)
      : stretches(std::move(stretches)) {
    for (const Stretch &stretch : this->stretches)
      if (stretch.best && !llvm::is_contained(schedules, *stretch.best))
        schedules.push_back(*stretch.best);
    times.resize(schedules.size());
    for (auto [schedule, row] : llvm::zip_equal(schedules, times))
      for (const Stretch &stretch : this->stretches)
        row.push_back(
            estimateCost(schedule, assumeSizes(facts, stretch.last), sms)
                .microseconds);
    for (size_t i = 0; i < this->stretches.size(); ++i) {
      double least = std::numeric_limits<double>::infinity();
      for (const std::vector<double> &row : times)
        least = std::min(least, row[i]);
      best.push_back(least);
    }
  }

  std::vector<RunSelection::Case> run(SizeRange range,
                                      const TuningTable *table) const {
    // cheapest[i]: of the stretches before i; from[i]: where the last group
    // of that begins.
    const size_t count = stretches.size();
    std::vector<double> cheapest(count + 1,
                                 std::numeric_limits<double>::infinity());
    std::vector<size_t> from(count + 1, 0);
    cheapest[0] = 0;
    for (size_t end = 1; end <= count; ++end)
      for (size_t begin = 0; begin < end; ++begin) {
        const double cost =
            cheapest[begin] + kernelWorth + choose(begin, end).loss;
        if (cost < cheapest[end]) {
          cheapest[end] = cost;
          from[end] = begin;
        }
      }
    std::vector<RunSelection::Case> cases;
    for (size_t end = count; end > 0; end = from[end])
      cases.push_back(makeCase(from[end], end, range, table));
    std::reverse(cases.begin(), cases.end());
    return cases;
  }

private:
  struct Choice {
    double loss = std::numeric_limits<double>::infinity();
    size_t schedule = 0;
  };

  /// The best single schedule for a group. Stretches that the table decides
  /// are no one's to share, but by entries with the same schedule.
  Choice choose(size_t begin, size_t end) const {
    const ArrayRef<Stretch> group =
        ArrayRef(stretches).slice(begin, end - begin);
    Choice choice;
    if (group.front().entry) {
      const Schedule &schedule = group.front().entry->schedule;
      if (llvm::all_of(group, [&](const Stretch &stretch) {
            return stretch.entry && stretch.entry->schedule == schedule;
          }))
        choice.loss = 0;
      return choice;
    }
    if (llvm::any_of(group, [](const Stretch &s) { return s.entry; }))
      return choice;
    for (size_t s = 0; s < schedules.size(); ++s) {
      double loss = 0;
      for (size_t i = begin; i < end; ++i)
        loss += times[s][i] / best[i] - 1;
      if (loss < choice.loss)
        choice = {loss, s};
    }
    return choice;
  }

  RunSelection::Case makeCase(size_t begin, size_t end, SizeRange range,
                              const TuningTable *table) const {
    RunSelection::Case made;
    made.m = SizeRange(begin ? stretches[begin - 1].last + 1 : range.first,
                       stretches[end - 1].last);
    if (const TuningTable::Entry *entry = stretches[begin].entry) {
      made.schedule = entry->schedule;
      made.tableEntry = table->where(*entry);
      return made;
    }
    const size_t schedule = choose(begin, end).schedule;
    made.schedule = schedules[schedule];
    for (size_t i = begin; i < end; ++i)
      made.samples.push_back({stretches[i].last, times[schedule][i], best[i]});
    return made;
  }

  std::vector<Stretch> stretches;
  std::vector<Schedule> schedules;
  /// By schedule and stretch, in microseconds, and the least by stretch.
  std::vector<std::vector<double>> times;
  std::vector<double> best;
};

} // namespace

FailureOr<RunSelection>
dgemm::dg::selectRun(GemmOp op, const SelectScheduleOptions &options) {
  if (failed(checkOptions(op, options)))
    return failure();
  RunSelection selection;
  selection.facts = getProblemFacts(op);
  selection.m = options.m;
  selection.sms = options.sms;
  const ProblemFacts &facts = selection.facts;
  std::vector<Stretch> stretches;
  for (int64_t m : sampleM(options.m, options.table, facts)) {
    Stretch stretch;
    stretch.last = m;
    if (options.table)
      stretch.entry = options.table->find(facts, m);
    stretches.push_back(stretch);
  }
  // Each M is a selection of its own.
  if (failed(failableParallelForEach(
          op.getContext(), stretches, [&](Stretch &stretch) {
            if (stretch.entry)
              return checkEntry(op, *options.table, *stretch.entry,
                                options.batchInvariant);
            FailureOr<Schedule> chosen = chooseByModel(
                op, facts, assumeSizes(facts, stretch.last), options);
            if (succeeded(chosen))
              stretch.best = *chosen;
            return LogicalResult(chosen);
          })))
    return failure();
  selection.cases = Grouping(std::move(stretches), facts, options.sms)
                        .run(options.m, options.table);
  return selection;
}

void dgemm::dg::explain(GemmOp op, const RunSelection &selection) {
  const ProblemFacts sizes = assumeSizes(selection.facts, selection.m.last);
  InFlightDiagnostic remark = op.emitRemark();
  remark << "chose " << selection.cases.size()
         << " schedules for M = " << selection.m.str() << ", N = " << sizes.n
         << ", K = " << sizes.k << " on " << selection.sms << " SMs";
  for (const RunSelection::Case &each : selection.cases) {
    Diagnostic &note = remark.attachNote();
    note << "M = " << each.m.str() << ": "
         << ScheduleAttr::get(op.getContext(), each.schedule);
    if (!each.tableEntry.empty())
      note << ", as the tuning table has it: " << each.tableEntry;
    for (const RunSelection::Case::Sample &sample : each.samples)
      note << llvm::formatv("; {0:f1} us at {1}", sample.microseconds, sample.m)
           << (sample.microseconds > 1.005 * sample.best
                   ? std::string(llvm::formatv(" (best {0:f1})", sample.best))
                   : "");
  }
}
