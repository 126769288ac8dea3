// Verifies pipelines, their slots and the copies that fill them.
#include "dgemm/Dialect/Hopper/Hopper.h"

using namespace mlir;
using namespace dgemm::hopper;

PipelineOp dgemm::hopper::getPipeline(Value pipe) {
  return pipe.getDefiningOp<PipelineOp>();
}

static LogicalResult requirePipeline(Operation *op, Value pipe) {
  if (getPipeline(pipe))
    return success();
  return op->emitOpError("needs a pipeline that a 'hopper.pipeline' of the "
                         "same kernel makes");
}

LogicalResult PipelineOp::verify() {
  // mbarrier.init takes counts up to 2^20 - 1 (PTX ISA section 9.7.13.15.9).
  if (getDepth() < 1 || getDepth() > 64)
    return emitOpError("depth must be 1 to 64, got ") << getDepth();
  if (getConsumers() < 1 || getConsumers() > 7)
    return emitOpError("consumers must be 1 to 7 warpgroups, got ")
           << getConsumers();
  if (getCluster() != 1 && getCluster() != 2)
    return emitOpError("cluster must be 1 or 2, got ") << getCluster();
  int64_t total = 0;
  for (BufferType field : getPipe().getType().getFields())
    total += field.getBytes();
  if (getBytes() > total)
    return emitOpError("expects ")
           << getBytes() << " bytes for a slot of " << total << " bytes";
  if (getBytes() >= (1 << 20))
    return emitOpError("an mbarrier counts less than 1048576 bytes, got ")
           << getBytes();
  return success();
}

template <typename OpT> static LogicalResult verifySlot(OpT op) {
  if (failed(requirePipeline(op, op.getPipe())))
    return failure();
  ArrayRef<BufferType> fields =
      cast<PipelineType>(op.getPipe().getType()).getFields();
  if (op.getBuffers().size() != fields.size())
    return op.emitOpError("yields ")
           << op.getBuffers().size() << " buffers, but a slot has "
           << fields.size();
  for (auto [index, pair] :
       llvm::enumerate(llvm::zip(op.getBuffers().getTypes(), fields)))
    if (std::get<0>(pair) != std::get<1>(pair))
      return op.emitOpError("buffer ")
             << index << " has type " << std::get<0>(pair)
             << ", but the slot's is " << std::get<1>(pair);
  return success();
}

/// Bytes that TMA copies into a buffer, through views of it too. A copy in a
/// loop of known length counts that often; of unknown length: nothing known.
static std::optional<int64_t> countCopiedBytes(Value buffer) {
  int64_t bytes = 0;
  for (Operation *user : buffer.getUsers()) {
    if (auto load = dyn_cast<TmaLoadOp>(user)) {
      bytes += load.getBuffer().getType().getBytes();
    } else if (auto sub = dyn_cast<SubbufferOp>(user)) {
      std::optional<int64_t> inner = countCopiedBytes(sub.getResult());
      if (!inner)
        return std::nullopt;
      bytes += *inner;
    }
  }
  return bytes;
}

LogicalResult AcquireOp::verify() {
  if (failed(verifySlot(*this)))
    return failure();
  int64_t copied = 0;
  for (Value buffer : getBuffers())
    if (std::optional<int64_t> bytes = countCopiedBytes(buffer))
      copied += *bytes;
  int64_t expected = getPipeline(getPipe()).getBytes();
  if (copied != expected)
    return emitOpError("the pipeline expects ")
           << expected << " bytes a slot, but " << copied << " are copied";
  return success();
}

LogicalResult WaitOp::verify() { return verifySlot(*this); }

LogicalResult CommitOp::verify() { return requirePipeline(*this, getPipe()); }
LogicalResult ReleaseOp::verify() { return requirePipeline(*this, getPipe()); }
LogicalResult AdvanceOp::verify() { return requirePipeline(*this, getPipe()); }

