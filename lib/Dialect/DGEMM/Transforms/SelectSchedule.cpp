// Gives each dgemm.gemm without a schedule a chosen one.

#include "dgemm/Dialect/DGEMM/Transforms/Passes.h"
#include "dgemm/Dialect/DGEMM/Transforms/Selection.h"
#include "dgemm/Dialect/DGEMM/Transforms/Transforms.h"
#include "dgemm/Dialect/DGEMM/Transforms/TuningTable.h"

namespace dgemm::dg {
#define GEN_PASS_DEF_DGEMMSELECTSCHEDULEPASS
#include "dgemm/Dialect/DGEMM/Transforms/Passes.h.inc"
} // namespace dgemm::dg

using namespace mlir;
using namespace dgemm::dg;

namespace {

struct DGEMMSelectSchedulePass
    : public dgemm::dg::impl::DGEMMSelectSchedulePassBase<
          DGEMMSelectSchedulePass> {
  using DGEMMSelectSchedulePassBase::DGEMMSelectSchedulePassBase;

  LogicalResult initialize(MLIRContext *context) override {
    FailureOr<SizeRange> range = parseSizes(m, context);
    if (failed(range))
      return failure();
    options.sms = sms;
    options.m = *range;
    options.explain = explain;
    options.batchInvariant = batchInvariant;
    std::optional<PDL> dependent = symbolizePDL(pdl);
    if (!dependent)
      return emitError(UnknownLoc::get(context))
             << "pdl = '" << pdl << "' is not one of none, inputs, activations";
    options.pdl = *dependent;
    if (table.empty())
      return success();
    FailureOr<TuningTable> loaded = TuningTable::load(table, context);
    if (failed(loaded))
      return failure();
    tuned = std::make_shared<TuningTable>(std::move(*loaded));
    options.table = tuned.get();
    return success();
  }

  void runOnOperation() override {
    SmallVector<GemmOp> ops;
    getOperation()->walk([&](GemmOp op) { ops.push_back(op); });
    for (GemmOp op : ops) {
      ++(op.getScheduleAttr() ? numKept : numChosen);
      if (failed(selectSchedule(op, options)))
        return signalPassFailure();
    }
  }

private:
  SelectScheduleOptions options;
  /// Shared by the clones of the pass, which only read it.
  std::shared_ptr<const TuningTable> tuned;
};

} // namespace
