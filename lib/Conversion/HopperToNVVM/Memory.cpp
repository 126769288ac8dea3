// Buffers become addresses; what leaves them becomes stmatrix and TMA.
#include "FragmentLayout.h"
#include "dgemm/Conversion/HopperToNVVM/HopperToNVVM.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;

namespace {

/// What one lane stores at once, the widest store there is.
constexpr unsigned kPieceBytes = 16;

struct ConvertSubbuffer : ConvertOpToLLVMPattern<SubbufferOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(SubbufferOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    ArrayRef<int64_t> shape = op.getSource().getType().getShape();
    int64_t bytes = op.getSource().getType().getBytes();
    Value result = adaptor.getSource();
    for (auto [index, size] : llvm::zip(adaptor.getIndices(), shape)) {
      bytes /= size;
      result = offsetBy(b, loc, result, mul(b, loc, index, bytes));
    }
    b.replaceOp(op, result);
    return success();
  }
};

struct ConvertView : ConvertOpToLLVMPattern<ViewOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(ViewOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    auto type = mlir::cast<MemRefType>(op.getView().getType());
    Value descriptor = MemRefDescriptor::fromStaticShape(
        b, op.getLoc(), *getTypeConverter(), type, adaptor.getBuffer());
    b.replaceOp(op, descriptor);
    return success();
  }
};

struct ConvertBarrier : ConvertOpToLLVMPattern<hopper::BarrierOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(hopper::BarrierOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Value threads = constant(b, op.getLoc(), op.getThreads());
    NVVM::BarrierOp::create(b, op.getLoc(), /*res=*/Type(), adaptor.getId(),
                            threads, NVVM::BarrierReductionAttr(), Value());
    b.eraseOp(op);
    return success();
  }
};

struct ConvertFenceAsync : ConvertOpToLLVMPattern<FenceAsyncOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(FenceAsyncOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<NVVM::FenceProxyOp>(
        op,
        NVVM::ProxyKindAttr::get(b.getContext(), NVVM::ProxyKind::async_shared),
        NVVM::SharedSpaceAttr::get(b.getContext(),
                                   NVVM::SharedSpace::shared_cta));
    return success();
  }
};

struct ConvertTmaStore : ConvertOpToLLVMPattern<TmaStoreOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(TmaStoreOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    NVVM::CpAsyncBulkTensorSharedCTAToGlobalOp::create(
        b, op.getLoc(), adaptor.getMap(), adaptor.getBuffer(),
        adaptor.getCoords(), /*l2CacheHint=*/Value(), NVVM::TMAStoreMode::TILE,
        /*predicate=*/Value());
    b.eraseOp(op);
    return success();
  }
};

struct ConvertTmaStoreCommit : ConvertOpToLLVMPattern<TmaStoreCommitOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(TmaStoreCommitOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<NVVM::CpAsyncBulkCommitGroupOp>(op);
    return success();
  }
};

struct ConvertTmaStoreWait : ConvertOpToLLVMPattern<TmaStoreWaitOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(TmaStoreWaitOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<NVVM::CpAsyncBulkWaitGroupOp>(
        op, uint32_t(op.getPending()),
        op.getRead() ? b.getUnitAttr() : UnitAttr());
    return success();
  }
};

struct ConvertThreadId : ConvertOpToLLVMPattern<gpu::ThreadIdOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(gpu::ThreadIdOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    if (op.getDimension() != gpu::Dimension::x)
      return b.notifyMatchFailure(op, "blocks are one-dimensional");
    Value index = threadIndex(b, op.getLoc());
    b.replaceOpWithNewOp<arith::IndexCastUIOp>(op, b.getIndexType(), index);
    return success();
  }
};

