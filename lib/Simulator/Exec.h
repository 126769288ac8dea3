// Lane-wise building blocks of the arithmetic handlers.
#ifndef DGEMM_LIB_SIMULATOR_EXEC_H
#define DGEMM_LIB_SIMULATOR_EXEC_H

#include "Decode.h"

#include <type_traits>

namespace dgemm::sim {

/// How a value of type T lies in a lane: narrow integers take 4 bytes, with
/// the unused bits zero.
template <class T> using Slot = std::conditional_t<sizeof(T) >= 4, T, uint32_t>;

template <class T> inline Slot<T> toSlot(T value) {
  if constexpr (sizeof(T) >= 4)
    return value;
  else
    return (uint32_t)(std::make_unsigned_t<T>)value;
}

template <class F> inline void forLanes(uint32_t mask, F body) {
  if (mask == ~0u) {
    for (uint32_t lane = 0; lane < 32; ++lane)
      body(lane);
    return;
  }
  for (; mask; mask &= mask - 1)
    body((uint32_t)__builtin_ctz(mask));
}

/// dst = Op(src0) over types: result R, source A.
template <class R, class A, class Op>
Step unaryOp(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  auto *d = lanes<Slot<R>>(warp, r[0]);
  const auto *a = lanes<Slot<A>>(cluster, warp, r[1]);
  forLanes(mask, [=](uint32_t l) { d[l] = toSlot<R>((R)Op::run((A)a[l])); });
  return Step::Next;
}

template <class R, class A, class B, class Op>
Step binaryOp(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  auto *d = lanes<Slot<R>>(warp, r[0]);
  const auto *a = lanes<Slot<A>>(cluster, warp, r[1]);
  const auto *b = lanes<Slot<B>>(cluster, warp, r[2]);
  forLanes(mask,
           [=](uint32_t l) { d[l] = toSlot<R>((R)Op::run((A)a[l], (B)b[l])); });
  return Step::Next;
}

template <class R, class A, class B, class C, class Op>
Step ternaryOp(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  auto *d = lanes<Slot<R>>(warp, r[0]);
  const auto *a = lanes<Slot<A>>(cluster, warp, r[1]);
  const auto *b = lanes<Slot<B>>(cluster, warp, r[2]);
  const auto *c = lanes<Slot<C>>(cluster, warp, r[3]);
  forLanes(mask, [=](uint32_t l) {
    d[l] = toSlot<R>((R)Op::run((A)a[l], (B)b[l], (C)c[l]));
  });
  return Step::Next;
}

/// Picks Op for an integer type by its width and sign.
template <template <class> class Make>
Handler byIntegerType(Decoder &d, ptx::Type type) {
  switch (type) {
  case ptx::Type::U16:
  case ptx::Type::B16:
    return Make<uint16_t>::handler();
  case ptx::Type::S16:
    return Make<int16_t>::handler();
  case ptx::Type::U32:
  case ptx::Type::B32:
    return Make<uint32_t>::handler();
  case ptx::Type::S32:
    return Make<int32_t>::handler();
  case ptx::Type::U64:
  case ptx::Type::B64:
    return Make<uint64_t>::handler();
  case ptx::Type::S64:
    return Make<int64_t>::handler();
  default:
    d.fail("is not defined for this type");
  }
}

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_EXEC_H
