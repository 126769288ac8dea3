// Conversions between integers and the floating-point formats, and packed
// half-precision arithmetic.
#include <cstdint>

#define KERNEL(name)                                                           \
  extern "C" __global__ void __launch_bounds__(128)                            \
      name(const uint32_t *in, uint32_t *out)
#define PROLOGUE                                                               \
  uint32_t t = blockIdx.x * 128 + threadIdx.x;                                 \
  uint32_t a = in[t], b = in[t + 512], c = in[t + 1024];                       \
  uint32_t *o = out + t * 16;
#define FROM_F32(text, d, x)                                                   \
  asm("{.reg .f32 p; mov.b32 p, %1; " text " %0, p;}" : "=r"(d) : "r"(x))
#define TO_F32(text, d, x)                                                     \
  asm("{.reg .f32 p; " text " p, %1; mov.b32 %0, p;}" : "=r"(d) : "r"(x))

__device__ uint32_t around(uint32_t x, uint32_t low, uint32_t bits) {
  return (x & 0x807fffffu) | ((x >> 23 & bits) + low) << 23;
}

KERNEL(cvt_float_to_int) {
  PROLOGUE
  uint32_t x = c & 1 ? a : around(a, 120, 31);
  if ((x & 0x7f800000u) == 0x7f800000u && (x & 0x7fffffu))
    x = 0x7f800000u; // NaN gives 0 or not by architecture: left out
  FROM_F32("cvt.rni.s32.f32", o[0], x);
  FROM_F32("cvt.rzi.s32.f32", o[1], x);
  FROM_F32("cvt.rmi.s32.f32", o[2], x);
  FROM_F32("cvt.rpi.s32.f32", o[3], x);
  FROM_F32("cvt.rni.u32.f32", o[4], x);
  FROM_F32("cvt.rzi.u32.f32", o[5], x);
  uint64_t w;
  asm("{.reg .f32 p; mov.b32 p, %1; cvt.rzi.s64.f32 %0, p;}" : "=l"(w) : "r"(x));
  o[6] = (uint32_t)w, o[7] = (uint32_t)(w >> 32);
  asm("{.reg .f32 p, q; mov.b32 p, %1; cvt.rni.f32.f32 q, p; mov.b32 %0, q;}"
      : "=r"(o[8]) : "r"(x));
  asm("{.reg .f32 p, q; mov.b32 p, %1; cvt.rpi.f32.f32 q, p; mov.b32 %0, q;}"
      : "=r"(o[9]) : "r"(x));
  asm("{.reg .f32 p, q; mov.b32 p, %1; cvt.sat.f32.f32 q, p; mov.b32 %0, q;}"
      : "=r"(o[10]) : "r"(x));
}

KERNEL(cvt_int_to_float) {
  PROLOGUE
  TO_F32("cvt.rn.f32.s32", o[0], a);
  TO_F32("cvt.rz.f32.s32", o[1], a);
  TO_F32("cvt.rm.f32.u32", o[2], a);
  TO_F32("cvt.rp.f32.u32", o[3], a);
  uint64_t w = (uint64_t)a << 32 | b;
  asm("{.reg .f32 p; cvt.rn.f32.s64 p, %1; mov.b32 %0, p;}" : "=r"(o[4]) : "l"(w));
  asm("{.reg .f32 p; cvt.rz.f32.u64 p, %1; mov.b32 %0, p;}" : "=r"(o[5]) : "l"(w));
  uint16_t h;
  asm("cvt.rn.f16.s32 %0, %1;" : "=h"(h) : "r"((int)(a % 4000)));
  o[6] = h;
  asm("cvt.rn.bf16.s32 %0, %1;" : "=h"(h) : "r"(a));
  o[7] = h;
}

KERNEL(cvt_integers) {
  PROLOGUE
  uint64_t w;
  asm("cvt.s32.s8 %0, %1;" : "=r"(o[0]) : "r"(a));
  asm("cvt.u32.u8 %0, %1;" : "=r"(o[1]) : "r"(a));
  asm("cvt.s32.s16 %0, %1;" : "=r"(o[2]) : "h"((uint16_t)a));
  asm("cvt.u32.u16 %0, %1;" : "=r"(o[3]) : "h"((uint16_t)a));
  asm("cvt.s64.s32 %0, %1;" : "=l"(w) : "r"(a));
  o[4] = (uint32_t)(w >> 32);
  asm("cvt.u64.u32 %0, %1;" : "=l"(w) : "r"(a));
  o[5] = (uint32_t)(w >> 32);
  asm("cvt.sat.s8.s32 %0, %1;" : "=r"(o[6]) : "r"((int32_t)a >> 22));
  asm("cvt.sat.u8.s32 %0, %1;" : "=r"(o[7]) : "r"((int32_t)b >> 22));
  asm("cvt.sat.u16.u32 %0, %1;" : "=r"(o[8]) : "r"(c >> 14));
  asm("cvt.u32.u64 %0, %1;" : "=r"(o[9]) : "l"((uint64_t)a << 32 | b));
}

