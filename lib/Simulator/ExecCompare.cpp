// Comparison and selection: setp, set, selp, slct.
#include "Exec.h"
#include "NumberFormats.h"

#include <cmath>

using namespace dgemm::sim;
using ptx::Type;

namespace {
enum Cmp : uint32_t {
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  Equ,
  Neu,
  Ltu,
  Leu,
  Gtu,
  Geu,
  Num,
  Nan
};
enum Combine : uint32_t { CombineNone, CombineAnd, CombineOr, CombineXor };

template <class T> bool compare(uint32_t op, T a, T b) {
  switch (op) {
  case Eq:
    return a == b;
  case Ne:
    return a < b || a > b;
  case Lt:
    return a < b;
  case Le:
    return a <= b;
  case Gt:
    return a > b;
  case Ge:
    return a >= b;
  case Equ:
    return !(a < b || a > b);
  case Neu:
    return !(a == b);
  case Ltu:
    return !(a >= b);
  case Leu:
    return !(a > b);
  case Gtu:
    return !(a <= b);
  case Geu:
    return !(a < b);
  case Num:
    return a == a && b == b;
  default:
    return !(a == a && b == b);
  }
}

template <class T> struct Plain {
  using Raw = T;
  static T get(Slot<T> v) { return (T)v; }
};
struct AsHalf {
  using Raw = uint32_t;
  static float get(uint32_t v) { return widen(v & 0xffff, kHalf); }
};
struct AsBFloat {
  using Raw = uint32_t;
  static float get(uint32_t v) { return fromBFloat16((uint16_t)v); }
};

template <class Access>
uint32_t compareLanes(Cluster &cluster, Warp &warp, const Inst &inst,
                      const Ref &ra, const Ref &rb, uint32_t mask) {
  const auto *a = lanes<Slot<typename Access::Raw>>(cluster, warp, ra);
  const auto *b = lanes<Slot<typename Access::Raw>>(cluster, warp, rb);
  uint32_t result = 0, op = inst.flags & 0xff;
  forLanes(mask, [&](uint32_t l) {
    result |= (uint32_t)compare(op, Access::get(a[l]), Access::get(b[l])) << l;
  });
  return result;
}

uint32_t combine(uint32_t how, uint32_t value, uint32_t with) {
  switch (how) {
  case CombineAnd:
    return value & with;
  case CombineOr:
    return value | with;
  case CombineXor:
    return value ^ with;
  default:
    return value;
  }
}

// flags: comparison, combination << 8, negated third source << 16.
template <class Access>
Step setp(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst), *s = r + inst.numDst;
  uint32_t value = compareLanes<Access>(cluster, warp, inst, s[0], s[1], mask);
  uint32_t how = inst.flags >> 8 & 0xff, with = 0;
  if (how != CombineNone) {
    with = predicate(cluster, warp, s[2]);
    if (inst.flags >> 16)
      with = ~with;
  }
  setPredicate(warp, r[0], mask, combine(how, value, with));
  if (inst.numDst > 1)
    setPredicate(warp, r[1], mask, combine(how, ~value, with));
  return Step::Next;
}

// imm: the value of a true lane.
template <class Access>
Step set(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst), *s = r + 1;
  uint32_t value = compareLanes<Access>(cluster, warp, inst, s[0], s[1], mask);
  uint32_t how = inst.flags >> 8 & 0xff;
  if (how != CombineNone) {
    uint32_t with = predicate(cluster, warp, s[2]);
    value = combine(how, value, inst.flags >> 16 ? ~with : with);
  }
  forLanes(mask, [&](uint32_t l) {
    setLane(warp, r[0], l, value >> l & 1 ? (uint64_t)inst.imm : 0);
  });
  return Step::Next;
}

Step selp(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t pick = predicate(cluster, warp, r[3]);
  if (inst.flags)
    pick = ~pick;
  if (inst.size == 1) { // predicates
    uint32_t a = predicate(cluster, warp, r[1]);
    uint32_t b = predicate(cluster, warp, r[2]);
    setPredicate(warp, r[0], mask, (a & pick) | (b & ~pick));
    return Step::Next;
  }
  // Only the lanes that are taken hand on whether they were written.
  auto has = [&](const Ref &ref) {
    return ref.constant || !cluster.checking() ? ~0u : warp.written[ref.row];
  };
  if (cluster.checking()) {
    uint32_t value = (has(r[1]) & pick) | (has(r[2]) & ~pick);
    uint32_t &w = warp.written[r[0].row];
    w = (w & ~mask) | (value & mask);
  }
  forLanes(mask, [&](uint32_t l) {
    setLane(warp, r[0], l,
            laneValue(cluster, warp, pick >> l & 1 ? r[1] : r[2], l));
  });
  return Step::Next;
}

