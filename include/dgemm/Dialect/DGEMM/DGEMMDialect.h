// The dgemm dialect class.

#ifndef DGEMM_DIALECT_DGEMM_DGEMMDIALECT_H
#define DGEMM_DIALECT_DGEMM_DGEMMDIALECT_H

#include "mlir/IR/Dialect.h"

#include "dgemm/Dialect/DGEMM/DGEMMDialect.h.inc"

#endif // DGEMM_DIALECT_DGEMM_DGEMMDIALECT_H
