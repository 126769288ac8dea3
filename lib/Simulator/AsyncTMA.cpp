// The TMA unit: moves boxes between global and shared memory some time after
// they were issued.
#include "Atomics.h"
#include "Machine.h"

using namespace dgemm::sim;
using ptx::Type;

// Latency model: kernels measured on an H200 take in about 57 bytes per clock
// and SM, and a first byte comes after roughly 600 clocks.
static constexpr uint64_t kLatency = 600, kStoreLatency = 400;
static constexpr uint64_t kBytesPerClock = 57;

static uint32_t swizzled(uint32_t offset, unsigned swizzle) {
  switch (swizzle) {
  case 7:
    return offset ^ (offset >> 3 & 0x70);
  case 6:
    return offset ^ (offset >> 3 & 0x30);
  case 5:
    return offset ^ (offset >> 3 & 0x10);
  default:
    return offset;
  }
}

void Cluster::issue(Transfer t, uint32_t lanes) {
  Warp &warp = *t.issuer;
  bool load = t.counts();
  t.issueTime = warp.time;
  uint64_t cost = t.bytes / kBytesPerClock + 1;
  ingestFree = std::max(ingestFree, warp.time) + cost;
  t.readyTime = std::max(ingestFree,
                         warp.time + (load ? kLatency : kStoreLatency) + cost);
  counters.tmaOperations += !t.generic();
  warp.producer |= load && !t.generic();
  if (load) {
    for (uint32_t rank = 0; rank < ctas.size(); ++rank) {
      if (t.multicast ? !(t.multicast >> rank & 1) : rank != t.barrierRank)
        continue;
      auto it = ctas[rank]->barriers.find(t.barrier);
      if (it == ctas[rank]->barriers.end())
        fault(HazardKind::BarrierMisuse, &warp, t.inst,
              "multicasts to CTA " + std::to_string(rank) +
                  ", whose mbarrier is not initialised");
      it->second.inFlightBytes += t.bytes;
      t.phases[rank] = it->second.phase;
    }
  } else {
    t.serial = warp.bulkIssued++;
    warp.bulkOps.push_back({firstLane(lanes), t.serial, -1, false, false});
  }
  if (check)
    t.knows = warp.knows.release(lanes);
  warp.knows.advance();
  progressed();
  transfers.push_back(std::move(t));
}

namespace {
/// Calls body(global address, offset in the box, in-bounds elements before
/// and inside) for each innermost row of the box.
struct Row {
  bool outside;        // some outer coordinate is out of bounds
  int64_t first, last; // in-bounds elements [first, last) of the row
  uint64_t address;    // of element 0, when it is not outside
  uint32_t offset;     // in the box, bytes
};
template <class F> void forRows(const Transfer &t, F body) {
  const TensorMap &map = t.map;
  uint32_t counts[5];
  for (unsigned i = 0; i < 5; ++i) {
    uint32_t step = map.elementStrides[i];
    counts[i] = i < map.rank ? (map.box[i] + step - 1) / step : 1;
  }
  counts[0] = map.box[0];
  uint32_t bytes = map.elementBytes();
  uint32_t index[5] = {0, 0, 0, 0, 0};
  Row row;
  int64_t size0 = (int64_t)map.sizes[0];
  row.first = std::clamp<int64_t>(-(int64_t)t.coords[0], 0, counts[0]);
  row.last = std::clamp<int64_t>(size0 - t.coords[0], row.first, counts[0]);
  row.offset = 0;
  for (;;) {
    row.outside = row.first >= row.last;
    row.address = map.address + (uint64_t)((int64_t)t.coords[0] * bytes);
    for (unsigned i = 1; i < map.rank; ++i) {
      int64_t c =
          (int64_t)t.coords[i] + (int64_t)index[i] * map.elementStrides[i];
      row.outside |= c < 0 || c >= (int64_t)map.sizes[i];
      row.address += (uint64_t)c * map.strides[i - 1];
    }
    body(row);
    row.offset += map.pitch();
    unsigned i = 1;
    for (; i < map.rank; ++i) {
      if (++index[i] < counts[i])
        break;
      index[i] = 0;
    }
    if (i >= map.rank)
      return;
  }
}

Type elementType(uint8_t dtype) {
  switch (dtype) {
  case TensorMap::U8:
    return Type::U8;
  case TensorMap::U16:
    return Type::U16;
  case TensorMap::U32:
    return Type::U32;
  case TensorMap::S32:
    return Type::S32;
  case TensorMap::U64:
    return Type::U64;
  case TensorMap::S64:
    return Type::S64;
  case TensorMap::F16:
    return Type::F16;
  case TensorMap::F32:
    return Type::F32;
  case TensorMap::F64:
    return Type::F64;
  default:
    return Type::BF16;
  }
}

void reduceInto(uint8_t *to, const uint8_t *from, uint32_t bytes, AtomicOp op,
                Type type) {
  uint32_t size = ptx::bitsOf(type) / 8;
  for (uint32_t i = 0; i + size <= bytes; i += size) {
    uint64_t a = 0, b = 0;
    memcpy(&a, to + i, size);
    memcpy(&b, from + i, size);
    a = applyAtomic(op, type, a, b, 0);
    memcpy(to + i, &a, size);
  }
}

/// The engine's accesses on behalf of one transfer.
struct Engine {
  Cluster &cluster;
  Transfer &t;
  uint32_t loadAgent = 0, loadClock = 0; // whose phase completes the load
  bool firstTarget = true;               // of a multicast

