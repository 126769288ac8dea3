// Rung epilogue: results leave through shared memory and TMA, or directly.
#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "dgemm/Dialect/Hopper/Hopper.h"
#include "dgemm/Lowering/Kernel.h"
#include "dgemm/Lowering/Passes.h"
#include "dgemm/Target/SM90.h"

#include "mlir/IR/Builders.h"

namespace dgemm {
#define GEN_PASS_DEF_DGEMMEPILOGUEPASS
#include "dgemm/Lowering/Passes.h.inc"
} // namespace dgemm

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;
using target::sm90::threadsPerWarpgroup;
using target::sm90::wgmmaM;

namespace {

/// Writes the stores of one kernel out.
class StoreExpander {
public:
  StoreExpander(gpu::GPUFuncOp kernel, dg::ScheduleAttr schedule)
      : kernel(kernel), schedule(schedule), b(kernel.getContext()),
        loc(kernel.getLoc()) {}

  void run(ArrayRef<StoreOp> stores) {
    gatherParts(stores);
    if (schedule.getStore() == dg::Store::Direct) {
      for (StoreOp store : stores)
        addInit(store);
      return;
    }
    lines = schedule.getStore() == dg::Store::Lines;
    prepare(stores.front());
    // Stores of the slices of one tile take the groups of buffers in turn.
    for (auto [i, store] : llvm::enumerate(stores))
      expand(store, sliceIndex(store));
    if (!lines)
      drain();
    dropUnusedArguments(kernel);
  }

private:
  /// Where K is split: the other blocks of the cluster send their sums to the
  /// first, which adds them and is the only one to store.
  void gatherParts(ArrayRef<StoreOp> stores) {
    StoreOp any = stores.front();
    int64_t parts = any.getParts();
    if (parts == 1)
      return;
    auto fragment = cast<FragmentType>(any.getValue().getType());
    int64_t units = schedule.getWarpgroups() * schedule.getSlices();
    int64_t columns = fragment.getShape()[1];
    auto entry = BufferType::get({columns / 8, threadsPerWarpgroup, 4},
                                 b.getF32Type(), /*swizzle=*/0);
    auto sums =
        BufferType::get({parts - 1, units, columns / 8, threadsPerWarpgroup, 4},
                        b.getF32Type(), /*swizzle=*/0);
    b.setInsertionPointToStart(&kernel.getBody().front());
    auto ring = PipelineOp::create(
        b, loc, PipelineType::get(b.getContext(), sums), /*depth=*/1,
        sums.getBytes(), schedule.getWarpgroups(), /*cluster=*/1);
    for (auto [slice, store] : llvm::enumerate(stores))
      gather(store, slice, ring, sums, entry);
  }

  void gather(StoreOp store, int64_t slice, PipelineOp ring, BufferType sums,
              BufferType entry) {
    b.setInsertionPoint(store);
    Value group = groupIndex(store);
    Value unit = add(b, loc, mul(b, loc, group, schedule.getSlices()), slice);
    Value zero = constant(b, loc, 0);
    auto isZero = [&](Value value) -> Value {
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, value,
                                   zero);
    };
    Value rank = BlockRankOp::create(b, loc);
    auto branch =
        scf::IfOp::create(b, loc, isZero(rank), /*withElseRegion=*/true);
    b.setInsertionPointToStart(branch.elseBlock());
    SendFragmentOp::create(b, loc, store.getValue(), ring, zero,
                           add(b, loc, rank, -1), unit);
    b.setInsertionPointToStart(branch.thenBlock());
    if (slice == 0) {
      auto first =
          scf::IfOp::create(b, loc, isZero(group), /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(first.thenBlock());
      single([&] { CommitOp::create(b, loc, ring, zero); });
    }
    auto slot = WaitOp::create(b, loc, TypeRange{sums}, ring, zero, zero);
    Value value = store.getValue();
    for (int64_t part = 0; part < sums.getShape()[0]; ++part) {
      Value sent =
          SubbufferOp::create(b, loc, entry, slot.getBuffers()[0],
                              ValueRange{constant(b, loc, part), unit});
      value = AddSentOp::create(b, loc, value.getType(), value, sent);
    }
    store->moveBefore(branch.thenBlock()->getTerminator());
    store.getValueMutable().assign(value);
    store.setParts(1);
  }

  /// Adds C as an operation of its own.
  Value addInit(StoreOp store) {
    Value value = store.getValue();
    if (!store.getInit())
      return value;
    b.setInsertionPoint(store);
    value = AddMatrixOp::create(b, loc, value.getType(), value, store.getInit(),
                                store.getRow(), store.getCol(), store.getRows(),
                                store.getCols(), store.getTransposed());
    store.getValueMutable().assign(value);
    store.getInitMutable().clear();
    return value;
  }

