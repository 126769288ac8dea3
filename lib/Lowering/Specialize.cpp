// Rung specialize: each side of a pipeline gets warps of its own.
#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "dgemm/Dialect/Hopper/Hopper.h"
#include "dgemm/Lowering/Kernel.h"
#include "dgemm/Lowering/Passes.h"
#include "dgemm/Lowering/Slice.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

namespace dgemm {
#define GEN_PASS_DEF_DGEMMSPECIALIZEPASS
#include "dgemm/Lowering/Passes.h.inc"
} // namespace dgemm

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;

namespace {

/// The pipeline that a plain store fills, null if it fills none.
PipelineOp getFilledPipeline(memref::StoreOp store) {
  auto view = store.getMemRef().getDefiningOp<ViewOp>();
  if (!view)
    return {};
  auto slot = view.getBuffer().getDefiningOp<AcquireOp>();
  return slot ? getPipeline(slot.getPipe()) : PipelineOp();
}

/// The pipeline for whose producer an operation is, null if it is for none.
PipelineOp getProducedPipeline(Operation *op) {
  if (auto acquire = dyn_cast<AcquireOp>(op))
    return getPipeline(acquire.getPipe());
  if (auto commit = dyn_cast<CommitOp>(op))
    return getPipeline(commit.getPipe());
  if (auto load = dyn_cast<TmaLoadOp>(op))
    return getPipeline(load.getPipe());
  if (auto store = dyn_cast<memref::StoreOp>(op))
    return getFilledPipeline(store);
  return {};
}

/// Operations that have a meaning of their own for the consumers; all others
/// are computed where their results are needed.
bool isConsumed(Operation *op) { return isa<WaitOp, ReleaseOp, StoreOp>(op); }

/// Splits one kernel; returns the number of roles.
int64_t specialize(gpu::GPUFuncOp kernel, dg::ScheduleAttr schedule) {
  Block &body = kernel.getBody().front();
  Operation *end = body.getTerminator();
  Operation *begin = nullptr;
  for (Operation &op : body.without_terminator())
    if (!begin && !isa<PipelineOp>(op) && !isPure(&op))
      begin = &op;
  SmallVector<Operation *> program;
  for (Operation *op = begin; op != end; op = op->getNextNode())
    program.push_back(op);

  llvm::MapVector<Operation *, ProgramSlice> producers;
  ProgramSlice consumers(program);
  for (PipelineOp pipe : body.getOps<PipelineOp>())
    producers.insert({pipe, ProgramSlice(program)});
  for (Operation *op : program)
    op->walk([&](Operation *inner) {
      if (PipelineOp pipe = getProducedPipeline(inner))
        producers.find(pipe)->second.add(inner);
      else if (isConsumed(inner))
        consumers.add(inner);
    });

  OpBuilder b(begin);
  Location loc = kernel.getLoc();
  // With a dependent launch each role waits for the kernel ahead before it
  // does anything, but for those that bring what no kernel writes.
  bool dependent = schedule.getPdl() != dg::PDL::None;
  auto waitForGrid = [&](bool early) {
    if (dependent && !early)
      GridWaitOp::create(b, loc);
  };
  if (dependent) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&body);
    GridLaunchOp::create(b, loc);
  }
  ReadyOp::create(b, loc, schedule.getClusterSize());
  auto producing = ProducersOp::create(b, loc, schedule.getProducerRegs());
  {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&producing.getBody());
    for (auto [index, entry] : llvm::enumerate(producers)) {
      bool byTma = cast<PipelineOp>(entry.first).getBytes() > 0;
      auto warp = WarpOp::create(b, loc, index, /*single=*/byTma);
      OpBuilder::InsertionGuard guard(b);
      b.createBlock(&warp.getBody());
      waitForGrid(cast<PipelineOp>(entry.first).getEarly());
      IRMapping map;
      entry.second.clone(b, map);
    }
  }
  auto consuming = ConsumersOp::create(b, loc, schedule.getWarpgroups(),
                                       schedule.getConsumerRegs());
  {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&consuming.getBody(), {}, b.getI32Type(), loc);
    waitForGrid(/*early=*/false);
    IRMapping map;
    consumers.clone(b, map);
  }
  // Who shares an operand writes into the others; of the parts of K only the
  // first is written into, and it waits for that itself.
  FinishOp::create(b, loc, schedule.getCluster());
  for (Operation *op : llvm::reverse(program))
    op->erase();
  return producers.size() + 1;
}

struct SpecializePass : dgemm::impl::DGEMMSpecializePassBase<SpecializePass> {
  void runOnOperation() override {
    SmallVector<gpu::GPUFuncOp> kernels;
    getOperation().walk([&](gpu::GPUFuncOp kernel) {
      // A thread that waits for what it commits itself: not split yet.
      bool both = false;
      for (Operation &op : kernel.getBody().front())
        if (!isa<ProducersOp, ConsumersOp>(op))
          op.walk([&](Operation *inner) {
            if (inner->getParentOfType<ProducersOp>() ||
                inner->getParentOfType<ConsumersOp>())
              return;
            both |= isa<AcquireOp>(inner);
          });
      if (both)
        kernels.push_back(kernel);
    });
    for (gpu::GPUFuncOp kernel : kernels) {
      dg::ScheduleAttr schedule = getSchedule(kernel);
      if (!schedule) {
        kernel.emitOpError("to be specialized needs a schedule");
        return signalPassFailure();
      }
      numRoles += specialize(kernel, schedule);
    }
  }
};

} // namespace
