// Rung stage: operands come through rings of shared-memory buffers.
#include "Rings.h"
#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "dgemm/Dialect/Hopper/Hopper.h"
#include "dgemm/Lowering/Kernel.h"
#include "dgemm/Lowering/Passes.h"
#include "dgemm/Target/SM90.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

namespace dgemm {
#define GEN_PASS_DEF_DGEMMSTAGEPASS
#include "dgemm/Lowering/Passes.h.inc"
} // namespace dgemm

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;
using dg::ScalePath;
using target::sm90::kBlock;
using target::sm90::scaleRowsPerTile;
using target::sm90::wgmmaM;

namespace {

/// The cursor of one side of a ring: slot and phase.
struct Cursor {
  Value slot, phase;
};

FailureOr<BlockLoop> matchBlockLoop(MmaOp mma) {
  BlockLoop found;
  found.mma = mma;
  found.loop = dyn_cast<scf::ForOp>(mma->getParentOp());
  found.operands[0] = mma.getLhs().getDefiningOp<LoadOp>();
  found.operands[1] = mma.getRhs().getDefiningOp<LoadOp>();
  if (!found.loop || !mma.getResult().hasOneUse())
    return mma.emitOpError("to be staged stands in a loop and has one use");
  found.promote = dyn_cast<PromoteOp>(*mma.getResult().user_begin());
  if (!found.operands[0] || !found.operands[1] || !found.promote)
    return mma.emitOpError("to be staged multiplies two loads and is "
                           "promoted");
  found.scales[0] = found.promote.getLhsScales().getDefiningOp<LoadScalesOp>();
  found.scales[1] = found.promote.getRhsScales().getDefiningOp<LoadScalesOp>();
  if (!found.scales[0] || !found.scales[1])
    return found.promote.emitOpError("to be staged takes scales from loads");
  return found;
}

/// Stages the operands of one kernel.
class Stager {
public:
  Stager(gpu::GPUFuncOp kernel, BlockLoop blockLoop, dg::ScheduleAttr schedule)
      : kernel(kernel), in(blockLoop), schedule(schedule),
        loc(blockLoop.loop.getLoc()), b(kernel.getContext()) {
    path[0] = schedule.getLhsScales();
    path[1] = schedule.getRhsScales();
    perStage = schedule.getKBlocks();
    wholeStages = schedule.getTmaView() == dg::TMAView::Stage;
    multicast[0] = schedule.getMulticast() == dg::Multicast::Lhs;
    multicast[1] = schedule.getMulticast() == dg::Multicast::Rhs;
  }

  /// Returns the number of rings made.
  int64_t run() {
    at = findWork();
    rings = makeRings(kernel, in, schedule);
    b.setInsertionPointAfter(rings.last());
    // The cursors of the rings, its producer's, then its consumers': one for
    // all of the operands, which go in step.
    SmallVector<Value> start;
    const int64_t apart = rings.count() - rings.operands.size();
    for (int64_t i = 0; i < 1 + apart; ++i)
      start.append({zero(), one(), zero(), zero()});
    if (auto tiles = dyn_cast<scf::ForOp>(in.loop->getParentOp())) {
      IRRewriter rewriter(b.getContext());
      (void)tiles.replaceWithAdditionalYields(
          rewriter, start, /*replaceInitOperandUsesInLoop=*/false,
          [&](OpBuilder &, Location, ArrayRef<BlockArgument> args) {
            return stageTile(SmallVector<Value>(args.begin(), args.end()));
          });
    } else {
      stageTile(start);
    }
    dropUnusedArguments(kernel);
    return rings.count();
  }

private:
  WorkAtOp findWork() {
    return in.operands[0].getRow().getDefiningOp<WorkAtOp>();
  }

  Value zero() { return constant(b, loc, 0); }
  Value one() { return constant(b, loc, 1); }

  int64_t tileSize(int side) {
    return side == 0 ? schedule.getTileM() : schedule.getTileN();
  }

  //===-- One tile -------------------------------------------------------===//

