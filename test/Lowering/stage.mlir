// Loads become TMA copies into the slots of a ring; block scales and the
// coordinates of a tile come through a second one, filled by a warp.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=stage | FileCheck %s

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// CHECK: gpu.func @gemm(
// CHECK-SAME: %[[SFB:[^:]*]]: memref<?x?xf32, strided<[?, 1]>> {dgemm.arg = {kind = "pointer", operand = "SFB"}}
// CHECK-SAME: %[[A:[^:]*]]: !hopper.tensor_map {dgemm.arg = {box = [128, 128], {{.*}} operand = "A", sizes = ["K", "M"], strides = ["lda"], swizzle = 128 : i64}}
// CHECK-SAME: %[[SFA:[^:]*]]: !hopper.tensor_map {dgemm.arg = {box = [128, 1], {{.*}} operand = "SFA", sizes = ["M", "ceildiv(K, 128)"], strides = ["sfa_k * 4"], swizzle = 0 : i64}}
// CHECK-SAME: %[[B:[^:]*]]: !hopper.tensor_map {dgemm.arg = {box = [128, 64], {{.*}} operand = "B", sizes = ["K", "N"], strides = ["ldb"], swizzle = 128 : i64}}
// CHECK-SAME: {check = "lda % 16 == 0", message = "the row stride of A must be a multiple of 16 bytes (TMA): pad it to align(lda, 16)"}
// CHECK-SAME: {check = "sfa_k % 4 == 0", message = "the K stride of SFA must be a multiple of 4 floats (TMA)
// CHECK-SAME: {check = "ceildiv(K, 128) <= 3", message = "this kernel keeps the block scales of at most 3 K blocks for a tile

// CHECK: %[[RING:.*]] = hopper.pipeline depth 4 bytes 25088 consumers 2 cluster 1 : <<128x128xf8E4M3FN, 128>, <64x128xf8E4M3FN, 128>, <128xf32, 0>>
// CHECK: %[[SIDE:.*]] = hopper.pipeline depth 2 bytes 0 consumers 2 cluster 1 : <<4xi32, 0>, <1x3xf32, 0>>
// CHECK: scf.for {{.*}} iter_args(%[[PS:.*]] = %c0_i32, %[[PP:.*]] = %c1_i32, %[[CS:.*]] = %c0_i32, %[[CP:.*]] = %c0_i32, %[[TPS:.*]] = %c0_i32, %[[TPP:.*]] = %c1_i32, %[[TCS:.*]] = %c0_i32, %[[TCP:.*]] = %c0_i32)
// CHECK:   %[[ROW:.*]], %[[COL:.*]] = hopper.work_at
// CHECK:   %[[TILE:.*]]:2 = hopper.acquire %[[SIDE]][%[[TPS]], %[[TPP]]]
// CHECK:   %[[AT:.*]] = hopper.view %[[TILE]]#0
// CHECK:   memref.store %[[ROW]], %[[AT]][%{{.*}}]
// CHECK:   memref.store %[[COL]], %[[AT]][%{{.*}}]
// CHECK:   memref.load %[[SFB]]
// CHECK:   hopper.commit %[[SIDE]][%[[TPS]]]
// CHECK:   %[[USE:.*]]:2 = hopper.wait %[[SIDE]][%[[TCS]], %[[TCP]]]
// CHECK:   %[[SCALES:.*]] = hopper.view %[[USE]]#1
// CHECK:   scf.for %[[BLOCK:.*]] = {{.*}} iter_args(%[[ACC:.*]] = %{{.*}}, %[[S:.*]] = %[[PS]], %[[P:.*]] = %[[PP]], %[[US:.*]] = %[[CS]], %[[UP:.*]] = %[[CP]])
// CHECK:     %[[FILL:.*]]:3 = hopper.acquire %[[RING]][%[[S]], %[[P]]]
// CHECK:     %[[K:.*]] = arith.muli %[[BLOCK]], %c128_i32
// CHECK:     hopper.tma_load %[[A]][%[[K]], %[[ROW]]] into %[[FILL]]#0 signals %[[RING]][%[[S]]]
// CHECK:     hopper.tma_load %[[B]][%[[K]], %[[COL]]] into %[[FILL]]#1 signals %[[RING]][%[[S]]]
// CHECK:     hopper.tma_load %[[SFA]][%[[ROW]], %[[BLOCK]]] into %[[FILL]]#2 signals %[[RING]][%[[S]]]
// CHECK:     hopper.commit %[[RING]][%[[S]]]
// CHECK:     %[[FULL:.*]]:3 = hopper.wait %[[RING]][%[[US]], %[[UP]]]
// CHECK:     %[[SL:.*]] = hopper.read_scales %[[FULL]]#2
// CHECK:     memref.load %[[SCALES]]
// CHECK:     hopper.pack_scales
// CHECK:     %[[PART:.*]] = hopper.mma %[[FULL]]#0, %[[FULL]]#1
// CHECK:     hopper.promote %[[PART]], %[[ACC]] scales %[[SL]],
// CHECK:     hopper.release %[[RING]][%[[US]]]
// CHECK:   hopper.store
// CHECK:   hopper.release %[[SIDE]][%[[TCS]]]
func.func @gemm(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4>}
  return
}
