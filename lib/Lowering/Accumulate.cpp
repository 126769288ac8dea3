// Rung accumulate: accumulator tiles become fragments of warpgroups.
#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "dgemm/Dialect/Hopper/Hopper.h"
#include "dgemm/Lowering/Kernel.h"
#include "dgemm/Lowering/Passes.h"
#include "dgemm/Target/SM90.h"

#include "mlir/Dialect/SCF/Utils/Utils.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/Sequence.h"
#include <numeric>

namespace dgemm {
#define GEN_PASS_DEF_DGEMMACCUMULATEPASS
#include "dgemm/Lowering/Passes.h.inc"
} // namespace dgemm

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;
using target::sm90::kBlock;
using target::sm90::wgmmaM;

namespace {

/// One K block: the product and its promotion.
struct BlockPair {
  MmaOp mma;
  PromoteOp promote;
};

bool isTile(Value value) { return isa<TileType>(value.getType()); }

/// The pipeline whose slot holds a buffer, null if it is not in a slot.
Value getSlotPipeline(Value buffer) {
  while (auto part = buffer.getDefiningOp<SubbufferOp>())
    buffer = part.getSource();
  auto wait = buffer.getDefiningOp<WaitOp>();
  return wait ? wait.getPipe() : Value();
}

/// Scales that a thread reads column by column while it promotes: too many
/// to hold in registers across an MMA.
bool isReadLate(Operation *op) {
  if (!isa<ReadScalesOp, LoadScalesOp>(op))
    return false;
  auto type = cast<ScalesType>(op->getResult(0).getType());
  return type.getSide() == Side::Rhs && type.getKind() == ScaleKind::Vector;
}

/// Rebuilds the program of the consumers with each tile as the fragments of
/// one warpgroup.
class Distributor {
public:
  Distributor(ConsumersOp op, dg::ScheduleAttr schedule)
      : op(op), schedule(schedule), loc(op.getLoc()), b(op.getContext()),
        slices(schedule.getSlices()), sliceRows(schedule.getSliceRows()),
        overlap(schedule.getEpilogue() == dg::Epilogue::Overlapped),
        earlyProducts(schedule.getProducts() == dg::Products::Early) {}

  /// Returns the number of wgmma chains in the program.
  int64_t run() {
    Block *source = &op.getBody().front();
    auto *target = new Block;
    group = target->addArgument(b.getI32Type(), loc);
    map.map(source->getArgument(0), group);
    op.getBody().push_back(target);
    b.setInsertionPointToStart(target);
    groupRow = mul(b, loc, group, slices * sliceRows);
    distribute(*source);
    source->dropAllUses();
    source->erase();
    for (scf::ForOp loop : toUnroll)
      if (schedule.getUnroll() > 1)
        (void)loopUnrollByFactor(loop, schedule.getUnroll());
    return chains;
  }

private:
  //===-- Structure ------------------------------------------------------===//

  void distribute(Block &block) {
    SmallVector<BlockPair> batch;
    int64_t left =
        llvm::count_if(block, [](Operation &op) { return isa<MmaOp>(op); });
    for (Operation &inner : block.without_terminator()) {
      if (auto mma = dyn_cast<MmaOp>(inner)) {
        batch.push_back({mma, {}});
      } else if (auto promote = dyn_cast<PromoteOp>(inner)) {
        batch.back().promote = promote;
        --left;
        if (int64_t(batch.size()) == schedule.getInFlight() || left == 0) {
          emitBatch(batch, left == 0 ? findRelease(batch.back()) : ReleaseOp());
          batch.clear();
        }
      } else {
        distributeOp(inner);
      }
    }
    if (!block.mightHaveTerminator())
      return;
    if (auto yield = dyn_cast<scf::YieldOp>(block.getTerminator()))
      scf::YieldOp::create(b, loc, expand(yield.getOperands()));
  }

