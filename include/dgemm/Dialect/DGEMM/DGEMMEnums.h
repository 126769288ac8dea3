// The enums of the dgemm dialect.

#ifndef DGEMM_DIALECT_DGEMM_DGEMMENUMS_H
#define DGEMM_DIALECT_DGEMM_DGEMMENUMS_H

#include "mlir/IR/OpImplementation.h"

#include "dgemm/Dialect/DGEMM/DGEMMEnums.h.inc"

#endif // DGEMM_DIALECT_DGEMM_DGEMMENUMS_H
