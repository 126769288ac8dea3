// Each rung's text resumes, and leads to the same code.
// RUN: %python %S/Inputs/ladder.py %s ptx | FileCheck %s

// CHECK: bufferize ok
// CHECK: select-schedule ok
// CHECK: normalise ok
// CHECK: tile ok
// CHECK: stage ok
// CHECK: specialize ok
// CHECK: accumulate ok
// CHECK: epilogue ok
// CHECK: nvvm ok
// CHECK: ptx ok
func.func @gemm(
    %a: tensor<?x2048xf8E4M3FN>, %sfa: tensor<?x16xf32>,
    %b: tensor<7168x2048xf8E4M3FN>, %sfb: tensor<56x16xf32>,
    %d: tensor<?x7168xbf16>) -> tensor<?x7168xbf16> {
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<?x2048xf8E4M3FN>,
      tensor<?x16xf32>, tensor<7168x2048xf8E4M3FN>, tensor<56x16xf32>)
      outs(%d : tensor<?x7168xbf16>)
      {schedule = #dgemm.schedule<tile = [256, 128], warpgroups = 2,
                                  stages = 3, lhs_scales = direct,
                                  rhs_scales = direct>}
      -> tensor<?x7168xbf16>
  return %r : tensor<?x7168xbf16>
}
