// Text form and verification of dgemm.dispatch. The labels are those of the
// op's description in DGEMMContractOps.td.

#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "mlir/IR/OpImplementation.h"

#include <map>

#include <limits>

using namespace mlir;
using namespace dgemm::dg;

//===-- Text form ---------------------------------------------------------===//

SmallVector<DispatchOp::Range> DispatchOp::getRanges(unsigned index) {
  SmallVector<Range> ranges;
  int64_t first = 1;
  for (unsigned i = 0; i < getChoices().size(); ++i) {
    const bool open = i == getBounds().size();
    if (getChoices()[i] == int64_t(index))
      ranges.push_back({first, open ? std::nullopt
                                    : std::optional<int64_t>(getBounds()[i])});
    if (!open)
      first = getBounds()[i] + 1;
  }
  return ranges;
}

std::string DispatchOp::getRangeText(unsigned index) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(getRanges(index), os, [&](const Range &range) {
    if (!range.last)
      os << "from ";
    os << range.first;
    if (range.last && *range.last != range.first)
      os << " to " << *range.last;
  });
  return text;
}

void DispatchOp::print(OpAsmPrinter &printer) {
  for (auto [index, region] : llvm::enumerate(getCases())) {
    printer << " case " << getRangeText(index) << " ";
    printer.printRegion(region, /*printEntryBlockArgs=*/false,
                        /*printBlockTerminators=*/false);
  }
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                           {"bounds", "choices"});
}

namespace {

/// A range as the text has it, with the case that it is written at.
struct ParsedRange {
  SMLoc loc;
  DispatchOp::Range range;
  int64_t choice;
};

ParseResult parseRange(OpAsmParser &parser, ParsedRange &parsed) {
  parsed.loc = parser.getCurrentLocation();
  const bool open = succeeded(parser.parseOptionalKeyword("from"));
  if (parser.parseInteger(parsed.range.first))
    return failure();
  if (open)
    return success();
  int64_t last = parsed.range.first;
  if (succeeded(parser.parseOptionalKeyword("to")) && parser.parseInteger(last))
    return failure();
  if (last < parsed.range.first)
    return parser.emitError(parsed.loc)
           << "the range from M = " << parsed.range.first << " ends at "
           << last;
  parsed.range.last = last;
  return success();
}

} // namespace

ParseResult DispatchOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<ParsedRange> ranges;
  if (parser.parseKeyword("case"))
    return failure();
  do {
    const int64_t choice = result.regions.size();
    auto parseOne = [&]() -> ParseResult {
      ranges.push_back({{}, {0, std::nullopt}, choice});
      return parseRange(parser, ranges.back());
    };
    if (parser.parseCommaSeparatedList(parseOne))
      return failure();
    Region *region = result.addRegion();
    if (parser.parseRegion(*region))
      return failure();
    if (region->empty())
      region->emplaceBlock();
  } while (succeeded(parser.parseOptionalKeyword("case")));

  llvm::sort(ranges, [](const ParsedRange &a, const ParsedRange &b) {
    return a.range.first < b.range.first;
  });
  SmallVector<int64_t> bounds, choices;
  std::optional<int64_t> next = 1;
  for (const ParsedRange &parsed : ranges) {
    if (!next || parsed.range.first != *next) {
      InFlightDiagnostic error =
          parser.emitError(parsed.loc)
          << "this range begins at M = " << parsed.range.first << ", but ";
      if (!next)
        return error << "the one before it has no end";
      return error << "must begin at " << *next
                   << " to leave no gap and no overlap";
    }
    choices.push_back(parsed.choice);
    next = std::nullopt;
    if (parsed.range.last) {
      bounds.push_back(*parsed.range.last);
      next = *parsed.range.last + 1;
    }
  }
  if (next)
    return parser.emitError(parser.getNameLoc())
           << "no case is for M = " << *next << ": write 'from " << *next
           << "' at one";
  Builder &builder = parser.getBuilder();
  result.addAttribute("bounds", builder.getDenseI64ArrayAttr(bounds));
  result.addAttribute("choices", builder.getDenseI64ArrayAttr(choices));
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

} // namespace

LogicalResult DispatchOp::verify() {
  // R1
  const int64_t cases = getCases().size();
  if (getChoices().size() != getBounds().size() + 1)
    return emitOpError() << "has " << getBounds().size() << " bounds and "
                         << getChoices().size()
                         << " choices; there is one range more than bounds, "
                         << "and a choice for each";
  for (int64_t choice : getChoices())
    if (choice < 0 || choice >= cases)
      return emitOpError() << "chooses case " << choice << " of " << cases;
  for (int64_t index = 0; index < cases; ++index)
    if (!llvm::is_contained(getChoices(), index))
      return emitOpError() << "never chooses case " << index;
  // R2
  int64_t last = 0;
  for (int64_t bound : getBounds()) {
    if (bound == std::numeric_limits<int64_t>::max())
      return emitOpError() << "bounds must be below " << bound
                           << ", since a range begins after each";
    if (bound <= last)
      return emitOpError() << "bounds must be positive and ascend, but "
                           << bound << " follows " << last;
    last = bound;
  }
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
    if (schedule.getValue().getConstants() != other.getValue().getConstants())
      return emitOpError() << "case " << getRangeText(i) << " specializes "
                           << other.getValue().getConstants() << " and case "
                           << getRangeText(0) << " "
                           << schedule.getValue().getConstants()
                           << "; they share a launch record";
  }
  return success();
}