  void distributeOp(Operation &inner) {
    if (auto loop = dyn_cast<scf::ForOp>(inner))
      return distributeLoop(loop);
    if (auto branch = dyn_cast<scf::IfOp>(inner))
      return distributeBranch(branch);
    if (auto zero = dyn_cast<ZeroOp>(inner))
      return distributeZero(zero);
    if (auto store = dyn_cast<StoreOp>(inner))
      return distributeStore(store);
    if (auto addition = dyn_cast<AddPieceOp>(inner))
      return distributeAddPiece(addition);
    if (auto release = dyn_cast<ReleaseOp>(inner))
      if (released.contains(release))
        return;
    // Scales are read for each slice where they are used.
    if (isa<ReadScalesOp, LoadScalesOp>(inner))
      return;
    Operation *copy = b.clone(inner, map);
    auto pack = dyn_cast<PackScalesOp>(copy);
    if (pack && pack.getFirst() && splitAt &&
        pack.getType().getSide() == Side::Rhs)
      pack.getFirstMutable().assign(splitAt);
  }

  SmallVector<Value> expand(ValueRange values) {
    SmallVector<Value> result;
    for (Value value : values)
      if (isTile(value))
        llvm::append_range(result, getFragments(value));
      else
        result.push_back(map.lookupOrDefault(value));
    return result;
  }

  /// The fragments of a tile; a zero from outside of the role is made here.
  ArrayRef<Value> getFragments(Value tile) {
    if (auto zero = tile.getDefiningOp<ZeroOp>())
      if (!fragments.contains(tile))
        distributeZero(zero);
    return fragments.find(tile)->second;
  }

  /// Binds the fragments and other values that stand for `values`.
  void bind(ValueRange values, ValueRange replacements) {
    for (Value value : values) {
      size_t count = isTile(value) ? slices : 1;
      if (isTile(value))
        fragments[value] = SmallVector<Value>(replacements.take_front(count));
      else
        map.map(value, replacements.front());
      replacements = replacements.drop_front(count);
    }
  }

  static bool isBlockLoop(scf::ForOp loop) {
    return llvm::any_of(loop.getInitArgs(), isTile);
  }

  void distributeLoop(scf::ForOp loop) {
    if (!isBlockLoop(loop))
      return distributeTileLoop(loop);
    PackScalesOp split = findSplit(loop);
    if (schedule.getValue().staticSplits && split)
      return distributeVariants(loop, split);
    distributeBlockLoop(loop);
  }

  void distributeBlockLoop(scf::ForOp loop) {
    if (overlap && !loop.getBody()->getOps<WaitOp>().empty())
      return overlapBlockLoop(loop);
    scf::ForOp copy = copyLoop(loop, map.lookupOrDefault(loop.getLowerBound()),
                               map.lookupOrDefault(loop.getUpperBound()),
                               expand(loop.getInitArgs()));
    bind(loop.getResults(),
         copy.getResults().drop_back(schedule.getInFlight()));
  }

  /// The op that packs column scales of several blocks, if the loop has one.
  static PackScalesOp findSplit(scf::ForOp loop) {
    for (auto pack : loop.getBody()->getOps<PackScalesOp>())
      if (pack.getType().getSide() == Side::Rhs &&
          pack.getType().getKind() == ScaleKind::Split)
        return pack;
    return {};
  }

  /// One copy of a loop for each column, modulo 128, at which a tile can
  /// start. In a copy it is known where the column scales change, so that the
  /// promotion needs no selects.
  void distributeVariants(scf::ForOp loop, PackScalesOp split) {
    int64_t step = std::gcd(schedule.getTileN(), kBlock);
    int64_t count = kBlock / step;
    Value first = map.lookupOrDefault(split.getFirst());
    Value inside =
        arith::AndIOp::create(b, loc, first, constant(b, loc, kBlock - 1));
    Value variant = arith::IndexCastOp::create(
        b, loc, b.getIndexType(),
        arith::DivUIOp::create(b, loc, inside, constant(b, loc, step)));
    SmallVector<Value> inits = expand(loop.getInitArgs());
    SmallVector<Value> before(getTemporaries());
    SmallVector<int64_t> cases =
        llvm::to_vector(llvm::seq<int64_t>(0, count - 1));
    auto choice = scf::IndexSwitchOp::create(
        b, loc, TypeRange(ValueRange(inits)), variant, cases, cases.size());
    OpBuilder::InsertionGuard guard(b);
    for (int64_t i = 0; i < count; ++i) {
      Region &region = i + 1 < count ? choice.getCaseRegions()[i]
                                     : choice.getDefaultRegion();
      b.createBlock(&region);
      temporaries = before;
      splitAt = constant(b, loc, i * step);
      distributeBlockLoop(loop);
      splitAt = {};
      scf::YieldOp::create(b, loc, expand(loop.getResults()));
    }
    temporaries = before;
    bind(loop.getResults(), choice.getResults());
  }

