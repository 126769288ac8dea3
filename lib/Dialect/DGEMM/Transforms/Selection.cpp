// Chooses among the candidates and says why.

#include "dgemm/Dialect/DGEMM/Transforms/Selection.h"
#include "dgemm/Dialect/DGEMM/Transforms/Transforms.h"
#include "dgemm/Dialect/DGEMM/Transforms/TuningTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>

using namespace mlir;
using namespace dgemm::dg;

/// A size that stands for "large" where nothing is known.
static constexpr int64_t assumedSize = 7168;

std::string Candidate::str() const {
  return llvm::formatv(
      "tile [{0}, {1}]{2}, {3} warpgroups, {4} stages of "
      "{5} K blocks, {6} in flight{7}{8}",
      schedule.tileM, schedule.tileN, schedule.swap ? " swapped" : "",
      schedule.warpgroups, schedule.stages, schedule.kBlocks, schedule.inFlight,
      schedule.splitK > 1
          ? llvm::formatv(", K in {0} parts", schedule.splitK).str()
          : std::string(),
      schedule.multicast == Multicast::None
          ? std::string()
          : ", " + stringifyMulticast(schedule.multicast).str() + " shared");
}

ProblemFacts dgemm::dg::assumeSizes(const ProblemFacts &facts, int64_t m) {
  ProblemFacts sizes = facts;
  auto assume = [](int64_t &size, int64_t assumed) {
    // Bounds that keep the model's arithmetic finite; no GPU holds more.
    size = std::clamp<int64_t>(ShapedType::isDynamic(size) ? assumed : size, 1,
                               int64_t(1) << 31);
  };
  assume(sizes.m, m);
  assume(sizes.n, assumedSize);
  assume(sizes.k, assumedSize);
  return sizes;
}

/// The places of `schedules`, the model's best first; among equals the one that
/// was enumerated first.
static std::vector<size_t> rank(ArrayRef<Schedule> schedules,
                                const ProblemFacts &sizes, int64_t sms) {
  std::vector<std::pair<double, size_t>> order;
  order.reserve(schedules.size());
  for (auto [index, schedule] : llvm::enumerate(schedules))
    order.push_back({estimateCost(schedule, sizes, sms).microseconds, index});
  llvm::sort(order);
  std::vector<size_t> places;
  places.reserve(order.size());
  for (auto [cost, index] : order)
    places.push_back(index);
  return places;
}

bool dgemm::dg::isFeasible(const Schedule &schedule,
                           const ProblemFacts &facts) {
  auto silent = [] { return InFlightDiagnostic(); };
  return rejectSchedule(schedule, facts).empty() &&
         succeeded(checkSchedule(schedule, silent)) &&
         succeeded(checkSchedule(schedule, facts, silent));
}

FailureOr<Schedule>
dgemm::dg::getSchedule(GemmOp op, const TuningTable &table,
                       const TuningTable::Entry &entry,
                       const SelectScheduleOptions &options) {
  auto emitError = [&] {
    return op.emitOpError() << "cannot use the schedule that "
                            << table.where(entry) << " has for it: ";
  };
  Schedule schedule = entry.schedule;
  if (options.batchInvariant && !isBatchInvariant(schedule)) {
    emitError() << "it splits K into " << schedule.splitK
                << " parts, and is to be batch-invariant";
    return failure();
  }
  // What a launch waits for is the caller's to say.
  if (options.pdl != PDL::None)
    schedule.pdl = options.pdl;
  if (failed(checkSchedule(schedule, emitError)) ||
      failed(checkSchedule(schedule, getProblemFacts(op), emitError)))
    return failure();
  return schedule;
}

LogicalResult dgemm::dg::checkOptions(GemmOp op,
                                      const SelectScheduleOptions &options) {
  if (options.sms < 1)
    return op.emitOpError()
           << "cannot choose a schedule for " << options.sms << " SMs";
  return success();
}

/// Those of the enumerated schedules that the options allow.
static std::vector<Schedule>
getCandidates(const ProblemFacts &facts, const ProblemFacts &sizes,
              const SelectScheduleOptions &options) {
  std::vector<Schedule> schedules = enumerateSchedules(facts, sizes);
  if (options.batchInvariant)
    llvm::erase_if(schedules, [](const Schedule &schedule) {
      return !isBatchInvariant(schedule);
    });
  for (Schedule &schedule : schedules)
    schedule.pdl = options.pdl;
  return schedules;
}

