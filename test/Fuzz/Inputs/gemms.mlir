// Seeds: gemms with schedules from every corner, one a section.
func.func @rolled(%a: memref<?x2048xf8E4M3FN>,
                  %sfa: memref<?x16xf32, strided<[1, ?]>>,
                  %b: memref<7168x2048xf8E4M3FN>, %sfb: memref<56x16xf32>,
                  %d: memref<?x7168xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x2048xf8E4M3FN>,
      memref<?x16xf32, strided<[1, ?]>>, memref<7168x2048xf8E4M3FN>,
      memref<56x16xf32>) outs(%d : memref<?x7168xbf16>)
      {schedule = #dgemm.schedule<tile = [256, 128], warpgroups = 2,
                                  stages = 3>}
  return
}

// -----

func.func @swapped(%a: memref<?x2048xf8E4M3FN>, %sfa: memref<?x16xf32>,
                   %b: memref<7168x2048xf8E4M3FN>, %sfb: memref<56x16xf32>,
                   %d: memref<?x7168xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x2048xf8E4M3FN>,
      memref<?x16xf32>, memref<7168x2048xf8E4M3FN>, memref<56x16xf32>)
      outs(%d : memref<?x7168xbf16>)
      {schedule = #dgemm.schedule<tile = [128, 16], warpgroups = 2,
                                  stages = 5, swap = true, store = direct,
                                  lhs_scales = tile, rhs_scales = direct>}
  return
}

// -----

func.func @clusters(%a: memref<?x?xf8E4M3FN>,
                    %sfa: memref<?x?xf32, strided<[1, ?]>>,
                    %b: memref<?x?xf8E4M3FN>,
                    %sfb: memref<?x?xf32, strided<[1, ?]>>,
                    %c: memref<?x?xf32>, %d: memref<?x?xf32>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x?xf8E4M3FN>,
      memref<?x?xf32, strided<[1, ?]>>, memref<?x?xf8E4M3FN>,
      memref<?x?xf32, strided<[1, ?]>>)
      acc(%c : memref<?x?xf32>) outs(%d : memref<?x?xf32>)
      {b_block = [1, 128],
       schedule = #dgemm.schedule<tile = [128, 96], warpgroups = 2,
           stages = 2, kblocks = 2, in_flight = 2, cluster = 2,
           multicast = rhs, raster = m, raster_width = 8, unroll = 2,
           rhs_scales = staged, chunk = 32, buffers = 2>}
  return
}

// -----

func.func @constants(%a: tensor<129x208xf8E4M3FN>, %sfa: tensor<129x2xf32>,
                     %b: tensor<264x208xf8E4M3FN>, %sfb: tensor<3x2xf32>,
                     %d: tensor<129x264xf32>) -> tensor<129x264xf32> {
  %r = dgemm.gemm ins(%a, %sfa, %b, %sfb : tensor<129x208xf8E4M3FN>,
      tensor<129x2xf32>, tensor<264x208xf8E4M3FN>, tensor<3x2xf32>)
      outs(%d : tensor<129x264xf32>)
      {schedule = #dgemm.schedule<tile = [192, 104], warpgroups = 3,
           stages = 2, lhs_scales = direct, rhs_scales = direct,
           coordinates = consumer, epilogue = overlapped, store = direct,
           persistent = false, specialize = [m, n, k],
           registers = [24, 160]>} -> tensor<129x264xf32>
  return %r : tensor<129x264xf32>
}
