// Effects and verification of the operations of the dgemm dialect. The labels
// are those of the op's description in DGEMMOps.td.

#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "dgemm/Dialect/DGEMM/ScheduleVerifier.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dgemm::dg;
namespace sm90 = dgemm::target::sm90;

//===-- Effects -----------------------------------------------------------===//

void GemmOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  auto add = [&](OpOperand &operand, MemoryEffects::Effect *effect) {
    if (isa<MemRefType>(operand.get().getType()))
      effects.emplace_back(effect, &operand,
                           SideEffects::DefaultResource::get());
  };
  for (OpOperand *input : getDpsInputOperands())
    add(*input, MemoryEffects::Read::get());
  // D is written and never read: what it held before has no influence.
  add(getDMutable(), MemoryEffects::Write::get());
}

//===-- Facts for schedules -----------------------------------------------===//

/// Strides in elements. A tensor counts as its contiguous buffer.
static SmallVector<int64_t, 2> getStrides(Value value) {
  auto type = cast<ShapedType>(value.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  // A memref without strides is C11's or C15's to report.
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref || failed(memref.getStridesAndOffset(strides, offset)))
    return {type.getDimSize(1), 1};
  return {strides[0], strides[1]};
}

ProblemFacts dgemm::dg::getProblemFacts(GemmOp op) {
  ProblemFacts facts;
  auto shape = [](Value value) {
    return cast<ShapedType>(value.getType()).getShape();
  };
  // Either side of an equality may be the one that is static.
  auto either = [](int64_t a, int64_t b) {
    return ShapedType::isDynamic(a) ? b : a;
  };
  facts.m = either(shape(op.getA())[0], shape(op.getD())[0]);
  facts.n = either(shape(op.getB())[0], shape(op.getD())[1]);
  facts.k = either(shape(op.getA())[1], shape(op.getB())[1]);
  facts.vectorB = op.hasVectorBScales();
  facts.hasC = op.getC() != nullptr;
  facts.elementBytes =
      getElementTypeOrSelf(op.getD()).getIntOrFloatBitWidth() / 8;
  facts.strideA = getStrides(op.getA())[0];
  facts.strideB = getStrides(op.getB())[0];
  facts.strideC = op.getC() ? getStrides(op.getC())[0] : 0;
  facts.strideD = getStrides(op.getD())[0];
  llvm::copy(getStrides(op.getSfa()), facts.strideSFA);
  llvm::copy(getStrides(op.getSfb()), facts.strideSFB);
  return facts;
}

//===-- Verification ------------------------------------------------------===//

namespace {

/// An operand with the name that diagnostics give it.
struct Named {
  StringRef name;
  Value value;

  ShapedType getType() const { return cast<ShapedType>(value.getType()); }
  int64_t getDim(unsigned i) const { return getType().getDimSize(i); }
  /// "A (4x128)"
  std::string str() const {
    std::string text;
    llvm::raw_string_ostream os(text);
    os << name << " (";
    llvm::interleave(
        getType().getShape(), os,
        [&](int64_t size) {
          if (ShapedType::isDynamic(size))
            os << '?';
          else
            os << size;
        },
        "x");
    os << ")";
    return text;
  }
};

bool isKnown(int64_t value) { return !ShapedType::isDynamic(value); }

/// Dimension `i` of `x` and `j` of `y` are the same size, called `size`.
LogicalResult checkSameSize(GemmOp op, StringRef size, const Named &x,
                            unsigned i, const Named &y, unsigned j) {
  const int64_t a = x.getDim(i), b = y.getDim(j);
  if (!isKnown(a) || !isKnown(b) || a == b)
    return success();
  return op.emitOpError() << size << " is " << a << " in " << x.str() << " but "
                          << b << " in " << y.str();
}

/// Dimension `i` of the scales counts the blocks of `block` elements along
/// dimension `j` of the operand.
LogicalResult checkScaleSize(GemmOp op, const Named &scales, unsigned i,
                             const Named &operand, unsigned j, int64_t block) {
  const int64_t actual = scales.getDim(i), size = operand.getDim(j);
  if (!isKnown(actual) || !isKnown(size))
    return success();
  const int64_t expected = llvm::divideCeil(size, block);
  if (actual == expected)
    return success();
  return op.emitOpError() << "dimension " << i << " of " << scales.str()
                          << " is " << actual << ", but dimension " << j
                          << " of " << operand.str() << " has " << expected
                          << " blocks of " << block;
}

LogicalResult checkBlock(GemmOp op, StringRef name, ArrayAttr block,
                         bool mayBeSquare) {
  auto is = [&](ArrayRef<int64_t> sizes) {
    return llvm::equal(block.getAsValueRange<IntegerAttr>(), sizes,
                       [](const APInt &a, int64_t b) { return a == b; });
  };
  if (is({1, 128}) || (mayBeSquare && is({128, 128})))
    return success();
  return op.emitOpError() << name << " must be [1, 128]"
                          << (mayBeSquare ? " or [128, 128]" : "") << ", not "
                          << block;
}

/// What holds for A, B, C and D alike.
LogicalResult checkLayout(GemmOp op, const Named &operand) {
  auto type = dyn_cast<MemRefType>(operand.value.getType());
  if (!type)
    return success();
  SmallVector<int64_t, 2> strides;
  int64_t offset;
  // C11
  if (failed(type.getStridesAndOffset(strides, offset)))
    return op.emitOpError() << "the layout of " << operand.str()
                            << " has no strides: " << type.getLayout();
  if (strides[1] != 1) {
    InFlightDiagnostic diagnostic = op.emitOpError();
    diagnostic << "the rows of " << operand.str()
               << " must be contiguous, but the stride within a row is ";
    if (isKnown(strides[1]))
      return diagnostic << strides[1];
    return diagnostic << "dynamic (to bufferize functions, use "
                      << "function-boundary-type-conversion="
                      << "identity-layout-map)";
  }
  // C14
  const int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  if (rows != 0 && rows != 1 && isKnown(strides[0]) && isKnown(columns) &&
      strides[0] < columns)
    return op.emitOpError()
           << "rows of " << operand.str() << " overlap: the row stride is "
           << strides[0] << " and a row has " << columns << " elements";
  return success();
}

/// What TMA asks of an FP8 operand.
LogicalResult checkTMA(GemmOp op, const Named &operand) {
  auto type = dyn_cast<MemRefType>(operand.value.getType());
  if (!type)
    return success();
  SmallVector<int64_t, 2> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return success();
  // C12
  if (isKnown(strides[0])) {
    std::string message =
        sm90::checkTMAStride(operand.str(), strides[0], /*elementBytes=*/1);
    if (!message.empty())
      return op.emitOpError() << message;
  }
  // C13
  if (isKnown(offset) && offset % sm90::tmaAlignment != 0)
    return op.emitOpError() << operand.str() << " starts at offset " << offset
                            << ", and TMA takes addresses that are multiples "
                            << "of " << sm90::tmaAlignment << " bytes";
  return success();
}

/// Scales have strides, and none is negative.
LogicalResult checkScaleLayout(GemmOp op, const Named &scales) {
  auto type = dyn_cast<MemRefType>(scales.value.getType());
  if (!type)
    return success();
  SmallVector<int64_t, 2> strides;
  int64_t offset;
  // C15
  if (failed(type.getStridesAndOffset(strides, offset)))
    return op.emitOpError() << "the layout of " << scales.str()
                            << " has no strides: " << type.getLayout();
  for (int64_t stride : strides)
    if (isKnown(stride) && stride < 0)
      return op.emitOpError() << "the strides of " << scales.str()
                              << " must not be negative, but one is " << stride;
  return success();
}

/// Operands live in global memory.
LogicalResult checkMemorySpace(GemmOp op, const Named &operand) {
  auto type = dyn_cast<MemRefType>(operand.value.getType());
  if (!type || !type.getMemorySpace())
    return success();
  // C16
  auto space = dyn_cast<IntegerAttr>(type.getMemorySpace());
  if (space && space.getInt() == 1)
    return success();
  return op.emitOpError() << operand.str() << " must be in global memory "
                          << "(memory space 1 or none), not in "
                          << type.getMemorySpace();
}

} // namespace