  SmallVector<Value> stageTile(SmallVector<Value> cursors) {
    ArrayRef<Value> left = cursors;
    auto take = [&]() {
      Cursor cursor = {left[0], left[1]};
      left = left.drop_front(2);
      return cursor;
    };
    producer = take(), consumer = take();
    b.setInsertionPoint(in.loop);
    row[0] = at.getRow(), row[1] = at.getCol();
    useRow[0] = row[0], useRow[1] = row[1];
    Cursor tileProducer, tileConsumer;
    if (rings.tile) {
      tileProducer = take(), tileConsumer = take();
      fillTileSlot(tileProducer);
      openTileSlot(tileConsumer);
    }
    auto store = cast<StoreOp>(*in.loop.getResult(0).user_begin());
    Value acc = buildBlockLoops(in.loop.getInitArgs()[0]);
    Cursor initProducer, initConsumer;
    if (rings.init) {
      initProducer = take(), initConsumer = take();
      acc = addInit(acc, initProducer, initConsumer);
      store.getInitMutable().clear();
    }
    in.loop.getResult(0).replaceAllUsesWith(acc);
    in.loop.erase();
    store.getRowMutable().assign(useRow[0]);
    store.getColMutable().assign(useRow[1]);
    b.setInsertionPointAfter(store);
    SmallVector<Value> next;
    auto give = [&](Cursor cursor) {
      next.append({cursor.slot, cursor.phase});
    };
    give(producer), give(consumer);
    if (rings.tile) {
      ReleaseOp::create(b, loc, rings.tile, tileConsumer.slot);
      give(advance(rings.tile, tileProducer));
      give(advance(rings.tile, tileConsumer));
    }
    if (rings.init)
      give(initProducer), give(initConsumer);
    return next;
  }

  /// Adds C to the sums of a tile, a piece at a time; the cursors move on.
  Value addInit(Value acc, Cursor &filling, Cursor &reading) {
    const int64_t perGroup = schedule.getSlices() * wgmmaM;
    BufferType piece = rings.init.getPipe().getType().getFields()[0];
    auto part = BufferType::get(piece.getShape().drop_front(),
                                piece.getElementType(), piece.getSwizzle());
    for (int64_t slice = 0; slice < schedule.getSlices(); ++slice)
      for (int64_t column = 0; column < schedule.getTileN();
           column += schedule.getChunk()) {
        auto empty = AcquireOp::create(b, loc, fieldTypes(rings.init),
                                       rings.init, filling.slot, filling.phase);
        for (int64_t group = 0; group < schedule.getWarpgroups(); ++group) {
          Value buffer = SubbufferOp::create(
              b, loc, part, empty.getBuffers()[0], constant(b, loc, group));
          int64_t skip = group * perGroup + slice * wgmmaM;
          TmaLoadOp::create(b, loc, rings.initMap,
                            ValueRange{add(b, loc, row[1], column),
                                       add(b, loc, row[0], skip)},
                            buffer, rings.init, filling.slot, /*multicast=*/1);
        }
        CommitOp::create(b, loc, rings.init, filling.slot);
        filling = advance(rings.init, filling);
        auto full = WaitOp::create(b, loc, fieldTypes(rings.init), rings.init,
                                   reading.slot, reading.phase);
        acc = AddPieceOp::create(b, loc, acc.getType(), acc,
                                 full.getBuffers()[0], slice, column);
        ReleaseOp::create(b, loc, rings.init, reading.slot);
        reading = advance(rings.init, reading);
      }
    return acc;
  }

  Cursor advance(PipelineOp pipe, Cursor cursor) {
    auto op = AdvanceOp::create(b, loc, pipe, cursor.slot, cursor.phase);
    return {op.getNextSlot(), op.getNextPhase()};
  }

  SmallVector<Type> fieldTypes(PipelineOp pipe) {
    return llvm::map_to_vector(pipe.getPipe().getType().getFields(),
                               [](BufferType type) -> Type { return type; });
  }

