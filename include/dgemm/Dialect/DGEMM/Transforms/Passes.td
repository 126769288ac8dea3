// The passes over the dgemm dialect.

#ifndef DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_TD
#define DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def DGEMMSelectSchedulePass : Pass<"dgemm-select-schedule"> {
  let summary = "Choose a schedule for each dgemm.gemm that has none";
  let description = [{
    Enumerates tiles, depths and operand orders, discards what does not fit
    the registers and the shared memory of an SM, ranks the rest with an
    analytic model, and puts the first one on the op. How scales and D travel
    follows from their strides; static N and K are baked in. A schedule that
    is already there is kept.

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
  let options = [
    Option<"sms", "sms", "int64_t", "132",
           "Streaming multiprocessors of the GPU">,
    Option<"m", "m", "int64_t", "4096",
           "The M to optimise for where it is dynamic">,
    Option<"explainChoice", "explain", "bool", "false",
           "Emit a remark with the candidates and the terms of the model">
  ];
  let statistics = [
    Statistic<"numChosen", "chosen", "Schedules chosen by the cost model">,
    Statistic<"numKept", "kept", "Schedules that the user wrote, kept">
  ];
}

#endif // DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_TD