  void prepare(StoreOp store) {
    auto fragment = cast<FragmentType>(store.getValue().getType());
    auto dest = cast<MemRefType>(store.getDest().getType());
    chunk = schedule.getChunk();
    chunks = fragment.getShape()[1] / chunk;
    // Fewer buffers than a slice has chunks: it goes out in batches. As many
    // as for several slices: each has its own, so that the TMA stores of one
    // may still read while the next is written.
    batch = std::min(chunks, schedule.getBuffers());
    while (chunks % batch != 0)
      --batch;
    groups = std::max<int64_t>(1, schedule.getBuffers() / chunks);
    if (schedule.getSlices() % groups != 0)
      groups = 1;

    SmallVector<int64_t> shape = {wgmmaM, chunk};
    if (store.getTransposed())
      std::swap(shape[0], shape[1]);
    int64_t row = shape[1] * getElementBytes(dest.getElementType());
    int64_t swizzle = getSwizzle(row);
    chunkType = BufferType::get(shape, dest.getElementType(), swizzle);

    b.setInsertionPointToStart(&kernel.getBody().front());
    SmallVector<int64_t> all = {schedule.getWarpgroups(), groups * batch};
    all.append(shape);
    slab = SharedOp::create(
        b, loc, BufferType::get(all, dest.getElementType(), swizzle));
    if (lines)
      requireRows(store);
    else
      map = addMap(store, shape, swizzle);
  }

  /// What both ways out of shared memory ask of D: to start at a multiple of 16
  /// bytes, rows of whole 16 bytes, a multiple of 16 bytes apart. Returns D's
  /// entry in the record.
  DictionaryAttr requireRows(StoreOp store) {
    StringRef name = getOperandName(store.getDest());
    requireAlignment(kernel, name);
    DictionaryAttr operand = getOperand(kernel, name);
    int64_t bytes = getElementBytes(
        cast<MemRefType>(store.getDest().getType()).getElementType());
    StringRef stride = getOperandText(operand, "strides", 0);
    if (parseSize(b.getStringAttr(stride)) == ShapedType::kDynamic)
      addPrecondition(kernel, stride + " * " + Twine(bytes) + " % 16 == 0",
                      "the row stride of " + name +
                          " must be a multiple of 16 bytes: pad it to "
                          "align(" +
                          stride + ", " + Twine(16 / bytes) +
                          "), or compile with 'store = direct'");
    // The 16 bytes that hold the end of a row are written as a whole.
    StringRef length = getOperandText(operand, "shape", 1);
    if (parseSize(b.getStringAttr(length)) == ShapedType::kDynamic)
      addPrecondition(kernel, length + " * " + Twine(bytes) + " % 16 == 0",
                      "a row of " + name +
                          " must be a multiple of 16 bytes long (its end "
                          "would be overrun): compile with "
                          "'store = direct'");
    return operand;
  }

  Value addMap(StoreOp store, ArrayRef<int64_t> shape, int64_t swizzle) {
    DictionaryAttr operand = requireRows(store);
    int64_t bytes = getElementBytes(
        cast<MemRefType>(store.getDest().getType()).getElementType());
    StringRef stride = getOperandText(operand, "strides", 0);
    TensorMap map;
    map.sizes = {getOperandText(operand, "shape", 1).str(),
                 getOperandText(operand, "shape", 0).str()};
    map.strides = {(stride + " * " + Twine(bytes)).str()};
    map.box = {shape[1], shape[0]};
    map.swizzle = swizzle;
    return addTensorMap(kernel, getOperandName(store.getDest()), map);
  }

  /// Which slice a store writes: with one group of buffers it does not
  /// matter, and with several the slices follow each other in program order.
  int64_t sliceIndex(StoreOp) { return next++ % groups; }

  Value groupIndex(StoreOp store) {
    return store->getParentOfType<ConsumersOp>().getBody().getArgument(0);
  }

  void single(llvm::function_ref<void()> body) {
    auto op = SingleThreadOp::create(b, loc);
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&op.getBody());
    body();
  }

