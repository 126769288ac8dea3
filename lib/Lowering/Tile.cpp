// Rung tile: a dgemm.contract becomes a kernel with a loop over tiles.
#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "dgemm/Dialect/Hopper/Hopper.h"
#include "dgemm/Lowering/Kernel.h"
#include "dgemm/Lowering/Passes.h"
#include "dgemm/Target/SM90.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"

namespace dgemm {
#define GEN_PASS_DEF_DGEMMTILEPASS
#include "dgemm/Lowering/Passes.h.inc"
} // namespace dgemm

using namespace mlir;
using namespace dgemm;
using dgemm::dg::ContractOp;
using dgemm::dg::DispatchOp;
using dgemm::dg::ScheduleAttr;
using target::sm90::kBlock;

namespace {

/// Columns of one K block: the promotion interval of the operation.

/// Builds the kernel of one contraction.
class KernelBuilder {
public:
  KernelBuilder(ContractOp op, gpu::GPUModuleOp module)
      : op(op), schedule(op.getSchedule()), loc(op.getLoc()),
        b(op.getContext()), module(module) {}

  /// `when` is the launch record's condition for this kernel.
  gpu::GPUFuncOp build(StringRef name, StringRef when) {
    func = createKernel(name);
    addOperands();
    b.setInsertionPointToStart(&func.getBody().front());
    rows = extent(0, op.getLhs(), 0);
    cols = extent(1, op.getRhs(), 0);
    Value k = extent(2, op.getLhs(), 1);
    blocks = ceilDiv(b, loc, k, kBlock);
    buildTileLoop();
    gpu::ReturnOp::create(b, loc);
    describeLaunch(name, when);
    return func;
  }

private:
  gpu::GPUFuncOp createKernel(StringRef name) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(module.getBody());
    auto kernel = gpu::GPUFuncOp::create(
        b, loc, name, FunctionType::get(b.getContext(), {}, {}));
    kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
    kernel->setAttr(kScheduleAttr, schedule);
    return kernel;
  }

  StringRef getName(int64_t i) {
    return cast<StringAttr>(op.getNames()[i]).getValue();
  }
  StringRef getExtentName(int64_t i) {
    return cast<StringAttr>(op.getExtents()[i]).getValue();
  }

  void addOperands() {
    lhs = addPointer(op.getLhs(), getName(0));
    lhsScales = addPointer(op.getLhsScales(), getName(1));
    rhs = addPointer(op.getRhs(), getName(2));
    rhsScales = addPointer(op.getRhsScales(), getName(3));
    if (op.getInit())
      init = addPointer(op.getInit(), getName(4));
    dest = addPointer(op.getDest(), getName(5));
  }

  /// An operand as the kernel sees it: sizes and strides are static only
  /// where the launch record says so, since the same kernel serves them all.
  Value addPointer(Value value, StringRef name) {
    auto type = cast<MemRefType>(value.getType());
    SmallVector<int64_t> strides;
    for (Attribute stride :
         getRecordOperand(op.getRecord(), name).getAs<ArrayAttr>("strides"))
      strides.push_back(parseSize(stride));
    SmallVector<int64_t> shape(type.getRank(), ShapedType::kDynamic);
    auto general = MemRefType::get(
        shape, type.getElementType(),
        StridedLayoutAttr::get(b.getContext(), /*offset=*/0, strides));
    return addKernelArgument(
        func, general,
        b.getDictionaryAttr(
            {b.getNamedAttr("kind", b.getStringAttr("pointer")),
             b.getNamedAttr("operand", b.getStringAttr(name))}));
  }

  /// A problem size: a constant where the schedule specialises it.
  Value extent(int64_t index, Value operand, int64_t dim) {
    StringRef name = getExtentName(index);
    bool special = name == "M"   ? schedule.getSpecializeM()
                   : name == "N" ? schedule.getSpecializeN()
                                 : schedule.getSpecializeK();
    auto type = cast<MemRefType>(operand.getType());
    if (special && !type.isDynamicDim(dim))
      return constant(b, loc, type.getDimSize(dim));
    return addKernelArgument(
        func, b.getI32Type(),
        b.getDictionaryAttr({b.getNamedAttr("kind", b.getStringAttr("value")),
                             b.getNamedAttr("type", b.getStringAttr("i32")),
                             b.getNamedAttr("value", b.getStringAttr(name))}));
  }

