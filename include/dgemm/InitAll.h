// Registers everything of this project with MLIR.

#ifndef DGEMM_INITALL_H
#define DGEMM_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace dgemm {

/// The project's dialects and the upstream ones that its passes produce,
/// with their interfaces.
void registerAllDialects(mlir::DialectRegistry &registry);

/// The project's passes and pipelines and the upstream passes that are used
/// beside them.
void registerAllPasses();

} // namespace dgemm

#endif // DGEMM_INITALL_H
