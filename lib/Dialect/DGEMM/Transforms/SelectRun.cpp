// Chooses schedules for a run over M: as few kernels as serve every M well.
//
// The best schedules at some M, from small to large, make a pool. From it
// kernels are taken one by one, as long as one more saves what a kernel is
// worth. Then each M gets the best of them: since the number of waves steps
// with M, a kernel may be the best for several ranges.

#include "dgemm/Dialect/DGEMM/Transforms/Selection.h"
#include "dgemm/Dialect/DGEMM/Transforms/TuningTable.h"
#include "mlir/IR/Threading.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

using namespace mlir;
using namespace dgemm::dg;

/// What a kernel must save: the share of time, summed over octaves of M (4 %
/// over one, 1 % over four). It costs compile time and its part of the module.
static constexpr double kernelWorth = 0.04;
/// What another kernel must save for the M at hand, so that ranges do not
/// alternate for less than the model knows.
static constexpr double rangeWorth = 0.02;

namespace {

/// The M above the previous stretch's and up to `last`, computed alike.
struct Stretch {
  int64_t last;
  double octaves;
  /// The table's choice, or null, and its schedule.
  const TuningTable::Entry *entry = nullptr;
  Schedule tuned = {};
};

/// The M at which the model is asked for the best of all schedules.
std::vector<int64_t> sampleM(SizeRange range) {
  std::set<int64_t> samples = {range.last};
  auto add = [&](int64_t m) {
    if (m >= std::max<int64_t>(range.first, 1) && m < range.last)
      samples.insert(m);
  };
  for (int64_t power = 1; power < range.last; power *= 2) {
    add(power);
    if (power >= 16)
      add(power + power / 2);
    // Where a wave more or less matters most.
    if (power >= 256 && power <= 512)
      for (int64_t quarter : {5, 7})
        add(power * quarter / 4);
  }
  // Full slices of 64 end here, and two begin.
  for (int64_t m : {63, 72, 88, 104})
    add(m);
  return {samples.begin(), samples.end()};
}

/// Every M at which something changes in steps: eight tokens up to two slices,
/// 64 rows, a 32nd part of large M, and the ends of the table's entries.
std::vector<Stretch> cutStretches(SizeRange range, const TuningTable *table,
                                  const ProblemFacts &facts) {
  std::set<int64_t> ends = {range.last};
  auto add = [&](int64_t m) {
    if (m >= std::max<int64_t>(range.first, 1) && m < range.last)
      ends.insert(m);
  };
  for (int64_t m : {1, 2, 4, 63})
    add(m);
  for (int64_t m = 8; m < std::min<int64_t>(range.last, 128); m += 8)
    add(m);
  int64_t step = 64;
  for (int64_t m = 64; m < range.last; m += step) {
    add(m);
    step = std::max<int64_t>(64, int64_t(llvm::bit_floor(uint64_t(m))) / 32);
  }
  if (table)
    for (const TuningTable::Entry *entry : table->findAll(facts)) {
      add(entry->m.first - 1);
      add(entry->m.last);
    }
  std::vector<Stretch> stretches;
  int64_t before = std::max<int64_t>(range.first, 1) - 1;
  for (int64_t end : ends) {
    stretches.push_back({end, std::log2(end + 1.0) - std::log2(before + 1.0),
                         table ? table->find(facts, end) : nullptr});
    before = end;
  }
  return stretches;
}

/// Takes kernels out of a pool of schedules.
class Portfolio {
public:
  Portfolio(ArrayRef<Schedule> pool, ArrayRef<Stretch> stretches,
            const ProblemFacts &facts, int64_t sms)
      : stretches(stretches), best(stretches.size(), infinity) {
    for (const Schedule &schedule : pool) {
      std::vector<double> &row = times.emplace_back();
      for (auto [stretch, least] : llvm::zip_equal(stretches, best)) {
        row.push_back(
            estimateCost(schedule, assumeSizes(facts, stretch.last), sms)
                .microseconds);
        least = std::min(least, row.back());
      }
    }
    const std::vector<double> none(stretches.size(), infinity);
    std::vector<double> now = none;
    for (double loss = infinity; taken.size() < times.size();) {
      auto [next, lower] = cheapest(now);
      if (loss - lower < kernelWorth)
        break;
      loss = lower;
      taken.push_back(next);
      now = with(now, next);
    }
  }

  /// The kernel for each stretch: the best, but not another than before for
  /// next to nothing.
  std::vector<size_t> assign() const {
    std::vector<size_t> choice;
    for (size_t i = 0; i < stretches.size(); ++i) {
      size_t fastest = taken.front();
      for (size_t schedule : taken)
        if (times[schedule][i] < times[fastest][i])
          fastest = schedule;
      const bool stay = i > 0 && times[choice.back()][i] <=
                                     (1 + rangeWorth) * times[fastest][i];
      choice.push_back(stay ? choice.back() : fastest);
    }
    return choice;
  }

