// D = F * X, written by hand in the hopper dialect: no matrix multiplication,
// no schedule. One warp brings tiles of X through a ring of two slots by TMA,
// one warpgroup scales them, and TMA writes them out. Compile it with
//
//   dgemm-opt examples/scale_ring.mlir --dgemm-pipeline="output-dir=out"
//
// and run it on the simulator with
//
//   dgemm-sim out/scale_ring.ptx out/scale_ring.json --size M=100 N=72

!tile = !hopper.buffer<64x32xf32, 0>
!ring = !hopper.pipeline<!tile>

gpu.module @scale attributes {
  dgemm.record = {
    target = "sm_90a", schedule = "none: written by hand",
    operands = [
      {name = "X", dtype = "f32", shape = ["M", "N"], strides = ["ldx", "1"],
       access = "read", align = 16 : i64},
      {name = "F", dtype = "f32", shape = ["1"], strides = ["1"],
       access = "read", align = 4 : i64},
      {name = "D", dtype = "f32", shape = ["M", "N"], strides = ["ldd", "1"],
       access = "write", align = 16 : i64}],
    empty = [{when = "M == 0 || N == 0", action = "nothing"}],
    workspace = {bytes = "0", zeroed = false}}} {

  gpu.func @scale_ring(
      %x: !hopper.tensor_map {dgemm.arg = {
        kind = "tensor_map", operand = "X", dtype = "f32",
        sizes = ["N", "M"], strides = ["ldx * 4"], box = [32, 64],
        element_strides = [1, 1], swizzle = 0 : i64, interleave = 0 : i64,
        fill = "zero", l2_promotion = 256 : i64}},
      %d: !hopper.tensor_map {dgemm.arg = {
        kind = "tensor_map", operand = "D", dtype = "f32",
        sizes = ["N", "M"], strides = ["ldd * 4"], box = [32, 64],
        element_strides = [1, 1], swizzle = 0 : i64, interleave = 0 : i64,
        fill = "zero", l2_promotion = 256 : i64}},
      %f: memref<1xf32> {dgemm.arg = {kind = "pointer", operand = "F"}},
      %m: i32 {dgemm.arg = {kind = "value", type = "i32", value = "M"}},
      %n: i32 {dgemm.arg = {kind = "value", type = "i32", value = "N"}})
      kernel attributes {
        dgemm.launch = {
          name = "scale_ring", when = "1", block = [256, 1, 1],
          cluster = [1, 1, 1],
          grid = ["min(sms, ceildiv(M, 64) * ceildiv(N, 32))", "1", "1"],
          pdl = false,
          preconditions = [
            {check = "ldx % 4 == 0",
             message = "X's row stride must be a multiple of 4 (TMA)"},
            {check = "ldd % 4 == 0",
             message = "D's row stride must be a multiple of 4 (TMA)"}]}} {
    %i0 = arith.constant 0 : i32
    %i1 = arith.constant 1 : i32
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c32 = arith.constant 32 : index
    %c64 = arith.constant 64 : index
    %ring = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1 : !ring
    %out = hopper.shared : !tile
    %work = hopper.dense_work %m, %n tile [64, 32] raster cols width 8
        cluster 1 along rows
    %count = hopper.work_count %work
    %first, %step = hopper.worker

    hopper.ready cluster 1
    hopper.producers registers 40 {
      hopper.warp 0 single {
        scf.for %item = %first to %count step %step
            iter_args(%slot = %i0, %phase = %i1) -> (i32, i32) : i32 {
          %row, %col = hopper.work_at %work[%item]
          %tile = hopper.acquire %ring[%slot, %phase] : !ring -> !tile
          hopper.tma_load %x[%col, %row] into %tile signals %ring[%slot]
              : !tile, !ring
          hopper.commit %ring[%slot] : !ring
          %next:2 = hopper.advance %ring[%slot, %phase] : !ring
          scf.yield %next#0, %next#1 : i32, i32
        }
      }
    }
    hopper.consumers (%group) count 1 registers 232 {
      %thread = gpu.thread_id x
      %factor = memref.load %f[%c0] : memref<1xf32>
      %to = hopper.view %out : !tile -> memref<64x32xf32, 3>
      // A warp takes a row at a time, and a lane a column.
      %warp = arith.divui %thread, %c32 : index
      %lane = arith.remui %thread, %c32 : index
      scf.for %item = %first to %count step %step
          iter_args(%slot = %i0, %phase = %i0) -> (i32, i32) : i32 {
        %row, %col = hopper.work_at %work[%item]
        // The store of the tile before has read the buffer.
        hopper.single_thread {
          hopper.tma_store_wait pending 0 read
        }
        hopper.barrier %i1 threads 128
        %tile = hopper.wait %ring[%slot, %phase] : !ring -> !tile
        %from = hopper.view %tile : !tile -> memref<64x32xf32, 3>
        scf.for %r = %warp to %c64 step %c4 {
          %value = memref.load %from[%r, %lane] : memref<64x32xf32, 3>
          %scaled = arith.mulf %value, %factor : f32
          memref.store %scaled, %to[%r, %lane] : memref<64x32xf32, 3>
        }
        hopper.release %ring[%slot] : !ring
        hopper.fence_async
        hopper.barrier %i1 threads 128
        hopper.single_thread {
          hopper.tma_store %out to %d[%col, %row] : !tile
          hopper.tma_store_commit
        }
        %next:2 = hopper.advance %ring[%slot, %phase] : !ring
        scf.yield %next#0, %next#1 : i32, i32
      }
      hopper.single_thread {
        hopper.tma_store_wait pending 0 read
      }
    }
    hopper.finish cluster 1
    gpu.return
  }
}
