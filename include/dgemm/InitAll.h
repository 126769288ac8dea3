// Registers everything of this project with MLIR.

#ifndef DGEMM_INITALL_H
#define DGEMM_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace dgemm {

/// The project's dialects, the upstream ones that its passes produce, and
/// their interfaces, the translations included.
void registerAllDialects(mlir::DialectRegistry &registry);

/// The translations to LLVM IR alone: what emitting PTX needs.
void registerAllTranslations(mlir::DialectRegistry &registry);

/// The project's passes and pipelines and the upstream passes that are used
/// beside them.
void registerAllPasses();

} // namespace dgemm

#endif // DGEMM_INITALL_H
