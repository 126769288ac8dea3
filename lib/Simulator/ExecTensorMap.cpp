// Changes tensor maps on the device: tensormap.replace, the fenced copy, and
// the proxy fences that make a changed map visible to the TMA unit.
#include "Collective.h"
#include "ExecMemory.h"

using namespace dgemm::sim;
using ptx::Operand;

namespace {
enum Field : uint32_t {
  GlobalAddress,
  Rank,
  BoxDim,
  GlobalDim,
  GlobalStride,
  ElementStride,
  ElementType,
  Interleave,
  Swizzle,
  Fill
};

/// Counts a change of the map at `address`: older views are stale.
void changed(Cluster &cluster, uint64_t address) {
  std::lock_guard<std::mutex> lock(cluster.device.atomics);
  ++cluster.device.mapVersions[address];
}

TensorMap::DType elementType(Cluster &cluster, Warp &warp, const Inst &inst,
                             uint64_t code) {
  static const TensorMap::DType types[] = {
      TensorMap::U8,  TensorMap::U16, TensorMap::U32, TensorMap::S32,
      TensorMap::U64, TensorMap::S64, TensorMap::F16, TensorMap::F32,
      TensorMap::F32, TensorMap::F64, TensorMap::BF16};
  if (code > 10)
    cluster.fault(HazardKind::BadOperand, &warp, &inst,
                  "element type " + std::to_string(code));
  return types[code];
}

// flags: field | ordinal << 8. Sources: address, value.
Step replace(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  uint32_t ordinal = inst.flags >> 8;
  for (uint32_t m = mask; m; m &= m - 1) {
    uint32_t lane = firstLane(m);
    uint64_t address = laneAddress(cluster, warp, inst, r[0], lane);
    uint64_t value = laneValue(cluster, warp, r[1], lane);
    uint8_t *bytes =
        resolve(cluster, warp, inst, address, 128, true, lane, false);
    TensorMap map;
    memcpy(&map, bytes, sizeof(map));
    if (map.magic != TensorMap::kMagic)
      cluster.fault(HazardKind::BadOperand, &warp, &inst,
                    "the 128 bytes are not a tensor map");
    switch (inst.flags & 0xff) {
    case GlobalAddress:
      map.address = value;
      break;
    case Rank:
      map.rank = (uint8_t)(value + 1);
      break; // encoded less one
    case BoxDim:
      map.box[ordinal] = (uint16_t)value;
      break;
    case GlobalDim:
      map.sizes[ordinal] = (uint32_t)value;
      break;
    case GlobalStride:
      map.strides[ordinal] = value;
      break;
    case ElementStride:
      map.elementStrides[ordinal] = (uint8_t)value;
      break;
    case ElementType:
      map.dtype = elementType(cluster, warp, inst, value);
      break;
    case Interleave:
      map.interleave = (uint8_t)value;
      break;
    case Swizzle:
      map.swizzle = value >= 1 && value <= 3 ? (uint8_t)(value + 4) : 0;
      break;
    default:
      map.nanFill = value != 0;
      break;
    }
    memcpy(bytes, &map, sizeof(map));
    if (inst.space == Space::Global)
      changed(cluster, address);
  }
  cluster.progressed();
  return Step::Next;
}

/// tensormap.cp_fenceproxy: shared to global, with the release built in.
Step copyFenced(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  if (!gatherWarp(cluster, warp, inst, mask))
    return Step::Blocked;
  const Ref *r = cluster.refs(inst);
  uint32_t lane = firstLane(mask);
  auto address = [&](const Ref *pair) {
    return laneValue(cluster, warp, pair[0], lane) +
           laneValue(cluster, warp, pair[1], lane);
  };
  Cta *cta;
  uint32_t offset;
  const uint8_t *from = cluster.shared(warp, inst, (uint32_t)address(r + 2),
                                       128, cta, offset, 128);
  if (cluster.checking())
    cluster.noteShared(warp, inst, *cta, offset, 128, false, 32);
  uint8_t *to = cluster.global(warp, inst, address(r), 128, true, 128);
  memcpy(to, from, 128);
  changed(cluster, address(r));
  cluster.progressed();
  return Step::Next;
}

/// fence.proxy.tensormap::generic.acquire [map], 128.
Step acquire(Cluster &cluster, Warp &warp, const Inst &inst, uint32_t mask) {
  const Ref *r = cluster.refs(inst);
  std::lock_guard<std::mutex> lock(cluster.device.atomics);
  for (uint32_t m = mask; m; m &= m - 1) {
    uint64_t address = laneAddress(cluster, warp, inst, r[0], firstLane(m));
    auto it = cluster.device.mapVersions.find(address);
    if (it != cluster.device.mapVersions.end())
      warp.mapsSeen[address] = it->second;
  }
  return Step::Next;
}
} // namespace

bool dgemm::sim::decodeTensorMap(Decoder &d) {
  Inst &out = *d.out;
  if (d.is("fence") && d.has("proxy") && d.has("tensormap::generic") &&
      d.has("acquire")) {
    d.expectOperands(2, 2);
    d.address(d.operand(0));
    out.run = acquire;
    return true;
  }
  if (!d.is("tensormap"))
    return false;
  decodeSpace(d);
  if (d.has("cp_fenceproxy")) {
    d.expectOperands(3, 3);
    d.addressRefs(d.operand(0));
    d.addressRefs(d.operand(1));
    out.space = Space::Shared;
    out.run = copyFenced;
    return true;
  }
  static const std::map<std::string, Field> fields = {
      {"global_address", GlobalAddress},
      {"rank", Rank},
      {"box_dim", BoxDim},
      {"global_dim", GlobalDim},
      {"global_stride", GlobalStride},
      {"element_stride", ElementStride},
      {"elemtype", ElementType},
      {"interleave_layout", Interleave},
      {"swizzle_mode", Swizzle},
      {"fill_mode", Fill}};
  const Field *field = nullptr;
  for (const std::string &part : d.in->parts)
    if (auto it = fields.find(part); it != fields.end())
      field = &it->second;
  if (!d.has("replace") || !field)
    d.fail("unknown operation");
  bool indexed = *field == BoxDim || *field == GlobalDim ||
                 *field == GlobalStride || *field == ElementStride;
  d.expectOperands(indexed ? 3 : 2, indexed ? 3 : 2);
  d.address(d.operand(0));
  uint64_t ordinal = 0;
  if (indexed) {
    const Operand &which = d.operand(1);
    ordinal = which.bits;
    if (which.kind != Operand::Integer ||
        ordinal > (*field == GlobalStride ? 3u : 4u))
      d.fail("the dimension is not an immediate from 0 to 4");
  }
  bool wide = *field == GlobalAddress || *field == GlobalStride;
  d.src(indexed ? 2 : 1, wide ? 64 : 32);
  out.flags = *field | (uint32_t)ordinal << 8;
  out.run = replace;
  return true;
}
