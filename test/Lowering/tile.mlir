// A contraction becomes a kernel: a loop over the tiles of a work source, in
// it a loop over blocks of 128 K, then one store.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=tile | FileCheck %s

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// CHECK-LABEL: func.func @persistent
// CHECK-SAME: (%[[A:.*]]: memref<?x384xf8E4M3FN>, %[[SFA:.*]]: memref<?x3xf32, {{.*}}>, %[[B:.*]]: memref<264x384xf8E4M3FN>, %[[SFB:.*]]: memref<3x3xf32>, %[[D:.*]]: memref<?x264xbf16>)
// CHECK-NOT: dgemm.contract
// CHECK: dgemm.launch @persistent_kernel::@persistent(%[[A]], %[[SFA]], %[[B]], %[[SFB]], %[[D]]) as ["A", "SFA", "B", "SFB", "D"]
func.func @persistent(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4>}
  return
}

// The rows of the left operand are B's now. A tile of 192 rows starts inside
// a block of 128 of the scales: they are split.
func.func @swapped_once(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [192, 32], warpgroups = 3, stages = 4,
                                  swap = true, lhs_scales = tile,
                                  rhs_scales = staged, chunk = 32,
                                  registers = [32, 160], persistent = false,
                                  specialize = [n, k]>}
  return
}

// CHECK-LABEL: gpu.module @persistent_kernel attributes {dgemm.record =
// CHECK: gpu.func @persistent(
// CHECK-SAME: %[[A:[^:]*]]: memref<?x?xf8E4M3FN, strided<[?, 1]>> {dgemm.arg = {kind = "pointer", operand = "A"}}
// CHECK-SAME: %[[SFA:[^:]*]]: memref<?x?xf32, strided<[1, ?]>> {dgemm.arg = {kind = "pointer", operand = "SFA"}}
// CHECK-SAME: %[[B:[^:]*]]: memref<?x?xf8E4M3FN, strided<[?, 1]>> {dgemm.arg = {kind = "pointer", operand = "B"}}
// CHECK-SAME: %[[SFB:[^:]*]]: memref<?x?xf32, strided<[?, 1]>> {dgemm.arg = {kind = "pointer", operand = "SFB"}}
// CHECK-SAME: %[[D:[^:]*]]: memref<?x?xbf16, strided<[?, 1]>> {dgemm.arg = {kind = "pointer", operand = "D"}}
// CHECK-SAME: %[[M:[^:]*]]: i32 {dgemm.arg = {kind = "value", type = "i32", value = "M"}}
// CHECK-SAME: %[[N:[^:]*]]: i32 {dgemm.arg = {kind = "value", type = "i32", value = "N"}}
// CHECK-SAME: %[[K:[^:]*]]: i32 {dgemm.arg = {kind = "value", type = "i32", value = "K"}}
// CHECK-SAME: block = [384, 1, 1], cluster = [1, 1, 1], grid = ["min(sms, ceildiv(M, 128) * ceildiv(N, 64))", "1", "1"]
// CHECK: %[[BLOCKS:.*]] = arith.divui
// CHECK: %[[WORK:.*]] = hopper.dense_work %[[M]], %[[N]] tile [128, 64] raster cols width 16 cluster 1 along rows
// CHECK: %[[COUNT:.*]] = hopper.work_count %[[WORK]]
// CHECK: %[[FIRST:.*]], %[[STEP:.*]] = hopper.worker
// CHECK: scf.for %[[ITEM:.*]] = %[[FIRST]] to %[[COUNT]] step %[[STEP]]
// CHECK:   %[[ROW:.*]], %[[COL:.*]] = hopper.work_at %[[WORK]][%[[ITEM]]]
// CHECK:   %[[ZERO:.*]] = hopper.zero : !hopper.tile<128x64xf32>
// CHECK:   %[[SUM:.*]] = scf.for %[[BLOCK:.*]] = %{{.*}} to %[[BLOCKS]] step %{{.*}} iter_args(%[[ACC:.*]] = %[[ZERO]])
// CHECK:     %[[L:.*]] = hopper.load %[[A]][%[[ROW]], %[[AT:.*]]] :
// CHECK:     %[[R:.*]] = hopper.load %[[B]][%[[COL]], %[[AT]]] :
// CHECK:     %[[SL:.*]] = hopper.load_scales %[[SFA]][%[[ROW]], %[[BLOCK]]] bound %[[M]] : {{.*}} -> <lhs, 128, vector>
// CHECK:     %[[SR:.*]] = hopper.load_scales %[[SFB]][%[[COL]], %[[BLOCK]]] bound %[[N]] : {{.*}} -> <rhs, 64, scalar>
// CHECK:     %[[P:.*]] = hopper.mma %[[L]], %[[R]] :
// CHECK:     %[[NEXT:.*]] = hopper.promote %[[P]], %[[ACC]] scales %[[SL]], %[[SR]] :
// CHECK:     scf.yield %[[NEXT]]
// CHECK:   hopper.store %[[SUM]], %[[D]][%[[ROW]], %[[COL]]] bounds(%[[M]], %[[N]]) :

// CHECK-LABEL: gpu.module @swapped_once_kernel
// CHECK: gpu.func @swapped_once(
// CHECK-SAME: %[[B:[^:]*]]: memref<?x?xf8E4M3FN, strided<[384, 1]>> {dgemm.arg = {kind = "pointer", operand = "B"}}
// CHECK-SAME: %[[M:[^:]*]]: i32 {dgemm.arg = {kind = "value", type = "i32", value = "M"}}
// CHECK-NOT: value = "N"
// CHECK-SAME: grid = ["ceildiv(264, 192) * ceildiv(M, 32)", "1", "1"]
// CHECK: %[[N:.*]] = arith.constant 264 : i32
// CHECK: hopper.dense_work %[[N]], %[[M]] tile [192, 32]
// CHECK: hopper.work_at
// CHECK: -> <lhs, 192, split>
// CHECK: -> <rhs, 32, vector>
// CHECK: hopper.store {{.*}} bounds(%[[N]], %[[M]]) {transposed}
