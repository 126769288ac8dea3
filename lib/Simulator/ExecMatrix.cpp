// ldmatrix, stmatrix and movmatrix: 8x8 tiles of 16-bit elements spread over a
// warp.
#include "Collective.h"
#include "ExecMemory.h"

using namespace dgemm::sim;
using ptx::Operand;

namespace {
enum : uint32_t { Transposed = 0x100, Store = 0x200 };

Step moveMatrix(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  if (!gatherWarp(cluster, warp, inst, mask))
    return Step::Blocked;
  bool store = inst.flags & Store, transposed = inst.flags & Transposed;
  const Ref *r = cluster.refs(inst);
  const Ref &base = store ? r[0] : r[inst.numDst];
  const Ref *values = store ? r + 1 : r;
  uint64_t addresses[32];
  for (uint32_t tile = 0; tile < inst.count; ++tile) {
    uint8_t *rows[8];
    for (uint32_t row = 0; row < 8; ++row) {
      uint32_t lane = tile * 8 + row;
      uint64_t address = laneAddress(cluster, warp, inst, base, lane);
      addresses[lane] = address;
      rows[row] = resolve(cluster, warp, inst, address, 16, store, 32, true);
    }
    uint32_t *v = store ? nullptr : lanes<uint32_t>(warp, values[tile]);
    const uint32_t *s =
        store ? lanes<uint32_t>(cluster, warp, values[tile]) : nullptr;
    for (uint32_t lane = 0; lane < 32; ++lane)
      for (uint32_t half = 0; half < 2; ++half) {
        uint32_t row = lane / 4, column = lane % 4 * 2 + half;
        if (transposed)
          std::swap(row, column);
        uint8_t *element = rows[row] + column * 2;
        if (store) {
          uint16_t value = (uint16_t)(s[lane] >> (16 * half));
          memcpy(element, &value, 2);
          if (warp.poisoned(values[tile]) >> lane & 1)
            storePoison(cluster, warp, inst,
                        addresses[tile * 8 + row] + column * 2, 2);
        } else {
          uint16_t value;
          memcpy(&value, element, 2);
          if (half == 0)
            v[lane] = value;
          else
            v[lane] |= (uint32_t)value << 16;
        }
      }
  }
  uint32_t used = inst.count == 4 ? ~0u : (1u << inst.count * 8) - 1;
  countBanks(cluster, addresses, used, 16);
  uint64_t bytes = (uint64_t)inst.count * 128;
  if (store)
    cluster.counters.sharedStoreBytes += bytes;
  else
    cluster.counters.sharedLoadBytes += bytes;
  cluster.progressed();
  return Step::Next;
}

Step transposeMatrix(Cluster &cluster, Warp &warp, const Inst &inst,
                     uint32_t mask) {
  if (!gatherWarp(cluster, warp, inst, mask))
    return Step::Blocked;
  const Ref *r = cluster.refs(inst);
  const uint32_t *from = lanes<uint32_t>(cluster, warp, r[1]);
  uint32_t result[32] = {};
  for (uint32_t row = 0; row < 8; ++row)
    for (uint32_t column = 0; column < 8; ++column) {
      uint32_t value = from[column * 4 + row / 2] >> row % 2 * 16 & 0xffff;
      result[row * 4 + column / 2] |= value << column % 2 * 16;
    }
  memcpy(lanes<uint32_t>(warp, r[0]), result, sizeof(result));
  return Step::Next;
}
} // namespace

bool dgemm::sim::decodeMatrix(Decoder &d) {
  if (d.is("movmatrix")) {
    if (!d.has("m8n8") || !d.has("trans") || !d.has("b16"))
      d.fail("only .m8n8.trans.b16 is supported");
    d.expectOperands(2, 2);
    d.dst((size_t)0, 32);
    d.src(1, 32);
    d.out->run = transposeMatrix;
    return true;
  }
  bool store = d.is("stmatrix");
  if (!store && !d.is("ldmatrix"))
    return false;
  Inst &out = *d.out;
  if (!d.has("m8n8") || !d.has("b16"))
    d.fail("only .m8n8 .b16 is supported");
  decodeSpace(d);
  out.size = 16;
  out.count = d.has("x4") ? 4 : d.has("x2") ? 2 : 1;
  out.flags = (store ? Store : 0) | (d.has("trans") ? Transposed : 0);
  const Operand &value = d.operand(store ? 1 : 0);
  d.expectOperands(2, 2);
  if (value.kind != Operand::Vector ? out.count != 1
                                    : value.items.size() != out.count)
    d.fail("the vector has the wrong number of registers");
  auto each = [&](auto add) {
    if (value.kind != Operand::Vector)
      return add(value);
    for (const Operand &item : value.items)
      add(item);
  };
  if (store) {
    d.address(d.operand(0));
    each([&](const Operand &item) { d.src(item, 32); });
  } else {
    each([&](const Operand &item) { d.dst(item, 32); });
    d.address(d.operand(1));
  }
  out.run = moveMatrix;
  return true;
}
