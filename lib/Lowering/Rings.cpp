// Makes the rings of a kernel and the tensor maps that fill them.
#include "Rings.h"
#include "dgemm/Lowering/Kernel.h"
#include "dgemm/Target/SM90.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;
using dg::ScalePath;
using target::sm90::kBlock;
using target::sm90::scaleRowsPerTile;
using target::sm90::wgmmaM;

namespace {

class RingMaker {
public:
  RingMaker(gpu::GPUFuncOp kernel, const BlockLoop &loop,
            dg::ScheduleAttr schedule)
      : kernel(kernel), in(loop), schedule(schedule), loc(in.loop.getLoc()),
        b(kernel.getContext()), perStage(schedule.getKBlocks()),
        wholeStages(schedule.getTmaView() == dg::TMAView::Stage) {
    path[0] = schedule.getLhsScales();
    path[1] = schedule.getRhsScales();
    multicast[0] = schedule.getMulticast() == dg::Multicast::Lhs;
    multicast[1] = schedule.getMulticast() == dg::Multicast::Rhs;
  }

  Rings make() {
    makeOperandRings();
    makeTileRing();
    makeInitRing();
    return std::move(made);
  }

private:
  int64_t tileSize(int side) {
    return side == 0 ? schedule.getTileM() : schedule.getTileN();
  }

  BufferType stageBuffer(ArrayRef<int64_t> block, Type element,
                         int64_t swizzle) {
    SmallVector<int64_t> shape;
    if (perStage > 1)
      shape.push_back(perStage);
    shape.append(block.begin(), block.end());
    return BufferType::get(shape, element, swizzle);
  }

  /// One ring for both sides, or one for each where the weights come before
  /// the kernel ahead has ended.
  void makeOperandRings() {
    b.setInsertionPointToStart(&kernel.getBody().front());
    if (schedule.getValue().hasSeparateRings()) {
      for (int side : {0, 1})
        made.operands.push_back(makeOperandRing({side}));
    } else {
      made.operands.push_back(makeOperandRing({0, 1}));
    }
    for (int side : {0, 1}) {
      made.operandMap[side] = makeOperandMap(side);
      if (path[side] == ScalePath::Staged)
        made.scaleMap[side] = makeScaleMap(side);
    }
  }

  Rings::OperandRing makeOperandRing(ArrayRef<int> sides) {
    Rings::OperandRing ring;
    SmallVector<BufferType> fields;
    for (int side : sides) {
      ring.operand[side] = fields.size();
      fields.push_back(
          stageBuffer({tileSize(side), kBlock},
                      cast<MemRefType>(in.operands[side].getSource().getType())
                          .getElementType(),
                      /*swizzle=*/128));
    }
    for (int side : sides) {
      if (path[side] != ScalePath::Staged)
        continue;
      ring.scales[side] = fields.size();
      fields.push_back(
          stageBuffer({tileSize(side)}, b.getF32Type(), /*swizzle=*/0));
    }
    int64_t bytes = 0;
    for (BufferType field : fields)
      bytes += field.getBytes();
    ring.pipe = PipelineOp::create(
        b, loc, PipelineType::get(b.getContext(), fields), schedule.getStages(),
        bytes, schedule.getWarpgroups(),
        multicast[0] || multicast[1] ? schedule.getCluster() : 1,
        /*early=*/schedule.getPdl() == dg::PDL::Activations &&
            isWeights(sides.front()));
    b.setInsertionPointAfter(ring.pipe);
    return ring;
  }

  /// Whether a side is the operand that stays the same from call to call.
  bool isWeights(int side) {
    return getOperandName(in.operands[side].getSource()) == "B";
  }

  Value makeOperandMap(int side) {
    StringRef name = getOperandName(in.operands[side].getSource());
    DictionaryAttr operand = getOperand(kernel, name);
    int64_t rows =
        tileSize(side) / (multicast[side] ? schedule.getCluster() : 1);
    StringRef stride = getOperandText(operand, "strides", 0);
    if (parseSize(b.getStringAttr(stride)) == ShapedType::kDynamic)
      addPrecondition(kernel, stride + " % 16 == 0",
                      "the row stride of " + name +
                          " must be a multiple of 16 bytes (TMA): pad it to "
                          "align(" +
                          stride + ", 16)");
    StringRef length = getOperandText(operand, "shape", 0);
    StringRef k = getOperandText(operand, "shape", 1);
    if (!wholeStages)
      return addTensorMap(kernel, name,
                          {{k.str(), length.str()},
                           {stride.str()},
                           {kBlock, rows},
                           /*swizzle=*/128});
    if (parseSize(b.getStringAttr(k)) == ShapedType::kDynamic)
      addPrecondition(kernel, k + " % 128 == 0",
                      "this kernel loads whole blocks of 128 columns: " + k +
                          " must be a multiple of 128, or compile with "
                          "'tma_view = block'");
    // The K blocks are a dimension of their own, 128 bytes apart.
    return addTensorMap(kernel, name,
                        {{"128", length.str(), (k + " / 128").str()},
                         {stride.str(), "128"},
                         {kBlock, rows, perStage},
                         /*swizzle=*/128});
  }

