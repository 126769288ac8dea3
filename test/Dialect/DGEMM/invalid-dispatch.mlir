// RUN: dgemm-opt %s --split-input-file --verify-diagnostics

// R1: a choice for each range.

func.func @f(%a: memref<?x128xf8E4M3FN>, %sfa: memref<?x1xf32>,
             %b: memref<24x128xf8E4M3FN>, %sfb: memref<1x1xf32>,
             %d: memref<?x24xbf16>) {
  // expected-error @+1 {{'dgemm.dispatch' op has 1 bounds and 1 choices; there is one range more than bounds, and a choice for each}}
  "dgemm.dispatch"() <{bounds = array<i64: 1>, choices = array<i64: 0>}> ({
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x24xbf16>)
  }) : () -> ()
  return
}

// -----

// R1: a choice that is no case.

func.func @f(%a: memref<?x128xf8E4M3FN>, %sfa: memref<?x1xf32>,
             %b: memref<24x128xf8E4M3FN>, %sfb: memref<1x1xf32>,
             %d: memref<?x24xbf16>) {
  // expected-error @+1 {{'dgemm.dispatch' op chooses case 1 of 1}}
  "dgemm.dispatch"() <{bounds = array<i64: 1>, choices = array<i64: 0, 1>}> ({
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x24xbf16>)
  }) : () -> ()
  return
}

// -----

// R1: a case that nothing chooses.

func.func @f(%a: memref<?x128xf8E4M3FN>, %sfa: memref<?x1xf32>,
             %b: memref<24x128xf8E4M3FN>, %sfb: memref<1x1xf32>,
             %d: memref<?x24xbf16>) {
  // expected-error @+1 {{'dgemm.dispatch' op never chooses case 1}}
  "dgemm.dispatch"() <{bounds = array<i64: 1>, choices = array<i64: 0, 0>}> ({
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x24xbf16>)
  }, {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x24xbf16>)
  }) : () -> ()
  return
}

// -----

// R2: bounds ascend.

func.func @f(%a: memref<?x128xf8E4M3FN>, %sfa: memref<?x1xf32>,
             %b: memref<24x128xf8E4M3FN>, %sfb: memref<1x1xf32>,
             %d: memref<?x24xbf16>) {
  // expected-error @+1 {{'dgemm.dispatch' op bounds must be positive and ascend, but 64 follows 64}}
  "dgemm.dispatch"() <{bounds = array<i64: 64, 64>, choices = array<i64: 0, 1, 2>}> ({
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x24xbf16>)
  }, {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x24xbf16>)
  }, {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x24xbf16>)
  }) : () -> ()
  return
}

// -----

// R2: bounds are positive.

func.func @f(%a: memref<?x128xf8E4M3FN>, %sfa: memref<?x1xf32>,
             %b: memref<24x128xf8E4M3FN>, %sfb: memref<1x1xf32>,
             %d: memref<?x24xbf16>) {
  // expected-error @+1 {{'dgemm.dispatch' op bounds must be positive and ascend, but 0 follows 0}}
  "dgemm.dispatch"() <{bounds = array<i64: 0>, choices = array<i64: 0, 1>}> ({
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x24xbf16>)
  }, {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x24xbf16>)
  }) : () -> ()
  return
}

// -----

// R3: an empty case.

func.func @f(%a: memref<?x128xf8E4M3FN>, %sfa: memref<?x1xf32>,
             %b: memref<24x128xf8E4M3FN>, %sfb: memref<1x1xf32>,
             %d: memref<?x24xbf16>) {
  // expected-error @+1 {{'dgemm.dispatch' op case from 2 must hold one dgemm.gemm on memrefs, or one dgemm.contract, and all cases the same kind}}
  dgemm.dispatch case 1 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x24xbf16>)
  } case from 2 {
  }
  return
}

// -----

// R3: tensors.

func.func @f(%a: tensor<?x128xf8E4M3FN>, %sfa: tensor<?x1xf32>,
             %b: tensor<24x128xf8E4M3FN>, %sfb: tensor<1x1xf32>,
             %d: tensor<?x24xbf16>) {
  // expected-error @+1 {{'dgemm.dispatch' op case from 1 must hold one dgemm.gemm on memrefs}}
  dgemm.dispatch case from 1 {
    %r = dgemm.gemm ins(%a, %sfa, %b, %sfb
                        : tensor<?x128xf8E4M3FN>, tensor<?x1xf32>,
                          tensor<24x128xf8E4M3FN>, tensor<1x1xf32>)
        outs(%d : tensor<?x24xbf16>) -> tensor<?x24xbf16>
  }
  return
}

