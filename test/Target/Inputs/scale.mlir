// A small kernel, no GEMM, with everything that a launch record holds.
gpu.module @module attributes {
  dgemm.record = {
    target = "sm_90a", schedule = "#dgemm.schedule<tile = [64, 8]>",
    operands = [
      {name = "A", dtype = "f32", shape = ["M", "K"], strides = ["lda", "1"],
       access = "read", align = 16 : i64},
      {name = "D", dtype = "f32", shape = ["M", "K"], strides = ["ldd", "1"],
       access = "write", align = 16 : i64}],
    empty = [{when = "M == 0 || K == 0", action = "nothing"}],
    workspace = {bytes = "0", zeroed = false}}} {
  llvm.func @scale(
      %map: !llvm.ptr {
        llvm.byval = !llvm.struct<(array<128 x i8>)>, llvm.align = 64 : i64,
        nvvm.grid_constant,
        dgemm.arg = {
          kind = "tensor_map", operand = "A", dtype = "f32",
          sizes = ["K", "M"], strides = ["lda * 4"], box = [4, 64],
          element_strides = [1, 1], swizzle = 0 : i64, interleave = 0 : i64,
          fill = "zero", l2_promotion = 256 : i64}},
      %out: !llvm.ptr<1> {dgemm.arg = {kind = "pointer", operand = "D"}},
      %rows: i32 {dgemm.arg = {kind = "value", type = "i32", value = "M"}})
      attributes {
        gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 128>,
        dgemm.launch = {
          when = "1", block = [128, 1, 1],
          cluster = [1, 1, 1], grid = ["min(sms, ceildiv(M, 64))", "1", "1"],
          dynamic_shared_memory = 1024 : i64, pdl = false,
          preconditions = [
            {check = "lda % 4 == 0", message = "A's row stride"}]}} {
    nvvm.prefetch tensormap, %map : !llvm.ptr
    %scale = llvm.mlir.constant(1.5 : f32) : f32
    %shift = llvm.mlir.constant(3.0 : f32) : f32
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %p = llvm.getelementptr %out[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %x = llvm.load %p : !llvm.ptr<1> -> f32
    %y = llvm.fmul %x, %scale : f32
    %z = llvm.fadd %y, %shift : f32
    llvm.store %z, %p : f32, !llvm.ptr<1>
    llvm.return
  }
}