  Value makeScaleMap(int side) {
    StringRef name = getOperandName(in.scales[side].getSource());
    DictionaryAttr operand = getOperand(kernel, name);
    StringRef stride = getOperandText(operand, "strides", 1);
    if (parseSize(b.getStringAttr(stride)) == ShapedType::kDynamic)
      addPrecondition(kernel, stride + " % 4 == 0",
                      "the K stride of " + name +
                          " must be a multiple of 4 floats (TMA): pad it to "
                          "align(" +
                          stride +
                          ", 4), or use the schedule's "
                          "path 'direct' for these scales");
    return addTensorMap(kernel, name,
                        {{getOperandText(operand, "shape", 0).str(),
                          getOperandText(operand, "shape", 1).str()},
                         {(stride + " * 4").str()},
                         {tileSize(side), perStage},
                         /*swizzle=*/0});
  }

  void makeTileRing() {
    SmallVector<BufferType> fields;
    if (schedule.getCoordinates() == dg::Coordinates::Producer)
      fields.push_back(BufferType::get({4}, b.getI32Type(), 0));
    for (int side : {0, 1})
      if (path[side] == ScalePath::Tile)
        fields.push_back(BufferType::get(
            {scaleRowsPerTile(tileSize(side)), schedule.getMaxKBlocks()},
            b.getF32Type(), 0));
    if (fields.empty())
      return;
    b.setInsertionPointAfter(made.operands.back().pipe);
    bool early = schedule.getPdl() == dg::PDL::Activations;
    for (int side : {0, 1})
      early &= path[side] != ScalePath::Tile || isWeights(side);
    made.tile = PipelineOp::create(
        b, loc, PipelineType::get(b.getContext(), fields),
        schedule.getTileSlots(),
        /*bytes=*/0, schedule.getWarpgroups(), /*cluster=*/1, early);
    bool bounded = path[0] == ScalePath::Tile || path[1] == ScalePath::Tile;
    if (bounded && !schedule.getSpecializeK()) {
      std::string most = std::to_string(schedule.getMaxKBlocks());
      addPrecondition(kernel, "ceildiv(K, 128) <= " + Twine(most),
                      "this kernel keeps the block scales of at most " +
                          Twine(most) +
                          " K blocks for a tile: compile with "
                          "a larger 'max_kblocks' or with scales 'direct'");
    }
  }

  /// C by TMA, piece by piece: one chunk of columns of a slice of every
  /// warpgroup.
  void makeInitRing() {
    if (schedule.getAccumulate() != dg::Accumulate::Prefetch)
      return;
    auto store = cast<StoreOp>(*in.loop.getResult(0).user_begin());
    Value source = store.getInit();
    auto element = cast<MemRefType>(source.getType()).getElementType();
    const int64_t chunk = schedule.getChunk();
    const int64_t swizzle = getSwizzle(chunk * getElementBytes(element));
    auto piece = BufferType::get({schedule.getWarpgroups(), wgmmaM, chunk},
                                 element, swizzle);
    b.setInsertionPointAfter(made.tile ? made.tile : made.operands.back().pipe);
    made.init = PipelineOp::create(
        b, loc, PipelineType::get(b.getContext(), {piece}),
        schedule.getCSlots(), piece.getBytes(), schedule.getWarpgroups(),
        /*cluster=*/1);

    StringRef name = getOperandName(source);
    requireAlignment(kernel, name);
    DictionaryAttr operand = getOperand(kernel, name);
    StringRef stride = getOperandText(operand, "strides", 0);
    std::string byteStride =
        (stride + " * " + Twine(getElementBytes(element))).str();
    if (parseSize(b.getStringAttr(stride)) == ShapedType::kDynamic)
      addPrecondition(kernel, byteStride + " % 16 == 0",
                      "the row stride of " + name +
                          " must be a multiple of 16 bytes (TMA): pad it, or "
                          "compile with 'accumulate = load'");
    made.initMap = addTensorMap(kernel, name,
                                {{getOperandText(operand, "shape", 1).str(),
                                  getOperandText(operand, "shape", 0).str()},
                                 {byteStride},
                                 {chunk, wgmmaM},
                                 swizzle});
  }

  gpu::GPUFuncOp kernel;
  BlockLoop in;
  dg::ScheduleAttr schedule;
  Location loc;
  OpBuilder b;
  int64_t perStage;
  bool wholeStages;
  ScalePath path[2];
  bool multicast[2];
  Rings made;
};

} // namespace

Rings dgemm::makeRings(gpu::GPUFuncOp kernel, const BlockLoop &loop,
                       dg::ScheduleAttr schedule) {
  return RingMaker(kernel, loop, schedule).make();
}
