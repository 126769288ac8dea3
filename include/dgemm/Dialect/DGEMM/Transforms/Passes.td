// The passes over the dgemm dialect.

#ifndef DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_TD
#define DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def DGEMMEvaluatePass : Pass<"dgemm-evaluate"> {
  let summary = "Replace each dgemm.gemm on constants by its result";
  let description = [{
    Runs the reference evaluator on every `dgemm.gemm` on tensors whose A, B,
    scales and C are constants. The result has the bits that the GPU computes,
    or with `exact` those of a GPU whose tensor core loses nothing inside a
    block of 128. Others are left as they are; the initial value of D does not
    matter.

    Before, with A of ones and scales of two (and K = 128):

    ```mlir
    %r = dgemm.gemm ins(%a, %sfa, %b, %sfb : ...) outs(%d : tensor<1x8xf32>)
           -> tensor<1x8xf32>
    ```

    After:

    ```mlir
    %r = arith.constant dense<5.120000e+02> : tensor<1x8xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let options = [
    Option<"exact", "exact", "bool", "false",
           "Sum a block exactly and round once, instead of as the hardware">
  ];
  let statistics = [
    Statistic<"numEvaluated", "evaluated", "Ops replaced by their result">,
    Statistic<"numLeft", "left", "Ops left: an operand is not constant">
  ];
}

def DGEMMSelectSchedulePass : Pass<"dgemm-select-schedule"> {
  let summary = "Choose a schedule for each dgemm.gemm that has none";
  let description = [{
    Enumerates tiles, depths and operand orders, discards what does not fit
    the registers and the shared memory of an SM, ranks the rest with an
    analytic model, and puts the first one on the op. How scales and D travel
    follows from their strides; static N and K are baked in. A schedule that
    is already there is kept.

    A tuning table (docs/tuning.md) that has the problem decides instead of
    the model. For a range of M, several schedules may be chosen, and the op
    becomes a `dgemm.dispatch`.

    On tensors the pass assumes contiguous buffers. A dynamic K stride of
    scales is taken to be a multiple of 16 bytes, and a dynamic row stride of
    D to be as aligned as its rows are long: both become preconditions of the
    launch. A dynamic N or K counts as large.

    Before:

    ```mlir
    dgemm.gemm ins(...) outs(%d : memref<?x7168xbf16>)
    ```

    After:

    ```mlir
    dgemm.gemm ins(...) outs(%d : memref<?x7168xbf16>)
        {schedule = #dgemm.schedule<tile = [256, 128], buffers = 4,
                                    specialize = [n, k]>}
    ```
  }];
  let dependentDialects = ["::dgemm::dg::DGEMMDialect"];
  let options = [
    Option<"sms", "sms", "int64_t", "132",
           "Streaming multiprocessors of the GPU">,
    Option<"m", "m", "std::string", "\"4096\"",
           "The M to optimise for where it is dynamic; of a range like "
           "1..8192 each">,
    Option<"table", "table", "std::string", "\"\"",
           "A tuning table: it decides where it has the problem">,
    Option<"batchInvariant", "batch-invariant", "bool", "false",
           "Only schedules with which a row's bits do not depend on M">,
    Option<"pdl", "pdl", "std::string", "\"none\"",
           "Programmatic dependent launch: none, inputs or activations">,
    Option<"explain", "explain", "bool", "false",
           "Emit a remark with the candidates and the terms of the model">
  ];
  let statistics = [
    Statistic<"numChosen", "chosen", "Schedules chosen by table or model">,
    Statistic<"numKept", "kept", "Schedules that the user wrote, kept">
  ];
}

def DGEMMExpandCandidatesPass
    : Pass<"dgemm-expand-candidates", "::mlir::ModuleOp"> {
  let summary = "Copy functions, one for each schedule worth measuring";
  let description = [{
    Replaces a function that holds one `dgemm.gemm` without a schedule by
    copies of it, each with one of the model's best feasible schedules, best
    first. The copies of `@gemm` are `@gemm_0`, `@gemm_1` and so on. Functions
    with several products, or with a schedule, stay as they are.

    `scripts/tune-candidates` compiles what this pass writes, and
    `dgemm-run tune` times it.
  }];
  let dependentDialects = ["::dgemm::dg::DGEMMDialect"];
  let options = [
    Option<"sms", "sms", "int64_t", "132",
           "Streaming multiprocessors of the GPU">,
    Option<"m", "m", "std::string", "\"4096\"",
           "The M to optimise for where it is dynamic; of a range, its last">,
    Option<"count", "count", "int64_t", "20", "Candidates of each product">,
    Option<"perTile", "per-tile", "int64_t", "3",
           "Candidates that may share a tile and a split of K">,
    Option<"batchInvariant", "batch-invariant", "bool", "false",
           "Only schedules with which a row's bits do not depend on M">
  ];
  let statistics = [
    Statistic<"numCandidates", "candidates", "Functions with a candidate">
  ];
}

#endif // DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_TD
