// The text form of dgemm.dispatch, on both floors that it stands on.
// RUN: dgemm-opt %s | dgemm-opt | FileCheck %s --check-prefixes=CHECK,GEMM
// RUN: dgemm-opt %s --mlir-print-op-generic | dgemm-opt | FileCheck %s --check-prefixes=CHECK,GEMM
// RUN: dgemm-opt %s --dgemm-select-schedule --dgemm-normalise | dgemm-opt | FileCheck %s --check-prefixes=CHECK,CONTRACT
// A case without a schedule gets one for its own M: the largest, or for the
// last case the one that the option names if it is larger.
// RUN: dgemm-opt %s --dgemm-select-schedule="m=4096 explain" 2>&1 | FileCheck %s --check-prefix=SELECT

// SELECT: remark: chose {{.*}} for M = 63, N = 264, K = 384
// SELECT: remark: chose {{.*}} for M = 4096, N = 264, K = 384

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// CHECK-LABEL: func.func @cases
// CHECK-NEXT: dgemm.dispatch case 1 {
// GEMM-NEXT: dgemm.gemm
// CONTRACT-NEXT: dgemm.contract %arg2 {{.*}} transposed
// CHECK-NEXT: } case 2 to 63 {
// GEMM-NEXT: dgemm.gemm
// CONTRACT-NEXT: dgemm.contract
// CHECK-NEXT: } case from 64 {
// GEMM-NEXT: dgemm.gemm
// CONTRACT-NEXT: dgemm.contract
// CHECK-NEXT: {{^ *}$}}
// CHECK-NEXT: return
func.func @cases(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.dispatch case 1 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
        {schedule = #dgemm.schedule<tile = [64, 8], warpgroups = 1,
                                    swap = true, lhs_scales = tile,
                                    rhs_scales = staged, chunk = 8,
                                    specialize = [n, k]>}
  } case 2 to 63 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
  } case from 64 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
  }
  return
}

// A case may have several ranges, and they may be written in any order.
// CHECK-LABEL: func.func @several_ranges
// CHECK-NEXT: dgemm.dispatch case 8 to 9, from 100 {
// CHECK: } case 1 to 7, 10 to 99 {
func.func @several_ranges(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.dispatch case from 100, 8 to 9 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
        {schedule = #dgemm.schedule<tile = [128, 64], specialize = [n, k]>}
  } case 1 to 7, 10 to 99 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
        {schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1,
                                    specialize = [n, k]>}
  }
  return
}

// CHECK-LABEL: func.func @one_case
// CHECK-NEXT: dgemm.dispatch case from 1 {
// CHECK: } attributes {note}
func.func @one_case(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.dispatch case from 1 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
        {schedule = #dgemm.schedule<tile = [128, 64], specialize = [n, k]>}
  } attributes {note}
  return
}