  void buildTileLoop() {
    bool alongRows = schedule.getMulticast() != dg::Multicast::Lhs;
    auto work = hopper::DenseWorkOp::create(
        b, loc, rows, cols,
        b.getDenseI64ArrayAttr({schedule.getTileM(), schedule.getTileN()}),
        schedule.getRasterAxis() == dg::RasterAxis::M ? hopper::Axis::Rows
                                                      : hopper::Axis::Cols,
        schedule.getRasterWidth(), schedule.getCluster(),
        alongRows ? hopper::Axis::Rows : hopper::Axis::Cols);
    Value count = hopper::WorkCountOp::create(b, loc, work);
    auto worker = hopper::WorkerOp::create(b, loc);
    if (schedule.getPersistent()) {
      scf::ForOp::create(b, loc, worker.getIndex(), count, worker.getCount(),
                         ValueRange{},
                         [&](OpBuilder &, Location, Value item, ValueRange) {
                           buildTile(work, item);
                           scf::YieldOp::create(b, loc);
                         });
      return;
    }
    buildTile(work, worker.getIndex());
  }

  void buildTile(Value work, Value item) {
    auto at = hopper::WorkAtOp::create(b, loc, work, item);
    auto tileType = hopper::TileType::get(
        {schedule.getTileM(), schedule.getTileN()}, b.getF32Type());
    Value zero = hopper::ZeroOp::create(b, loc, tileType);
    auto [first, end] = blockRange();
    auto loop = scf::ForOp::create(
        b, loc, first, end, constant(b, loc, 1), zero,
        [&](OpBuilder &, Location, Value block, ValueRange acc) {
          Value next = buildBlock(at.getRow(), at.getCol(), block, acc[0]);
          scf::YieldOp::create(b, loc, next);
        });
    hopper::StoreOp::create(b, loc, loop.getResult(0), dest, at.getRow(),
                            at.getCol(), rows, cols, init, op.getTransposed(),
                            schedule.getSplitK());
  }

  /// The K blocks of this CTA: all, or its part in the order of the ranks.
  std::pair<Value, Value> blockRange() {
    if (schedule.getSplitK() == 1)
      return {constant(b, loc, 0), blocks};
    Value perPart = ceilDiv(b, loc, blocks, schedule.getSplitK());
    perPart = mul(b, loc, ceilDiv(b, loc, perPart, schedule.getKBlocks()),
                  schedule.getKBlocks());
    Value rank = hopper::BlockRankOp::create(b, loc);
    Value first = arith::MulIOp::create(b, loc, rank, perPart);
    first = arith::MinSIOp::create(b, loc, first, blocks);
    Value end = arith::AddIOp::create(b, loc, first, perPart);
    return {first, arith::MinSIOp::create(b, loc, end, blocks)};
  }

  /// acc = promote(acc, mma(lhs, rhs), scales) for one K block.
  Value buildBlock(Value row, Value col, Value block, Value acc) {
    Value k = arith::MulIOp::create(b, loc, block, constant(b, loc, kBlock));
    auto tile = [&](Value source, Value first, int64_t size) -> Value {
      auto type = hopper::TileType::get(
          {size, kBlock}, cast<MemRefType>(source.getType()).getElementType());
      return hopper::LoadOp::create(b, loc, type, source, first, k);
    };
    auto scales = [&](Value source, hopper::Side side, Value first, Value bound,
                      int64_t size, int64_t granularity) -> Value {
      auto type = hopper::ScalesType::get(
          b.getContext(), side, size, getScaleKind(side, size, granularity));
      return hopper::LoadScalesOp::create(b, loc, type, source, first, block,
                                          bound);
    };
    Value a = tile(lhs, row, schedule.getTileM());
    Value bt = tile(rhs, col, schedule.getTileN());
    Value sa = scales(lhsScales, hopper::Side::Lhs, row, rows,
                      schedule.getTileM(), op.getLhsBlock());
    Value sb = scales(rhsScales, hopper::Side::Rhs, col, cols,
                      schedule.getTileN(), op.getRhsBlock());
    Value partial = hopper::MmaOp::create(b, loc, acc.getType(), a, bt);
    return hopper::PromoteOp::create(b, loc, acc.getType(), partial, acc, sa,
                                     sb);
  }

  /// Tiles start at multiples of their size, so a side whose size divides
  /// 128 stays inside one block of 128.
  hopper::ScaleKind getScaleKind(hopper::Side, int64_t size,
                                 int64_t granularity) {
    if (granularity == 1)
      return hopper::ScaleKind::Vector;
    return granularity % size == 0 ? hopper::ScaleKind::Scalar
                                   : hopper::ScaleKind::Split;
  }

