// RUN: dgemm-opt %s --allow-unregistered-dialect | FileCheck %s
// RUN: dgemm-opt %s --allow-unregistered-dialect | dgemm-opt --allow-unregistered-dialect | FileCheck %s

// The tile is always printed, another knob only where it is not the default.
// CHECK: #dgemm.schedule<tile = [256, 128]>
"test.op"() {s = #dgemm.schedule} : () -> ()

// CHECK: #dgemm.schedule<tile = [256, 128]>
"test.op"() {s = #dgemm.schedule<>} : () -> ()

// CHECK: #dgemm.schedule<tile = [256, 128]>
"test.op"() {s = #dgemm.schedule<
  tile = [256, 128], warpgroups = 2, stages = 3, kblocks = 1, in_flight = 1,
  swap = false, cluster = 1, multicast = none, raster = n, raster_width = 16,
  unroll = 1, lhs_scales = staged, rhs_scales = tile, max_kblocks = 128,
  static_splits = false,
  coordinates = producer, epilogue = after, chunk = 64, buffers = 8,
  store = tma, registers = [40, 232], persistent = true, specialize = [],
  partition = stride, split_k = 1, reduce = none, snake = false,
  n_variants = 1, wg_axis = m, skip = none, temp = single, tma_view = block,
  residency = ring, l2_promotion = 256, lhs_evict = normal,
  rhs_evict = normal, producer_warps = 1, accumulate = load, c_slots = 2,
  products = late, tile_slots = 2, sync = warpgroup,
  ctas_per_sm = 1, pdl = none>} : () -> ()

// Every knob that lowers, away from its default, in another order than that
// in which they are printed.
// CHECK: #dgemm.schedule<tile = [192, 96], warpgroups = 3, stages = 2, kblocks = 4, in_flight = 2, swap = true, cluster = 2, multicast = lhs, raster = m, raster_width = 8, unroll = 2, tile_slots = 4, lhs_scales = tile, rhs_scales = direct, max_kblocks = 56, static_splits = true, coordinates = consumer, chunk = 32, buffers = 2, store = direct, registers = [32, 160], persistent = false, specialize = [m, n, k]>
"test.op"() {s = #dgemm.schedule<
  specialize = [k, m, n], persistent = false, registers = [32, 160],
  store = direct, buffers = 2, chunk = 32,
  coordinates = consumer, static_splits = true, max_kblocks = 56, rhs_scales = direct,
  lhs_scales = tile, unroll = 2, tile_slots = 4, raster_width = 8, raster = m,
  multicast = lhs, cluster = 2, swap = true, in_flight = 2, kblocks = 4,
  stages = 2, warpgroups = 3, tile = [192, 96]>} : () -> ()

// CHECK: #dgemm.schedule<tile = [256, 128], producer_warps = 2, epilogue = overlapped>
"test.op"() {s = #dgemm.schedule<epilogue = overlapped, producer_warps = 2>} : () -> ()

// CHECK: #dgemm.schedule<tile = [128, 128], rhs_scales = staged, products = early, chunk = 32, buffers = 1, accumulate = prefetch, c_slots = 3>
"test.op"() {s = #dgemm.schedule<tile = [128, 128], c_slots = 3,
  accumulate = prefetch, buffers = 1, chunk = 32, rhs_scales = staged,
  products = early>} : () -> ()

// CHECK: #dgemm.schedule<tile = [64, 8], warpgroups = 1, chunk = 8, registers = [40, 216], ctas_per_sm = 2>
"test.op"() {s = #dgemm.schedule<tile = [64, 8], warpgroups = 1, chunk = 8,
  registers = [40, 216], ctas_per_sm = 2>} : () -> ()

// Tiles that were measured and win.
// CHECK: tile = [128, 176]
"test.op"() {a = #dgemm.schedule<tile = [128, 176], stages = 4, chunk = 88>,
// CHECK-SAME: tile = [192, 96]
  b = #dgemm.schedule<tile = [192, 96], warpgroups = 3, stages = 5,
                      registers = [32, 160], chunk = 96>,
// CHECK-SAME: tile = [64, 64]
  c = #dgemm.schedule<tile = [64, 64], warpgroups = 1, kblocks = 4,
                      in_flight = 4>,
// CHECK-SAME: tile = [128, 8]
  d = #dgemm.schedule<tile = [128, 8], swap = true, kblocks = 4,
                      in_flight = 4, chunk = 8, lhs_scales = tile,
                      rhs_scales = direct>,
// CHECK-SAME: registers = [24, 240]
  e = #dgemm.schedule<tile = [256, 152], chunk = 152, stages = 2,
                      registers = [24, 240]>} : () -> ()