FailureOr<Schedule>
dgemm::dg::chooseByModel(GemmOp op, const ProblemFacts &facts,
                         const ProblemFacts &sizes,
                         const SelectScheduleOptions &options) {
  const std::vector<Schedule> schedules = getCandidates(facts, sizes, options);
  // The first that fits is among the first few: a heap, and no sort.
  std::vector<std::pair<double, size_t>> heap;
  heap.reserve(schedules.size());
  for (auto [index, schedule] : llvm::enumerate(schedules))
    heap.push_back(
        {estimateCost(schedule, sizes, options.sms).microseconds, index});
  const auto later = std::greater<std::pair<double, size_t>>();
  std::make_heap(heap.begin(), heap.end(), later);
  const size_t first = heap.front().second;
  for (; !heap.empty(); heap.pop_back()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    if (isFeasible(schedules[heap.back().second], facts))
      return schedules[heap.back().second];
  }
  return op.emitOpError() << "none of " << schedules.size()
                          << " schedules fits; the first one "
                          << rejectSchedule(schedules[first], facts);
}

FailureOr<Selection> dgemm::dg::select(GemmOp op,
                                       const SelectScheduleOptions &options) {
  if (failed(checkOptions(op, options)))
    return failure();
  const ProblemFacts facts = getProblemFacts(op);
  Selection selection;
  selection.facts = facts;
  selection.sizes = assumeSizes(facts, options.m.last);
  selection.options = options;
  selection.sms = options.sms;
  if (options.table)
    if (const TuningTable::Entry *entry =
            options.table->find(facts, selection.sizes.m)) {
      selection.tableEntry = options.table->where(*entry);
      FailureOr<Schedule> tuned =
          getSchedule(op, *options.table, *entry, options);
      if (failed(tuned))
        return failure();
      selection.schedule = *tuned;
      return selection;
    }
  FailureOr<Schedule> chosen =
      chooseByModel(op, facts, selection.sizes, options);
  if (failed(chosen))
    return failure();
  selection.schedule = *chosen;
  return selection;
}

std::vector<Candidate>
dgemm::dg::rankCandidates(const ProblemFacts &facts, const ProblemFacts &sizes,
                          const SelectScheduleOptions &options) {
  const std::vector<Schedule> schedules = getCandidates(facts, sizes, options);
  std::vector<Candidate> candidates;
  for (size_t place : rank(schedules, sizes, options.sms))
    candidates.push_back({schedules[place],
                          estimateCost(schedules[place], sizes, options.sms),
                          rejectSchedule(schedules[place], facts)});
  return candidates;
}

void dgemm::dg::explain(GemmOp op, const Selection &selection) {
  constexpr int most = 4;
  const ProblemFacts &sizes = selection.sizes;
  const std::vector<Candidate> candidates =
      rankCandidates(selection.facts, sizes, selection.options);
  InFlightDiagnostic remark = op.emitRemark();
  remark << "chose " << ScheduleAttr::get(op.getContext(), selection.schedule)
         << " for M = " << sizes.m << ", N = " << sizes.n << ", K = " << sizes.k
         << " on " << selection.sms << " SMs, " << candidates.size()
         << " candidates";
  if (!selection.tableEntry.empty())
    remark.attachNote() << "the tuning table decided: " << selection.tableEntry;
  int listed = 0, refused = 0;
  // The best of each tile: depths of the same tile differ by little.
  std::set<std::tuple<int64_t, int64_t, bool, int64_t>> seen;
  SmallVector<std::string> misfits;
  for (const Candidate &candidate : candidates) {
    if (listed == most)
      break;
    if (candidate.rejection.empty()) {
      if (seen.insert({candidate.schedule.tileM, candidate.schedule.tileN,
                       candidate.schedule.swap, candidate.schedule.splitK})
              .second)
        remark.attachNote() << "candidate " << ++listed << ": "
                            << candidate.str() << ": " << candidate.cost.str();
    } else if (listed == 0 && ++refused <= most) {
      // The model likes it better than the first that fits.
      misfits.push_back(
          llvm::formatv("does not fit: {0}, {1:f1} us: {2}", candidate.str(),
                        candidate.cost.microseconds, candidate.rejection));
    }
  }
  for (const std::string &misfit : misfits)
    remark.attachNote() << misfit;
}

