// Distributed shared memory: asynchronous stores and reductions that count at
// the receiver's mbarrier, copies between CTAs, remote barriers.
#include "async.h"

// Every thread writes to its peer, which waits for the bytes.
#define RECEIVE(bytes)                                                         \
  __shared__ __align__(128) uint32_t to[1024];                                 \
  __shared__ __align__(8) uint64_t bar;                                        \
  uint32_t t = threadIdx.x, rank = clusterRank();                              \
  for (uint32_t i = t; i < 1024; i += 128)                                     \
    to[i] = in[i + 2048 + 1024 * rank];                                        \
  if (t == 0) {                                                                \
    barInit(smem(&bar), 1);                                                    \
    barFence();                                                                \
    barExpect(smem(&bar), bytes);                                              \
  }                                                                            \
  proxyFence();                                                                \
  clusterSync();                                                               \
  uint32_t peer = mapTo(smem(to), rank ^ 1), there = mapTo(smem(&bar), rank ^ 1)
#define DUMP                                                                   \
  barWaitCluster(smem(&bar), 0);                                               \
  for (uint32_t i = t; i < 1024; i += 128)                                     \
    out[blockIdx.x * 1024 + i] = to[i];                                        \
  clusterSync()
__device__ __forceinline__ void barWaitCluster(uint32_t bar, uint32_t parity) {
  asm volatile("{\n.reg .pred p;\nWAIT:\nmbarrier.try_wait.parity.acquire."
               "cluster.shared::cta.b64 p, [%0], %1;\n@!p bra WAIT;\n}" ::"r"(
                   bar), "r"(parity) : "memory");
}

#define ASYNC "st.async.shared::cluster.mbarrier::complete_tx::bytes"
KERNEL(store_async) {
  RECEIVE(128 * (4 + 8 + 8 + 4));
  uint32_t a = in[t + 128 * rank], b = in[t + 512];
  uint64_t d = (uint64_t)a << 32 | b;
  asm volatile(ASYNC ".b32 [%0], %1, [%2];" ::"r"(peer + 4 * t), "r"(a),
               "r"(there) : "memory");
  asm volatile(ASYNC ".b64 [%0], %1, [%2];" ::"r"(peer + 512 + 8 * t), "l"(d),
               "r"(there) : "memory");
  asm volatile(ASYNC ".v2.b32 [%0], {%1, %2}, [%3];" ::"r"(peer + 1536 + 8 * t),
               "r"(b), "r"(a * 3), "r"(there) : "memory");
  asm volatile(ASYNC ".f32 [%0], %1, [%2];" ::"r"(peer + 2560 + 4 * t),
               "f"(__uint_as_float(a ^ b)), "r"(there) : "memory");
  DUMP;
}
KERNEL(store_async_wide) {
  RECEIVE(128 * (16 + 8) + 64 * 16);
  uint32_t a = in[t + 128 * rank], b = in[t + 512];
  asm volatile(ASYNC ".v4.b32 [%0], {%1, %2, %3, %4}, [%5];" ::"r"(
                   peer + 16 * t), "r"(a), "r"(b), "r"(a + b), "r"(a - b),
               "r"(there) : "memory");
  asm volatile(ASYNC ".u64 [%0], %1, [%2];" ::"r"(peer + 2048 + 8 * t),
               "l"((uint64_t)a * b), "r"(there) : "memory");
  if (t < 64)
    asm volatile(ASYNC ".v2.b64 [%0], {%1, %2}, [%3];" ::"r"(
                     peer + 3072 + 16 * t), "l"((uint64_t)a << 7),
                 "l"((uint64_t)b << 9), "r"(there) : "memory");
  DUMP;
}
#define RED "red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes"
#define RED32(op, i)                                                           \
  asm volatile(RED op " [%0], %1, [%2];" ::"r"(peer + 64 * i + 4 * (t % 16)),  \
               "r"(a), "r"(there) : "memory")
KERNEL(reduce_async) {
  RECEIVE(128 * (11 * 4 + 8));
  uint32_t a = in[t + 128 * rank] >> 3;
  RED32(".add.u32", 0);
  RED32(".min.u32", 1);
  RED32(".max.u32", 2);
  RED32(".min.s32", 3);
  RED32(".max.s32", 4);
  RED32(".add.s32", 5);
  RED32(".and.b32", 6);
  RED32(".or.b32", 7);
  RED32(".xor.b32", 8);
  a = 12;
  RED32(".inc.u32", 9);
  RED32(".dec.u32", 10);
  asm volatile(RED ".add.u64 [%0], %1, [%2];" ::"r"(peer + 1024 + 8 * (t % 16)),
               "l"((uint64_t)t << 33), "r"(there) : "memory");
  DUMP;
}
#define BULK(op, i)                                                            \
  asm volatile("cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::"   \
               "complete_tx::bytes" op " [%0], [%1], 256, [%2];" ::"r"(        \
                   peer + 256 * i), "r"(smem(from + 64 * i)), "r"(there)       \
               : "memory")