/// Where an element of a buffer lies: rows of `pitch` bytes, the 16-byte
/// units of a row permuted by the swizzle (PTX ISA section 5.5.7).
class SwizzledBuffer {
public:
  SwizzledBuffer(OpBuilder &b, Location loc, Value base, BufferType type)
      : b(b), loc(loc), base(base), pitch(type.getRowBytes()),
        mask(type.getSwizzle() == 0 ? 0 : type.getSwizzle() / 16 - 1) {}

  /// Address of byte `byte` of row `row`.
  Value at(Value row, Value byte) {
    Value offset = mul(b, loc, row, pitch);
    if (mask != 0) {
      // Address bits 7 to 9 are exclusive-ored into bits 4 to 6.
      Value bits = arith::AndIOp::create(
          b, loc, arith::ShRUIOp::create(b, loc, offset, constant(b, loc, 7)),
          constant(b, loc, mask));
      Value flip = arith::ShLIOp::create(b, loc, bits, constant(b, loc, 4));
      byte = arith::XOrIOp::create(b, loc, byte, flip);
    }
    return offsetBy(b, loc, base, add(b, loc, offset, byte));
  }

private:
  OpBuilder &b;
  Location loc;
  Value base;
  int64_t pitch, mask;
};

struct ConvertStorePiece : ConvertOpToLLVMPattern<StorePieceOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(StorePieceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    BufferType type = op.getBuffer().getType();
    SwizzledBuffer buffer(b, loc, adaptor.getBuffer(), type);
    int64_t bytes = type.getRowBytes() / type.getShape()[1];
    auto words = VectorType::get({4}, b.getI32Type());
    Value from = buffer.at(adaptor.getFromRow(),
                           mul(b, loc, adaptor.getFromCol(), bytes));
    Value piece = LLVM::LoadOp::create(b, loc, words, from, kPieceBytes);
    auto wide = [&](Value value) -> Value {
      return arith::ExtUIOp::create(b, loc, b.getI64Type(), value);
    };
    Value to = getStridedElementPtr(
        b, loc, mlir::cast<MemRefType>(op.getDest().getType()),
        adaptor.getDest(), {wide(adaptor.getRow()), wide(adaptor.getCol())});
    LLVM::StoreOp::create(b, loc, piece, to, kPieceBytes);
    b.eraseOp(op);
    return success();
  }
};

struct ConvertAddSent : ConvertOpToLLVMPattern<AddSentOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(AddSentOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    int64_t steps = op.getBuffer().getType().getShape()[0];
    Value mine = offsetBy(b, loc, adaptor.getBuffer(),
                          mul(b, loc, threadInGroup(b, loc), kPieceBytes));
    auto four = VectorType::get({4}, b.getF32Type());
    Value result = adaptor.getValue();
    for (int64_t step = 0; step < steps; ++step) {
      Value sent = LLVM::LoadOp::create(
          b, loc, four, offsetBy(b, loc, mine, step * 128 * kPieceBytes),
          kPieceBytes);
      for (int64_t i = 0; i < 4; ++i) {
        int64_t reg = step * 4 + i;
        Value sum = LLVM::FAddOp::create(
            b, loc, LLVM::ExtractValueOp::create(b, loc, result, reg),
            LLVM::ExtractElementOp::create(b, loc, sent, constant(b, loc, i)));
        result = LLVM::InsertValueOp::create(b, loc, result, sum, reg);
      }
    }
    b.replaceOp(op, result);
    return success();
  }
};

