// The attributes of the dgemm dialect.

#ifndef DGEMM_DIALECT_DGEMM_DGEMMATTRS_H
#define DGEMM_DIALECT_DGEMM_DGEMMATTRS_H

#include "dgemm/Dialect/DGEMM/Schedule.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OpImplementation.h"

#define GET_ATTRDEF_CLASSES
#include "dgemm/Dialect/DGEMM/DGEMMAttrs.h.inc"

#endif // DGEMM_DIALECT_DGEMM_DGEMMATTRS_H
