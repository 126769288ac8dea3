// Unrolling, late scales, slices of block scales, the overlapped epilogue.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=accumulate | FileCheck %s

!a = memref<?x2048xf8E4M3FN>
!b = memref<264x2048xf8E4M3FN>
!sfa = memref<?x16xf32, strided<[1, ?]>>
!sfb = memref<3x16xf32>
!d = memref<?x264xbf16>

// Four stages in one iteration and then those that are left.
// CHECK-LABEL: gpu.func @unrolled
// CHECK: hopper.consumers
// CHECK: scf.for {{.*}} step %c4_i32
// CHECK-COUNT-4: hopper.wgmma_commit
// CHECK: scf.yield
// CHECK: scf.for {{.*}} step %c1_i32
// CHECK: hopper.wgmma_commit
// CHECK-NOT: hopper.wgmma_commit
// CHECK: hopper.store
func.func @unrolled(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4, unroll = 4>}
  return
}

// A scale for each column would fill the registers: it is read after the
// product has landed, so the slot is released only after the promotion.
// CHECK-LABEL: gpu.func @late
// CHECK: hopper.consumers
// CHECK: %[[T:.*]] = hopper.wgmma_wait
// CHECK-NEXT: %[[S:.*]] = hopper.read_scales %{{.*}} -> <rhs, 64, vector>
// CHECK-NEXT: hopper.promote %[[T]], %{{.*}} scales %{{.*}}, %[[S]]
// CHECK-NEXT: hopper.release
func.func @late(%a: !a, %sfa: !sfa, %b: !b,
                %sfb: memref<264x16xf32, strided<[1, ?]>>, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb
                 : !a, !sfa, !b, memref<264x16xf32, strided<[1, ?]>>)
      outs(%d : !d)
      {b_block = [1, 128],
       schedule = #dgemm.schedule<tile = [128, 64], stages = 4,
                                  rhs_scales = staged>}
  return
}

// Block scales on the left: a slice lies in one block.
// CHECK-LABEL: gpu.func @slice_scales
// CHECK: hopper.consumers (%[[GROUP:.*]]) count 2
// CHECK: %[[ROW:.*]] = arith.muli %[[GROUP]], %c128_i32
// CHECK: %[[ALL:.*]] = hopper.pack_scales(%{{.*}}, %{{.*}}) at %{{.*}} : <lhs, 256, split>
// CHECK: hopper.slice_scales %[[ALL]][%[[ROW]]] : <lhs, 256, split> -> <lhs, 64, scalar>
func.func @slice_scales(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [256, 64], stages = 3, swap = true,
                                  lhs_scales = tile, rhs_scales = staged>}
  return
}

// The last slice of a tile is stored under the first product of the next, the
// first slice under the last product of the second; the last tile's last
// slice after the loop.
// CHECK-LABEL: gpu.func @overlapped
// CHECK-SAME: {check = "K > 128", message = "the overlapped epilogue of this kernel needs two K blocks: K must be above 128, or compile with 'epilogue = after'"}
// CHECK: hopper.consumers
// CHECK: %[[LATE:.*]]:{{.*}} = scf.for
// CHECK: hopper.wgmma %
// CHECK-NEXT: hopper.wgmma_commit
// CHECK-NEXT: scf.if
// CHECK-NEXT: hopper.store
// CHECK: hopper.wgmma_wait
// CHECK: scf.for
// CHECK-NOT: hopper.store
// CHECK: scf.yield
// CHECK: hopper.wgmma %
// CHECK: hopper.wgmma_wait
// CHECK: hopper.wgmma %
// CHECK-NEXT: hopper.wgmma_commit
// CHECK: hopper.store
// CHECK: hopper.wgmma_wait
// CHECK-NOT: hopper.store
// CHECK: scf.yield
// CHECK: scf.if %[[LATE]]
// CHECK-NEXT: hopper.store %[[LATE]]
func.func @overlapped(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [256, 128], stages = 3,
                                  epilogue = overlapped>}
  return
}
