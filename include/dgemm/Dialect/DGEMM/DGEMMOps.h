// The operations of the dgemm dialect.

#ifndef DGEMM_DIALECT_DGEMM_DGEMMOPS_H
#define DGEMM_DIALECT_DGEMM_DGEMMOPS_H

#include "dgemm/Dialect/DGEMM/DGEMMAttrs.h"
#include "dgemm/Dialect/DGEMM/DGEMMDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "dgemm/Dialect/DGEMM/DGEMMOps.h.inc"

#endif // DGEMM_DIALECT_DGEMM_DGEMMOPS_H
