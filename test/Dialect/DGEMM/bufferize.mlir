// RUN: dgemm-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --split-input-file | FileCheck %s

// D is the function's own argument: the result is that buffer, no copy.

// CHECK-LABEL: func.func @in_place(
// CHECK-SAME: %[[A:.*]]: memref<?x2048xf8E4M3FN>, %[[SFA:.*]]: memref<?x16xf32>
// CHECK-SAME: %[[B:.*]]: memref<7168x2048xf8E4M3FN>, %[[SFB:.*]]: memref<56x16xf32>
// CHECK-SAME: %[[D:.*]]: memref<?x7168xbf16>
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: dgemm.gemm ins(%[[A]], %[[SFA]], %[[B]], %[[SFB]] :
// CHECK-SAME: outs(%[[D]] : memref<?x7168xbf16>)
// CHECK-NOT: ->
// CHECK: return %[[D]]
func.func @in_place(%a: tensor<?x2048xf8E4M3FN>, %sfa: tensor<?x16xf32>,
                    %b: tensor<7168x2048xf8E4M3FN>, %sfb: tensor<56x16xf32>,
                    %d: tensor<?x7168xbf16> {bufferization.writable = true})
    -> tensor<?x7168xbf16> {
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<?x2048xf8E4M3FN>,
      tensor<?x16xf32>, tensor<7168x2048xf8E4M3FN>, tensor<56x16xf32>)
      outs(%d : tensor<?x7168xbf16>) -> tensor<?x7168xbf16>
  return %r : tensor<?x7168xbf16>
}

// -----

// Accumulation in place: C and D are one buffer, because each element of C is
// read before the same element of D is written.

// CHECK-LABEL: func.func @accumulate(
// CHECK-SAME: %[[D:[a-z0-9]+]]: memref<64x128xf32>)
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: dgemm.gemm
// CHECK-SAME: acc(%[[D]] : memref<64x128xf32>)
// CHECK-SAME: outs(%[[D]] : memref<64x128xf32>)
// CHECK-SAME: b_block = [1, 128]
func.func @accumulate(%a: tensor<64x256xf8E4M3FN>, %sfa: tensor<64x2xf32>,
                      %b: tensor<128x256xf8E4M3FN>, %sfb: tensor<128x2xf32>,
                      %d: tensor<64x128xf32> {bufferization.writable = true})
    -> tensor<64x128xf32> {
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<64x256xf8E4M3FN>,
      tensor<64x2xf32>, tensor<128x256xf8E4M3FN>, tensor<128x2xf32>)
      acc(%d : tensor<64x128xf32>) outs(%d : tensor<64x128xf32>)
      {b_block = [1, 128]} -> tensor<64x128xf32>
  return %r : tensor<64x128xf32>
}

// -----

// What D held is never read: a fresh buffer suffices, and it is not filled
// from the old one, although the old value is used afterwards.

// CHECK-LABEL: func.func @write_only(
// CHECK-SAME: %[[D:[a-z0-9]+]]: memref<64x128xf32>)
// CHECK: %[[NEW:.*]] = memref.alloc() {{.*}}: memref<64x128xf32>
// CHECK-NOT: memref.copy
// CHECK: dgemm.gemm
// CHECK-SAME: outs(%[[NEW]] : memref<64x128xf32>)
// CHECK: return %[[NEW]], %[[D]]
func.func @write_only(%a: tensor<64x256xf8E4M3FN>, %sfa: tensor<64x2xf32>,
                      %b: tensor<128x256xf8E4M3FN>, %sfb: tensor<1x2xf32>,
                      %d: tensor<64x128xf32> {bufferization.writable = true})
    -> (tensor<64x128xf32>, tensor<64x128xf32>) {
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<64x256xf8E4M3FN>,
      tensor<64x2xf32>, tensor<128x256xf8E4M3FN>, tensor<1x2xf32>)
      outs(%d : tensor<64x128xf32>) -> tensor<64x128xf32>
  return %r, %d : tensor<64x128xf32>, tensor<64x128xf32>
}