  uint8_t *global(uint64_t address, uint64_t bytes) {
    uint8_t *p = cluster.device.memory.find(address, bytes);
    if (!p)
      cluster.fault(HazardKind::OutOfBounds, t.issuer, t.inst,
                    "the TMA unit accesses " + std::to_string(bytes) +
                        " bytes at " + cluster.device.memory.describe(address) +
                        ": the tensor map is larger than the buffer");
    return p;
  }

  void noteRead(Cta &cta, uint32_t offset, uint32_t bytes) {
    if (!cluster.checking())
      return;
    cluster.checkWritten(cta, offset, bytes, t.issuer, t.inst);
    Accessor who{t.issuer->bulk, (uint32_t)t.serial + 1, &t.knows, true,
                 t.inst->line};
    if (t.counts()) {
      who.agent = loadAgent;
      who.clock = loadClock;
    }
    Conflict conflict = cta.shadow->read(offset, bytes, who);
    if (conflict.kind)
      cluster.reportConflict(conflict, false, true, t.issuer, t.inst, cta);
  }

  void noteLoad(uint64_t address, uint64_t bytes) {
    if (firstTarget)
      cluster.traffic.load(address, bytes);
    if (!cluster.checking())
      return;
    Accessor who{loadAgent, loadClock, &t.knows, true, t.inst->line};
    cluster.noteGlobal(*t.issuer, *t.inst, address, bytes, false, who);
  }

  void noteWrite(Cta &cta, uint32_t offset, uint32_t bytes) {
    if (!cluster.checking()) {
      memset(cta.sharedWritten.data() + offset, 1, bytes);
      return;
    }
    // Reductions that complete in one phase may meet.
    if (t.reduces()) {
      cluster.checkWritten(cta, offset, bytes, t.issuer, t.inst);
      t.knows.seen.raise(loadAgent, loadClock);
      t.knows.fenced.raise(loadAgent, loadClock);
    }
    memset(cta.sharedWritten.data() + offset, 1, bytes);
    Accessor who{loadAgent, loadClock, &t.knows, !t.generic(), t.inst->line};
    Conflict conflict = cta.shadow->write(offset, bytes, who);
    if (conflict.kind)
      cluster.reportConflict(conflict, true, !t.generic(), t.issuer, t.inst,
                             cta);
  }

  /// Each lane's bytes of a st.async or red.async.
  void storeLanes(Cta &cta) {
    uint32_t bytes = t.bytes / (uint32_t)t.offsets.size();
    const uint8_t *from = t.data.data();
    for (uint32_t offset : t.offsets) {
      noteWrite(cta, offset, bytes);
      uint8_t *to = cta.shared.data() + offset;
      if (t.reduces())
        reduceInto(to, from, bytes, (AtomicOp)t.reduction, (Type)t.reduceType);
      else
        memcpy(to, from, bytes);
      from += bytes;
    }
  }