  double getTime(size_t schedule, size_t stretch) const {
    return times[schedule][stretch];
  }
  double getBest(size_t stretch) const { return best[stretch]; }

private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  /// The times of each stretch if this schedule is taken, too.
  std::vector<double> with(std::vector<double> now, size_t schedule) const {
    for (auto [time, own] : llvm::zip_equal(now, times[schedule]))
      time = std::min(time, own);
    return now;
  }

  /// The schedule that lowers the loss most, and what is left of it.
  std::pair<size_t, double> cheapest(const std::vector<double> &now) const {
    std::pair<size_t, double> found = {0, infinity};
    for (size_t schedule = 0; schedule < times.size(); ++schedule) {
      double loss = 0;
      for (size_t i = 0; i < stretches.size(); ++i)
        // The table decides for its own.
        if (!stretches[i].entry)
          loss += stretches[i].octaves *
                  (std::min(now[i], times[schedule][i]) / best[i] - 1);
      if (loss < found.second)
        found = {schedule, loss};
    }
    return found;
  }

  ArrayRef<Stretch> stretches;
  /// By schedule and stretch, in microseconds, and the least by stretch.
  std::vector<std::vector<double>> times;
  std::vector<double> best;
  std::vector<size_t> taken;
};

/// Gives the next stretch of M to a schedule.
void append(RunSelection &selection, const Schedule &schedule,
            RunSelection::Range range) {
  auto kernel = llvm::find(selection.kernels, schedule);
  range.kernel = kernel - selection.kernels.begin();
  if (kernel == selection.kernels.end())
    selection.kernels.push_back(schedule);
  if (!selection.ranges.empty()) {
    RunSelection::Range &last = selection.ranges.back();
    if (last.kernel == range.kernel &&
        last.tableEntry.empty() == range.tableEntry.empty()) {
      last.m.last = range.m.last;
      last.microseconds = range.microseconds;
      last.best = range.best;
      return;
    }
  }
  selection.ranges.push_back(std::move(range));
}

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
  std::vector<Stretch> stretches =
      cutStretches(options.m, options.table, facts);
  for (Stretch &stretch : stretches)
    if (stretch.entry) {
      FailureOr<Schedule> tuned =
          getSchedule(op, *options.table, *stretch.entry, options);
      if (failed(tuned))
        return failure();
      stretch.tuned = *tuned;
    }

  // Each M is a selection of its own.
  const std::vector<int64_t> samples = sampleM(options.m);
  std::vector<std::optional<Schedule>> chosen(samples.size());
  if (failed(failableParallelForEachN(
          op.getContext(), 0, samples.size(), [&](size_t i) {
            FailureOr<Schedule> schedule = chooseByModel(
                op, facts, assumeSizes(facts, samples[i]), options);
            if (succeeded(schedule))
              chosen[i] = *schedule;
            return LogicalResult(schedule);
          })))
    return failure();
  std::vector<Schedule> pool;
  for (const std::optional<Schedule> &schedule : chosen)
    if (!llvm::is_contained(pool, *schedule))
      pool.push_back(*schedule);

  const Portfolio portfolio(pool, stretches, facts, options.sms);
  const std::vector<size_t> choices = portfolio.assign();
  int64_t first = options.m.first;
  for (auto [i, stretch] : llvm::enumerate(stretches)) {
    RunSelection::Range range;
    range.m = SizeRange(first, stretch.last);
    first = stretch.last + 1;
    if (stretch.entry) {
      range.tableEntry = options.table->where(*stretch.entry);
      append(selection, stretch.tuned, range);
      continue;
    }
    range.microseconds = portfolio.getTime(choices[i], i);
    range.best = portfolio.getBest(i);
    append(selection, pool[choices[i]], range);
  }
  return selection;
}

void dgemm::dg::explain(GemmOp op, const RunSelection &selection) {
  const ProblemFacts sizes = assumeSizes(selection.facts, selection.m.last);
  InFlightDiagnostic remark = op.emitRemark();
  remark << "chose " << selection.kernels.size()
         << " schedules for M = " << selection.m.str() << ", N = " << sizes.n
         << ", K = " << sizes.k << " on " << selection.sms << " SMs";
  for (auto [kernel, schedule] : llvm::enumerate(selection.kernels)) {
    Diagnostic &note = remark.attachNote();
    note << "case " << kernel << ": "
         << ScheduleAttr::get(op.getContext(), schedule);
    for (const RunSelection::Range &range : selection.ranges) {
      if (range.kernel != kernel)
        continue;
      note << "; M = " << range.m.str();
      if (!range.tableEntry.empty()) {
        note << " as the tuning table has it, " << range.tableEntry;
        continue;
      }
      note << llvm::formatv(", {0:f1} us at the end", range.microseconds);
      if (range.microseconds > 1.005 * range.best)
        note << llvm::formatv(" (best {0:f1})", range.best);
    }
  }
}
