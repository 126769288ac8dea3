// The schedule attribute.

#ifndef DGEMM_DIALECT_DGEMM_DGEMMATTRS_TD
#define DGEMM_DIALECT_DGEMM_DGEMMATTRS_TD

include "dgemm/Dialect/DGEMM/DGEMMDialect.td"
include "dgemm/Dialect/DGEMM/DGEMMEnums.td"
include "mlir/IR/AttrTypeBase.td"

def DGEMM_ScheduleAttr : AttrDef<DGEMM_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "How a kernel computes a dgemm.gemm";
  let description = [{
    One point in the space (work source) x (tile program) x (pipeline) x
    (epilogue). Every number that a lowering uses is here; there is no tile
    number anywhere else. Knobs are written by name in any order, and those
    that keep their default may be left out:

    ```mlir
    #dgemm.schedule<tile = [256, 128], stages = 3, lhs_scales = direct,
                    specialize = [n, k]>
    ```

    *lhs* is the operand on the 64-row side of WGMMA (A, or B after a swap),
    *rhs* the other. M, N and K are the problem's; m and n are the tile's.

    #### Tile program

    | knob | default | meaning |
    |---|---|---|
    | `tile = [m, n]` | `[256, 128]` | rows on WGMMA's M side, columns on its N side |
    | `warpgroups` | 2 | consumer warpgroups; each computes m / warpgroups rows: two slices of 64, or one of 64 or fewer (thin rows: the rest of the 64 that a wgmma reads is ignored) |
    | `swap` | false | B on the M side; D is stored transposed |

    #### Pipeline

    | knob | default | meaning |
    |---|---|---|
    | `stages` | 3 | buffers in the ring of operands |
    | `kblocks` | 1 | K blocks of 128 per stage, 1 to 8 |
    | `in_flight` | 1 | WGMMA groups, of one K block and one temporary accumulator each, before the first wait |
    | `tma_view` | `block` | one TMA load of an operand per K `block`, or one of all the K blocks of a `stage` (a box of three dimensions; K is a multiple of 128) |
    | `unroll` | 1 | stages per iteration of the K loop |
    | `producer_warps` | 1 | warps that load operands by TMA: 1 for both through one ring, or 2, each with a ring of its own (where many small loads would wait for one another) |
    | `tile_slots` | 2 | tiles whose coordinates and `tile` scales are held at once, the one in work among them |
    | `cluster` | 1 | CTAs per cluster: 1 or 2 |
    | `multicast` | `none` | the operand whose tile a cluster shares: `lhs` (a cluster along n) or `rhs` (along m) |
    | `split_k` | 1 | parts into which the K blocks are cut, one for each CTA of a cluster: up to 8 |
    | `reduce` | `none` | how the parts' sums are added: `cluster`, in the order of K by the first CTA, which the others send theirs to (DSMEM) |
    | `lhs_scales` | `staged` | how the lhs's scales arrive, see below |
    | `rhs_scales` | `tile` | how the rhs's scales arrive |
    | `products` | `late` | where the rhs has a scale per column: its products with those of the rows are computed `late`, while the sums are promoted, or `early`, under the MMAs of the same block (a register more for each temporary accumulator) |
    | `max_kblocks` | 128 | K blocks that `tile` scales have room for where K is dynamic; a static K brings its own number |
    | `static_splits` | false | where a tile's columns lie in several 128-column blocks of scales: one copy of the K loop for each place of the border, 128 / gcd(n, 128) in all, instead of a select for each column |
    | `coordinates` | `producer` | who computes a tile's coordinates: `producer` or each `consumer` |
    | `registers = [p, c]` | `[40, 232]` | registers per thread of the producer and of the consumers |

    Scales are `staged` (by TMA with each stage; one scale per row, contiguous
    along the rows), `tile` (by a warp of the producer, once per tile; one
    scale per 128x128 block, any strides) or `direct` (loaded by the consumers
    where they need them; any strides).

    #### Work source

    | knob | default | meaning |
    |---|---|---|
    | `raster` | `n` | axis along which a raster group extends |
    | `raster_width` | 16 | tiles in that direction before the other one advances |
    | `persistent` | true | CTAs take tiles until none is left, or one tile each |
    | `ctas_per_sm` | 1 | CTAs that share an SM, 1 or 2: each has half of its registers and shared memory, and one may load while the other ends |
    | `pdl` | `none` | programmatic dependent launch: the kernel may start before the one ahead of it in the stream has ended, and waits for it before it touches any operand (`inputs`), or any but B and SFB (`activations`: the caller promises that nothing in the stream writes those) |
    | `specialize` | `[]` | which of `m`, `n`, `k` are constants in the kernel (a K of one block stays a run-time value) |

    #### Epilogue

    | knob | default | meaning |
    |---|---|---|
    | `epilogue` | `after` | after the K loop, or `overlapped` with the neighbouring MMAs |
    | `chunk` | 64 | columns of a tile that are converted and stored together |
    | `buffers` | 8 | chunk buffers per warpgroup; it gets no more than it can use in equal batches |
    | `store` | `tma` | through shared memory and TMA, through shared memory as `lines` of 16-byte pieces that each warp stores by itself, or `direct` from registers |
    | `accumulate` | `load` | how C arrives: each thread `load`s what it adds, or the producer `prefetch`es it by TMA while the K loop runs |
    | `c_slots` | 2 | pieces of C that are held at once (`accumulate = prefetch`), each a chunk of a slice of every warpgroup |

    A buffer holds the rows of a slice of one chunk. Its rows lie in D's contiguous
    direction: `chunk` elements, or after a swap the 64 rows of a slice. Rows
    of exactly 32, 64 or 128 bytes are swizzled by that width, others are not.

    #### Knobs without a lowering

    These have a place, a printed form and one legal value, the default:
    `partition = stride`, `snake = false`,
    `n_variants = 1`, `wg_axis = m`, `skip = none`, `temp = single`,
    `residency = ring`, `l2_promotion = 256`,
    `lhs_evict = normal`, `rhs_evict = normal`,
    `sync = warpgroup`.

    #### Shared memory

    All of it counts against 232448 bytes (115712 with `ctas_per_sm = 2`), each
    entry rounded up to 128: lhs and rhs tiles (stages entries of kblocks x rows x 128; where a slice has
    fewer than 64 rows, those of lhs have the missing rows behind them, for
    the wgmma that reads on), D's chunk buffers (warpgroups x buffers entries
    of 64 x chunk elements, not with `store = direct`), pieces of C (with
    `accumulate = prefetch`: c_slots entries of warpgroups x 64 x chunk
    elements), staged scales (stages entries of kblocks x rows x 4),
    the sums of the parts but one (`split_k` - 1 tiles in f32),
    per-tile scales (`tile_slots` entries of blocks of 128 rows that a tile can
    touch x K blocks x 4), tile coordinates (as many entries of 16), and two barriers of 8
    bytes for each stage (four with `producer_warps = 2` or `pdl = activations`,
    where weights and tokens have rings of their own), for each of the tile
    slots, for each piece of C and for the parts.

    #### Constraints

    Of the schedule alone:

    * S1: Knobs without a lowering have their default.
    * S2: There are 1 to 3 consumer warpgroups.
    * S3: m is warpgroups x 128, or warpgroups x a multiple of 8 up to 64.
    * S4: m is at most 256, the rows of a TMA box.
    * S5: n is a multiple of 8 from 8 to 256, the shapes of WGMMA.
    * S6: There are 1 to 64 stages.
    * S7: `kblocks` is 1 to 8.
    * S8: `in_flight` divides `kblocks`.
    * S9: `unroll` is 1 to 16.
    * S10: `max_kblocks` is 1 to 8192.
    * S11: `cluster` is 1 or 2.
    * S12: `multicast` is not `both`, which needs a cluster of four.
    * S13: A cluster of 2 shares an operand, and a single CTA none.
    * S14: Half of a shared tile is whole 8-row swizzle atoms: m or n is a
      multiple of 16.
    * S15: Register budgets are multiples of 8 from 24 to 256.
    * S16: The roles' registers fit the pool: what all threads enter with,
      floor8(65536 / threads / ctas_per_sm) each.
    * S17: in_flight temporary accumulators, with `products = early` as many
      products, and the running ones, n / 2 registers per slice, leave 16
      registers of the consumers' budget (12 with `registers = [24, 240]`).
    * S18: `epilogue` is not `store_warps`, and is `overlapped` only with
      `kblocks = 1`: the others do not lower yet.
    * S19: `buffers` is 1 to 64.
    * S20: `chunk` is a multiple of 8 from 8 to 256.
    * S21: Unless `store = direct`, `chunk` divides n.
    * S22: `raster_width` is 1 to 65535.
    * S32: `tma_view = stage` has two or more K blocks in a stage and no
      multicast.
    * S35: `split_k` is 1 to 8; above 1, `reduce = cluster`, one tile for each
      cluster (`persistent = false`), no other use of the cluster, and
      `epilogue = after`. Other values of `reduce` do not lower.
    * S36: `pdl = activations` and `producer_warps = 2` have no multicast.
    * S37: `producer_warps` is 1 or 2.
    * S38: `tile_slots` is 2 to 8.
    * S39: `accumulate = prefetch` goes with `store = tma`, `swap = false`,
      `split_k = 1` and `epilogue = after`.
    * S40: `c_slots` is 2 to 16.
    * S43: `ctas_per_sm` is 1 or 2.
    * S33: `store = tma` has slices of 64 rows.

    For a problem:

    * S23: Specialised sizes are static.
    * S24: `tile` scales are one per 128x128 block.
    * S25: `staged` scales are one per row.
    * S26: `staged` scales have row stride 1.
    * S27: `staged` scales have a K stride that is, where static, a multiple
      of 4.
    * S28: Unless `store = direct`, D's row stride, where static, is a
      multiple of 16 bytes.
    * S29: Shared memory suffices.
    * S30: A persistent `overlapped` schedule has at least two K blocks: K,
      where static, is above 128. The kernel checks a dynamic K at launch.
    * S41: With `accumulate = prefetch` there is a C, and its row stride, where
      static, is a multiple of 16 bytes.
    * S42: With `products = early` the rhs has a scale per column.
    * S31: Unless `store = direct`, a row of D is, where N is static, a
      multiple of 16 bytes long: both ways write the 16 bytes that hold a
      row's end as a whole (TMA: measured on an H200). The kernel checks a
      dynamic N at launch.
    * S34: With `tma_view = stage`, K is, where static, a multiple of 128: a
      box would take the missing elements of a block from the next row. The
      kernel checks a dynamic K at launch.
  }];
  let parameters = (ins
    AttrParameter<"::dgemm::dg::Schedule", "the value of every knob">:$value);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getTileM() const { return getValue().tileM; }
    int64_t getTileN() const { return getValue().tileN; }
    int64_t getWarpgroups() const { return getValue().warpgroups; }
    int64_t getSlices() const { return getValue().getSlices(); }
    int64_t getSliceRows() const { return getValue().getSliceRows(); }
    int64_t getThreads() const { return getValue().getThreads(); }
    int64_t getStages() const { return getValue().stages; }
    int64_t getKBlocks() const { return getValue().kBlocks; }
    int64_t getInFlight() const { return getValue().inFlight; }
    bool getSwap() const { return getValue().swap; }
    bool getStaticSplits() const { return getValue().staticSplits; }
    int64_t getSplitK() const { return getValue().splitK; }
    int64_t getClusterSize() const { return getValue().getClusterSize(); }
    int64_t getCluster() const { return getValue().cluster; }
    Multicast getMulticast() const { return getValue().multicast; }
    RasterAxis getRasterAxis() const { return getValue().rasterAxis; }
    int64_t getRasterWidth() const { return getValue().rasterWidth; }
    int64_t getUnroll() const { return getValue().unroll; }
    int64_t getTileSlots() const { return getValue().tileSlots; }
    PDL getPdl() const { return getValue().pdl; }
    TMAView getTmaView() const { return getValue().tmaView; }
    ScalePath getLhsScales() const { return getValue().lhsScales; }
    ScalePath getRhsScales() const { return getValue().rhsScales; }
    Products getProducts() const { return getValue().products; }
    int64_t getMaxKBlocks() const { return getValue().maxKBlocks; }
    Coordinates getCoordinates() const { return getValue().coordinates; }
    Epilogue getEpilogue() const { return getValue().epilogue; }
    int64_t getChunk() const { return getValue().chunk; }
    /// The buffers that a warpgroup really gets.
    int64_t getBuffers() const { return getValue().getChunkBuffers(); }
    Accumulate getAccumulate() const { return getValue().accumulate; }
    int64_t getCSlots() const { return getValue().cSlots; }
    Store getStore() const { return getValue().store; }
    int64_t getProducerRegs() const { return getValue().producerRegs; }
    int64_t getConsumerRegs() const { return getValue().consumerRegs; }
    int64_t getCtasPerSM() const { return getValue().ctasPerSM; }
    bool getPersistent() const { return getValue().persistent; }
    bool getSpecializeM() const { return getValue().specializeM; }
    bool getSpecializeN() const { return getValue().specializeN; }
    bool getSpecializeK() const { return getValue().specializeK; }
  }];
}

#endif // DGEMM_DIALECT_DGEMM_DGEMMATTRS_TD
