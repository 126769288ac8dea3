// Kernels that the GPU refuses, one fault each.
#include "boxes.h"

KERNEL(fault_trap) {
  if (in[threadIdx.x] != 1)
    asm volatile("trap;");
  out[threadIdx.x] = 1;
}
KERNEL(fault_global_bounds) {
  asm volatile("st.global.u32 [%0], %1;" ::"l"((uint64_t)16), "r"(1)
               : "memory");
}
KERNEL(fault_global_misaligned) {
  asm volatile("st.global.u32 [%0], %1;" ::"l"((char *)out + 2), "r"(1)
               : "memory");
}
KERNEL(fault_shared_misaligned) {
  __shared__ uint32_t words[256];
  asm volatile("st.shared.u32 [%0], %1;" ::"r"(smem(words) + 2), "r"(1)
               : "memory");
  out[threadIdx.x] = words[threadIdx.x];
}
KERNEL(fault_shared_bounds) {
  asm volatile("st.shared.u32 [%0], %1;" ::"r"(250000), "r"(1) : "memory");
}
KERNEL(fault_mbarrier_misaligned) {
  __shared__ __align__(16) uint32_t words[4];
  if (threadIdx.x == 0)
    barInit(smem(words) + 4, 1);
}
KERNEL(fault_mbarrier_count) {
  __shared__ __align__(8) uint64_t bar;
  if (threadIdx.x == 0)
    barInit(smem(&bar), in[0] & 0 ? 1 : 0);
}
__device__ void bulk(const void *from, uint32_t shift, uint32_t bytes) {
  __shared__ __align__(128) uint32_t data[256];
  __shared__ __align__(8) uint64_t bar;
  if (threadIdx.x == 0) {
    barInit(smem(&bar), 1);
    barFence();
    barExpect(smem(&bar), bytes);
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::"
                 "bytes [%0], [%1], %2, [%3];" ::"r"(smem(data) + shift),
                 "l"(from), "r"(bytes), "r"(smem(&bar)) : "memory");
  }
  __syncthreads();
  barWait(smem(&bar), 0);
}
KERNEL(fault_bulk_size) { bulk(in, 0, 24 + (in[0] & 0)); }
KERNEL(fault_bulk_source) { bulk((const char *)in + 8, 0, 64); }
KERNEL(fault_bulk_destination) { bulk(in, 8, 64); }
KERNEL(fault_bulk_bounds) { bulk((const char *)1024, 0, 64); }
__device__ void box(const Map *map, uint32_t shift, int x, int y) {
  extern __shared__ __align__(1024) uint8_t memory[];
  __shared__ __align__(8) uint64_t bar;
  if (threadIdx.x == 0) {
    barInit(smem(&bar), 1);
    barFence();
    barExpect(smem(&bar), 1024);
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
                 "complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(
                     smem(memory) + shift), "l"(map), "r"(smem(&bar)), "r"(x),
                 "r"(y) : "memory");
  }
  __syncthreads();
  barWait(smem(&bar), 0);
}
KERNEL(fault_tma_destination, MAP(map)) { box(&map, 64, 0, 0); } // f32, 8 x 32
KERNEL(fault_tma_rank, MAP(map)) { box(&map, 0, 0, 0); } // of a 1-D map
KERNEL(fault_tma_not_a_map, MAP(map)) {
  box((const Map *)((uint64_t)(in + 64) & ~127ull), 0, 0, 0);
}
KERNEL(fault_tma_map_misaligned, MAP(map)) {
  box((const Map *)((const char *)&map + 32), 0, 0, 0);
}
KERNEL(fault_tma_odd_load, MAP(map)) { box(&map, 0, 3, 1); }
// f32, box 8 x 32 of 50 x 80
#define STORE(name, operation, column, row)                                    \
  KERNEL(name, MAP(map)) {                                                     \
    extern __shared__ __align__(1024) uint32_t words[];                        \
    fillShared(words, in, 256);                                                \
    if (threadIdx.x == 0) {                                                    \
      asm volatile(operation " [%0, {%2, %3}], [%1];" ::"l"(&map),             \
                   "r"(smem(words)), "r"(column), "r"(row) : "memory");        \
      commitAndWait();                                                         \
    }                                                                          \
  }
#define PLAIN "cp.async.bulk.tensor.2d.global.shared::cta.bulk_group"
#define REDUCE(op)                                                             \
  "cp.reduce.async.bulk.tensor.2d.global.shared::cta." op ".bulk_group"
STORE(fault_tma_odd_store, PLAIN, 3, 1)
STORE(fault_tma_negative_x, PLAIN, -8, 2)
STORE(fault_tma_negative_y, PLAIN, 8, -2)
STORE(fault_tma_negative_reduce, REDUCE("add"), 8, -2)
STORE(fault_tma_min_f32, REDUCE("min"), 8, 2)
STORE(fault_tma_and_f32, REDUCE("and"), 8, 2)
STORE(fault_tma_inc_signed, REDUCE("inc"), 8, 2) // s32
STORE(fault_tma_dec_signed, REDUCE("dec"), 8, 2)
KERNEL(fault_named_barrier) {
  asm volatile("bar.sync %0, 128;" ::"r"(16 + (in[0] & 0)) : "memory");
}
KERNEL(fault_cluster_rank) {
  __shared__ uint32_t data;
  asm volatile("st.shared::cluster.u32 [%0], %1;" ::"r"(mapTo(smem(&data),
               5 + (in[0] & 0))), "r"(1) : "memory");
}
