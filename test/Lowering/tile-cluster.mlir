// Two blocks of a cluster take neighbouring tiles along the axis on which they
// share an operand: rows for the right one, columns for the left one.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=tile | FileCheck %s

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// CHECK: gpu.func @share_right
// CHECK-SAME: cluster = [2, 1, 1], grid = ["min(sms / 2, ceildiv(M, 256) * ceildiv(N, 64)) * 2", "1", "1"]
// CHECK: hopper.dense_work %{{.*}}, %{{.*}} tile [128, 64] raster rows width 4 cluster 2 along rows
func.func @share_right(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4, cluster = 2,
                                  multicast = rhs, raster = m,
                                  raster_width = 4>}
  return
}

// CHECK: gpu.func @share_left
// CHECK-SAME: cluster = [2, 1, 1], grid = ["ceildiv(M, 128) * ceildiv(N, 128) * 2", "1", "1"]
// CHECK: hopper.dense_work %{{.*}}, %{{.*}} tile [128, 64] raster cols width 16 cluster 2 along cols
// CHECK-NOT: hopper.work_count
func.func @share_left(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4, cluster = 2,
                                  multicast = lhs, persistent = false>}
  return
}
