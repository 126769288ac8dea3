// Replaces a dgemm.gemm on constants by its result, bit for bit.

#include "dgemm/Dialect/DGEMM/Transforms/Passes.h"
#include "dgemm/Dialect/DGEMM/Transforms/Transforms.h"
#include "dgemm/Reference/Reference.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

namespace dgemm::dg {
#define GEN_PASS_DEF_DGEMMEVALUATEPASS
#include "dgemm/Dialect/DGEMM/Transforms/Passes.h.inc"
} // namespace dgemm::dg

using namespace mlir;
using namespace dgemm;
using namespace dgemm::dg;

namespace {
/// A constant operand with every element spelled out.
struct Constant {
  std::vector<char> bytes;
  /// Of a row, in elements.
  int64_t stride = 0;

  template <typename T> const T *as() const {
    return reinterpret_cast<const T *>(bytes.data());
  }
};
} // namespace

static FailureOr<Constant> matchConstant(Value value) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)))
    return failure();
  ArrayRef<char> raw = elements.getRawData();
  Constant constant;
  constant.stride = elements.getType().getDimSize(1);
  int64_t copies = elements.isSplat() ? elements.getNumElements() : 1;
  constant.bytes.reserve(copies * raw.size());
  for (int64_t i = 0; i < copies; ++i)
    constant.bytes.insert(constant.bytes.end(), raw.begin(), raw.end());
  return constant;
}

LogicalResult dgemm::dg::evaluateGemm(RewriterBase &rewriter, GemmOp op,
                                      bool exact) {
  if (!op.getResult())
    return rewriter.notifyMatchFailure(op, "works on memrefs");
  FailureOr<Constant> a = matchConstant(op.getA());
  FailureOr<Constant> sfa = matchConstant(op.getSfa());
  FailureOr<Constant> b = matchConstant(op.getB());
  FailureOr<Constant> sfb = matchConstant(op.getSfb());
  if (failed(a) || failed(sfa) || failed(b) || failed(sfb))
    return rewriter.notifyMatchFailure(op, "an operand is not constant");
  FailureOr<Constant> c = Constant();
  if (op.getC())
    c = matchConstant(op.getC());
  if (failed(c))
    return rewriter.notifyMatchFailure(op, "C is not constant");

  auto aType = cast<RankedTensorType>(op.getA().getType());
  auto bType = cast<RankedTensorType>(op.getB().getType());
  auto dType = cast<RankedTensorType>(op.getResult().getType());
  if (!dType.hasStaticShape())
    return rewriter.notifyMatchFailure(op, "D has a dynamic shape");

  reference::Problem p;
  p.m = aType.getDimSize(0);
  p.n = bType.getDimSize(0);
  p.k = aType.getDimSize(1);
  p.a = a->as<uint8_t>();
  p.aStride = a->stride;
  p.b = b->as<uint8_t>();
  p.bStride = b->stride;
  p.sfa = sfa->as<float>();
  p.sfaRowStride = sfa->stride;
  p.sfb = sfb->as<float>();
  p.sfbRowStride = sfb->stride;
  p.sfaBlockStride = p.sfbBlockStride = 1;
  p.sfbRows = cast<IntegerAttr>(op.getBBlock()[0]).getInt();
  p.type = dType.getElementType().isF32() ? reference::OutputType::F32
                                          : reference::OutputType::BF16;
  p.mode = exact ? reference::Mode::Exact : reference::Mode::Hardware;
  if (op.getC())
    p.c = c->as<void>();
  std::vector<char> d(dType.getNumElements() *
                      (dType.getElementTypeBitWidth() / 8));
  p.d = d.data();
  p.cStride = p.dStride = p.n;
  if (std::string error = reference::evaluate(p); !error.empty())
    return op.emitOpError("cannot be evaluated: ") << error;

  auto value = DenseElementsAttr::getFromRawBuffer(dType, d);
  rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, value);
  return success();
}

namespace {
struct DGEMMEvaluatePass
    : public dgemm::dg::impl::DGEMMEvaluatePassBase<DGEMMEvaluatePass> {
  using DGEMMEvaluatePassBase::DGEMMEvaluatePassBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](GemmOp op) {
      rewriter.setInsertionPoint(op);
      ++(succeeded(evaluateGemm(rewriter, op, exact)) ? numEvaluated : numLeft);
    });
  }
};
} // namespace