  /// Copies a loop over K blocks. It also carries the temporaries, so that
  /// the products of all its blocks take the same registers.
  scf::ForOp copyLoop(scf::ForOp loop, Value lower, Value upper,
                      SmallVector<Value> inits) {
    size_t own = inits.size();
    llvm::append_range(inits, getTemporaries());
    auto copy = scf::ForOp::create(
        b, loc, lower, upper, map.lookupOrDefault(loop.getStep()), inits,
        [&](OpBuilder &, Location, Value induction, ValueRange args) {
          map.map(loop.getInductionVar(), induction);
          bind(loop.getRegionIterArgs(), args.take_front(own));
          temporaries.assign(args.begin() + own, args.end());
          distribute(*loop.getBody());
          auto yield = cast<scf::YieldOp>(b.getInsertionBlock()->back());
          yield.getResultsMutable().append(temporaries);
        });
    temporaries.assign(copy.getResults().begin() + own,
                       copy.getResults().end());
    toUnroll.push_back(copy);
    return copy;
  }

  ArrayRef<Value> getTemporaries() {
    auto type =
        FragmentType::get({wgmmaM, schedule.getTileN()}, b.getF32Type());
    temporaries.resize(schedule.getInFlight());
    for (Value &value : temporaries)
      if (!value)
        value = UndefinedOp::create(b, loc, type);
    return temporaries;
  }

  /// The loop over tiles. With an overlapped epilogue it carries the last
  /// slice of a tile into the next one.
  void distributeTileLoop(scf::ForOp loop) {
    SmallVector<Value> inits = expand(loop.getInitArgs());
    size_t own = inits.size();
    if (overlap) {
      auto type =
          FragmentType::get({wgmmaM, schedule.getTileN()}, b.getF32Type());
      Value none = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
      Value zero = constant(b, loc, 0);
      inits.append({ZeroOp::create(b, loc, type), zero, zero, none});
    }
    StoreOp store;
    auto copy = scf::ForOp::create(
        b, loc, map.lookupOrDefault(loop.getLowerBound()),
        map.lookupOrDefault(loop.getUpperBound()),
        map.lookupOrDefault(loop.getStep()), inits,
        [&](OpBuilder &, Location, Value induction, ValueRange args) {
          map.map(loop.getInductionVar(), induction);
          bind(loop.getRegionIterArgs(), args.take_front(own));
          temporaries.clear();
          if (overlap)
            late = {args[own], args[own + 1], args[own + 2], args[own + 3]};
          distribute(*loop.getBody());
          if (!overlap)
            return;
          store = *loop.getBody()->getOps<StoreOp>().begin();
          auto yield = cast<scf::YieldOp>(b.getInsertionBlock()->back());
          yield.getResultsMutable().append(
              {late.value, late.row, late.col, late.any});
        });
    bind(loop.getResults(), copy.getResults().take_front(own));
    temporaries.clear();
    if (overlap) {
      ResultRange rest = copy.getResults().drop_front(own);
      late = {rest[0], rest[1], rest[2], rest[3]};
      storeLate(store);
      late = {};
    }
  }

  void distributeBranch(scf::IfOp branch) {
    // What one side leaves in the temporaries is not there on the other.
    SmallVector<Value> before = temporaries;
    auto side = [&](Block *block) {
      return [&, block](OpBuilder &, Location) {
        temporaries = before;
        if (block->empty() || !isa<scf::YieldOp>(block->back()))
          scf::YieldOp::create(b, loc);
        else
          distribute(*block);
      };
    };
    Value condition = map.lookupOrDefault(branch.getCondition());
    scf::IfOp copy =
        branch.elseBlock()
            ? scf::IfOp::create(b, loc, condition, side(branch.thenBlock()),
                                side(branch.elseBlock()))
            : scf::IfOp::create(b, loc, condition, side(branch.thenBlock()));
    bind(branch.getResults(), copy.getResults());
    temporaries = before;
  }

