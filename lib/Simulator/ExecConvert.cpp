// cvt between integers and floating-point formats, and cvta.
#include "Exec.h"
#include "NumberFormats.h"

#include <cfenv>
#include <cmath>
#include <limits>

using namespace dgemm::sim;
using ptx::Type;

namespace {
/// Everything a conversion needs, packed into Inst::flags and imm.
struct Conversion {
  Type to, from;
  uint8_t rounding;   // 0 rn, 1 rz, 2 rm, 3 rp, 4 rna
  uint8_t toIntegral; // 0 none, else 1 + rounding of .rni/.rzi/.rmi/.rpi
  bool saturate, ftz, relu, finite;
};
uint32_t pack(const Conversion &c) {
  return (uint32_t)c.to | (uint32_t)c.from << 8 | (uint32_t)c.rounding << 16 |
         (uint32_t)c.toIntegral << 19 | (uint32_t)c.saturate << 22 |
         (uint32_t)c.ftz << 23 | (uint32_t)c.relu << 24 |
         (uint32_t)c.finite << 25;
}
Conversion unpack(uint32_t f) {
  return {(Type)(f & 0xff),       (Type)(f >> 8 & 0xff), (uint8_t)(f >> 16 & 7),
          (uint8_t)(f >> 19 & 7), (bool)(f >> 22 & 1),   (bool)(f >> 23 & 1),
          (bool)(f >> 24 & 1),    (bool)(f >> 25 & 1)};
}

double roundToIntegral(double v, uint8_t mode) {
  switch (mode) {
  case 0:
    return std::nearbyint(v);
  case 1:
    return std::trunc(v);
  case 2:
    return std::floor(v);
  default:
    return std::ceil(v);
  }
}

double readFloat(Type type, uint64_t bits) {
  switch (type) {
  case Type::F16:
    return widen((uint32_t)bits & 0xffff, kHalf);
  case Type::BF16:
    return fromBFloat16((uint16_t)bits);
  case Type::E4M3:
    return widen((uint32_t)bits & 0xff, kE4M3);
  case Type::E5M2:
    return widen((uint32_t)bits & 0xff, kE5M2);
  case Type::F64: {
    double v;
    memcpy(&v, &bits, 8);
    return v;
  }
  default:
    return asFloat((uint32_t)bits);
  }
}

const Rounding kRoundings[] = {Rounding::Nearest, Rounding::Zero,
                               Rounding::Down, Rounding::Up, Rounding::Away};

uint64_t writeFloat(const Conversion &c, double v) {
  if (c.relu && !(v > 0))
    v = v != v ? v : 0;
  if (c.saturate)
    v = v > 0 ? std::min(v, 1.0) : 0;
  switch (c.to) {
  case Type::F16:
    return narrow(v, kHalf, kRoundings[c.rounding], c.finite);
  case Type::BF16:
    return narrow(v, kBFloat16, kRoundings[c.rounding], c.finite);
  case Type::E4M3:
    return narrow(v, kE4M3, Rounding::Nearest, true);
  case Type::E5M2:
    return narrow(v, kE5M2, Rounding::Nearest, true);
  case Type::TF32: {
    Format tf32{8, 10, true};
    return (uint64_t)narrow(v, tf32, kRoundings[c.rounding], c.finite) << 13;
  }
  case Type::F64: {
    uint64_t bits;
    memcpy(&bits, &v, 8);
    return bits;
  }
  default: {
    if (v != v)
      return 0x7fffffff;
    static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD,
                                FE_UPWARD, FE_TONEAREST};
    std::fesetround(modes[c.rounding]);
    volatile double in = v;
    volatile float f = (float)in;
    std::fesetround(FE_TONEAREST);
    float out = f;
    if (c.ftz && std::fpclassify(out) == FP_SUBNORMAL)
      out = std::copysign(0.0f, out);
    return asBits(out);
  }
  }
}

/// An integer of `type` as a sign- or zero-extended 64-bit value.
uint64_t extend(Type type, uint64_t bits) {
  unsigned n = ptx::bitsOf(type);
  if (n >= 64)
    return bits;
  bits &= (1ull << n) - 1;
  if (ptx::isSigned(type) && bits >> (n - 1))
    bits |= ~0ull << n;
  return bits;
}