LogicalResult GemmOp::verify() {
  const Named a{"A", getA()}, sfa{"SFA", getSfa()}, b{"B", getB()},
      sfb{"SFB", getSfb()}, d{"D", getD()};
  SmallVector<Named, 6> operands = {a, sfa, b, sfb};
  if (getC())
    operands.push_back({"C", getC()});
  operands.push_back(d);

  // C1
  const bool onTensors = isa<TensorType>(d.getType());
  for (const Named &operand : operands)
    if (isa<TensorType>(operand.getType()) != onTensors)
      return emitOpError() << "operands must be all tensors or all memrefs, "
                           << "but " << operand.name << " is "
                           << operand.getType() << " and D is " << d.getType();
  // C2, C3
  if (failed(checkBlock(*this, "a_block", getABlock(), false)) ||
      failed(checkBlock(*this, "b_block", getBBlock(), true)))
    return failure();
  // C4
  if (getPromote() != sm90::kBlock)
    return emitOpError() << "promote must be " << sm90::kBlock
                         << ", the K elements of a scale block, not "
                         << getPromote();
  // C5
  if (failed(checkSameSize(*this, "K", a, 1, b, 1)) ||
      // C6
      failed(checkSameSize(*this, "M", a, 0, d, 0)) ||
      // C7
      failed(checkSameSize(*this, "N", b, 0, d, 1)))
    return failure();
  // C8, C9
  const int64_t rowsB = hasVectorBScales() ? 1 : sm90::kBlock;
  if (failed(checkScaleSize(*this, sfa, 0, a, 0, 1)) ||
      failed(checkScaleSize(*this, sfa, 1, a, 1, sm90::kBlock)) ||
      failed(checkScaleSize(*this, sfb, 0, b, 0, rowsB)) ||
      failed(checkScaleSize(*this, sfb, 1, b, 1, sm90::kBlock)))
    return failure();
  // C10
  if (getC()) {
    const Named c{"C", getC()};
    if (getElementTypeOrSelf(getC()) != getElementTypeOrSelf(getD()))
      return emitOpError() << "C has elements of type "
                           << getElementTypeOrSelf(getC()) << ", but D of "
                           << getElementTypeOrSelf(getD());
    if (failed(checkSameSize(*this, "M", c, 0, d, 0)) ||
        failed(checkSameSize(*this, "N", c, 1, d, 1)))
      return failure();
  }
  for (const Named &operand : operands) {
    const bool isScale = operand.name.starts_with("SF");
    if (failed(isScale ? checkScaleLayout(*this, operand)
                       : checkLayout(*this, operand)) ||
        failed(checkMemorySpace(*this, operand)))
      return failure();
  }
  if (failed(checkTMA(*this, a)) || failed(checkTMA(*this, b)))
    return failure();
  // C17
  if (ScheduleAttr schedule = getScheduleAttr())
    return checkSchedule(schedule.getValue(), getProblemFacts(*this), [&] {
      return emitOpError() << "cannot use its schedule: ";
    });
  return success();
}

bool GemmOp::hasVectorBScales() {
  return cast<IntegerAttr>(getBBlock()[0]).getInt() == 1;
}

#define GET_OP_CLASSES
#include "dgemm/Dialect/DGEMM/DGEMMOps.cpp.inc"
