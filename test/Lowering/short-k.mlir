// RUN: dgemm-opt %s --split-input-file --dgemm-pipeline="stop-after=ptx" | FileCheck %s

// One K block, known at compile time: the loop over K blocks stays.

// CHECK: gpu.binary @one_block_kernel
func.func @one_block(%a: memref<7x128xf8E4M3FN>, %sfa: memref<7x1xf32>,
                     %b: memref<24x128xf8E4M3FN>, %sfb: memref<1x1xf32>,
                     %d: memref<7x24xf32>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<7x128xf8E4M3FN>,
                 memref<7x1xf32>, memref<24x128xf8E4M3FN>, memref<1x1xf32>)
      outs(%d : memref<7x24xf32>)
      {schedule = #dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24,
                                  lhs_scales = direct, specialize = [n, k]>}
  return
}

// -----

// None at all: nothing is launched, but the kernel compiles.

// CHECK: gpu.binary @no_block_kernel
func.func @no_block(%a: memref<7x0xf8E4M3FN>, %sfa: memref<7x0xf32>,
                    %b: memref<24x0xf8E4M3FN>, %sfb: memref<1x0xf32>,
                    %d: memref<7x24xf32>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<7x0xf8E4M3FN>, memref<7x0xf32>,
                 memref<24x0xf8E4M3FN>, memref<1x0xf32>)
      outs(%d : memref<7x24xf32>)
      {schedule = #dgemm.schedule<tile = [64, 24], warpgroups = 1, chunk = 24,
                                  lhs_scales = direct, kblocks = 2,
                                  specialize = [n, k]>}
  return
}