uint64_t floatToInteger(const Conversion &c, double v) {
  if (v != v)
    return 0;
  v = roundToIntegral(v, c.toIntegral ? c.toIntegral - 1 : 1);
  unsigned n = ptx::bitsOf(c.to);
  if (ptx::isSigned(c.to)) {
    double low = -std::ldexp(1.0, n - 1), high = std::ldexp(1.0, n - 1);
    if (v <= low)
      return (uint64_t)(int64_t)low;
    if (v >= high)
      return (1ull << (n - 1)) - 1;
    return (uint64_t)(int64_t)v;
  }
  if (v <= 0)
    return 0;
  if (v >= std::ldexp(1.0, n))
    return n == 64 ? ~0ull : (1ull << n) - 1;
  return (uint64_t)v;
}

uint64_t integerToFloat(const Conversion &c, uint64_t bits) {
  static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD,
                              FE_UPWARD, FE_TONEAREST};
  bool sign = ptx::isSigned(c.from);
  std::fesetround(modes[c.rounding]);
  uint64_t result;
  if (c.to == Type::F32) {
    volatile float f = sign ? (float)(int64_t)bits : (float)bits;
    result = asBits(f);
  } else {
    volatile double f = sign ? (double)(int64_t)bits : (double)bits;
    double v = f;
    std::fesetround(FE_TONEAREST);
    result = writeFloat(c, v);
  }
  std::fesetround(FE_TONEAREST);
  return result;
}

uint64_t integerToInteger(const Conversion &c, uint64_t bits) {
  if (!c.saturate)
    return extend(c.to, bits);
  unsigned n = ptx::bitsOf(c.to);
  bool fromSigned = ptx::isSigned(c.from);
  bool negative = fromSigned && (int64_t)bits < 0;
  if (ptx::isSigned(c.to)) {
    int64_t high = (int64_t)((1ull << (n - 1)) - 1), low = -high - 1;
    if (negative)
      return (uint64_t)std::max((int64_t)bits, low);
    return std::min(bits, (uint64_t)high);
  }
  uint64_t high = n == 64 ? ~0ull : (1ull << n) - 1;
  return negative ? 0 : std::min(bits, high);
}

uint64_t convert(const Conversion &c, uint64_t raw) {
  if (ptx::isFloat(c.from)) {
    double v = readFloat(c.from, raw);
    if (c.ftz && c.from == Type::F32 && std::fabs(v) < 0x1p-126)
      v = std::copysign(0.0, v);
    if (!ptx::isFloat(c.to))
      return extend(c.to, floatToInteger(c, v));
    if (c.toIntegral)
      v = roundToIntegral(v, c.toIntegral - 1);
    return writeFloat(c, v);
  }
  uint64_t value = extend(c.from, raw);
  return ptx::isFloat(c.to) ? integerToFloat(c, value)
                            : integerToInteger(c, value);
}

Step cvt(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  Conversion c = unpack(inst.flags);
  forLanes(mask, [&](uint32_t l) {
    setLane(warp, r[0], l, convert(c, laneValue(cluster, warp, r[1], l)));
  });
  return Step::Next;
}

/// Two scalars into one packed register; the first goes to the high half.
Step cvtPack(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  Conversion c = unpack(inst.flags);
  unsigned shift = inst.size;
  if (c.to == Type::BF16 && c.rounding == 0 && !c.relu && !c.finite &&
      !c.saturate) { // the epilogue's conversion
    const float *a = lanes<float>(cluster, warp, r[1]);
    const float *b = lanes<float>(cluster, warp, r[2]);
    uint32_t *d = lanes<uint32_t>(warp, r[0]);
    forLanes(mask, [=](uint32_t l) {
      d[l] = (uint32_t)toBFloat16(a[l]) << 16 | toBFloat16(b[l]);
    });
    return Step::Next;
  }
  forLanes(mask, [&](uint32_t l) {
    uint64_t high = convert(c, laneValue(cluster, warp, r[1], l));
    uint64_t low = convert(c, laneValue(cluster, warp, r[2], l));
    setLane(warp, r[0], l, high << shift | low);
  });
  return Step::Next;
}

