// The depth of a ring stands in one place: with 3 for 4, written by hand into
// the text, shared memory and barriers follow, and nothing else changes.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=epilogue -o %t.mlir
// RUN: dgemm-opt %t.mlir --dgemm-pipeline=stop-after=nvvm -o %t.4.mlir
// RUN: sed 's/pipeline depth 4 /pipeline depth 3 /' %t.mlir \
// RUN:   | dgemm-opt --dgemm-pipeline=stop-after=nvvm -o %t.3.mlir
// RUN: FileCheck %s --check-prefixes=CHECK,FOUR < %t.4.mlir
// RUN: FileCheck %s --check-prefixes=CHECK,THREE < %t.3.mlir
// RUN: dgemm-opt %t.3.mlir --dgemm-pipeline=stop-after=ptx -o /dev/null

// A slot holds 128x128 and 64x128 bytes and 128 floats: 25088 bytes. A second
// ring of two slots holds the coordinates and the other side's scales. A full
// and an empty barrier for each slot: 2 * (4 + 2) or 2 * (3 + 2).

// CHECK: llvm.func @gemm
// FOUR-SAME: dynamic_shared_memory = 117344 : i64
// THREE-SAME: dynamic_shared_memory = 92240 : i64
// CHECK: llvm.mlir.constant(25088 : i32)
// FOUR-COUNT-12: nvvm.mbarrier.init
// THREE-COUNT-10: nvvm.mbarrier.init
// CHECK-NOT: nvvm.mbarrier.init
func.func @gemm(%a: memref<?x2048xf8E4M3FN>,
                %sfa: memref<?x16xf32, strided<[1, ?]>>,
                %b: memref<7168x2048xf8E4M3FN>,
                %sfb: memref<56x16xf32>,
                %d: memref<?x7168xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb
                 : memref<?x2048xf8E4M3FN>,
                   memref<?x16xf32, strided<[1, ?]>>,
                   memref<7168x2048xf8E4M3FN>,
                   memref<56x16xf32>)
      outs(%d : memref<?x7168xbf16>)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4, buffers = 1,
                                  lhs_scales = staged, rhs_scales = tile>}
  return
}
