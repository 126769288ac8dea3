// REQUIRES: ptxas
// A producer that copies the four K blocks of a stage with a box each has the
// registers for it: dgemm-opt fails where ptxas spills.
// RUN: rm -rf %t && dgemm-opt %s -o /dev/null --dgemm-pipeline='m=9 output-dir=%t'
// RUN: FileCheck %s < %t/gemm.json
// CHECK: "spill_bytes": 0

func.func @gemm(%a: memref<?x3040xf8E4M3FN>,
                %sfa: memref<?x24xf32, strided<[1, ?]>>,
                %b: memref<9696x3040xf8E4M3FN>, %sfb: memref<76x24xf32>,
                %d: memref<?x9696xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb
                 : memref<?x3040xf8E4M3FN>,
                   memref<?x24xf32, strided<[1, ?]>>,
                   memref<9696x3040xf8E4M3FN>, memref<76x24xf32>)
      outs(%d : memref<?x9696xbf16>)
  return
}
