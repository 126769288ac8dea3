// Builds a cluster and answers questions about its memory and its agents.
#include "Machine.h"
#include "SpecialRegisters.h"

using namespace dgemm::sim;

static constexpr uint32_t kRegisterFile = 65536;

Cluster::Cluster(Device &device, uint64_t index, bool trace)
    : device(device), kernel(device.kernel), index(index),
      check(device.options.check), tracing(trace) {
  const Launch &launch = device.launch;
  const Dim3 &size = launch.cluster, &grid = launch.grid;
  uint64_t seed = device.options.seed * 0x9e3779b97f4a7c15ull + index;
  rng.seed(seed);
  opcodeCounts.assign(kernel.opcodes.size(), 0);
  uint64_t across = grid.x / size.x, down = grid.y / size.y;
  Dim3 origin{(uint32_t)(index % across) * size.x,
              (uint32_t)(index / across % down) * size.y,
              (uint32_t)(index / across / down) * size.z};
  uint32_t threads = (uint32_t)launch.block.count();
  uint32_t numWarps = (threads + 31) / 32;
  uint32_t shared = kSharedBase + kernel.staticShared + launch.dynamicShared;
  uint32_t entry =
      kernel.maxnreg
          ? kernel.maxnreg
          : std::min(kRegisterFile / kernel.minBlocks / threads / 8 * 8, 256u);
  counters.registerRows = kernel.rows;
  counters.sharedBytes = shared - kSharedBase;
  for (uint32_t rank = 0; rank < size.count(); ++rank) {
    auto cta = std::make_unique<Cta>();
    cta->rank = rank;
    cta->id = {origin.x + rank % size.x, origin.y + rank / size.x % size.y,
               origin.z + rank / size.x / size.y};
    cta->linear = cta->id.x +
                  (uint64_t)grid.x * (cta->id.y + (uint64_t)grid.y * cta->id.z);
    // Never-written memory is recognisable in a debugger, and random.
    cta->shared.resize(shared);
    for (uint8_t &byte : cta->shared)
      byte = (uint8_t)(0xa5 ^ (seed >> 3));
    cta->sharedWritten.assign(shared + 16, 0);
    if (check)
      cta->shadow = std::make_unique<Shadow>(shared + 16);
    cta->warpgroups.resize((numWarps + 3) / 4);
    cta->liveWarps = numWarps;
    for (uint32_t w = 0; w < numWarps; ++w) {
      auto warp = std::make_unique<Warp>();
      warp->cta = cta.get();
      warp->index = w;
      warp->number = rank * numWarps + w;
      warp->rows.assign((size_t)kernel.rows * 128, 0xcd);
      warp->written.assign(kernel.rows, 0);
      warp->touched.assign(kernel.rows, 0);
      warp->inFlight.assign(kernel.rows, 0);
      warp->owner.assign(kernel.rows, 0);
      if (device.options.seed == 0)
        warp->resultTime.assign(kernel.rows, 0);
      warp->rowRole.assign(kernel.rows, Warp::Accumulator);
      uint32_t lanesHere = std::min(32u, threads - w * 32);
      warp->live = lanesHere == 32 ? ~0u : (1u << lanesHere) - 1;
      warp->registers = entry;
      warp->local.resize((size_t)kernel.localBytes * 32);
      Split split;
      split.mask = warp->live;
      split.used = true;
      warp->splits.push_back(split);
      warp->self = agents++;
      warp->tensor = agents++;
      warp->bulk = agents++;
      warp->stores = agents++;
      warp->knows.start(warp->self);
      warps.push_back(warp.get());
      cta->warps.push_back(std::move(warp));
    }
    ctas.push_back(std::move(cta));
  }
  tensorFree.assign(size.count(), 0);
  schedulerFree.assign(size.count() * 4, 0);
  for (Warp *warp : warps)
    fillSpecialRows(*this, *warp);
}

//===-- Memory ------------------------------------------------------------===//

