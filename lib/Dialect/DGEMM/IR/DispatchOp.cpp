// Text form and verification of dgemm.dispatch. The labels are those of the
// op's description in DGEMMContractOps.td.

#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "mlir/IR/OpImplementation.h"

#include <map>

using namespace mlir;
using namespace dgemm::dg;

//===-- Text form ---------------------------------------------------------===//

std::string DispatchOp::getRangeText(unsigned index) {
  const std::string first = std::to_string(getFirst(index));
  std::optional<int64_t> last = getLast(index);
  if (!last)
    return "from " + first;
  return *last == getFirst(index) ? first
                                  : first + " to " + std::to_string(*last);
}

void DispatchOp::print(OpAsmPrinter &printer) {
  for (auto [index, region] : llvm::enumerate(getCases())) {
    printer << " case " << getRangeText(index) << " ";
    printer.printRegion(region, /*printEntryBlockArgs=*/false,
                        /*printBlockTerminators=*/false);
  }
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"bounds"});
}

ParseResult DispatchOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<int64_t> bounds;
  int64_t next = 1;
  bool open = false;
  while (!open) {
    if (parser.parseKeyword("case", ": the last one has no end, 'case from'"))
      return failure();
    SMLoc loc = parser.getCurrentLocation();
    open = succeeded(parser.parseOptionalKeyword("from"));
    int64_t first, last;
    if (parser.parseInteger(first))
      return failure();
    last = first;
    if (!open && succeeded(parser.parseOptionalKeyword("to")) &&
        parser.parseInteger(last))
      return failure();
    if (first != next)
      return parser.emitError(loc)
             << "this case begins at M = " << first << ", but must begin at "
             << next << " to leave no gap and no overlap";
    if (last < first)
      return parser.emitError(loc)
             << "the case from M = " << first << " ends at " << last;
    if (!open)
      bounds.push_back(last);
    next = last + 1;
    Region *region = result.addRegion();
    if (parser.parseRegion(*region))
      return failure();
    if (region->empty())
      region->emplaceBlock();
  }
  result.addAttribute("bounds",
                      parser.getBuilder().getDenseI64ArrayAttr(bounds));
  return parser.parseOptionalAttrDictWithKeyword(result.attributes);
}

//===-- Verification ------------------------------------------------------===//

namespace {

/// A product's operands by their names in the launch record.
using Operands = std::map<StringRef, Value>;

Operands getOperands(Operation *op) {
  Operands operands;
  if (auto gemm = dyn_cast<GemmOp>(op)) {
    operands = {{"A", gemm.getA()}, {"SFA", gemm.getSfa()},
                {"B", gemm.getB()}, {"SFB", gemm.getSfb()},
                {"C", gemm.getC()}, {"D", gemm.getD()}};
    return operands;
  }
  auto contract = cast<ContractOp>(op);
  auto add = [&](unsigned index, Value value) {
    operands[cast<StringAttr>(contract.getNames()[index]).getValue()] = value;
  };
  add(0, contract.getLhs());
  add(1, contract.getLhsScales());
  add(2, contract.getRhs());
  add(3, contract.getRhsScales());
  add(4, contract.getInit());
  add(5, contract.getDest());
  return operands;
}

/// What must be equal besides operands.
Attribute getMeaning(Operation *op) {
  NamedAttrList attrs(op->getAttrDictionary());
  attrs.erase("schedule");
  if (auto contract = dyn_cast<ContractOp>(op)) {
    // The order of the sides is the schedule's, too.
    NamedAttrList record(contract.getRecord());
    record.erase("schedule");
    return record.getDictionary(op->getContext());
  }
  return attrs.getDictionary(op->getContext());
}

bool isDynamicRows(Value value) {
  return cast<ShapedType>(value.getType()).isDynamicDim(0);
}

ScheduleAttr getSchedule(Operation *op) {
  return op->getAttrOfType<ScheduleAttr>("schedule");
}

std::string getConstants(ScheduleAttr schedule) {
  std::string text;
  for (auto [name, constant] : {std::pair("m", schedule.getSpecializeM()),
                                std::pair("n", schedule.getSpecializeN()),
                                std::pair("k", schedule.getSpecializeK())})
    if (constant)
      text += (text.empty() ? "" : ", ") + std::string(name);
  return "[" + text + "]";
}

} // namespace

LogicalResult DispatchOp::verify() {
  // R1
  if (getCases().empty() || getBounds().size() + 1 != getCases().size())
    return emitOpError() << "has " << getCases().size() << " cases and "
                         << getBounds().size()
                         << " bounds; all cases but the last need one";
  // R2
  for (unsigned i = 0; i < getBounds().size(); ++i)
    if (getBounds()[i] < getFirst(i))
      return emitOpError() << "bounds must be positive and ascend, but "
                           << getBounds()[i] << " follows " << getFirst(i) - 1;
  return success();
}

LogicalResult DispatchOp::verifyRegions() {
  // R3
  for (unsigned i = 0; i < getCases().size(); ++i) {
    Block &block = getCases()[i].front();
    if (!llvm::hasSingleElement(block) ||
        !isa<GemmOp, ContractOp>(block.front()) ||
        block.front().getName() != getProduct(0)->getName() ||
        block.front().getNumResults() != 0)
      return emitOpError() << "case " << getRangeText(i)
                           << " must hold one dgemm.gemm on memrefs, or one "
                           << "dgemm.contract, and all cases the same kind";
  }
  Operation *first = getProduct(0);
  const Operands operands = getOperands(first);
  ScheduleAttr schedule = getSchedule(first);
  for (unsigned i = 1; i < getCases().size(); ++i) {
    Operation *op = getProduct(i);
    // R4
    const Operands others = getOperands(op);
    for (auto [name, value] : operands)
      if (others.find(name) == others.end() || others.at(name) != value)
        return emitOpError() << "case " << getRangeText(i) << " has another "
                             << name << " than case " << getRangeText(0);
    if (getMeaning(op) != getMeaning(first))
      return emitOpError() << "case " << getRangeText(i)
                           << " computes something else than case "
                           << getRangeText(0);
  }
  // R5
  auto a = operands.find("A");
  if (a != operands.end() && !isDynamicRows(a->second))
    return emitOpError() << "chooses by M, which is always "
                         << cast<ShapedType>(a->second.getType()).getDimSize(0)
                         << " here";
  // R6
  for (unsigned i = 1; i < getCases().size(); ++i) {
    ScheduleAttr other = getSchedule(getProduct(i));
    if (!schedule || !other)
      continue;
    if (getConstants(schedule) != getConstants(other))
      return emitOpError() << "case " << getRangeText(i) << " specializes "
                           << getConstants(other) << " and case "
                           << getRangeText(0) << " " << getConstants(schedule)
                           << "; they share a launch record";
  }
  return success();
}
