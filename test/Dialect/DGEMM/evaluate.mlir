// RUN: dgemm-opt %s --dgemm-evaluate --split-input-file \
// RUN:   | FileCheck %s --check-prefixes=CHECK,HARDWARE
// RUN: dgemm-opt %s --dgemm-evaluate=exact --split-input-file \
// RUN:   | FileCheck %s --check-prefixes=CHECK,EXACT

// 128 * 1 * 1, scaled by 2 * 2.
// CHECK-LABEL: @one_block
// CHECK:         %[[D:.*]] = arith.constant dense<5.120000e+02> : tensor<1x8xf32>
// CHECK-NEXT:    return %[[D]]
func.func @one_block() -> tensor<1x8xf32> {
  %a = arith.constant dense<1.0> : tensor<1x128xf8E4M3FN>
  %sfa = arith.constant dense<2.0> : tensor<1x1xf32>
  %b = arith.constant dense<1.0> : tensor<8x128xf8E4M3FN>
  %sfb = arith.constant dense<2.0> : tensor<1x1xf32>
  %d = tensor.empty() : tensor<1x8xf32>
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb
         : tensor<1x128xf8E4M3FN>, tensor<1x1xf32>, tensor<8x128xf8E4M3FN>,
           tensor<1x1xf32>) outs(%d : tensor<1x8xf32>) -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

// The tensor core loses the 1 of the second step beside 2^14.
// CHECK-LABEL: @losses
// HARDWARE:      dense<1.638400e+04> : tensor<1x1xf32>
// EXACT:         dense<1.638500e+04> : tensor<1x1xf32>
func.func @losses() -> tensor<1x1xf32> {
  %a = arith.constant dense<
    [[128.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]]> : tensor<1x33xf8E4M3FN>
  %one = arith.constant dense<1.0> : tensor<1x1xf32>
  %d = tensor.empty() : tensor<1x1xf32>
  %r = dgemm.gemm ins(%a, %one, %a, %one
         : tensor<1x33xf8E4M3FN>, tensor<1x1xf32>, tensor<1x33xf8E4M3FN>,
           tensor<1x1xf32>) outs(%d : tensor<1x1xf32>)
         {b_block = [1, 128]} -> tensor<1x1xf32>
  return %r : tensor<1x1xf32>
}

// -----

// A second K block of 2 elements, a scale per row of B, C in bf16; and D is C
// of the next.
// CHECK-LABEL: @chain
// CHECK:         dense<{{\[\[}}4.640000e+02, 6.640000e+02], [9.280000e+02, 1.328000e+03]]> : tensor<2x2xbf16>
// CHECK-NOT:     dgemm.gemm
func.func @chain() -> tensor<2x2xbf16> {
  %a = arith.constant dense<1.0> : tensor<2x130xf8E4M3FN>
  %sfa = arith.constant dense<[[1.0, 2.0], [2.0, 4.0]]> : tensor<2x2xf32>
  %b = arith.constant dense<1.0> : tensor<2x130xf8E4M3FN>
  %sfb = arith.constant dense<[[1.0, 1.0], [1.0, 26.0]]> : tensor<2x2xf32>
  %c = arith.constant dense<[[200.0, 200.0], [400.0, 400.0]]> : tensor<2x2xbf16>
  %d = tensor.empty() : tensor<2x2xbf16>
  %0 = dgemm.gemm ins(%a, %sfa, %b, %sfb
         : tensor<2x130xf8E4M3FN>, tensor<2x2xf32>, tensor<2x130xf8E4M3FN>,
           tensor<2x2xf32>) acc(%c : tensor<2x2xbf16>)
         outs(%d : tensor<2x2xbf16>) {b_block = [1, 128]} -> tensor<2x2xbf16>
  %1 = dgemm.gemm ins(%a, %sfa, %b, %sfb
         : tensor<2x130xf8E4M3FN>, tensor<2x2xf32>, tensor<2x130xf8E4M3FN>,
           tensor<2x2xf32>) acc(%0 : tensor<2x2xbf16>)
         outs(%d : tensor<2x2xbf16>) {b_block = [1, 128]} -> tensor<2x2xbf16>
  return %1 : tensor<2x2xbf16>
}

// -----

