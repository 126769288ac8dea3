// Integer and floating-point instructions, one kernel per family. Every
// kernel reads words of `in` and writes words of `out`.
#include <cstdint>

#define KERNEL(name)                                                           \
  extern "C" __global__ void __launch_bounds__(128)                            \
      name(const uint32_t *in, uint32_t *out)
#define PROLOGUE                                                               \
  uint32_t t = blockIdx.x * 128 + threadIdx.x;                                 \
  uint32_t a = in[t], b = in[t + 512], c = in[t + 1024];                       \
  uint32_t *o = out + t * 16;
#define OP1(text, d, x) asm(text " %0, %1;" : "=r"(d) : "r"(x))
#define OP2(text, d, x, y) asm(text " %0, %1, %2;" : "=r"(d) : "r"(x), "r"(y))
#define OP3(text, d, x, y, z)                                                  \
  asm(text " %0, %1, %2, %3;" : "=r"(d) : "r"(x), "r"(y), "r"(z))
#define F1(text, d, x)                                                         \
  asm("{.reg .f32 r, p; mov.b32 p, %1; " text " r, p; mov.b32 %0, r;}"         \
      : "=r"(d) : "r"(x))
#define F2(text, d, x, y)                                                      \
  asm("{.reg .f32 r, p, q; mov.b32 p, %1; mov.b32 q, %2; " text                \
      " r, p, q; mov.b32 %0, r;}" : "=r"(d) : "r"(x), "r"(y))
#define F3(text, d, x, y, z)                                                   \
  asm("{.reg .f32 r, p, q, s; mov.b32 p, %1; mov.b32 q, %2; mov.b32 s, %3; "   \
      text " r, p, q, s; mov.b32 %0, r;}" : "=r"(d) : "r"(x), "r"(y), "r"(z))

KERNEL(int_arithmetic) {
  PROLOGUE
  uint32_t n = b % 1000 + 1;
  OP2("add.u32", o[0], a, b);
  OP2("sub.s32", o[1], a, b);
  OP2("mul.lo.s32", o[2], a, b);
  OP3("mad.lo.u32", o[3], a, b, c);
  OP2("div.s32", o[4], a, n);
  OP2("rem.s32", o[5], a, n);
  OP2("div.u32", o[6], a, n);
  OP2("rem.u32", o[7], a, n);
  OP2("min.s32", o[8], a, b);
  OP2("max.u32", o[9], a, b);
  OP1("neg.s32", o[10], a);
  OP1("abs.s32", o[11], a);
  OP3("sad.s32", o[12], a, b, c);
  OP3("sad.u32", o[13], a, b, c);
  OP2("add.sat.s32", o[14], a, b);
  OP3("mad.hi.s32", o[15], a, b, c);
}

KERNEL(int_wide) {
  PROLOGUE
  uint64_t w = (uint64_t)a << 32 | b, v = (uint64_t)c << 32 | a, r;
  OP2("mul.hi.s32", o[0], a, b);
  OP2("mul.hi.u32", o[1], a, b);
  asm("mul.wide.s32 %0, %1, %2;" : "=l"(r) : "r"(a), "r"(b));
  o[2] = (uint32_t)r, o[3] = (uint32_t)(r >> 32);
  asm("mad.wide.u32 %0, %1, %2, %3;" : "=l"(r) : "r"(a), "r"(b), "l"(v));
  o[4] = (uint32_t)r, o[5] = (uint32_t)(r >> 32);
  asm("mul.hi.s64 %0, %1, %2;" : "=l"(r) : "l"(w), "l"(v));
  o[6] = (uint32_t)r, o[7] = (uint32_t)(r >> 32);
  asm("mul.lo.u64 %0, %1, %2;" : "=l"(r) : "l"(w), "l"(v));
  o[8] = (uint32_t)r, o[9] = (uint32_t)(r >> 32);
  asm("div.s64 %0, %1, %2;" : "=l"(r) : "l"(w), "l"((v >> 40) + 3));
  o[10] = (uint32_t)r, o[11] = (uint32_t)(r >> 32);
  asm("rem.u64 %0, %1, %2;" : "=l"(r) : "l"(w), "l"((v >> 30) + 7));
  o[12] = (uint32_t)r, o[13] = (uint32_t)(r >> 32);
  asm("max.s64 %0, %1, %2;" : "=l"(r) : "l"(w), "l"(v));
  o[14] = (uint32_t)r, o[15] = (uint32_t)(r >> 32);
}

