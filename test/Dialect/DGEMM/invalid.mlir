// RUN: dgemm-opt %s --split-input-file --verify-diagnostics

// Types and ranks are ODS's to check; here is what a user sees.

func.func @element_type(%a: memref<4x256xf8E5M2>, %sfa: memref<4x2xf32>,
                        %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                        %d: memref<4x128xbf16>) {
  // expected-error @+1 {{operand #0 must be 2D tensor of f8E4M3FN type values or 2D memref of f8E4M3FN type values, but got 'memref<4x256xf8E5M2>'}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E5M2>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

func.func @rank(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                %b: memref<1x128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                %d: memref<4x128xbf16>) {
  // expected-error @+1 {{operand #2 must be 2D tensor of f8E4M3FN type values or 2D memref of f8E4M3FN type values, but got 'memref<1x128x256xf8E4M3FN>'}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<1x128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

func.func @output_type(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                       %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                       %d: memref<4x128xf16>) {
  // expected-error @+1 {{operand #4 must be 2D tensor of bfloat16 type or 32-bit float values or 2D memref of bfloat16 type or 32-bit float values, but got 'memref<4x128xf16>'}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xf16>)
  return
}

// -----

func.func @no_result(%a: tensor<4x256xf8E4M3FN>, %sfa: tensor<4x2xf32>,
                     %b: tensor<128x256xf8E4M3FN>, %sfb: tensor<1x2xf32>,
                     %d: tensor<4x128xbf16>) {
  // expected-error @+1 {{expected the number of tensor results (0) to be equal to the number of output tensors (1)}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<4x256xf8E4M3FN>, tensor<4x2xf32>,
                 tensor<128x256xf8E4M3FN>, tensor<1x2xf32>)
      outs(%d : tensor<4x128xbf16>)
  return
}

// -----

// C1: tensors and memrefs do not mix.

func.func @mixed(%a: tensor<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                 %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                 %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op operands must be all tensors or all memrefs, but A is 'tensor<4x256xf8E4M3FN>' and D is 'memref<4x128xbf16>'}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C2: A's scales are per row and K block.

func.func @a_block(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                   %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                   %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op a_block must be [1, 128], not [128, 128]}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>) {a_block = [128, 128]}
  return
}

// -----

// C3: B's scales are per row or per 128 rows, and per K block.

func.func @b_block(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                   %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                   %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op b_block must be [1, 128] or [128, 128], not [128]}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>) {b_block = [128]}
  return
}

// -----

// C4: promotion is once per scale block.

func.func @promote(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                   %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                   %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op promote must be 128, the K elements of a scale block, not 256}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>) {promote = 256}
  return
}

// -----

// C5: one K.

func.func @k(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
             %b: memref<128x384xf8E4M3FN>, %sfb: memref<1x3xf32>,
             %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op K is 256 in A (4x256) but 384 in B (128x384)}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x384xf8E4M3FN>, memref<1x3xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C6: one M.

func.func @m(%a: memref<4x?xf8E4M3FN>, %sfa: memref<4x2xf32>,
             %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
             %d: memref<5x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op M is 4 in A (4x?) but 5 in D (5x128)}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x?xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<5x128xbf16>)
  return
}

// -----

// C7: one N.

func.func @n(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
             %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
             %d: memref<4x64xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op N is 128 in B (128x256) but 64 in D (4x64)}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x64xbf16>)
  return
}

// -----

// C8: SFA has a row per row of A.

func.func @sfa_rows(%a: memref<4x256xf8E4M3FN>, %sfa: memref<1x2xf32>,
                    %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                    %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op dimension 0 of SFA (1x2) is 1, but dimension 0 of A (4x256) has 4 blocks of 1}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<1x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C8: SFA has a column per K block, a short last block included.

func.func @sfa_columns(%a: memref<4x272xf8E4M3FN>, %sfa: memref<4x2xf32>,
                       %b: memref<128x272xf8E4M3FN>, %sfb: memref<1x3xf32>,
                       %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op dimension 1 of SFA (4x2) is 2, but dimension 1 of A (4x272) has 3 blocks of 128}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x272xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x272xf8E4M3FN>, memref<1x3xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C9: SFB of 1D2D.

func.func @sfb_blocks(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                      %b: memref<264x256xf8E4M3FN>, %sfb: memref<2x2xf32>,
                      %d: memref<4x264xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op dimension 0 of SFB (2x2) is 2, but dimension 0 of B (264x256) has 3 blocks of 128}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<264x256xf8E4M3FN>, memref<2x2xf32>)
      outs(%d : memref<4x264xbf16>)
  return
}

// -----

// C9: SFB of 1D1D.

func.func @sfb_rows(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                    %b: memref<264x256xf8E4M3FN>, %sfb: memref<3x2xf32>,
                    %d: memref<4x264xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op dimension 0 of SFB (3x2) is 3, but dimension 0 of B (264x256) has 264 blocks of 1}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<264x256xf8E4M3FN>, memref<3x2xf32>)
      outs(%d : memref<4x264xbf16>) {b_block = [1, 128]}
  return
}

// -----

// C10: C has D's element type.

func.func @c_type(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                  %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                  %c: memref<4x128xf32>, %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op C has elements of type 'f32', but D of 'bf16'}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      acc(%c : memref<4x128xf32>) outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C10: C has D's shape.

