// ptxas itself, on a kernel whose setmaxnreg it must ignore: there is no
// nvvm.reqntid, so it cannot know the registers at entry. It exits with 0.
// REQUIRES: ptxas
// RUN: not dgemm-opt %s --dgemm-pipeline 2>&1 | FileCheck %s

// CHECK: error: gpu.binary @module: ptxas info : (C7508)
// CHECK-SAME: setmaxnreg
// CHECK: note: compiled with the schedule none
gpu.module @module attributes {
  dgemm.record = {
    target = "sm_90a", schedule = "none",
    operands = [
      {name = "D", dtype = "f32", shape = ["M"], strides = ["1"],
       access = "write", align = 4 : i64}],
    empty = [], workspace = {bytes = "0", zeroed = false}}} {
  llvm.func @k(%out: !llvm.ptr<1> {dgemm.arg = {kind = "pointer", operand = "D"}})
      attributes {
        nvvm.kernel,
        dgemm.launch = {
          when = "1", block = [128, 1, 1], cluster = [1, 1, 1],
          grid = ["1", "1", "1"], dynamic_shared_memory = 0 : i64,
          pdl = false, preconditions = []}} {
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    nvvm.setmaxregister decrease 40
    %p = llvm.getelementptr %out[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %tid, %p : i32, !llvm.ptr<1>
    llvm.return
  }
}