  /// The bytes of another CTA's shared memory.
  void copyShared(Cta &cta) {
    Cta &source = *cluster.ctas[t.sharedRank];
    noteRead(source, t.shared, t.bytes);
    noteWrite(cta, t.target, t.bytes);
    const uint8_t *from = source.shared.data() + t.shared;
    uint8_t *to = cta.shared.data() + t.target;
    if (t.reduces())
      reduceInto(to, from, t.bytes, (AtomicOp)t.reduction, (Type)t.reduceType);
    else
      memmove(to, from, t.bytes);
  }

  /// What lies outside is zero, or the NaN that an H200 fills in.
  void fill(uint8_t *to, uint64_t bytes) const {
    static const uint8_t nan[2] = {0xf7, 0x7f};
    for (uint64_t i = 0; i < bytes; ++i)
      to[i] = t.map.nanFill ? nan[i & 1] : 0;
  }

  void loadTensor(Cta &cta) {
    uint32_t bytes = t.map.elementBytes();
    uint32_t rowBytes = t.map.box[0] * bytes;
    bool dense = t.map.pitch() == rowBytes;
    if (dense)
      noteWrite(cta, t.shared, t.bytes);
    uint8_t *shared = cta.shared.data();
    uint8_t buffer[256 * 8];
    forRows(t, [&](const Row &row) {
      if (row.outside) {
        fill(buffer, rowBytes);
      } else {
        uint64_t begin = row.first * bytes, end = row.last * bytes;
        fill(buffer, begin);
        memcpy(buffer + begin, global(row.address + begin, end - begin),
               end - begin);
        noteLoad(row.address + begin, end - begin);
        fill(buffer + end, rowBytes - end);
      }
      for (uint32_t i = 0; i < rowBytes; i += 16) {
        uint32_t at = swizzled(t.shared + row.offset + i, t.map.swizzle);
        if (!dense)
          noteWrite(cta, at, 16);
        memcpy(shared + at, buffer + i, 16);
      }
    });
  }

  /// Measured on an H200: stores and reductions do not clip inside the 16
  /// bytes that hold a row's end. Where the row ends there, other bytes are
  /// changed: a neighbour's, when the tensor is a part of a larger one.
  uint32_t overrun(const Row &row, uint32_t end, uint32_t rowBytes) {
    uint64_t whole = (row.address + end + 15) & ~15ull;
    uint32_t written = std::min(rowBytes, (uint32_t)(whole - row.address));
    if (written > end && cluster.checking())
      cluster.report(
          HazardKind::OutOfBounds, t.issuer, t.inst,
          "writes " + std::to_string(written - end) +
              " bytes behind the end of a row, at " +
              cluster.device.memory.describe(row.address + end) +
              ": the TMA unit writes the 16 bytes that hold the end as a "
              "whole; give the map an inner size of a multiple of 16 bytes or "
              "store the last columns with st.global");
    return written;
  }

