// Two CTAs of a kernel on one SM: a grid of twice as many, half of the registers
// at entry, and a register count that lets both in.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=tile | FileCheck %s --check-prefix=TILE
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=nvvm | FileCheck %s --check-prefix=NVVM

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// TILE: gpu.func @two
// TILE-SAME: dgemm.blocks_per_sm = 2 : i64
// TILE-SAME: grid = ["min(sms * 2, ceildiv(M, 64) * ceildiv(N, 64))", "1", "1"]
// NVVM: gpu.module
// NVVM: @two({{.*}} nvvm.minctasm = 2 : i32
// The threads enter with 128 registers.
// NVVM: nvvm.setmaxregister decrease 40
// NVVM: nvvm.setmaxregister increase 216
func.func @two(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1, buffers = 1,
                                  registers = [40, 216], ctas_per_sm = 2>}
  return
}
