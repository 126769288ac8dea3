// A dispatch becomes one module with a kernel for each case; the ranges are
// the kernels' conditions.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=tile | FileCheck %s

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[A:.*]]: memref<?x384xf8E4M3FN>, %[[SFA:.*]]: memref<?x3xf32, {{.*}}>, %[[B:.*]]: memref<264x384xf8E4M3FN>, %[[SFB:.*]]: memref<3x3xf32>, %[[D:.*]]: memref<?x264xbf16>)
// CHECK-NEXT: dgemm.launch @f_kernel(%[[B]], %[[SFB]], %[[A]], %[[SFA]], %[[D]]) as ["B", "SFB", "A", "SFA", "D"]
// CHECK-NEXT: return
func.func @f(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.dispatch case 1 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
        {schedule = #dgemm.schedule<tile = [64, 8], warpgroups = 1,
                                    swap = true, lhs_scales = tile,
                                    rhs_scales = staged, chunk = 8,
                                    specialize = [n, k]>}
  } case 2 to 63 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
        {schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1,
                                    specialize = [n, k]>}
  } case from 64 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
        {schedule = #dgemm.schedule<tile = [128, 64], specialize = [n, k]>}
  }
  return
}

// The operands once, and what they were compiled with in one line.
// CHECK: gpu.module @f_kernel attributes {dgemm.record =
// CHECK-SAME: schedule = "M 1: #dgemm.schedule<tile = [64, 8], {{.*}}swap = true{{.*}}>, M 2 to 63: #dgemm.schedule<tile = [64, 64]{{.*}}>, M from 64: #dgemm.schedule<tile = [128, 64]{{.*}}>"
// CHECK: gpu.func @f({{.*}}dgemm.launch = {{{.*}}name = "f",
// CHECK-SAME: schedule = "#dgemm.schedule<tile = [64, 8], {{[^"]*}}swap = true
// CHECK-SAME: when = "M <= 1"
// CHECK: gpu.func @f_from_2({{.*}}dgemm.launch = {{{.*}}name = "f_from_2",
// CHECK-SAME: when = "M <= 63"
// CHECK: gpu.func @f_from_64({{.*}}dgemm.launch = {{{.*}}name = "f_from_64",
// CHECK-SAME: when = "1"
// CHECK-NOT: gpu.func
// CHECK-LABEL: gpu.module @ranges_kernel

func.func @ranges(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.dispatch case 1 to 7, 33 to 64, from 129 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
        {schedule = #dgemm.schedule<tile = [128, 64], specialize = [n, k]>}
  } case 8 to 16, 65 to 128 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
        {schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1,
                                    specialize = [n, k]>}
  } case 17 to 32 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
        {schedule = #dgemm.schedule<tile = [64, 32], warpgroups = 1,
                                    chunk = 32, specialize = [n, k]>}
  }
  return
}

// A condition leaves out what the kernels before it have taken.
// CHECK: gpu.func @ranges({{.*}}when = "M <= 7 || M > 32 && M <= 64 || M > 128"
// CHECK: gpu.func @ranges_from_8({{.*}}when = "M <= 16 || M > 64 && M <= 128"
// CHECK: gpu.func @ranges_from_17({{.*}}when = "1"
