// Loads, stores and atomics in every state space.
#include <cstdint>

#define KERNEL(name)                                                           \
  extern "C" __global__ void __launch_bounds__(128)                            \
      name(const uint32_t *in, uint32_t *out)
#define PROLOGUE                                                               \
  uint32_t t = blockIdx.x * 128 + threadIdx.x;                                 \
  uint32_t a = in[t], b = in[t + 512];                                         \
  uint32_t *o = out + t * 16;

KERNEL(load_store_widths) {
  PROLOGUE
  const char *p = (const char *)(in + 16 * t % 2048);
  int x;
  asm("ld.global.s8 %0, [%1+3];" : "=r"(x) : "l"(p));
  o[0] = x;
  asm("ld.global.u8 %0, [%1+3];" : "=r"(x) : "l"(p));
  o[1] = x;
  asm("ld.global.s16 %0, [%1+6];" : "=r"(x) : "l"(p));
  o[2] = x;
  asm("ld.global.nc.u16 %0, [%1+6];" : "=r"(x) : "l"(p));
  o[3] = x;
  uint4 v = *(const uint4 *)(p + 16);
  uint2 w = *(const uint2 *)(p + 8);
  *(uint4 *)(o + 4) = make_uint4(v.w, v.z, v.y, v.x);
  *(uint2 *)(o + 8) = make_uint2(w.y, w.x);
  ((uint8_t *)(o + 10))[1] = (uint8_t)a;
  ((uint16_t *)(o + 11))[1] = (uint16_t)b;
  uint64_t d;
  asm("ld.global.L1::no_allocate.L2::128B.u64 %0, [%1+32];" : "=l"(d) : "l"(p));
  asm volatile("st.global.cs.u64 [%0], %1;" ::"l"(o + 12), "l"(d));
  asm volatile("st.global.relaxed.gpu.u32 [%0], %1;" ::"l"(o + 14), "r"(a));
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(x) : "l"(in + t));
  o[15] = x;
}

KERNEL(local_memory) {
  PROLOGUE
  uint32_t stack[32];
  for (int i = 0; i < 32; ++i)
    stack[i] = a * i + b;
  for (int i = 0; i < 8; ++i) {
    uint32_t j = (b >> (3 * i)) & 31;
    o[i] = stack[j];
    stack[(j + a) & 31] ^= i;
  }
}

__constant__ uint32_t table[8] = {3, 1, 4, 1, 5, 9, 2, 6};
__device__ uint32_t counters[4] = {100, 200, 300, 400};
KERNEL(module_variables) {
  PROLOGUE
  o[0] = table[a & 7];
  o[1] = counters[2];
  if (threadIdx.x == 0)
    atomicAdd(&counters[blockIdx.x], 5);
  o[2] = b;
}

KERNEL(shared_memory) {
  PROLOGUE
  __shared__ uint32_t matrix[32][33];
  __shared__ uint16_t halves[256];
  extern __shared__ uint4 dynamic[];
  for (int i = threadIdx.x / 32; i < 32; i += 4)
    matrix[i][threadIdx.x % 32] = in[i * 32 + threadIdx.x % 32];
  halves[threadIdx.x] = (uint16_t)a;
  halves[threadIdx.x + 128] = (uint16_t)b;
  dynamic[threadIdx.x] = make_uint4(a, b, a + b, a - b);
  __syncthreads();
  for (int i = 0; i < 4; ++i)
    o[i] = matrix[threadIdx.x % 32][threadIdx.x / 32 + 4 * i];
  o[4] = halves[a % 256];
  uint4 v = dynamic[b % 128];
  o[5] = v.x ^ v.z;
  uint32_t *generic = a & 1 ? &matrix[5][6] : o;
  o[6] = *generic;
  bool isShared;
  asm("{.reg .pred p; isspacep.shared p, %1; selp.u32 %0, 1, 0, p;}"
      : "=r"(o[7]) : "l"(generic));
  isShared = __isShared(generic);
  o[8] = isShared;
}

KERNEL(atomics_global) {
  PROLOGUE
  uint32_t *g = out + 4096 + 16 * (t % 8); // results do not depend on order
  atomicAdd(g, a);
  atomicMin(g + 1, a);
  atomicMax(g + 2, a);
  atomicMin((int *)g + 3, (int)a);
  atomicMax((int *)g + 4, (int)b);
  atomicAnd(g + 5, a | 0xffff);
  atomicOr(g + 6, a & 0xff00);
  atomicXor(g + 7, b);
  atomicInc(g + 8, 10);
  atomicAdd((unsigned long long *)(g + 10), (unsigned long long)a << 8);
  atomicAdd((float *)g + 12, (float)(a & 15));
  atomicDec(g + 13, 6);
  o[0] = a;
}

KERNEL(atomics_shared) {
  PROLOGUE
  __shared__ uint32_t s[16];
  if (threadIdx.x < 16)
    s[threadIdx.x] = threadIdx.x;
  __syncthreads();
  atomicAdd(&s[a % 8], 1);
  atomicMax(&s[8 + b % 4], a);
  if (atomicCAS(&s[12], 12, 99) == 12)
    atomicAdd(&s[14], 1000);
  atomicExch(&s[13], 77);
  atomicAdd((float *)&s[15], 2.0f);
  __syncthreads();
  if (threadIdx.x < 16)
    o[threadIdx.x % 16] = s[threadIdx.x];
}

KERNEL(reductions_vector) {
  PROLOGUE
  float *g = (float *)(out + 4096) + 4 * (t % 16);
  asm volatile("red.global.add.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(g),
               "f"((float)(a & 7)), "f"((float)(b & 7)), "f"(1.0f), "f"(-2.0f)
               : "memory");
  uint32_t ones = 0x3f803f80u; // bf16 1, 1: sums stay exact
  asm volatile("red.global.add.noftz.bf16x2 [%0], %1;" ::"l"(out + 4400),
               "r"(t < 100 ? ones : 0u) : "memory");
  asm volatile("red.global.add.noftz.f16x2 [%0], %1;" ::"l"(out + 4401),
               "r"(0x3c003c00u) : "memory");
  o[0] = a;
}
