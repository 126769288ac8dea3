// What the schedule changes in the rings.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=stage | FileCheck %s

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// Two K blocks in a slot; K has 3, so that a shorter slot is left over, of
// which only the blocks that exist are used.
// CHECK-LABEL: gpu.module @kblocks_kernel
// CHECK: box = [128, 2]
// CHECK: %[[RING:.*]] = hopper.pipeline depth 4 bytes 50176 consumers 2 cluster 1 : <<2x128x128xf8E4M3FN, 128>, <2x64x128xf8E4M3FN, 128>, <2x128xf32, 0>>
// CHECK: %[[REST:.*]] = arith.remui %[[BLOCKS:.*]], %c2_i32
// CHECK: %[[WHOLE:.*]] = arith.subi %[[BLOCKS]], %[[REST]]
// CHECK: scf.for %{{.*}} = %c0_i32 to %[[WHOLE]] step %c2_i32
// CHECK-COUNT-5: hopper.tma_load
// CHECK: hopper.wait %[[RING]]
// CHECK-COUNT-2: hopper.mma
// CHECK: %[[SOME:.*]] = arith.cmpi ne, %[[REST]], %c0_i32
// CHECK: scf.if %[[SOME]]
// CHECK-COUNT-5: hopper.tma_load
// CHECK: scf.for %{{.*}} = %c0_i32 to %[[REST]] step %c1_i32
// CHECK: hopper.mma
// CHECK-NOT: hopper.mma
func.func @kblocks(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4, kblocks = 2>}
  return
}

// One box of three dimensions for all K blocks of a stage.
// CHECK-LABEL: gpu.module @whole_stages_kernel
// CHECK: box = [128, 128, 3], {{.*}}element_strides = [1, 1, 1], {{.*}} operand = "A", sizes = ["128", "M", "K / 128"], strides = ["lda", "128"]
// CHECK: {check = "K % 128 == 0", message = "this kernel loads whole blocks of 128 columns: K must be a multiple of 128, or compile with 'tma_view = block'"}
// CHECK: scf.for %[[BLOCK:.*]] = %c0_i32 to %{{.*}} step %c3_i32
// CHECK: hopper.tma_load %{{.*}}[%c0_i32, %{{.*}}, %[[BLOCK]]] into %{{.*}} : <3x128x128xf8E4M3FN, 128>
// CHECK: hopper.tma_load %{{.*}}[%c0_i32, %{{.*}}, %[[BLOCK]]] into %{{.*}} : <3x64x128xf8E4M3FN, 128>
// CHECK: hopper.tma_load %{{.*}} : <3x128xf32, 0>
// CHECK-NOT: hopper.tma_load
// CHECK: hopper.wait
func.func @whole_stages(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 2, kblocks = 3,
                                  tma_view = stage>}
  return
}

// The blocks of a cluster bring half of the shared operand each, and their
// consumers release every block's slot.
// CHECK-LABEL: gpu.module @multicast_kernel
// CHECK: operand = "A", {{.*}}box = [128, 32], {{.*}} operand = "B"
// CHECK: hopper.pipeline depth 4 bytes 25088 consumers 2 cluster 2
// CHECK: hopper.pipeline depth 2 bytes 0 consumers 2 cluster 1
// CHECK: hopper.tma_load {{.*}}#0 signals %{{.*}}] : <128x128xf8E4M3FN, 128>
// CHECK: hopper.tma_load {{.*}}#1 signals %{{.*}}] {multicast = 2 : i64} : <64x128xf8E4M3FN, 128>
func.func @multicast(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4, cluster = 2,
                                  multicast = rhs>}
  return
}

// Nothing is left to bring once for a tile: one ring, no coordinates; scales
// are read from global memory where they are used.
// CHECK-LABEL: gpu.module @direct_kernel
// CHECK: hopper.pipeline depth 4 bytes 24576 consumers 2 cluster 1 : <<128x128xf8E4M3FN, 128>, <64x128xf8E4M3FN, 128>>
// CHECK-NOT: hopper.pipeline
// CHECK: %[[ROW:.*]], %[[COL:.*]] = hopper.work_at
// CHECK: hopper.wait
// CHECK: hopper.load_scales %{{.*}}[%[[ROW]], %{{.*}}] bound
// CHECK: hopper.load_scales %{{.*}}[%[[COL]], %{{.*}}] bound
// CHECK: hopper.mma
func.func @direct(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4,
                                  lhs_scales = direct, rhs_scales = direct,
                                  coordinates = consumer>}
  return
}

// A tile of 192 columns touches two blocks of 128 of the scales.
// CHECK-LABEL: gpu.module @split_kernel
// CHECK: hopper.pipeline depth 2 bytes 0 consumers 2 cluster 1 : <<4xi32, 0>, <2x3xf32, 0>>
// CHECK: hopper.pack_scales(%{{.*}}, %{{.*}}) at %{{.*}} : <rhs, 192, split>
func.func @split(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 192], stages = 4>}
  return
}
