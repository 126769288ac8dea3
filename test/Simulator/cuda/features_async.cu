// mbarriers, TMA and bulk copies, clusters, matrix moves.
#include "boxes.h"

KERNEL(mbarrier_phases) {
  __shared__ __align__(8) uint64_t bar[2];
  uint32_t first = smem(&bar[0]), second = smem(&bar[1]), t = threadIdx.x;
  if (t == 0) {
    barInit(first, 128);
    barInit(second, 4);
  }
  __syncthreads();
  __shared__ uint32_t data[128];
  uint32_t sum = 0;
  for (int round = 0; round < 5; ++round) {
    data[t] = in[t + 128 * round];
    uint64_t token;
    asm volatile("mbarrier.arrive.shared::cta.b64 %0, [%1];" : "=l"(token)
                 : "r"(first) : "memory");
    if (round & 1) {
      barWait(first, round & 1);
    } else {
      uint32_t done = 0;
      while (!done)
        asm volatile("{.reg .pred p; mbarrier.test_wait.shared::cta.b64 p, "
                     "[%1], %2; selp.u32 %0, 1, 0, p;}" : "=r"(done)
                     : "r"(first), "l"(token) : "memory");
    }
    sum += data[(t * 7 + round) % 128];
    if (t % 32 == 0)
      asm volatile("mbarrier.arrive.release.cta.shared::cta.b64 _, [%0], 1;"
                   ::"r"(second) : "memory");
    __syncwarp();
    barWait(second, round & 1);
    __syncthreads();
  }
  out[blockIdx.x * 128 + t] = sum;
}

KERNEL(bulk_copies) {
  __shared__ __align__(128) uint32_t data[256];
  __shared__ __align__(8) uint64_t bar;
  uint32_t t = threadIdx.x;
  if (t == 0) {
    barInit(smem(&bar), 1);
    barFence();
    barExpect(smem(&bar), 1024);
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::"
                 "bytes [%0], [%1], 1024, [%2];" ::"r"(smem(data)),
                 "l"(in + blockIdx.x * 256), "r"(smem(&bar)) : "memory");
  }
  __syncthreads();
  barWait(smem(&bar), 0);
  data[t] = data[t] * 3 + data[t + 128];
  proxyFence();
  __syncthreads();
  if (t == 0) {
    asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], 512;"
                 ::"l"(out + blockIdx.x * 512), "r"(smem(data)) : "memory");
    asm volatile("cp.reduce.async.bulk.global.shared::cta.bulk_group.add.u32 "
                 "[%0], [%1], 256;" ::"l"(out + 2048), "r"(smem(data + 32))
                 : "memory");
    asm volatile("cp.reduce.async.bulk.global.shared::cta.bulk_group.max.s32 "
                 "[%0], [%1], 128;" ::"l"(out + 2304), "r"(smem(data + 64))
                 : "memory");
    commitAndWait();
  }
}

KERNEL(tma_load_1d, MAP(map)) { // u32, box 64
  dumpBox<1>(out, &map, 256, 16, 0, 0, 0, 0);
}
KERNEL(tma_load_swizzle128, MAP(map)) { // u8, box 128 x 32 of 200 x 100
  dumpBox<2>(out, &map, 4096, 16, 8, 0, 0, 0);
  dumpBox<2>(out + 1024, &map, 4096, 112, 90, 0, 0, 0);
  dumpBox<2>(out + 2048, &map, 4096, -16, -3, 0, 0, 0);
}
KERNEL(tma_load_swizzle64, MAP(map)) { // bf16, box 32 x 32
  dumpBox<2>(out, &map, 2048, 8, 3, 0, 0, 0);
  dumpBox<2>(out + 512, &map, 2048, 72, 60, 0, 0, 0);
}
KERNEL(tma_load_swizzle32, MAP(map)) { // f32, box 8 x 32
  dumpBox<2>(out, &map, 1024, 4, 3, 0, 0, 0);
  dumpBox<2>(out + 256, &map, 1024, 44, 50, 0, 0, 0);
}
KERNEL(tma_load_3d, MAP(map)) { // u8, box 64 x 4 x 3
  dumpBox<3>(out, &map, 768, 16, 2, 1, 0, 0);
  dumpBox<3>(out + 256, &map, 768, 48, -1, 3, 0, 0);
}
KERNEL(tma_load_4d, MAP(map)) { // u16, box 16 x 3 x 2 x 4
  dumpBox<4>(out, &map, 768, 0, 1, 1, 0, 0);
  dumpBox<4>(out + 256, &map, 768, 8, 2, 3, 1, 0);
}
KERNEL(tma_load_5d, MAP(map)) { // u32, box 4 x 2 x 3 x 2 x 2
  dumpBox<5>(out, &map, 384, 0, 0, 0, 0, 0);
  dumpBox<5>(out + 128, &map, 384, 4, 1, 2, 1, 1);
}
KERNEL(tma_load_strided, MAP(map)) { // u32, box 16 x 8, element strides 1, 2
  dumpBox<2>(out, &map, 256, 4, 3, 0, 0, 0);
  dumpBox<2>(out + 64, &map, 256, 24, 58, 0, 0, 0);
}

