// Integer arithmetic: add to popc.
#include "Exec.h"

#include <limits>

using namespace dgemm::sim;
using ptx::Type;

namespace {
template <class T> using U = std::make_unsigned_t<T>;
template <class T>
using Wide = std::conditional_t<
    sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>,
    std::conditional_t<
        sizeof(T) == 4,
        std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
        std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>>>;

// Sums and products wrap: computed in a wide unsigned type.
#define BINARY(NAME, EXPR)                                                     \
  template <class T> struct NAME {                                             \
    static T run(T a, T b) { return (T)(EXPR); }                               \
    static Handler handler() { return binaryOp<T, T, T, NAME<T>>; }            \
  };
BINARY(Add, (uint64_t)a + (uint64_t)b)
BINARY(Sub, (uint64_t)a - (uint64_t)b)
BINARY(MulLo, (uint64_t)a *(uint64_t)b)
BINARY(Min, a < b ? a : b)
BINARY(Max, a > b ? a : b)
BINARY(MulHi, (Wide<T>)((Wide<T>)a * (Wide<T>)b) >> (sizeof(T) * 8))
#undef BINARY

template <class T> struct AddSat {
  static T run(T a, T b) {
    Wide<T> sum = (Wide<T>)a + b;
    if (sum > (Wide<T>)std::numeric_limits<T>::max())
      return std::numeric_limits<T>::max();
    if (sum < (Wide<T>)std::numeric_limits<T>::min())
      return std::numeric_limits<T>::min();
    return (T)sum;
  }
};
template <class T> struct Div { // by zero: all ones, as the hardware gives
  static T run(T a, T b) {
    if (b == 0)
      return (T) ~(T)0;
    if (std::is_signed_v<T> && b == (T)-1)
      return (T)(0 - (uint64_t)a);
    return (T)(a / b);
  }
  static Handler handler() { return binaryOp<T, T, T, Div<T>>; }
};
template <class T> struct Rem {
  static T run(T a, T b) {
    if (b == 0)
      return a;
    if (std::is_signed_v<T> && b == (T)-1)
      return 0;
    return (T)(a % b);
  }
  static Handler handler() { return binaryOp<T, T, T, Rem<T>>; }
};
template <class T> struct MulWide {
  static Wide<T> run(T a, T b) { return (Wide<T>)a * (Wide<T>)b; }
};
template <class T> struct MadLo {
  static T run(T a, T b, T c) {
    return (T)((uint64_t)a * (uint64_t)b + (uint64_t)c);
  }
  static Handler handler() { return ternaryOp<T, T, T, T, MadLo<T>>; }
};
template <class T> struct MadHi {
  static T run(T a, T b, T c) {
    return (T)((uint64_t)MulHi<T>::run(a, b) + (uint64_t)c);
  }
  static Handler handler() { return ternaryOp<T, T, T, T, MadHi<T>>; }
};
template <class T> struct MadWide {
  static Wide<T> run(T a, T b, Wide<T> c) {
    return (Wide<T>)((uint64_t)((Wide<T>)a * (Wide<T>)b) + (uint64_t)c);
  }
};
template <class T> struct Sad {
  static T run(T a, T b, T c) {
    return (T)((uint64_t)(a < b ? (U<T>)b - (U<T>)a : (U<T>)a - (U<T>)b) +
               (uint64_t)c);
  }
  static Handler handler() { return ternaryOp<T, T, T, T, Sad<T>>; }
};
template <class T> struct Neg {
  static T run(T a) { return (T)(0 - (uint64_t)a); }
  static Handler handler() { return unaryOp<T, T, Neg<T>>; }
};
template <class T> struct Abs {
  static T run(T a) { return a < 0 ? (T)(0 - (uint64_t)a) : a; }
  static Handler handler() { return unaryOp<T, T, Abs<T>>; }
};
template <class T> struct Popc {
  static uint32_t run(T a) { return __builtin_popcountll(a); }
};
template <class T> struct Clz {
  static uint32_t run(T a) {
    if (!a)
      return sizeof(T) * 8;
    return __builtin_clzll(a) - (64 - sizeof(T) * 8);
  }
};
template <class T> struct Brev {
  static T run(T a) {
    T result = 0;
    for (unsigned i = 0; i < sizeof(T) * 8; ++i)
      result |= ((a >> i) & 1) << (sizeof(T) * 8 - 1 - i);
    return result;
  }
};
template <class T, bool Shift> struct Bfind {
  static uint32_t run(T a) {
    U<T> bits = std::is_signed_v<T> && a < 0 ? (U<T>)~a : (U<T>)a;
    if (!bits)
      return ~0u;
    uint32_t top = 63 - __builtin_clzll(bits);
    return Shift ? sizeof(T) * 8 - 1 - top : top;
  }
};
template <class T> struct Bfe {
  static T run(T a, uint32_t pos, uint32_t len) {
    constexpr uint32_t bits = sizeof(T) * 8;
    pos &= 0xff;
    len &= 0xff;
    bool sign = std::is_signed_v<T> && len &&
                ((U<T>)a >> std::min(pos + len - 1, bits - 1) & 1);
    U<T> result = pos < bits ? (U<T>)a >> pos : 0;
    if (len == 0)
      return 0;
    uint32_t have = pos < bits ? std::min(len, bits - pos) : 0;
    if (have < bits) {
      U<T> keep = ((U<T>)1 << have) - 1;
      result = (result & keep) | (sign ? (U<T>)~keep : 0);
    }
    return (T)result;
  }
  static Handler handler() {
    return ternaryOp<T, T, uint32_t, uint32_t, Bfe<T>>;
  }
};

/// bfi d, a, b, pos, len: four sources.
template <class T>
Step bfi(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  T *d = lanes<T>(warp, r[0]);
  const T *a = lanes<T>(cluster, warp, r[1]),
          *b = lanes<T>(cluster, warp, r[2]);
  const uint32_t *pos = lanes<uint32_t>(cluster, warp, r[3]);
  const uint32_t *len = lanes<uint32_t>(cluster, warp, r[4]);
  forLanes(mask, [=](uint32_t l) {
    uint32_t p = pos[l] & 0xff, n = len[l] & 0xff;
    T field = p >= sizeof(T) * 8
                  ? 0
                  : (n >= sizeof(T) * 8 ? ~(T)0 : (((T)1 << n) - 1)) << p;
    d[l] = (b[l] & ~field) | ((p >= sizeof(T) * 8 ? 0 : a[l] << p) & field);
  });
  return Step::Next;
}

/// dp4a: d = c + four byte products; imm bit 0: a signed, bit 1: b signed.
Step dp4a(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t *d = lanes<uint32_t>(warp, r[0]);
  const uint32_t *a = lanes<uint32_t>(cluster, warp, r[1]);
  const uint32_t *b = lanes<uint32_t>(cluster, warp, r[2]);
  const uint32_t *c = lanes<uint32_t>(cluster, warp, r[3]);
  bool signedA = inst.flags & 1, signedB = inst.flags & 2;
  forLanes(mask, [=](uint32_t l) {
    uint32_t sum = c[l];
    for (int i = 0; i < 32; i += 8) {
      uint8_t x = a[l] >> i, y = b[l] >> i;
      int32_t p = signedA ? (int8_t)x : x, q = signedB ? (int8_t)y : y;
      sum += (uint32_t)(p * q);
    }
    d[l] = sum;
  });
  return Step::Next;
}

void operands(Decoder &d, unsigned result, std::initializer_list<unsigned> in) {
  d.expectOperands(in.size() + 1, in.size() + 1);
  d.dst((size_t)0, result);
  size_t i = 1;
  for (unsigned bits : in)
    d.src(i++, bits);
}

Handler wide(Decoder &d, Type type, bool mad) {
  switch (type) {
  case Type::U16:
    return mad ? ternaryOp<uint32_t, uint16_t, uint16_t, uint32_t,
                           MadWide<uint16_t>>
               : binaryOp<uint32_t, uint16_t, uint16_t, MulWide<uint16_t>>;
  case Type::S16:
    return mad ? ternaryOp<int32_t, int16_t, int16_t, int32_t, MadWide<int16_t>>
               : binaryOp<int32_t, int16_t, int16_t, MulWide<int16_t>>;
  case Type::U32:
    return mad ? ternaryOp<uint64_t, uint32_t, uint32_t, uint64_t,
                           MadWide<uint32_t>>
               : binaryOp<uint64_t, uint32_t, uint32_t, MulWide<uint32_t>>;
  case Type::S32:
    return mad ? ternaryOp<int64_t, int32_t, int32_t, int64_t, MadWide<int32_t>>
               : binaryOp<int64_t, int32_t, int32_t, MulWide<int32_t>>;
  default:
    d.fail("wide products are defined for 16 and 32 bits");
  }
}

bool decodeBits(Decoder &d, Type type, unsigned bits) {
  bool is64 = bits == 64;
  if (d.is("popc") || d.is("clz")) {
    operands(d, 32, {bits});
    bool popc = d.is("popc");
    d.out->run = is64 ? (popc ? unaryOp<uint32_t, uint64_t, Popc<uint64_t>>
                              : unaryOp<uint32_t, uint64_t, Clz<uint64_t>>)
                      : (popc ? unaryOp<uint32_t, uint32_t, Popc<uint32_t>>
                              : unaryOp<uint32_t, uint32_t, Clz<uint32_t>>);
  } else if (d.is("brev")) {
    operands(d, bits, {bits});
    d.out->run = is64 ? unaryOp<uint64_t, uint64_t, Brev<uint64_t>>
                      : unaryOp<uint32_t, uint32_t, Brev<uint32_t>>;
  } else if (d.is("bfind")) {
    operands(d, 32, {bits});
    bool shift = d.has("shiftamt"), sign = ptx::isSigned(type);
    if (is64)
      d.out->run =
          sign ? (shift ? unaryOp<uint32_t, int64_t, Bfind<int64_t, true>>
                        : unaryOp<uint32_t, int64_t, Bfind<int64_t, false>>)
               : (shift ? unaryOp<uint32_t, uint64_t, Bfind<uint64_t, true>>
                        : unaryOp<uint32_t, uint64_t, Bfind<uint64_t, false>>);
    else
      d.out->run =
          sign ? (shift ? unaryOp<uint32_t, int32_t, Bfind<int32_t, true>>
                        : unaryOp<uint32_t, int32_t, Bfind<int32_t, false>>)
               : (shift ? unaryOp<uint32_t, uint32_t, Bfind<uint32_t, true>>
                        : unaryOp<uint32_t, uint32_t, Bfind<uint32_t, false>>);
  } else if (d.is("bfe")) {
    operands(d, bits, {bits, 32, 32});
    d.out->run = byIntegerType<Bfe>(d, type);
  } else if (d.is("bfi")) {
    operands(d, bits, {bits, bits, 32, 32});
    d.out->run = is64 ? bfi<uint64_t> : bfi<uint32_t>;
  } else {
    return false;
  }
  if (bits < 32)
    d.fail("is not defined for this type");
  return true;
}
} // namespace

