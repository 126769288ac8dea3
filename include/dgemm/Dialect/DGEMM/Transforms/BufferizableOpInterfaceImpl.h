// Bufferization of the dgemm dialect, for upstream one-shot bufferization.

#ifndef DGEMM_DIALECT_DGEMM_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define DGEMM_DIALECT_DGEMM_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace dgemm::dg {

void registerBufferizableOpInterfaceExternalModels(
    mlir::DialectRegistry &registry);

} // namespace dgemm::dg

#endif // DGEMM_DIALECT_DGEMM_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