func.func @c_shape(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                   %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                   %c: memref<1x128xbf16>, %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op M is 1 in C (1x128) but 4 in D (4x128)}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      acc(%c : memref<1x128xbf16>) outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C11: rows are contiguous.

func.func @column_major(%a: memref<4x256xf8E4M3FN, strided<[1, 16]>>,
                        %sfa: memref<4x2xf32>,
                        %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                        %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op the rows of A (4x256) must be contiguous, but the stride within a row is 16}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
                 memref<4x256xf8E4M3FN, strided<[1, 16]>>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C11: what one-shot bufferization makes of function arguments by default.

func.func @dynamic_stride(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                          %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                          %d: memref<4x128xbf16, strided<[?, ?], offset: ?>>) {
  // expected-error @+1 {{'dgemm.gemm' op the rows of D (4x128) must be contiguous, but the stride within a row is dynamic (to bufferize functions, use function-boundary-type-conversion=identity-layout-map)}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16, strided<[?, ?], offset: ?>>)
  return
}

// -----

// C11: a layout has strides.

func.func @no_strides(
    %a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
    %b: memref<128x256xf8E4M3FN, affine_map<(i, j) -> (i, j mod 7)>>,
    %sfb: memref<1x2xf32>, %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op the layout of B (128x256) has no strides: affine_map<(d0, d1) -> (d0, d1 mod 7)>}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN, affine_map<(i, j) -> (i, j mod 7)>>,
                 memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C12: TMA's stride rule says which stride to pad to.

func.func @stride_a(%a: memref<4x200xf8E4M3FN>, %sfa: memref<4x2xf32>,
                    %b: memref<128x200xf8E4M3FN, strided<[208, 1]>>,
                    %sfb: memref<1x2xf32>, %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op the row stride of A (4x200) is 200 bytes, and TMA takes multiples of 16; pad it to 208}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x200xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x200xf8E4M3FN, strided<[208, 1]>>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C12: the same for B.

func.func @stride_b(%a: memref<4x200xf8E4M3FN, strided<[208, 1]>>,
                    %sfa: memref<4x2xf32>,
                    %b: memref<128x200xf8E4M3FN, strided<[201, 1]>>,
                    %sfb: memref<1x2xf32>, %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op the row stride of B (128x200) is 201 bytes, and TMA takes multiples of 16; pad it to 208}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
                 memref<4x200xf8E4M3FN, strided<[208, 1]>>, memref<4x2xf32>,
                 memref<128x200xf8E4M3FN, strided<[201, 1]>>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C13: TMA's address rule.

func.func @offset(%a: memref<4x256xf8E4M3FN, strided<[256, 1], offset: 8>>,
                  %sfa: memref<4x2xf32>,
                  %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                  %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op A (4x256) starts at offset 8, and TMA takes addresses that are multiples of 16 bytes}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb :
                 memref<4x256xf8E4M3FN, strided<[256, 1], offset: 8>>,
                 memref<4x2xf32>, memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C14: rows do not overlap.

func.func @overlap(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                   %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                   %d: memref<?x128xbf16, strided<[64, 1]>>) {
  // expected-error @+1 {{'dgemm.gemm' op rows of D (?x128) overlap: the row stride is 64 and a row has 128 elements}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<?x128xbf16, strided<[64, 1]>>)
  return
}

// -----

// C15: scales may have any strides that are not negative.

func.func @negative(%a: memref<4x256xf8E4M3FN>,
                    %sfa: memref<4x2xf32, strided<[-2, 1], offset: 8>>,
                    %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                    %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op the strides of SFA (4x2) must not be negative, but one is -2}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>,
                 memref<4x2xf32, strided<[-2, 1], offset: 8>>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C15: scales have strides.

func.func @scale_layout(
    %a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
    %b: memref<128x256xf8E4M3FN>,
    %sfb: memref<1x2xf32, affine_map<(i, j) -> (j mod 2)>>,
    %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op the layout of SFB (1x2) has no strides: affine_map<(d0, d1) -> (d1 mod 2)>}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>,
                 memref<1x2xf32, affine_map<(i, j) -> (j mod 2)>>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C16: operands are in global memory.

func.func @space(%a: memref<4x256xf8E4M3FN, 3>, %sfa: memref<4x2xf32>,
                 %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                 %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op A (4x256) must be in global memory (memory space 1 or none), not in 3}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN, 3>,
                 memref<4x2xf32>, memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>)
  return
}

// -----

// C17: a schedule fits its problem; invalid-schedule.mlir has each reason.

func.func @schedule(%a: memref<4x256xf8E4M3FN>, %sfa: memref<4x2xf32>,
                    %b: memref<128x256xf8E4M3FN>, %sfb: memref<1x2xf32>,
                    %d: memref<4x128xbf16>) {
  // expected-error @+1 {{'dgemm.gemm' op cannot use its schedule: lhs_scales = staged needs scales that are contiguous along the rows, but the row stride of SFA is 2; store SFA with row stride 1 or choose direct}}
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<4x256xf8E4M3FN>, memref<4x2xf32>,
                 memref<128x256xf8E4M3FN>, memref<1x2xf32>)
      outs(%d : memref<4x128xbf16>) {schedule = #dgemm.schedule}
  return
}
