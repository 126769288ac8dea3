// The passes over the dgemm dialect.

#ifndef DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_TD
#define DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def DGEMMSelectSchedulePass : Pass<"dgemm-select-schedule"> {
  let summary = "Choose a schedule for each dgemm.gemm that has none";
  let dependentDialects = ["::dgemm::dg::DGEMMDialect"];
  let options = [
    Option<"sms", "sms", "int64_t", "132",
           "Streaming multiprocessors of the GPU">,
    Option<"m", "m", "int64_t", "4096",
           "The M to optimise for where it is dynamic">,
    Option<"explain", "explain", "bool", "false",
           "Emit a remark with the candidates and the terms of the model">
  ];
  let statistics = [
    Statistic<"numChosen", "chosen", "Schedules chosen by the cost model">,
    Statistic<"numKept", "kept", "Schedules that the user wrote, kept">
  ];
}

#endif // DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_TD
