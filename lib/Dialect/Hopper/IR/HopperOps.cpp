// Parses, prints and verifies the other operations of the hopper dialect.
#include "dgemm/Dialect/Hopper/Hopper.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace dgemm::hopper;

#define GET_OP_CLASSES
#include "dgemm/Dialect/Hopper/HopperOps.cpp.inc"

//===-- Work -------------------------------------------------------------===//

LogicalResult DenseWorkOp::verify() {
  if (getTile().size() != 2 || getTile()[0] <= 0 || getTile()[1] <= 0)
    return emitOpError("tile must be two positive sizes");
  if (getWidth() <= 0)
    return emitOpError("width must be positive, got ") << getWidth();
  if (getCluster() != 1 && getCluster() != 2)
    return emitOpError("cluster must be 1 or 2, got ") << getCluster();
  return success();
}

//===-- Tiles ------------------------------------------------------------===//

static std::pair<ArrayRef<int64_t>, Type> getShaped(Type type) {
  if (auto tile = dyn_cast<TileType>(type))
    return {tile.getShape(), tile.getElementType()};
  if (auto fragment = dyn_cast<FragmentType>(type))
    return {fragment.getShape(), fragment.getElementType()};
  auto buffer = cast<BufferType>(type);
  return {buffer.getShape(), buffer.getElementType()};
}

LogicalResult LoadScalesOp::verify() {
  auto type = cast<MemRefType>(getSource().getType());
  if (type.getRank() != 2 || !type.getElementType().isF32())
    return emitOpError("reads a 2-D memref of f32, got ") << type;
  return success();
}

static LogicalResult verifyProduct(Operation *op, Type lhs, Type rhs,
                                   ArrayRef<int64_t> result) {
  auto [lhsShape, lhsElement] = getShaped(lhs);
  auto [rhsShape, rhsElement] = getShaped(rhs);
  if (lhsShape.size() != 2 || rhsShape.size() != 2 || result.size() != 2)
    return op->emitOpError("multiplies matrices, got ")
           << lhs << " and " << rhs;
  if (lhsElement != rhsElement || !isa<Float8E4M3FNType>(lhsElement))
    return op->emitOpError("multiplies f8E4M3FN, got ")
           << lhs << " and " << rhs;
  if (lhsShape[1] != rhsShape[1])
    return op->emitOpError("lhs has ")
           << lhsShape[1] << " columns, rhs " << rhsShape[1];
  // A wgmma may have fewer rows than the 64 of its result.
  bool thin = isa<WgmmaOp>(op) && lhsShape[0] < result[0] &&
              lhsShape[0] % 8 == 0 && lhsShape[0] > 0;
  if ((lhsShape[0] != result[0] && !thin) || rhsShape[0] != result[1])
    return op->emitOpError("the product is ")
           << lhsShape[0] << "x" << rhsShape[0] << ", the result " << result[0]
           << "x" << result[1];
  return success();
}

LogicalResult MmaOp::verify() {
  return verifyProduct(*this, getLhs().getType(), getRhs().getType(),
                       getResult().getType().getShape());
}

LogicalResult PromoteOp::verify() {
  ArrayRef<int64_t> shape = getShaped(getResult().getType()).first;
  if (shape.size() != 2)
    return emitOpError("promotes a matrix, got ") << getResult().getType();
  ScalesType lhs = getLhsScales().getType(), rhs = getRhsScales().getType();
  if (lhs.getSide() != Side::Lhs || rhs.getSide() != Side::Rhs)
    return emitOpError("takes the scales of lhs, then those of rhs");
  // Rows beyond the scales' are those beyond a thin lhs.
  bool thin = isa<FragmentType>(getResult().getType()) &&
              lhs.getExtent() < shape[0] && lhs.getExtent() % 8 == 0;
  if ((lhs.getExtent() != shape[0] && !thin) || rhs.getExtent() != shape[1])
    return emitOpError("scales ")
           << shape[0] << "x" << shape[1] << " elements with scales for "
           << lhs.getExtent() << " rows and " << rhs.getExtent() << " columns";
  if (isa<FragmentType>(getResult().getType()) &&
      lhs.getKind() == ScaleKind::Split)
    return emitOpError("the scales of a slice's rows are 'scalar' or "
                       "'vector'");
  return success();
}

LogicalResult StoreOp::verify() {
  auto dest = cast<MemRefType>(getDest().getType());
  if (dest.getRank() != 2)
    return emitOpError("writes a 2-D memref, got ") << dest;
  if (getInit() && cast<MemRefType>(getInit().getType()).getElementType() !=
                       dest.getElementType())
    return emitOpError("init has elements of type ")
           << cast<MemRefType>(getInit().getType()).getElementType()
           << ", dest of type " << dest.getElementType();
  return success();
}

//===-- Roles ------------------------------------------------------------===//