/// All cases of a dispatch make the same sizes constants (R6): what was chosen
/// for one must agree with those that have a schedule.
static LogicalResult checkConstants(GemmOp op, const Schedule &schedule) {
  auto parent = dyn_cast<DispatchOp>(op->getParentOp());
  if (!parent)
    return success();
  for (unsigned i = 0; i < parent.getCases().size(); ++i) {
    auto other = cast<GemmOp>(parent.getProduct(i)).getScheduleAttr();
    if (other && other.getValue().getConstants() != schedule.getConstants())
      return op.emitOpError()
             << "would get a schedule that specializes "
             << schedule.getConstants() << ", but case "
             << parent.getRangeText(i) << " specializes "
             << other.getValue().getConstants() << "; write its schedule";
  }
  return success();
}

/// The same for the kernels of a run, some of which may be a table's.
static LogicalResult checkConstants(GemmOp op, const RunSelection &selection) {
  auto schedule = [&](const RunSelection::Range &range) -> const Schedule & {
    return selection.kernels[range.kernel];
  };
  const RunSelection::Range &first = selection.ranges.front();
  for (const RunSelection::Range &range : selection.ranges) {
    if (schedule(range).getConstants() == schedule(first).getConstants())
      continue;
    InFlightDiagnostic error = op.emitOpError();
    error << "cannot have one launch record for M = " << selection.m.str()
          << ": the schedule for M = " << range.m.str() << " specializes "
          << schedule(range).getConstants()
          << ", that for M = " << first.m.str() << " "
          << schedule(first).getConstants();
    for (const RunSelection::Range *one : {&first, &range})
      if (!one->tableEntry.empty())
        error.attachNote() << "M = " << one->m.str() << " is from "
                           << one->tableEntry;
    return error;
  }
  return success();
}

/// Puts a copy of `op` with each schedule into the cases of a dispatch.
static void dispatch(GemmOp op, const RunSelection &selection) {
  OpBuilder b(op);
  SmallVector<int64_t> bounds, choices;
  for (const RunSelection::Range &range : selection.ranges) {
    bounds.push_back(range.m.last);
    choices.push_back(range.kernel);
  }
  bounds.pop_back(); // the last range has no end
  auto dispatch = DispatchOp::create(b, op.getLoc(), bounds, choices,
                                     unsigned(selection.kernels.size()));
  for (auto [region, schedule] :
       llvm::zip_equal(dispatch.getCases(), selection.kernels)) {
    b.setInsertionPointToStart(&region.emplaceBlock());
    auto copy = cast<GemmOp>(b.clone(*op));
    copy.setScheduleAttr(ScheduleAttr::get(op.getContext(), schedule));
  }
  op.erase();
}

/// The same options for the M of the case of a dispatch that `op` stands in.
static SelectScheduleOptions narrow(GemmOp op,
                                    const SelectScheduleOptions &options) {
  SelectScheduleOptions narrowed = options;
  auto parent = dyn_cast<DispatchOp>(op->getParentOp());
  if (!parent)
    return narrowed;
  const unsigned index = op->getParentRegion()->getRegionNumber();
  const DispatchOp::Range range = parent.getRanges(index).back();
  narrowed.m = range.last.value_or(std::max(range.first, options.m.last));
  return narrowed;
}

LogicalResult dgemm::dg::selectSchedule(GemmOp op,
                                        const SelectScheduleOptions &given) {
  // What the user wrote stays.
  if (ScheduleAttr schedule = op.getScheduleAttr()) {
    if (given.batchInvariant && !isBatchInvariant(schedule.getValue()))
      return op.emitOpError()
             << "is to be batch-invariant, but its schedule splits K into "
             << schedule.getValue().splitK << " parts";
    return success();
  }
  const SelectScheduleOptions options = narrow(op, given);
  if (options.m.isSingle() || !ShapedType::isDynamic(getProblemFacts(op).m)) {
    FailureOr<Selection> selection = select(op, options);
    if (failed(selection) || failed(checkConstants(op, selection->schedule)))
      return failure();
    op.setScheduleAttr(ScheduleAttr::get(op.getContext(), selection->schedule));
    if (options.explain)
      explain(op, *selection);
    return success();
  }

  FailureOr<RunSelection> selection = selectRun(op, options);
  if (failed(selection) || failed(checkConstants(op, *selection)))
    return failure();
  if (options.explain)
    explain(op, *selection);
  if (selection->kernels.size() == 1) {
    op.setScheduleAttr(
        ScheduleAttr::get(op.getContext(), selection->kernels.front()));
    return success();
  }
  if (op.getResult())
    return op.emitOpError() << "is on tensors, and M = " << options.m.str()
                            << " takes several kernels: bufferize it first";
  dispatch(op, *selection);
  return success();
}