bool dgemm::sim::decodeInteger(Decoder &d) {
  static const char *const names[] = {
      "add", "sub", "mul",  "mad", "div",  "rem",   "min", "max", "neg",
      "abs", "sad", "popc", "clz", "brev", "bfind", "bfe", "bfi", "dp4a"};
  bool known = false;
  for (const char *name : names)
    known |= d.is(name);
  if (!known)
    return false;
  if (d.is("dp4a")) {
    operands(d, 32, {32, 32, 32});
    d.out->flags =
        (ptx::isSigned(d.type(1)) ? 1 : 0) | (ptx::isSigned(d.type(0)) ? 2 : 0);
    d.out->run = dp4a;
    return true;
  }
  Type type = d.type();
  if (ptx::isFloat(type))
    return false;
  unsigned bits = ptx::bitsOf(type);
  if (decodeBits(d, type, bits))
    return true;
  if (d.has("cc"))
    d.fail("carry flags are not supported");
  if (d.is("mul") || d.is("mad")) {
    bool mad = d.is("mad");
    unsigned result = d.has("wide") ? bits * 2 : bits;
    if (mad)
      operands(d, result, {bits, bits, result});
    else
      operands(d, result, {bits, bits});
    if (d.has("wide"))
      d.out->run = wide(d, type, mad);
    else if (d.has("hi"))
      d.out->run =
          mad ? byIntegerType<MadHi>(d, type) : byIntegerType<MulHi>(d, type);
    else if (d.has("lo"))
      d.out->run =
          mad ? byIntegerType<MadLo>(d, type) : byIntegerType<MulLo>(d, type);
    else
      d.fail("needs .lo, .hi or .wide");
    return true;
  }
  if (d.is("sad")) {
    operands(d, bits, {bits, bits, bits});
    d.out->run = byIntegerType<Sad>(d, type);
    return true;
  }
  if (d.is("neg") || d.is("abs")) {
    operands(d, bits, {bits});
    d.out->run =
        d.is("neg") ? byIntegerType<Neg>(d, type) : byIntegerType<Abs>(d, type);
    return true;
  }
  operands(d, bits, {bits, bits});
  if (d.has("sat")) {
    if (!d.is("add") || type != Type::S32)
      d.fail(".sat is defined for add.s32");
    d.out->run = binaryOp<int32_t, int32_t, int32_t, AddSat<int32_t>>;
    return true;
  }
  d.out->run = d.is("add")   ? byIntegerType<Add>(d, type)
               : d.is("sub") ? byIntegerType<Sub>(d, type)
               : d.is("div") ? byIntegerType<Div>(d, type)
               : d.is("rem") ? byIntegerType<Rem>(d, type)
               : d.is("min") ? byIntegerType<Min>(d, type)
                             : byIntegerType<Max>(d, type);
  return true;
}
