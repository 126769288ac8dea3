// wgmma in its types, shapes, layouts and operand sources.
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
#define CHAIN(name, types, keep, tail)                                         \
  KERNEL(name) {                                                               \
    extern __shared__ __align__(1024) uint32_t words[];                        \
    uint32_t a = fill(words, in, 3072, keep), b = a + 8192;                    \
    float d[16];                                                               \
    for (int i = 0; i < 16; ++i)                                               \
      d[i] = 1.5f * i;                                                         \
    FENCE;                                                                     \
    for (int k = 0; k < 4; ++k)                                                \
      MMA32(types, d, descriptor(a + 32 * k, 16, 1024, 1),                     \
            descriptor(b + 32 * k, 16, 1024, 1), k + (int)blockIdx.x, tail);     \
    WAIT;                                                                      \
    RESULT;                                                                    \
  }
#define FP8(name, types, keep) CHAIN(name, types, keep, "")
#define HALF(name, types, keep) CHAIN(name, types, keep, ", 0, 0")
FP8(wgmma_e4m3, "k32.f32.e4m3.e4m3", 0xbfbfbfbfu)
FP8(wgmma_e4m3_any, "k32.f32.e4m3.e4m3", 0xfeffffffu)
FP8(wgmma_e5m2, "k32.f32.e5m2.e5m2", 0xb7b7b7b7u)
FP8(wgmma_mixed, "k32.f32.e4m3.e5m2", 0xb7b7b7b7u)
HALF(wgmma_bf16, "k16.f32.bf16.bf16", 0xbf7fbf7fu)
HALF(wgmma_f16, "k16.f32.f16.f16", 0xb3ffb3ffu)

// 16-bit operands along M and N (transposed), 128-byte swizzle.
KERNEL(wgmma_transposed) {
  extern __shared__ __align__(1024) uint32_t words[];
  uint32_t a = fill(words, in, 4096, 0xb3ffb3ffu), b = a + 8192;
  float d[16];
  for (int i = 0; i < 16; ++i)
    d[i] = 0;
  FENCE;
  asm volatile("{.reg .pred p; setp.ne.b32 p, %18, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n32k16.f32.f16.f16 " REG16
               ", %16, %17, p, 1, -1, 1, 1;}" : ACC16(d)
               : "l"(descriptor(a, 4096, 1024, 1)),
                 "l"(descriptor(b, 4096, 512, 2)), "r"(0));
  WAIT;
  RESULT;
}
// No swizzle, and 64- and 32-byte swizzles along K.
#define LAYOUT(name, leadA, strideA, leadB, strideB, mode)                     \
  KERNEL(name) {                                                               \
    extern __shared__ __align__(1024) uint32_t words[];                        \
    uint32_t a = fill(words, in, 4096, 0xbfbfbfbfu), b = a + 8192;             \
    float d[16];                                                               \
    for (int i = 0; i < 16; ++i)                                               \
      d[i] = 0;                                                                \
    FENCE;                                                                     \
    MMA32("k32.f32.e4m3.e4m3", d, descriptor(a, leadA, strideA, mode),         \
          descriptor(b, leadB, strideB, mode), 0, "");                         \
    WAIT;                                                                      \
    RESULT;                                                                    \
  }
LAYOUT(wgmma_no_swizzle, 128, 256, 512, 128, 0)
LAYOUT(wgmma_swizzle64, 16, 512, 16, 512, 2)
LAYOUT(wgmma_swizzle32, 16, 256, 16, 256, 3)

KERNEL(wgmma_a_in_registers) {
  extern __shared__ __align__(1024) uint32_t words[];
  uint32_t b = fill(words, in, 1024, 0xbfbfbfbfu);
  uint32_t a[4];
  for (int i = 0; i < 4; ++i)
    a[i] = in[threadIdx.x * 4 + i] & 0xbfbfbfbfu;
  float d[16];
  for (int i = 0; i < 16; ++i)
    d[i] = 0;
  FENCE;
  asm volatile("{.reg .pred p; setp.ne.b32 p, %21, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n32k32.f32.e4m3.e4m3 " REG16
               ", {%16, %17, %18, %19}, %20, p, 1, 1;}" : ACC16(d)
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]),
                 "l"(descriptor(b, 16, 1024, 1)), "r"(0));
  WAIT;
  RESULT;
}
KERNEL(wgmma_f16_accumulator) {
  extern __shared__ __align__(1024) uint32_t words[];
  uint32_t a = fill(words, in, 3072, 0xb3ffb3ffu), b = a + 8192, d[2] = {0, 0};
  FENCE;
  asm volatile("{.reg .pred p; setp.ne.b32 p, %4, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n8k16.f16.f16.f16 {%0, %1}, "
               "%2, %3, p, 1, 1, 0, 0;}" : "+r"(d[0]), "+r"(d[1])
               : "l"(descriptor(a, 16, 1024, 1)),
                 "l"(descriptor(b, 16, 1024, 1)), "r"(0));
  WAIT;
  out[blockIdx.x * 2048 + threadIdx.x * 2] = d[0];
  out[blockIdx.x * 2048 + threadIdx.x * 2 + 1] = d[1];
}
