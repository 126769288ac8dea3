// st.async and red.async: stores and reductions into the shared memory of a
// CTA of the cluster that count their bytes at an mbarrier beside them.
#include "Atomics.h"
#include "ExecMemory.h"

using namespace dgemm::sim;
using ptx::Operand;
using ptx::Type;

// Sources: address (2), barrier (2), values. flags: operation << 8,
// type << 16. One transfer for all lanes with the same barrier.
static Step storeAsync(Cluster &cluster, Warp &warp, const Inst &inst,
                       uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t bytes = (uint32_t)inst.size * inst.count;
  auto address = [&](const Ref *pair, uint32_t lane) {
    return (uint32_t)(laneValue(cluster, warp, pair[0], lane) +
                      laneValue(cluster, warp, pair[1], lane));
  };
  std::vector<Transfer> made;
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m), to, barrier;
    Cta *cta, *barrierCta;
    cluster.shared(warp, inst, address(r, lane), bytes, cta, to, bytes);
    MBarrier &bar = cluster.barrier(warp, inst, address(r + 2, lane), lane,
                                    barrierCta, barrier);
    (void)bar;
    if (cta != barrierCta)
      cluster.fault(HazardKind::BadOperand, &warp, &inst,
                    "writes to CTA " + std::to_string(cta->rank) +
                        " and counts at an mbarrier of CTA " +
                        std::to_string(barrierCta->rank) +
                        "; both must be in the same CTA");
    Transfer *t = nullptr;
    for (Transfer &known : made)
      if (known.barrierRank == cta->rank && known.barrier == barrier)
        t = &known;
    if (!t) {
      t = &made.emplace_back();
      t->kind = (Transfer::Kind)inst.imm;
      t->sharedRank = t->targetRank = t->barrierRank = cta->rank;
      t->barrier = barrier;
      t->reduction = (uint8_t)(inst.flags >> 8);
      t->reduceType = (uint8_t)(inst.flags >> 16);
      t->issuer = &warp;
      t->inst = &inst;
    }
    t->lanes |= 1u << lane;
    t->bytes += bytes;
    t->offsets.push_back(to);
    for (uint32_t i = 0; i < inst.count; ++i) {
      uint64_t value = laneValue(cluster, warp, r[4 + i], lane);
      const uint8_t *from = (const uint8_t *)&value;
      t->data.insert(t->data.end(), from, from + inst.size);
    }
  }
  cluster.counters.sharedStoreBytes +=
      (uint64_t)bytes * __builtin_popcount(mask);
  for (Transfer &t : made) {
    uint32_t lanes = t.lanes;
    cluster.issue(std::move(t), lanes);
  }
  return Step::Next;
}

bool dgemm::sim::decodeAsyncStore(Decoder &d) {
  bool reduce = d.is("red");
  if ((!reduce && !d.is("st")) || !d.has("async"))
    return false;
  Inst &out = *d.out;
  if (!d.has("shared::cluster") || !d.has("mbarrier::complete_tx::bytes"))
    d.fail("only .shared::cluster with .mbarrier::complete_tx::bytes is "
           "supported");
  Type type = d.type();
  unsigned bits = ptx::bitsOf(type);
  if (bits != 32 && bits != 64)
    d.fail("is not defined for this type");
  out.size = (uint8_t)(bits / 8);
  out.count = d.has("v2") ? 2 : d.has("v4") ? 4 : 1;
  out.space = Space::SharedCluster;
  d.expectOperands(3, 3);
  const Operand &value = d.operand(1);
  bool vector = value.kind == Operand::Vector;
  if (vector ? value.items.size() != out.count : out.count != 1)
    d.fail("the vector has the wrong number of elements");
  if (reduce && vector)
    d.fail("reductions take one value");
  d.addressRefs(d.operand(0));
  d.addressRefs(d.operand(2));
  if (vector)
    for (const Operand &item : value.items)
      d.src(item, bits);
  else
    d.src(value, bits);
  out.imm = reduce ? Transfer::ReduceAsync : Transfer::StoreAsync;
  if (reduce)
    out.flags = (uint32_t)atomicOp(d) << 8 | (uint32_t)type << 16;
  out.run = storeAsync;
  return true;
}
