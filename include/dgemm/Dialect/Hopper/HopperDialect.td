// The hopper dialect: how one SM computes a tile, without addresses or PTX.
#ifndef DGEMM_DIALECT_HOPPER_DIALECT
#define DGEMM_DIALECT_HOPPER_DIALECT

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/AttrTypeBase.td"

def Hopper_Dialect : Dialect {
  let name = "hopper";
  let cppNamespace = "::dgemm::hopper";
  let summary = "Asynchronous primitives of an sm_90a thread block";
  let description = [{
    What upstream `nvgpu` does not express: pipelines with phases as rings of
    shared-memory buffers, warp roles with register budgets, TMA copies with
    cluster multicast, warpgroup MMAs on a *fresh* accumulator, and their
    promotion into FP32. Everything that upstream has (`gpu`, `scf`, `arith`,
    `memref`, `nvvm`) is used from there.

    A kernel is a `gpu.func` whose arguments carry a `dgemm.arg` dictionary:
    the entry of the launch record that says what the host passes (a pointer,
    a run-time value, the description of a tensor map).

    The dialect does not know what a matrix multiplication's scale block or an
    expert is beyond the operands it was handed.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerTypes();
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"
  ];
}

#endif
