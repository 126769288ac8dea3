// Plain, bounded accesses of a fragment to a matrix in global memory.
#include "FragmentLayout.h"
#include "dgemm/Conversion/HopperToNVVM/HopperToNVVM.h"

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;

namespace {

constexpr int64_t kWarpLanes = 32;
/// Rows of a fragment that one warp holds.
constexpr int64_t kWarpRows = 16;

/// The elements of a matrix that a thread's registers stand for.
class GlobalAccess {
public:
  GlobalAccess(OpBuilder &b, Location loc, Value row, Value col, Value rows,
               Value cols, int64_t columns, bool transposed)
      : b(b), loc(loc), col(col), rows(rows), cols(cols), columns(columns),
        transposed(transposed) {
    rowOf[0] = arith::AddIOp::create(b, loc, row, fragmentRow(b, loc));
    rowOf[1] = add(b, loc, rowOf[0], 8);
    colBase = arith::AddIOp::create(b, loc, col, fragmentCol(b, loc));
  }

  /// Whether all columns of the fragment lie in the matrix: the same answer
  /// for all threads, and then only rows need a check.
  Value isWhole() { return less(add(b, loc, col, columns - 1), cols); }

  Value isRowInside(int half) { return less(rowOf[half], rows); }

  Value isInside(int half, int64_t offset) {
    return arith::AndIOp::create(b, loc, isRowInside(half),
                                 less(add(b, loc, colBase, offset), cols));
  }

  /// Indices of an element whose column lies `offset` beyond the thread's
  /// first. The sum is one of indices, so that it can become a constant in
  /// the address.
  SmallVector<Value> indices(int half, int64_t offset, bool clampRow = false,
                             bool clampCol = false) {
    Value row = rowOf[half];
    if (clampRow)
      row = arith::MinSIOp::create(b, loc, row, add(b, loc, rows, -1));
    Value rowIndex = index(row), colIndex;
    if (clampCol) {
      Value exact = add(b, loc, colBase, offset);
      colIndex =
          index(arith::MinSIOp::create(b, loc, exact, add(b, loc, cols, -1)));
    } else {
      colIndex =
          arith::AddIOp::create(b, loc, index(colBase),
                                arith::ConstantIndexOp::create(b, loc, offset));
    }
    if (transposed)
      std::swap(rowIndex, colIndex);
    return {rowIndex, colIndex};
  }

  int64_t groups() const { return columns / kGroupCols; }

private:
  Value less(Value value, Value bound) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, value,
                                 bound);
  }
  Value index(Value value) {
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), value);
  }

  OpBuilder &b;
  Location loc;
  Value col, rows, cols, rowOf[2], colBase;
  int64_t columns;
  bool transposed;
};

int64_t registerOf(int64_t group, int half, int64_t i) {
  return group * kGroupRegisters + 2 * half + i;
}

void branch(OpBuilder &b, Location loc, Value condition,
            llvm::function_ref<void()> body) {
  auto op = scf::IfOp::create(b, loc, condition, /*withElse=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  body();
}

/// Elements outside are read from a neighbour inside and never stored.
void expandAdd(OpBuilder &b, AddMatrixOp op) {
  Location loc = op.getLoc();
  auto type = op.getValue().getType();
  Type registers = fragmentStruct(b.getContext(), type.getShape());
  Value before = cast(b, loc, registers, op.getValue());
  GlobalAccess access(b, loc, op.getRow(), op.getCol(), op.getRows(),
                      op.getCols(), type.getShape()[1], op.getTransposed());
  auto addAll = [&](bool clampCol) {
    return [&, clampCol](OpBuilder &, Location) {
      Value value = before;
      for (int64_t group = 0; group < access.groups(); ++group) {
        for (int half : {0, 1})
          for (int64_t i : {0, 1}) {
            int64_t reg = registerOf(group, half, i);
            Value c = memref::LoadOp::create(
                b, loc, op.getSource(),
                access.indices(half, group * kGroupCols + i,
                               /*clampRow=*/true, clampCol));
            if (!c.getType().isF32())
              c = arith::ExtFOp::create(b, loc, b.getF32Type(), c);
            Value old = LLVM::ExtractValueOp::create(b, loc, value, reg);
            Value sum = arith::AddFOp::create(b, loc, c, old);
            value = LLVM::InsertValueOp::create(b, loc, value, sum, reg);
          }
        // Barriers keep the assembler from having so many loads under way
        // that it spills; a clamped element has an address of its own too.
        if (group % (clampCol ? 2 : 4) == (clampCol ? 1 : 3))
          NVVM::SyncWarpOp::create(b, loc, constant(b, loc, -1));
      }
      scf::YieldOp::create(b, loc, cast(b, loc, type, value));
    };
  };
  OpBuilder::InsertionGuard guard(b);
  auto sum =
      scf::IfOp::create(b, loc, access.isWhole(), addAll(false), addAll(true));
  op.replaceAllUsesWith(sum.getResult(0));
}