/// Reads where ConvertStageFragment writes.
struct ConvertAddPiece : ConvertOpToLLVMPattern<AddPieceOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(AddPieceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    if (!isa<FragmentType>(op.getValue().getType()))
      return b.notifyMatchFailure(op, "still on a whole tile");
    Location loc = op.getLoc();
    BufferType type = op.getBuffer().getType();
    SwizzledBuffer buffer(b, loc, adaptor.getBuffer(), type);
    const int64_t bytes = type.getRowBytes() / type.getShape()[1];
    auto two = VectorType::get({2}, type.getElementType());
    auto wide = VectorType::get({2}, b.getF32Type());
    Value row = fragmentRow(b, loc), col = fragmentCol(b, loc);
    Value result = adaptor.getValue();
    for (int64_t group = 0; group < type.getShape()[1] / kGroupCols; ++group)
      for (int64_t half : {0, 1}) {
        Value myCol = add(b, loc, col, group * kGroupCols);
        Value both = LLVM::LoadOp::create(
            b, loc, two,
            buffer.at(add(b, loc, row, 8 * half), mul(b, loc, myCol, bytes)),
            2 * bytes);
        if (!type.getElementType().isF32())
          both = LLVM::FPExtOp::create(b, loc, wide, both);
        for (int64_t i : {0, 1}) {
          int64_t reg =
              (op.getColumn() / kGroupCols + group) * kGroupRegisters +
              2 * half + i;
          Value sum = LLVM::FAddOp::create(
              b, loc,
              LLVM::ExtractElementOp::create(b, loc, both, constant(b, loc, i)),
              LLVM::ExtractValueOp::create(b, loc, result, reg));
          result = LLVM::InsertValueOp::create(b, loc, result, sum, reg);
        }
      }
    b.replaceOp(op, result);
    return success();
  }
};

template <typename OpT, NVVM::GridDepActionKind kind>
struct ConvertGridOp : ConvertOpToLLVMPattern<OpT> {
  using ConvertOpToLLVMPattern<OpT>::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(OpT op, typename OpT::Adaptor,
                                ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<NVVM::GriddepcontrolOp>(op, kind);
    return success();
  }
};

struct ConvertWarpSync : ConvertOpToLLVMPattern<WarpSyncOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(WarpSyncOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<NVVM::SyncWarpOp>(op, constant(b, op.getLoc(), -1));
    return success();
  }
};

