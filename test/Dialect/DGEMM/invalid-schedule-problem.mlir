// RUN: dgemm-opt %s --split-input-file --verify-diagnostics

// S23: a constant that is not known.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: specialize lists m, but the operands' types leave it dynamic}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32, strided<[1, ?]>>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<specialize = [m, n, k]>}
  return
}

// -----

// S24: A's scales are one per row.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: lhs_scales = tile delivers one scale per 128 rows, but SFA has one per row; choose staged or direct}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32, strided<[1, ?]>>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<lhs_scales = tile>}
  return
}

// -----

// S24: after a swap A is the rhs.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: rhs_scales = tile delivers one scale per 128 rows, but SFA has one per row; choose staged or direct}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32, strided<[1, ?]>>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<tile = [128, 64], swap = true, lhs_scales = direct, rhs_scales = tile>}
  return
}

// -----

// S25: B's scales are one per block.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: rhs_scales = staged delivers one scale per row, but SFB has one per 128 rows; choose tile or direct}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32, strided<[1, ?]>>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<rhs_scales = staged>}
  return
}

// -----

// S26: TMA wants rows next to each other.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: lhs_scales = staged needs scales that are contiguous along the rows, but the row stride of SFA is 56; store SFA with row stride 1 or choose direct}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<tile = [256, 128]>}
  return
}

// -----

// S26: and it wants to know it.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32, strided<[?, 1]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: lhs_scales = staged needs scales that are contiguous along the rows, but the row stride of SFA is dynamic; store SFA with row stride 1 or choose direct}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32, strided<[?, 1]>>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<tile = [256, 128]>}
  return
}

// -----

// S27: TMA's stride rule, for scales.

func.func @f(
    %a: memref<129x7168xf8E4M3FN>,
    %sfa: memref<129x56xf32, strided<[1, 129]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %d: memref<129x2112xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: lhs_scales = staged needs a K stride of 16 bytes times an integer, but that of SFA is 129 floats; pad it to 132 or choose direct}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<129x7168xf8E4M3FN>,
      memref<129x56xf32, strided<[1, 129]>>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      outs(%d : memref<129x2112xbf16>)
      {schedule = #dgemm.schedule<tile = [256, 128]>}
  return
}

// -----

// S28: TMA's stride rule, for D.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<121x7168xf8E4M3FN>,
    %sfb: memref<1x56xf32>,
    %d: memref<?x121xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: store = tma: the row stride of D is 242 bytes, and TMA takes multiples of 16; pad it to 128 elements or choose store = direct}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32, strided<[1, ?]>>,
      memref<121x7168xf8E4M3FN>,
      memref<1x56xf32>)
      outs(%d : memref<?x121xbf16>)
      {schedule = #dgemm.schedule<tile = [256, 128]>}
  return
}

// -----

// S29: a stage too many.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: it needs 267104 bytes of shared memory, 34656 more than the 232448 of a CTA: lhs 131072 + rhs 65536 + output 65536 + lhs scales 4096 + rhs tile scales 512 + coordinates 256 + barriers 96 = 267104}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32, strided<[1, ?]>>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<stages = 4>}
  return
}

// -----

// S29: an f32 slab is twice as large.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %d: memref<?x2112xf32>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: it needs 282448 bytes of shared memory, 50000 more than the 232448 of a CTA: lhs 98304 + rhs 49152 + output 131072 + lhs scales 3072 + rhs tile scales 512 + coordinates 256 + barriers 80 = 282448}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32, strided<[1, ?]>>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      outs(%d : memref<?x2112xf32>)
      {schedule = #dgemm.schedule<chunk = 32>}
  return
}

// -----

// S30: nothing to store the tile before under.

func.func @f(
    %a: memref<?x128xf8E4M3FN>,
    %sfa: memref<?x1xf32, strided<[1, ?]>>,
    %b: memref<264x128xf8E4M3FN>,
    %sfb: memref<3x1xf32>,
    %d: memref<?x264xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: epilogue = overlapped needs two K blocks, one to store under and one to finish; K must be above 128, not 128; choose epilogue = after}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x128xf8E4M3FN>,
      memref<?x1xf32, strided<[1, ?]>>,
      memref<264x128xf8E4M3FN>,
      memref<3x1xf32>)
      outs(%d : memref<?x264xbf16>)
      {schedule = #dgemm.schedule<tile = [256, 128], stages = 3,
                                  epilogue = overlapped>}
  return
}

// -----

// S31: TMA writes whole units of 16 bytes.

func.func @f(
    %a: memref<?x384xf8E4M3FN>,
    %sfa: memref<?x3xf32, strided<[1, ?]>>,
    %b: memref<124x384xf8E4M3FN>,
    %sfb: memref<1x3xf32>,
    %d: memref<?x124xbf16, strided<[128, 1]>>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: store = tma: a row of D has 248 bytes, and it writes multiples of 16, so beyond its end; choose store = direct}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x384xf8E4M3FN>,
      memref<?x3xf32, strided<[1, ?]>>,
      memref<124x384xf8E4M3FN>,
      memref<1x3xf32>)
      outs(%d : memref<?x124xbf16, strided<[128, 1]>>)
      {schedule = #dgemm.schedule<tile = [128, 128], stages = 4>}
  return
}

// -----

// S34: a box of whole K blocks.

func.func @f(
    %a: memref<?x400xf8E4M3FN>,
    %sfa: memref<?x4xf32, strided<[1, ?]>>,
    %b: memref<128x400xf8E4M3FN>,
    %sfb: memref<1x4xf32>,
    %d: memref<?x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: tma_view = stage needs a K that is a multiple of 128, not 400; choose tma_view = block}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x400xf8E4M3FN>,
      memref<?x4xf32, strided<[1, ?]>>,
      memref<128x400xf8E4M3FN>,
      memref<1x4xf32>)
      outs(%d : memref<?x128xbf16>)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 3, kblocks = 2,
                                  tma_view = stage>}
  return
}

// -----

// S41: there is no C.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: accumulate = prefetch, but the operation has no C; choose accumulate = load}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32, strided<[1, ?]>>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<accumulate = prefetch, buffers = 1>}
  return
}

// -----

// S41: C's rows are not for TMA, D's are.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %c: memref<?x2112xbf16, strided<[2114, 1]>>,
    %d: memref<?x2112xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: accumulate = prefetch: the row stride of C is 4228 bytes, and TMA takes multiples of 16; pad it to 2120 elements or choose accumulate = load}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32, strided<[1, ?]>>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      acc(%c : memref<?x2112xbf16, strided<[2114, 1]>>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<accumulate = prefetch, buffers = 1>}
  return
}

// -----

// S42: one product for all columns of a block.

func.func @f(
    %a: memref<?x7168xf8E4M3FN>,
    %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>,
    %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: products = early is for a scale per column, but SFB has one per 128; choose products = late}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
      memref<?x7168xf8E4M3FN>,
      memref<?x56xf32, strided<[1, ?]>>,
      memref<2112x7168xf8E4M3FN>,
      memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
      {schedule = #dgemm.schedule<tile = [128, 128], products = early>}
  return
}