  void distributeZero(ZeroOp zero) {
    auto type = cast<TileType>(zero.getType());
    auto part =
        FragmentType::get({wgmmaM, type.getShape()[1]}, type.getElementType());
    SmallVector<Value> parts;
    for (int64_t s = 0; s < slices; ++s)
      parts.push_back(ZeroOp::create(b, loc, part));
    fragments[zero.getResult()] = parts;
  }

  /// Each warpgroup adds its part of the piece to one of its slices.
  void distributeAddPiece(AddPieceOp addition) {
    SmallVector<Value> parts(getFragments(addition.getValue()));
    Value piece = map.lookupOrDefault(addition.getBuffer());
    auto type = cast<BufferType>(piece.getType());
    auto part = BufferType::get(type.getShape().drop_front(),
                                type.getElementType(), type.getSwizzle());
    Value mine = SubbufferOp::create(b, loc, part, piece, group);
    Value &slice = parts[addition.getSlice()];
    slice = AddPieceOp::create(b, loc, slice.getType(), slice, mine,
                               /*slice=*/0, addition.getColumn());
    fragments[addition.getResult()] = parts;
  }

  //===-- Stores ---------------------------------------------------------===//

  Value sliceRow(int64_t slice) {
    return add(b, loc, groupRow, slice * sliceRows);
  }

  void storeSlice(StoreOp store, Value value, Value row, Value col) {
    auto get = [&](Value operand) {
      return operand ? map.lookupOrDefault(operand) : Value();
    };
    // Of a thin slice's fragment only the first rows mean something.
    Value rows = get(store.getRows());
    if (sliceRows < wgmmaM)
      rows = arith::MinSIOp::create(b, loc, rows, add(b, loc, row, sliceRows));
    StoreOp::create(b, loc, value, get(store.getDest()), row, col, rows,
                    get(store.getCols()), get(store.getInit()),
                    store.getTransposed(), store.getParts());
  }

  Value storeRow(StoreOp store, int64_t slice) {
    return add(b, loc, map.lookupOrDefault(store.getRow()), sliceRow(slice));
  }

  void distributeStore(StoreOp store) {
    Value col = map.lookupOrDefault(store.getCol());
    ArrayRef<Value> parts = getFragments(store.getValue());
    bool carry = overlap && late.value;
    for (int64_t s = overlap ? slices - 1 : 0; s < slices; ++s) {
      Value row = storeRow(store, s);
      if (carry)
        late = {parts[s], row, col,
                arith::ConstantOp::create(b, loc, b.getBoolAttr(true))};
      else
        storeSlice(store, parts[s], row, col);
    }
  }

  /// Stores the slice that the tile before left behind, if there is one.
  void storeLate(StoreOp store) {
    scf::IfOp::create(b, loc, late.any, [&](OpBuilder &, Location) {
      storeSlice(store, late.value, late.row, late.col);
      scf::YieldOp::create(b, loc);
    });
  }

  /// Peels the first and the last K block off. Under the first MMA of the
  /// tile the last slice of the tile before is stored; under the last MMA of
  /// a slice the slice before it.
  void overlapBlockLoop(scf::ForOp loop) {
    auto store = cast<StoreOp>(*loop.getResult(0).user_begin());
    Value lower = map.lookupOrDefault(loop.getLowerBound());
    Value upper = map.lookupOrDefault(loop.getUpperBound());
    Value first = lower, last = add(b, loc, upper, -1);

    auto peel = [&](Value block, ValueRange args) {
      map.map(loop.getInductionVar(), block);
      bind(loop.getRegionIterArgs(), args);
      distribute(*loop.getBody());
      // The copy of the loop's terminator yields the next state.
      auto yield = cast<scf::YieldOp>(b.getInsertionBlock()->back());
      SmallVector<Value> next(yield.getOperands());
      yield.erase();
      b.setInsertionPointToEnd(b.getInsertionBlock());
      return next;
    };
    SmallVector<Value> state = expand(loop.getInitArgs());
    if (late.value) {
      underMma = [&](int64_t slice, ArrayRef<Value>) {
        if (slice == 0)
          storeLate(store);
      };
      state = peel(first, state);
      underMma = nullptr;
      first = add(b, loc, first, 1);
    }
    scf::ForOp middle = copyLoop(loop, first, last, state);
    underMma = [&](int64_t slice, ArrayRef<Value> done) {
      if (slice > 0)
        storeSlice(store, done[slice - 1], storeRow(store, slice - 1),
                   map.lookupOrDefault(store.getCol()));
    };
    state = peel(last, middle.getResults().drop_back(schedule.getInFlight()));
    underMma = nullptr;
    bind(loop.getResults(), state);
  }

