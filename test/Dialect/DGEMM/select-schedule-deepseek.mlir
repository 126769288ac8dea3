// RUN: dgemm-opt %s --dgemm-select-schedule="m=4096" | FileCheck %s --check-prefixes=CHECK,M4096
// RUN: dgemm-opt %s --dgemm-select-schedule="m=128" | FileCheck %s --check-prefixes=CHECK,M128
// RUN: dgemm-opt %s --dgemm-select-schedule="m=64" | FileCheck %s --check-prefixes=CHECK,M64
// RUN: dgemm-opt %s --dgemm-select-schedule="m=1" | FileCheck %s --check-prefixes=CHECK,M1

// The seven dense shapes of DeepSeek-V3, M dynamic, as DeepGEMM's callers lay
// them out: SFA with the rows contiguous. That each choice fits is checked by
// the op's verifier after the pass.

// CHECK-LABEL: func.func @n2112_k7168
// M4096: schedule = #dgemm.schedule<tile = [128, 176], stages = 4, unroll = 2, static_splits = true, chunk = 88, buffers = 2, specialize = [n, k]>
// M128: schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1, kblocks = 4, in_flight = 4, split_k = 2, reduce = cluster, raster = m, raster_width = 8, tma_view = stage, coordinates = consumer, buffers = 1, store = lines, persistent = false, specialize = [n, k]>
// M64: schedule = #dgemm.schedule<tile = [64, 32], warpgroups = 1, stages = 4, kblocks = 4, in_flight = 4, split_k = 2, reduce = cluster, tma_view = stage, coordinates = consumer, chunk = 32, buffers = 1, store = lines, persistent = false, specialize = [n, k]>
// M1: schedule = #dgemm.schedule<tile = [56, 8], warpgroups = 1, stages = 4, kblocks = 4, in_flight = 4, swap = true, split_k = 3, reduce = cluster, tma_view = stage, lhs_scales = tile, rhs_scales = staged, coordinates = consumer, chunk = 8, buffers = 1, store = lines, persistent = false, specialize = [n, k]>
func.func @n2112_k7168(
    %a: memref<?x7168xf8E4M3FN>, %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<2112x7168xf8E4M3FN>, %sfb: memref<17x56xf32>,
    %d: memref<?x2112xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x7168xf8E4M3FN>,
                 memref<?x56xf32, strided<[1, ?]>>,
                 memref<2112x7168xf8E4M3FN>, memref<17x56xf32>)
      outs(%d : memref<?x2112xbf16>)
  return
}

// CHECK-LABEL: func.func @n576_k7168
// M4096: schedule = #dgemm.schedule<tile = [128, 144], stages = 5, unroll = 2, static_splits = true, chunk = 72, buffers = 2, specialize = [n, k]>
// M128: schedule = #dgemm.schedule<tile = [64, 32], warpgroups = 1, stages = 4, kblocks = 4, in_flight = 4, split_k = 3, reduce = cluster, raster = m, raster_width = 8, tma_view = stage, coordinates = consumer, chunk = 32, buffers = 1, store = lines, persistent = false, specialize = [n, k]>
// M64: schedule = #dgemm.schedule<tile = [64, 16], warpgroups = 1, stages = 4, kblocks = 4, in_flight = 4, split_k = 3, reduce = cluster, tma_view = stage, coordinates = consumer, chunk = 16, buffers = 1, store = lines, persistent = false, specialize = [n, k]>
// M1: schedule = #dgemm.schedule<tile = [40, 8], warpgroups = 1, stages = 4, kblocks = 4, in_flight = 4, swap = true, split_k = 7, reduce = cluster, tma_view = stage, lhs_scales = tile, rhs_scales = staged, coordinates = consumer, chunk = 8, buffers = 1, store = lines, persistent = false, specialize = [n, k]>
func.func @n576_k7168(
    %a: memref<?x7168xf8E4M3FN>, %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<576x7168xf8E4M3FN>, %sfb: memref<5x56xf32>,
    %d: memref<?x576xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x7168xf8E4M3FN>,
                 memref<?x56xf32, strided<[1, ?]>>,
                 memref<576x7168xf8E4M3FN>, memref<5x56xf32>)
      outs(%d : memref<?x576xbf16>)
  return
}

// CHECK-LABEL: func.func @n24576_k1536
// M4096: schedule = #dgemm.schedule<tile = [256, 128], unroll = 4, epilogue = overlapped, buffers = 4, specialize = [n, k]>
// M128: schedule = #dgemm.schedule<tile = [128, 192], stages = 4, static_splits = true, buffers = 3, specialize = [n, k]>
// M64: schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1, kblocks = 4, in_flight = 4, tma_view = stage, buffers = 1, store = lines, specialize = [n, k]>
// M1: schedule = #dgemm.schedule<tile = [192, 8], warpgroups = 3, stages = 4, kblocks = 2, in_flight = 2, swap = true, tma_view = stage, lhs_scales = tile, rhs_scales = staged, chunk = 8, buffers = 1, store = lines, registers = [40, 152], specialize = [n, k]>
func.func @n24576_k1536(
    %a: memref<?x1536xf8E4M3FN>, %sfa: memref<?x12xf32, strided<[1, ?]>>,
    %b: memref<24576x1536xf8E4M3FN>, %sfb: memref<192x12xf32>,
    %d: memref<?x24576xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x1536xf8E4M3FN>,
                 memref<?x12xf32, strided<[1, ?]>>,
                 memref<24576x1536xf8E4M3FN>, memref<192x12xf32>)
      outs(%d : memref<?x24576xbf16>)
  return
}