KERNEL(bulk_reduce_to_peer) {
  __shared__ __align__(128) uint32_t from[1024];
  for (uint32_t i = threadIdx.x; i < 1024; i += 128)
    from[i] = in[i + 100] >> (i & 7);
  RECEIVE(11 * 256);
  if (t == 0) {
    BULK(".add.u32", 0);
    BULK(".min.u32", 1);
    BULK(".max.u32", 2);
    BULK(".min.s32", 3);
    BULK(".max.s32", 4);
    BULK(".add.u64", 5);
    BULK(".and.b32", 6);
    BULK(".or.b32", 7);
    BULK(".xor.b32", 8);
    BULK(".inc.u32", 9);
    BULK(".dec.u32", 10);
  }
  DUMP;
}
KERNEL(bulk_multicast) { // each CTA brings half to both
  __shared__ __align__(128) uint32_t to[512];
  __shared__ __align__(8) uint64_t bar;
  uint32_t t = threadIdx.x, rank = clusterRank();
  if (t == 0) {
    barInit(smem(&bar), 1);
    barFence();
    barExpect(smem(&bar), 2048);
  }
  clusterSync();
  if (t == 0)
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::"
                 "bytes.multicast::cluster [%0], [%1], 1024, [%2], %3;" ::"r"(
                     smem(to + 256 * rank)), "l"(in + 512 * rank),
                 "r"(smem(&bar)), "h"((uint16_t)3) : "memory");
  barWait(smem(&bar), 0);
  for (uint32_t i = t; i < 512; i += 128)
    out[blockIdx.x * 512 + i] = to[i];
  clusterSync();
}
KERNEL(remote_expect) { // the peer says how many bytes come, and sends them
  __shared__ __align__(128) uint32_t from[64], to[64];
  __shared__ __align__(8) uint64_t bar;
  uint32_t t = threadIdx.x, rank = clusterRank();
  if (t == 0) {
    barInit(smem(&bar), 3);
    barFence();
  }
  if (t < 64)
    from[t] = in[t + 64 * rank];
  proxyFence();
  clusterSync();
  uint32_t there = mapTo(smem(&bar), rank ^ 1);
  if (t == 0) {
    asm volatile("mbarrier.arrive.expect_tx.release.cluster.shared::cluster.b64 "
                 "_, [%0], 128;" ::"r"(there) : "memory");
    asm volatile("mbarrier.expect_tx.relaxed.cluster.shared::cluster.b64 [%0], "
                 "144;" ::"r"(there) : "memory");
    asm volatile("mbarrier.complete_tx.relaxed.cluster.shared::cluster.b64 [%0],"
                 " 16;" ::"r"(there) : "memory");
    asm volatile("cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_"
                 "tx::bytes [%0], [%1], 256, [%2];" ::"r"(mapTo(smem(to),
                 rank ^ 1)), "r"(smem(from)), "r"(there) : "memory");
    asm volatile("mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%0], "
                 "2;" ::"r"(there) : "memory");
  }
  barWaitCluster(smem(&bar), 0);
  if (t < 64)
    out[blockIdx.x * 64 + t] = to[t];
  clusterSync();
}
KERNEL(cluster_vectors) {
  __shared__ __align__(16) uint32_t mine[1024];
  uint32_t t = threadIdx.x, rank = clusterRank();
  for (uint32_t i = t; i < 1024; i += 128)
    mine[i] = in[i + 1024 * rank];
  clusterSync();
  uint32_t peer = mapTo(smem(mine), rank ^ 1), v[4], w;
  asm volatile("ld.shared::cluster.v4.b32 {%0, %1, %2, %3}, [%4];" : "=r"(v[0]),
               "=r"(v[1]), "=r"(v[2]), "=r"(v[3]) : "r"(peer + 16 * t)
               : "memory");
  uint32_t *generic;
  asm volatile("mapa.u64 %0, %1, %2;" : "=l"(generic) : "l"(mine),
               "r"(rank ^ 1));
  w = generic[1023 - t];
  clusterSync();
  asm volatile("st.shared::cluster.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(
                   peer + 16 * (127 - t)), "r"(v[3] + w), "r"(v[2]), "r"(v[1]),
               "r"(v[0]) : "memory");
  generic[512 + t] = w * 7;
  clusterSync();
  uint32_t target = peer + 4 * (t % 32) + 3072;
  asm volatile("red.shared::cluster.max.u32 [%0], %1;" ::"r"(target), "r"(v[1])
               : "memory");
  uint32_t old;
  asm volatile("atom.shared::cluster.cas.b32 %0, [%1], %2, %3;" : "=r"(old)
               : "r"(peer + 3584 + 4 * t), "r"(mine[896 + t]), "r"(w)
               : "memory");
  out[2176 + blockIdx.x * 128 + t] = old;
  clusterSync();
  for (uint32_t i = t; i < 1024; i += 128)
    out[blockIdx.x * 1024 + i] = mine[i];
  uint32_t inside;
  asm("{.reg .pred p; isspacep.shared::cluster p, %1; selp.u32 %0, 1, 0, p;}"
      : "=r"(inside) : "l"(generic));
  if (t == 0)
    out[2048 + blockIdx.x] = inside;
}

