// The dgemm dialect: what is computed, never how.

#ifndef DGEMM_DIALECT_DGEMM_DGEMMDIALECT_TD
#define DGEMM_DIALECT_DGEMM_DGEMMDIALECT_TD

include "mlir/IR/OpBase.td"

def DGEMM_Dialect : Dialect {
  let name = "dgemm";
  let cppNamespace = "::dgemm::dg";
  let summary = "Block-scaled FP8 matrix multiplication";
  let description = [{
    The `dgemm` dialect states *what* is computed: a matrix product of FP8
    operands whose blocks carry FP32 scales. It says nothing of tiles, threads
    or memory spaces. How a kernel computes it is data beside the op, the
    attribute `#dgemm.schedule`, and the passes below this dialect turn the
    two into the `hopper` dialect.

    Rationale: the op is destination-passing and works on tensors and memrefs,
    so that upstream bufferization, and any producer that speaks tensors, can
    use it without special cases. Its numerics are part of its meaning, down
    to the last bit, because a tuned schedule must not change a result.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
}

#endif // DGEMM_DIALECT_DGEMM_DGEMMDIALECT_TD
