// Tensor maps that are changed on the device.
#include "async.h"

__device__ __forceinline__ void loadAndDump(uint32_t *out, const void *map) {
  extern __shared__ __align__(1024) uint8_t memory[];
  __shared__ __align__(8) uint64_t bar;
  uint32_t t = threadIdx.x, b = smem(&bar);
  if (t == 0) {
    barInit(b, 1);
    barFence();
    barExpect(b, 1024);
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
                 "complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(
                     smem(memory)), "l"(map), "r"(b), "r"(4), "r"(2)
                 : "memory");
  }
  __syncthreads();
  barWait(b, 0);
  for (uint32_t i = t; i < 256; i += 128)
    out[i] = ((uint32_t *)memory)[i];
}

// f32, box 16 x 16, of 32 x 64; the copy gets other sizes and another address.
KERNEL(tensormap_replace, MAP(map)) {
  __shared__ __align__(128) char copy[128];
  void *global = out + 4096;
  if (threadIdx.x < 32) {
    ((uint32_t *)copy)[threadIdx.x] = ((const uint32_t *)&map)[threadIdx.x];
    __syncwarp();
    if (threadIdx.x == 0) {
      uint32_t at = smem(copy);
      asm volatile("tensormap.replace.tile.global_address.shared::cta.b1024.b64 "
                   "[%0], %1;" ::"r"(at), "l"(in + 1024) : "memory");
      asm volatile("tensormap.replace.tile.global_dim.shared::cta.b1024.b32 "
                   "[%0], 1, %1;" ::"r"(at), "r"(10) : "memory");
      asm volatile("tensormap.replace.tile.global_stride.shared::cta.b1024.b64 "
                   "[%0], 0, %1;" ::"r"(at), "l"(256ll) : "memory");
    }
    __syncwarp();
    asm volatile("tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic."
                 "release.gpu.sync.aligned [%0], [%1], 128;" ::"l"(global),
                 "r"(smem(copy)) : "memory");
    asm volatile("fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(
                     global) : "memory");
  }
  __syncthreads();
  loadAndDump(out, global);
  __syncthreads();
  // What the map looks like is the implementation's business.
  if (threadIdx.x < 32)
    ((uint32_t *)global)[threadIdx.x] = 0;
}

// Every other field; the copy is changed in shared and in global memory.
KERNEL(tensormap_fields, MAP(map)) { // f32, box 16 x 16, of 32 x 64
  __shared__ __align__(128) char copy[128];
  void *global = out + 4096;
  if (threadIdx.x < 32) {
    ((uint32_t *)copy)[threadIdx.x] = ((const uint32_t *)&map)[threadIdx.x];
    __syncwarp();
    if (threadIdx.x == 0) {
      uint32_t at = smem(copy);
      asm volatile("tensormap.replace.tile.box_dim.shared::cta.b1024.b32 "
                   "[%0], 1, %1;" ::"r"(at), "r"(32) : "memory");
      asm volatile("tensormap.replace.tile.box_dim.shared::cta.b1024.b32 "
                   "[%0], 0, %1;" ::"r"(at), "r"(16) : "memory");
      asm volatile("tensormap.replace.tile.element_stride.shared::cta.b1024.b32 "
                   "[%0], 1, %1;" ::"r"(at), "r"(2) : "memory");
      asm volatile("tensormap.replace.tile.elemtype.shared::cta.b1024.b32 "
                   "[%0], 2;" ::"r"(at) : "memory"); // u32
      asm volatile("tensormap.replace.tile.swizzle_mode.shared::cta.b1024.b32 "
                   "[%0], 2;" ::"r"(at) : "memory"); // 64 bytes
      asm volatile("tensormap.replace.tile.interleave_layout.shared::cta.b1024."
                   "b32 [%0], 0;" ::"r"(at) : "memory");
      asm volatile("tensormap.replace.tile.fill_mode.shared::cta.b1024.b32 "
                   "[%0], 0;" ::"r"(at) : "memory");
      asm volatile("tensormap.replace.tile.rank.shared::cta.b1024.b32 [%0], "
                   "%1;" ::"r"(at), "r"(1) : "memory"); // two dimensions
    }
    __syncwarp();
    asm volatile("tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic."
                 "release.gpu.sync.aligned [%0], [%1], 128;" ::"l"(global),
                 "r"(smem(copy)) : "memory");
    if (threadIdx.x == 0)
      asm volatile("tensormap.replace.tile.global_dim.global.b1024.b32 [%0], 0, "
                   "%1;" ::"l"(global), "r"(18) : "memory");
    __syncwarp();
    asm volatile("fence.proxy.tensormap::generic.release.gpu;" ::: "memory");
    asm volatile("fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(
                     global) : "memory");
  }
  __syncthreads();
  loadAndDump(out, global);
  __syncthreads();
  if (threadIdx.x < 32)
    ((uint32_t *)global)[threadIdx.x] = 0;
}
