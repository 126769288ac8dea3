// Verifies the attributes that carry a launch record down the ladder: what is
// there has the right form. A hand-written kernel may leave things out until a
// pass, or the emission of the whole document, needs them.

#include "dgemm/Dialect/DGEMM/DGEMMDialect.h"
#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace dgemm::dg;

namespace {

constexpr llvm::StringLiteral kRecord = "dgemm.record";
constexpr llvm::StringLiteral kLaunch = "dgemm.launch";
constexpr llvm::StringLiteral kArg = "dgemm.arg";

// Each of these holds for an attribute that is not there.

bool isText(Attribute attr) { return !attr || isa<StringAttr>(attr); }

bool isInteger(Attribute attr) {
  auto value = dyn_cast_or_null<IntegerAttr>(attr);
  return !attr || (value && value.getType().isInteger(64));
}

bool isDictionary(Attribute attr) { return !attr || isa<DictionaryAttr>(attr); }

/// Whether `attr` is an array of `size` elements (-1: of any number) for each
/// of which `isElement` holds.
bool isArray(Attribute attr, bool (*isElement)(Attribute), int64_t size = -1) {
  auto array = dyn_cast_or_null<ArrayAttr>(attr);
  return !attr || (array && (size < 0 || int64_t(array.size()) == size) &&
                   llvm::all_of(array, isElement));
}

LogicalResult verifyOperand(Operation *op, DictionaryAttr operand,
                            size_t index) {
  auto fail = [&](const char *rule) {
    return op->emitError() << "'" << kRecord << "' needs in operand " << index
                           << " " << rule;
  };
  if (!isText(operand.get("name")))
    return fail("a string 'name'");
  if (!isArray(operand.get("shape"), isText))
    return fail("an array of strings 'shape'");
  auto shape = operand.getAs<ArrayAttr>("shape");
  if (!isArray(operand.get("strides"), isText, shape ? shape.size() : -1))
    return fail("an array of strings 'strides', as long as 'shape'");
  return success();
}

LogicalResult verifyRecord(Operation *op, Attribute attr) {
  auto record = dyn_cast<DictionaryAttr>(attr);
  if (!record || !isArray(record.get("operands"), isDictionary))
    return op->emitError() << "'" << kRecord << "' needs to be a dictionary "
                           << "with an array of dictionaries 'operands'";
  auto operands = record.getAs<ArrayAttr>("operands");
  if (!operands)
    return success();
  for (auto [index, operand] : llvm::enumerate(operands))
    if (failed(verifyOperand(op, cast<DictionaryAttr>(operand), index)))
      return failure();
  return success();
}

LogicalResult verifyLaunch(Operation *op, Attribute attr) {
  auto launch = dyn_cast<DictionaryAttr>(attr);
  auto fail = [&](const char *rule) {
    return op->emitError() << "'" << kLaunch << "' needs " << rule;
  };
  if (!launch)
    return fail("to be a dictionary");
  if (!isArray(launch.get("block"), isInteger))
    return fail("an array of integers 'block'");
  if (!isArray(launch.get("cluster"), isInteger))
    return fail("an array of integers 'cluster'");
  if (!isArray(launch.get("grid"), isText))
    return fail("an array of strings 'grid'");
  if (!isArray(launch.get("preconditions"), isDictionary))
    return fail("an array of dictionaries 'preconditions'");
  return success();
}

/// Whether a verified record has an operand of that name.
bool hasOperand(DictionaryAttr record, StringRef name) {
  auto operands = record.getAs<ArrayAttr>("operands");
  return operands && llvm::any_of(operands, [&](Attribute attr) {
           auto own = cast<DictionaryAttr>(attr).getAs<StringAttr>("name");
           return own && own == name;
         });
}

} // namespace

LogicalResult DGEMMDialect::verifyOperationAttribute(Operation *op,
                                                     NamedAttribute attr) {
  if (attr.getName() == kRecord)
    return verifyRecord(op, attr.getValue());
  if (attr.getName() == kLaunch)
    return verifyLaunch(op, attr.getValue());
  return success();
}

LogicalResult DGEMMDialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                     unsigned index,
                                                     NamedAttribute attr) {
  if (attr.getName() != kArg)
    return success();
  auto fail = [&]() {
    return op->emitError() << "'" << kArg << "' of argument " << index << " ";
  };
  auto arg = dyn_cast<DictionaryAttr>(attr.getValue());
  if (!arg || !isText(arg.get("kind")))
    return fail() << "needs to be a dictionary with a string as its 'kind'";
  if (!isText(arg.get("operand")))
    return fail() << "needs to have a string as its 'operand'";
  return success();
}

LogicalResult ContractOp::verify() {
  if (failed(verifyRecord(*this, getRecord())))
    return failure();
  if (getNames().size() != 6)
    return emitOpError("needs the six names of A, SFA, B, SFB, C and D in "
                       "'names', got ")
           << getNames().size();
  if (getExtents().size() != 3)
    return emitOpError("needs the three names of M, N and K in 'extents', "
                       "got ")
           << getExtents().size();
  constexpr size_t initIndex = 4;
  for (auto [index, name] :
       llvm::enumerate(getNames().getAsRange<StringAttr>()))
    if ((index != initIndex || getInit()) && !hasOperand(getRecord(), name))
      return emitOpError("names the operand '")
             << name.getValue() << "', which its record does not have";
  return success();
}
