// RUN: dgemm-opt %s --canonicalize --cse | FileCheck %s

// What each operand's effect is on memrefs, unittests/Dialect/DGEMM shows.

// On tensors the op has no effect: it goes when its result is not used, and
// two equal ones are one.

// CHECK-LABEL: func.func @pure
// CHECK: %[[R:.*]] = dgemm.gemm
// CHECK-NOT: dgemm.gemm
// CHECK: return %[[R]], %[[R]]
func.func @pure(%a: tensor<4x256xf8E4M3FN>, %sfa: tensor<4x2xf32>,
                %b: tensor<128x256xf8E4M3FN>, %sfb: tensor<1x2xf32>,
                %d: tensor<4x128xf32>)
    -> (tensor<4x128xf32>, tensor<4x128xf32>) {
  %0 = dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<4x256xf8E4M3FN>,
      tensor<4x2xf32>, tensor<128x256xf8E4M3FN>, tensor<1x2xf32>)
      outs(%d : tensor<4x128xf32>) -> tensor<4x128xf32>
  %1 = dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<4x256xf8E4M3FN>,
      tensor<4x2xf32>, tensor<128x256xf8E4M3FN>, tensor<1x2xf32>)
      outs(%d : tensor<4x128xf32>) -> tensor<4x128xf32>
  %2 = dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<4x256xf8E4M3FN>,
      tensor<4x2xf32>, tensor<128x256xf8E4M3FN>, tensor<1x2xf32>)
      acc(%d : tensor<4x128xf32>) outs(%d : tensor<4x128xf32>)
      -> tensor<4x128xf32>
  return %0, %1 : tensor<4x128xf32>, tensor<4x128xf32>
}
