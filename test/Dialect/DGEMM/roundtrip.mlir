// RUN: dgemm-opt %s | dgemm-opt | FileCheck %s
// RUN: dgemm-opt %s --mlir-print-op-generic | dgemm-opt | FileCheck %s

// The examples of the op's description.

// CHECK-LABEL: func.func @tensors
// CHECK: %{{.*}} = dgemm.gemm ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x2048xf8E4M3FN>, tensor<?x16xf32>, tensor<7168x2048xf8E4M3FN>, tensor<56x16xf32>)
// CHECK-SAME: outs(%{{.*}} : tensor<?x7168xbf16>) -> tensor<?x7168xbf16>
func.func @tensors(%a: tensor<?x2048xf8E4M3FN>, %sfa: tensor<?x16xf32>,
                   %b: tensor<7168x2048xf8E4M3FN>, %sfb: tensor<56x16xf32>,
                   %d: tensor<?x7168xbf16>) -> tensor<?x7168xbf16> {
  %r = dgemm.gemm
      ins(%a, %sfa, %b, %sfb : tensor<?x2048xf8E4M3FN>, tensor<?x16xf32>,
          tensor<7168x2048xf8E4M3FN>, tensor<56x16xf32>)
      outs(%d : tensor<?x7168xbf16>)
      {a_block = [1, 128], b_block = [128, 128]} -> tensor<?x7168xbf16>
  return %r : tensor<?x7168xbf16>
}

// CHECK-LABEL: func.func @accumulate
// CHECK: dgemm.gemm ins(
// CHECK-SAME: acc(%[[D:.*]] : memref<4096x2112xf32>) outs(%[[D]] : memref<4096x2112xf32>)
// CHECK-SAME: {b_block = [1, 128]}
func.func @accumulate(
    %x: memref<4096x8192xf8E4M3FN>,
    %sfx: memref<4096x64xf32, strided<[1, 4096]>>,
    %dy: memref<2112x8192xf8E4M3FN>,
    %sfdy: memref<2112x64xf32, strided<[1, 2112]>>,
    %dw: memref<4096x2112xf32>) {
  dgemm.gemm
      ins(%x, %sfx, %dy, %sfdy : memref<4096x8192xf8E4M3FN>,
          memref<4096x64xf32, strided<[1, 4096]>>,
          memref<2112x8192xf8E4M3FN>,
          memref<2112x64xf32, strided<[1, 2112]>>)
      acc(%dw : memref<4096x2112xf32>) outs(%dw : memref<4096x2112xf32>)
      {b_block = [1, 128]}
  return
}

// CHECK-LABEL: func.func @padded
// CHECK: schedule = #dgemm.schedule<tile = [64, 88], warpgroups = 1, lhs_scales = direct, chunk = 88>
func.func @padded(%p: memref<100x200xf8E4M3FN, strided<[208, 1]>>,
                  %sfp: memref<100x2xf32>,
                  %q: memref<264x200xf8E4M3FN, strided<[208, 1]>>,
                  %sfq: memref<3x2xf32>, %e: memref<100x264xbf16>) {
  dgemm.gemm
      ins(%p, %sfp, %q, %sfq : memref<100x200xf8E4M3FN, strided<[208, 1]>>,
          memref<100x2xf32>, memref<264x200xf8E4M3FN, strided<[208, 1]>>,
          memref<3x2xf32>)
      outs(%e : memref<100x264xbf16>)
      {schedule = #dgemm.schedule<tile = [64, 88], warpgroups = 1,
                                  lhs_scales = direct, chunk = 88>}
  return
}

// Everything dynamic, everything empty, memory space 1.

// CHECK-LABEL: func.func @dynamic
// CHECK: dgemm.gemm
func.func @dynamic(%a: memref<?x?xf8E4M3FN, strided<[?, 1], offset: ?>>,
                   %sfa: memref<?x?xf32, strided<[?, ?], offset: ?>>,
                   %b: memref<?x?xf8E4M3FN, strided<[?, 1], offset: ?>, 1>,
                   %sfb: memref<?x?xf32, strided<[0, 0]>>,
                   %d: memref<?x?xbf16, strided<[?, 1]>, 1>) {
  dgemm.gemm
      ins(%a, %sfa, %b, %sfb : memref<?x?xf8E4M3FN, strided<[?, 1], offset: ?>>,
          memref<?x?xf32, strided<[?, ?], offset: ?>>,
          memref<?x?xf8E4M3FN, strided<[?, 1], offset: ?>, 1>,
          memref<?x?xf32, strided<[0, 0]>>)
      outs(%d : memref<?x?xbf16, strided<[?, 1]>, 1>)
  return
}

// CHECK-LABEL: func.func @empty
// CHECK: dgemm.gemm
func.func @empty(%a: memref<0x0xf8E4M3FN>, %sfa: memref<0x0xf32>,
                 %b: memref<8x0xf8E4M3FN>, %sfb: memref<1x0xf32>,
                 %d: memref<0x8xf32>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<0x0xf8E4M3FN>, memref<0x0xf32>,
                 memref<8x0xf8E4M3FN>, memref<1x0xf32>)
      outs(%d : memref<0x8xf32>)
  return
}
