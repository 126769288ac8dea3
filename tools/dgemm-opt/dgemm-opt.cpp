// dgemm-opt: runs the project's passes on MLIR text.

#include "dgemm/InitAll.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  dgemm::registerAllDialects(registry);
  dgemm::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "DGEMM compiler driver\n", registry));
}
