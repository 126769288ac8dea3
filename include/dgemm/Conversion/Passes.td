// Conversions between dialects.
#ifndef DGEMM_CONVERSION_PASSES
#define DGEMM_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def DGEMMHopperToNVVMPass : Pass<"dgemm-hopper-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "Lower hopper kernels to the nvvm and llvm dialects";
  let description = [{
    Lays out shared memory, turns rings into mbarriers, roles into branches on
    the warp's index, fragments into registers, and the kernel's `gpu.func`
    into an `llvm.func`. Its launch record gets the shared-memory size.
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::scf::SCFDialect"];
  let statistics = [
    Statistic<"numKernels", "kernels", "kernels lowered">];
}

#endif
