// The passes from nvvm and llvm in a gpu.module to code and launch records.

#ifndef DGEMM_TARGET_PASSES_TD
#define DGEMM_TARGET_PASSES_TD

include "mlir/Pass/PassBase.td"

def DGEMMEmitPTXPass : Pass<"dgemm-emit-ptx", "::mlir::ModuleOp"> {
  let summary = "Compile each gpu.module to PTX and a launch record";
  let description = [{
    Replaces each `gpu.module` by a `gpu.binary` with one object: PTX that
    LLVM's NVPTX back end wrote in this process. The launch record is built
    from the attributes `dgemm.record` (module), `dgemm.launch` (kernel) and
    `dgemm.arg` (kernel argument), validated, and kept as JSON text in the
    object's property `dgemm.record`. Its `target` is the GPU to compile for.

    Before:
    ```mlir
    gpu.module @gemm attributes {dgemm.record = {...}} {
      llvm.func @gemm(%a: !llvm.ptr {dgemm.arg = {...}})
          attributes {gpu.kernel, nvvm.kernel, dgemm.launch = {...}} {...}
    }
    ```
    After:
    ```mlir
    gpu.binary @gemm [#gpu.object<#nvvm.target<chip = "sm_90a", ...>,
        properties = {dgemm.record = "{...}"}, assembly = "...">]
    ```
  }];
  let dependentDialects = [
    "::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::NVVM::NVVMDialect"
  ];
  let options = [
    Option<"features", "features", "std::string", "\"+ptx87\"",
           "LLVM's target features: the PTX version">,
    Option<"optLevel", "opt-level", "unsigned", "3",
           "LLVM's optimization level, 0 to 3">,
    Option<"timings", "timings", "bool", "false",
           "Keep the milliseconds of each step in the object's properties "
           "(which makes the output differ from run to run)">
  ];
  let statistics = [
    Statistic<"numModules", "modules", "GPU modules compiled to PTX">,
    Statistic<"numBytes", "ptx-bytes", "Bytes of PTX">
  ];
}

def DGEMMAssemblePass : Pass<"dgemm-assemble", "::mlir::ModuleOp"> {
  let summary = "Assemble the PTX of each gpu.binary with ptxas";
  let description = [{
    Puts a cubin in front of the PTX of each `gpu.binary` that
    `dgemm-emit-ptx` wrote, and ptxas's figures (registers, spills, sizes)
    into the launch record of both. ptxas runs as a child process on memory
    files.

    A kernel that spills, that uses local memory, or about which ptxas has a
    message `(C75xx)` (WGMMAs serialized, setmaxnreg ignored) is an error: it
    would compute the right answer at a fraction of the speed.

    Before:
    ```mlir
    gpu.binary @gemm [#gpu.object<..., assembly = "...">]
    ```
    After:
    ```mlir
    gpu.binary @gemm [#gpu.object<..., bin = "...">,
                      #gpu.object<..., assembly = "...">]
    ```
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect"];
  let options = [
    Option<"ptxas", "ptxas", "std::string", "\"\"",
           "The ptxas executable or its folder; searched for if empty">,
    Option<"timeout", "timeout", "double", "60.0",
           "Seconds after which ptxas is killed">,
    Option<"optLevel", "opt-level", "unsigned", "3",
           "ptxas's optimization level, 0 to 3">,
    Option<"timings", "timings", "bool", "false",
           "Keep ptxas's milliseconds in the object's properties">
  ];
  let statistics = [
    Statistic<"numAssembled", "assembled", "Binaries assembled">,
    Statistic<"numBytes", "cubin-bytes", "Bytes of cubin">
  ];
}

def DGEMMWriteArtifactsPass
    : Pass<"dgemm-write-artifacts", "::mlir::ModuleOp"> {
  let summary = "Write PTX, cubin and launch record of each gpu.binary as files";
  let description = [{
    Writes `<kernel>.ptx`, `<kernel>.cubin` (if there is one) and
    `<kernel>.json` for each `gpu.binary` of this project; `<kernel>` is the
    first kernel of the launch record. A file appears complete or not at all:
    it is written under another name and renamed. The IR stays as it is.
  }];
  let options = [
    Option<"outputDir", "output-dir", "std::string", "\".\"",
           "The folder; created if it does not exist">
  ];
  let statistics = [
    Statistic<"numFiles", "files", "Files written">
  ];
}

#endif // DGEMM_TARGET_PASSES_TD
