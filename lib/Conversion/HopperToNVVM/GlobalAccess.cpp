// Plain, bounded accesses of a fragment to a matrix in global memory.
#include "FragmentLayout.h"
#include "dgemm/Conversion/HopperToNVVM/HopperToNVVM.h"

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;

namespace {

/// One element of a fragment: its register, row and column in the matrix.
struct Element {
  int64_t reg;
  Value row, col;
};

class GlobalAccess {
public:
  GlobalAccess(OpBuilder &b, Location loc, Value row, Value col, Value rows,
               Value cols, bool transposed)
      : b(b), loc(loc), rows(rows), cols(cols), transposed(transposed) {
    Value first = arith::AddIOp::create(b, loc, row, fragmentRow(b, loc));
    rowOf[0] = first;
    rowOf[1] = add(b, loc, first, 8);
    colBase = arith::AddIOp::create(b, loc, col, fragmentCol(b, loc));
  }

  /// Calls `body` for each element that the thread holds.
  void forEach(int64_t columns, llvm::function_ref<void(Element)> body) {
    for (int64_t group = 0; group < columns / kGroupCols; ++group)
      for (int64_t i = 0; i < kGroupRegisters; ++i)
        body({group * kGroupRegisters + i, rowOf[i / 2],
              add(b, loc, colBase, group * kGroupCols + i % 2)});
  }

  Value isInside(Element e) {
    auto less = [&](Value value, Value bound) -> Value {
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, value,
                                   bound);
    };
    return arith::AndIOp::create(b, loc, less(e.row, rows),
                                 less(e.col, cols));
  }

  /// Indices into the matrix; `clamp` keeps them inside.
  SmallVector<Value> indices(Element e, bool clamp) {
    Value row = e.row, col = e.col;
    if (clamp) {
      row = arith::MinSIOp::create(b, loc, row, add(b, loc, rows, -1));
      col = arith::MinSIOp::create(b, loc, col, add(b, loc, cols, -1));
    }
    if (transposed)
      std::swap(row, col);
    Type index = b.getIndexType();
    return {arith::IndexCastOp::create(b, loc, index, row),
            arith::IndexCastOp::create(b, loc, index, col)};
  }

private:
  OpBuilder &b;
  Location loc;
  Value rows, cols, rowOf[2], colBase;
  bool transposed;
};

void expandAdd(OpBuilder &b, AddMatrixOp op) {
  Location loc = op.getLoc();
  auto type = op.getValue().getType();
  Type registers = fragmentStruct(b.getContext(), type.getShape());
  Value value = cast(b, loc, registers, op.getValue());
  GlobalAccess access(b, loc, op.getRow(), op.getCol(), op.getRows(),
                      op.getCols(), op.getTransposed());
  // Elements outside are read from a neighbour and never stored.
  access.forEach(type.getShape()[1], [&](Element e) {
    Value c = memref::LoadOp::create(b, loc, op.getSource(),
                                     access.indices(e, /*clamp=*/true));
    if (!c.getType().isF32())
      c = arith::ExtFOp::create(b, loc, b.getF32Type(), c);
    Value old = LLVM::ExtractValueOp::create(b, loc, value, e.reg);
    Value sum = arith::AddFOp::create(b, loc, c, old);
    value = LLVM::InsertValueOp::create(b, loc, value, sum, e.reg);
  });
  op.replaceAllUsesWith(cast(b, loc, type, value));
}

void expandStore(OpBuilder &b, StoreOp op) {
  Location loc = op.getLoc();
  auto type = mlir::cast<FragmentType>(op.getValue().getType());
  Type element =
      mlir::cast<MemRefType>(op.getDest().getType()).getElementType();
  Value value = cast(b, loc, fragmentStruct(b.getContext(), type.getShape()),
                     op.getValue());
  GlobalAccess access(b, loc, op.getRow(), op.getCol(), op.getRows(),
                      op.getCols(), op.getTransposed());
  access.forEach(type.getShape()[1], [&](Element e) {
    auto branch = scf::IfOp::create(b, loc, access.isInside(e),
                                    /*withElse=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    Value d = LLVM::ExtractValueOp::create(b, loc, value, e.reg);
    if (!element.isF32())
      d = arith::TruncFOp::create(b, loc, element, d);
    memref::StoreOp::create(b, loc, d, op.getDest(),
                            access.indices(e, /*clamp=*/false));
  });
}

} // namespace

void dgemm::expandGlobalAccess(gpu::GPUFuncOp kernel) {
  OpBuilder b(kernel.getContext());
  SmallVector<Operation *> done;
  kernel.walk([&](Operation *op) {
    b.setInsertionPoint(op);
    if (auto addition = dyn_cast<AddMatrixOp>(op))
      expandAdd(b, addition);
    else if (auto store = dyn_cast<StoreOp>(op);
             store && isa<FragmentType>(store.getValue().getType()))
      expandStore(b, store);
    else
      return;
    done.push_back(op);
  });
  for (Operation *op : done)
    op->erase();
}
