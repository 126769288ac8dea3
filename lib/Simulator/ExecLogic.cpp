// Bitwise logic and shifts: and to prmt.
#include "Exec.h"

using namespace dgemm::sim;
using ptx::Type;

namespace {
#define LOGIC(NAME, EXPR)                                                      \
  template <class T> struct NAME {                                             \
    static T run(T a, T b) { return (T)(EXPR); }                               \
    static Handler handler() { return binaryOp<T, T, T, NAME<T>>; }            \
  };
LOGIC(And, a &b)
LOGIC(Or, a | b)
LOGIC(Xor, a ^ b)
#undef LOGIC

template <class T> struct Not {
  static T run(T a) { return (T)~a; }
  static Handler handler() { return unaryOp<T, T, Not<T>>; }
};
template <class T> struct Cnot {
  static T run(T a) { return a == 0; }
  static Handler handler() { return unaryOp<T, T, Cnot<T>>; }
};
// Shift amounts are clamped to the width.
template <class T> struct Shl {
  static T run(T a, uint32_t n) {
    return n >= sizeof(T) * 8 ? 0 : (T)((uint64_t)a << n);
  }
  static Handler handler() { return binaryOp<T, T, uint32_t, Shl<T>>; }
};
template <class T> struct Shr {
  static T run(T a, uint32_t n) {
    if (n >= sizeof(T) * 8)
      return std::is_signed_v<T> && a < 0 ? (T)-1 : 0;
    return (T)(a >> n);
  }
  static Handler handler() { return binaryOp<T, T, uint32_t, Shr<T>>; }
};

template <bool Left, bool Wrap> struct Shf {
  static uint32_t run(uint32_t lo, uint32_t hi, uint32_t n) {
    n = Wrap ? n & 31 : std::min(n, 32u);
    uint64_t both = ((uint64_t)hi << 32) | lo;
    return Left ? (uint32_t)((both << n) >> 32) : (uint32_t)(both >> n);
  }
};

Step lop3(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t *d = lanes<uint32_t>(warp, r[0]);
  const uint32_t *a = lanes<uint32_t>(cluster, warp, r[1]);
  const uint32_t *b = lanes<uint32_t>(cluster, warp, r[2]);
  const uint32_t *c = lanes<uint32_t>(cluster, warp, r[3]);
  uint32_t table = inst.flags;
  forLanes(mask, [=](uint32_t l) {
    uint32_t result = 0;
    for (int i = 0; i < 8; ++i)
      if (table >> i & 1)
        result |= (i & 4 ? a[l] : ~a[l]) & (i & 2 ? b[l] : ~b[l]) &
                  (i & 1 ? c[l] : ~c[l]);
    d[l] = result;
  });
  return Step::Next;
}

Step prmt(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t *d = lanes<uint32_t>(warp, r[0]);
  const uint32_t *a = lanes<uint32_t>(cluster, warp, r[1]);
  const uint32_t *b = lanes<uint32_t>(cluster, warp, r[2]);
  const uint32_t *c = lanes<uint32_t>(cluster, warp, r[3]);
  forLanes(mask, [=](uint32_t l) {
    uint64_t bytes = ((uint64_t)b[l] << 32) | a[l];
    uint32_t result = 0;
    for (int i = 0; i < 4; ++i) {
      uint32_t pick = c[l] >> (4 * i);
      uint8_t byte = (uint8_t)(bytes >> (8 * (pick & 7)));
      if (pick & 8)
        byte = byte & 0x80 ? 0xff : 0;
      result |= (uint32_t)byte << (8 * i);
    }
    d[l] = result;
  });
  return Step::Next;
}

// Predicates are words of lane bits.
enum PredicateOp : uint32_t { PAnd, POr, PXor, PNot };
Step predicateLogic(Cluster &cluster, Warp &warp, const Inst &inst,
                    uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t a = predicate(cluster, warp, r[1]), result;
  switch (inst.flags) {
  case PAnd:
    result = a & predicate(cluster, warp, r[2]);
    break;
  case POr:
    result = a | predicate(cluster, warp, r[2]);
    break;
  case PXor:
    result = a ^ predicate(cluster, warp, r[2]);
    break;
  default:
    result = ~a;
    break;
  }
  setPredicate(warp, r[0], mask, result);
  return Step::Next;
}
} // namespace

bool dgemm::sim::decodeLogic(Decoder &d) {
  bool binary = d.is("and") || d.is("or") || d.is("xor");
  bool unary = d.is("not") || d.is("cnot");
  if (binary || unary) {
    Type type = d.type();
    unsigned bits = ptx::bitsOf(type);
    size_t sources = binary ? 2 : 1;
    d.expectOperands(sources + 1, sources + 1);
    d.dst((size_t)0, bits);
    for (size_t i = 1; i <= sources; ++i)
      d.src(i, bits);
    if (type == Type::Pred) {
      d.out->flags = d.is("and")   ? PAnd
                     : d.is("or")  ? POr
                     : d.is("xor") ? PXor
                                   : PNot;
      d.out->run = predicateLogic;
      return true;
    }
    d.out->run = d.is("and")   ? byIntegerType<And>(d, type)
                 : d.is("or")  ? byIntegerType<Or>(d, type)
                 : d.is("xor") ? byIntegerType<Xor>(d, type)
                 : d.is("not") ? byIntegerType<Not>(d, type)
                               : byIntegerType<Cnot>(d, type);
    return true;
  }
  if (d.is("shl") || d.is("shr")) {
    Type type = d.type();
    d.expectOperands(3, 3);
    d.dst((size_t)0, ptx::bitsOf(type));
    d.src(1, ptx::bitsOf(type));
    d.src(2, 32);
    d.out->run =
        d.is("shl") ? byIntegerType<Shl>(d, type) : byIntegerType<Shr>(d, type);
    return true;
  }
  if (d.is("shf") || d.is("prmt") || d.is("lop3")) {
    bool isLop = d.is("lop3");
    d.expectOperands(isLop ? 5 : 4, isLop ? 5 : 4);
    if (ptx::bitsOf(d.type()) != 32)
      d.fail("is defined for 32 bits");
    d.dst((size_t)0, 32);
    for (size_t i = 1; i <= 3; ++i)
      d.src(i, 32);
    if (isLop) {
      if (d.operand(4).kind != ptx::Operand::Integer)
        d.fail("the table is not an immediate");
      d.out->flags = (uint32_t)d.operand(4).bits & 0xff;
      d.out->run = lop3;
    } else if (d.is("prmt")) {
      if (d.in->parts.size() > 2)
        d.fail("prmt modes other than the default are not supported");
      d.out->run = prmt;
    } else {
      bool wrap = d.has("wrap");
      using U = uint32_t;
      d.out->run = d.has("l")
                       ? (wrap ? ternaryOp<U, U, U, U, Shf<true, true>>
                               : ternaryOp<U, U, U, U, Shf<true, false>>)
                       : (wrap ? ternaryOp<U, U, U, U, Shf<false, true>>
                               : ternaryOp<U, U, U, U, Shf<false, false>>);
    }
    return true;
  }
  return false;
}