ParseResult ConsumersOp::parse(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::Argument group;
  IntegerAttr count, registers;
  Type i64 = parser.getBuilder().getI64Type();
  group.type = parser.getBuilder().getI32Type();
  Region *body = result.addRegion();
  return failure(
      parser.parseLParen() || parser.parseArgument(group) ||
      parser.parseRParen() || parser.parseKeyword("count") ||
      parser.parseAttribute(count, i64, "count", result.attributes) ||
      parser.parseKeyword("registers") ||
      parser.parseAttribute(registers, i64, "registers", result.attributes) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.parseRegion(*body, group));
}

void ConsumersOp::print(OpAsmPrinter &printer) {
  printer << " (";
  printer.printRegionArgument(getBody().getArgument(0), {},
                              /*omitType=*/true);
  printer << ") count " << getCount() << " registers " << getRegisters();
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                           {"count", "registers"});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

//===-- Fragments --------------------------------------------------------===//

LogicalResult WgmmaOp::verify() {
  if (failed(verifyProduct(*this, getLhs().getType(), getRhs().getType(),
                           getResult().getType().getShape())))
    return failure();
  ArrayRef<int64_t> shape = getResult().getType().getShape();
  if (shape[0] != 64)
    return emitOpError("a wgmma has 64 rows, got ") << shape[0];
  if (shape[1] % 8 != 0 || shape[1] < 8 || shape[1] > 256)
    return emitOpError("a wgmma has a multiple of 8 columns up to 256, got ")
           << shape[1];
  if (getReuse() && getReuse().getType().getShape() != shape)
    return emitOpError("reuses the registers of ")
           << getReuse().getType() << " for " << getResult().getType();
  for (Type type : {getLhs().getType(), getRhs().getType()})
    if (cast<BufferType>(type).getSwizzle() != 128)
      return emitOpError("operands have rows of 128 bytes with a 128-byte "
                         "swizzle, got ")
             << type;
  return success();
}

LogicalResult WgmmaWaitOp::verify() {
  if (getInputs().size() != getResults().size())
    return emitOpError("gives each of ")
           << getInputs().size() << " accumulators back, got "
           << getResults().size() << " results";
  for (auto [input, result] : llvm::zip(getInputs(), getResults())) {
    auto from = cast<PendingType>(input.getType());
    auto to = cast<FragmentType>(result.getType());
    if (from.getShape() != to.getShape() ||
        from.getElementType() != to.getElementType())
      return emitOpError("takes ") << from << " but gives " << to;
  }
  return success();
}

LogicalResult ReadScalesOp::verify() {
  BufferType buffer = getBuffer().getType();
  if (buffer.getShape().size() != 1 || !buffer.getElementType().isF32() ||
      buffer.getSwizzle() != 0)
    return emitOpError("reads a buffer of f32 without swizzle, got ") << buffer;
  if (getResult().getType().getKind() != ScaleKind::Vector)
    return emitOpError("reads a vector of scales");
  if (getResult().getType().getExtent() > buffer.getShape()[0])
    return emitOpError("reads ") << getResult().getType().getExtent()
                                 << " scales from " << buffer.getShape()[0];
  return success();
}

LogicalResult MultiplyScalesOp::verify() {
  ScalesType lhs = getLhsScales().getType(), rhs = getRhsScales().getType();
  if (lhs.getSide() != Side::Lhs || rhs.getSide() != Side::Rhs)
    return emitOpError("takes the scales of lhs, then those of rhs");
  if (lhs.getKind() == ScaleKind::Split)
    return emitOpError("the scales of a slice's rows are 'scalar' or "
                       "'vector'");
  ArrayRef<int64_t> shape = getResult().getType().getShape();
  if (shape.size() != 2 || lhs.getExtent() > shape[0] ||
      rhs.getExtent() != shape[1])
    return emitOpError("gives ")
           << getResult().getType() << " for scales of " << lhs.getExtent()
           << " rows and " << rhs.getExtent() << " columns";
  return success();
}

LogicalResult PackScalesOp::verify() {
  ScalesType type = getResult().getType();
  if (type.getKind() == ScaleKind::Vector)
    return emitOpError("packs scales of blocks, not a vector");
  if (type.getKind() == ScaleKind::Scalar &&
      (getValues().size() != 1 || getFirst()))
    return emitOpError("a scalar side has one value and no 'at'");
  if (type.getKind() == ScaleKind::Split &&
      (getValues().size() < 2 || getValues().size() > 3 || !getFirst()))
    return emitOpError("a split side has 2 or 3 values and 'at', got ")
           << getValues().size();
  return success();
}

/// A matrix of the destination's elements whose rows are whole pieces.
static LogicalResult verifyPieces(Operation *op, BufferType buffer,
                                  Type destination) {
  auto dest = cast<MemRefType>(destination);
  if (buffer.getShape().size() != 2 || dest.getRank() != 2 ||
      buffer.getElementType() != dest.getElementType())
    return op->emitOpError("copies between matrices of the same elements, got ")
           << buffer << " and " << dest;
  if (buffer.getRowBytes() % 16 != 0)
    return op->emitOpError("copies pieces of 16 bytes, but a row of ")
           << buffer << " has " << buffer.getRowBytes();
  return success();
}

