// mov: copies, packing and unpacking, special registers and clocks.
#include "Exec.h"

using namespace dgemm::sim;
using ptx::Operand;
using ptx::Type;

namespace {
/// Hands on which lanes have ever been written.
void copyWritten(Cluster &cluster, Warp &warp, const Ref &to, const Ref *from,
                 unsigned count, uint32_t mask) {
  if (!cluster.checking())
    return;
  uint32_t has = ~0u;
  for (unsigned i = 0; i < count; ++i)
    if (!from[i].constant)
      has &= warp.written[from[i].row];
  uint32_t &w = warp.written[to.row];
  w = (w & ~mask) | (has & mask);
}

template <class T>
Step mov(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  T *d = lanes<T>(warp, r[0]);
  const T *a = lanes<T>(cluster, warp, r[1]);
  forLanes(mask, [=](uint32_t l) { d[l] = a[l]; });
  copyWritten(cluster, warp, r[0], r + 1, 1, mask);
  return Step::Next;
}

Step mov16(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t *d = lanes<uint32_t>(warp, r[0]);
  const uint32_t *a = lanes<uint32_t>(cluster, warp, r[1]);
  forLanes(mask, [=](uint32_t l) { d[l] = a[l] & 0xffff; });
  copyWritten(cluster, warp, r[0], r + 1, 1, mask);
  return Step::Next;
}

Step movPredicate(Cluster &cluster, Warp &warp, const Inst &inst,
                  uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t value = predicate(cluster, warp, r[1]);
  setPredicate(warp, r[0], mask, inst.flags ? ~value : value);
  copyWritten(cluster, warp, r[0], r + 1, 1, mask);
  return Step::Next;
}

/// inst.size: bits of one element.
Step packVector(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint64_t keep = (1ull << inst.size) - 1;
  forLanes(mask, [&](uint32_t l) {
    uint64_t value = 0;
    for (unsigned i = 0; i < inst.numSrc; ++i)
      value |= (laneValue(cluster, warp, r[1 + i], l) & keep)
               << (inst.size * i);
    setLane(warp, r[0], l, value);
  });
  copyWritten(cluster, warp, r[0], r + 1, inst.numSrc, mask);
  return Step::Next;
}

Step unpackVector(Cluster &cluster, Warp &warp, const Inst &inst,
                  uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  const Ref &source = r[inst.numDst];
  uint64_t keep = (1ull << inst.size) - 1;
  uint64_t values[32];
  forLanes(mask, [&](uint32_t l) {
    values[l] = laneValue(cluster, warp, source, l);
  });
  for (unsigned i = 0; i < inst.numDst; ++i) {
    forLanes(mask, [&](uint32_t l) {
      setLane(warp, r[i], l, values[l] >> (inst.size * i) & keep);
    });
    copyWritten(cluster, warp, r[i], &source, 1, mask);
  }
  return Step::Next;
}

Step clock(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref &d = cluster.refs(inst)[0];
  uint64_t now = warp.time >> inst.imm;
  forLanes(mask, [&](uint32_t l) { setLane(warp, d, l, now); });
  warp.written[d.row] |= mask;
  return Step::Next;
}

bool decodeSpecial(Decoder &d, unsigned bits) {
  const Operand &source = d.operand(1);
  if (source.kind != Operand::Special)
    return false;
  bool low = source.name == "%clock" || source.name == "%globaltimer_lo";
  bool wide = source.name == "%clock64" || source.name == "%globaltimer";
  bool high = source.name == "%clock_hi" || source.name == "%globaltimer_hi";
  if (!low && !wide && !high)
    return false;
  if (wide != (bits == 64))
    d.fail("the register has the wrong width for " + source.name);
  d.dst((size_t)0, bits);
  d.out->imm = high ? 32 : 0;
  d.out->run = clock;
  return true;
}
} // namespace

bool dgemm::sim::decodeMove(Decoder &d) {
  if (!d.is("mov"))
    return false;
  d.expectOperands(2, 2);
  Type type = d.type();
  unsigned bits = ptx::bitsOf(type);
  const Operand &to = d.operand(0), &from = d.operand(1);
  d.out->copies = true;
  if (from.kind == Operand::Vector || to.kind == Operand::Vector) {
    const Operand &vector = from.kind == Operand::Vector ? from : to;
    size_t count = vector.items.size();
    if (count != 2 && count != 4)
      d.fail("a vector of " + std::to_string(count) + " elements");
    unsigned element = bits / count;
    if (element < 8 || bits > 64 || bits < 16)
      d.fail("elements of " + std::to_string(element) + " bits");
    d.out->size = (uint8_t)element;
    if (from.kind == Operand::Vector) {
      d.dst(to, bits);
      for (const Operand &item : vector.items)
        d.src(item, element);
      d.out->run = packVector;
    } else {
      for (const Operand &item : vector.items)
        d.dst(item, element);
      d.src(from, bits);
      d.out->run = unpackVector;
    }
    return true;
  }
  if (decodeSpecial(d, bits))
    return true;
  // mov.u32 of a 64-bit special or of a symbol takes its low word.
  d.dst((size_t)0, bits);
  d.src(1, bits);
  if (type == Type::Pred) {
    d.out->flags = from.negated;
    d.out->run = movPredicate;
  } else if (bits == 16) {
    d.out->run = mov16;
  } else if (bits == 32) {
    d.out->run = mov<uint32_t>;
  } else if (bits == 64) {
    d.out->run = mov<uint64_t>;
  } else {
    d.fail("is not defined for this type");
  }
  return true;
}
