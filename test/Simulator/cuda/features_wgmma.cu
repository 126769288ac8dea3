// wgmma in its types, shapes, layouts and operand sources.
#include "wgmma.h"

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
