// Decides where buffers and barriers lie in shared memory.
#include "dgemm/Conversion/HopperToNVVM/HopperToNVVM.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;

namespace {
/// A run of bytes that wants a place.
struct Piece {
  int64_t bytes, alignment;
  int64_t *offset;
};
} // namespace

/// Bytes that the wgmmas of a kernel read behind each slot of a field: one
/// reads 64 rows of its lhs, however many there are.
static int64_t getReadOn(PipelineOp pipe, unsigned field,
                         gpu::GPUFuncOp kernel) {
  int64_t bytes = 0;
  kernel.walk([&](WgmmaOp op) {
    BufferType lhs = op.getLhs().getType();
    Value buffer = op.getLhs();
    while (auto part = buffer.getDefiningOp<SubbufferOp>())
      buffer = part.getSource();
    auto wait = buffer.getDefiningOp<WaitOp>();
    if (wait && getPipeline(wait.getPipe()) == pipe &&
        cast<OpResult>(buffer).getResultNumber() == field)
      bytes = std::max(bytes, (64 - lhs.getShape()[0]) * lhs.getRowBytes());
  });
  return bytes;
}

SharedLayout dgemm::layoutSharedMemory(gpu::GPUFuncOp kernel) {
  SharedLayout layout;
  // First all rings and buffers, so that the map's entries stay in place.
  SmallVector<PipelineOp> rings;
  SmallVector<SharedOp> buffers;
  kernel.walk([&](PipelineOp op) {
    rings.push_back(op);
    SharedLayout::Ring &ring = layout.rings[op];
    size_t fields = op.getPipe().getType().getFields().size();
    ring.offsets.resize(fields);
    ring.strides.resize(fields);
    ring.readOn.resize(fields);
  });
  kernel.walk([&](SharedOp op) {
    buffers.push_back(op);
    layout.buffers[op] = 0;
  });

  SmallVector<Piece> pieces;
  for (PipelineOp op : rings) {
    SharedLayout::Ring &ring = layout.rings[op];
    for (auto [i, field] :
         llvm::enumerate(op.getPipe().getType().getFields())) {
      ring.readOn[i] = getReadOn(op, i, kernel);
      ring.strides[i] = llvm::alignTo(field.getBytes() + ring.readOn[i],
                                      field.getAlignment());
      pieces.push_back({ring.strides[i] * int64_t(op.getDepth()),
                        field.getAlignment(), &ring.offsets[i]});
    }
  }
  for (SharedOp op : buffers) {
    BufferType type = op.getBuffer().getType();
    pieces.push_back(
        {type.getBytes(), type.getAlignment(), &layout.buffers[op]});
  }
  llvm::stable_sort(pieces, [](const Piece &a, const Piece &b) {
    return a.alignment > b.alignment;
  });
  for (PipelineOp op : rings) {
    SharedLayout::Ring &ring = layout.rings[op];
    int64_t bytes = 8 * int64_t(op.getDepth());
    pieces.push_back({bytes, 8, &ring.full});
    pieces.push_back({bytes, 8, &ring.empty});
  }
  for (Piece &piece : pieces) {
    *piece.offset = llvm::alignTo(layout.bytes, piece.alignment);
    layout.bytes = *piece.offset + piece.bytes;
  }
  return layout;
}