// -----

// R4: another operand.

func.func @f(%a: memref<?x128xf8E4M3FN>, %sfa: memref<?x1xf32>,
             %b: memref<24x128xf8E4M3FN>, %sfb: memref<1x1xf32>,
             %d: memref<?x24xbf16>, %e: memref<?x24xbf16>) {
  // expected-error @+1 {{'dgemm.dispatch' op case from 2 has another D than case 1}}
  dgemm.dispatch case 1 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x24xbf16>)
  } case from 2 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%e : memref<?x24xbf16>)
  }
  return
}

// -----

// R4: another attribute.

func.func @f(%a: memref<?x128xf8E4M3FN>, %sfa: memref<?x1xf32>,
             %b: memref<1x128xf8E4M3FN>, %sfb: memref<1x1xf32>,
             %d: memref<?x1xbf16>) {
  // expected-error @+1 {{'dgemm.dispatch' op case from 2 computes something else than case 1}}
  dgemm.dispatch case 1 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<1x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x1xbf16>)
  } case from 2 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x128xf8E4M3FN>, memref<?x1xf32>,
                     memref<1x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<?x1xbf16>) {b_block = [1, 128]}
  }
  return
}

// -----

// R5: M is known.

func.func @f(%a: memref<7x128xf8E4M3FN>, %sfa: memref<7x1xf32>,
             %b: memref<24x128xf8E4M3FN>, %sfb: memref<1x1xf32>,
             %d: memref<7x24xbf16>) {
  // expected-error @+1 {{'dgemm.dispatch' op chooses by M, which is always 7 here}}
  dgemm.dispatch case from 1 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<7x128xf8E4M3FN>, memref<7x1xf32>,
                     memref<24x128xf8E4M3FN>, memref<1x1xf32>)
        outs(%d : memref<7x24xbf16>)
  }
  return
}

// -----

// R6: other constants.

func.func @f(%a: memref<?x256xf8E4M3FN>, %sfa: memref<?x2xf32>,
             %b: memref<24x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
             %d: memref<?x24xbf16>) {
  // expected-error @+1 {{'dgemm.dispatch' op case from 2 specializes [n] and case 1 [n, k]; they share a launch record}}
  dgemm.dispatch case 1 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x256xf8E4M3FN>, memref<?x2xf32>,
                     memref<24x256xf8E4M3FN>, memref<1x2xf32>)
        outs(%d : memref<?x24xbf16>)
        {schedule = #dgemm.schedule<tile = [64, 8], warpgroups = 1,
                                    lhs_scales = direct, chunk = 8,
                                    store = direct, specialize = [n, k]>}
  } case from 2 {
    dgemm.gemm ins(%a, %sfa, %b, %sfb
                   : memref<?x256xf8E4M3FN>, memref<?x2xf32>,
                     memref<24x256xf8E4M3FN>, memref<1x2xf32>)
        outs(%d : memref<?x24xbf16>)
        {schedule = #dgemm.schedule<tile = [64, 8], warpgroups = 1,
                                    lhs_scales = direct, chunk = 8,
                                    store = direct, specialize = [n]>}
  }
  return
}

// -----

// What does not parse.

// expected-error @+1 {{this range begins at M = 2, but must begin at 1 to leave no gap and no overlap}}
dgemm.dispatch case from 2 {
}

// -----

dgemm.dispatch case 1 {
// expected-error @+1 {{this range begins at M = 3, but must begin at 2 to leave no gap and no overlap}}
} case from 3 {
}

// -----

dgemm.dispatch case 1 to 4 {
// expected-error @+1 {{this range begins at M = 4, but must begin at 5 to leave no gap and no overlap}}
} case 4 to 9, from 10 {
}

// -----

dgemm.dispatch case from 1 {
// expected-error @+1 {{this range begins at M = 7, but the one before it has no end}}
} case 7 to 9 {
}

// -----

dgemm.dispatch case 1 to 4 {
// expected-error @+1 {{the range from M = 5 ends at 2}}
} case 5 to 2 {
}

// -----

// expected-error @+1 {{no case is for M = 5: write 'from 5' at one}}
dgemm.dispatch case 1 to 4 {
}

// -----

// R2: nothing lies beyond the largest integer.

// expected-error @+1 {{'dgemm.dispatch' op bounds must be below 9223372036854775807, since a range begins after each}}
"dgemm.dispatch"() <{bounds = array<i64: 9223372036854775807>, choices = array<i64: 0, 1>}> ({
^bb0:
}, {
^bb0:
}) : () -> ()