// CHECK-LABEL: func.func @n32768_k512
// M4096: schedule = #dgemm.schedule<tile = [256, 128], unroll = 4, epilogue = overlapped, buffers = 4, specialize = [n, k]>
// M128: schedule = #dgemm.schedule<tile = [128, 128], kblocks = 2, in_flight = 2, tma_view = stage, buffers = 1, store = lines, specialize = [n, k]>
// M64: schedule = #dgemm.schedule<tile = [64, 128], warpgroups = 1, stages = 4, kblocks = 2, in_flight = 2, tma_view = stage, buffers = 1, store = lines, specialize = [n, k]>
// M1: schedule = #dgemm.schedule<tile = [128, 8], stages = 4, kblocks = 2, in_flight = 2, swap = true, tma_view = stage, lhs_scales = tile, rhs_scales = staged, chunk = 8, buffers = 1, store = lines, specialize = [n, k]>
func.func @n32768_k512(
    %a: memref<?x512xf8E4M3FN>, %sfa: memref<?x4xf32, strided<[1, ?]>>,
    %b: memref<32768x512xf8E4M3FN>, %sfb: memref<256x4xf32>,
    %d: memref<?x32768xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x512xf8E4M3FN>,
                 memref<?x4xf32, strided<[1, ?]>>,
                 memref<32768x512xf8E4M3FN>, memref<256x4xf32>)
      outs(%d : memref<?x32768xbf16>)
  return
}

// CHECK-LABEL: func.func @n7168_k16384
// M4096: schedule = #dgemm.schedule<tile = [256, 128], unroll = 4, epilogue = overlapped, buffers = 4, specialize = [n, k]>
// M128: schedule = #dgemm.schedule<tile = [64, 128], warpgroups = 1, stages = 4, kblocks = 2, in_flight = 2, raster = m, raster_width = 8, tma_view = stage, buffers = 1, store = lines, specialize = [n, k]>
// M64: schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1, kblocks = 4, in_flight = 4, tma_view = stage, buffers = 1, store = lines, specialize = [n, k]>
// M1: schedule = #dgemm.schedule<tile = [64, 8], warpgroups = 1, stages = 4, kblocks = 4, in_flight = 4, swap = true, tma_view = stage, lhs_scales = tile, rhs_scales = staged, chunk = 8, buffers = 1, store = lines, specialize = [n, k]>
func.func @n7168_k16384(
    %a: memref<?x16384xf8E4M3FN>, %sfa: memref<?x128xf32, strided<[1, ?]>>,
    %b: memref<7168x16384xf8E4M3FN>, %sfb: memref<56x128xf32>,
    %d: memref<?x7168xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x16384xf8E4M3FN>,
                 memref<?x128xf32, strided<[1, ?]>>,
                 memref<7168x16384xf8E4M3FN>, memref<56x128xf32>)
      outs(%d : memref<?x7168xbf16>)
  return
}

// CHECK-LABEL: func.func @n4096_k7168
// M4096: schedule = #dgemm.schedule<tile = [256, 128], unroll = 4, epilogue = overlapped, buffers = 4, specialize = [n, k]>
// M128: schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1, kblocks = 4, in_flight = 4, raster = m, raster_width = 8, tma_view = stage, buffers = 1, store = lines, specialize = [n, k]>
// M64: schedule = #dgemm.schedule<tile = [64, 32], warpgroups = 1, stages = 4, kblocks = 4, in_flight = 4, tma_view = stage, chunk = 32, buffers = 1, store = lines, specialize = [n, k]>
// M1: schedule = #dgemm.schedule<tile = [64, 8], warpgroups = 1, stages = 4, kblocks = 4, in_flight = 4, swap = true, tma_view = stage, lhs_scales = tile, rhs_scales = staged, chunk = 8, buffers = 1, store = lines, specialize = [n, k]>
func.func @n4096_k7168(
    %a: memref<?x7168xf8E4M3FN>, %sfa: memref<?x56xf32, strided<[1, ?]>>,
    %b: memref<4096x7168xf8E4M3FN>, %sfb: memref<32x56xf32>,
    %d: memref<?x4096xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x7168xf8E4M3FN>,
                 memref<?x56xf32, strided<[1, ?]>>,
                 memref<4096x7168xf8E4M3FN>, memref<32x56xf32>)
      outs(%d : memref<?x4096xbf16>)
  return
}

// CHECK-LABEL: func.func @n7168_k2048
// M4096: schedule = #dgemm.schedule<tile = [256, 128], unroll = 4, epilogue = overlapped, buffers = 4, specialize = [n, k]>
// M128: schedule = #dgemm.schedule<tile = [64, 128], warpgroups = 1, stages = 4, kblocks = 2, in_flight = 2, raster = m, raster_width = 8, tma_view = stage, buffers = 1, store = lines, specialize = [n, k]>
// M64: schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1, stages = 4, kblocks = 2, in_flight = 2, tma_view = stage, buffers = 1, store = lines, specialize = [n, k]>
// M1: schedule = #dgemm.schedule<tile = [64, 8], warpgroups = 1, stages = 4, kblocks = 4, in_flight = 4, swap = true, tma_view = stage, lhs_scales = tile, rhs_scales = staged, chunk = 8, buffers = 1, store = lines, specialize = [n, k]>
func.func @n7168_k2048(
    %a: memref<?x2048xf8E4M3FN>, %sfa: memref<?x16xf32, strided<[1, ?]>>,
    %b: memref<7168x2048xf8E4M3FN>, %sfb: memref<56x16xf32>,
    %d: memref<?x7168xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x2048xf8E4M3FN>,
                 memref<?x16xf32, strided<[1, ?]>>,
                 memref<7168x2048xf8E4M3FN>, memref<56x16xf32>)
      outs(%d : memref<?x7168xbf16>)
  return
}
