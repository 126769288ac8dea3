// A bf16 GEMM of one warpgroup without specialised warps: thread 0 prefetches
// by TMA, A comes from registers (ldmatrix), one wgmma group stays in flight.
#include "async.h"

constexpr int BM = 64, BN = 32, BK = 64, STAGES = 3;

extern "C" __global__ void __launch_bounds__(128)
    gemm_bf16(const __grid_constant__ Map mapA, const __grid_constant__ Map mapB,
              float *d, int M, int N, int K) {
  extern __shared__ __align__(1024) uint8_t memory[];
  __shared__ __align__(8) uint64_t full[STAGES];
  uint32_t a = smem(memory), b = a + STAGES * BM * BK * 2;
  int t = threadIdx.x, warp = t / 32, lane = t % 32, blocks = K / BK;
  int m = blockIdx.y * BM, n = blockIdx.x * BN;
  auto load = [&](int k) {
    int s = k % STAGES;
    uint32_t bar = smem(&full[s]);
    barExpect(bar, (BM + BN) * BK * 2);
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
                 "complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(
                     a + s * BM * BK * 2), "l"(&mapA), "r"(bar), "r"(k * BK),
                 "r"(m) : "memory");
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
                 "complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(
                     b + s * BN * BK * 2), "l"(&mapB), "r"(bar), "r"(k * BK),
                 "r"(n) : "memory");
  };
  if (t == 0) {
    for (int s = 0; s < STAGES; ++s)
      barInit(smem(&full[s]), 1);
    barFence();
  }
  __syncthreads();
  if (t == 0)
    for (int k = 0; k < STAGES - 1 && k < blocks; ++k)
      load(k);
  float acc[16];
  for (int i = 0; i < 16; ++i) {
    acc[i] = 0;
    asm volatile("" : "+f"(acc[i])::"memory");
  }
  uint32_t x[16], y[16]; // a group reads one while the other is filled
  auto step = [&](int k, uint32_t(&f)[16]) {
    int s = k % STAGES;
    barWait(smem(&full[s]), k / STAGES & 1);
    uint32_t row = warp * 16 + lane % 16;
    for (int i = 0; i < 4; ++i) {
      uint32_t unit = (i * 2 + lane / 16) ^ (row % 8);
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, "
                   "[%4];" : "=r"(f[4 * i]), "=r"(f[4 * i + 1]),
                   "=r"(f[4 * i + 2]), "=r"(f[4 * i + 3])
                   : "r"(a + s * BM * BK * 2 + row * 128 + unit * 16) : "memory");
    }
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
    uint64_t db = 1ull << 62 | 64ull << 32 | 1ull << 16 |
                  ((b + s * BN * BK * 2) >> 4 & 0x3fff);
    for (int i = 0; i < 4; ++i)
      asm volatile(
          "wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 {%0, %1, %2, "
          "%3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15}, {%16, "
          "%17, %18, %19}, %20, 1, 1, 1, 0;"
          : "+f"(acc[0]), "+f"(acc[1]), "+f"(acc[2]), "+f"(acc[3]),
            "+f"(acc[4]), "+f"(acc[5]), "+f"(acc[6]), "+f"(acc[7]),
            "+f"(acc[8]), "+f"(acc[9]), "+f"(acc[10]), "+f"(acc[11]),
            "+f"(acc[12]), "+f"(acc[13]), "+f"(acc[14]), "+f"(acc[15])
          : "r"(f[4 * i]), "r"(f[4 * i + 1]), "r"(f[4 * i + 2]),
            "r"(f[4 * i + 3]), "l"(db + 2 * i));
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    // The group before has read its stage, which is the next to be filled.
    asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
    __syncthreads();
    if (t == 0 && k + STAGES - 1 < blocks)
      load(k + STAGES - 1);
  };
#pragma unroll 1
  for (int k = 0; k < blocks; k += 2) { // K is a multiple of 128
    step(k, x);
    step(k + 1, y);
  }
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
  for (int i = 0; i < 16; ++i)
    asm volatile("" : "+f"(acc[i])::"memory");
  for (int i = 0; i < 16; ++i) {
    int r = m + warp * 16 + lane / 4 + (i & 2) * 4;
    int c = n + i / 4 * 8 + lane % 4 * 2 + (i & 1);
    if (r < M && c < N)
      d[(long)r * N + c] = acc[i];
  }
}