  //===-- K blocks -------------------------------------------------------===//

  /// The op that gives the slot of a block back, if it can move up to where
  /// the last MMA has read it.
  ReleaseOp findRelease(BlockPair pair) {
    if (Operation *rhs = pair.promote.getRhsScales().getDefiningOp())
      if (isReadLate(rhs) && !earlyProducts)
        return {};
    Value pipe = getSlotPipeline(pair.mma.getLhs());
    for (auto release : pair.mma->getBlock()->getOps<ReleaseOp>())
      if (release.getPipe() == pipe && pair.promote->isBeforeInBlock(release))
        return release;
    return {};
  }

  /// The scales of a side for one slice.
  Value getScales(Value tileScales, Side side, int64_t slice) {
    auto type = cast<ScalesType>(tileScales.getType());
    Operation *source = tileScales.getDefiningOp();
    int64_t extent = side == Side::Lhs ? sliceRows : type.getExtent();
    ScaleKind kind = type.getKind();
    // A slice starts at a multiple of its rows: it lies in one block of 128
    // if they divide that, otherwise its threads choose row by row.
    if (side == Side::Lhs && kind == ScaleKind::Split)
      kind = kBlock % sliceRows == 0 ? ScaleKind::Scalar : ScaleKind::Vector;
    auto part = ScalesType::get(b.getContext(), side, extent, kind);
    auto first = [&](Value row) -> Value {
      row = map.lookupOrDefault(row);
      return side == Side::Lhs ? add(b, loc, row, sliceRow(slice)) : row;
    };
    if (auto read = dyn_cast<ReadScalesOp>(source))
      return ReadScalesOp::create(b, loc, part,
                                  map.lookupOrDefault(read.getBuffer()),
                                  first(read.getRow()));
    if (auto load = dyn_cast<LoadScalesOp>(source))
      return LoadScalesOp::create(
          b, loc, part, map.lookupOrDefault(load.getSource()),
          first(load.getRow()), map.lookupOrDefault(load.getBlock()),
          map.lookupOrDefault(load.getBound()));
    Value packed = map.lookupOrDefault(tileScales);
    if (side == Side::Rhs)
      return packed;
    return SliceScalesOp::create(b, loc, part, packed, sliceRow(slice));
  }

  void emitBatch(ArrayRef<BlockPair> batch, ReleaseOp release) {
    PromoteOp first = batch.front().promote;
    SmallVector<Value> running(getFragments(first.getAcc()));
    for (int64_t s = 0; s < slices; ++s)
      emitSlice(batch, s, running, s == slices - 1 ? release : ReleaseOp());
    PromoteOp last = batch.back().promote;
    fragments[last.getResult()] = running;
  }

