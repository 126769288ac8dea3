// A run over M: as many schedules as are worth a kernel, each for a range.
// RUN: split-file %s %t
// RUN: dgemm-opt %t/memrefs.mlir --dgemm-select-schedule="m=1..8192" | FileCheck %s
// RUN: dgemm-opt %t/memrefs.mlir --dgemm-select-schedule="m=1..8192 explain" 2>&1 | FileCheck %s --check-prefix=WHY
// RUN: dgemm-opt %t/memrefs.mlir --dgemm-select-schedule="m=1..8192 table=%t/tuned.txt explain" 2>&1 | FileCheck %s --check-prefix=TABLE
// RUN: dgemm-opt %t/memrefs.mlir --dgemm-select-schedule="m=4096..4096" | FileCheck %s --check-prefix=SINGLE
// RUN: dgemm-opt %t/memrefs.mlir --dgemm-select-schedule="m=1..8" | FileCheck %s --check-prefix=SHORT
// RUN: dgemm-opt %t/memrefs.mlir --dgemm-select-schedule="m=1..8192 batch-invariant" | FileCheck %s --check-prefixes=CHECK,WHOLE
// RUN: dgemm-opt %t/memrefs.mlir --dgemm-pipeline="m=1..8192 batch-invariant stop-after=select-schedule" | FileCheck %s --check-prefixes=CHECK,WHOLE
// RUN: not dgemm-opt %t/tensors.mlir --dgemm-select-schedule="m=1..8192" 2>&1 | FileCheck %s --check-prefix=TENSORS
// RUN: not dgemm-opt %t/memrefs.mlir --dgemm-select-schedule="m=1..8192 sms=0" 2>&1 | FileCheck %s --check-prefix=NONE

// CHECK-LABEL: func.func @gemm
// CHECK: dgemm.dispatch case 1
// CHECK: swap = true
// CHECK: } case {{[0-9]+}}
// CHECK: from {{[0-9]+}} {
// CHECK-NEXT: dgemm.gemm {{.*}}#dgemm.schedule<
// CHECK: return

// With a static M there is nothing to choose at run time, and what the user
// wrote stays.
// CHECK-LABEL: func.func @static_m
// CHECK-NOT: dgemm.dispatch
// CHECK: schedule =
// CHECK-LABEL: func.func @kept
// CHECK-NOT: dgemm.dispatch
// CHECK: schedule = #dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24>

// No schedule of a batch-invariant op splits K.
// WHOLE-NOT: split_k

// WHY: remark: chose {{[0-9]+}} schedules for M = 1..8192, N = 7168, K = 2048 on 132 SMs
// WHY: note: case 0: #dgemm.schedule<{{.*}}>; M = 1..{{[0-9]+}}, {{[0-9.]+}} us at the end
// WHY: ; M = {{[0-9]+}}..8192, {{[0-9.]+}} us at the end

// The table's entries have ranges of their own; neighbours with one schedule
// share a case.
// TABLE: note: case 1: #dgemm.schedule<tile = [64, 24], {{.*}}>; M = 3..9 as the tuning table has it, {{.*}}tuned.txt:1
// TABLE: dgemm.dispatch case 1 to 2, 10
// TABLE: } case 3 to 9 {
// TABLE-NEXT: tile = [64, 24]

// SINGLE-LABEL: func.func @gemm
// SINGLE-NOT: dgemm.dispatch
// SINGLE: tile = [256, 128]

// Where one schedule does, it goes onto the op.
// SHORT-LABEL: func.func @gemm
// SHORT-NOT: dgemm.dispatch
// SHORT: dgemm.gemm {{.*}}swap = true

// TENSORS: error: 'dgemm.gemm' op is on tensors, and M = 1..8192 takes several kernels: bufferize it first

// NONE: error: 'dgemm.gemm' op cannot choose a schedule for 0 SMs

//--- tuned.txt
M=3..5 N=7168 K=2048 out=bf16 scaling=1d2d = #dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24, specialize = [n, k]>
M=6..9 N=7168 K=2048 out=bf16 scaling=1d2d = #dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24, specialize = [n, k]>

//--- memrefs.mlir
func.func @gemm(
    %a: memref<?x2048xf8E4M3FN>, %sfa: memref<?x16xf32, strided<[1, ?]>>,
    %b: memref<7168x2048xf8E4M3FN>, %sfb: memref<56x16xf32>,
    %d: memref<?x7168xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x2048xf8E4M3FN>,
                 memref<?x16xf32, strided<[1, ?]>>,
                 memref<7168x2048xf8E4M3FN>, memref<56x16xf32>)
      outs(%d : memref<?x7168xbf16>)
  return
}

func.func @static_m(
    %a: memref<64x2048xf8E4M3FN>, %sfa: memref<64x16xf32>,
    %b: memref<7168x2048xf8E4M3FN>, %sfb: memref<56x16xf32>,
    %d: memref<64x7168xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<64x2048xf8E4M3FN>,
                 memref<64x16xf32>,
                 memref<7168x2048xf8E4M3FN>, memref<56x16xf32>)
      outs(%d : memref<64x7168xbf16>)
  return
}

func.func @kept(
    %a: memref<?x2048xf8E4M3FN>, %sfa: memref<?x16xf32, strided<[1, ?]>>,
    %b: memref<7168x2048xf8E4M3FN>, %sfb: memref<56x16xf32>,
    %d: memref<?x7168xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x2048xf8E4M3FN>,
                 memref<?x16xf32, strided<[1, ?]>>,
                 memref<7168x2048xf8E4M3FN>, memref<56x16xf32>)
      outs(%d : memref<?x7168xbf16>)
      {schedule = #dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24>}
  return
}

//--- tensors.mlir
func.func @gemm(
    %a: tensor<?x2048xf8E4M3FN>, %sfa: tensor<?x16xf32>,
    %b: tensor<7168x2048xf8E4M3FN>, %sfb: tensor<56x16xf32>,
    %d: tensor<?x7168xbf16>) -> tensor<?x7168xbf16> {
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<?x2048xf8E4M3FN>,
                      tensor<?x16xf32>, tensor<7168x2048xf8E4M3FN>,
                      tensor<56x16xf32>)
      outs(%d : tensor<?x7168xbf16>) -> tensor<?x7168xbf16>
  return %r : tensor<?x7168xbf16>
}
