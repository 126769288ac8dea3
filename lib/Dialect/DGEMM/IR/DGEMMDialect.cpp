// Registers the attributes and operations of the dgemm dialect.

#include "dgemm/Dialect/DGEMM/DGEMMDialect.h"
#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace dgemm::dg;

#include "dgemm/Dialect/DGEMM/DGEMMDialect.cpp.inc"
#include "dgemm/Dialect/DGEMM/DGEMMEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dgemm/Dialect/DGEMM/DGEMMAttrs.cpp.inc"

void DGEMMDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dgemm/Dialect/DGEMM/DGEMMAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dgemm/Dialect/DGEMM/DGEMMOps.cpp.inc"
      >();
}
