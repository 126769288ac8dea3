// A linear layer of DeepSeek-V3: activations scaled per 1x128, weights per
// 128x128, any number of tokens. `scripts/demo` compiles and runs it.
//
//     dgemm-opt examples/gemm.mlir --dgemm-pipeline="output-dir=out"
func.func @gemm(%a: tensor<?x2048xf8E4M3FN>, %sfa: tensor<?x16xf32>,
                %b: tensor<7168x2048xf8E4M3FN>, %sfb: tensor<56x16xf32>,
                %d: tensor<?x7168xbf16>) -> tensor<?x7168xbf16> {
  %r = dgemm.gemm
      ins(%a, %sfa, %b, %sfb : tensor<?x2048xf8E4M3FN>, tensor<?x16xf32>,
          tensor<7168x2048xf8E4M3FN>, tensor<56x16xf32>)
      outs(%d : tensor<?x7168xbf16>) -> tensor<?x7168xbf16>
  return %r : tensor<?x7168xbf16>
}
