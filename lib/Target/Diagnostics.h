// Errors about ops that hold whole programs.

#ifndef DGEMM_LIB_TARGET_DIAGNOSTICS_H
#define DGEMM_LIB_TARGET_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/SymbolTable.h"

namespace dgemm::target {

/// An error that names the symbol `op`. Operation::emitError would add the
/// whole op as a note, and these ops are kernels and binaries.
inline mlir::InFlightDiagnostic errorAt(mlir::Operation *op) {
  return mlir::emitError(op->getLoc())
         << op->getName() << " @"
         << mlir::SymbolTable::getSymbolName(op).getValue() << ": ";
}

} // namespace dgemm::target

#endif // DGEMM_LIB_TARGET_DIAGNOSTICS_H
