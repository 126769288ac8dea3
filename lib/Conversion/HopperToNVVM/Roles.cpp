// Roles become branches on values that are uniform in a warp.
#include "Build.h"
#include "dgemm/Conversion/HopperToNVVM/HopperToNVVM.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;

namespace {

class RoleExpander {
public:
  explicit RoleExpander(gpu::GPUFuncOp kernel)
      : kernel(kernel), b(kernel.getContext()), loc(kernel.getLoc()) {
    auto launch = kernel->getAttrOfType<DictionaryAttr>(kLaunchAttr);
    threads =
        mlir::cast<IntegerAttr>(launch.getAs<ArrayAttr>("block")[0]).getInt();
  }

  void run() {
    SmallVector<Operation *> roles;
    kernel.walk([&](Operation *op) {
      if (isa<ProducersOp, ConsumersOp, WarpOp, SingleThreadOp, LaneOp,
              BlockRankOp>(op))
        roles.push_back(op);
    });
    // Inner ones first.
    for (Operation *op : roles)
      if (!isa<ConsumersOp>(op) || !others.contains(op))
        expand(op);
    for (auto [op, branch] : others) {
      expandOther(mlir::cast<ConsumersOp>(op), branch);
      op->erase();
    }
  }

private:
  void expand(Operation *op) {
    loc = op->getLoc();
    b.setInsertionPoint(op);
    if (auto lane = dyn_cast<LaneOp>(op)) {
      lane.replaceAllUsesWith(laneIndex(b, loc));
    } else if (auto rank = dyn_cast<BlockRankOp>(op)) {
      Value id = NVVM::ClusterId::create(b, loc, b.getI32Type());
      rank.replaceAllUsesWith(id);
    } else if (auto single = dyn_cast<SingleThreadOp>(op)) {
      moveInto(isEqual(b, loc, threadInGroup(b, loc), 0),
               single.getBody().front());
    } else if (auto warp = dyn_cast<WarpOp>(op)) {
      expandWarp(warp);
    } else if (auto producers = dyn_cast<ProducersOp>(op)) {
      expandProducers(producers);
    } else if (auto consumers = dyn_cast<ConsumersOp>(op)) {
      expandConsumers(consumers);
    }
    op->erase();
  }

  /// Index of the warpgroup, in a form that the assembler sees is uniform.
  Value groupIndex() {
    Value group = arith::ShRUIOp::create(b, loc, threadIndex(b, loc),
                                         constant(b, loc, 7));
    return NVVM::ShflOp::create(
        b, loc, b.getI32Type(), constant(b, loc, -1), group,
        constant(b, loc, 0), constant(b, loc, 31),
        NVVM::ShflKindAttr::get(b.getContext(), NVVM::ShflKind::idx),
        UnitAttr());
  }

  void moveInto(Value condition, Block &body) {
    auto branch = scf::IfOp::create(b, loc, condition, /*withElse=*/false);
    Block *target = branch.thenBlock();
    target->getOperations().splice(target->begin(), body.getOperations());
  }

  /// setmaxnreg, in the direction that leads there from the registers with
  /// which the block starts; a thread can name 255.
  void setRegisters(Block &body, int64_t registers) {
    int64_t entry = std::min<int64_t>(
        target::sm90::registersAtEntry(threads, getBlocksPerSM(kernel)), 255);
    if (registers == entry)
      return;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&body);
    NVVM::SetMaxRegisterOp::create(b, loc, registers,
                                   registers > entry
                                       ? NVVM::SetMaxRegisterAction::increase
                                       : NVVM::SetMaxRegisterAction::decrease);
  }

  void expandWarp(WarpOp op) {
    Value mine = isEqual(b, loc, warpInGroup(b, loc), op.getIndex());
    auto branch = scf::IfOp::create(b, loc, mine, /*withElse=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    Block &body = op.getBody().front();
    if (op.getSingle()) {
      Value elected = NVVM::ElectSyncOp::create(b, loc, b.getI1Type(), Value());
      moveInto(elected, body);
      return;
    }
    Block *target = branch.thenBlock();
    target->getOperations().splice(target->begin(), body.getOperations());
  }

  /// Consumers that follow producers, and are all the other warpgroups, are
  /// the other side of their branch: the assembler gives each side the
  /// registers of its own budget only if no code follows that both reach.
  void expandProducers(ProducersOp op) {
    int64_t last = threads / target::sm90::threadsPerWarpgroup - 1;
    Block &body = op.getBody().front();
    setRegisters(body, op.getRegisters());
    auto consumers = dyn_cast_or_null<ConsumersOp>(op->getNextNode());
    bool rest = consumers && int64_t(consumers.getCount()) == last;
    auto branch = scf::IfOp::create(b, loc, isEqual(b, loc, groupIndex(), last),
                                    /*withElse=*/rest);
    Block *target = branch.thenBlock();
    target->getOperations().splice(target->begin(), body.getOperations());
    if (rest)
      others.insert({consumers, branch});
  }

  void expandOther(ConsumersOp op, scf::IfOp branch) {
    Block &body = op.getBody().front();
    setRegisters(body, op.getRegisters());
    b.setInsertionPoint(branch);
    body.getArgument(0).replaceAllUsesWith(groupIndex());
    Block *target = branch.elseBlock();
    target->getOperations().splice(target->begin(), body.getOperations());
  }

  void expandConsumers(ConsumersOp op) {
    Block &body = op.getBody().front();
    Value group = groupIndex();
    setRegisters(body, op.getRegisters());
    body.getArgument(0).replaceAllUsesWith(group);
    Value mine = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, group,
                                       constant(b, loc, op.getCount()));
    moveInto(mine, body);
  }

  llvm::MapVector<Operation *, scf::IfOp> others;
  gpu::GPUFuncOp kernel;
  OpBuilder b;
  Location loc;
  int64_t threads;
};

} // namespace

void dgemm::expandRoles(gpu::GPUFuncOp kernel) { RoleExpander(kernel).run(); }
