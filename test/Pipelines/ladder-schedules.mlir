// Schedules of every kind resume from each rung's text.
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

// Multicast, overlapped, unrolled.
func.func @schedule0(%a: memref<?x384xf8E4M3FN>,
                %sfa: memref<?x3xf32, strided<[1, ?]>>,
                %b: memref<264x384xf8E4M3FN>,
                %sfb: memref<3x3xf32>,
                %c: memref<?x264xbf16>,
                %d: memref<?x264xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb
                 : memref<?x384xf8E4M3FN>,
                   memref<?x3xf32, strided<[1, ?]>>,
                   memref<264x384xf8E4M3FN>,
                   memref<3x3xf32>)
      outs(%d : memref<?x264xbf16>)
      {schedule = #dgemm.schedule<tile = [128, 128], stages = 4, cluster = 2,
           multicast = rhs, epilogue = overlapped, unroll = 2, lhs_scales =
           staged, rhs_scales = tile, chunk = 64>}
  return
}

// Several K blocks in a stage and in flight.
func.func @schedule1(%a: memref<?x384xf8E4M3FN>,
                %sfa: memref<?x3xf32, strided<[1, ?]>>,
                %b: memref<264x384xf8E4M3FN>,
                %sfb: memref<3x3xf32>,
                %c: memref<?x264xbf16>,
                %d: memref<?x264xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb
                 : memref<?x384xf8E4M3FN>,
                   memref<?x3xf32, strided<[1, ?]>>,
                   memref<264x384xf8E4M3FN>,
                   memref<3x3xf32>)
      outs(%d : memref<?x264xbf16>)
      {schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1, stages = 3,
           kblocks = 4, in_flight = 2, lhs_scales = staged, rhs_scales = tile,
           chunk = 64>}
  return
}

// Swapped operands, vector scales on both sides.
func.func @schedule2(%a: memref<?x384xf8E4M3FN>,
                %sfa: memref<?x3xf32, strided<[1, ?]>>,
                %b: memref<264x384xf8E4M3FN>,
                %sfb: memref<264x3xf32, strided<[1, ?]>>,
                %c: memref<?x264xbf16>,
                %d: memref<?x264xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb
                 : memref<?x384xf8E4M3FN>,
                   memref<?x3xf32, strided<[1, ?]>>,
                   memref<264x384xf8E4M3FN>,
                   memref<264x3xf32, strided<[1, ?]>>)
      outs(%d : memref<?x264xbf16>)
      {b_block = [1, 128], schedule = #dgemm.schedule<tile = [128, 32], stages =
           4, swap = true, lhs_scales = staged, rhs_scales = staged, chunk = 32>}
  return
}

// C, f32, three warpgroups, constant sizes.
func.func @schedule3(%a: memref<192x384xf8E4M3FN>,
                %sfa: memref<192x3xf32, strided<[1, ?]>>,
                %b: memref<264x384xf8E4M3FN>,
                %sfb: memref<3x3xf32>,
                %c: memref<192x264xf32>,
                %d: memref<192x264xf32>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb
                 : memref<192x384xf8E4M3FN>,
                   memref<192x3xf32, strided<[1, ?]>>,
                   memref<264x384xf8E4M3FN>,
                   memref<3x3xf32>)
      acc(%c : memref<192x264xf32>) outs(%d : memref<192x264xf32>)
      {schedule = #dgemm.schedule<tile = [192, 96], warpgroups = 3, stages = 3,
           registers = [32, 160], specialize = [m, n, k], lhs_scales = staged,
           rhs_scales = tile, chunk = 32, buffers = 2>}
  return
}

// No TMA store, no loop over tiles, consumers find their tile.
func.func @schedule4(%a: memref<?x384xf8E4M3FN>,
                %sfa: memref<?x3xf32, strided<[1, ?]>>,
                %b: memref<264x384xf8E4M3FN>,
                %sfb: memref<3x3xf32>,
                %c: memref<?x264xbf16>,
                %d: memref<?x264xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb
                 : memref<?x384xf8E4M3FN>,
                   memref<?x3xf32, strided<[1, ?]>>,
                   memref<264x384xf8E4M3FN>,
                   memref<3x3xf32>)
      outs(%d : memref<?x264xbf16>)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 3, persistent =
           false, store = direct, coordinates = consumer, rhs_scales = direct,
           lhs_scales = direct>}
  return
}