KERNEL(int_bits) {
  PROLOGUE
  uint64_t w = (uint64_t)a << 32 | b;
  OP1("popc.b32", o[0], a);
  OP1("clz.b32", o[1], a >> (b & 31));
  OP1("brev.b32", o[2], a);
  OP1("bfind.u32", o[3], a >> (b & 31));
  OP1("bfind.s32", o[4], (int32_t)a >> (b & 31));
  OP1("bfind.shiftamt.u32", o[5], a >> (c & 31));
  OP3("bfe.u32", o[6], a, b & 63, c & 63);
  OP3("bfe.s32", o[7], a, b & 63, c & 63);
  asm("bfi.b32 %0, %1, %2, %3, %4;" : "=r"(o[8]) : "r"(a), "r"(b), "r"(c & 63),
      "r"(a & 63));
  asm("popc.b64 %0, %1;" : "=r"(o[9]) : "l"(w));
  asm("clz.b64 %0, %1;" : "=r"(o[10]) : "l"(w >> (c & 63)));
  OP3("dp4a.s32.s32", o[11], a, b, c);
  OP3("dp4a.u32.s32", o[12], a, b, c);
  OP3("prmt.b32", o[13], a, b, c);
  asm("lop3.b32 %0, %1, %2, %3, 0x9a;" : "=r"(o[14]) : "r"(a), "r"(b), "r"(c));
  OP1("cnot.b32", o[15], a & (b & 1));
}

KERNEL(int_shifts) {
  PROLOGUE
  uint32_t n = c % 70;
  OP2("shl.b32", o[0], a, n);
  OP2("shr.u32", o[1], a, n);
  OP2("shr.s32", o[2], a, n);
  OP3("shf.l.wrap.b32", o[3], a, b, n);
  OP3("shf.r.wrap.b32", o[4], a, b, n);
  OP3("shf.l.clamp.b32", o[5], a, b, n);
  OP3("shf.r.clamp.b32", o[6], a, b, n);
  uint64_t w = (uint64_t)a << 32 | b, r;
  asm("shl.b64 %0, %1, %2;" : "=l"(r) : "l"(w), "r"(n));
  o[7] = (uint32_t)r, o[8] = (uint32_t)(r >> 32);
  asm("shr.s64 %0, %1, %2;" : "=l"(r) : "l"(w), "r"(n));
  o[9] = (uint32_t)r, o[10] = (uint32_t)(r >> 32);
  uint16_t h;
  asm("shr.s16 %0, %1, %2;" : "=h"(h) : "h"((uint16_t)a), "r"(n));
  o[11] = h;
  asm("mul.lo.u16 %0, %1, %2;" : "=h"(h) : "h"((uint16_t)a), "h"((uint16_t)b));
  o[12] = h;
  OP2("and.b32", o[13], a, b);
  OP2("or.b32", o[14], a, b);
  OP2("xor.b32", o[15], a, b);
}

#define SET(i, cmp, type)                                                      \
  asm("{.reg .pred p; setp." cmp "." type                                      \
      " p, %1, %2; selp.u32 %0, 1, 0, p;}" : "=r"(o[i]) : "r"(x), "r"(y))
KERNEL(compare_integers) {
  PROLOGUE
  uint32_t x = c & 1 ? a : b & 3, y = c & 2 ? b : a & 3;
  SET(0, "eq", "s32");
  SET(1, "ne", "u32");
  SET(2, "lt", "s32");
  SET(3, "lt", "u32");
  SET(4, "le", "s32");
  SET(5, "hs", "u32");
  SET(6, "gt", "s32");
  asm("{.reg .pred p, q, r; setp.lt.u32 r, %1, 9; setp.ge.and.s32 p|q, %2, %3, "
      "!r; selp.u32 %0, 5, 9, q;}" : "=r"(o[7]) : "r"(c & 15), "r"(x), "r"(y));
  asm("set.lt.u32.s32 %0, %1, %2;" : "=r"(o[8]) : "r"(x), "r"(y));
  asm("slct.b32.s32 %0, %1, %2, %3;" : "=r"(o[9]) : "r"(x), "r"(y), "r"(c));
  asm("{.reg .pred p, q; setp.ne.b32 p, %1, 0; setp.ne.b32 q, %2, 0; xor.pred "
      "p, p, q; and.pred q, p, q; or.pred p, p, q; not.pred p, p; selp.u32 %0, "
      "1, 2, p;}" : "=r"(o[10]) : "r"(c & 1), "r"(c & 2));
}