  void describeLaunch(StringRef name, StringRef when) {
    auto ceilDivText = [&](int64_t i, Value operand, int64_t size) {
      return "ceildiv(" + getExtentText(i, operand) + ", " +
             std::to_string(size) + ")";
    };
    // CTAs that take neighbouring tiles, and those that share one.
    int64_t cluster = schedule.getCluster();
    int64_t size = schedule.getClusterSize();
    bool alongRows = schedule.getMulticast() != dg::Multicast::Lhs;
    std::string tiles =
        ceilDivText(0, op.getLhs(),
                    schedule.getTileM() * (alongRows ? cluster : 1)) +
        " * " +
        ceilDivText(1, op.getRhs(),
                    schedule.getTileN() * (alongRows ? 1 : cluster));
    std::string times = size == 1 ? "" : " * " + std::to_string(size);
    std::string per = size == 1 ? "" : " / " + std::to_string(size);
    int64_t perSM = schedule.getCtasPerSM();
    std::string together = perSM == 1 ? "" : " * " + std::to_string(perSM);
    std::string grid = schedule.getPersistent() ? "min(sms" + together + per +
                                                      ", " + tiles + ")" + times
                                                : tiles + times;
    SmallVector<NamedAttribute> attrs = {
        b.getNamedAttr("name", b.getStringAttr(name)),
        b.getNamedAttr("when", b.getStringAttr(when)),
        b.getNamedAttr("block",
                       b.getI64ArrayAttr({schedule.getThreads(), 1, 1})),
        b.getNamedAttr("cluster", b.getI64ArrayAttr({size, 1, 1})),
        b.getNamedAttr("grid", b.getStrArrayAttr({grid, "1", "1"})),
        b.getNamedAttr("pdl",
                       b.getBoolAttr(schedule.getPdl() != dg::PDL::None)),
        b.getNamedAttr("preconditions", b.getArrayAttr({})),
    };
    if (schedule.getSplitK() > 1)
      attrs.push_back(b.getNamedAttr("parts", describeParts()));
    func->setAttr(hopper::kLaunchAttr, b.getDictionaryAttr(attrs));
    if (perSM > 1)
      func->setAttr(hopper::kBlocksPerSMAttr, b.getI64IntegerAttr(perSM));
  }

  /// What blockRange() computes, for those who check the sums.
  DictionaryAttr describeParts() {
    std::string perPart = "ceildiv(ceildiv(" + getExtentText(2, op.getLhs()) +
                          ", 128), " + std::to_string(schedule.getSplitK()) +
                          ")";
    if (schedule.getKBlocks() > 1)
      perPart = "align(" + perPart + ", " +
                std::to_string(schedule.getKBlocks()) + ")";
    return b.getDictionaryAttr(
        {b.getNamedAttr("count", b.getI64IntegerAttr(schedule.getSplitK())),
         b.getNamedAttr("kblocks", b.getStringAttr(perPart))});
  }

  std::string getExtentText(int64_t i, Value operand) {
    StringRef name = getExtentName(i);
    bool special = name == "M"   ? schedule.getSpecializeM()
                   : name == "N" ? schedule.getSpecializeN()
                                 : schedule.getSpecializeK();
    auto type = cast<MemRefType>(operand.getType());
    int64_t dim = i == 2 ? 1 : 0;
    if (special && !type.isDynamicDim(dim))
      return std::to_string(type.getDimSize(dim));
    return name.str();
  }

  ContractOp op;
  ScheduleAttr schedule;
  Location loc;
  OpBuilder b;
  gpu::GPUModuleOp module;
  gpu::GPUFuncOp func;
  Value lhs, lhsScales, rhs, rhsScales, init, dest;
  Value rows, cols, blocks;
};

struct TilePass : dgemm::impl::DGEMMTilePassBase<TilePass> {
  void runOnOperation() override {
    SmallVector<DispatchOp> dispatches;
    SmallVector<ContractOp> ops;
    getOperation().walk([&](Operation *op) {
      auto dispatch = dyn_cast<DispatchOp>(op);
      if (dispatch && isa<ContractOp>(dispatch.getProduct(0)))
        dispatches.push_back(dispatch);
      else if (auto contract = dyn_cast<ContractOp>(op))
        if (!isa<DispatchOp>(op->getParentOp()))
          ops.push_back(contract);
    });
    SymbolTable symbols(getOperation());
    for (DispatchOp op : dispatches)
      outline(op, symbols);
    for (ContractOp op : ops)
      outline(op, symbols);
  }

  static std::string getName(Operation *op) {
    if (auto func = op->getParentOfType<func::FuncOp>())
      return func.getName().str();
    return "gemm";
  }