  void storeTensor(Cta &cta, bool reduce) {
    uint32_t bytes = t.map.elementBytes();
    uint32_t rowBytes = t.map.box[0] * bytes;
    const uint8_t *shared = cta.shared.data();
    uint8_t buffer[256 * 8];
    forRows(t, [&](const Row &row) {
      if (row.outside)
        return;
      uint32_t begin = (uint32_t)row.first * bytes;
      uint32_t end = (uint32_t)row.last * bytes;
      end = overrun(row, end, rowBytes);
      for (uint32_t i = 0; i < rowBytes; i += 16) {
        uint32_t at = swizzled(t.shared + row.offset + i, t.map.swizzle);
        memcpy(buffer + i, shared + at, 16);
        if (i + 16 > begin && i < end) {
          uint32_t low = std::max(begin, i) - i;
          uint32_t high = std::min(end, i + 16) - i;
          noteRead(cta, at + low, high - low);
        }
      }
      uint8_t *to = global(row.address + begin, end - begin);
      cluster.noteGlobalStore(t, row.address + begin, end - begin, reduce);
      if (!reduce) {
        memcpy(to, buffer + begin, end - begin);
        return;
      }
      std::lock_guard<std::mutex> lock(cluster.device.atomics);
      reduceInto(to, buffer + begin, end - begin, (AtomicOp)t.reduction,
                 elementType(t.map.dtype));
    });
  }
};

/// Brings what counts at an mbarrier to one CTA.
void deliver(Engine &engine, uint32_t rank) {
  Cluster &cluster = engine.cluster;
  Transfer &t = engine.t;
  Cta &cta = *cluster.ctas[rank];
  uint32_t barrierRank = t.multicast ? rank : t.barrierRank;
  Cta &barrierCta = *cluster.ctas[barrierRank];
  if (cta.liveWarps == 0 || barrierCta.liveWarps == 0)
    cluster.fault(HazardKind::ExitedCta, t.issuer, t.inst,
                  "the copy arrives in the shared memory of a CTA that has "
                  "exited; wait for every copy before the exit");
  auto it = barrierCta.barriers.find(t.barrier);
  if (it == barrierCta.barriers.end())
    cluster.fault(HazardKind::BarrierMisuse, t.issuer, t.inst,
                  "its mbarrier was invalidated while the copy was in flight");
  MBarrier &bar = it->second;
  engine.loadAgent = bar.agent;
  engine.loadClock = (uint32_t)bar.phase + 1;
  if (t.kind == Transfer::TensorLoad) {
    engine.loadTensor(cta);
  } else if (t.kind == Transfer::BulkToShared) {
    engine.noteWrite(cta, t.shared, t.bytes);
    memcpy(cta.shared.data() + t.shared, engine.global(t.global, t.bytes),
           t.bytes);
    engine.noteLoad(t.global, t.bytes);
  } else if (t.generic()) {
    engine.storeLanes(cta);
  } else {
    engine.copyShared(cta);
  }
  bar.inFlightBytes -= t.bytes;
  if (bar.phase != t.phases[barrierRank])
    cluster.report(HazardKind::BarrierMisuse, t.issuer, t.inst,
                   std::to_string(t.bytes) + " bytes arrive at mbarrier " +
                       cluster.sharedName(t.barrier) +
                       " after the phase they were issued in was complete: it "
                       "expects fewer bytes than are copied");
  cluster.completeTransactions(bar, t.bytes, t.readyTime);
}
} // namespace

void Cluster::execute(Transfer &t) {
  Engine engine{*this, t};
  Warp &warp = *t.issuer;
  if (t.counts()) {
    uint32_t own =
        t.kind == Transfer::TensorLoad || t.kind == Transfer::BulkToShared
            ? t.sharedRank
            : t.targetRank;
    uint32_t targets = t.multicast ? t.multicast : 1u << own;
    for (uint32_t rank = 0; rank < ctas.size(); ++rank)
      if (targets >> rank & 1) {
        deliver(engine, rank);
        engine.firstTarget = false;
      }
  }
  switch (t.kind) {
  case Transfer::TensorStore:
  case Transfer::TensorReduce:
    engine.storeTensor(*ctas[t.sharedRank], t.kind == Transfer::TensorReduce);
    break;
  case Transfer::BulkToGlobal:
  case Transfer::BulkReduce: {
    Cta &cta = *ctas[t.sharedRank];
    engine.noteRead(cta, t.shared, t.bytes);
    uint8_t *to = engine.global(t.global, t.bytes);
    noteGlobalStore(t, t.global, t.bytes, t.kind == Transfer::BulkReduce);
    if (t.kind == Transfer::BulkToGlobal) {
      memcpy(to, cta.shared.data() + t.shared, t.bytes);
    } else {
      std::lock_guard<std::mutex> lock(device.atomics);
      reduceInto(to, cta.shared.data() + t.shared, t.bytes,
                 (AtomicOp)t.reduction, (Type)t.reduceType);
    }
    break;
  }
  default:
    break;
  }
  bool store = !t.counts();
  if (store) {
    for (BulkOp &op : warp.bulkOps)
      if (op.serial == t.serial)
        op.done = op.readDone = true;
    warp.bulkTime = std::max(warp.bulkTime, t.readyTime);
    device.globalProgress.fetch_add(1, std::memory_order_relaxed);
  }
  if (tracing) {
    Cta &cta = *ctas[t.sharedRank];
    std::string track = "TMA store";
    if (!store)
      track = "TMA load, stage " +
              std::to_string(
                  cta.stages.emplace(t.barrier, (uint32_t)cta.stages.size())
                      .first->second);
    event(track,
          std::to_string(t.bytes) + " bytes, line " +
              std::to_string(t.inst->line),
          t.issueTime, t.readyTime, cta);
  }
  progressed();
}