KERNEL(cvt_half) {
  PROLOGUE
  uint16_t h;
  uint32_t x = c & 1 ? a : around(a, 98, 47);
  asm("{.reg .f32 p; mov.b32 p, %1; cvt.rn.f16.f32 %0, p;}" : "=h"(h) : "r"(x));
  o[0] = h;
  asm("{.reg .f32 p; mov.b32 p, %1; cvt.rz.f16.f32 %0, p;}" : "=h"(h) : "r"(x));
  o[1] = h;
  asm("{.reg .f32 p; mov.b32 p, %1; cvt.rn.bf16.f32 %0, p;}" : "=h"(h) : "r"(x));
  o[2] = h;
  asm("{.reg .f32 p; mov.b32 p, %1; cvt.rz.bf16.f32 %0, p;}" : "=h"(h) : "r"(x));
  o[3] = h;
  asm("{.reg .f32 p, q; mov.b32 p, %1; mov.b32 q, %2; cvt.rn.bf16x2.f32 %0, p, q;}"
      : "=r"(o[4]) : "r"(x), "r"(b));
  asm("{.reg .f32 p, q; mov.b32 p, %1; mov.b32 q, %2; cvt.rn.f16x2.f32 %0, p, q;}"
      : "=r"(o[5]) : "r"(x), "r"(b));
  asm("{.reg .f32 p, q; mov.b32 p, %1; mov.b32 q, %2; cvt.rn.relu.bf16x2.f32 %0, p, q;}"
      : "=r"(o[6]) : "r"(x), "r"(b));
  asm("{.reg .f32 p; cvt.f32.f16 p, %1; mov.b32 %0, p;}" : "=r"(o[7])
      : "h"((uint16_t)(b & 0xfbff)));
  asm("{.reg .f32 p; cvt.f32.bf16 p, %1; mov.b32 %0, p;}" : "=r"(o[8])
      : "h"((uint16_t)b));
  asm("{.reg .f32 p; mov.b32 p, %1; cvt.rna.tf32.f32 %0, p;}" : "=r"(o[9])
      : "r"(around(a, 96, 63)));
}

KERNEL(cvt_fp8) {
  PROLOGUE
  uint16_t h;
  uint32_t x = c & 1 ? a : around(a, 112, 31), y = around(b, 112, 31);
  asm("{.reg .f32 p, q; mov.b32 p, %1; mov.b32 q, %2; cvt.rn.satfinite.e4m3x2.f32 %0, p, q;}"
      : "=h"(h) : "r"(x), "r"(y));
  o[0] = h;
  asm("{.reg .f32 p, q; mov.b32 p, %1; mov.b32 q, %2; cvt.rn.satfinite.e5m2x2.f32 %0, p, q;}"
      : "=h"(h) : "r"(x), "r"(y));
  o[1] = h;
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(o[2]) : "h"((uint16_t)a));
  asm("cvt.rn.f16x2.e5m2x2 %0, %1;" : "=r"(o[3]) : "h"((uint16_t)(a & 0x7b7b)));
  asm("cvt.rn.satfinite.e4m3x2.f16x2 %0, %1;" : "=h"(h) : "r"(b & 0xfbfffbff));
  o[4] = h;
  asm("cvt.rn.satfinite.e5m2x2.f16x2 %0, %1;" : "=h"(h) : "r"(b & 0xfbfffbff));
  o[5] = h;
}

#define H2(i, text) asm(text " %0, %1, %2;" : "=r"(o[i]) : "r"(x), "r"(y))
KERNEL(half_arithmetic) {
  PROLOGUE
  uint32_t x = a & 0xbbffbbff, y = b & 0xbbffbbff, z = c & 0xbbffbbff;
  H2(0, "add.rn.f16x2");
  H2(1, "sub.rn.f16x2");
  H2(2, "mul.rn.f16x2");
  asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(o[3]) : "r"(x), "r"(y), "r"(z));
  H2(4, "min.f16x2");
  H2(5, "max.f16x2");
  asm("neg.f16x2 %0, %1;" : "=r"(o[6]) : "r"(x));
  asm("abs.f16x2 %0, %1;" : "=r"(o[7]) : "r"(x));
  x = a & 0xbf7fbf7f, y = b & 0xbf7fbf7f, z = c & 0xbf7fbf7f;
  H2(8, "add.rn.bf16x2");
  H2(9, "mul.rn.bf16x2");
  asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(o[10]) : "r"(x), "r"(y), "r"(z));
  H2(11, "max.bf16x2");
  asm("fma.rn.relu.bf16x2 %0, %1, %2, %3;" : "=r"(o[12]) : "r"(x), "r"(y), "r"(z));
  asm("neg.bf16x2 %0, %1;" : "=r"(o[13]) : "r"(x));
}
