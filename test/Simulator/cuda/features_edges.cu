// TMA at the edges: coordinates that are negative or far outside, rows that end
// inside 16 bytes, fills, boxes narrower than their swizzle, every rank.
#include "boxes.h"

KERNEL(tma_load_1d_end, MAP(map)) { // u32, box 64, of 8192
  dumpBox<1>(out, &map, 256, 8168, 0, 0, 0, 0);
}
KERNEL(tma_load_1d_negative, MAP(map)) {
  dumpBox<1>(out, &map, 256, -8, 0, 0, 0, 0);
}
KERNEL(tma_load_edges, MAP(map)) { // f32, box 8 x 32, of 50 x 80
  dumpBox<2>(out, &map, 1024, 4, 1, 0, 0, 0);
  dumpBox<2>(out + 256, &map, 1024, -4, 60, 0, 0, 0);
  dumpBox<2>(out + 512, &map, 1024, 44, -7, 0, 0, 0);
}
KERNEL(tma_load_outside, MAP(map)) { // the same map
  dumpBox<2>(out, &map, 1024, 100000, 3, 0, 0, 0);
  dumpBox<2>(out + 256, &map, 1024, -72, -700, 0, 0, 0);
  dumpBox<2>(out + 512, &map, 1024, 0, 80, 0, 0, 0);
}
KERNEL(tma_load_nan_f32, MAP(map)) { // f32, box 8 x 32, of 50 x 80
  dumpBox<2>(out, &map, 1024, 44, 60, 0, 0, 0);
}
KERNEL(tma_load_nan_bf16, MAP(map)) { // bf16, box 32 x 32, of 99 x 80
  dumpBox<2>(out, &map, 2048, 72, 60, 0, 0, 0);
}
KERNEL(tma_load_nan_f16, MAP(map)) { // f16, the same
  dumpBox<2>(out, &map, 2048, -8, -6, 0, 0, 0);
}
// What the box leaves alone shows what was there before.
#define NARROW(name, bytes, span)                                              \
  KERNEL(name, MAP(map)) {                                                     \
    extern __shared__ __align__(1024) uint32_t words[];                        \
    fillShared(words, in, span * 4);                                           \
    dumpBox<2>(out, &map, bytes, 16, 8, 0, 0, 0, span * 16);                   \
  }
NARROW(tma_load_narrow_128, 1024, 128) // u8, box 64 x 16, swizzle 128
NARROW(tma_load_narrow_64, 512, 64)    // u8, box 32 x 16, swizzle 64
NARROW(tma_load_narrow_32, 256, 32)    // u8, box 16 x 16, swizzle 32
KERNEL(tma_load_strided_odd, MAP(map)) { // f32, box 16 x 7, steps 1, 2
  dumpBox<2>(out, &map, 256, 4, 3, 0, 0, 0);
}
KERNEL(tma_load_strided_3d, MAP(map)) { // u8, box 64 x 4 x 5, steps 1, 2, 3
  dumpBox<3>(out, &map, 256, 16, 1, -1, 0, 0);
}
KERNEL(tma_load_strided_5d, MAP(map)) { // f32, box 4 x 3 x 4 x 3 x 2
  dumpBox<5>(out, &map, 256, 4, 0, 1, 0, 0);
}
KERNEL(tma_load_3d_swizzled, MAP(map)) { // u8, box 128 x 8 x 2, swizzle 128
  dumpBox<3>(out, &map, 2048, 0, 2, 1, 0, 0);
  dumpBox<3>(out + 512, &map, 2048, 16, -1, 2, 0, 0);
}
KERNEL(tma_prefetch, MAP(map)) { // f32, box 8 x 32, of 50 x 80
  if (threadIdx.x == 0) {
    asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
    asm volatile("cp.async.bulk.prefetch.tensor.2d.L2.global [%0, {%1, %2}];" ::
                     "l"(&map), "r"(4), "r"(8) : "memory");
    asm volatile("prefetch.global.L1 [%0];" ::"l"(in));
    asm volatile("prefetch.global.L2::evict_last [%0];" ::"l"(in));
    asm volatile("prefetchu.L1 [%0];" ::"l"(in));
  }
  dumpBox<2>(out, &map, 1024, 4, 8, 0, 0, 0);
}

