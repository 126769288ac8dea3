// Parses, prints and verifies the types of the hopper dialect.
#include "dgemm/Dialect/Hopper/Hopper.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dgemm::hopper;

#define GET_TYPEDEF_CLASSES
#include "dgemm/Dialect/Hopper/HopperTypes.cpp.inc"

void HopperDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dgemm/Dialect/Hopper/HopperTypes.cpp.inc"
      >();
}

int64_t dgemm::hopper::getElementBytes(Type type) {
  if (!type.isIntOrFloat())
    return 0;
  return (type.getIntOrFloatBitWidth() + 7) / 8;
}

static ParseResult parseShapeAndElement(AsmParser &parser,
                                        SmallVectorImpl<int64_t> &shape,
                                        Type &elementType) {
  return failure(parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
                 parser.parseType(elementType));
}

static void printShapeAndElement(AsmPrinter &printer, ArrayRef<int64_t> shape,
                                 Type elementType) {
  for (int64_t size : shape)
    printer << size << 'x';
  printer << elementType;
}

template <typename TypeT> static Type parseShaped(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type elementType;
  if (parser.parseLess() || parseShapeAndElement(parser, shape, elementType) ||
      parser.parseGreater())
    return {};
  return TypeT::get(parser.getContext(), shape, elementType);
}

template <typename TypeT>
static void printShaped(AsmPrinter &printer, TypeT type) {
  printer << '<';
  printShapeAndElement(printer, type.getShape(), type.getElementType());
  printer << '>';
}

Type TileType::parse(AsmParser &p) { return parseShaped<TileType>(p); }
void TileType::print(AsmPrinter &p) const { printShaped(p, *this); }
Type FragmentType::parse(AsmParser &p) { return parseShaped<FragmentType>(p); }
void FragmentType::print(AsmPrinter &p) const { printShaped(p, *this); }
Type PendingType::parse(AsmParser &p) { return parseShaped<PendingType>(p); }
void PendingType::print(AsmPrinter &p) const { printShaped(p, *this); }

Type BufferType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type elementType;
  int64_t swizzle = 0;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseShapeAndElement(parser, shape, elementType) ||
      parser.parseComma() || parser.parseInteger(swizzle) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<BufferType>(loc, parser.getContext(), shape,
                                       elementType, swizzle);
}

void BufferType::print(AsmPrinter &printer) const {
  printer << '<';
  printShapeAndElement(printer, getShape(), getElementType());
  printer << ", " << getSwizzle() << '>';
}

LogicalResult
BufferType::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                   ArrayRef<int64_t> shape, Type elementType, int64_t swizzle) {
  int64_t bytes = dgemm::hopper::getElementBytes(elementType);
  if (bytes == 0)
    return emitError() << "shared memory holds no elements of type "
                       << elementType;
  if (shape.empty())
    return emitError() << "a buffer has at least one dimension";
  for (int64_t size : shape)
    if (size <= 0)
      return emitError() << "a buffer dimension must be positive, got " << size;
  if (!llvm::is_contained({0, 32, 64, 128}, swizzle))
    return emitError() << "swizzle must be 0, 32, 64 or 128 bytes, got "
                       << swizzle;
  int64_t row = shape.back() * bytes;
  if (swizzle != 0 && row != swizzle)
    return emitError() << "a row of a buffer with " << swizzle
                       << "-byte swizzle has " << swizzle
                       << " bytes, but this one has " << row;
  return success();
}

int64_t BufferType::getRowBytes() const {
  return getShape().back() * dgemm::hopper::getElementBytes(getElementType());
}

int64_t BufferType::getBytes() const {
  int64_t bytes = dgemm::hopper::getElementBytes(getElementType());
  for (int64_t size : getShape())
    bytes *= size;
  return bytes;
}

// The pattern repeats every eight rows of `swizzle` bytes (PTX ISA section
// 5.5.7.2); a TMA copy without swizzle needs 128 bytes.
int64_t BufferType::getAlignment() const {
  return getSwizzle() == 0 ? 128 : 8 * getSwizzle();
}
