// What the rungs share about kernels: arguments, records, index arithmetic.
#include "dgemm/Lowering/Kernel.h"

using namespace mlir;
using namespace dgemm;

dg::ScheduleAttr dgemm::getSchedule(gpu::GPUFuncOp kernel) {
  return kernel->getAttrOfType<dg::ScheduleAttr>(kScheduleAttr);
}

Value dgemm::addKernelArgument(gpu::GPUFuncOp kernel, Type type,
                               DictionaryAttr description) {
  unsigned index = kernel.getNumArguments();
  Builder b(kernel.getContext());
  auto attrs =
      b.getDictionaryAttr({b.getNamedAttr(hopper::kArgAttr, description)});
  (void)kernel.insertArgument(index, type, attrs, kernel.getLoc());
  return kernel.getArgument(index);
}

void dgemm::dropUnusedArguments(gpu::GPUFuncOp kernel) {
  BitVector unused(kernel.getNumArguments());
  for (BlockArgument arg : kernel.getArguments())
    if (arg.use_empty())
      unused.set(arg.getArgNumber());
  (void)kernel.eraseArguments(unused);
}

DictionaryAttr dgemm::getRecordOperand(DictionaryAttr record, StringRef name) {
  for (Attribute entry : record.getAs<ArrayAttr>("operands")) {
    auto operand = cast<DictionaryAttr>(entry);
    if (operand.getAs<StringAttr>("name").getValue() == name)
      return operand;
  }
  llvm_unreachable("the record names every operand of the problem");
}

void dgemm::addPrecondition(gpu::GPUFuncOp kernel, const Twine &check,
                            const Twine &message) {
  Builder b(kernel.getContext());
  auto launch = kernel->getAttrOfType<DictionaryAttr>(hopper::kLaunchAttr);
  NamedAttrList attrs(launch);
  SmallVector<Attribute> checks(
      launch.getAs<ArrayAttr>("preconditions").getValue());
  checks.push_back(b.getDictionaryAttr(
      {b.getNamedAttr("check", b.getStringAttr(check)),
       b.getNamedAttr("message", b.getStringAttr(message))}));
  attrs.set("preconditions", b.getArrayAttr(checks));
  kernel->setAttr(hopper::kLaunchAttr, attrs.getDictionary(b.getContext()));
}

Value dgemm::addTensorMap(gpu::GPUFuncOp kernel, StringRef name,
                          const TensorMap &map) {
  Builder b(kernel.getContext());
  auto texts = [&](ArrayRef<std::string> values) {
    return b.getStrArrayAttr(llvm::to_vector_of<StringRef>(values));
  };
  SmallVector<int64_t> steps(map.box.size(), 1);
  NamedAttribute attrs[] = {
      b.getNamedAttr("kind", b.getStringAttr("tensor_map")),
      b.getNamedAttr("operand", b.getStringAttr(name)),
      b.getNamedAttr("dtype", getOperand(kernel, name).get("dtype")),
      b.getNamedAttr("sizes", texts(map.sizes)),
      b.getNamedAttr("strides", texts(map.strides)),
      b.getNamedAttr("box", b.getI64ArrayAttr(map.box)),
      b.getNamedAttr("element_strides", b.getI64ArrayAttr(steps)),
      b.getNamedAttr("swizzle", b.getI64IntegerAttr(map.swizzle)),
      b.getNamedAttr("interleave", b.getI64IntegerAttr(0)),
      b.getNamedAttr("fill", b.getStringAttr("zero")),
      b.getNamedAttr("l2_promotion", b.getI64IntegerAttr(256)),
  };
  return addKernelArgument(kernel, hopper::TensorMapType::get(b.getContext()),
                           b.getDictionaryAttr(attrs));
}

int64_t dgemm::getSwizzle(int64_t rowBytes) {
  return rowBytes == 32 || rowBytes == 64 || rowBytes == 128 ? rowBytes : 0;
}

DictionaryAttr dgemm::getOperand(gpu::GPUFuncOp kernel, StringRef name) {
  return getRecordOperand(
      kernel->getParentOfType<gpu::GPUModuleOp>()
          ->getAttrOfType<DictionaryAttr>(hopper::kRecordAttr),
      name);
}

StringRef dgemm::getOperandName(Value argument) {
  auto arg = cast<BlockArgument>(argument);
  auto kernel = cast<gpu::GPUFuncOp>(arg.getOwner()->getParentOp());
  return kernel
      .getArgAttrOfType<DictionaryAttr>(arg.getArgNumber(), hopper::kArgAttr)
      .getAs<StringAttr>("operand")
      .getValue();
}

StringRef dgemm::getOperandText(DictionaryAttr operand, StringRef key,
                                int64_t i) {
  return cast<StringAttr>(operand.getAs<ArrayAttr>(key)[i]).getValue();
}

void dgemm::requireAlignment(gpu::GPUFuncOp kernel, StringRef name) {
  auto module = kernel->getParentOfType<gpu::GPUModuleOp>();
  Builder b(kernel.getContext());
  NamedAttrList record(
      module->getAttrOfType<DictionaryAttr>(hopper::kRecordAttr));
  SmallVector<Attribute> operands;
  for (Attribute entry : cast<ArrayAttr>(record.get("operands"))) {
    NamedAttrList operand(cast<DictionaryAttr>(entry));
    if (cast<StringAttr>(operand.get("name")).getValue() == name)
      operand.set("align", b.getI64IntegerAttr(16));
    operands.push_back(operand.getDictionary(b.getContext()));
  }
  record.set("operands", b.getArrayAttr(operands));
  module->setAttr(hopper::kRecordAttr, record.getDictionary(b.getContext()));
}

int64_t dgemm::parseSize(Attribute text) {
  int64_t value;
  if (cast<StringAttr>(text).getValue().getAsInteger(10, value))
    return ShapedType::kDynamic;
  return value;
}

Value dgemm::constant(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(value));
}

static std::optional<int64_t> getConstant(Value value) {
  IntegerAttr attr;
  if (auto op = value.getDefiningOp<arith::ConstantOp>())
    if ((attr = dyn_cast<IntegerAttr>(op.getValue())))
      return attr.getInt();
  return std::nullopt;
}

Value dgemm::add(OpBuilder &b, Location loc, Value lhs, Value rhs) {
  if (auto value = getConstant(rhs))
    return add(b, loc, lhs, *value);
  return arith::AddIOp::create(b, loc, lhs, rhs);
}

Value dgemm::add(OpBuilder &b, Location loc, Value lhs, int64_t rhs) {
  if (rhs == 0)
    return lhs;
  if (auto value = getConstant(lhs))
    return constant(b, loc, *value + rhs);
  return arith::AddIOp::create(b, loc, lhs, constant(b, loc, rhs));
}

Value dgemm::mul(OpBuilder &b, Location loc, Value lhs, int64_t rhs) {
  if (rhs == 1)
    return lhs;
  if (auto value = getConstant(lhs))
    return constant(b, loc, *value * rhs);
  return arith::MulIOp::create(b, loc, lhs, constant(b, loc, rhs));
}

// Sizes are at least 0 and at most 2^31 - 256, so neither form overflows.
Value dgemm::ceilDiv(OpBuilder &b, Location loc, Value lhs, int64_t rhs) {
  if (auto value = getConstant(lhs))
    return constant(b, loc, llvm::divideCeil(*value, rhs));
  Value sum = add(b, loc, lhs, rhs - 1);
  return arith::DivUIOp::create(b, loc, sum, constant(b, loc, rhs));
}