template <int Rank>
__device__ void store(const Map *map, uint32_t from, int x, int y, int z, int u,
                      int v) {
  if (Rank == 1)
    asm volatile("cp.async.bulk.tensor.1d.global.shared::cta.bulk_group [%0, "
                 "{%2}], [%1];" ::"l"(map), "r"(from), "r"(x) : "memory");
  if (Rank == 2)
    asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, "
                 "{%2, %3}], [%1];" ::"l"(map), "r"(from), "r"(x), "r"(y)
                 : "memory");
  if (Rank == 3)
    asm volatile("cp.async.bulk.tensor.3d.global.shared::cta.tile.bulk_group "
                 "[%0, {%2, %3, %4}], [%1];" ::"l"(map), "r"(from), "r"(x),
                 "r"(y), "r"(z) : "memory");
  if (Rank == 4)
    asm volatile("cp.async.bulk.tensor.4d.global.shared::cta.bulk_group [%0, "
                 "{%2, %3, %4, %5}], [%1];" ::"l"(map), "r"(from), "r"(x),
                 "r"(y), "r"(z), "r"(u) : "memory");
  if (Rank == 5)
    asm volatile("cp.async.bulk.tensor.5d.global.shared::cta.bulk_group [%0, "
                 "{%2, %3, %4, %5, %6}], [%1];" ::"l"(map), "r"(from), "r"(x),
                 "r"(y), "r"(z), "r"(u), "r"(v) : "memory");
  commitAndWait();
}
#define STORE(name, count, body)                                               \
  KERNEL(name, MAP(map)) {                                                     \
    extern __shared__ __align__(1024) uint32_t words[];                       \
    fillShared(words, in, count);                                             \
    uint32_t from = smem(words);                                               \
    if (threadIdx.x == 0) {                                                    \
      body                                                                     \
    }                                                                          \
  }
// u32, box 64, of 1000
STORE(tma_store_1d, 64, store<1>(&map, from, 16, 0, 0, 0, 0);)
// u8, box 64 x 16 of 64 x 40, swizzle 128
STORE(tma_store_narrow, 512, store<2>(&map, from, 0, 3, 0, 0, 0);)
STORE(tma_store_1d_end, 64, store<1>(&map, from, 960, 0, 0, 0, 0);)
// u8, box 128 x 4 x 2 of 128 x 6 x 5, swizzle 128
STORE(tma_store_3d, 256, store<3>(&map, from, 0, 1, 1, 0, 0);
      store<3>(&map, from, 0, 4, 4, 0, 0);)
STORE(tma_store_4d, 192, store<4>(&map, from, 0, 1, 1, 0, 0);
      store<4>(&map, from, 8, 3, 3, 4, 0);) // bf16, box 16 x 3 x 2 x 4
STORE(tma_store_5d, 96, store<5>(&map, from, 0, 0, 0, 0, 0);
      store<5>(&map, from, 4, 2, 2, 2, 1);) // f32, box 4 x 2 x 3 x 2 x 2
// f32, box 8 x 8 of 64 x 40
STORE(tma_store_edges, 64, store<2>(&map, from, 4, 3, 0, 0, 0);
      store<2>(&map, from, 60, 36, 0, 0, 0);
      store<2>(&map, from, 68, 2, 0, 0, 0);
      store<2>(&map, from, 0, 40, 0, 0, 0);)
// f32, box 8 x 8 of 64 x 40, element strides 1, 2
STORE(tma_store_strided, 64, store<2>(&map, from, 8, 5, 0, 0, 0);)
// Rows that end inside 16 bytes. f32, 50 of 56; bf16, 99 of 112; u8, 50 of 80.
STORE(tma_store_row_end_f32, 256, store<2>(&map, from, 32, 2, 0, 0, 0);
      store<2>(&map, from, 40, 36, 0, 0, 0);)