#define FSET(i, cmp)                                                           \
  asm("{.reg .pred p; .reg .f32 x, y; mov.b32 x, %1; mov.b32 y, %2; setp." cmp \
      ".f32 p, x, y; selp.u32 %0, 1, 0, p;}" : "=r"(o[i]) : "r"(x), "r"(y))
KERNEL(compare_floats) {
  PROLOGUE
  uint32_t x = c & 1 ? a : b, y = c & 2 ? b : a;
  if ((c & 0xf0) == 0)
    x = 0x7fc00000u;
  if ((c & 0xf00) == 0)
    y = x ^ 0x80000000u;
  FSET(0, "eq");
  FSET(1, "ne");
  FSET(2, "lt");
  FSET(3, "le");
  FSET(4, "gt");
  FSET(5, "ge");
  FSET(6, "equ");
  FSET(7, "neu");
  FSET(8, "ltu");
  FSET(9, "geu");
  FSET(10, "num");
  FSET(11, "nan");
}

// Floats of moderate size, so that rounding is seen.
__device__ uint32_t moderate(uint32_t x) {
  return (x & 0x807fffffu) | ((x >> 23 & 63) + 96) << 23;
}

KERNEL(f32_rounding) {
  PROLOGUE
  a = moderate(a), b = moderate(b), c = moderate(c);
  F2("add.rn.f32", o[0], a, b);
  F2("add.rz.f32", o[1], a, b);
  F2("add.rm.f32", o[2], a, b);
  F2("add.rp.f32", o[3], a, b);
  F2("mul.rn.f32", o[4], a, b);
  F2("mul.rz.f32", o[5], a, b);
  F2("sub.rn.f32", o[6], a, b);
  F3("fma.rn.f32", o[7], a, b, c);
  F3("fma.rz.f32", o[8], a, b, c);
  F3("fma.rm.f32", o[9], a, b, c);
  F3("fma.rp.f32", o[10], a, b, c);
  F2("div.rn.f32", o[11], a, b);
  F1("rcp.rn.f32", o[12], a);
  F1("sqrt.rn.f32", o[13], a & 0x7fffffffu);
  F2("mul.rn.sat.f32", o[14], a, b);
  F2("div.rz.f32", o[15], a, b);
}

KERNEL(f32_special) { // every bit pattern: NaN, infinity, denormals
  PROLOGUE
  F2("add.f32", o[0], a, b);
  F2("mul.f32", o[1], a, b);
  F3("fma.rn.f32", o[2], a, b, c);
  F2("min.f32", o[3], a, b);
  F2("max.f32", o[4], a, b);
  F2("min.NaN.f32", o[5], a, b);
  F1("neg.f32", o[6], a & 0x7f7fffffu);
  F1("abs.f32", o[7], a & 0xff7fffffu);
  F2("add.ftz.f32", o[8], a & 0x80ffffffu, b & 0x80ffffffu);
  F2("mul.ftz.f32", o[9], a & 0x9fffffffu, b & 0x9fffffffu);
  F1("sqrt.rn.f32", o[10], a);
  F2("div.rn.f32", o[11], a & 0xbfffffffu, b & 0x80000000u);
  F3("fma.rn.sat.f32", o[12], a, b, c);
  F2("max.f32", o[13], 0x80000000u, b & 0x80000000u);
  F2("copysign.f32", o[14], a & 0xff7fffffu, b & 0xff7fffffu);
}

KERNEL(f64_arithmetic) {
  PROLOGUE
  double x = __longlong_as_double((long long)((uint64_t)(moderate(a) & 0x9fffffff) << 32 | b));
  double y = __longlong_as_double((long long)((uint64_t)(moderate(b) & 0x9fffffff) << 32 | c));
  double r[6];
  r[0] = x + y;
  r[1] = __dmul_rz(x, y);
  r[2] = __fma_rn(x, y, x);
  r[3] = __ddiv_rn(x, y);
  r[4] = sqrt(fabs(x));
  r[5] = fmax(x, y);
  for (int i = 0; i < 6; ++i) {
    o[2 * i] = (uint32_t)__double_as_longlong(r[i]);
    o[2 * i + 1] = (uint32_t)(__double_as_longlong(r[i]) >> 32);
  }
  o[12] = __float_as_uint((float)x);
  o[13] = __float_as_uint(__double2float_rz(y));
}
