// Registers the types and operations of the hopper dialect.
#include "dgemm/Dialect/Hopper/Hopper.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dgemm::hopper;

#include "dgemm/Dialect/Hopper/HopperDialect.cpp.inc"
#include "dgemm/Dialect/Hopper/HopperEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dgemm/Dialect/Hopper/HopperAttrs.cpp.inc"

void HopperDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dgemm/Dialect/Hopper/HopperAttrs.cpp.inc"
      >();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "dgemm/Dialect/Hopper/HopperOps.cpp.inc"
      >();
}
