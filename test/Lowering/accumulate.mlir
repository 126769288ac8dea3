// Accumulator tiles become fragments: for each 64-row slice of a warpgroup a
// chain of wgmmas on a fresh accumulator, a wait, and the promotion.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=accumulate | FileCheck %s

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// Two warpgroups of two slices. The slot is given back as soon as the last
// product has read it; the next product takes the registers of the last.
// CHECK-LABEL: gpu.func @slices
// CHECK: hopper.consumers (%[[GROUP:.*]]) count 2
// CHECK: %[[FIRST:.*]] = arith.muli %[[GROUP]], %c128_i32
// CHECK-NOT: hopper.tile
// CHECK: %[[NONE:.*]] = hopper.undefined : <64x128xf32>
// CHECK: %[[SUM:.*]]:5 = scf.for {{.*}} iter_args(%[[ACC0:.*]] = %{{.*}}, %[[ACC1:.*]] = %{{.*}}, %[[SLOT:.*]] = %{{.*}}, %{{.*}} = %{{.*}}, %[[OLD:.*]] = %[[NONE]])
// CHECK:   %[[FULL:.*]]:3 = hopper.wait
// CHECK:   %[[S0:.*]] = hopper.read_scales %[[FULL]]#2[%[[FIRST]]] : <256xf32, 0> -> <lhs, 64, vector>
// CHECK:   hopper.wgmma_fence
// CHECK:   %[[L0:.*]] = hopper.subbuffer %[[FULL]]#0[%[[FIRST]]] : <256x128xf8E4M3FN, 128> -> <64x128xf8E4M3FN, 128>
// CHECK:   %[[P0:.*]] = hopper.wgmma %[[L0]], %[[FULL]]#1 reuse %[[OLD]]
// CHECK:   hopper.wgmma_commit
// CHECK:   %[[T0:.*]] = hopper.wgmma_wait pending 0(%[[P0]])
// CHECK-NOT: hopper.release
// CHECK:   %[[N0:.*]] = hopper.promote %[[T0]], %[[ACC0]] scales %[[S0]],
// CHECK:   %[[SECOND:.*]] = arith.addi %[[FIRST]], %c64_i32
// CHECK:   %[[S1:.*]] = hopper.read_scales %[[FULL]]#2[%[[SECOND]]]
// CHECK:   hopper.wgmma_fence
// CHECK:   %[[L1:.*]] = hopper.subbuffer %[[FULL]]#0[%[[SECOND]]]
// CHECK:   %[[P1:.*]] = hopper.wgmma %[[L1]], %[[FULL]]#1 reuse %[[T0]]
// CHECK:   %[[T1:.*]] = hopper.wgmma_wait pending 0(%[[P1]])
// CHECK-NEXT: hopper.release %{{.*}}[%[[SLOT]]]
// CHECK:   %[[N1:.*]] = hopper.promote %[[T1]], %[[ACC1]] scales %[[S1]],
// CHECK:   scf.yield %[[N0]], %[[N1]], %{{.*}}, %{{.*}}, %[[T1]]
// CHECK: hopper.store %[[SUM]]#0
// CHECK: hopper.store %[[SUM]]#1
func.func @slices(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [256, 128], stages = 3>}
  return
}

// Four K blocks of a slot, two groups in flight: both start, then the first
// is waited for with one still pending.
// CHECK-LABEL: gpu.func @in_flight
// CHECK: hopper.consumers
// CHECK: scf.for {{.*}} iter_args(
// CHECK:   hopper.wgmma_fence
// CHECK:   %[[P0:.*]] = hopper.wgmma %
// CHECK:   hopper.wgmma_commit
// CHECK-NOT: hopper.wgmma_wait
// CHECK:   %[[P1:.*]] = hopper.wgmma %
// CHECK:   hopper.wgmma_commit
// CHECK:   %[[T0:.*]] = hopper.wgmma_wait pending 1(%[[P0]])
// CHECK:   hopper.promote %[[T0]]
// CHECK:   %[[T1:.*]] = hopper.wgmma_wait pending 0(%[[P1]])
// CHECK-NOT: hopper.release
// CHECK:   hopper.promote %[[T1]]
// CHECK:   hopper.wgmma_fence
// CHECK:   %[[P2:.*]] = hopper.wgmma {{.*}} reuse %[[T0]]
// CHECK:   %[[P3:.*]] = hopper.wgmma {{.*}} reuse %[[T1]]
// CHECK:   hopper.wgmma_wait pending 1(%[[P2]])
// CHECK:   hopper.wgmma_wait pending 0(%[[P3]])
// CHECK-NEXT: hopper.release
func.func @in_flight(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1, stages = 3,
                                  kblocks = 4, in_flight = 2>}
  return
}