  static gpu::GPUModuleOp createModule(Operation *op, DictionaryAttr record,
                                       SymbolTable &symbols) {
    OpBuilder b(op);
    auto module =
        gpu::GPUModuleOp::create(b, op->getLoc(), getName(op) + "_kernel");
    module->setAttr(hopper::kRecordAttr, record);
    module->remove();
    symbols.insert(module);
    return module;
  }

  void outline(ContractOp op, SymbolTable &symbols) {
    gpu::GPUModuleOp module = createModule(op, op.getRecord(), symbols);
    gpu::GPUFuncOp kernel = KernelBuilder(op, module).build(getName(op), "1");
    createLaunch(
        op, op,
        SymbolRefAttr::get(module.getNameAttr(),
                           {FlatSymbolRefAttr::get(kernel.getNameAttr())}));
    ++numKernels;
    op.erase();
  }

  /// A kernel for each case in one module, which the launch names: the record
  /// chooses between them.
  void outline(DispatchOp op, SymbolTable &symbols) {
    auto first = cast<ContractOp>(op.getProduct(0));
    gpu::GPUModuleOp module =
        createModule(op, composeRecord(op, first.getRecord()), symbols);
    Builder b(op.getContext());
    const unsigned cases = op.getCases().size();
    for (unsigned i = 0; i < cases; ++i) {
      auto contract = cast<ContractOp>(op.getProduct(i));
      std::string name = getName(op);
      if (i > 0)
        name += "_from_" + std::to_string(op.getRanges(i).front().first);
      gpu::GPUFuncOp kernel =
          KernelBuilder(contract, module).build(name, getCondition(op, i));
      NamedAttrList launch(
          kernel->getAttrOfType<DictionaryAttr>(hopper::kLaunchAttr));
      launch.set("schedule", b.getStringAttr(getScheduleText(contract)));
      kernel->setAttr(hopper::kLaunchAttr,
                      launch.getDictionary(b.getContext()));
      ++numKernels;
    }
    createLaunch(op, first, SymbolRefAttr::get(module.getNameAttr()));
    op.erase();
  }

  /// When the kernel of a case is launched, given that those of the cases
  /// before it are not.
  static std::string getCondition(DispatchOp op, unsigned index) {
    if (index + 1 == op.getCases().size())
      return "1";
    std::string condition;
    for (const DispatchOp::Range &range : op.getRanges(index)) {
      // Whether no case after this one is for a smaller M.
      bool isNext = true;
      for (unsigned i = index + 1; i < op.getCases().size(); ++i)
        isNext &= op.getRanges(i).front().first > range.first;
      std::string from = "M > " + std::to_string(range.first - 1);
      std::string to = range.last ? "M <= " + std::to_string(*range.last) : "";
      condition +=
          (condition.empty() ? "" : " || ") + (isNext && range.last ? to
                                               : range.last ? from + " && " + to
                                                            : from);
    }
    return condition;
  }

  /// The schedule as it was chosen: before operands were exchanged.
  static std::string getScheduleText(ContractOp op) {
    if (auto text = op.getRecord().getAs<StringAttr>("schedule"))
      return text.str();
    std::string text;
    llvm::raw_string_ostream os(text);
    os << Attribute(op.getScheduleAttr());
    return text;
  }

  /// The document that all cases share: what `record` says of the operands,
  /// and every schedule with its range.
  static DictionaryAttr composeRecord(DispatchOp op, DictionaryAttr record) {
    Builder b(op.getContext());
    std::string schedules;
    for (unsigned i = 0; i < op.getCases().size(); ++i)
      schedules += (i ? ", M " : "M ") + op.getRangeText(i) + ": " +
                   getScheduleText(cast<ContractOp>(op.getProduct(i)));
    NamedAttrList attrs(record);
    attrs.set("schedule", b.getStringAttr(schedules));
    return attrs.getDictionary(b.getContext());
  }

  static void createLaunch(Operation *at, ContractOp op, SymbolRefAttr kernel) {
    SmallVector<Value> operands = {op.getLhs(), op.getLhsScales(), op.getRhs(),
                                   op.getRhsScales()};
    SmallVector<Attribute> names(op.getNames().getValue().take_front(4));
    if (op.getInit()) {
      operands.push_back(op.getInit());
      names.push_back(op.getNames()[4]);
    }
    operands.push_back(op.getDest());
    names.push_back(op.getNames()[5]);
    OpBuilder b(at);
    dg::LaunchOp::create(b, at->getLoc(), kernel, operands,
                         b.getArrayAttr(names));
  }
};

} // namespace
