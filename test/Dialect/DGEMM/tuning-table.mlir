// RUN: dgemm-opt %s --dgemm-select-schedule="m=64 table=%S/Inputs/tuned.txt" | FileCheck %s --check-prefixes=CHECK,M64
// RUN: dgemm-opt %s --dgemm-select-schedule="m=100 table=%S/Inputs/tuned.txt" | FileCheck %s --check-prefixes=CHECK,M100
// RUN: dgemm-opt %s --dgemm-select-schedule="m=129 table=%S/Inputs/tuned.txt" | FileCheck %s --check-prefixes=CHECK,M129
// RUN: dgemm-opt %s --dgemm-select-schedule="m=64 table=%S/Inputs/tuned.txt explain" 2>&1 | FileCheck %s --check-prefix=WHY
// RUN: dgemm-opt %s --dgemm-pipeline="m=64 table=%S/Inputs/tuned.txt stop-after=select-schedule" | FileCheck %s --check-prefixes=CHECK,M64

// WHY: remark: chose #dgemm.schedule<tile = [64, 24], {{.*}}> for M = 64, N = 2112, K = 7168 on 132 SMs
// WHY: note: the tuning table decided: {{.*}}tuned.txt:3
// WHY: note: candidate 1:

// CHECK-LABEL: func.func @looked_up
// M64: schedule = #dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24>
// M100: schedule = #dgemm.schedule<tile = [64, 48], warpgroups = 1, chunk = 48>
// The table ends at 128; beyond, the model decides.
// M129: schedule = #dgemm.schedule<tile =
// M129-NOT: tile = [64, 48]
func.func @looked_up(
    %a: memref<?x7168xf8E4M3FN>, %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>, %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x7168xf8E4M3FN>,
                 memref<?x56xf32, strided<[1, ?]>>,
                 memref<2112x7168xf8E4M3FN>, memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
  return
}

// With C it is another problem, and M is what the types say.
// CHECK-LABEL: func.func @accumulates
// CHECK: schedule = #dgemm.schedule<tile = [64, 16], warpgroups = 1, chunk = 16>
func.func @accumulates(
    %a: memref<64x7168xf8E4M3FN>, %sfa: memref<64x56xf32, strided<[1, 64]>>,
    %b: memref<2112x7168xf8E4M3FN>, %sfb: memref<17x56xf32>,
    %c: memref<64x2112xbf16>, %d: memref<64x2112xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<64x7168xf8E4M3FN>,
                 memref<64x56xf32, strided<[1, 64]>>,
                 memref<2112x7168xf8E4M3FN>, memref<17x56xf32>)
      acc(%c : memref<64x2112xbf16>) outs(%d : memref<64x2112xbf16>)
  return
}

// CHECK-LABEL: func.func @vectors
// CHECK: schedule = #dgemm.schedule<tile = [64, 32], warpgroups = 1, rhs_scales = staged, chunk = 32>
func.func @vectors(
    %a: memref<?x7168xf8E4M3FN>, %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<2112x56xf32, strided<[1, 2112]>>, %d: memref<?x2112xf32>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x7168xf8E4M3FN>,
                 memref<?x56xf32, strided<[1, ?]>>,
                 memref<2112x7168xf8E4M3FN>,
                 memref<2112x56xf32, strided<[1, 2112]>>)
      outs(%d : memref<?x2112xf32>) {b_block = [1, 128]}
  return
}

// What the user wrote stays, whatever the table has.
// CHECK-LABEL: func.func @kept
// CHECK: schedule = #dgemm.schedule<tile = [64, 8], warpgroups = 1, chunk = 8>
func.func @kept(
    %a: memref<?x7168xf8E4M3FN>, %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>, %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x7168xf8E4M3FN>,
                 memref<?x56xf32, strided<[1, ?]>>,
                 memref<2112x7168xf8E4M3FN>, memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<tile = [64, 8], warpgroups = 1, chunk = 8>}
  return
}
