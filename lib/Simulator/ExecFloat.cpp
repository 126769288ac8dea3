// Floating-point arithmetic in f32 and f64.
#include "Exec.h"
#include "NumberFormats.h"

#include <cfenv>
#include <cmath>

using namespace dgemm::sim;
using ptx::Type;

namespace {
// inst.flags
enum : uint32_t {
  ModeMask = 3, // 0 rn, 1 rz, 2 rm, 3 rp
  Ftz = 4,
  Sat = 8,
  NanPropagate = 16
};

template <class T> T flush(T v, uint32_t flags) {
  if constexpr (std::is_same_v<T, float>)
    if ((flags & Ftz) && std::fpclassify(v) == FP_SUBNORMAL)
      return std::copysign(0.0f, v);
  return v;
}
template <class T> T finish(T v, uint32_t flags) {
  v = flush(v, flags);
  if (flags & Sat)
    v = v > 0 ? (v < 1 ? v : (T)1) : (T)0; // NaN becomes 0
  if constexpr (std::is_same_v<T, float>) {
    if (v != v)
      return asFloat(0x7fffffffu); // the GPU's canonical NaN
  }
  return v;
}

/// Sets the rounding mode for the life of the object.
struct RoundingScope {
  explicit RoundingScope(uint32_t flags) : changed(flags & ModeMask) {
    static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD,
                                FE_UPWARD};
    if (changed)
      std::fesetround(modes[flags & ModeMask]);
  }
  ~RoundingScope() {
    if (changed)
      std::fesetround(FE_TONEAREST);
  }
  bool changed;
};

// volatile keeps the compiler from folding across the rounding mode.
template <class T> struct FAdd {
  static T run(T a, T b) {
    volatile T r = a + b;
    return r;
  }
};
template <class T> struct FSub {
  static T run(T a, T b) {
    volatile T r = a - b;
    return r;
  }
};
template <class T> struct FMul {
  static T run(T a, T b) {
    volatile T r = a * b;
    return r;
  }
};
template <class T> struct FDiv {
  static T run(T a, T b) {
    volatile T r = a / b;
    return r;
  }
};
template <class T> struct FMin {
  static T run(T a, T b) {
    if (a == b)
      return std::signbit(a) ? a : b;
    return std::fmin(a, b);
  }
};
template <class T> struct FMax {
  static T run(T a, T b) {
    if (a == b)
      return std::signbit(a) ? b : a;
    return std::fmax(a, b);
  }
};
template <class T> struct FCopysign { // sign of a, magnitude of b
  static T run(T a, T b) { return std::copysign(b, a); }
};

template <class T, class Op>
Step floatBinary(Cluster &cluster, Warp &warp, const Inst &inst,
                 uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  T *d = lanes<T>(warp, r[0]);
  const T *a = lanes<T>(cluster, warp, r[1]),
          *b = lanes<T>(cluster, warp, r[2]);
  uint32_t flags = inst.flags;
  RoundingScope scope(flags);
  forLanes(mask, [=](uint32_t l) {
    T x = flush(a[l], flags), y = flush(b[l], flags);
    T v = (flags & NanPropagate) && (x != x || y != y) ? x + y : Op::run(x, y);
    d[l] = finish(v, flags);
  });
  return Step::Next;
}

template <class T>
Step fma(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  T *d = lanes<T>(warp, r[0]);
  const T *a = lanes<T>(cluster, warp, r[1]),
          *b = lanes<T>(cluster, warp, r[2]),
          *c = lanes<T>(cluster, warp, r[3]);
  uint32_t flags = inst.flags;
  RoundingScope scope(flags);
  forLanes(mask, [=](uint32_t l) {
    d[l] = finish(
        std::fma(flush(a[l], flags), flush(b[l], flags), flush(c[l], flags)),
        flags);
  });
  return Step::Next;
}

enum class Unary : uint32_t {
  Neg,
  Abs,
  Rcp,
  Sqrt,
  Rsqrt,
  Ex2,
  Lg2,
  Sin,
  Cos,
  Tanh
};
template <class T> T unary(Unary op, T x) {
  switch (op) {
  case Unary::Neg:
    return -x;
  case Unary::Abs:
    return std::fabs(x);
  case Unary::Rcp: {
    volatile T r = (T)1 / x;
    return r;
  }
  case Unary::Sqrt: {
    volatile T r = std::sqrt(x);
    return r;
  }
  case Unary::Rsqrt:
    return (T)(1.0 / std::sqrt((double)x));
  case Unary::Ex2:
    return (T)std::exp2((double)x);
  case Unary::Lg2:
    return (T)std::log2((double)x);
  case Unary::Sin:
    return (T)std::sin((double)x);
  case Unary::Cos:
    return (T)std::cos((double)x);
  default:
    return (T)std::tanh((double)x);
  }
}
template <class T>
Step floatUnary(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  T *d = lanes<T>(warp, r[0]);
  const T *a = lanes<T>(cluster, warp, r[1]);
  uint32_t flags = inst.flags;
  Unary op = (Unary)inst.imm;
  RoundingScope scope(flags);
  forLanes(mask, [=](uint32_t l) {
    d[l] = finish(unary(op, flush(a[l], flags)), flags);
  });
  return Step::Next;
}