  Value view(Value buffer) {
    auto type = cast<BufferType>(buffer.getType());
    auto memref =
        MemRefType::get(type.getShape(), type.getElementType(),
                        MemRefLayoutAttrInterface(), b.getI64IntegerAttr(3));
    return ViewOp::create(b, loc, memref, buffer);
  }

  Value index(Value value) {
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), value);
  }
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }

  /// The producer's side of a tile's slot: coordinates and block scales.
  void fillTileSlot(Cursor cursor) {
    auto slot = AcquireOp::create(b, loc, fieldTypes(rings.tile), rings.tile,
                                  cursor.slot, cursor.phase);
    Value lane = LaneOp::create(b, loc);
    unsigned field = 0;
    if (schedule.getCoordinates() == dg::Coordinates::Producer) {
      Value memory = view(slot.getBuffers()[field++]);
      Value first =
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, lane, zero());
      auto branch = scf::IfOp::create(b, loc, first, /*withElse=*/false);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      memref::StoreOp::create(b, loc, row[0], memory, index(int64_t(0)));
      memref::StoreOp::create(b, loc, row[1], memory, index(1));
    }
    for (int side : {0, 1})
      if (path[side] == ScalePath::Tile)
        copyBlockScales(side, lane, view(slot.getBuffers()[field++]));
    CommitOp::create(b, loc, rings.tile, cursor.slot);
  }

  /// The lanes of a warp copy the scales of all K blocks of a tile.
  void copyBlockScales(int side, Value lane, Value memory) {
    Value source = in.scales[side].getSource();
    Value total = ceilDiv(b, loc, in.scales[side].getBound(), kBlock);
    Value last = add(b, loc, total, -1);
    Value first =
        arith::DivUIOp::create(b, loc, row[side], constant(b, loc, kBlock));
    SmallVector<Value> rows;
    for (int64_t i = 0; i < scaleRowsPerTile(tileSize(side)); ++i)
      rows.push_back(
          index(arith::MinSIOp::create(b, loc, add(b, loc, first, i), last)));
    Value start = add(b, loc, lane, in.loop.getLowerBound());
    scf::ForOp::create(
        b, loc, start, in.loop.getUpperBound(), constant(b, loc, 32),
        ValueRange{}, [&](OpBuilder &, Location, Value block, ValueRange) {
          Value column = index(block);
          for (auto [i, blockRow] : llvm::enumerate(rows)) {
            Value scale = memref::LoadOp::create(b, loc, source,
                                                 ValueRange{blockRow, column});
            memref::StoreOp::create(b, loc, scale, memory,
                                    ValueRange{index(i), column});
          }
          scf::YieldOp::create(b, loc);
        });
  }

  /// The consumers' side of a tile's slot.
  void openTileSlot(Cursor cursor) {
    auto slot = WaitOp::create(b, loc, fieldTypes(rings.tile), rings.tile,
                               cursor.slot, cursor.phase);
    unsigned field = 0;
    if (schedule.getCoordinates() == dg::Coordinates::Producer) {
      Value memory = view(slot.getBuffers()[field++]);
      useRow[0] = memref::LoadOp::create(b, loc, memory, index(int64_t(0)));
      useRow[1] = memref::LoadOp::create(b, loc, memory, index(1));
    }
    for (int side : {0, 1})
      if (path[side] == ScalePath::Tile)
        tileScales[side] = view(slot.getBuffers()[field++]);
  }

  //===-- K blocks -------------------------------------------------------===//

  /// Whole stages in a loop, then the blocks that are left.
  Value buildBlockLoops(Value acc) {
    Value begin = in.loop.getLowerBound(), end = in.loop.getUpperBound();
    Value whole = end, rest;
    if (perStage > 1) {
      Value blocks = end;
      if (!matchPattern(begin, m_Zero()))
        blocks = arith::SubIOp::create(b, loc, end, begin);
      rest = arith::RemUIOp::create(b, loc, blocks, constant(b, loc, perStage));
      whole = arith::SubIOp::create(b, loc, end, rest);
    }
    SmallVector<Value> start = {acc, producer.slot, producer.phase,
                                consumer.slot, consumer.phase};
    auto loop = scf::ForOp::create(
        b, loc, begin, whole, constant(b, loc, perStage), start,
        [&](OpBuilder &, Location, Value block, ValueRange args) {
          setState(args);
          Value next = buildStage(block, args[0]);
          scf::YieldOp::create(b, loc, state(next));
        });
    setState(loop.getResults());
    acc = loop.getResult(0);
    return perStage > 1 ? buildRest(whole, rest, acc) : acc;
  }

  void setState(ValueRange values) {
    producer = {values[1], values[2]};
    consumer = {values[3], values[4]};
  }
  SmallVector<Value> state(Value acc) {
    return {acc, producer.slot, producer.phase, consumer.slot, consumer.phase};
  }

  void fillStage(Value block) {
    for (const Rings::OperandRing &ring : rings.operands)
      fillSlot(ring, block);
    producer = advance(rings.operands.front().pipe, producer);
  }

  void fillSlot(const Rings::OperandRing &ring, Value block) {
    PipelineOp pipe = ring.pipe;
    auto slot = AcquireOp::create(b, loc, fieldTypes(pipe), pipe, producer.slot,
                                  producer.phase);
    Value k = mul(b, loc, block, kBlock);
    for (int side : {0, 1}) {
      if (ring.operand[side] < 0)
        continue;
      Value buffer = slot.getBuffers()[ring.operand[side]];
      if (wholeStages) {
        TmaLoadOp::create(b, loc, rings.operandMap[side],
                          ValueRange{zero(), row[side], block}, buffer, pipe,
                          producer.slot, /*multicast=*/1);
        continue;
      }
      int64_t parts = multicast[side] ? schedule.getCluster() : 1;
      for (int64_t j = 0; j < perStage; ++j)
        TmaLoadOp::create(b, loc, rings.operandMap[side],
                          ValueRange{add(b, loc, k, j * kBlock), row[side]},
                          blockOf(buffer, constant(b, loc, j)), pipe,
                          producer.slot, parts);
    }
    for (int side : {0, 1})
      if (ring.scales[side] >= 0)
        TmaLoadOp::create(
            b, loc, rings.scaleMap[side], ValueRange{row[side], block},
            slot.getBuffers()[ring.scales[side]], pipe, producer.slot, 1);
    CommitOp::create(b, loc, pipe, producer.slot);
  }

  /// What the consumers have of a stage.
  struct Stage {
    Value operand[2], scales[2];
  };

  Stage waitForStage() {
    Stage stage;
    for (const Rings::OperandRing &ring : rings.operands) {
      PipelineOp pipe = ring.pipe;
      auto slot = WaitOp::create(b, loc, fieldTypes(pipe), pipe, consumer.slot,
                                 consumer.phase);
      for (int side : {0, 1}) {
        if (ring.operand[side] >= 0)
          stage.operand[side] = slot.getBuffers()[ring.operand[side]];
        if (ring.scales[side] >= 0)
          stage.scales[side] = slot.getBuffers()[ring.scales[side]];
      }
    }
    return stage;
  }

  void releaseStage() {
    for (const Rings::OperandRing &ring : rings.operands)
      ReleaseOp::create(b, loc, PipelineOp(ring.pipe), consumer.slot);
    consumer = advance(rings.operands.front().pipe, consumer);
  }

  /// The part of a stage's buffer that belongs to one K block.
  Value blockOf(Value buffer, Value block) {
    if (perStage == 1)
      return buffer;
    auto type = cast<BufferType>(buffer.getType());
    auto part = BufferType::get(type.getShape().drop_front(),
                                type.getElementType(), type.getSwizzle());
    return SubbufferOp::create(b, loc, part, buffer, block);
  }

  Value readScales(int side, const Stage &stage, Value inStage, Value block) {
    LoadScalesOp load = in.scales[side];
    ScalesType type = load.getResult().getType();
    switch (path[side]) {
    case ScalePath::Staged:
      return ReadScalesOp::create(b, loc, type,
                                  blockOf(stage.scales[side], inStage), zero());
    case ScalePath::Tile: {
      SmallVector<Value> values;
      Value column = index(block);
      for (int64_t i = 0; i < scaleRowsPerTile(tileSize(side)); ++i)
        values.push_back(memref::LoadOp::create(b, loc, tileScales[side],
                                                ValueRange{index(i), column}));
      Value first = type.getKind() == ScaleKind::Split ? useRow[side] : Value();
      return PackScalesOp::create(b, loc, type, values, first);
    }
    case ScalePath::Direct:
      return LoadScalesOp::create(b, loc, type, load.getSource(), useRow[side],
                                  block, load.getBound());
    }
    llvm_unreachable("every path of scales is handled");
  }

  Value useBlock(const Stage &stage, Value inStage, Value block, Value acc) {
    Value lhs = blockOf(stage.operand[0], inStage);
    Value rhs = blockOf(stage.operand[1], inStage);
    Value lhsScales = readScales(0, stage, inStage, block);
    Value rhsScales = readScales(1, stage, inStage, block);
    Value partial = MmaOp::create(b, loc, acc.getType(), lhs, rhs);
    return PromoteOp::create(b, loc, acc.getType(), partial, acc, lhsScales,
                             rhsScales);
  }

  Value buildStage(Value block, Value acc) {
    fillStage(block);
    Stage stage = waitForStage();
    for (int64_t j = 0; j < perStage; ++j)
      acc = useBlock(stage, constant(b, loc, j), add(b, loc, block, j), acc);
    releaseStage();
    return acc;
  }

  /// The last stage of a K that is no multiple of a stage: TMA fills what
  /// lies outside with zeros, and only the blocks that exist are used.
  Value buildRest(Value block, Value rest, Value acc) {
    Value some =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, zero());
    SmallVector<Value> before = state(acc);
    auto branch = scf::IfOp::create(
        b, loc, some,
        [&](OpBuilder &, Location) {
          fillStage(block);
          Stage stage = waitForStage();
          auto loop = scf::ForOp::create(
              b, loc, zero(), rest, one(), acc,
              [&](OpBuilder &, Location, Value j, ValueRange args) {
                Value at = arith::AddIOp::create(b, loc, block, j);
                scf::YieldOp::create(b, loc, useBlock(stage, j, at, args[0]));
              });
          releaseStage();
          scf::YieldOp::create(b, loc, state(loop.getResult(0)));
        },
        [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, before); });
    setState(branch.getResults());
    return branch.getResult(0);
  }

  gpu::GPUFuncOp kernel;
  BlockLoop in;
  dg::ScheduleAttr schedule;
  Location loc;
  OpBuilder b;
  ScalePath path[2];
  bool multicast[2];
  int64_t perStage;
  bool wholeStages;
  WorkAtOp at;
  Rings rings;
  Value tileScales[2];
  Value row[2], useRow[2];
  Cursor producer, consumer;
};

struct StagePass : dgemm::impl::DGEMMStagePassBase<StagePass> {
  void runOnOperation() override {
    SmallVector<std::pair<gpu::GPUFuncOp, MmaOp>> todo;
    getOperation().walk([&](MmaOp op) {
      if (isa<TileType>(op.getLhs().getType()))
        todo.push_back({op->getParentOfType<gpu::GPUFuncOp>(), op});
    });
    for (auto [kernel, mma] : todo) {
      dg::ScheduleAttr schedule = getSchedule(kernel);
      if (!schedule) {
        mma.emitOpError("to be staged needs a schedule on its kernel");
        return signalPassFailure();
      }
      FailureOr<BlockLoop> loop = matchBlockLoop(mma);
      if (failed(loop))
        return signalPassFailure();
      numPipelines += Stager(kernel, *loop, schedule).run();
    }
  }
};

} // namespace
