// Loads of boxes for the feature kernels.
#include "async.h"

// Loads one box and writes the raw shared memory out.
template <int Rank>
__device__ void dumpBox(uint32_t *out, const Map *map, uint32_t bytes, int x,
                        int y, int z, int u, int v, uint32_t shown = 0) {
  extern __shared__ __align__(1024) uint8_t memory[];
  __shared__ __align__(8) uint64_t bar;
  uint32_t t = threadIdx.x, b = smem(&bar);
  __syncthreads();
  if (t == 0) {
    barInit(b, 1);
    barFence();
    barExpect(b, bytes);
  }
  __syncthreads();
  if (t == 0) {
    if (Rank == 1)
      asm volatile("cp.async.bulk.tensor.1d.shared::cluster.global.mbarrier::"
                   "complete_tx::bytes [%0], [%1, {%3}], [%2];" ::"r"(
                       smem(memory)), "l"(map), "r"(b), "r"(x) : "memory");
    if (Rank == 2)
      asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
                   "complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(
                       smem(memory)), "l"(map), "r"(b), "r"(x), "r"(y)
                   : "memory");
    if (Rank == 3)
      asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier"
                   "::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];" ::"r"(
                       smem(memory)), "l"(map), "r"(b), "r"(x), "r"(y), "r"(z)
                   : "memory");
    if (Rank == 4)
      asm volatile("cp.async.bulk.tensor.4d.shared::cluster.global.mbarrier::"
                   "complete_tx::bytes [%0], [%1, {%3, %4, %5, %6}], [%2];"
                   ::"r"(smem(memory)), "l"(map), "r"(b), "r"(x), "r"(y),
                   "r"(z), "r"(u) : "memory");
    if (Rank == 5)
      asm volatile("cp.async.bulk.tensor.5d.shared::cluster.global.mbarrier::"
                   "complete_tx::bytes [%0], [%1, {%3, %4, %5, %6, %7}], [%2];"
                   ::"r"(smem(memory)), "l"(map), "r"(b), "r"(x), "r"(y),
                   "r"(z), "r"(u), "r"(v) : "memory");
  }
  barWait(b, 0);
  for (uint32_t i = t; i < (shown ? shown : bytes) / 4; i += 128)
    out[i] = ((uint32_t *)memory)[i];
  __syncthreads();
  if (t == 0)
    asm volatile("mbarrier.inval.shared::cta.b64 [%0];" ::"r"(b) : "memory");
  __syncthreads();
}

__device__ void fillShared(uint32_t *memory, const uint32_t *in, uint32_t words) {
  for (uint32_t i = threadIdx.x; i < words; i += 128)
    memory[i] = in[i + 64];
  proxyFence();
  __syncthreads();
}
