// Fragments and scales become registers; wgmma and promotion work on them.
#include "FragmentLayout.h"
#include "dgemm/Conversion/HopperToNVVM/HopperToNVVM.h"

#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;

namespace {

/// Values of blocks of 128 columns that a tile can touch, and the tile's
/// first column.
constexpr int64_t kSplitValues = 3;
using target::sm90::kBlock;
/// K of one wgmma on 8-bit operands.
constexpr int64_t kWgmmaK = 32;

Type structOf(MLIRContext *context, ArrayRef<Type> fields) {
  return LLVM::LLVMStructType::getLiteral(context, fields);
}

Type convertScales(ScalesType type) {
  MLIRContext *context = type.getContext();
  Type f32 = Float32Type::get(context);
  switch (type.getKind()) {
  case ScaleKind::Scalar:
    return f32;
  case ScaleKind::Split:
    return structOf(context, {f32, f32, f32, IntegerType::get(context, 32)});
  case ScaleKind::Vector: {
    // Two rows of a slice, or two columns of each group.
    int64_t count = type.getSide() == Side::Lhs ? 2 : type.getExtent() / 4;
    return structOf(context, SmallVector<Type>(count, f32));
  }
  }
  llvm_unreachable("every kind of scale is handled");
}

Value extract(OpBuilder &b, Location loc, Value from, int64_t i) {
  return LLVM::ExtractValueOp::create(b, loc, from, i);
}

Value pack(OpBuilder &b, Location loc, Type type, ArrayRef<Value> values) {
  Value result = LLVM::PoisonOp::create(b, loc, type);
  for (auto [i, value] : llvm::enumerate(values))
    result = LLVM::InsertValueOp::create(b, loc, result, value, i);
  return result;
}

struct ConvertZero : ConvertOpToLLVMPattern<ZeroOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(ZeroOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<LLVM::ZeroOp>(
        op, getTypeConverter()->convertType(op.getType()));
    return success();
  }
};

struct ConvertUndefined : ConvertOpToLLVMPattern<UndefinedOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(UndefinedOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<LLVM::UndefOp>(
        op, getTypeConverter()->convertType(op.getType()));
    return success();
  }
};

struct ConvertFence : ConvertOpToLLVMPattern<WgmmaFenceOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(WgmmaFenceOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<NVVM::WgmmaFenceAlignedOp>(op);
    return success();
  }
};

struct ConvertCommit : ConvertOpToLLVMPattern<WgmmaCommitOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(WgmmaCommitOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<NVVM::WgmmaGroupSyncAlignedOp>(op);
    return success();
  }
};

/// The descriptor of a K-major operand with rows of 128 bytes and a 128-byte
/// swizzle (PTX ISA section 9.7.15.5.1.3): start address, leading offset 1
/// (not used), stride 1024 between groups of eight rows, all in units of 16
/// bytes; layout 1 in bits 62 and 63.
Value makeDescriptor(OpBuilder &b, Location loc, Value address) {
  Value bits = LLVM::PtrToIntOp::create(b, loc, b.getI32Type(), address);
  Value low = arith::ShRUIOp::create(
      b, loc, arith::AndIOp::create(b, loc, bits, constant(b, loc, 0x3ffff)),
      constant(b, loc, 4));
  Value wide = arith::ExtUIOp::create(b, loc, b.getI64Type(), low);
  int64_t fixed = (int64_t(1) << 62) | (int64_t(64) << 32) | (1 << 16);
  return arith::OrIOp::create(
      b, loc, wide,
      arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(fixed)));
}