/// A packed pair into a packed pair (e4m3x2 <-> f16x2).
Step cvtPair(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  Conversion c = unpack(inst.flags);
  unsigned from = ptx::bitsOf(c.from), to = ptx::bitsOf(c.to);
  uint64_t keep = (1ull << from) - 1;
  forLanes(mask, [&](uint32_t l) {
    uint64_t v = laneValue(cluster, warp, r[1], l);
    setLane(warp, r[0], l,
            convert(c, v >> from & keep) << to | convert(c, v & keep));
  });
  return Step::Next;
}

/// inst.imm is added or removed as the window of the generic space.
Step cvta(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  forLanes(mask, [&](uint32_t l) {
    uint64_t v = laneValue(cluster, warp, r[1], l);
    setLane(warp, r[0], l,
            inst.flags ? v & ~kWindowMask : v | (uint64_t)inst.imm);
  });
  return Step::Next;
}

bool isPacked(Type type) {
  return type == Type::F16x2 || type == Type::BF16x2 || type == Type::E4M3x2 ||
         type == Type::E5M2x2;
}
Type elementOf(Type type) {
  switch (type) {
  case Type::F16x2:
    return Type::F16;
  case Type::BF16x2:
    return Type::BF16;
  case Type::E4M3x2:
    return Type::E4M3;
  case Type::E5M2x2:
    return Type::E5M2;
  default:
    return type;
  }
}

bool decodeCvta(Decoder &d) {
  bool to = d.has("to");
  d.expectOperands(2, 2);
  unsigned bits = ptx::bitsOf(d.type());
  if (bits != 64)
    d.fail("is supported for 64-bit addresses");
  d.dst((size_t)0, 64);
  d.src(1, 64);
  bool isGlobal = d.has("global") || d.has("const");
  uint64_t window =
      d.has("shared") || d.has("shared::cta") || d.has("shared::cluster")
          ? kSharedWindow
      : d.has("local")                          ? kLocalWindow
      : d.has("param") || d.has("param::entry") ? kParamWindow
                                                : 0;
  if (!window && !isGlobal)
    d.fail("unknown state space");
  d.out->imm = (int64_t)window;
  d.out->flags = to && !isGlobal;
  d.out->run = cvta;
  return true;
}
} // namespace

bool dgemm::sim::decodeConvert(Decoder &d) {
  if (d.is("cvta"))
    return decodeCvta(d);
  if (!d.is("cvt"))
    return false;
  Conversion c{};
  Type to = d.type(1), from = d.type(0);
  c.to = elementOf(to);
  c.from = elementOf(from);
  c.rounding = d.has("rz")    ? 1
               : d.has("rm")  ? 2
               : d.has("rp")  ? 3
               : d.has("rna") ? 4
                              : 0;
  c.toIntegral = d.has("rni")   ? 1
                 : d.has("rzi") ? 2
                 : d.has("rmi") ? 3
                 : d.has("rpi") ? 4
                                : 0;
  c.saturate = d.has("sat");
  c.ftz = d.has("ftz");
  c.relu = d.has("relu");
  c.finite = d.has("satfinite");
  if (d.in->parts.size() > 1 && d.in->parts[1] == "pack")
    d.fail("cvt.pack is not supported");
  d.out->flags = pack(c);
  unsigned toBits = ptx::bitsOf(to), fromBits = ptx::bitsOf(from);
  if (isPacked(to) && isPacked(from)) {
    d.expectOperands(2, 2);
    d.dst((size_t)0, toBits, false);
    d.src(1, fromBits, false);
    d.out->run = cvtPair;
  } else if (isPacked(to)) {
    d.expectOperands(3, 3);
    d.dst((size_t)0, toBits, false);
    d.src(1, fromBits, false);
    d.src(2, fromBits, false);
    d.out->size = (uint8_t)ptx::bitsOf(c.to);
    d.out->run = cvtPack;
  } else {
    if (isPacked(from))
      d.fail("a pair cannot become one value");
    d.expectOperands(2, 2);
    d.dst((size_t)0, toBits, false);
    d.src(1, fromBits, false);
    d.out->run = cvt;
  }
  return true;
}
