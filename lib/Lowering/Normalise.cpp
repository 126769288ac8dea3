// Rung normalise: a dgemm.gemm becomes one canonical dgemm.contract.
#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "dgemm/Lowering/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"
#include <map>

namespace dgemm {
#define GEN_PASS_DEF_DGEMMNORMALISEPASS
#include "dgemm/Lowering/Passes.h.inc"
} // namespace dgemm

using namespace mlir;
using namespace dgemm;
using namespace dgemm::dg;

namespace {

/// Writes down what the launch record says of an op, whatever its schedule
/// does: operands, preconditions, empty problems.
class RecordBuilder {
public:
  RecordBuilder(GemmOp op) : op(op), b(op.getContext()) {
    ScheduleAttr schedule = op.getScheduleAttr();
    fixed["M"] = schedule.getSpecializeM();
    fixed["N"] = schedule.getSpecializeN();
    fixed["K"] = schedule.getSpecializeK();
    fixedStrides = fixed["N"] || fixed["K"];
  }

  DictionaryAttr build() {
    std::string m = extent("M", op.getA(), 0);
    std::string n = extent("N", op.getB(), 0);
    std::string k = extent("K", op.getA(), 1);
    std::string blocks = "ceildiv(" + k + ", 128)";
    bool vector = cast<IntegerAttr>(op.getBBlock()[0]).getInt() == 1;
    std::string rows = vector ? n : "ceildiv(" + n + ", 128)";
    SmallVector<Attribute> operands;
    operands.push_back(operand("A", op.getA(), m, k, "lda", "1", "read"));
    operands.push_back(
        operand("SFA", op.getSfa(), m, blocks, "sfa_m", "sfa_k", "read"));
    operands.push_back(operand("B", op.getB(), n, k, "ldb", "1", "read"));
    operands.push_back(
        operand("SFB", op.getSfb(), rows, blocks, "sfb_n", "sfb_k", "read"));
    if (op.getC())
      operands.push_back(operand("C", op.getC(), m, n, "ldc", "1", "read"));
    operands.push_back(operand("D", op.getD(), m, n, "ldd", "1", "write"));

    std::string text;
    llvm::raw_string_ostream os(text);
    os << Attribute(op.getScheduleAttr());

    SmallVector<Attribute> empty = {
        rule(m + " == 0 || " + n + " == 0", "nothing"),
        rule(k + " == 0", op.getC() ? "copy_c" : "zero")};
    return b.getDictionaryAttr({
        b.getNamedAttr("operands", b.getArrayAttr(operands)),
        b.getNamedAttr("empty", b.getArrayAttr(empty)),
        b.getNamedAttr("schedule", b.getStringAttr(text)),
        b.getNamedAttr("target", b.getStringAttr("sm_90a")),
        b.getNamedAttr("workspace",
                       b.getDictionaryAttr(
                           {b.getNamedAttr("bytes", b.getStringAttr("0")),
                            b.getNamedAttr("zeroed", b.getBoolAttr(false))})),
    });
  }

private:
  /// A size as the record writes it: a number where the kernel is
  /// specialised to it, otherwise the name of the run-time value.
  std::string extent(StringRef name, Value operand, int64_t dim) {
    auto type = cast<MemRefType>(operand.getType());
    if (fixed[name.str()] && !type.isDynamicDim(dim))
      return std::to_string(type.getDimSize(dim));
    return name.str();
  }

