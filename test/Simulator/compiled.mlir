// What the compiler emits runs without a hazard and gives the expected bits.
// RUN: split-file %s %t
// RUN: dgemm-opt %t/coop.mlir --dgemm-pipeline="stop-after=ptx output-dir=%t/coop" -o /dev/null
// RUN: dgemm-sim %t/coop/gemm.ptx %t/coop/gemm.json --size M=300 N=200 K=300 --sms 2 --explore 2 | FileCheck %s
// RUN: dgemm-opt %t/cluster.mlir --dgemm-pipeline="stop-after=ptx output-dir=%t/cluster" -o /dev/null
// RUN: dgemm-sim %t/cluster/gemm.ptx %t/cluster/gemm.json --size M=300 N=200 K=300 --sms 4 --explore 2 | FileCheck %s
// CHECK: seed 0: ok, D as expected
// CHECK: seed 1: ok, D as expected

//--- coop.mlir
func.func @gemm(%a: memref<?x?xf8E4M3FN, strided<[?, 1]>>,
                %sfa: memref<?x?xf32, strided<[1, ?]>>,
                %b: memref<?x?xf8E4M3FN, strided<[?, 1]>>,
                %sfb: memref<?x?xf32, strided<[?, 1]>>,
                %d: memref<?x?xbf16, strided<[?, 1]>>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x?xf8E4M3FN, strided<[?, 1]>>, memref<?x?xf32, strided<[1, ?]>>,
      memref<?x?xf8E4M3FN, strided<[?, 1]>>, memref<?x?xf32, strided<[?, 1]>>)
    outs(%d : memref<?x?xbf16, strided<[?, 1]>>)
    {a_block = [1, 128], b_block = [128, 128],
     schedule = #dgemm.schedule<tile = [256, 128]>}
  return
}

//--- cluster.mlir
func.func @gemm(%a: memref<?x?xf8E4M3FN, strided<[?, 1]>>,
                %sfa: memref<?x?xf32, strided<[1, ?]>>,
                %b: memref<?x?xf8E4M3FN, strided<[?, 1]>>,
                %sfb: memref<?x?xf32, strided<[?, 1]>>,
                %d: memref<?x?xf32, strided<[?, 1]>>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x?xf8E4M3FN, strided<[?, 1]>>, memref<?x?xf32, strided<[1, ?]>>,
      memref<?x?xf8E4M3FN, strided<[?, 1]>>, memref<?x?xf32, strided<[?, 1]>>)
    acc(%d : memref<?x?xf32, strided<[?, 1]>>)
    outs(%d : memref<?x?xf32, strided<[?, 1]>>)
    {a_block = [1, 128], b_block = [128, 128],
     schedule = #dgemm.schedule<tile = [128, 128], cluster = 2,
                                multicast = lhs>}
  return
}