KERNEL(tma_store, MAP(map)) { // bf16, box 64 x 16, swizzle 128, of 100 x 40
  extern __shared__ __align__(1024) uint32_t words[];
  fillShared(words, in, 512);
  if (threadIdx.x == 0 && blockIdx.x == 0) {
    int at[2][2] = {{0, 0}, {48, 32}};
    for (int i = 0; i < 2; ++i) {
      asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group "
                   "[%0, {%2, %3}], [%1];" ::"l"(&map), "r"(smem(words)),
                   "r"(at[i][0]), "r"(at[i][1]) : "memory");
      commitAndWait();
    }
  }
}
KERNEL(tma_reduce_f32, MAP(map)) { // f32, box 32 x 8
  extern __shared__ __align__(1024) uint32_t words[];
  for (uint32_t i = threadIdx.x; i < 256; i += 128)
    ((float *)words)[i] = (float)(in[i] & 1023);
  proxyFence();
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int i = 0; i < 3; ++i)
      asm volatile("cp.reduce.async.bulk.tensor.2d.global.shared::cta.add."
                   "bulk_group [%0, {%2, %3}], [%1];" ::"l"(&map),
                   "r"(smem(words)), "r"(i * 16), "r"(i) : "memory");
    commitAndWait();
  }
}
KERNEL(tma_reduce_int, MAP(map)) { // u32, box 32 x 8
  extern __shared__ __align__(1024) uint32_t words[];
  fillShared(words, in, 256);
  if (threadIdx.x == 0 && blockIdx.x == 0) {
    asm volatile("cp.reduce.async.bulk.tensor.2d.global.shared::cta.add.bulk_"
                 "group [%0, {%2, %2}], [%1];" ::"l"(&map), "r"(smem(words)),
                 "r"(0) : "memory");
    commitAndWait();
    asm volatile("cp.reduce.async.bulk.tensor.2d.global.shared::cta.max.bulk_"
                 "group [%0, {%2, %2}], [%1];" ::"l"(&map), "r"(smem(words)),
                 "r"(4) : "memory");
    commitAndWait();
    asm volatile("cp.reduce.async.bulk.tensor.2d.global.shared::cta.xor.bulk_"
                 "group [%0, {%2, %2}], [%1];" ::"l"(&map), "r"(smem(words)),
                 "r"(8) : "memory");
    commitAndWait();
  }
}