STORE(tma_store_row_end_bf16, 256, store<2>(&map, from, 80, 2, 0, 0, 0);
      store<2>(&map, from, 64, 36, 0, 0, 0);)
STORE(tma_store_row_end_u8, 128, store<2>(&map, from, 32, 2, 0, 0, 0);
      store<2>(&map, from, 48, 36, 0, 0, 0);)
STORE(tma_reduce_row_end_bf16, 256,
      asm volatile("cp.reduce.async.bulk.tensor.2d.global.shared::cta.add.bulk_"
                   "group [%0, {%2, %3}], [%1];" ::"l"(&map), "r"(from),
                   "r"(80), "r"(20) : "memory");
      commitAndWait();) // bf16
#define REDUCE(op, x, y)                                                       \
  asm volatile("cp.reduce.async.bulk.tensor.2d.global.shared::cta." op         \
               ".bulk_group [%0, {%2, %3}], [%1];\n"                           \
               "cp.async.bulk.commit_group;\ncp.async.bulk.wait_group 0;"      \
               ::"l"(&map), "r"(from + 1024), "r"(x), "r"(y) : "memory");
#define BEFORE(x, y) store<2>(&map, from, x, y, 0, 0, 0);
// s32, box 32 x 8 of 64 x 64
STORE(tma_reduce_ops, 512, BEFORE(0, 0) REDUCE("add", 0, 0) BEFORE(0, 8)
      REDUCE("min", 0, 8) BEFORE(0, 16) REDUCE("max", 0, 16) BEFORE(0, 40)
      REDUCE("and", 0, 40) BEFORE(0, 48) REDUCE("or", 0, 48) BEFORE(32, 0)
      REDUCE("xor", 32, 0))
// The same map, made unsigned on the device.
KERNEL(tma_reduce_unsigned, MAP(old)) {
  extern __shared__ __align__(1024) uint32_t words[];
  __shared__ __align__(128) uint32_t copy[32];
  Map &map = *(Map *)(out + 4096);
  fillShared(words, in, 512);
  uint32_t from = smem(words);
  if (threadIdx.x < 32) {
    copy[threadIdx.x] = ((const uint32_t *)&old)[threadIdx.x];
    __syncwarp();
    if (threadIdx.x == 0)
      asm volatile("tensormap.replace.tile.elemtype.shared::cta.b1024.b32 [%0], "
                   "2;" ::"r"(smem(copy)) : "memory");
    __syncwarp();
    asm volatile("tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic."
                 "release.gpu.sync.aligned [%0], [%1], 128;" ::"l"(&map),
                 "r"(smem(copy)) : "memory");
    asm volatile("fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(
                     &map) : "memory");
  }
  if (threadIdx.x == 0) {
    BEFORE(0, 0) REDUCE("add", 0, 0) BEFORE(0, 8) REDUCE("min", 0, 8)
    BEFORE(0, 16) REDUCE("max", 0, 16) BEFORE(0, 24) REDUCE("inc", 0, 24)
    BEFORE(0, 32) REDUCE("dec", 0, 32)
  }
  __syncthreads();
  if (threadIdx.x < 32) // the map's encoding is the driver's business
    out[4096 + threadIdx.x] = 0;
}
#define HALVES(name)                                                           \
  KERNEL(name, MAP(map)) { /* box 64 x 8 of 64 x 64 */                         \
    extern __shared__ __align__(1024) uint32_t words[];                       \
    uint32_t from = smem(words);                                               \
    for (uint32_t i = threadIdx.x; i < 512; i += 128)                          \
      words[i] = in[i] & 0xbbffbbffu;                                         \
    proxyFence();                                                              \
    __syncthreads();                                                           \
    if (threadIdx.x == 0) {                                                    \
      BEFORE(0, 0) REDUCE("add", 0, 0) BEFORE(0, 8) REDUCE("min", 0, 8)        \
      BEFORE(0, 16) REDUCE("max", 0, 16)                                       \
    }                                                                          \
  }
HALVES(tma_reduce_bf16)
HALVES(tma_reduce_f16)