struct ConvertWgmma : ConvertOpToLLVMPattern<WgmmaOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(WgmmaOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    Type type = getTypeConverter()->convertType(op.getType());
    Value lhs = makeDescriptor(b, loc, adaptor.getLhs());
    Value rhs = makeDescriptor(b, loc, adaptor.getRhs());
    int64_t columns = op.getType().getShape()[1];
    int64_t steps = op.getLhs().getType().getShape()[1] / kWgmmaK;
    // The first step does not read its accumulator.
    Value acc = adaptor.getReuse();
    if (!acc)
      acc = LLVM::UndefOp::create(b, loc, type);
    for (int64_t step = 0; step < steps; ++step) {
      Value skip = arith::ConstantOp::create(
          b, loc, b.getI64IntegerAttr(step * kWgmmaK / 16));
      auto at = [&](Value descriptor) -> Value {
        return step == 0 ? descriptor
                         : arith::AddIOp::create(b, loc, descriptor, skip);
      };
      acc = NVVM::WgmmaMmaAsyncOp::create(
          b, loc, type, acc, at(lhs), at(rhs),
          NVVM::MMAShapeAttr::get(b.getContext(), 64, columns, kWgmmaK),
          attr<NVVM::WGMMATypesAttr>(b, NVVM::WGMMATypes::e4m3),
          attr<NVVM::WGMMATypesAttr>(b, NVVM::WGMMATypes::e4m3),
          attr<NVVM::WGMMATypesAttr>(b, NVVM::WGMMATypes::f32),
          attr<NVVM::WGMMAScaleOutAttr>(b, step == 0
                                               ? NVVM::WGMMAScaleOut::zero
                                               : NVVM::WGMMAScaleOut::one),
          attr<NVVM::WGMMAScaleInAttr>(b, NVVM::WGMMAScaleIn::one),
          attr<NVVM::WGMMAScaleInAttr>(b, NVVM::WGMMAScaleIn::one),
          attr<NVVM::MMALayoutAttr>(b, NVVM::MMALayout::row),
          attr<NVVM::MMALayoutAttr>(b, NVVM::MMALayout::col),
          NVVM::MMAIntOverflowAttr());
    }
    b.replaceOp(op, acc);
    return success();
  }

  template <typename AttrT, typename EnumT>
  static AttrT attr(OpBuilder &b, EnumT value) {
    return AttrT::get(b.getContext(), value);
  }
};

/// An empty piece of assembly with the registers of a fragment as tied
/// operands. It costs no instruction, and LLVM cannot move what computes or
/// uses the fragment across it.
Value pin(OpBuilder &b, Location loc, Value value) {
  auto type = mlir::cast<LLVM::LLVMStructType>(value.getType());
  size_t count = type.getBody().size();
  SmallVector<Value> registers;
  std::string outputs, inputs;
  for (size_t i = 0; i < count; ++i) {
    registers.push_back(extract(b, loc, value, i));
    outputs += "=f,";
    inputs += std::to_string(i) + (i + 1 < count ? "," : "");
  }
  return LLVM::InlineAsmOp::create(
             b, loc, TypeRange{type}, registers, "", outputs + inputs,
             /*has_side_effects=*/true, /*is_align_stack=*/false,
             LLVM::tailcallkind::TailCallKind::None, LLVM::AsmDialectAttr(),
             ArrayAttr())
      .getResult(0);
}

/// The wait does not define the registers that it makes readable: they are
/// pinned, so that no read moves above it.
struct ConvertWait : ConvertOpToLLVMPattern<WgmmaWaitOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(WgmmaWaitOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    NVVM::WgmmaWaitGroupSyncOp::create(b, loc, op.getPending());
    SmallVector<Value> results;
    for (Value value : adaptor.getInputs())
      results.push_back(pin(b, loc, value));
    b.replaceOp(op, results);
    return success();
  }
};

/// The scales of a thread's two rows.
std::array<Value, 2> rowScales(OpBuilder &b, Location loc, ScalesType type,
                               Value scales) {
  if (type.getKind() == ScaleKind::Scalar)
    return {scales, scales};
  return {extract(b, loc, scales, 0), extract(b, loc, scales, 1)};
}

