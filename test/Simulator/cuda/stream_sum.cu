// Sums the rows of a matrix: a producer warp streams chunks of rows by bulk
// copies, four consumer warps reduce them; results meet in shared memory.
#include "async.h"

constexpr int CHUNK = 256, DEPTH = 4; // floats per copy, buffers

extern "C" __global__ void __launch_bounds__(160)
    stream_sum(const float *in, float *out, int rows, int columns) {
  __shared__ __align__(128) float ring[DEPTH][CHUNK];
  __shared__ __align__(8) uint64_t full[DEPTH], empty[DEPTH];
  __shared__ float parts[4];
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, chunks = columns / CHUNK;
  if (threadIdx.x == 0) {
    for (int i = 0; i < DEPTH; ++i) {
      barInit(smem(&full[i]), 1);
      barInit(smem(&empty[i]), 4);
    }
    barFence();
  }
  __syncthreads();
  int slot = 0, phase = 0;
  if (warp == 4) {
    if (lane == 0)
      for (int row = blockIdx.x; row < rows; row += gridDim.x)
#pragma unroll 1
        for (int c = 0; c < chunks; ++c) {
          barWait(smem(&empty[slot]), phase ^ 1);
          barExpect(smem(&full[slot]), CHUNK * 4);
          asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_"
                       "tx::bytes [%0], [%1], %2, [%3];" ::"r"(smem(ring[slot])),
                       "l"(in + (long)row * columns + c * CHUNK),
                       "r"(CHUNK * 4), "r"(smem(&full[slot])) : "memory");
          if (++slot == DEPTH)
            slot = 0, phase ^= 1;
        }
    return;
  }
  for (int row = blockIdx.x; row < rows; row += gridDim.x) {
    float sum = 0;
#pragma unroll 1
    for (int c = 0; c < chunks; ++c) {
      barWait(smem(&full[slot]), phase);
      sum += ring[slot][threadIdx.x] + ring[slot][threadIdx.x + 128];
      proxyFence(); // the reads are done before the copy that comes next
      __syncwarp();
      if (lane == 0)
        asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(
                         smem(&empty[slot])) : "memory");
      if (++slot == DEPTH)
        slot = 0, phase ^= 1;
    }
    for (int step = 16; step; step /= 2)
      sum += __shfl_xor_sync(~0u, sum, step);
    if (lane == 0)
      parts[warp] = sum;
    asm volatile("bar.sync 1, 128;" ::: "memory");
    if (threadIdx.x == 0)
      out[row] = (parts[0] + parts[1]) + (parts[2] + parts[3]);
    asm volatile("bar.sync 1, 128;" ::: "memory");
  }
}
