// RUN: dgemm-opt %s --split-input-file --dgemm-expand-candidates="count=5 m=64" | FileCheck %s
// RUN: dgemm-opt %s --split-input-file --dgemm-expand-candidates="count=3 per-tile=1 m=33..64" | FileCheck %s --check-prefix=TILES
// RUN: not dgemm-opt %s --dgemm-expand-candidates="m=some" 2>&1 | FileCheck %s --check-prefix=SOME
// RUN: not dgemm-opt %s --dgemm-expand-candidates="count=0" 2>&1 | FileCheck %s --check-prefix=NONE

// SOME: error: m = 'some' is neither a size nor a range of sizes; write 4096 or 1..8192
// NONE: error: sms, count and per-tile must be positive, not 132, 0 and 3

// The copies take the function's place, the model's best first.
// CHECK-LABEL: func.func @before
// CHECK-NOT: func.func @gemm(
// CHECK: func.func @gemm_0(
// CHECK: schedule = #dgemm.schedule<
// CHECK: func.func @gemm_1(
// CHECK: func.func @gemm_4(
// CHECK-NOT: func.func @gemm_5(
// CHECK: func.func @kept(
// CHECK: schedule = #dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24>

// One candidate of each tile.
// TILES: func.func @gemm_0(
// TILES: <tile = [[TILE:\[[0-9]+, [0-9]+\]]]
// TILES-NOT: <tile = [[TILE]]
// TILES: func.func @kept(

func.func @before() {
  return
}

func.func @gemm(
    %a: memref<?x7168xf8E4M3FN>, %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>, %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x7168xf8E4M3FN>,
                 memref<?x56xf32, strided<[1, ?]>>,
                 memref<2112x7168xf8E4M3FN>, memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
  return
}

func.func @kept(
    %a: memref<?x7168xf8E4M3FN>, %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>, %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x7168xf8E4M3FN>,
                 memref<?x56xf32, strided<[1, ?]>>,
                 memref<2112x7168xf8E4M3FN>, memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24>}
  return
}