/// rn(lhs scale * rhs scale) for each element of a fragment, computed once
/// for the elements that share it.
class Products {
public:
  Products(OpBuilder &b, Location loc, ScalesType lhsType, Value lhs,
           ScalesType type, Value rhs)
      : b(b), loc(loc), lhs(rowScales(b, loc, lhsType, lhs)),
        kind(type.getKind()), rhs(rhs) {
    if (kind == ScaleKind::Scalar) {
      for (int row : {0, 1})
        fixed[row][0] = multiply(row, rhs);
    } else if (kind == ScaleKind::Split) {
      for (int row : {0, 1})
        for (int64_t v = 0; v < kSplitValues; ++v)
          fixed[row][v] = multiply(row, extract(b, loc, rhs, v));
      // Columns before the next multiple of 128 belong to the first block.
      Value inside =
          arith::AndIOp::create(b, loc, extract(b, loc, rhs, kSplitValues),
                                constant(b, loc, kBlock - 1));
      edge = arith::SubIOp::create(b, loc, constant(b, loc, kBlock), inside);
      blocks = (type.getExtent() + kBlock - kGroupCols + kBlock - 1) / kBlock;
    }
  }

  Value get(int64_t group, int64_t row, int64_t col) {
    switch (kind) {
    case ScaleKind::Scalar:
      return fixed[row][0];
    case ScaleKind::Vector:
      return multiply(row, extract(b, loc, rhs, 2 * group + col));
    case ScaleKind::Split:
      break;
    }
    // The two columns of a group lie in one block: edges are multiples of
    // eight, as tiles start at multiples of eight.
    if (col == 0)
      chosen[row] = choose(group, row);
    return chosen[row];
  }

private:
  Value multiply(int64_t row, Value scale) {
    return LLVM::FMulOp::create(b, loc, lhs[row], scale);
  }

  Value choose(int64_t group, int64_t row) {
    int64_t first = group * kGroupCols;
    Value result = fixed[row][0];
    for (int64_t v = 1; v < kSplitValues && v < blocks; ++v) {
      Value beyond = arith::CmpIOp::create(
          b, loc, arith::CmpIPredicate::sge,
          constant(b, loc, first - (v - 1) * kBlock), edge);
      result = arith::SelectOp::create(b, loc, beyond, fixed[row][v], result);
    }
    return result;
  }

  OpBuilder &b;
  Location loc;
  std::array<Value, 2> lhs;
  ScaleKind kind;
  Value rhs, edge;
  int64_t blocks = 1;
  Value fixed[2][kSplitValues], chosen[2];
};

/// acc = fma(product(group, row, column), partial, acc) for each register of a
/// fragment. The result is pinned: LLVM would sink the FMAs of a slice below
/// the next slice's wgmma, which then needs registers of its own.
Value promote(OpBuilder &b, Location loc, FragmentType type, Value partial,
              Value acc,
              llvm::function_ref<Value(int64_t, int64_t, int64_t)> product) {
  for (int64_t group = 0; group < type.getShape()[1] / kGroupCols; ++group)
    for (int64_t i = 0; i < kGroupRegisters; ++i) {
      int64_t reg = group * kGroupRegisters + i;
      Value next = LLVM::FMAOp::create(b, loc, product(group, i / 2, i % 2),
                                       extract(b, loc, partial, reg),
                                       extract(b, loc, acc, reg));
      acc = LLVM::InsertValueOp::create(b, loc, acc, next, reg);
    }
  return pin(b, loc, acc);
}

struct ConvertPromote : ConvertOpToLLVMPattern<PromoteOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(PromoteOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    auto type = dyn_cast<FragmentType>(op.getType());
    if (!type)
      return b.notifyMatchFailure(op, "still on a whole tile");
    Location loc = op.getLoc();
    Products products(b, loc, op.getLhsScales().getType(),
                      adaptor.getLhsScales(), op.getRhsScales().getType(),
                      adaptor.getRhsScales());
    b.replaceOp(op,
                promote(b, loc, type, adaptor.getPartial(), adaptor.getAcc(),
                        [&](int64_t group, int64_t row, int64_t col) {
                          return products.get(group, row, col);
                        }));
    return success();
  }
};

