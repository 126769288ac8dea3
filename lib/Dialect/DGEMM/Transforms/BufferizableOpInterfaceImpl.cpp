// Tells one-shot bufferization which operands dgemm.gemm reads and writes.

#include "dgemm/Dialect/DGEMM/Transforms/BufferizableOpInterfaceImpl.h"
#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/Dialect.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace dgemm::dg;

namespace {

struct GemmOpInterface
    : public DstBufferizableOpInterfaceExternalModel<GemmOpInterface, GemmOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &state) const {
    return &operand != &cast<GemmOp>(op).getDMutable();
  }

  /// An element of C is read before the same element of D is written, and by
  /// the same thread, so the two may be one buffer. A and B may not.
  bool bufferizesToElementwiseAccess(Operation *op, const AnalysisState &state,
                                     ArrayRef<OpOperand *> operands) const {
    auto gemm = cast<GemmOp>(op);
    return llvm::all_of(operands, [&](OpOperand *operand) {
      return operand->get() == gemm.getC() || operand->get() == gemm.getD();
    });
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    if (!isa<TensorType>(cast<GemmOp>(op).getD().getType()))
      return success();
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    // The same op on buffers: operands and attributes stay, the result goes.
    OperationState newState(op->getLoc(), op->getName(), buffers,
                            /*types=*/TypeRange(), op->getAttrs());
    Operation *newOp = rewriter.create(newState);
    replaceOpWithBufferizedValues(rewriter, op, cast<GemmOp>(newOp).getD());
    return success();
  }
};

} // namespace

void dgemm::dg::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, DGEMMDialect *dialect) {
    GemmOp::attachInterface<GemmOpInterface>(*context);
  });
}
