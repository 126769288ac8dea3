// Descriptors, fences and operand lists for the wgmma kernels.
#include "async.h"

__device__ __forceinline__ uint64_t descriptor(uint32_t address, uint32_t leading,
                                               uint32_t stride, uint64_t mode) {
  return mode << 62 | (uint64_t)(stride >> 4) << 32 |
         (uint64_t)(leading >> 4) << 16 | ((address >> 4) & 0x3fff);
}
/// Fills the 8 KB behind `at` with sane numbers: `keep` removes large exponents.
__device__ uint32_t fill(uint32_t *words, const uint32_t *in, uint32_t count,
                         uint32_t keep) {
  for (uint32_t i = threadIdx.x; i < count; i += 128)
    words[i] = in[(i * 5 + blockIdx.x * 77) % 8192] & keep;
  proxyFence();
  __syncthreads();
  return smem(words);
}
#define WAIT                                                                   \
  asm volatile("wgmma.commit_group.sync.aligned;\n"                            \
               "wgmma.wait_group.sync.aligned 0;" ::: "memory")
// The empty asm keeps the accumulators' initialisation before the fence.
__device__ __forceinline__ void keep(float &x) {
  asm volatile("" : "+f"(x)::"memory");
}
__device__ __forceinline__ void keep(uint32_t &x) {
  asm volatile("" : "+r"(x)::"memory");
}
#define FENCE                                                                  \
  for (auto &x : d)                                                            \
    keep(x);                                                                   \
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory")
#define ACC16(d)                                                               \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]),      \
      "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), "+f"(d[9]), "+f"(d[10]),             \
      "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15])
#define REG16                                                                  \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15}"
#define MMA32(types, d, a, b, scale, tail)                                     \
  asm volatile("{.reg .pred p; setp.ne.b32 p, %18, 0;\n"                       \
               "wgmma.mma_async.sync.aligned.m64n32" types " " REG16           \
               ", %16, %17, p, 1, 1" tail ";}"                                 \
               : ACC16(d) : "l"(a), "l"(b), "r"(scale))
#define RESULT                                                                 \
  for (int i = 0; i < 16; ++i)                                                 \
    out[blockIdx.x * 2048 + threadIdx.x * 16 + i] = __float_as_uint(d[i])
/// The empty asm keeps the reads behind the wait.
template <int N> __device__ uint32_t fold(float (&d)[N]) {
  for (float &x : d)
    keep(x);
  uint32_t sum = 0;
  for (int i = 0; i < N; ++i)
    sum = sum * 31 + __float_as_uint(d[i]);
  return sum;
}