struct ConvertPromoteBy : ConvertOpToLLVMPattern<PromoteByOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(PromoteByOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    b.replaceOp(op, promote(b, loc, op.getType(), adaptor.getPartial(),
                            adaptor.getAcc(),
                            [&](int64_t group, int64_t row, int64_t col) {
                              return extract(b, loc, adaptor.getProducts(),
                                             group * kGroupRegisters + row * 2 +
                                                 col);
                            }));
    return success();
  }
};

/// Pinned, so that LLVM does not sink the products below the wait.
struct ConvertMultiplyScales : ConvertOpToLLVMPattern<MultiplyScalesOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(MultiplyScalesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    FragmentType type = op.getType();
    Products products(b, loc, op.getLhsScales().getType(),
                      adaptor.getLhsScales(), op.getRhsScales().getType(),
                      adaptor.getRhsScales());
    SmallVector<Value> values;
    for (int64_t group = 0; group < type.getShape()[1] / kGroupCols; ++group)
      for (int64_t i = 0; i < kGroupRegisters; ++i)
        values.push_back(products.get(group, i / 2, i % 2));
    b.replaceOp(
        op, pin(b, loc,
                pack(b, loc, getTypeConverter()->convertType(type), values)));
    return success();
  }
};

struct ConvertReadScales : ConvertOpToLLVMPattern<ReadScalesOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(ReadScalesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    ScalesType type = op.getType();
    Type f32 = b.getF32Type();
    Value first =
        offsetBy(b, loc, adaptor.getBuffer(), mul(b, loc, adaptor.getRow(), 4));
    SmallVector<Value> values;
    if (type.getSide() == Side::Lhs) {
      bool thin = type.getExtent() < kFragmentRows;
      for (int64_t half : {0, 8}) {
        Value row = add(b, loc, fragmentRow(b, loc), half);
        if (thin) // rows beyond the last are never stored
          row = arith::MinSIOp::create(b, loc, row,
                                       constant(b, loc, type.getExtent() - 1));
        values.push_back(LLVM::LoadOp::create(
            b, loc, f32, offsetBy(b, loc, first, mul(b, loc, row, 4))));
      }
    } else {
      Value mine = offsetBy(b, loc, first, mul(b, loc, fragmentCol(b, loc), 4));
      auto two = VectorType::get({2}, f32);
      for (int64_t group = 0; group < type.getExtent() / kGroupCols; ++group) {
        Value both = LLVM::LoadOp::create(
            b, loc, two, offsetBy(b, loc, mine, group * kGroupCols * 4), 8);
        for (int64_t i : {0, 1})
          values.push_back(LLVM::ExtractElementOp::create(b, loc, both,
                                                          constant(b, loc, i)));
      }
    }
    b.replaceOp(op, pack(b, loc, convertScales(type), values));
    return success();
  }
};

