// The schedule alone; invalid-schedule-problem.mlir has the rest.

// RUN: dgemm-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics

// Text.

// A word that is no knob.

// expected-error @+1 {{a schedule has no knob 'kblock'; did you mean 'kblocks'?}}
"test.op"() {s = #dgemm.schedule<kblock = 2>} : () -> ()

// -----

// A knob that is given twice.

// expected-error @+1 {{the knob 'stages' is given twice}}
"test.op"() {s = #dgemm.schedule<stages = 2, stages = 3>} : () -> ()

// -----

// A value that is none of the knob's.

// expected-error @+1 {{'left' is not one of none, lhs, rhs, both}}
"test.op"() {s = #dgemm.schedule<multicast = left>} : () -> ()

// -----

// A flag.

// expected-error @+1 {{'yes' is not true or false}}
"test.op"() {s = #dgemm.schedule<swap = yes>} : () -> ()

// -----

// A size that does not exist.

// expected-error @+1 {{'l' is not one of m, n, k}}
"test.op"() {s = #dgemm.schedule<specialize = [n, l]>} : () -> ()

// -----

// A size that is listed twice.

// expected-error @+1 {{'n' is listed twice}}
"test.op"() {s = #dgemm.schedule<specialize = [n, n]>} : () -> ()

// -----

// A number that is no number.

// expected-error @+1 {{expected integer value}}
"test.op"() {s = #dgemm.schedule<stages = many>} : () -> ()

// -----

// S1: the same for each of them.

// expected-error @+1 {{partition = k_units does not lower yet; only partition = stride does}}
"test.op"() {s = #dgemm.schedule<partition = k_units>} : () -> ()

// -----

// S1: the same for each of them.

// expected-error @+1 {{snake = true does not lower yet; only snake = false does}}
"test.op"() {s = #dgemm.schedule<snake = true>} : () -> ()

// -----

// S1: the same for each of them.

// expected-error @+1 {{n_variants = 2 does not lower yet; only n_variants = 1 does}}
"test.op"() {s = #dgemm.schedule<n_variants = 2>} : () -> ()

// -----

// S1: the same for each of them.

// expected-error @+1 {{wg_axis = k does not lower yet; only wg_axis = m does}}
"test.op"() {s = #dgemm.schedule<wg_axis = k>} : () -> ()

// -----

// S1: the same for each of them.

// expected-error @+1 {{skip = slices does not lower yet; only skip = none does}}
"test.op"() {s = #dgemm.schedule<skip = slices>} : () -> ()

// -----

// S1: the same for each of them.

// expected-error @+1 {{temp = double does not lower yet; only temp = single does}}
"test.op"() {s = #dgemm.schedule<temp = double>} : () -> ()

// -----

// S1: the same for each of them.

// expected-error @+1 {{residency = one_shot does not lower yet; only residency = ring does}}
"test.op"() {s = #dgemm.schedule<residency = one_shot>} : () -> ()

// -----

// S1: the same for each of them.

// expected-error @+1 {{l2_promotion = 128 does not lower yet; only l2_promotion = 256 does}}
"test.op"() {s = #dgemm.schedule<l2_promotion = 128>} : () -> ()

// -----

// S1: the same for each of them.

// expected-error @+1 {{lhs_evict = first does not lower yet; only lhs_evict = normal does}}
"test.op"() {s = #dgemm.schedule<lhs_evict = first>} : () -> ()

// -----

// S1: the same for each of them.

// expected-error @+1 {{rhs_evict = last does not lower yet; only rhs_evict = normal does}}
"test.op"() {s = #dgemm.schedule<rhs_evict = last>} : () -> ()

// -----

// S37: a warp for each operand at most.

// expected-error @+1 {{producer_warps must be from 1 to 2, not 3}}
"test.op"() {s = #dgemm.schedule<producer_warps = 3>} : () -> ()

// -----

// S38: the tile in work and the one after it at least.

// expected-error @+1 {{tile_slots must be from 2 to 8, not 1}}
"test.op"() {s = #dgemm.schedule<tile_slots = 1>} : () -> ()

// -----

// S36: rings of their own.

// expected-error @+1 {{producer_warps = 2 gives weights and tokens rings of their own, which a multicast operand cannot have; choose multicast = none}}
"test.op"() {s = #dgemm.schedule<tile = [128, 64], cluster = 2, multicast = rhs, producer_warps = 2>} : () -> ()

// -----

// S1: the same for each of them.

// expected-error @+1 {{sync = cta does not lower yet; only sync = warpgroup does}}
"test.op"() {s = #dgemm.schedule<sync = cta>} : () -> ()

// -----

// S2: how many warpgroups compute.

// expected-error @+1 {{warpgroups must be from 1 to 3, not 4}}
"test.op"() {s = #dgemm.schedule<warpgroups = 4>} : () -> ()

// -----

// S3: m is what the warpgroups compute.

// expected-error @+1 {{tile m is 256, but 3 consumer warpgroups compute 128 rows each, or a multiple of 8 rows up to 64: 192 or 384, or a multiple of 24 below}}
"test.op"() {s = #dgemm.schedule<tile = [256, 96], warpgroups = 3>} : () -> ()

// -----

// S3: thin rows come in whole groups of eight.

// expected-error @+1 {{tile m is 60, but 1 consumer warpgroups compute 128 rows each, or a multiple of 8 rows up to 64: 64 or 128, or a multiple of 8 below}}
"test.op"() {s = #dgemm.schedule<tile = [60, 8], warpgroups = 1, chunk = 8>} : () -> ()

// -----

// S32: one K block has no stage to load at once.

// expected-error @+1 {{tma_view = stage loads the K blocks of a stage at once, but kblocks = 1; choose tma_view = block}}
"test.op"() {s = #dgemm.schedule<tma_view = stage>} : () -> ()

// -----

// S32: each CTA of a cluster loads some rows of a shared operand.

// expected-error @+1 {{tma_view = stage loads the K blocks of a stage at once, but a multicast operand is cut by rows; choose tma_view = block}}
"test.op"() {s = #dgemm.schedule<tile = [128, 64], kblocks = 2, tma_view = stage, cluster = 2, multicast = rhs>} : () -> ()

// -----

// S33: TMA stores whole slices.

// expected-error @+1 {{store = tma stages slices of 64 rows, but these have 56; choose store = lines or direct}}
"test.op"() {s = #dgemm.schedule<tile = [56, 8], warpgroups = 1, chunk = 8>} : () -> ()

// -----

// S35: parts of K.

// expected-error @+1 {{split_k must be from 1 to 8, not 9}}
"test.op"() {s = #dgemm.schedule<split_k = 9, reduce = cluster, persistent = false>} : () -> ()

// -----

// S35: somebody adds the parts.

// expected-error @+1 {{split_k = 2 needs reduce = cluster, not none}}
"test.op"() {s = #dgemm.schedule<split_k = 2, persistent = false>} : () -> ()

// -----

// S35: there is nothing to add.

// expected-error @+1 {{split_k = 1 needs reduce = none, not workspace}}
"test.op"() {s = #dgemm.schedule<reduce = workspace>} : () -> ()

// -----

// S35: a cluster has one tile.

// expected-error @+1 {{split_k = 2 takes a cluster for each tile: it needs persistent = false, cluster = 1 and epilogue = after}}
"test.op"() {s = #dgemm.schedule<split_k = 2, reduce = cluster>} : () -> ()

// -----

// S36: rings of their own.

// expected-error @+1 {{pdl = activations gives weights and tokens rings of their own, which a multicast operand cannot have; choose multicast = none}}
"test.op"() {s = #dgemm.schedule<tile = [128, 64], cluster = 2, multicast = rhs, pdl = activations>} : () -> ()

// -----

// S14: halves of thin rows.

// expected-error @+1 {{multicast = lhs gives each CTA half of tile m = 40 to load, 20 rows, but the 128-byte swizzle repeats every 8 rows; tile m must be a multiple of 16}}
"test.op"() {s = #dgemm.schedule<tile = [40, 64], warpgroups = 1, store = lines, cluster = 2, multicast = lhs>} : () -> ()

// -----

// S4: a TMA box.

// expected-error @+1 {{tile m is 384, but a TMA box has at most 256 rows}}
"test.op"() {s = #dgemm.schedule<tile = [384, 64], warpgroups = 3, registers = [32, 160]>} : () -> ()

// -----

// S5: the shapes of WGMMA.

// expected-error @+1 {{tile n: wgmma takes an n that is a multiple of 8 from 8 to 256, not 100}}
"test.op"() {s = #dgemm.schedule<tile = [256, 100]>} : () -> ()

// -----

// S5: the largest of them.

// expected-error @+1 {{tile n: wgmma takes an n that is a multiple of 8 from 8 to 256, not 264}}
"test.op"() {s = #dgemm.schedule<tile = [64, 264], warpgroups = 1>} : () -> ()

// -----

// S6: the ring has a buffer.

// expected-error @+1 {{stages must be from 1 to 64, not 0}}
"test.op"() {s = #dgemm.schedule<stages = 0>} : () -> ()

// -----

// S7: K blocks per stage.

// expected-error @+1 {{kblocks must be from 1 to 8, not 9}}
"test.op"() {s = #dgemm.schedule<kblocks = 9>} : () -> ()

// -----

// S8: groups in flight.

// expected-error @+1 {{in_flight is 4, but must divide the 2 K blocks of a stage}}
"test.op"() {s = #dgemm.schedule<tile = [128, 64], kblocks = 2, in_flight = 4>} : () -> ()

// -----

// S9: unrolling.

// expected-error @+1 {{unroll must be from 1 to 16, not 17}}
"test.op"() {s = #dgemm.schedule<unroll = 17>} : () -> ()

// -----

// S10: room for scales.

// expected-error @+1 {{max_kblocks must be from 1 to 8192, not 0}}
"test.op"() {s = #dgemm.schedule<max_kblocks = 0>} : () -> ()

// -----

// S11: cluster size.

// expected-error @+1 {{cluster must be 1 or 2, not 4}}
"test.op"() {s = #dgemm.schedule<cluster = 4, multicast = lhs>} : () -> ()

// -----

// S12: both operands.

// expected-error @+1 {{multicast = both needs a cluster of 4 CTAs, which does not lower yet; choose lhs or rhs}}
"test.op"() {s = #dgemm.schedule<cluster = 2, multicast = both>} : () -> ()

// -----

// S13: nobody to share with.

// expected-error @+1 {{multicast = lhs with cluster = 1: a cluster of 2 shares lhs or rhs, one CTA alone shares nothing}}
"test.op"() {s = #dgemm.schedule<multicast = lhs>} : () -> ()

// -----

// S13: nothing to share.

// expected-error @+1 {{multicast = none with cluster = 2: a cluster of 2 shares lhs or rhs, one CTA alone shares nothing}}
"test.op"() {s = #dgemm.schedule<cluster = 2>} : () -> ()

// -----

// S14: half an rhs tile.

// expected-error @+1 {{multicast = rhs gives each CTA half of tile n = 72 to load, 36 rows, but the 128-byte swizzle repeats every 8 rows; tile n must be a multiple of 16}}
"test.op"() {s = #dgemm.schedule<tile = [128, 72], chunk = 72, cluster = 2, multicast = rhs>} : () -> ()

// -----

// S15: what setmaxnreg takes.

// expected-error @+1 {{registers: setmaxnreg takes multiples of 8 from 24 to 256, not 20}}
"test.op"() {s = #dgemm.schedule<registers = [20, 232]>} : () -> ()

// -----

// S15: for consumers too.

// expected-error @+1 {{registers: setmaxnreg takes multiples of 8 from 24 to 256, not 230}}
"test.op"() {s = #dgemm.schedule<registers = [40, 230]>} : () -> ()

// -----

// S16: the pool, with two consumer warpgroups.

// expected-error @+1 {{registers: the roles want 128*(32 + 2*240) = 65536 registers, but 384 threads enter with 168 each, 64512 in all; setmaxnreg would wait forever; consumers may have 232}}
"test.op"() {s = #dgemm.schedule<registers = [32, 240]>} : () -> ()

// -----

// S16: the pool, with three.

// expected-error @+1 {{registers: the roles want 128*(40 + 3*232) = 94208 registers, but 512 threads enter with 128 each, 65536 in all; setmaxnreg would wait forever; consumers may have 152}}
"test.op"() {s = #dgemm.schedule<tile = [192, 96], warpgroups = 3, chunk = 96>} : () -> ()

// -----

// S17: two FP32 accumulators of 128 registers.

// expected-error @+1 {{tile: a consumer thread needs 1*128 temporary and 1*128 running = 256 accumulator registers, but 216 fit in a budget of 232}}
"test.op"() {s = #dgemm.schedule<tile = [128, 256]>} : () -> ()

// -----

// S17: four groups in flight.

// expected-error @+1 {{tile: a consumer thread needs 4*48 temporary and 1*48 running = 240 accumulator registers, but 216 fit in a budget of 232}}
"test.op"() {s = #dgemm.schedule<tile = [128, 96], chunk = 96, kblocks = 4, in_flight = 4>} : () -> ()

// -----

// S17: three warpgroups have 160 registers each.

// expected-error @+1 {{tile: a consumer thread needs 1*76 temporary and 1*76 running = 152 accumulator registers, but 144 fit in a budget of 160}}
"test.op"() {s = #dgemm.schedule<tile = [192, 152], warpgroups = 3, registers = [32, 160], chunk = 152>} : () -> ()

// -----

// S18: warps that only store.

// expected-error @+1 {{epilogue = store_warps does not lower yet; choose after or overlapped}}
"test.op"() {s = #dgemm.schedule<epilogue = store_warps>} : () -> ()

// -----

// S18: the last K block of a tile may be in the middle of a stage.

// expected-error @+1 {{epilogue = overlapped does not lower yet with kblocks = 2; choose after, or kblocks = 1}}
"test.op"() {s = #dgemm.schedule<tile = [128, 64], kblocks = 2, epilogue = overlapped>} : () -> ()

// -----

// S19: chunk buffers.

// expected-error @+1 {{buffers must be from 1 to 64, not 0}}
"test.op"() {s = #dgemm.schedule<buffers = 0>} : () -> ()

// -----

// S20: chunk width.

// expected-error @+1 {{chunk must be a multiple of 8 from 8 to 256 (a TMA box), not 20}}
"test.op"() {s = #dgemm.schedule<chunk = 20>} : () -> ()

// -----

// S21: chunks fill the tile.

// expected-error @+1 {{chunk = 64 does not divide tile n = 176}}
"test.op"() {s = #dgemm.schedule<tile = [128, 176]>} : () -> ()

// -----

// S22: raster groups.

// expected-error @+1 {{raster_width must be from 1 to 65535, not 0}}
"test.op"() {s = #dgemm.schedule<raster_width = 0>} : () -> ()

// -----

// S39: C comes in the pieces in which D leaves.

// expected-error @+1 {{accumulate = prefetch brings C in the pieces in which D leaves, after the K loop: it needs store = tma, swap = false, split_k = 1 and epilogue = after; choose accumulate = load}}
"test.op"() {s = #dgemm.schedule<accumulate = prefetch, epilogue = overlapped>} : () -> ()

// -----

// S40: two pieces of C at least.

// expected-error @+1 {{c_slots must be from 2 to 16, not 1}}
"test.op"() {s = #dgemm.schedule<accumulate = prefetch, c_slots = 1>} : () -> ()

// -----

// S17: products of scales take registers too.

// expected-error @+1 {{tile: a consumer thread needs 2*64 temporary and 2*64 running = 256 accumulator registers, but 216 fit in a budget of 232}}
"test.op"() {s = #dgemm.schedule<products = early>} : () -> ()

// -----

// S43: half of an SM at least.

// expected-error @+1 {{ctas_per_sm must be from 1 to 2, not 3}}
"test.op"() {s = #dgemm.schedule<ctas_per_sm = 3>} : () -> ()

// -----

// S16: two CTAs share the registers.

// expected-error @+1 {{registers: the roles want 128*(40 + 1*232) = 34816 registers, but 256 threads enter with 128 each, 32768 in all; setmaxnreg would wait forever; consumers may have 216}}
"test.op"() {s = #dgemm.schedule<tile = [64, 64], warpgroups = 1, ctas_per_sm = 2>} : () -> ()