  /// Stages one fragment after the other batch of chunks and sends it out.
  void expand(StoreOp store, int64_t group) {
    Value value = addInit(store);
    llvm::DenseMap<int64_t, AddPieceOp> pieces = findPieces(value);
    b.setInsertionPoint(store);
    Value warpgroup = groupIndex(store);
    // Barrier 0 is the block's own (`bar.sync 0`).
    Value barrier = lines ? Value() : add(b, loc, warpgroup, 1);
    for (int64_t first = 0; first < chunks; first += batch) {
      waitForBuffers(barrier);
      SmallVector<Value> buffers;
      for (int64_t i = 0; i < batch; ++i) {
        buffers.push_back(SubbufferOp::create(
            b, loc, chunkType, slab,
            ValueRange{warpgroup, constant(b, loc, group * batch + i)}));
        int64_t column = (first + i) * chunk;
        auto piece = pieces.find(column);
        if (piece != pieces.end())
          value = moveHere(piece->second);
        StageFragmentOp::create(b, loc, value, column, buffers.back(),
                                store.getTransposed());
      }
      if (lines)
        storeLines(store, buffers, first);
      else
        storeByTma(store, buffers, first, barrier);
    }
    store.erase();
  }

  /// The pieces of C that have been added to a fragment, by their columns.
  static llvm::DenseMap<int64_t, AddPieceOp> findPieces(Value value) {
    llvm::DenseMap<int64_t, AddPieceOp> pieces;
    while (auto piece = value.getDefiningOp<AddPieceOp>()) {
      pieces[piece.getColumn()] = piece;
      value = piece.getValue();
    }
    return pieces;
  }

  /// A piece of C is read right before the sums that it is added to leave:
  /// its slot is free again early, and few of its elements are held in
  /// registers. Returns the sums.
  Value moveHere(AddPieceOp piece) {
    SmallVector<Operation *> ops = {piece};
    Value buffer = piece.getBuffer();
    while (auto part = buffer.getDefiningOp<SubbufferOp>()) {
      ops.push_back(part);
      buffer = part.getSource();
    }
    auto wait = buffer.getDefiningOp<WaitOp>();
    ops.push_back(wait);
    for (Operation *op : llvm::reverse(ops))
      op->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
    for (Operation *user :
         llvm::make_early_inc_range(wait.getSlot().getUsers()))
      if (auto release = dyn_cast<ReleaseOp>(user);
          release && release.getPipe() == wait.getPipe())
        release->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
    return piece.getResult();
  }

  /// The buffers' last readers have read them.
  void waitForBuffers(Value barrier) {
    if (lines) {
      WarpSyncOp::create(b, loc);
      return;
    }
    single([&] { TmaStoreWaitOp::create(b, loc, groups - 1, true); });
    BarrierOp::create(b, loc, barrier, threadsPerWarpgroup);
  }

  void storeLines(StoreOp store, ArrayRef<Value> buffers, int64_t first) {
    WarpSyncOp::create(b, loc);
    for (auto [i, buffer] : llvm::enumerate(buffers))
      StoreLinesOp::create(
          b, loc, buffer, store.getDest(), store.getRow(),
          add(b, loc, store.getCol(), (first + int64_t(i)) * chunk),
          store.getRows(), store.getCols(), store.getTransposed());
  }

  void storeByTma(StoreOp store, ArrayRef<Value> buffers, int64_t first,
                  Value barrier) {
    FenceAsyncOp::create(b, loc);
    BarrierOp::create(b, loc, barrier, threadsPerWarpgroup);
    single([&] {
      for (auto [i, buffer] : llvm::enumerate(buffers)) {
        Value col = add(b, loc, store.getCol(), (first + int64_t(i)) * chunk);
        SmallVector<Value> coords = {col, store.getRow()};
        if (store.getTransposed())
          std::swap(coords[0], coords[1]);
        TmaStoreOp::create(b, loc, buffer, map, coords);
      }
      TmaStoreCommitOp::create(b, loc);
    });
  }

  /// Shared memory stays until the last store has read it.
  void drain() {
    kernel.walk([&](ConsumersOp op) {
      b.setInsertionPointToEnd(&op.getBody().front());
      single([&] { TmaStoreWaitOp::create(b, loc, 0, true); });
    });
  }

  gpu::GPUFuncOp kernel;
  dg::ScheduleAttr schedule;
  OpBuilder b;
  Location loc;
  bool lines = false;
  int64_t chunk, chunks, batch, groups, next = 0;
  BufferType chunkType;
  Value slab, map;
};

struct EpiloguePass : dgemm::impl::DGEMMEpiloguePassBase<EpiloguePass> {
  void runOnOperation() override {
    getOperation().walk([&](gpu::GPUFuncOp kernel) {
      dg::ScheduleAttr schedule = getSchedule(kernel);
      SmallVector<StoreOp> stores;
      kernel.walk([&](StoreOp store) {
        if (isa<FragmentType>(store.getValue().getType()))
          stores.push_back(store);
      });
      if (!schedule || stores.empty())
        return;
      numStores += stores.size();
      StoreExpander(kernel, schedule).run(stores);
      kernel->removeAttr(kScheduleAttr);
    });
  }
};

} // namespace