Step testp(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t result = 0;
  forLanes(mask, [&](uint32_t l) {
    double v = inst.size == 8 ? lanes<double>(cluster, warp, r[1])[l]
                              : lanes<float>(cluster, warp, r[1])[l];
    int kind = inst.size == 8
                   ? std::fpclassify(v)
                   : std::fpclassify(lanes<float>(cluster, warp, r[1])[l]);
    bool yes = false;
    switch (inst.imm) {
    case 0:
      yes = std::isfinite(v);
      break;
    case 1:
      yes = std::isinf(v);
      break;
    case 2:
      yes = !std::isnan(v);
      break;
    case 3:
      yes = std::isnan(v);
      break;
    case 4:
      yes = kind == FP_NORMAL;
      break;
    default:
      yes = kind == FP_SUBNORMAL;
      break;
    }
    result |= (uint32_t)yes << l;
  });
  setPredicate(warp, r[0], mask, result);
  return Step::Next;
}

template <class T> Handler binaryHandler(Decoder &d) {
  if (d.is("add"))
    return floatBinary<T, FAdd<T>>;
  if (d.is("sub"))
    return floatBinary<T, FSub<T>>;
  if (d.is("mul"))
    return floatBinary<T, FMul<T>>;
  if (d.is("div"))
    return floatBinary<T, FDiv<T>>;
  if (d.is("min"))
    return floatBinary<T, FMin<T>>;
  if (d.is("max"))
    return floatBinary<T, FMax<T>>;
  if (d.is("copysign"))
    return floatBinary<T, FCopysign<T>>;
  return nullptr;
}
} // namespace

bool dgemm::sim::decodeFloat(Decoder &d) {
  static const std::map<std::string, Unary> unaries = {
      {"neg", Unary::Neg},   {"abs", Unary::Abs},     {"rcp", Unary::Rcp},
      {"sqrt", Unary::Sqrt}, {"rsqrt", Unary::Rsqrt}, {"ex2", Unary::Ex2},
      {"lg2", Unary::Lg2},   {"sin", Unary::Sin},     {"cos", Unary::Cos},
      {"tanh", Unary::Tanh}};
  auto isUnary = unaries.find(d.in->parts[0]);
  static const char *const others[] = {"add", "sub",  "mul",      "div",
                                       "min", "max",  "copysign", "fma",
                                       "mad", "testp"};
  bool known = isUnary != unaries.end();
  for (const char *name : others)
    known |= d.is(name);
  if (!known)
    return false;
  Type type = d.type();
  if (type != Type::F32 && type != Type::F64)
    return false;
  bool wide = type == Type::F64;
  unsigned bits = wide ? 64 : 32;
  d.out->flags = (d.has("rz")   ? 1
                  : d.has("rm") ? 2
                  : d.has("rp") ? 3
                                : 0) |
                 (d.has("ftz") ? Ftz : 0) | (d.has("sat") ? Sat : 0) |
                 (d.has("NaN") ? NanPropagate : 0);
  if (d.is("testp")) {
    static const std::map<std::string, int> kinds = {
        {"finite", 0},     {"infinite", 1}, {"number", 2},
        {"notanumber", 3}, {"normal", 4},   {"subnormal", 5}};
    auto it = d.in->parts.size() > 1 ? kinds.find(d.in->parts[1]) : kinds.end();
    if (it == kinds.end())
      d.fail("unknown test");
    d.expectOperands(2, 2);
    d.dst((size_t)0, 1);
    d.src(1, bits);
    d.out->imm = it->second;
    d.out->size = bits / 8;
    d.out->run = testp;
    return true;
  }
  if (isUnary != unaries.end()) {
    d.expectOperands(2, 2);
    d.dst((size_t)0, bits);
    d.src(1, bits);
    d.out->imm = (int64_t)isUnary->second;
    d.out->run = wide ? floatUnary<double> : (Handler)floatUnary<float>;
    return true;
  }
  if (d.is("fma") || d.is("mad")) {
    d.expectOperands(4, 4);
    d.dst((size_t)0, bits);
    for (size_t i = 1; i <= 3; ++i)
      d.src(i, bits);
    d.out->run = wide ? fma<double> : (Handler)fma<float>;
    return true;
  }
  d.expectOperands(3, 3);
  d.dst((size_t)0, bits);
  d.src(1, bits);
  d.src(2, bits);
  d.out->run = wide ? binaryHandler<double>(d) : binaryHandler<float>(d);
  return true;
}
