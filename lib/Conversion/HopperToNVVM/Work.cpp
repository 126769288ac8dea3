// Work sources become arithmetic on the index of the cluster.
#include "Build.h"
#include "dgemm/Conversion/HopperToNVVM/HopperToNVVM.h"

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;

namespace {

/// The grid of a dense matrix, in tiles of a whole cluster.
class DenseGrid {
public:
  DenseGrid(OpBuilder &b, DenseWorkOp op) : b(b), op(op), loc(op.getLoc()) {}

  Value count() { return arith::MulIOp::create(b, loc, units(0), units(1)); }

  /// First row and column of this block's tile of an item.
  std::pair<Value, Value> at(Value item) {
    // Groups of `width` along the primary axis; in a group, that axis first.
    int primary = op.getRaster() == Axis::Rows ? 0 : 1;
    Value across = units(1 - primary), along = units(primary);
    Value perGroup = mul(b, loc, across, op.getWidth());
    Value group = arith::DivUIOp::create(b, loc, item, perGroup);
    Value inGroup = arith::SubIOp::create(
        b, loc, item, arith::MulIOp::create(b, loc, group, perGroup));
    Value first = mul(b, loc, group, op.getWidth());
    Value size =
        arith::MinSIOp::create(b, loc, constant(b, loc, op.getWidth()),
                               arith::SubIOp::create(b, loc, along, first));
    Value other = arith::DivUIOp::create(b, loc, inGroup, size);
    Value rest = arith::SubIOp::create(
        b, loc, inGroup, arith::MulIOp::create(b, loc, other, size));
    Value coords[2];
    coords[primary] = arith::AddIOp::create(b, loc, first, rest);
    coords[1 - primary] = other;
    return {start(0, coords[0]), start(1, coords[1])};
  }

private:
  int clusterAxis() { return op.getClusterAxis() == Axis::Rows ? 0 : 1; }

  int64_t unitSize(int axis) {
    return op.getTile()[axis] * (axis == clusterAxis() ? op.getCluster() : 1);
  }

  Value units(int axis) {
    return ceilDiv(b, loc, axis == 0 ? op.getRows() : op.getCols(),
                   unitSize(axis));
  }

  Value start(int axis, Value unit) {
    Value first = mul(b, loc, unit, unitSize(axis));
    if (axis != clusterAxis() || op.getCluster() == 1)
      return first;
    Value rank = NVVM::ClusterId::create(b, loc, b.getI32Type());
    return add(b, loc, first, mul(b, loc, rank, op.getTile()[axis]));
  }

  OpBuilder &b;
  DenseWorkOp op;
  Location loc;
};

} // namespace

static int64_t getClusterSize(gpu::GPUFuncOp kernel) {
  auto launch = kernel->getAttrOfType<DictionaryAttr>(kLaunchAttr);
  return mlir::cast<IntegerAttr>(launch.getAs<ArrayAttr>("cluster")[0])
      .getInt();
}

void dgemm::expandWork(gpu::GPUFuncOp kernel) {
  OpBuilder b(kernel.getContext());
  SmallVector<Operation *> dead;
  kernel.walk([&](Operation *op) {
    b.setInsertionPoint(op);
    Location loc = op->getLoc();
    if (auto count = dyn_cast<WorkCountOp>(op)) {
      auto work = count.getWork().getDefiningOp<DenseWorkOp>();
      count.replaceAllUsesWith(DenseGrid(b, work).count());
    } else if (auto at = dyn_cast<WorkAtOp>(op)) {
      auto work = at.getWork().getDefiningOp<DenseWorkOp>();
      auto [row, col] = DenseGrid(b, work).at(at.getItem());
      at.getRow().replaceAllUsesWith(row);
      at.getCol().replaceAllUsesWith(col);
    } else if (auto worker = dyn_cast<WorkerOp>(op)) {
      int64_t cluster = getClusterSize(kernel);
      Value index = NVVM::BlockIdXOp::create(b, loc, b.getI32Type());
      Value count = NVVM::GridDimXOp::create(b, loc, b.getI32Type());
      if (cluster > 1) {
        Value size = constant(b, loc, cluster);
        index = arith::DivUIOp::create(b, loc, index, size);
        count = arith::DivUIOp::create(b, loc, count, size);
      }
      worker.getIndex().replaceAllUsesWith(index);
      worker.getCount().replaceAllUsesWith(count);
    } else if (!isa<DenseWorkOp>(op)) {
      return;
    }
    dead.push_back(op);
  });
  for (Operation *op : llvm::reverse(dead))
    op->erase();
}