struct ConvertStageFragment : ConvertOpToLLVMPattern<StageFragmentOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(StageFragmentOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    BufferType type = op.getBuffer().getType();
    SwizzledBuffer buffer(b, op.getLoc(), adaptor.getBuffer(), type);
    if (type.getElementType().isBF16())
      stageBF16(op, adaptor, buffer, b);
    else
      stageF32(op, adaptor, buffer, b);
    b.eraseOp(op);
    return success();
  }

  static int64_t groups(StageFragmentOp op) {
    return op.getBuffer().getType().getShape()[op.getTransposed() ? 0 : 1] /
           kGroupCols;
  }

  /// Two columns of a row as packed bf16, the first in the low half.
  static Value packPair(OpBuilder &b, Location loc, Value fragment,
                        int64_t reg) {
    auto f32x2 = VectorType::get({2}, b.getF32Type());
    auto bf16x2 = VectorType::get({2}, b.getBF16Type());
    Value pair = LLVM::PoisonOp::create(b, loc, f32x2);
    for (int64_t i : {0, 1})
      pair = LLVM::InsertElementOp::create(
          b, loc, pair, LLVM::ExtractValueOp::create(b, loc, fragment, reg + i),
          constant(b, loc, i));
    Value narrow = LLVM::FPTruncOp::create(b, loc, bf16x2, pair);
    return LLVM::BitcastOp::create(b, loc, b.getI32Type(), narrow);
  }

  /// stmatrix writes 8x8 matrices; lane l gives the address of row l % 8 of
  /// matrix l / 8 (PTX ISA section 9.7.14.5.16). Matrices 0 and 1 are the
  /// upper and lower eight rows of a group of columns, 2 and 3 those of the
  /// next group.
  static void stageBF16(StageFragmentOp op, OpAdaptor adaptor,
                        SwizzledBuffer &buffer, ConversionPatternRewriter &b) {
    Location loc = op.getLoc();
    bool transposed = op.getTransposed();
    Value lane = laneIndex(b, loc);
    auto bitsOf = [&](int64_t shift, int64_t mask) -> Value {
      Value high =
          arith::ShRUIOp::create(b, loc, lane, constant(b, loc, shift));
      return arith::AndIOp::create(b, loc, high, constant(b, loc, mask));
    };
    Value rowInMatrix = bitsOf(0, 7), half = bitsOf(3, 1), next = bitsOf(4, 1);
    Value warpRow = mul(b, loc, warpInGroup(b, loc), 16);
    Value halfRow = add(b, loc, warpRow, mul(b, loc, half, 8));
    int64_t count = groups(op);
    for (int64_t group = 0; group < count; group += 2) {
      bool pair = group + 1 < count;
      // Which group of columns this lane's matrix belongs to.
      Value column = pair ? add(b, loc, next, group) : constant(b, loc, group);
      Value address;
      if (transposed) {
        Value row = add(b, loc, mul(b, loc, column, 8), rowInMatrix);
        address = buffer.at(row, mul(b, loc, halfRow, 2));
      } else {
        Value row = add(b, loc, halfRow, rowInMatrix);
        address = buffer.at(row, mul(b, loc, column, 16));
      }
      SmallVector<Value> sources;
      for (int64_t g = group; g < group + (pair ? 2 : 1); ++g)
        for (int64_t i : {0, 2})
          sources.push_back(packPair(
              b, loc, adaptor.getValue(),
              (op.getColumn() / kGroupCols + g) * kGroupRegisters + i));
      NVVM::StMatrixOp::create(
          b, loc, address, sources,
          NVVM::MMALayoutAttr::get(b.getContext(), transposed
                                                       ? NVVM::MMALayout::col
                                                       : NVVM::MMALayout::row),
          NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8),
          NVVM::LdStMatrixEltTypeAttr::get(b.getContext(),
                                           NVVM::LdStMatrixEltType::B16));
    }
  }

  static void stageF32(StageFragmentOp op, OpAdaptor adaptor,
                       SwizzledBuffer &buffer, ConversionPatternRewriter &b) {
    Location loc = op.getLoc();
    Value row = fragmentRow(b, loc), col = fragmentCol(b, loc);
    auto two = VectorType::get({2}, b.getF32Type());
    for (int64_t group = 0; group < groups(op); ++group)
      for (int64_t half : {0, 1}) {
        int64_t reg =
            (op.getColumn() / kGroupCols + group) * kGroupRegisters + 2 * half;
        Value myRow = add(b, loc, row, 8 * half);
        Value myCol = add(b, loc, col, group * kGroupCols);
        Value both = LLVM::PoisonOp::create(b, loc, two);
        for (int64_t i : {0, 1}) {
          Value value =
              LLVM::ExtractValueOp::create(b, loc, adaptor.getValue(), reg + i);
          if (op.getTransposed())
            LLVM::StoreOp::create(
                b, loc, value,
                buffer.at(add(b, loc, myCol, i), mul(b, loc, myRow, 4)));
          else
            both = LLVM::InsertElementOp::create(b, loc, both, value,
                                                 constant(b, loc, i));
        }
        if (!op.getTransposed())
          LLVM::StoreOp::create(b, loc, both,
                                buffer.at(myRow, mul(b, loc, myCol, 4)), 8);
      }
  }
};

} // namespace

void dgemm::populateMemoryPatterns(LLVMTypeConverter &converter,
                                   RewritePatternSet &patterns) {
  patterns.add<
      ConvertSubbuffer, ConvertView, ConvertBarrier, ConvertFenceAsync,
      ConvertTmaStore, ConvertTmaStoreCommit, ConvertTmaStoreWait,
      ConvertThreadId, ConvertStorePiece, ConvertAddSent, ConvertAddPiece,
      ConvertWarpSync,
      ConvertGridOp<GridLaunchOp, NVVM::GridDepActionKind::launch_dependents>,
      ConvertGridOp<GridWaitOp, NVVM::GridDepActionKind::wait>,
      ConvertStageFragment>(converter);
}