template <bool FloatSelector>
Step slct(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  forLanes(mask, [&](uint32_t l) {
    uint32_t c = lanes<uint32_t>(cluster, warp, r[3])[l];
    bool first = FloatSelector ? asFloat(c) >= 0 : (int32_t)c >= 0;
    setLane(warp, r[0], l, laneValue(cluster, warp, first ? r[1] : r[2], l));
  });
  return Step::Next;
}

Handler pickCompare(Decoder &d, Type type, bool isSetp) {
  switch (type) {
#define CASE(TYPE, ACCESS)                                                     \
  case Type::TYPE:                                                             \
    return isSetp ? (Handler)setp<ACCESS> : (Handler)set<ACCESS>;
    CASE(B16, Plain<uint16_t>)
    CASE(U16, Plain<uint16_t>)
    CASE(S16, Plain<int16_t>)
    CASE(B32, Plain<uint32_t>)
    CASE(U32, Plain<uint32_t>)
    CASE(S32, Plain<int32_t>)
    CASE(B64, Plain<uint64_t>)
    CASE(U64, Plain<uint64_t>)
    CASE(S64, Plain<int64_t>)
    CASE(F32, Plain<float>)
    CASE(F64, Plain<double>)
    CASE(F16, AsHalf)
    CASE(BF16, AsBFloat)
#undef CASE
  default:
    d.fail("comparison of this type is not supported");
  }
}

uint32_t comparison(Decoder &d, Type type) {
  static const std::map<std::string, uint32_t> names = {
      {"eq", Eq},   {"ne", Ne},   {"lt", Lt},   {"le", Le},   {"gt", Gt},
      {"ge", Ge},   {"lo", Lt},   {"ls", Le},   {"hi", Gt},   {"hs", Ge},
      {"equ", Equ}, {"neu", Neu}, {"ltu", Ltu}, {"leu", Leu}, {"gtu", Gtu},
      {"geu", Geu}, {"num", Num}, {"nan", Nan}};
  if (d.in->parts.size() < 2)
    d.fail("needs a comparison");
  auto it = names.find(d.in->parts[1]);
  if (it == names.end())
    d.fail("unknown comparison ." + d.in->parts[1]);
  uint32_t how = d.has("and")   ? CombineAnd
                 : d.has("or")  ? CombineOr
                 : d.has("xor") ? CombineXor
                                : CombineNone;
  if (it->second >= Equ && !ptx::isFloat(type))
    d.fail("an unordered comparison of integers");
  return it->second | how << 8;
}
} // namespace

bool dgemm::sim::decodeCompare(Decoder &d) {
  if (d.is("setp") || d.is("set")) {
    Type type = d.type();
    bool isSetp = d.is("setp");
    unsigned bits = ptx::bitsOf(type);
    d.out->flags = comparison(d, type);
    bool combines = d.out->flags >> 8;
    d.expectOperands(combines ? 4 : 3, combines ? 4 : 3);
    if (isSetp && d.operand(0).kind == ptx::Operand::Pair) {
      d.dst(d.operand(0).items[0], 1);
      d.dst(d.operand(0).items[1], 1);
    } else if (isSetp) {
      d.dst((size_t)0, 1);
    } else {
      Type result = d.type(1);
      d.dst((size_t)0, ptx::bitsOf(result));
      d.out->imm = result == Type::F32 ? 0x3f800000 : 0xffffffff;
    }
    d.src(1, bits);
    d.src(2, bits);
    if (combines) {
      d.src(3, 1);
      if (d.operand(3).negated)
        d.out->flags |= 1u << 16;
    }
    d.out->run = pickCompare(d, type, isSetp);
    return true;
  }
  if (d.is("selp")) {
    Type type = d.type();
    unsigned bits = ptx::bitsOf(type);
    d.expectOperands(4, 4);
    d.dst((size_t)0, bits);
    d.src(1, bits);
    d.src(2, bits);
    d.src(3, 1);
    d.out->flags = d.operand(3).negated;
    d.out->size = bits == 1 ? 1 : 4;
    d.out->copies = bits != 1;
    d.out->run = selp;
    return true;
  }
  if (d.is("slct")) {
    unsigned bits = ptx::bitsOf(d.type(1));
    d.expectOperands(4, 4);
    d.dst((size_t)0, bits);
    d.src(1, bits);
    d.src(2, bits);
    d.src(3, 32);
    d.out->run = d.type() == Type::F32 ? (Handler)slct<true> : slct<false>;
    return true;
  }
  return false;
}
