// Warp-wide instructions, divergence and reconvergence, barriers.
#include <cstdint>

#define KERNEL(name)                                                           \
  extern "C" __global__ void __launch_bounds__(128)                            \
      name(const uint32_t *in, uint32_t *out)
#define PROLOGUE                                                               \
  uint32_t t = blockIdx.x * 128 + threadIdx.x;                                 \
  uint32_t a = in[t], b = in[t + 512], lane = threadIdx.x % 32;                \
  uint32_t *o = out + t * 16;

KERNEL(warp_shuffle) {
  PROLOGUE
  o[0] = __shfl_sync(~0u, a, b % 32);
  o[1] = __shfl_sync(~0u, a, b % 64, 8);
  o[2] = __shfl_up_sync(~0u, a, 3);
  o[3] = __shfl_up_sync(~0u, a, 5, 16);
  o[4] = __shfl_down_sync(~0u, a, 7);
  o[5] = __shfl_down_sync(~0u, a, 1, 4);
  o[6] = __shfl_xor_sync(~0u, a, 13);
  o[7] = __shfl_xor_sync(~0u, a, 9, 8);
  uint32_t r, p;
  asm volatile("{.reg .pred q; shfl.sync.up.b32 %0|q, %2, 4, 0x1000, -1; "
               "selp.u32 %1, 1, 0, q;}" : "=r"(r), "=r"(p) : "r"(a));
  o[8] = r, o[9] = p;
  asm volatile("{.reg .pred q; shfl.sync.idx.b32 %0|q, %2, %3, 0x0f1f, -1; "
               "selp.u32 %1, 1, 0, q;}" : "=r"(r), "=r"(p) : "r"(a), "r"(b % 32));
  o[10] = r, o[11] = p;
}

KERNEL(warp_vote) {
  PROLOGUE
  o[0] = __ballot_sync(~0u, a & 1);
  o[1] = __any_sync(~0u, lane == b % 32);
  o[2] = __all_sync(~0u, a != b);
  asm volatile("{.reg .pred p, q; setp.gt.u32 p, %1, 5; vote.sync.uni.pred q, "
               "!p, -1; selp.u32 %0, 1, 0, q;}" : "=r"(o[3]) : "r"(blockIdx.x));
  if (a & 2) {
    o[4] = __activemask();
    o[5] = __ballot_sync(__activemask(), b & 1);
  } else {
    o[6] = __activemask();
  }
  o[7] = __activemask();
}

KERNEL(warp_reduce) {
  PROLOGUE
  o[0] = __reduce_add_sync(~0u, a);
  o[1] = __reduce_min_sync(~0u, a);
  o[2] = __reduce_max_sync(~0u, (int)a);
  o[3] = __reduce_min_sync(~0u, (int)a);
  o[4] = __reduce_max_sync(~0u, a);
  o[5] = __reduce_and_sync(~0u, a | 0xff);
  o[6] = __reduce_or_sync(~0u, a & 0xff);
  o[7] = __reduce_xor_sync(~0u, a);
  int all;
  o[8] = __match_any_sync(~0u, a & 3);
  o[9] = __match_all_sync(~0u, blockIdx.x, &all);
  o[10] = all;
  o[11] = __match_any_sync(~0u, (unsigned long long)(b & 1) << 40);
}

KERNEL(warp_elect) {
  PROLOGUE
  uint32_t leader, is;
  asm volatile("{.reg .pred p; elect.sync %0|p, -1; selp.u32 %1, 1, 0, p;}"
               : "=r"(leader), "=r"(is));
  o[0] = leader, o[1] = is;
  if (lane >= 5 && lane < 20) {
    asm volatile("{.reg .pred p; elect.sync %0|p, 0x000fffe0; selp.u32 %1, 1, "
                 "0, p;}" : "=r"(leader), "=r"(is));
    o[2] = leader, o[3] = is;
  }
  o[4] = a + b;
}

KERNEL(divergence) {
  PROLOGUE
  uint32_t x = a, count = 0;
  while (x > 1) { // different trip counts, with an inner branch and a break
    if (x & 1) {
      x = 3 * (x >> 8) + 1;
      for (uint32_t i = 0; i < (x & 3); ++i)
        count += i * lane;
    } else {
      x >>= 1 + (b & 1);
    }
    if (++count > 60)
      break;
  }
  __syncwarp();
  o[0] = x, o[1] = count, o[2] = __activemask();
  switch (a % 9) {
  case 0: o[3] = b; break;
  case 1: o[3] = b * 3;
  case 2: o[4] = 7; break;
  case 3: o[3] = ~b; break;
  case 4: return;
  case 5: o[3] = b >> 3; break;
  case 6: o[3] = b << 3; break;
  case 7: o[3] = b ^ a; break;
  default: o[3] = 1; break;
  }
  o[5] = __popc(__ballot_sync(__activemask(), 1)) > 0;
  // One lane at a time.
  for (uint32_t i = 0; i < 32; ++i)
    if (i == lane)
      o[6] = i + b;
}

KERNEL(special_registers) {
  PROLOGUE
  asm("mov.u32 %0, %%laneid;" : "=r"(o[0]));
  asm("mov.u32 %0, %%warpid;" : "=r"(o[1]));
  asm("mov.u32 %0, %%ntid.x;" : "=r"(o[2]));
  asm("mov.u32 %0, %%nctaid.x;" : "=r"(o[3]));
  asm("mov.u32 %0, %%lanemask_lt;" : "=r"(o[4]));
  asm("mov.u32 %0, %%lanemask_ge;" : "=r"(o[5]));
  asm("mov.u32 %0, %%lanemask_le;" : "=r"(o[6]));
  asm("mov.u32 %0, %%lanemask_gt;" : "=r"(o[7]));
  asm("mov.u32 %0, %%lanemask_eq;" : "=r"(o[8]));
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(o[9]));
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(o[10]));
  asm("mov.u32 %0, %%clusterid.x;" : "=r"(o[11]));
  asm("mov.u32 %0, %%nclusterid.x;" : "=r"(o[12]));
  asm("mov.u32 %0, %%tid.y;" : "=r"(o[13]));
  uint32_t c0, c1;
  asm volatile("mov.u32 %0, %%clock;" : "=r"(c0)::"memory");
  asm volatile("mov.u32 %0, %%clock;" : "=r"(c1)::"memory");
  o[14] = c1 - c0 < 100000;
  o[15] = a ^ b;
}

KERNEL(block_barriers) {
  PROLOGUE
  __shared__ uint32_t shared[128];
  shared[threadIdx.x] = a;
  o[0] = __syncthreads_count(a & 1);
  o[1] = __syncthreads_and(a != 1);
  o[2] = __syncthreads_or(b == in[513]);
  o[3] = shared[(threadIdx.x + 37) % 128];
  __syncthreads();
  // Warps 0 and 1 produce, 2 and 3 consume.
  if (threadIdx.x < 64) {
    shared[threadIdx.x] = b * 3;
    asm volatile("bar.arrive 1, 128;" ::: "memory");
    o[4] = 1;
  } else {
    asm volatile("bar.sync 1, 128;" ::: "memory");
    o[4] = shared[threadIdx.x - 64];
  }
  asm volatile("barrier.sync 2;" ::: "memory");
  o[5] = shared[63 - threadIdx.x % 64];
}