uint8_t *Cluster::shared(const Warp &warp, const Inst &inst, uint64_t address,
                         uint32_t size, Cta *&cta, uint32_t &offset,
                         uint32_t align) {
  uint32_t rank = (uint32_t)address >> kRankShift;
  offset = (uint32_t)address & ((1u << kRankShift) - 1);
  if (rank > ctas.size())
    fault(HazardKind::OutOfBounds, &warp, &inst,
          "shared address " + std::to_string(address) +
              " belongs to no CTA of the cluster");
  cta = rank == 0 ? warp.cta : ctas[rank - 1].get();
  if (offset % align)
    fault(HazardKind::Misaligned, &warp, &inst,
          "shared byte " + std::to_string(offset) + " (" + sharedName(offset) +
              ") is not a multiple of " + std::to_string(align));
  if (offset < kSharedBase || offset > cta->shared.size() ||
      size > cta->shared.size() - offset)
    fault(HazardKind::OutOfBounds, &warp, &inst,
          "shared bytes " + std::to_string(offset) + " to " +
              std::to_string((uint64_t)offset + size) +
              " lie outside the CTA's memory, bytes " +
              std::to_string(kSharedBase) + " to " +
              std::to_string(cta->shared.size()));
  if (cta->liveWarps == 0)
    fault(HazardKind::ExitedCta, &warp, &inst,
          "shared memory of CTA " + std::to_string(cta->rank) +
              ", which has exited; put barrier.cluster before the exit");
  return cta->shared.data() + offset;
}

uint8_t *Cluster::global(const Warp &warp, const Inst &inst, uint64_t address,
                         uint32_t size, bool write, uint32_t align) {
  if (address % align)
    fault(HazardKind::Misaligned, &warp, &inst,
          "the address (" + device.memory.describe(address) +
              ") is not a multiple of " + std::to_string(align));
  uint8_t *p = device.memory.find(address, size);
  if (!p)
    fault(HazardKind::OutOfBounds, &warp, &inst,
          std::string(write ? "writes " : "reads ") + std::to_string(size) +
              " bytes at " + device.memory.describe(address));
  return p;
}

//===-- Names -------------------------------------------------------------===//

std::string Cluster::sharedName(uint32_t offset) const {
  const std::pair<std::string, uint32_t> *best = nullptr;
  for (const auto &symbol : kernel.sharedSymbols)
    if (symbol.second <= offset && (!best || symbol.second >= best->second))
      best = &symbol;
  if (!best)
    return "+" + std::to_string(offset);
  return best->first + "+" + std::to_string(offset - best->second);
}

std::string Cluster::agentName(uint32_t agent) const {
  for (const Warp *warp : warps) {
    std::string name = "warp " + std::to_string(warp->index);
    if (ctas.size() > 1)
      name += " of CTA " + std::to_string(warp->cta->rank);
    if (agent == warp->self)
      return name;
    if (agent == warp->tensor)
      return "the tensor core for " + name;
    if (agent == warp->bulk || agent == warp->stores)
      return "the TMA unit for " + name;
  }
  for (const auto &cta : ctas)
    for (const auto &[offset, bar] : cta->barriers)
      if (bar.agent == agent)
        return "the TMA unit, completing on mbarrier " + sharedName(offset);
  return "a former mbarrier's copies";
}

//===-- Reports -----------------------------------------------------------===//

static Hazard makeHazard(const Cluster &cluster, HazardKind kind,
                         const Warp *warp, const Inst *inst,
                         const std::string &message) {
  Hazard hazard;
  hazard.kind = kind;
  if (inst) {
    hazard.line = inst->line;
    hazard.instruction = cluster.kernel.opcodes[inst->opcode];
  }
  if (warp) {
    const Dim3 &id = warp->cta->id;
    hazard.where = "block (" + std::to_string(id.x) + "," +
                   std::to_string(id.y) + "," + std::to_string(id.z) +
                   ") warp " + std::to_string(warp->index);
  }
  hazard.message = message;
  return hazard;
}

void Cluster::report(HazardKind kind, const Warp *warp, const Inst *inst,
                     const std::string &message) {
  device.report(makeHazard(*this, kind, warp, inst, message));
}

void Cluster::fault(HazardKind kind, const Warp *warp, const Inst *inst,
                    const std::string &message) {
  throw Fault{makeHazard(*this, kind, warp, inst, message)};
}

void Cluster::event(const std::string &track, const std::string &name,
                    uint64_t start, uint64_t end, const Cta &cta) {
  if (end < start)
    end = start;
  events.push_back({track, name, start, end - start, (uint32_t)cta.linear});
}
