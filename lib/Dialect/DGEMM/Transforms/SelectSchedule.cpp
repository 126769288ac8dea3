// Gives each dgemm.gemm without a schedule one.

#include "dgemm/Dialect/DGEMM/Transforms/Passes.h"
#include "dgemm/Dialect/DGEMM/Transforms/Transforms.h"

namespace dgemm::dg {
#define GEN_PASS_DEF_DGEMMSELECTSCHEDULEPASS
#include "dgemm/Dialect/DGEMM/Transforms/Passes.h.inc"
} // namespace dgemm::dg

using namespace mlir;
using namespace dgemm::dg;

LogicalResult dgemm::dg::selectSchedule(GemmOp op,
                                        const SelectScheduleOptions &options) {
  if (!op.getScheduleAttr())
    op.setScheduleAttr(ScheduleAttr::get(op.getContext(), Schedule()));
  return success();
}

namespace {
struct DGEMMSelectSchedulePass
    : public dgemm::dg::impl::DGEMMSelectSchedulePassBase<
          DGEMMSelectSchedulePass> {
  using DGEMMSelectSchedulePassBase::DGEMMSelectSchedulePassBase;

  void runOnOperation() override {
    SelectScheduleOptions options;
    options.sms = sms;
    options.m = m;
    options.explain = explain;
    WalkResult result = getOperation()->walk([&](GemmOp op) {
      ++(op.getScheduleAttr() ? numKept : numChosen);
      return failed(selectSchedule(op, options)) ? WalkResult::interrupt()
                                                 : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
