// Arithmetic in f16 and bf16, single and packed in pairs.
#include "Exec.h"
#include "NumberFormats.h"

#include <cmath>

using namespace dgemm::sim;
using ptx::Type;

namespace {
enum Op : uint32_t { Add, Sub, Mul, Fma, Min, Max, Neg, Abs, Ex2, Tanh };

// flags: Op | bf16 << 8 | packed << 9 | relu << 10 | sat << 11 | NaN << 12
float get(uint32_t bits, bool bf16) {
  return bf16 ? fromBFloat16((uint16_t)bits) : widen(bits & 0xffff, kHalf);
}

uint32_t compute(const Inst &inst, uint32_t a, uint32_t b, uint32_t c) {
  bool bf16 = inst.flags >> 8 & 1;
  uint32_t op = inst.flags & 0xff;
  if (op == Neg)
    return (a & 0xffff) ^ 0x8000;
  if (op == Abs)
    return a & 0x7fff;
  double x = get(a, bf16), y = get(b, bf16), z = get(c, bf16), v = 0;
  switch (op) {
  // Double holds these sums and products exactly, or rounds them far below
  // the last bit of the narrow format.
  case Add:
    v = x + y;
    break;
  case Sub:
    v = x - y;
    break;
  case Mul:
    v = x * y;
    break;
  case Fma:
    v = std::fma(x, y, z);
    break;
  case Min:
  case Max:
    if ((inst.flags >> 12 & 1) && (x != x || y != y))
      v = NAN;
    else if (x == y)
      v = (std::signbit(x) == (op == Min)) ? x : y;
    else
      v = op == Min ? std::fmin(x, y) : std::fmax(x, y);
    break;
  case Ex2:
    v = std::exp2(x);
    break;
  default:
    v = std::tanh(x);
    break;
  }
  if ((inst.flags >> 10 & 1) && !(v > 0))
    v = v != v ? v : 0;
  if (inst.flags >> 11 & 1)
    v = v > 0 ? std::min(v, 1.0) : 0;
  return narrow(v, bf16 ? kBFloat16 : kHalf, Rounding::Nearest);
}

Step halfOp(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t *d = lanes<uint32_t>(warp, r[0]);
  const uint32_t *s[3];
  for (int i = 0; i < 3; ++i)
    s[i] = lanes<uint32_t>(cluster, warp, r[1 + std::min(i, inst.numSrc - 1)]);
  bool packed = inst.flags >> 9 & 1;
  forLanes(mask, [&](uint32_t l) {
    uint32_t a = s[0][l], b = s[1][l], c = s[2][l];
    uint32_t low = compute(inst, a, b, c);
    d[l] = packed ? low | compute(inst, a >> 16, b >> 16, c >> 16) << 16 : low;
  });
  return Step::Next;
}
} // namespace

bool dgemm::sim::decodeHalf(Decoder &d) {
  static const std::map<std::string, uint32_t> ops = {
      {"add", Add}, {"sub", Sub}, {"mul", Mul}, {"fma", Fma}, {"min", Min},
      {"max", Max}, {"neg", Neg}, {"abs", Abs}, {"ex2", Ex2}, {"tanh", Tanh}};
  auto it = ops.find(d.in->parts[0]);
  if (it == ops.end())
    return false;
  Type type = d.type();
  bool bf16 = type == Type::BF16 || type == Type::BF16x2;
  bool packed = type == Type::F16x2 || type == Type::BF16x2;
  if (!bf16 && !packed && type != Type::F16)
    return false;
  if (d.has("oob"))
    d.fail(".oob is not supported");
  unsigned sources = it->second == Fma ? 3 : it->second <= Max ? 2 : 1;
  d.expectOperands(sources + 1, sources + 1);
  d.dst((size_t)0, packed ? 32 : 16);
  for (unsigned i = 1; i <= sources; ++i)
    d.src(i, packed ? 32 : 16);
  d.out->flags = it->second | (uint32_t)bf16 << 8 | (uint32_t)packed << 9 |
                 (uint32_t)d.has("relu") << 10 | (uint32_t)d.has("sat") << 11 |
                 (uint32_t)d.has("NaN") << 12;
  d.out->run = halfOp;
  return true;
}
