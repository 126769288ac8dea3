// RUN: dgemm-opt %s --dgemm-normalise --split-input-file --verify-diagnostics

func.func @tensors(%a: tensor<4x128xf8E4M3FN>, %sfa: tensor<4x1xf32>,
                   %b: tensor<24x128xf8E4M3FN>, %sfb: tensor<1x1xf32>,
                   %d: tensor<4x24xbf16>) -> tensor<4x24xbf16> {
  // expected-error @+1 {{'dgemm.gemm' op is on tensors: bufferize it first}}
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb
                      : tensor<4x128xf8E4M3FN>, tensor<4x1xf32>,
                        tensor<24x128xf8E4M3FN>, tensor<1x1xf32>)
      outs(%d : tensor<4x24xbf16>) -> tensor<4x24xbf16>
  return %r : tensor<4x24xbf16>
}

// -----

func.func @no_schedule(%a: memref<4x128xf8E4M3FN>, %sfa: memref<4x1xf32>,
                       %b: memref<24x128xf8E4M3FN>, %sfb: memref<1x1xf32>,
                       %d: memref<4x24xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op has no schedule: run dgemm-select-schedule or write one}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb
                 : memref<4x128xf8E4M3FN>, memref<4x1xf32>,
                   memref<24x128xf8E4M3FN>, memref<1x1xf32>)
      outs(%d : memref<4x24xbf16>)
  return
}
