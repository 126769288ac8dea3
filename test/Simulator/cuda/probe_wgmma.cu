// One wgmma step per block on given A, B and C: the probe of the arithmetic.
#include "async.h"

#define PROBE(name, types, tail)                                               \
  extern "C" __global__ void __launch_bounds__(128)                            \
      name(const uint4 *a, const uint4 *b, const float *c, float *d) {         \
    __shared__ __align__(128) uint4 tileA[128], tileB[128];                    \
    uint32_t t = threadIdx.x;                                                  \
    /* 64 rows of 32 bytes; core matrices of 8 rows by 16 bytes */             \
    uint32_t to = t / 16 * 16 + t % 2 * 8 + t / 2 % 8;                         \
    tileA[to] = a[blockIdx.x * 128 + t];                                       \
    tileB[to] = b[blockIdx.x * 128 + t];                                       \
    float r[32];                                                               \
    uint32_t row = t / 32 * 16 + t % 32 / 4;                                   \
    for (int i = 0; i < 32; ++i) {                                             \
      r[i] = c[blockIdx.x * 4096 + (row + (i & 2) * 4) * 64 + i / 4 * 8 +      \
               t % 4 * 2 + (i & 1)];                                           \
      asm volatile("" : "+f"(r[i])::"memory");                                 \
    }                                                                          \
    proxyFence();                                                              \
    __syncthreads();                                                           \
    uint64_t layout = (uint64_t)(256 >> 4) << 32 | (uint64_t)(128 >> 4) << 16; \
    uint64_t da = layout | smem(tileA) >> 4, db = layout | smem(tileB) >> 4;   \
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");                    \
    asm volatile(                                                              \
        "wgmma.mma_async.sync.aligned.m64n64" types                            \
        " {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, "  \
        "%15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, "    \
        "%28, %29, %30, %31}, %32, %33, 1, 1, 1" tail ";"                      \
        : "+f"(r[0]), "+f"(r[1]), "+f"(r[2]), "+f"(r[3]), "+f"(r[4]),          \
          "+f"(r[5]), "+f"(r[6]), "+f"(r[7]), "+f"(r[8]), "+f"(r[9]),          \
          "+f"(r[10]), "+f"(r[11]), "+f"(r[12]), "+f"(r[13]), "+f"(r[14]),     \
          "+f"(r[15]), "+f"(r[16]), "+f"(r[17]), "+f"(r[18]), "+f"(r[19]),     \
          "+f"(r[20]), "+f"(r[21]), "+f"(r[22]), "+f"(r[23]), "+f"(r[24]),     \
          "+f"(r[25]), "+f"(r[26]), "+f"(r[27]), "+f"(r[28]), "+f"(r[29]),     \
          "+f"(r[30]), "+f"(r[31])                                             \
        : "l"(da), "l"(db));                                                   \
    asm volatile("wgmma.commit_group.sync.aligned;\n"                          \
                 "wgmma.wait_group.sync.aligned 0;" ::: "memory");             \
    for (int i = 0; i < 32; ++i) {                                             \
      asm volatile("" : "+f"(r[i])::"memory");                                 \
      d[blockIdx.x * 4096 + (row + (i & 2) * 4) * 64 + i / 4 * 8 +             \
        t % 4 * 2 + (i & 1)] = r[i];                                           \
    }                                                                          \
  }
// The same with f16 accumulators: C is rounded to f16 first.
#define PROBE16(name, types, tail)                                             \
  extern "C" __global__ void __launch_bounds__(128)                            \
      name(const uint4 *a, const uint4 *b, const float *c, float *d) {         \
    __shared__ __align__(128) uint4 tileA[128], tileB[128];                    \
    uint32_t t = threadIdx.x;                                                  \
    uint32_t to = t / 16 * 16 + t % 2 * 8 + t / 2 % 8;                         \
    tileA[to] = a[blockIdx.x * 128 + t];                                       \
    tileB[to] = b[blockIdx.x * 128 + t];                                       \
    uint32_t r[16], row = t / 32 * 16 + t % 32 / 4;                            \
    for (int i = 0; i < 16; ++i) {                                             \
      const float *from = c + blockIdx.x * 4096 + (row + (i & 1) * 8) * 64 +   \
                          i / 2 * 8 + t % 4 * 2;                               \
      asm volatile("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r[i])                 \
                   : "f"(from[1]), "f"(from[0]) : "memory");                   \
    }                                                                          \
    proxyFence();                                                              \
    __syncthreads();                                                           \
    uint64_t layout = (uint64_t)(256 >> 4) << 32 | (uint64_t)(128 >> 4) << 16; \
    uint64_t da = layout | smem(tileA) >> 4, db = layout | smem(tileB) >> 4;   \
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");                    \
    asm volatile(                                                              \
        "wgmma.mma_async.sync.aligned.m64n64" types                            \
        " {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, "  \
        "%15}, %16, %17, 1, 1, 1" tail ";"                                     \
        : "+r"(r[0]), "+r"(r[1]), "+r"(r[2]), "+r"(r[3]), "+r"(r[4]),          \
          "+r"(r[5]), "+r"(r[6]), "+r"(r[7]), "+r"(r[8]), "+r"(r[9]),          \
          "+r"(r[10]), "+r"(r[11]), "+r"(r[12]), "+r"(r[13]), "+r"(r[14]),     \
          "+r"(r[15])                                                          \
        : "l"(da), "l"(db));                                                   \
    asm volatile("wgmma.commit_group.sync.aligned;\n"                          \
                 "wgmma.wait_group.sync.aligned 0;" ::: "memory");             \
    for (int i = 0; i < 16; ++i) {                                             \
      asm volatile("" : "+r"(r[i])::"memory");                                 \
      float *at = d + blockIdx.x * 4096 + (row + (i & 1) * 8) * 64 +           \
                  i / 2 * 8 + t % 4 * 2;                                       \
      for (int h = 0; h < 2; ++h) /* the bits, so that NaNs are kept */        \
        at[h] = __uint_as_float(r[i] >> 16 * h & 0xffff);                      \
    }                                                                          \
  }
PROBE(probe_e4m3_e4m3, "k32.f32.e4m3.e4m3", "")
PROBE(probe_e5m2_e5m2, "k32.f32.e5m2.e5m2", "")
PROBE(probe_e4m3_e5m2, "k32.f32.e4m3.e5m2", "")
PROBE(probe_e5m2_e4m3, "k32.f32.e5m2.e4m3", "")
PROBE(probe_bf16_bf16, "k16.f32.bf16.bf16", ", 0, 0")
PROBE(probe_f16_f16, "k16.f32.f16.f16", ", 0, 0")
PROBE16(probe_f16_of_e4m3, "k32.f16.e4m3.e4m3", "")
PROBE16(probe_f16_of_e5m2, "k32.f16.e5m2.e5m2", "")
PROBE16(probe_f16_of_mixed, "k32.f16.e4m3.e5m2", "")
PROBE16(probe_f16_of_f16, "k16.f16.f16.f16", ", 0, 0")
