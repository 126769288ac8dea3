// Copies functions, one for each schedule that is worth a measurement.

#include "dgemm/Dialect/DGEMM/Transforms/Passes.h"
#include "dgemm/Dialect/DGEMM/Transforms/Transforms.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"

#include <map>
#include <tuple>

namespace dgemm::dg {
#define GEN_PASS_DEF_DGEMMEXPANDCANDIDATESPASS
#include "dgemm/Dialect/DGEMM/Transforms/Passes.h.inc"
} // namespace dgemm::dg

using namespace mlir;
using namespace dgemm::dg;

std::vector<Schedule>
dgemm::dg::bestCandidates(GemmOp op, const SelectScheduleOptions &options,
                          size_t count, size_t perTile) {
  const ProblemFacts facts = getProblemFacts(op);
  std::map<std::tuple<int64_t, int64_t, bool, int64_t>, size_t> ofTile;
  std::vector<Schedule> best;
  for (const Candidate &candidate :
       rankCandidates(facts, assumeSizes(facts, options.m.last), options)) {
    const Schedule &schedule = candidate.schedule;
    if (best.size() == count)
      break;
    if (!isFeasible(schedule, facts))
      continue;
    // Depths of one tile differ by little: others have their turn.
    if (ofTile[{schedule.tileM, schedule.tileN, schedule.swap,
                schedule.splitK}]++ < perTile)
      best.push_back(schedule);
  }
  return best;
}

namespace {

struct DGEMMExpandCandidatesPass
    : public dgemm::dg::impl::DGEMMExpandCandidatesPassBase<
          DGEMMExpandCandidatesPass> {
  using DGEMMExpandCandidatesPassBase::DGEMMExpandCandidatesPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    FailureOr<SizeRange> range = parseSizes(m, context);
    if (failed(range))
      return failure();
    if (sms < 1 || count < 1 || perTile < 1)
      return emitError(UnknownLoc::get(context))
             << "sms, count and per-tile must be positive, not "
             << sms.getValue() << ", " << count.getValue() << " and "
             << perTile.getValue();
    options.m = *range;
    options.sms = sms;
    options.batchInvariant = batchInvariant;
    return success();
  }

  void runOnOperation() override {
    SmallVector<std::pair<func::FuncOp, GemmOp>> found;
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      SmallVector<GemmOp> ops;
      func.walk([&](GemmOp op) { ops.push_back(op); });
      if (ops.size() == 1 && !ops.front().getScheduleAttr())
        found.push_back({func, ops.front()});
    }
    SymbolTable symbols(getOperation());
    for (auto [func, op] : found) {
      std::vector<Schedule> schedules =
          bestCandidates(op, options, count, perTile);
      if (schedules.empty()) {
        op.emitOpError("has no schedule that fits");
        return signalPassFailure();
      }
      for (auto [index, schedule] : llvm::enumerate(schedules)) {
        // The clone has its schedule, so that this op is copied once each.
        op.setScheduleAttr(ScheduleAttr::get(&getContext(), schedule));
        func::FuncOp copy = func.clone();
        copy.setName((func.getName() + "_" + Twine(index)).str());
        symbols.insert(copy, func->getIterator());
        ++numCandidates;
      }
      symbols.erase(func);
    }
  }

private:
  SelectScheduleOptions options;
};

} // namespace