KERNEL(mbarrier_forms) {
  __shared__ __align__(8) uint64_t bar[3];
  uint32_t t = threadIdx.x;
  if (t == 0) {
    barInit(smem(&bar[0]), 8);
    barInit(smem(&bar[1]), 2);
    barInit(smem(&bar[2]), 128);
    uint64_t s0, s1;
    uint32_t p0, p1, q0, q1, q2;
    asm volatile("mbarrier.arrive.noComplete.shared.b64 %0, [%1], 3;" : "=l"(s0)
                 : "r"(smem(&bar[0])) : "memory");
    asm volatile("mbarrier.arrive.shared.b64 %0, [%1], 2;" : "=l"(s1)
                 : "r"(smem(&bar[0])) : "memory");
    asm("mbarrier.pending_count.b64 %0, %1;" : "=r"(p0) : "l"(s0));
    asm("mbarrier.pending_count.b64 %0, %1;" : "=r"(p1) : "l"(s1));
    out[0] = p0, out[1] = p1;
    asm volatile("{.reg .pred p; mbarrier.test_wait.parity.shared.b64 p, [%1], "
                 "0; selp.u32 %0, 1, 0, p;}" : "=r"(q0) : "r"(smem(&bar[0]))
                 : "memory");
    asm volatile("{.reg .pred p; mbarrier.test_wait.parity.shared.b64 p, [%1], "
                 "1; selp.u32 %0, 1, 0, p;}" : "=r"(q1) : "r"(smem(&bar[0]))
                 : "memory");
    out[2] = q0, out[3] = q1;
    // Dropped: the next phase waits for 7 only.
    asm volatile("mbarrier.arrive_drop.shared.b64 _, [%0];" ::"r"(smem(&bar[0]))
                 : "memory");
    asm volatile("mbarrier.arrive.shared.b64 _, [%0], 2;" ::"r"(smem(&bar[0]))
                 : "memory");
    barWait(smem(&bar[0]), 0);
    asm volatile("mbarrier.arrive.shared.b64 _, [%0], 7;" ::"r"(smem(&bar[0]))
                 : "memory");
    barWait(smem(&bar[0]), 1);
    // Bytes come before they are expected, and the arrivals are not enough.
    asm volatile("mbarrier.complete_tx.shared.b64 [%0], 64;" ::"r"(smem(&bar[1]))
                 : "memory");
    asm volatile("mbarrier.arrive.expect_tx.shared.b64 _, [%0], 80;" ::"r"(
                     smem(&bar[1])) : "memory");
    asm volatile("mbarrier.arrive.shared.b64 _, [%0];" ::"r"(smem(&bar[1]))
                 : "memory");
    asm volatile("{.reg .pred p; mbarrier.test_wait.parity.shared.b64 p, [%1], "
                 "0; selp.u32 %0, 1, 0, p;}" : "=r"(q2) : "r"(smem(&bar[1]))
                 : "memory");
    out[4] = q2;
    asm volatile("mbarrier.complete_tx.shared.b64 [%0], 16;" ::"r"(smem(&bar[1]))
                 : "memory");
    barWait(smem(&bar[1]), 0);
  }
  __syncthreads();
  uint64_t token;
  asm volatile("mbarrier.arrive.release.cta.shared.b64 %0, [%1];" : "=l"(token)
               : "r"(smem(&bar[2])) : "memory");
  asm volatile("{\n.reg .pred p;\nWAIT:\nmbarrier.try_wait.shared.b64 p, [%0], "
               "%1, 1000;\n@!p bra WAIT;\n}" ::"r"(smem(&bar[2])), "l"(token)
               : "memory");
  out[128 + t] = in[t];
}
KERNEL(clocks) { // what does not depend on the clock's rate
  uint32_t a, b, hi;
  uint64_t c, d, e, f;
  asm volatile("mov.u32 %0, %%clock;" : "=r"(a)::"memory");
  asm volatile("mov.u64 %0, %%clock64;" : "=l"(c)::"memory");
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(e)::"memory");
  asm volatile("nanosleep.u32 100;");
  asm volatile("mov.u32 %0, %%clock_hi;" : "=r"(hi)::"memory");
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(f)::"memory");
  asm volatile("mov.u64 %0, %%clock64;" : "=l"(d)::"memory");
  asm volatile("mov.u32 %0, %%clock;" : "=r"(b)::"memory");
  uint32_t t = blockIdx.x * 128 + threadIdx.x;
  out[t] = (b != a) | (d > c) << 1 | (f >= e) << 2 |
           ((uint32_t)(d >> 32) >= hi) << 3 | in[t] << 4;
}