LogicalResult StorePieceOp::verify() {
  return verifyPieces(*this, getBuffer().getType(), getDest().getType());
}

LogicalResult StoreLinesOp::verify() {
  BufferType buffer = getBuffer().getType();
  if (failed(verifyPieces(*this, buffer, getDest().getType())))
    return failure();
  int64_t rows = buffer.getShape()[getTransposed() ? 1 : 0];
  if (rows != 64)
    return emitOpError("stores 64 rows of a fragment, the buffer has ") << rows;
  return success();
}

LogicalResult StageFragmentOp::verify() {
  BufferType buffer = getBuffer().getType();
  ArrayRef<int64_t> shape = getValue().getType().getShape();
  if (shape.size() != 2 || shape[0] != 64)
    return emitOpError("writes a fragment of 64 rows, got ")
           << getValue().getType();
  if (buffer.getShape().size() != 2)
    return emitOpError("writes a 2-D buffer, got ") << buffer;
  Type element = buffer.getElementType();
  if (!element.isBF16() && !element.isF32())
    return emitOpError("writes bf16 or f32, got ") << element;
  int64_t rows = buffer.getShape()[getTransposed() ? 1 : 0];
  int64_t cols = buffer.getShape()[getTransposed() ? 0 : 1];
  if (rows != 64)
    return emitOpError("writes 64 rows, the buffer has ") << rows;
  if (cols % 8 != 0)
    return emitOpError("writes multiples of 8 columns, got ") << cols;
  if (getColumn() % 8 != 0 || getColumn() < 0 ||
      int64_t(getColumn()) + cols > shape[1])
    return emitOpError("columns ")
           << getColumn() << " to " << getColumn() + cols
           << " of a fragment of " << shape[1];
  return success();
}

LogicalResult AddPieceOp::verify() {
  ArrayRef<int64_t> shape = getShaped(getValue().getType()).first;
  BufferType buffer = getBuffer().getType();
  const bool tile = isa<TileType>(getValue().getType());
  const size_t rank = tile ? 3 : 2;
  if (buffer.getShape().size() != rank)
    return emitOpError("adds a ") << rank << "-D buffer, got " << buffer;
  Type element = buffer.getElementType();
  if (!element.isBF16() && !element.isF32())
    return emitOpError("adds bf16 or f32, got ") << element;
  const int64_t rows = buffer.getShape()[rank - 2],
                cols = buffer.getShape()[rank - 1];
  if (rows != 64)
    return emitOpError("adds 64 rows, the buffer has ") << rows;
  if (cols % 8 != 0 || getColumn() % 8 != 0 || getColumn() < 0 ||
      int64_t(getColumn()) + cols > shape[1])
    return emitOpError("columns ")
           << getColumn() << " to " << getColumn() + cols << " of "
           << getValue().getType();
  const int64_t slices = tile ? shape[0] / (64 * buffer.getShape()[0]) : 1;
  if (getSlice() < 0 || int64_t(getSlice()) >= slices)
    return emitOpError("slice ") << getSlice() << " of " << slices;
  return success();
}

//===-- Memory -----------------------------------------------------------===//

LogicalResult SubbufferOp::verify() {
  BufferType source = getSource().getType(), result = getResult().getType();
  if (source.getElementType() != result.getElementType() ||
      source.getSwizzle() != result.getSwizzle())
    return emitOpError("keeps element type and swizzle: ")
           << source << " to " << result;
  if (result.getShape().size() > source.getShape().size())
    return emitOpError("gives at most the ")
           << source.getShape().size() << " dimensions of its source, got "
           << result.getShape().size();
  size_t dropped = source.getShape().size() - result.getShape().size();
  size_t count = getIndices().size();
  if (count != dropped && count != dropped + 1)
    return emitOpError("takes ")
           << dropped << " indices, or one more for the first row, got "
           << count;
  ArrayRef<int64_t> rest = source.getShape().drop_front(dropped);
  ArrayRef<int64_t> shape = result.getShape();
  bool partOfRows = count == dropped + 1;
  if (partOfRows ? shape[0] > rest[0] : shape[0] != rest[0])
    return emitOpError("takes ") << shape[0] << " rows of " << rest[0];
  if (rest.drop_front() != shape.drop_front())
    return emitOpError("takes whole rows: ") << source << " to " << result;
  return success();
}

LogicalResult ViewOp::verify() {
  BufferType buffer = getBuffer().getType();
  auto view = cast<MemRefType>(getView().getType());
  if (buffer.getSwizzle() != 0)
    return emitOpError("a swizzled buffer has no view as a memref");
  if (view.getShape() != buffer.getShape() ||
      view.getElementType() != buffer.getElementType() ||
      !view.getLayout().isIdentity())
    return emitOpError("views ") << buffer << " as " << view;
  if (view.getMemorySpaceAsInt() != 3)
    return emitOpError("the view is in memory space 3, got ") << view;
  return success();
}
