// Atomic read-modify-write: atom and red.
#include "Atomics.h"
#include "ExecMemory.h"
#include "NumberFormats.h"

#include <cmath>

using namespace dgemm::sim;
using ptx::Operand;
using ptx::Type;

namespace {
using Op = AtomicOp;

uint64_t floatOp(Op op, Type type, uint64_t a, uint64_t b) {
  auto pick = [&](auto x, auto y) {
    return op == Add ? x + y : op == Min ? std::fmin(x, y) : std::fmax(x, y);
  };
  auto half = [&](uint32_t x, uint32_t y, bool bf16) {
    const Format &format = bf16 ? kBFloat16 : kHalf;
    double v = pick((double)widen(x & 0xffff, format),
                    (double)widen(y & 0xffff, format));
    return narrow(v, format, Rounding::Nearest);
  };
  switch (type) {
  case Type::F32:
    return asBits(pick(asFloat((uint32_t)a), asFloat((uint32_t)b)));
  case Type::F64: {
    double x, y;
    memcpy(&x, &a, 8);
    memcpy(&y, &b, 8);
    x = pick(x, y);
    memcpy(&a, &x, 8);
    return a;
  }
  case Type::F16:
  case Type::BF16:
    return half((uint32_t)a, (uint32_t)b, type == Type::BF16);
  default: {
    bool bf16 = type == Type::BF16x2;
    return half((uint32_t)a, (uint32_t)b, bf16) |
           half((uint32_t)(a >> 16), (uint32_t)(b >> 16), bf16) << 16;
  }
  }
}

} // namespace

uint64_t dgemm::sim::applyAtomic(Op op, Type type, uint64_t a, uint64_t b,
                                 uint64_t c) {
  if (ptx::isFloat(type) && op != Exch && op != Cas)
    return floatOp(op, type, a, b);
  bool wide = ptx::bitsOf(type) == 64, sign = ptx::isSigned(type);
  auto less = [&](uint64_t x, uint64_t y) {
    if (!sign)
      return x < y;
    return wide ? (int64_t)x < (int64_t)y : (int32_t)x < (int32_t)y;
  };
  switch (op) {
  case Add:
    return a + b;
  case Min:
    return less(b, a) ? b : a;
  case Max:
    return less(a, b) ? b : a;
  case And:
    return a & b;
  case Or:
    return a | b;
  case Xor:
    return a ^ b;
  case Exch:
    return b;
  case Cas:
    return a == b ? c : a;
  case Inc:
    return a >= b ? 0 : a + 1;
  default:
    return a == 0 || a > b ? b : a - 1;
  }
}

namespace {

// flags: operation << 8, type << 16. Destinations first (atom only).
Step atomic(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst), *s = r + inst.numDst;
  Op op = (Op)(inst.flags >> 8 & 0xff);
  Type type = (Type)(inst.flags >> 16);
  uint32_t bytes = (uint32_t)inst.size * inst.count;
  std::lock_guard<std::mutex> lock(cluster.device.atomics);
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    uint64_t address = laneAddress(cluster, warp, inst, s[0], lane);
    uint8_t *p =
        resolve(cluster, warp, inst, address, bytes, true, lane, false);
    for (uint32_t i = 0; i < inst.count; ++i) {
      uint64_t old = 0, c = 0;
      memcpy(&old, p + i * inst.size, inst.size);
      uint64_t b = laneValue(cluster, warp, s[1 + i], lane);
      if (op == Cas)
        c = laneValue(cluster, warp, s[2], lane);
      if (inst.size < 8)
        b &= (1ull << inst.size * 8) - 1;
      uint64_t next = applyAtomic(op, type, old, b, c);
      memcpy(p + i * inst.size, &next, inst.size);
      if (inst.numDst)
        setLane(warp, r[i], lane, old);
    }
  }
  cluster.progressed();
  cluster.device.globalProgress.fetch_add(1, std::memory_order_relaxed);
  return Step::Next;
}
} // namespace

AtomicOp dgemm::sim::atomicOp(Decoder &d) {
  static const std::map<std::string, Op> ops = {
      {"add", Add}, {"min", Min},   {"max", Max}, {"and", And}, {"or", Or},
      {"xor", Xor}, {"exch", Exch}, {"cas", Cas}, {"inc", Inc}, {"dec", Dec}};
  for (const std::string &part : d.in->parts)
    if (auto it = ops.find(part); it != ops.end())
      return it->second;
  d.fail("unknown operation");
}

bool dgemm::sim::decodeAtomic(Decoder &d) {
  bool atom = d.is("atom");
  if (!atom && !d.is("red"))
    return false;
  Op op = atomicOp(d);
  Type type = d.type();
  unsigned bits = ptx::bitsOf(type);
  if (bits != 16 && bits != 32 && bits != 64)
    d.fail("is not defined for this type");
  d.out->size = (uint8_t)(bits / 8);
  d.out->count = d.has("v2") ? 2 : d.has("v4") ? 4 : d.has("v8") ? 8 : 1;
  decodeSpace(d);
  d.out->flags |= (uint32_t)op << 8 | (uint32_t)type << 16;
  size_t at = atom ? 1 : 0;
  auto each = [&](const Operand &value, auto add) {
    if (value.kind == Operand::Vector) {
      if (value.items.size() != d.out->count)
        d.fail("the vector has the wrong number of elements");
      for (const Operand &item : value.items)
        add(item);
    } else if (d.out->count == 1) {
      add(value);
    } else {
      d.fail("expected a vector");
    }
  };
  if (atom && !d.isSink(0))
    each(d.operand(0), [&](const Operand &item) { d.dst(item, bits); });
  d.address(d.operand(at));
  each(d.operand(at + 1), [&](const Operand &item) { d.src(item, bits); });
  if (op == Cas)
    d.src(at + 2, bits);
  d.expectOperands(at + 2, at + 4);
  d.out->run = atomic;
  return true;
}
