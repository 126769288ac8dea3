// RUN: dgemm-opt %s --dgemm-select-schedule --split-input-file | FileCheck %s

// A schedule that the user wrote stays.

// CHECK-LABEL: func.func @kept
// CHECK: schedule = #dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24>
func.func @kept(%a: memref<?x7168xf8E4M3FN>,
                %sfa: memref<?x56xf32, strided<[1, ?]>>,
                %b: memref<2112x7168xf8E4M3FN>, %sfb: memref<17x56xf32>,
                %d: memref<?x2112xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x7168xf8E4M3FN>,
                 memref<?x56xf32, strided<[1, ?]>>,
                 memref<2112x7168xf8E4M3FN>, memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24>}
  return
}

// -----

// Tensors count as contiguous, so A's scales are not contiguous along M: TMA
// cannot load them.

// CHECK-LABEL: func.func @tensors
// CHECK: lhs_scales = direct
// CHECK-NOT: rhs_scales
// CHECK-NOT: store
func.func @tensors(%a: tensor<?x7168xf8E4M3FN>, %sfa: tensor<?x56xf32>,
                   %b: tensor<2112x7168xf8E4M3FN>, %sfb: tensor<17x56xf32>,
                   %d: tensor<?x2112xbf16>) -> tensor<?x2112xbf16> {
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<?x7168xf8E4M3FN>,
      tensor<?x56xf32>, tensor<2112x7168xf8E4M3FN>, tensor<17x56xf32>)
      outs(%d : tensor<?x2112xbf16>) -> tensor<?x2112xbf16>
  return %r : tensor<?x2112xbf16>
}

// -----

// 1D1D: both scales are vectors. A K stride of 129 floats is none that TMA
// takes, so A's are loaded directly.

// CHECK-LABEL: func.func @vectors
// CHECK: lhs_scales = direct, rhs_scales = staged
func.func @vectors(%a: memref<129x7168xf8E4M3FN>,
                   %sfa: memref<129x56xf32, strided<[1, 129]>>,
                   %b: memref<2112x7168xf8E4M3FN>,
                   %sfb: memref<2112x56xf32, strided<[1, 2112]>>,
                   %d: memref<129x2112xf32>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<129x7168xf8E4M3FN>,
                 memref<129x56xf32, strided<[1, 129]>>,
                 memref<2112x7168xf8E4M3FN>,
                 memref<2112x56xf32, strided<[1, 2112]>>)
      acc(%d : memref<129x2112xf32>) outs(%d : memref<129x2112xf32>)
      {b_block = [1, 128]}
  return
}

// -----

// Rows of D that TMA cannot store are stored without it.

// CHECK-LABEL: func.func @odd
// CHECK: store = direct
func.func @odd(%a: memref<?x384xf8E4M3FN>, %sfa: memref<?x3xf32>,
               %b: memref<121x384xf8E4M3FN>, %sfb: memref<1x3xf32>,
               %d: memref<?x121xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x384xf8E4M3FN>, memref<?x3xf32>,
                 memref<121x384xf8E4M3FN>, memref<1x3xf32>)
      outs(%d : memref<?x121xbf16>)
  return
}

// -----

// Padding the rows of D is not enough: TMA would write into the padding.

// CHECK-LABEL: func.func @padded
// CHECK: store = direct
func.func @padded(%a: memref<?x384xf8E4M3FN>, %sfa: memref<?x3xf32>,
                  %b: memref<121x384xf8E4M3FN>, %sfb: memref<1x3xf32>,
                  %d: memref<?x121xbf16, strided<[128, 1]>>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x384xf8E4M3FN>, memref<?x3xf32>,
                 memref<121x384xf8E4M3FN>, memref<1x3xf32>)
      outs(%d : memref<?x121xbf16, strided<[128, 1]>>)
  return
}

// -----

// Nothing is known: nothing is baked in, and nothing is assumed that some N
// would break.

// CHECK-LABEL: func.func @dynamic
// CHECK: schedule = #dgemm.schedule<tile = [256, 128]
// CHECK-SAME: lhs_scales = direct
// CHECK-SAME: max_kblocks = 512
// CHECK-SAME: store = direct
// CHECK-NOT: specialize
func.func @dynamic(%a: memref<?x?xf8E4M3FN>, %sfa: memref<?x?xf32>,
                   %b: memref<?x?xf8E4M3FN>, %sfb: memref<?x?xf32>,
                   %d: memref<?x?xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x?xf8E4M3FN>, memref<?x?xf32>,
                 memref<?x?xf8E4M3FN>, memref<?x?xf32>)
      outs(%d : memref<?x?xbf16>)
  return
}

// -----

// Block scales of a very long K do not fit in shared memory, two tiles' worth.

// CHECK-LABEL: func.func @long
// CHECK: rhs_scales = direct
func.func @long(%a: memref<?x262144xf8E4M3FN>, %sfa: memref<?x2048xf32>,
                %b: memref<128x262144xf8E4M3FN>, %sfb: memref<1x2048xf32>,
                %d: memref<?x128xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x262144xf8E4M3FN>,
                 memref<?x2048xf32>, memref<128x262144xf8E4M3FN>,
                 memref<1x2048xf32>)
      outs(%d : memref<?x128xbf16>)
  return
}

// -----

// Empty problems have a schedule like any other.

// CHECK-LABEL: func.func @empty
// CHECK: schedule = #dgemm.schedule<
func.func @empty(%a: memref<0x0xf8E4M3FN>, %sfa: memref<0x0xf32>,
                 %b: memref<8x0xf8E4M3FN>, %sfb: memref<1x0xf32>,
                 %d: memref<0x8xf32>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<0x0xf8E4M3FN>, memref<0x0xf32>,
                 memref<8x0xf8E4M3FN>, memref<1x0xf32>)
      outs(%d : memref<0x8xf32>)
  return
}