  void emitSlice(ArrayRef<BlockPair> batch, int64_t s,
                 SmallVector<Value> &running, ReleaseOp release) {
    SmallVector<Value> lhsScales, rhsScales;
    for (const BlockPair &pair : batch) {
      PromoteOp promote = pair.promote;
      lhsScales.push_back(getScales(promote.getLhsScales(), Side::Lhs, s));
      bool readLate =
          !earlyProducts && isReadLate(promote.getRhsScales().getDefiningOp());
      rhsScales.push_back(
          readLate ? Value() : getScales(promote.getRhsScales(), Side::Rhs, s));
    }
    WgmmaFenceOp::create(b, loc);
    SmallVector<Value> pending;
    temporaries.resize(schedule.getInFlight());
    for (auto [i, pair] : llvm::enumerate(batch)) {
      MmaOp mma = pair.mma;
      pending.push_back(startSlice(mma, s, temporaries[i]));
      WgmmaCommitOp::create(b, loc);
      ++chains;
    }
    SmallVector<Value> products;
    if (earlyProducts) {
      auto type =
          FragmentType::get({wgmmaM, schedule.getTileN()}, b.getF32Type());
      for (auto [lhs, rhs] : llvm::zip(lhsScales, rhsScales))
        products.push_back(MultiplyScalesOp::create(b, loc, type, lhs, rhs));
    }
    if (underMma)
      underMma(s, running);
    for (auto [i, pair] : llvm::enumerate(batch)) {
      PromoteOp promote = pair.promote;
      auto type = cast<PendingType>(pending[i].getType());
      auto landed = FragmentType::get(type.getShape(), type.getElementType());
      Value partial = WgmmaWaitOp::create(b, loc, TypeRange{landed}, pending[i],
                                          batch.size() - 1 - i)
                          .getResult(0);
      temporaries[i] = partial;
      if (release && i + 1 == batch.size()) {
        b.clone(*release, map);
        released.insert(release);
      }
      if (earlyProducts) {
        running[s] = PromoteByOp::create(b, loc, landed, partial, running[s],
                                         products[i]);
        continue;
      }
      Value rhs = rhsScales[i];
      if (!rhs)
        rhs = getScales(promote.getRhsScales(), Side::Rhs, s);
      running[s] = PromoteOp::create(b, loc, landed, partial, running[s],
                                     lhsScales[i], rhs);
    }
  }

  Value startSlice(MmaOp mma, int64_t s, Value reuse) {
    Value lhs = map.lookupOrDefault(mma.getLhs());
    Value rhs = map.lookupOrDefault(mma.getRhs());
    auto whole = cast<BufferType>(lhs.getType());
    auto part = BufferType::get({sliceRows, whole.getShape()[1]},
                                whole.getElementType(), whole.getSwizzle());
    Value rows = SubbufferOp::create(b, loc, part, lhs, sliceRow(s));
    auto type = PendingType::get(
        {wgmmaM, cast<BufferType>(rhs.getType()).getShape()[0]},
        b.getF32Type());
    return WgmmaOp::create(b, loc, type, rows, rhs, reuse);
  }

  /// The slice of a tile that is stored under the next tile's first MMA.
  struct Late {
    Value value, row, col, any;
  };

  ConsumersOp op;
  dg::ScheduleAttr schedule;
  Location loc;
  OpBuilder b;
  int64_t slices, sliceRows;
  bool overlap, earlyProducts;
  Value group, groupRow;
  IRMapping map;
  DenseMap<Value, SmallVector<Value>> fragments;
  /// In a variant of a K loop: the first column of its tiles, modulo 128.
  Value splitAt;
  DenseSet<Operation *> released;
  SmallVector<scf::ForOp> toUnroll;
  /// Partial products that have been promoted, one for each group in flight:
  /// their registers are free for the next ones.
  SmallVector<Value> temporaries;
  std::function<void(int64_t, ArrayRef<Value>)> underMma;
  Late late;
  int64_t chains = 0;
};

/// A loop that stores under the first and the last K block of a tile has two.
void requireOverlap(gpu::GPUFuncOp kernel, dg::ScheduleAttr schedule) {
  if (schedule.getEpilogue() == dg::Epilogue::Overlapped &&
      schedule.getPersistent() && !schedule.getSpecializeK())
    addPrecondition(kernel, "K > 128",
                    "the overlapped epilogue of this kernel needs two K "
                    "blocks: K must be above 128, or compile with "
                    "'epilogue = after'");
}

struct AccumulatePass : dgemm::impl::DGEMMAccumulatePassBase<AccumulatePass> {
  void runOnOperation() override {
    SmallVector<ConsumersOp> todo;
    getOperation().walk([&](ConsumersOp op) {
      bool whole = false;
      op.walk([&](MmaOp) { whole = true; });
      if (whole)
        todo.push_back(op);
    });
    for (ConsumersOp op : todo) {
      auto kernel = op->getParentOfType<gpu::GPUFuncOp>();
      dg::ScheduleAttr schedule = getSchedule(kernel);
      if (!schedule) {
        op.emitOpError("to be distributed needs a schedule on its kernel");
        return signalPassFailure();
      }
      numFragments += Distributor(op, schedule).run();
      requireOverlap(kernel, schedule);
    }
  }
};

} // namespace