/// The kernel's description of a tensor map, null if the value is none.
static DictionaryAttr getMapDescription(Value map) {
  auto arg = dyn_cast<BlockArgument>(map);
  if (!arg)
    return {};
  auto func = dyn_cast<gpu::GPUFuncOp>(arg.getOwner()->getParentOp());
  if (!func)
    return {};
  return func.getArgAttrOfType<DictionaryAttr>(arg.getArgNumber(), kArgAttr);
}

/// A copy moves exactly one box: the map's description must say so.
static LogicalResult verifyBox(Operation *op, Value map, size_t coords,
                               BufferType buffer, int64_t parts) {
  DictionaryAttr description = getMapDescription(map);
  if (!description)
    return op->emitOpError("the tensor map must be an argument of a gpu.func "
                           "with a '")
           << kArgAttr << "' description";
  auto box = description.getAs<ArrayAttr>("box");
  auto swizzle = description.getAs<IntegerAttr>("swizzle");
  if (!box || !swizzle || !swizzle.getType().isInteger(64))
    return op->emitOpError("the tensor map's description needs 'box' and "
                           "'swizzle'");
  if (box.size() != coords)
    return op->emitOpError("takes ")
           << box.size() << " coordinates, as the map's box has, got "
           << coords;
  int64_t elements = 1;
  for (Attribute size : box) {
    auto value = dyn_cast<IntegerAttr>(size);
    if (!value || !value.getType().isInteger(64) || value.getInt() < 1 ||
        value.getInt() > 256)
      return op->emitOpError("the map's box must consist of integers from 1 "
                             "to 256, got ")
             << size;
    elements *= value.getInt();
  }
  int64_t bytes = elements * getElementBytes(buffer.getElementType());
  if (bytes * parts != buffer.getBytes())
    return op->emitOpError("the map's box has ")
           << bytes << " bytes, the buffer " << buffer.getBytes()
           << (parts > 1 ? " in parts" : "");
  if (swizzle.getInt() != buffer.getSwizzle())
    return op->emitOpError("the map swizzles ")
           << swizzle.getInt() << " bytes, the buffer " << buffer.getSwizzle();
  return success();
}

LogicalResult TmaLoadOp::verify() {
  if (failed(requirePipeline(*this, getPipe())))
    return failure();
  int64_t parts = getMulticast();
  if (parts != 1 && parts != getPipeline(getPipe()).getCluster())
    return emitOpError("multicasts to ")
           << parts << " blocks, but the pipeline's cluster has "
           << getPipeline(getPipe()).getCluster();
  return verifyBox(*this, getMap(), getCoords().size(), getBuffer().getType(),
                   parts);
}

LogicalResult TmaStoreOp::verify() {
  return verifyBox(*this, getMap(), getCoords().size(), getBuffer().getType(),
                   /*parts=*/1);
}

/// The shape of a fragment in flight: four registers of each thread together.
static LogicalResult verifySent(Operation *op, FragmentType value,
                                ArrayRef<int64_t> shape, BufferType buffer) {
  if (!buffer.getElementType().isF32() || buffer.getSwizzle() != 0 ||
      shape != ArrayRef<int64_t>({value.getShape()[1] / 8, 128, 4}))
    return op->emitOpError("a fragment of ")
           << value.getShape()[1] << " columns is sent as "
           << value.getShape()[1] / 8 << "x128x4xf32, got " << buffer;
  return success();
}

LogicalResult SendFragmentOp::verify() {
  if (failed(requirePipeline(*this, getPipe())))
    return failure();
  ArrayRef<BufferType> fields = getPipe().getType().getFields();
  if (fields.size() != 1 || fields[0].getShape().size() != 5)
    return emitOpError("writes into slots of one buffer of parts x units x "
                       "fragments, got ")
           << getPipe().getType();
  return verifySent(*this, getValue().getType(),
                    fields[0].getShape().drop_front(2), fields[0]);
}

LogicalResult AddSentOp::verify() {
  BufferType buffer = getBuffer().getType();
  return verifySent(*this, getValue().getType(), buffer.getShape(), buffer);
}
