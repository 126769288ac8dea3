// A complete warp-specialised FP8 GEMM with block scales, 1D2D: TMA ring,
// WGMMA chains of four on a fresh accumulator, FP32 promotion, stmatrix, TMA
// store. 256 consumer threads (two warpgroups) and one producer warpgroup.
#include "gemm.h"

extern "C" __global__ void __launch_bounds__(384, 1)
    gemm(const __grid_constant__ Map mapA, const __grid_constant__ Map mapB,
         const __grid_constant__ Map mapD, const __grid_constant__ Map mapSfa,
         const float *sfb, int M, int N, int K) {
  extern __shared__ __align__(1024) uint8_t memory[];
  __shared__ __align__(8) uint64_t full[STAGES], empty[STAGES];
  uint32_t a = smem(memory), b = a + STAGES * STAGE_A, d = b + STAGES * STAGE_B;
  uint32_t sfa = d + 2 * 64 * BN * 2;
  int warp = __shfl_sync(~0u, threadIdx.x / 32, 0), lane = threadIdx.x % 32;
  int blocksK = K / BK, tilesN = (N + BN - 1) / BN, tilesM = (M + BM - 1) / BM;
  if (threadIdx.x == 0) {
    for (int s = 0; s < STAGES; ++s) {
      barInit(smem(&full[s]), 1);
      barInit(smem(&empty[s]), 2);
    }
    barFence();
  }
  __syncthreads();
  if (warp >= 8) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (warp == 8 && lane == 0) {
      int stage = 0, phase = 1;
      for (int tile = blockIdx.x; tile < tilesM * tilesN; tile += gridDim.x) {
        int m = tile / tilesN * BM, n = tile % tilesN * BN;
#pragma unroll 1
        for (int k = 0; k < blocksK; ++k) {
          barWait(smem(&empty[stage]), phase);
          uint32_t bar = smem(&full[stage]);
          barExpect(bar, STAGE_A + STAGE_B + BM * 4);
          load2d(a + stage * STAGE_A, &mapA, bar, k * BK, m);
          load2d(b + stage * STAGE_B, &mapB, bar, k * BK, n);
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
    for (int tile = blockIdx.x; tile < tilesM * tilesN; tile += gridDim.x) {
      int m = tile / tilesN * BM, n = tile % tilesN * BN;
      float sum[64];
      for (int i = 0; i < 64; ++i)
        sum[i] = 0;
#pragma unroll 1
      for (int k = 0; k < blocksK; ++k) {
        barWait(smem(&full[stage]), phase);
        accumulate(sum, a + stage * STAGE_A + wg * 64 * BK, b + stage * STAGE_B,
                   sfa + stage * BM * 4 + row * 4,
                   __ldg(sfb + n / 128 * blocksK + k));
        // All four warps have read the stage before one thread releases it.
        asm volatile("bar.sync %0, 128;" ::"r"(wg + 1) : "memory");
        if (threadIdx.x % 128 == 0)
          arrive(smem(&empty[stage]));
        if (++stage == STAGES)
          stage = 0, phase ^= 1;
      }
      storeSlice(sum, d + wg * 64 * BN * 2, &mapD, wg + 1, n, m + wg * 64);
    }
    if (threadIdx.x % 128 == 0)
      asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
  }
}
