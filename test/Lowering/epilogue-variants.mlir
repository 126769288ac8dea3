// Buffers for each slice, transposed stores, f32 with C, plain stores.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=epilogue | FileCheck %s

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>
!f = memref<?x264xf32>

// Two slices of two chunks with buffers of their own: while one is written,
// the TMA stores of the other may still read.
// CHECK-LABEL: gpu.func @slices
// CHECK: %[[SLAB:.*]] = hopper.shared : <2x4x64x64xbf16, 128>
// CHECK: hopper.tma_store_wait pending 1 read
// CHECK: hopper.subbuffer %[[SLAB]][%{{.*}}, %c0_i32]
// CHECK: hopper.subbuffer %[[SLAB]][%{{.*}}, %c1_i32]
// CHECK: hopper.tma_store_wait pending 1 read
// CHECK: hopper.subbuffer %[[SLAB]][%{{.*}}, %c2_i32]
// CHECK: hopper.subbuffer %[[SLAB]][%{{.*}}, %c3_i32]
// CHECK: hopper.tma_store_wait pending 0 read
func.func @slices(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [256, 128], stages = 3, buffers = 4>}
  return
}

// Each warp stores the rows that it staged: no TMA and no barrier; D starts
// at a multiple of 16 bytes.
// CHECK-LABEL: gpu.module @lines_kernel
// CHECK-SAME: {access = "write", align = 16 : i64, dtype = "bf16", name = "D"
// CHECK: check = "ldd * 2 % 16 == 0"
// CHECK: %[[SLAB:.*]] = hopper.shared : <2x2x64x64xbf16, 128>
// CHECK: hopper.warp_sync
// CHECK: hopper.stage_fragment %[[SUM:.*]]#0 columns 0 into %[[C0:.*]] :
// CHECK: hopper.stage_fragment %[[SUM]]#0 columns 64 into %[[C1:.*]] :
// CHECK-NEXT: hopper.warp_sync
// CHECK-NEXT: hopper.store_lines %[[C0]] to %[[D:.*]][%[[ROW:.*]], %[[COL:.*]]] bounds
// CHECK-NEXT: %[[NEXT:.*]] = arith.addi %[[COL]], %c64_i32
// CHECK-NEXT: hopper.store_lines %[[C1]] to %[[D]][%[[ROW]], %[[NEXT]]] bounds
// CHECK-NOT: hopper.barrier
// CHECK-NOT: tma_store
// CHECK: gpu.return
func.func @lines(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 128], stages = 4,
                                  store = lines>}
  return
}

// The rows of the fragment are D's columns: a buffer is 32 rows of D, and the
// coordinates are exchanged.
// CHECK-LABEL: gpu.func @transposed
// CHECK-SAME: %[[D:[^:]*]]: !hopper.tensor_map {dgemm.arg = {box = [64, 32], {{[^}]*}} operand = "D"
// CHECK: hopper.shared : <2x1x32x64xbf16, 128>
// CHECK: %[[COL:.*]] = memref.load %{{.*}}[%c1]
// CHECK: %[[ROW:.*]] = arith.addi
// CHECK: hopper.stage_fragment %{{.*}} columns 0 into %[[BUFFER:.*]] {transposed}
// CHECK: hopper.tma_store %[[BUFFER]] to %[[D]][%[[ROW]], %[[COL]]]
func.func @transposed(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 32], stages = 4, swap = true,
                                  lhs_scales = tile, rhs_scales = staged,
                                  chunk = 32>}
  return
}

// C is added in FP32 before the one conversion; a chunk of 24 floats has rows
// of 96 bytes, for which there is no swizzle.
// CHECK-LABEL: gpu.func @with_c
// CHECK-SAME: %[[C:[^:]*]]: memref<?x?xf32, strided<[?, 1]>> {dgemm.arg = {kind = "pointer", operand = "C"}}
// CHECK: hopper.shared : <2x1x64x24xf32, 0>
// CHECK: %[[SUM:.*]] = hopper.add_matrix %{{.*}}, %[[C]][
// CHECK: hopper.stage_fragment %[[SUM]] columns 0 into
func.func @with_c(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %c: !f, %d: !f) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) acc(%c : !f)
      outs(%d : !f)
      {schedule = #dgemm.schedule<tile = [128, 24], stages = 4, chunk = 24>}
  return
}

// No TMA: no buffer, no barrier, no condition on D's rows.
// CHECK-LABEL: gpu.func @direct
// CHECK-NOT: check = "ldd
// CHECK-NOT: hopper.shared
// CHECK-NOT: hopper.barrier
// CHECK: %[[SUM:.*]] = hopper.add_matrix
// CHECK-NEXT: hopper.store %[[SUM]], %{{.*}} bounds(%{{.*}}, %{{.*}}) : !hopper.fragment<64x64xf32>, memref<?x?xbf16, {{.*}}>
func.func @direct(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %c: !d, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) acc(%c : !d)
      outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4,
                                  store = direct>}
  return
}

// K is cut into parts, one for each block of a cluster. The first adds the
// sums that the others send it, in the order of their ranks, and stores.
// CHECK-LABEL: gpu.module @parts_kernel
// CHECK: cluster = [3, 1, 1], grid = ["ceildiv(M, 64) * ceildiv(N, 32) * 3", "1", "1"]
// CHECK-SAME: parts = {count = 3 : i64, kblocks = "align(ceildiv(ceildiv(K, 128), 3), 2)"}
// CHECK: %[[SUMS:.*]] = hopper.pipeline depth 1 bytes 16384 consumers 1 cluster 1 : <<2x1x4x128x4xf32, 0>>
// CHECK: hopper.ready cluster 3
// CHECK: hopper.consumers (%[[GROUP:.*]]) count 1
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[RANK:.*]], %c0_i32
// CHECK: scf.if %[[FIRST]] {
// CHECK:   hopper.commit %[[SUMS]][%c0_i32]
// CHECK:   %[[IN:.*]] = hopper.wait %[[SUMS]][%c0_i32, %c0_i32]
// CHECK:   %[[SECOND:.*]] = hopper.subbuffer %[[IN]][%c0_i32, %{{.*}}]
// CHECK:   %[[TWO:.*]] = hopper.add_sent %[[SUM:.*]], %[[SECOND]]
// CHECK:   %[[THIRD:.*]] = hopper.subbuffer %[[IN]][%c1_i32, %{{.*}}]
// CHECK:   %[[ALL:.*]] = hopper.add_sent %[[TWO]], %[[THIRD]]
// CHECK:   hopper.stage_fragment %[[ALL]]
// CHECK: } else {
// CHECK:   %[[PART:.*]] = arith.addi %[[RANK]], %c-1_i32
// CHECK:   hopper.send_fragment %[[SUM]] to %[[SUMS]][%c0_i32] entry[%[[PART]], %{{.*}}]
// CHECK: }
// CHECK: hopper.finish cluster 1
func.func @parts(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [64, 32], warpgroups = 1, stages = 2,
                                  kblocks = 2, chunk = 32, split_k = 3,
                                  reduce = cluster, persistent = false>}
  return
}