  Attribute operand(StringRef name, Value value, const std::string &rows,
                    const std::string &cols, const std::string &rowStride,
                    const std::string &colStride, StringRef access) {
    auto type = cast<MemRefType>(value.getType());
    SmallVector<int64_t> strides;
    int64_t offset;
    (void)type.getStridesAndOffset(strides, offset);
    auto stride = [&](int64_t value, const std::string &name) {
      // A unit stride is what a kernel's access pattern is built on; others
      // are run-time values unless the kernel is specialised.
      bool known =
          !ShapedType::isDynamic(value) && (value == 1 || fixedStrides);
      return b.getStringAttr(known ? std::to_string(value) : name);
    };
    StringRef dtype = isa<Float8E4M3FNType>(type.getElementType()) ? "e4m3"
                      : type.getElementType().isBF16()             ? "bf16"
                                                                   : "f32";
    int64_t bytes = (type.getElementTypeBitWidth() + 7) / 8;
    return b.getDictionaryAttr({
        b.getNamedAttr("name", b.getStringAttr(name)),
        b.getNamedAttr("dtype", b.getStringAttr(dtype)),
        b.getNamedAttr("shape", b.getStrArrayAttr({rows, cols})),
        b.getNamedAttr("strides",
                       b.getArrayAttr({stride(strides[0], rowStride),
                                       stride(strides[1], colStride)})),
        b.getNamedAttr("access", b.getStringAttr(access)),
        b.getNamedAttr("align", b.getI64IntegerAttr(
                                    name == "A" || name == "B" ? 16 : bytes)),
    });
  }

  Attribute rule(const std::string &when, StringRef action) {
    return b.getDictionaryAttr(
        {b.getNamedAttr("when", b.getStringAttr(when)),
         b.getNamedAttr("action", b.getStringAttr(action))});
  }

  GemmOp op;
  Builder b;
  std::map<std::string, bool> fixed;
  bool fixedStrides;
};

struct NormalisePass : dgemm::impl::DGEMMNormalisePassBase<NormalisePass> {
  void runOnOperation() override {
    SmallVector<GemmOp> ops;
    getOperation()->walk([&](GemmOp op) { ops.push_back(op); });
    for (GemmOp op : ops)
      if (failed(normalise(op)))
        return signalPassFailure();
  }

  LogicalResult normalise(GemmOp op) {
    if (!isa<MemRefType>(op.getD().getType()))
      return op.emitOpError("is on tensors: bufferize it first");
    ScheduleAttr schedule = op.getScheduleAttr();
    if (!schedule)
      return op.emitOpError("has no schedule: run dgemm-select-schedule or "
                            "write one");
    auto a = cast<MemRefType>(op.getA().getType());
    // A loop over one block or none would fold away under the rungs below.
    if (!a.isDynamicDim(1) && a.getDimSize(1) <= 128) {
      Schedule shortK = schedule.getValue();
      shortK.specializeK = false;
      schedule = ScheduleAttr::get(op.getContext(), shortK);
      op.setScheduleAttr(schedule);
    }
    DictionaryAttr record = RecordBuilder(op).build();
    OpBuilder b(op);
    int64_t aBlock = cast<IntegerAttr>(op.getABlock()[0]).getInt();
    int64_t bBlock = cast<IntegerAttr>(op.getBBlock()[0]).getInt();
    // A K that the type knows bounds the scales of a tile exactly.
    Schedule canonical = schedule.getValue();
    if (!a.isDynamicDim(1))
      canonical.maxKBlocks =
          std::max<int64_t>(1, llvm::divideCeil(a.getDimSize(1), 128));
    bool swap = std::exchange(canonical.swap, false);
    schedule = ScheduleAttr::get(op.getContext(), canonical);
    if (swap) {
      ++numSwapped;
      ContractOp::create(b, op.getLoc(), op.getB(), op.getSfb(), op.getA(),
                         op.getSfa(), op.getC(), op.getD(), bBlock, aBlock,
                         /*transposed=*/true,
                         b.getStrArrayAttr({"B", "SFB", "A", "SFA", "C", "D"}),
                         b.getStrArrayAttr({"N", "M", "K"}), record, schedule);
    } else {
      ContractOp::create(b, op.getLoc(), op.getA(), op.getSfa(), op.getB(),
                         op.getSfb(), op.getC(), op.getD(), aBlock, bBlock,
                         /*transposed=*/false,
                         b.getStrArrayAttr({"A", "SFA", "B", "SFB", "C", "D"}),
                         b.getStrArrayAttr({"M", "N", "K"}), record, schedule);
    }
    op.erase();
    return success();
  }
};

} // namespace