KERNEL(cluster_memory) { // clusters of 2
  __shared__ uint32_t mine[128];
  uint32_t t = threadIdx.x, rank = clusterRank();
  mine[t] = in[t + 128 * rank];
  clusterSync();
  uint32_t peer = mapTo(smem(&mine[127 - t]), rank ^ 1), value;
  asm volatile("ld.shared::cluster.u32 %0, [%1];" : "=r"(value) : "r"(peer)
               : "memory");
  clusterSync();
  uint32_t target = mapTo(smem(&mine[t]), rank ^ 1);
  asm volatile("st.shared::cluster.u32 [%0], %1;" ::"r"(target),
               "r"(value * 5 + rank) : "memory");
  clusterSync();
  uint32_t sum;
  asm volatile("atom.shared::cluster.add.u32 %0, [%1], %2;" : "=r"(sum)
               : "r"(target), "r"(t) : "memory");
  clusterSync();
  out[blockIdx.x * 128 + t] = mine[t] + sum;
  uint32_t from;
  asm("getctarank.shared::cluster.u32 %0, %1;" : "=r"(from) : "r"(target));
  out[1024 + blockIdx.x * 128 + t] = from;
}
KERNEL(cluster_barrier_arrive) { // CTA 0 waits for both CTAs' warps
  __shared__ __align__(8) uint64_t bar;
  __shared__ uint32_t data[8];
  uint32_t t = threadIdx.x, rank = clusterRank();
  if (t == 0) {
    barInit(smem(&bar), 8);
    barFence();
  }
  clusterSync();
  if (t % 32 == 0) {
    uint32_t slot = mapTo(smem(&data[rank * 4 + t / 32]), 0);
    asm volatile("st.shared::cluster.u32 [%0], %1;" ::"r"(slot),
                 "r"(in[t + rank]) : "memory");
    asm volatile("mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%0];"
                 ::"r"(mapTo(smem(&bar), 0)) : "memory");
  }
  if (rank == 0) {
    asm volatile("{\n.reg .pred p;\nWAIT:\n"
                 "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 p, "
                 "[%0], 0;\n@!p bra WAIT;\n}" ::"r"(smem(&bar)) : "memory");
    out[blockIdx.x * 128 + t] = data[t % 8];
  }
  clusterSync();
}
KERNEL(tma_multicast, MAP(map)) { // u8, box 64 x 32; each CTA loads half
  extern __shared__ __align__(1024) uint32_t words[];
  uint32_t *memory = words;
  __shared__ __align__(8) uint64_t bar;
  uint32_t t = threadIdx.x, rank = clusterRank(), b = smem(&bar);
  if (t == 0) {
    barInit(b, 1);
    barFence();
    barExpect(b, 4096);
  }
  clusterSync();
  if (t == 0)
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
                 "complete_tx::bytes.multicast::cluster [%0], [%1, {%3, %4}], "
                 "[%2], %5;" ::"r"(smem(memory) + rank * 2048), "l"(&map),
                 "r"(b), "r"(16), "r"(rank * 32), "h"((uint16_t)3) : "memory");
  barWait(b, 0);
  for (uint32_t i = t; i < 1024; i += 128)
    out[blockIdx.x * 1024 + i] = memory[i];
  clusterSync();
}
KERNEL(bulk_to_peer) { // clusters of 2: shared to the peer's shared memory
  __shared__ __align__(128) uint32_t from[64], to[64];
  __shared__ __align__(8) uint64_t bar;
  uint32_t t = threadIdx.x, rank = clusterRank();
  if (t == 0) {
    barInit(smem(&bar), 1);
    barFence();
    barExpect(smem(&bar), 256);
  }
  if (t < 64)
    from[t] = in[t + 64 * rank];
  proxyFence();
  clusterSync();
  if (t == 0)
    asm volatile("cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_"
                 "tx::bytes [%0], [%1], 256, [%2];" ::"r"(mapTo(smem(to),
                 rank ^ 1)), "r"(smem(from)), "r"(mapTo(smem(&bar), rank ^ 1))
                 : "memory");
  barWait(smem(&bar), 0);
  if (t < 64)
    out[blockIdx.x * 64 + t] = to[t];
  clusterSync();
}

KERNEL(matrix_moves) {
  __shared__ __align__(128) uint16_t tile[4][8][8];
  uint32_t t = threadIdx.x;
  if (t < 32) {
    uint32_t v[4] = {in[t], in[t + 32], in[t + 64], in[t + 96]}, r[4];
    uint32_t row = smem(&tile[t / 8][t % 8][0]);
    asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, "
                 "%4};" ::"r"(row), "r"(v[0]), "r"(v[1]), "r"(v[2]), "r"(v[3])
                 : "memory");
    __syncwarp();
    for (int i = 0; i < 4; ++i)
      out[i * 32 + t] = ((uint32_t *)tile)[i * 32 + t];
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, "
                 "%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(row) : "memory");
    for (int i = 0; i < 4; ++i)
      out[128 + i * 32 + t] = r[i];
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1]) : "r"(row) : "memory");
    out[256 + t] = r[0] ^ r[1];
    __syncwarp();
    asm volatile("stmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%0], {%1, "
                 "%2};" ::"r"(row), "r"(v[2]), "r"(v[3]) : "memory");
    asm volatile("stmatrix.sync.aligned.m8n8.x1.shared.b16 [%0], {%1};" ::"r"(
                     smem(&tile[2][t % 8][0])), "r"(v[0]) : "memory");
    __syncwarp();
    for (int i = 0; i < 4; ++i)
      out[288 + i * 32 + t] = ((uint32_t *)tile)[i * 32 + t];
  }
}

extern "C" __global__ void __launch_bounds__(256, 1)
    register_pool(const uint32_t *in, uint32_t *out) {
  uint32_t t = threadIdx.x;
  if (t < 128) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 24;");
    out[blockIdx.x * 256 + t] = in[t];
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 256;");
    out[blockIdx.x * 256 + t] = in[t] * 2;
  }
}
KERNEL(dependent_launch) {
  asm volatile("griddepcontrol.wait;" ::: "memory");
  out[blockIdx.x * 128 + threadIdx.x] = in[threadIdx.x] + 1;
  asm volatile("prefetch.global.L2 [%0];" ::"l"(in + threadIdx.x));
  asm volatile("cp.async.bulk.prefetch.L2.global [%0], 1024;" ::"l"(in));
  asm volatile("nanosleep.u32 20;");
  asm volatile("griddepcontrol.launch_dependents;");
}
