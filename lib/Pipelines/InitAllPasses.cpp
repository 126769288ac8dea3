// Registers the passes and pipelines.

#include "dgemm/Conversion/Passes.h"
#include "dgemm/Dialect/DGEMM/Transforms/Passes.h"
#include "dgemm/InitAll.h"
#include "dgemm/Lowering/Passes.h"
#include "dgemm/Pipelines/Pipeline.h"
#include "dgemm/Target/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

void dgemm::registerAllPasses() {
  dg::registerDGEMMPasses();
  registerDGEMMLoweringPasses();
  registerDGEMMConversionPasses();
  target::registerDGEMMTargetPasses();
  registerPipelines();
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  mlir::registerSymbolDCEPass();
  mlir::bufferization::registerOneShotBufferizePass();
}
