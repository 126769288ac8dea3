// A complete warp-specialised FP8 GEMM with block scales, 1D2D: TMA ring,
// WGMMA chains of four on a fresh accumulator, FP32 promotion, stmatrix, TMA
// store. 256 consumer threads (two warpgroups) and one producer warpgroup.
#include <cuda_bf16.h>
#include <cstdint>

struct alignas(64) Map { char bytes[128]; };

constexpr int BM = 128, BN = 128, BK = 128, STAGES = 3;

__device__ __forceinline__ uint32_t smem(const void *p) {
  return (uint32_t)__cvta_generic_to_shared(p);
}
__device__ __forceinline__ void init(uint32_t bar, uint32_t count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(bar), "r"(count));
}
__device__ __forceinline__ void expect(uint32_t bar, uint32_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                   bar), "r"(bytes) : "memory");
}
__device__ __forceinline__ void arrive(uint32_t bar) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(bar) : "memory");
}
__device__ __forceinline__ void wait(uint32_t bar, uint32_t parity) {
  asm volatile("{\n.reg .pred p;\nWAIT:\n"
               "mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1;\n"
               "@p bra DONE;\nbra WAIT;\nDONE:\n}" ::"r"(bar), "r"(parity)
               : "memory");
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

extern "C" __global__ void __launch_bounds__(384, 1)
    gemm(const __grid_constant__ Map mapA, const __grid_constant__ Map mapB,
         const __grid_constant__ Map mapD, const __grid_constant__ Map mapSfa,
         const float *sfb, int M, int N, int K) {
  extern __shared__ __align__(1024) uint8_t memory[];
  __shared__ __align__(8) uint64_t full[STAGES], empty[STAGES];
  constexpr int stageA = BM * BK, stageB = BN * BK;
  uint32_t a = smem(memory), b = a + STAGES * stageA, d = b + STAGES * stageB;
  uint32_t sfa = d + 2 * 64 * BN * 2;
  int warp = __shfl_sync(~0u, threadIdx.x / 32, 0), lane = threadIdx.x % 32;
  int blocksK = K / BK, tilesN = (N + BN - 1) / BN, tilesM = (M + BM - 1) / BM;
  if (threadIdx.x == 0) {
    for (int s = 0; s < STAGES; ++s) {
      init(smem(&full[s]), 1);
      init(smem(&empty[s]), 2);
    }
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  }
  __syncthreads();
  if (warp >= 8) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (warp == 8 && lane == 0) {
      int stage = 0, phase = 1;
      for (int tile = blockIdx.x; tile < tilesM * tilesN; tile += gridDim.x) {
        int m = tile / tilesN * BM, n = tile % tilesN * BN;
        for (int k = 0; k < blocksK; ++k) {
          wait(smem(&empty[stage]), phase);
          uint32_t bar = smem(&full[stage]);
          expect(bar, stageA + stageB + BM * 4);
          load2d(a + stage * stageA, &mapA, bar, k * BK, m);
          load2d(b + stage * stageB, &mapB, bar, k * BK, n);
          load2d(sfa + stage * BM * 4, &mapSfa, bar, m, k);
          if (++stage == STAGES)
            stage = 0, phase ^= 1;
        }
      }
    }
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    int wg = warp / 4, stage = 0, phase = 0;
    int row = wg * 64 + warp % 4 * 16 + lane / 4;
    uint32_t slab = d + wg * 64 * BN * 2;
    for (int tile = blockIdx.x; tile < tilesM * tilesN; tile += gridDim.x) {
      int m = tile / tilesN * BM, n = tile % tilesN * BN;
      float sum[64];
      for (int i = 0; i < 64; ++i)
        sum[i] = 0;
      for (int k = 0; k < blocksK; ++k) {
        wait(smem(&full[stage]), phase);
        float scale = __ldg(sfb + n / 128 * blocksK + k);
        float low, high;
        uint32_t at = sfa + stage * BM * 4 + row * 4;
        asm volatile("ld.shared.f32 %0, [%1];" : "=f"(low) : "r"(at));
        asm volatile("ld.shared.f32 %0, [%1];" : "=f"(high) : "r"(at + 32));
        low *= scale;
        high *= scale;
        float part[64];
        uint64_t da = descriptor(a + stage * stageA + wg * 64 * BK);
        uint64_t db = descriptor(b + stage * stageB);
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
        // All four warps have read the stage before one thread releases it.
        asm volatile("bar.sync %0, 128;" ::"r"(wg + 1) : "memory");
        if (threadIdx.x % 128 == 0)
          arrive(smem(&empty[stage]));
        for (int i = 0; i < 64; ++i)
          sum[i] = __fmaf_rn(i & 2 ? high : low, part[i], sum[i]);
        if (++stage == STAGES)
          stage = 0, phase ^= 1;
      }
      // The slab may still be read by the store of the tile before.
      if (threadIdx.x % 128 == 0)
        asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
      asm volatile("bar.sync %0, 128;" ::"r"(wg + 1) : "memory");
      // Two chunks of 64 columns with 128-byte rows, swizzled.
      for (int j = 0; j < BN / 16; ++j) {
        uint32_t chunk = slab + j / 4 * 64 * 128;
        uint32_t r = warp % 4 * 16 + lane % 16;
        uint32_t unit = (j % 4 * 2 + lane / 16) ^ (r % 8);
        uint32_t address = chunk + r * 128 + unit * 16;
        __nv_bfloat162 v[4];
        for (int i = 0; i < 4; ++i)
          v[i] = __floats2bfloat162_rn(sum[j * 8 + i * 2], sum[j * 8 + i * 2 + 1]);
        asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], "
                     "{%1, %2, %3, %4};" ::"r"(address),
                     "r"(*(uint32_t *)&v[0]), "r"(*(uint32_t *)&v[1]),
                     "r"(*(uint32_t *)&v[2]), "r"(*(uint32_t *)&v[3])
                     : "memory");
      }
      asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
      asm volatile("bar.sync %0, 128;" ::"r"(wg + 1) : "memory");
      if (threadIdx.x % 128 == 0) {
        for (int c = 0; c < BN / 64; ++c)
          store2d(&mapD, slab + c * 64 * 128, n + c * 64, m + wg * 64);
        asm volatile("cp.async.bulk.commit_group;" ::: "memory");
      }
    }
    if (threadIdx.x % 128 == 0)
      asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
  }
}