/// The lanes of a warp take the pieces of its part of the buffer in turn:
/// 16 rows, or where transposed 16 columns of all rows.
void expandLines(OpBuilder &b, StoreLinesOp op) {
  Location loc = op.getLoc();
  BufferType type = op.getBuffer().getType();
  bool transposed = op.getTransposed();
  int64_t perPiece = 16 * type.getShape()[1] / type.getRowBytes();
  int64_t rows = transposed ? type.getShape()[0] : kWarpRows;
  int64_t pieces = (transposed ? kWarpRows : type.getShape()[1]) / perPiece;
  Value lane = laneIndex(b, loc);
  Value firstRow = mul(b, loc, warpInGroup(b, loc), kWarpRows);
  auto plus = [&](Value lhs, Value rhs) -> Value {
    return arith::AddIOp::create(b, loc, lhs, rhs);
  };
  auto less = [&](Value lhs, Value rhs) -> Value {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, lhs, rhs);
  };
  for (int64_t done = 0; done < rows * pieces; done += kWarpLanes) {
    Value index = add(b, loc, lane, done);
    Value line =
        arith::DivUIOp::create(b, loc, index, constant(b, loc, pieces));
    Value piece =
        arith::SubIOp::create(b, loc, index, mul(b, loc, line, pieces));
    Value along = mul(b, loc, piece, perPiece);
    // Where in the buffer, then in the matrix.
    Value fromRow = transposed ? line : plus(firstRow, line);
    Value fromCol = transposed ? plus(firstRow, along) : along;
    Value row = plus(op.getRow(), transposed ? fromCol : fromRow);
    Value col = plus(op.getCol(), transposed ? fromRow : fromCol);
    Value inside = arith::AndIOp::create(b, loc, less(row, op.getRows()),
                                         less(col, op.getCols()));
    if (done + kWarpLanes > rows * pieces)
      inside = arith::AndIOp::create(
          b, loc, inside, less(index, constant(b, loc, rows * pieces)));
    branch(b, loc, inside, [&] {
      StorePieceOp::create(b, loc, op.getBuffer(), fromRow, fromCol,
                           op.getDest(), transposed ? col : row,
                           transposed ? row : col);
    });
  }
}

void expandStore(OpBuilder &b, StoreOp op) {
  Location loc = op.getLoc();
  auto type = mlir::cast<FragmentType>(op.getValue().getType());
  Type element =
      mlir::cast<MemRefType>(op.getDest().getType()).getElementType();
  Value value = cast(b, loc, fragmentStruct(b.getContext(), type.getShape()),
                     op.getValue());
  GlobalAccess access(b, loc, op.getRow(), op.getCol(), op.getRows(),
                      op.getCols(), type.getShape()[1], op.getTransposed());
  auto store = [&](int64_t group, int half, int64_t i) {
    Value d =
        LLVM::ExtractValueOp::create(b, loc, value, registerOf(group, half, i));
    if (!element.isF32())
      d = arith::TruncFOp::create(b, loc, element, d);
    memref::StoreOp::create(b, loc, d, op.getDest(),
                            access.indices(half, group * kGroupCols + i));
  };
  auto all = scf::IfOp::create(b, loc, access.isWhole(), /*withElse=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(all.thenBlock());
  for (int half : {0, 1})
    branch(b, loc, access.isRowInside(half), [&] {
      for (int64_t group = 0; group < access.groups(); ++group)
        for (int64_t i : {0, 1})
          store(group, half, i);
    });
  b.setInsertionPointToStart(all.elseBlock());
  for (int64_t group = 0; group < access.groups(); ++group)
    for (int half : {0, 1})
      for (int64_t i : {0, 1})
        branch(b, loc, access.isInside(half, group * kGroupCols + i),
               [&] { store(group, half, i); });
}

} // namespace

void dgemm::expandGlobalAccess(gpu::GPUFuncOp kernel) {
  OpBuilder b(kernel.getContext());
  SmallVector<Operation *> done;
  kernel.walk([&](Operation *op) {
    b.setInsertionPoint(op);
    if (auto addition = dyn_cast<AddMatrixOp>(op))
      expandAdd(b, addition);
    else if (auto lines = dyn_cast<StoreLinesOp>(op))
      expandLines(b, lines);
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
