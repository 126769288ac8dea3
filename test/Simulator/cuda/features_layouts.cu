// wgmma with operands along M and N, unaligned patterns, A in registers, signs
// and f16 accumulators.
#include "wgmma.h"

#define ACC32(d)                                                               \
  ACC16(d), "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]),   \
      "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), "+f"(d[25]),         \
      "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]),         \
      "+f"(d[31])
#define REG32                                                                  \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "    \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, "     \
  "%30, %31}"
#define ZERO                                                                   \
  for (auto &x : d)                                                            \
    x = 0;                                                                     \
  FENCE

// Both 16-bit operands transposed; each layout with strides of its own.
#define TRANSPOSED(name, type, mode, leadA, strideA, leadB, strideB, mask)     \
  KERNEL(name) {                                                               \
    extern __shared__ __align__(1024) uint32_t words[];                        \
    uint32_t a = fill(words, in, 8192, mask), b = a + 16384;                   \
    float d[32];                                                               \
    ZERO;                                                                      \
    asm volatile("{.reg .pred p; setp.ne.b32 p, %34, 0;\n"                     \
                 "wgmma.mma_async.sync.aligned.m64n64k16.f32." type            \
                 " " REG32 ", %32, %33, p, 1, 1, 1, 1;}" : ACC32(d)            \
                 : "l"(descriptor(a, leadA, strideA, mode)),                   \
                   "l"(descriptor(b, leadB, strideB, mode)), "r"(0));          \
    WAIT;                                                                      \
    for (int i = 0; i < 32; ++i)                                               \
      out[blockIdx.x * 4096 + threadIdx.x * 32 + i] = __float_as_uint(d[i]);   \
  }
TRANSPOSED(wgmma_mn_128, "f16.f16", 1, 4096, 1024, 2048, 3072, 0xb3ffb3ffu)
TRANSPOSED(wgmma_mn_64, "bf16.bf16", 2, 3072, 512, 1024, 2048, 0xbf7fbf7fu)
TRANSPOSED(wgmma_mn_32, "f16.f16", 3, 1280, 256, 512, 4096, 0xb3ffb3ffu)
TRANSPOSED(wgmma_mn_none, "bf16.bf16", 0, 2048, 256, 128, 512, 0xbf7fbf7fu)

// A pattern that does not begin at a multiple of 1024 bytes.
#define SHIFTED(name, base)                                                    \
  KERNEL(name) {                                                               \
    extern __shared__ __align__(1024) uint32_t words[];                        \
    uint32_t a = fill(words, in, 8192, 0xbfbfbfbfu), b = a + 16384;            \
    float d[16];                                                               \
    ZERO;                                                                      \
    MMA32("k32.f32.e4m3.e4m3", d,                                              \
          descriptor(a + 384, 16, 1024, 1) | (uint64_t)(base) << 49,           \
          descriptor(b, 16, 1024, 1), 0, "");                                  \
    WAIT;                                                                      \
    RESULT;                                                                    \
  }
SHIFTED(wgmma_unaligned, 0)
SHIFTED(wgmma_base_offset, 3)

// Both signs flipped, and one.
KERNEL(wgmma_signs) {
  extern __shared__ __align__(1024) uint32_t words[];
  uint32_t a = fill(words, in, 4096, 0xbfbfbfbfu), b = a + 8192;
  float d[16];
  for (int i = 0; i < 16; ++i)
    d[i] = 0.75f * i;
  FENCE;
  asm volatile("{.reg .pred p; setp.ne.b32 p, %18, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n32k32.f32.e4m3.e4m3 " REG16
               ", %16, %17, p, -1, 1;\n"
               "wgmma.mma_async.sync.aligned.m64n32k32.f32.e4m3.e4m3 " REG16
               ", %17, %16, p, 1, -1;\n"
               "wgmma.mma_async.sync.aligned.m64n32k32.f32.e4m3.e4m3 " REG16
               ", %16, %16, p, -1, -1;}" : ACC16(d)
               : "l"(descriptor(a, 16, 1024, 1)),
                 "l"(descriptor(b, 16, 1024, 1)), "r"(1));
  WAIT;
  RESULT;
}

#define REGISTERS(name, types, mask, tail)                                     \
  KERNEL(name) {                                                               \
    extern __shared__ __align__(1024) uint32_t words[];                        \
    uint32_t b = fill(words, in, 2048, mask), a[4];                            \
    for (int i = 0; i < 4; ++i)                                                \
      a[i] = in[threadIdx.x * 4 + i] & mask;                                   \
    float d[16];                                                               \
    ZERO;                                                                      \
    asm volatile("{.reg .pred p; setp.ne.b32 p, %21, 0;\n"                     \
                 "wgmma.mma_async.sync.aligned.m64n32" types " " REG16         \
                 ", {%16, %17, %18, %19}, %20, p, 1, 1" tail ";}" : ACC16(d)   \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]),                 \
                   "l"(descriptor(b, 1024, 1024, 2)), "r"(0));                 \
    WAIT;                                                                      \
    RESULT;                                                                    \
  }
REGISTERS(wgmma_registers_e5m2, "k32.f32.e5m2.e4m3", 0xb7b7b7b7u, "")
REGISTERS(wgmma_registers_f16, "k16.f32.f16.f16", 0xb3ffb3ffu, ", 1")
REGISTERS(wgmma_registers_bf16, "k16.f32.bf16.bf16", 0xbf7fbf7fu, ", 0")

#define HALVES(name, types, mask, tail)                                        \
  KERNEL(name) {                                                               \
    extern __shared__ __align__(1024) uint32_t words[];                        \
    uint32_t a = fill(words, in, 4096, mask), b = a + 8192, d[8];              \
    for (int i = 0; i < 8; ++i)                                                \
      d[i] = in[i * 128 + threadIdx.x] & 0xb3ffb3ffu;                          \
    FENCE;                                                                     \
    asm volatile("{.reg .pred p; setp.ne.b32 p, %10, 0;\n"                     \
                 "wgmma.mma_async.sync.aligned.m64n32" types                   \
                 " {%0, %1, %2, %3, %4, %5, %6, %7}, %8, %9, p, 1, 1" tail     \
                 ";}" : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3]),        \
                 "+r"(d[4]), "+r"(d[5]), "+r"(d[6]), "+r"(d[7])                \
                 : "l"(descriptor(a, 16, 1024, 1)),                            \
                   "l"(descriptor(b, 16, 1024, 1)), "r"(1 + (int)blockIdx.x)); \
    WAIT;                                                                      \
    for (int i = 0; i < 8; ++i)                                                \
      out[blockIdx.x * 1024 + threadIdx.x * 8 + i] = d[i];                     \
  }
HALVES(wgmma_f16_of_e4m3, "k32.f16.e4m3.e4m3", 0xbfbfbfbfu, "")
HALVES(wgmma_f16_of_e5m2, "k32.f16.e5m2.e4m3", 0xb7b7b7b7u, "")
HALVES(wgmma_f16_of_f16, "k16.f16.f16.f16", 0xb3ffb3ffu, ", 0, 0")
