// Each gemm becomes one canonical contraction with the launch record's account
// of operands and empty problems.
// RUN: dgemm-opt %s --dgemm-normalise | FileCheck %s

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// K is known: the scales of a tile need room for its 3 blocks, not for 128.
// CHECK-LABEL: func.func @dense
// CHECK-SAME: (%[[A:.*]]: memref<?x384xf8E4M3FN>, %[[SFA:.*]]: memref<?x3xf32, {{.*}}>, %[[B:.*]]: memref<264x384xf8E4M3FN>, %[[SFB:.*]]: memref<3x3xf32>, %[[D:.*]]: memref<?x264xbf16>)
// CHECK-NOT: dgemm.gemm
// CHECK: dgemm.contract %[[A]] scaled %[[SFA]] by 1, %[[B]] scaled %[[SFB]] by 128 to %[[D]]
// CHECK-SAME: extents = ["M", "N", "K"], names = ["A", "SFA", "B", "SFB", "C", "D"]
// CHECK-SAME: empty = [{action = "nothing", when = "M == 0 || N == 0"}, {action = "zero", when = "K == 0"}]
// CHECK-SAME: {access = "read", align = 16 : i64, dtype = "e4m3", name = "A", shape = ["M", "K"], strides = ["lda", "1"]}
// CHECK-SAME: {access = "read", align = 4 : i64, dtype = "f32", name = "SFA", shape = ["M", "ceildiv(K, 128)"], strides = ["1", "sfa_k"]}
// CHECK-SAME: {access = "read", align = 4 : i64, dtype = "f32", name = "SFB", shape = ["ceildiv(N, 128)", "ceildiv(K, 128)"], strides = ["sfb_n", "1"]}
// CHECK-SAME: {access = "write", align = 2 : i64, dtype = "bf16", name = "D", shape = ["M", "N"], strides = ["ldd", "1"]}
// CHECK-SAME: schedule = "#dgemm.schedule<tile = [128, 64], stages = 4>"
// CHECK-SAME: schedule = #dgemm.schedule<tile = [128, 64], stages = 4, max_kblocks = 3>
func.func @dense(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4>}
  return
}

// B takes the left side, with its scales, extent and granularity; D is written
// transposed, and no later rung hears of a swap. The record keeps it.
// CHECK-LABEL: func.func @swapped
// CHECK-SAME: (%[[A:.*]]: memref<?x384xf8E4M3FN>, %[[SFA:.*]]: memref<?x3xf32, {{.*}}>, %[[B:.*]]: memref<264x384xf8E4M3FN>, %[[SFB:.*]]: memref<3x3xf32>, %[[D:.*]]: memref<?x264xbf16>)
// CHECK: dgemm.contract %[[B]] scaled %[[SFB]] by 128, %[[A]] scaled %[[SFA]] by 1
// CHECK-SAME: to %[[D]] transposed
// CHECK-SAME: extents = ["N", "M", "K"], names = ["B", "SFB", "A", "SFA", "C", "D"]
// CHECK-SAME: schedule = "#dgemm.schedule<{{.*}}swap = true
// CHECK-NOT: swap
func.func @swapped(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 32], stages = 4, swap = true,
                                  lhs_scales = tile, rhs_scales = staged,
                                  chunk = 32>}
  return
}

// With C an empty K leaves C; sizes and strides that the kernel is specialised
// to are numbers.
// CHECK-LABEL: func.func @specialised
// CHECK-SAME: %[[C:[^:]*]]: memref<?x264xbf16>, %[[D:[^:]*]]: memref<?x264xbf16>)
// CHECK: dgemm.contract
// CHECK-SAME: init %[[C]] : memref<?x264xbf16> to %[[D]]
// CHECK-SAME: {action = "nothing", when = "M == 0 || 264 == 0"}, {action = "copy_c", when = "384 == 0"}
// CHECK-SAME: name = "A", shape = ["M", "384"], strides = ["384", "1"]
// CHECK-SAME: name = "SFB", shape = ["ceildiv(264, 128)", "ceildiv(384, 128)"], strides = ["3", "1"]
// CHECK-SAME: {access = "read", align = 2 : i64, dtype = "bf16", name = "C", shape = ["M", "264"], strides = ["264", "1"]}
func.func @specialised(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %c: !d,
                       %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) acc(%c : !d)
      outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4,
                                  specialize = [n, k]>}
  return
}

// A scale for each row of B.
// CHECK-LABEL: func.func @vector_scales
// CHECK: dgemm.contract %{{.*}} scaled %{{.*}} by 1, %{{.*}} scaled %{{.*}} by 1 to
// CHECK-SAME: dtype = "f32", name = "SFB", shape = ["N", "ceildiv(K, 128)"], strides = ["1", "sfb_k"]
// CHECK-SAME: dtype = "f32", name = "D"
func.func @vector_scales(%a: !a, %sfa: !sfa, %b: !b,
                         %sfb: memref<264x3xf32, strided<[1, ?]>>,
                         %d: memref<?x264xf32>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb
                 : !a, !sfa, !b, memref<264x3xf32, strided<[1, ?]>>)
      outs(%d : memref<?x264xf32>)
      {b_block = [1, 128],
       schedule = #dgemm.schedule<tile = [128, 64], stages = 4, chunk = 32,
                                  rhs_scales = staged>}
  return
}