// CHECK-LABEL: @nan
// CHECK:         dense<0x7FFFFFFF> : tensor<1x1xf32>
func.func @nan() -> tensor<1x1xf32> {
  %a = arith.constant dense<0xFF> : tensor<1x1xf8E4M3FN>
  %one = arith.constant dense<1.0> : tensor<1x1xf32>
  %d = tensor.empty() : tensor<1x1xf32>
  %r = dgemm.gemm ins(%a, %one, %a, %one
         : tensor<1x1xf8E4M3FN>, tensor<1x1xf32>, tensor<1x1xf8E4M3FN>,
           tensor<1x1xf32>) outs(%d : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %r : tensor<1x1xf32>
}

// -----

// Without K, D is C or zero.
// CHECK-LABEL: @no_k
// CHECK-DAG:     dense<7.000000e+00> : tensor<2x3xbf16>
// CHECK-DAG:     dense<0.000000e+00> : tensor<2x3xbf16>
// CHECK-NOT:     dgemm.gemm
func.func @no_k() -> (tensor<2x3xbf16>, tensor<2x3xbf16>) {
  %a = arith.constant dense<> : tensor<2x0xf8E4M3FN>
  %sfa = arith.constant dense<> : tensor<2x0xf32>
  %b = arith.constant dense<> : tensor<3x0xf8E4M3FN>
  %sfb = arith.constant dense<> : tensor<1x0xf32>
  %c = arith.constant dense<7.0> : tensor<2x3xbf16>
  %d = tensor.empty() : tensor<2x3xbf16>
  %0 = dgemm.gemm ins(%a, %sfa, %b, %sfb
         : tensor<2x0xf8E4M3FN>, tensor<2x0xf32>, tensor<3x0xf8E4M3FN>,
           tensor<1x0xf32>) acc(%c : tensor<2x3xbf16>)
         outs(%d : tensor<2x3xbf16>) -> tensor<2x3xbf16>
  %1 = dgemm.gemm ins(%a, %sfa, %b, %sfb
         : tensor<2x0xf8E4M3FN>, tensor<2x0xf32>, tensor<3x0xf8E4M3FN>,
           tensor<1x0xf32>) outs(%d : tensor<2x3xbf16>) -> tensor<2x3xbf16>
  return %0, %1 : tensor<2x3xbf16>, tensor<2x3xbf16>
}

// -----

// CHECK-LABEL: @no_rows
// CHECK:         dense<> : tensor<0x8xf32>
// CHECK-NOT:     dgemm.gemm
func.func @no_rows() -> tensor<0x8xf32> {
  %a = arith.constant dense<> : tensor<0x128xf8E4M3FN>
  %sfa = arith.constant dense<> : tensor<0x1xf32>
  %b = arith.constant dense<1.0> : tensor<8x128xf8E4M3FN>
  %sfb = arith.constant dense<2.0> : tensor<1x1xf32>
  %d = tensor.empty() : tensor<0x8xf32>
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb
         : tensor<0x128xf8E4M3FN>, tensor<0x1xf32>, tensor<8x128xf8E4M3FN>,
           tensor<1x1xf32>) outs(%d : tensor<0x8xf32>) -> tensor<0x8xf32>
  return %r : tensor<0x8xf32>
}

// -----

// CHECK-LABEL: @not_constant
// CHECK:         dgemm.gemm
func.func @not_constant(%sfa: tensor<1x1xf32>) -> tensor<1x8xf32> {
  %a = arith.constant dense<1.0> : tensor<1x128xf8E4M3FN>
  %b = arith.constant dense<1.0> : tensor<8x128xf8E4M3FN>
  %sfb = arith.constant dense<2.0> : tensor<1x1xf32>
  %d = tensor.empty() : tensor<1x8xf32>
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb
         : tensor<1x128xf8E4M3FN>, tensor<1x1xf32>, tensor<8x128xf8E4M3FN>,
           tensor<1x1xf32>) outs(%d : tensor<1x8xf32>) -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

// CHECK-LABEL: @buffers
// CHECK:         dgemm.gemm
func.func @buffers(%a: memref<1x128xf8E4M3FN>, %sf: memref<1x1xf32>,
                   %d: memref<1x1xf32>) {
  dgemm.gemm ins(%a, %sf, %a, %sf
    : memref<1x128xf8E4M3FN>, memref<1x1xf32>, memref<1x128xf8E4M3FN>,
      memref<1x1xf32>) outs(%d : memref<1x1xf32>)
  return
}
