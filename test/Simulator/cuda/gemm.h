// What the hand-written FP8 GEMM kernels share: the tile, the chain of four
// wgmmas, the promotion and the epilogue.
#include "async.h"
#include <cuda_bf16.h>

constexpr int BM = 128, BN = 128, BK = 128, STAGES = 3;
constexpr int STAGE_A = BM * BK, STAGE_B = BN * BK;

__device__ __forceinline__ void arrive(uint32_t bar) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(bar) : "memory");
}
__device__ __forceinline__ void load2d(uint32_t dst, const Map *map,
                                       uint32_t bar, int x, int y) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
               "complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(dst),
               "l"(map), "r"(bar), "r"(x), "r"(y) : "memory");
}
__device__ __forceinline__ void store2d(const Map *map, uint32_t src, int x,
                                        int y) {
  asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group "
               "[%0, {%2, %3}], [%1];" ::"l"(map), "r"(src), "r"(x), "r"(y)
               : "memory");
}
__device__ __forceinline__ uint64_t descriptor(uint32_t address) {
  return (1ull << 62) | (64ull << 32) | (1ull << 16) | ((address >> 4) & 0x3fff);
}
template <int ScaleD>
__device__ __forceinline__ void mma(float (&d)[64], uint64_t a, uint64_t b) {
  asm volatile(
      "{\n.reg .pred p;\nsetp.ne.b32 p, %66, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n128k32.f32.e4m3.e4m3 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
      "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, "
      "%30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, "
      "%44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, "
      "%58, %59, %60, %61, %62, %63}, %64, %65, p, 1, 1;\n}\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]),
        "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), "+f"(d[9]), "+f"(d[10]),
        "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]),
        "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]),
        "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), "+f"(d[25]),
        "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]),
        "+f"(d[31]), "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]),
        "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]),
        "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]),
        "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), "+f"(d[49]), "+f"(d[50]),
        "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]),
        "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]),
        "+f"(d[61]), "+f"(d[62]), "+f"(d[63])
      : "l"(a), "l"(b), "n"(ScaleD));
}

/// One 128-K block: a fresh accumulator, then promotion by the scales.
__device__ __forceinline__ void accumulate(float (&sum)[64], uint32_t a,
                                           uint32_t b, uint32_t sfa,
                                           float scale) {
  float low, high, part[64];
  asm volatile("ld.shared.f32 %0, [%1];" : "=f"(low) : "r"(sfa));
  asm volatile("ld.shared.f32 %0, [%1];" : "=f"(high) : "r"(sfa + 32));
  low *= scale;
  high *= scale;
  uint64_t da = descriptor(a), db = descriptor(b);
  for (int i = 0; i < 64; ++i)
    asm volatile("" : "+f"(part[i])::"memory");
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
  mma<0>(part, da, db);
  mma<1>(part, da + 2, db + 2);
  mma<1>(part, da + 4, db + 4);
  mma<1>(part, da + 6, db + 6);
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
  for (int i = 0; i < 64; ++i)
    asm volatile("" : "+f"(part[i])::"memory");
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
  for (int i = 0; i < 64; ++i)
    sum[i] = __fmaf_rn(i & 2 ? high : low, part[i], sum[i]);
}

/// Writes a warpgroup's 64 x 128 slice through `slab` with two TMA stores.
__device__ __forceinline__ void storeSlice(const float (&sum)[64], uint32_t slab,
                                           const Map *map, int barrier, int n,
                                           int m) {
  int warp = threadIdx.x / 32 % 4, lane = threadIdx.x % 32;
  // The slab may still be read by the store of the tile before.
  if (threadIdx.x % 128 == 0)
    asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
  asm volatile("bar.sync %0, 128;" ::"r"(barrier) : "memory");
  for (int j = 0; j < BN / 16; ++j) { // chunks of 64 columns, swizzled rows
    uint32_t chunk = slab + j / 4 * 64 * 128, r = warp * 16 + lane % 16;
    uint32_t unit = (j % 4 * 2 + lane / 16) ^ (r % 8);
    __nv_bfloat162 v[4];
    for (int i = 0; i < 4; ++i)
      v[i] = __floats2bfloat162_rn(sum[j * 8 + i * 2], sum[j * 8 + i * 2 + 1]);
    asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], "
                 "{%1, %2, %3, %4};" ::"r"(chunk + r * 128 + unit * 16),
                 "r"(*(uint32_t *)&v[0]), "r"(*(uint32_t *)&v[1]),
                 "r"(*(uint32_t *)&v[2]), "r"(*(uint32_t *)&v[3]) : "memory");
  }
  proxyFence();
  asm volatile("bar.sync %0, 128;" ::"r"(barrier) : "memory");
  if (threadIdx.x % 128 == 0) {
    for (int c = 0; c < BN / 64; ++c)
      store2d(map, slab + c * 64 * 128, n + c * 64, m);
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
  }
}