struct ConvertLoadScales : ConvertOpToLLVMPattern<LoadScalesOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(LoadScalesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    ScalesType type = op.getType();
    bool vector = type.getKind() == ScaleKind::Vector;
    Value rows = vector ? adaptor.getBound()
                        : ceilDiv(b, loc, adaptor.getBound(), kBlock);
    Value last = add(b, loc, rows, -1);
    auto memref = mlir::cast<MemRefType>(op.getSource().getType());
    auto load = [&](Value row) -> Value {
      row = arith::MinSIOp::create(b, loc, row, last);
      auto wide = [&](Value value) -> Value {
        return arith::ExtUIOp::create(b, loc, b.getI64Type(), value);
      };
      Value address =
          getStridedElementPtr(b, loc, memref, adaptor.getSource(),
                               {wide(row), wide(adaptor.getBlock())});
      return LLVM::LoadOp::create(b, loc, b.getF32Type(), address);
    };
    SmallVector<Value> values;
    if (vector && type.getSide() == Side::Lhs) {
      Value row =
          arith::AddIOp::create(b, loc, adaptor.getRow(), fragmentRow(b, loc));
      values = {load(row), load(add(b, loc, row, 8))};
    } else if (vector) {
      Value col =
          arith::AddIOp::create(b, loc, adaptor.getRow(), fragmentCol(b, loc));
      for (int64_t i = 0; i < type.getExtent() / kGroupCols; ++i)
        for (int64_t j : {0, 1})
          values.push_back(load(add(b, loc, col, i * kGroupCols + j)));
    } else {
      Value block = arith::DivUIOp::create(b, loc, adaptor.getRow(),
                                           constant(b, loc, kBlock));
      if (type.getKind() == ScaleKind::Scalar) {
        b.replaceOp(op, load(block));
        return success();
      }
      for (int64_t v = 0; v < kSplitValues; ++v)
        values.push_back(load(add(b, loc, block, v)));
      values.push_back(adaptor.getRow());
    }
    b.replaceOp(op, pack(b, loc, convertScales(type), values));
    return success();
  }
};

struct ConvertPackScales : ConvertOpToLLVMPattern<PackScalesOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(PackScalesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    SmallVector<Value> values(adaptor.getValues());
    if (op.getType().getKind() == ScaleKind::Scalar) {
      b.replaceOp(op, values.front());
      return success();
    }
    while (values.size() < kSplitValues)
      values.push_back(values.back());
    values.push_back(adaptor.getFirst());
    b.replaceOp(op, pack(b, op.getLoc(), convertScales(op.getType()), values));
    return success();
  }
};

struct ConvertSliceScales : ConvertOpToLLVMPattern<SliceScalesOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(SliceScalesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    Value source = adaptor.getSource();
    if (op.getSource().getType().getKind() == ScaleKind::Scalar) {
      b.replaceOp(op, source);
      return success();
    }
    Value inside =
        arith::AndIOp::create(b, loc, extract(b, loc, source, kSplitValues),
                              constant(b, loc, kBlock - 1));
    Value first = arith::AddIOp::create(b, loc, inside, adaptor.getRow());
    auto choose = [&](Value row) {
      Value result = extract(b, loc, source, 0);
      for (int64_t v = 1; v < kSplitValues; ++v) {
        Value beyond = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge,
                                             row, constant(b, loc, v * kBlock));
        result = arith::SelectOp::create(b, loc, beyond,
                                         extract(b, loc, source, v), result);
      }
      return result;
    };
    if (op.getType().getKind() == ScaleKind::Scalar) {
      b.replaceOp(op, choose(first));
      return success();
    }
    Value row = arith::AddIOp::create(b, loc, first, fragmentRow(b, loc));
    b.replaceOp(op, pack(b, loc, convertScales(op.getType()),
                         {choose(row), choose(add(b, loc, row, 8))}));
    return success();
  }
};

} // namespace

void dgemm::addHopperTypeConversions(LLVMTypeConverter &converter) {
  converter.addConversion([](FragmentType type) {
    return fragmentStruct(type.getContext(), type.getShape());
  });
  converter.addConversion([](PendingType type) {
    return fragmentStruct(type.getContext(), type.getShape());
  });
  converter.addConversion([](ScalesType type) { return convertScales(type); });
  converter.addConversion(
      [](BufferType type) -> Type { return sharedPointer(type.getContext()); });
  converter.addConversion([](TensorMapType type) -> Type {
    return LLVM::LLVMPointerType::get(type.getContext());
  });
}

void dgemm::populateFragmentPatterns(LLVMTypeConverter &converter,
                                     RewritePatternSet &patterns) {
  patterns.add<ConvertZero, ConvertUndefined, ConvertFence, ConvertCommit,
               ConvertWgmma, ConvertWait, ConvertPromote, ConvertPromoteBy,
               ConvertMultiplyScales, ConvertReadScales, ConvertLoadScales,
               ConvertPackScales, ConvertSliceScales>(converter);
}
