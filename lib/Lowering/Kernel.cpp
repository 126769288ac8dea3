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
