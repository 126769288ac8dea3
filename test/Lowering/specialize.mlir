// Each role gets the loops with just the operations that it needs: one warp
// for each ring, and the consumers.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=specialize | FileCheck %s

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// CHECK-LABEL: gpu.func @gemm
// CHECK: %[[RING:.*]] = hopper.pipeline depth 4
// CHECK: %[[SIDE:.*]] = hopper.pipeline depth 2
// CHECK: %[[FIRST:.*]], %[[STEP:.*]] = hopper.worker
// CHECK-NEXT: hopper.ready cluster 1
// CHECK-NEXT: hopper.producers registers 40 {
// CHECK-NEXT:   hopper.warp 0 single {
// A producer's first phase is 1: the slots are empty.
// CHECK-NEXT:     scf.for {{.*}} iter_args(%{{.*}} = %c0_i32, %{{.*}} = %c1_i32)
// CHECK-NEXT:       hopper.work_at
// CHECK-NEXT:       scf.for {{.*}} -> (i32, i32)
// CHECK-NEXT:         hopper.acquire %[[RING]]
// CHECK-NOT:          hopper.wait
// CHECK-COUNT-3:      hopper.tma_load
// CHECK-NEXT:         hopper.commit %[[RING]]
// CHECK-NEXT:         hopper.advance %[[RING]]
// CHECK-NEXT:         scf.yield
// CHECK:        hopper.warp 1 {
// CHECK-NEXT:     scf.for {{.*}} iter_args(%{{.*}} = %c0_i32, %{{.*}} = %c1_i32)
// CHECK-NEXT:       hopper.work_at
// CHECK-NEXT:       hopper.acquire %[[SIDE]]
// CHECK-NOT:        hopper.tma_load
// CHECK:            hopper.commit %[[SIDE]]
// CHECK-NEXT:       hopper.advance %[[SIDE]]
// The consumers do not compute where the tile lies: the producer told them.
// CHECK:      hopper.consumers (%{{.*}}) count 2 registers 232 {
// CHECK-NEXT:   scf.for {{.*}} iter_args(%{{.*}} = %c0_i32, %{{.*}} = %c0_i32, %{{.*}} = %c0_i32, %{{.*}} = %c0_i32)
// CHECK-NOT:      hopper.work_at
// CHECK-NOT:      hopper.acquire
// CHECK:          hopper.wait %[[SIDE]]
// CHECK:          scf.for {{.*}} -> (!hopper.tile<128x64xf32>, i32, i32)
// CHECK-NEXT:       hopper.wait %[[RING]]
// CHECK:            hopper.mma
// CHECK:            hopper.release %[[RING]]
// CHECK:          hopper.store
// CHECK:          hopper.release %[[SIDE]]
// CHECK:      hopper.finish cluster 1
// CHECK-NEXT: gpu.return
func.func @gemm(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4>}
  return
}

// One ring, one producer warp; the consumers find their tile themselves. The
// budgets of registers are the schedule's, the barriers are a cluster's.
// CHECK-LABEL: gpu.func @one_ring
// CHECK: hopper.ready cluster 2
// CHECK: hopper.producers registers 32 {
// CHECK-NEXT: hopper.warp 0 single {
// CHECK-NOT: hopper.warp
// CHECK: hopper.consumers (%{{.*}}) count 3 registers 160 {
// CHECK: hopper.work_at
// CHECK: hopper.wait
// CHECK: hopper.finish cluster 2
func.func @one_ring(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [192, 64], warpgroups = 3, stages = 4,
                                  registers = [32, 160], cluster = 2,
                                  multicast = rhs, rhs_scales = direct,
                                  coordinates = consumer>}
  return
}
