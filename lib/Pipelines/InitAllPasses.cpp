// Registers the passes and pipelines.

#include "dgemm/Dialect/DGEMM/Transforms/Passes.h"
#include "dgemm/InitAll.h"
#include "dgemm/Pipelines/Pipeline.h"
#include "dgemm/Target/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

void dgemm::registerAllPasses() {
  dg::registerDGEMMPasses();
  target::registerDGEMMTargetPasses();
  registerPipelines();
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  mlir::registerSymbolDCEPass();
  mlir::bufferization::registerOneShotBufferizePass();
}
