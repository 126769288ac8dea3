// The arithmetic of what fits on an sm_90a SM.

#include "dgemm/Target/SM90.h"

#include <algorithm>
#include <numeric>
#include <sstream>

using namespace dgemm::target::sm90;

static int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// Concatenates its arguments; a message is one expression.
template <typename... Ts> static std::string text(const Ts &...parts) {
  std::ostringstream os;
  (os << ... << parts);
  return os.str();
}

//===-- Shared memory -----------------------------------------------------===//

/// Calls `place(name, bytes)` for each array.
template <typename Place>
static void placeArrays(const KernelShape &shape, Place place) {
  auto placeEntries = [&](const char *name, int64_t entries, int64_t bytes) {
    place(name, entries * roundUp(bytes, tmaSharedAlignment));
  };
  const int64_t stages = shape.stages, kBlocks = shape.kBlocks;
  // A wgmma of a thin slice reads on to 64 rows.
  const int64_t readOn = wgmmaM - shape.sliceRows;
  placeEntries("lhs", stages, (kBlocks * shape.tileM + readOn) * kBlock);
  placeEntries("rhs", stages, kBlocks * shape.tileN * kBlock);
  placeEntries("output", shape.warpgroups * shape.buffers,
               wgmmaM * shape.chunk * shape.elementBytes);
  placeEntries("C", shape.cSlots,
               shape.warpgroups * wgmmaM * shape.chunk * shape.elementBytes);
  placeEntries("parts", shape.parts - 1,
               wgmmaM * shape.warpgroups * shape.slices * shape.tileN * 4);
  placeEntries("lhs scales", stages,
               shape.lhsStaged ? kBlocks * shape.tileM * 4 : 0);
  placeEntries("rhs scales", stages,
               shape.rhsStaged ? kBlocks * shape.tileN * 4 : 0);
  placeEntries("lhs tile scales", shape.tileSlots,
               shape.lhsTileRows * shape.kCapacity * 4);
  placeEntries("rhs tile scales", shape.tileSlots,
               shape.rhsTileRows * shape.kCapacity * 4);
  placeEntries("coordinates", shape.tileSlots,
               shape.producerCoordinates ? 16 : 0);
  // A full and an empty barrier for each entry of a ring.
  const bool tileRing =
      shape.producerCoordinates || shape.lhsTileRows || shape.rhsTileRows;
  place("barriers",
        2 * mbarrierBytes *
            (stages * shape.operandRings + (tileRing ? shape.tileSlots : 0) +
             shape.cSlots + (shape.parts > 1 ? 1 : 0)));
}

SharedMemoryLayout
dgemm::target::sm90::computeSharedMemory(const KernelShape &shape) {
  SharedMemoryLayout layout;
  placeArrays(shape, [&](const char *name, int64_t bytes) {
    layout.arrays.push_back({name, bytes});
    layout.total += bytes;
  });
  return layout;
}

int64_t dgemm::target::sm90::sharedMemoryBytes(const KernelShape &shape) {
  int64_t total = 0;
  placeArrays(shape, [&](const char *, int64_t bytes) { total += bytes; });
  return total;
}

std::string SharedMemoryLayout::itemise() const {
  std::ostringstream os;
  const char *separator = "";
  for (const Array &array : arrays) {
    if (!array.size)
      continue;
    os << separator << array.name << " " << array.size;
    separator = " + ";
  }
  os << " = " << total;
  return os.str();
}

std::string dgemm::target::sm90::checkSharedMemory(const KernelShape &shape) {
  const int64_t limit =
      shape.ctasPerSM == 1
          ? sharedMemoryPerCTA
          : sharedMemoryPerSM / shape.ctasPerSM - sharedMemoryReserved;
  if (sharedMemoryBytes(shape) <= limit)
    return {};
  SharedMemoryLayout layout = computeSharedMemory(shape);
  return text("needs ", layout.total, " bytes of shared memory, ",
              layout.total - limit, " more than the ", limit,
              " of a CTA: ", layout.itemise());
}

//===-- Registers ---------------------------------------------------------===//

int64_t dgemm::target::sm90::registersAtEntry(int64_t threads,
                                              int64_t ctasPerSM) {
  return registersPerCTA / ctasPerSM / threads / registerGranularity *
         registerGranularity;
}

int64_t dgemm::target::sm90::accumulatorLimit(int64_t producerRegs,
                                              int64_t consumerRegs) {
  // Everything but the accumulators has needed 16 registers, and 12 at 240
  // registers, where only a producer of 24 leaves room for them.
  return consumerRegs - (consumerRegs == 240 && producerRegs == 24 ? 12 : 16);
}

std::string dgemm::target::sm90::checkSetMaxReg(int64_t registers) {
  if (registers >= minSetMaxReg && registers <= maxSetMaxReg &&
      registers % registerGranularity == 0)
    return {};
  return text("setmaxnreg takes multiples of ", registerGranularity, " from ",
              minSetMaxReg, " to ", maxSetMaxReg, ", not ", registers);
}

std::string dgemm::target::sm90::checkRegisterPool(const KernelShape &shape) {
  const int64_t threads = shape.getThreads();
  const int64_t entry = registersAtEntry(threads, shape.ctasPerSM);
  const int64_t pool = entry * threads;
  const int64_t used =
      threadsPerWarpgroup *
      (shape.producerRegs + shape.warpgroups * shape.consumerRegs);
  if (used <= pool)
    return {};
  // The largest consumer budget that fits beside this producer.
  const int64_t fits = (pool / threadsPerWarpgroup - shape.producerRegs) /
                       shape.warpgroups / registerGranularity *
                       registerGranularity;
  return text("the roles want 128*(", shape.producerRegs, " + ",
              shape.warpgroups, "*", shape.consumerRegs, ") = ", used,
              " registers, but ", threads, " threads enter with ", entry,
              " each, ", pool, " in all; setmaxnreg would wait forever; ",
              "consumers may have ", fits);
}

/// Temporary accumulators, and the products that they are multiplied with.
static int64_t getTemporaries(const KernelShape &shape) {
  return shape.inFlight * (shape.earlyProducts ? 2 : 1);
}

int64_t dgemm::target::sm90::accumulators(const KernelShape &shape) {
  return (getTemporaries(shape) + shape.slices) * (shape.tileN / 2);
}

std::string dgemm::target::sm90::checkAccumulators(const KernelShape &shape) {
  const int64_t fragment = shape.tileN / 2;
  const int64_t needed = accumulators(shape);
  const int64_t limit =
      accumulatorLimit(shape.producerRegs, shape.consumerRegs);
  if (needed <= limit)
    return {};
  return text("a consumer thread needs ", getTemporaries(shape), "*", fragment,
              " temporary and ", shape.slices, "*", fragment,
              " running = ", needed, " accumulator registers, but ", limit,
              " fit in a budget of ", shape.consumerRegs);
}

//===-- Tensor cores and TMA ----------------------------------------------===//

int64_t dgemm::target::sm90::scaleRowsPerTile(int64_t tile) {
  // The worst start within a block is the largest multiple of the gcd.
  const int64_t step = std::gcd(tile, kBlock);
  return (kBlock - step + tile - 1) / kBlock + 1;
}

std::string dgemm::target::sm90::checkWgmmaN(int64_t n) {
  if (n >= wgmmaNStep && n <= wgmmaMaxN && n % wgmmaNStep == 0)
    return {};
  return text("wgmma takes an n that is a multiple of ", wgmmaNStep, " from ",
              wgmmaNStep, " to ", wgmmaMaxN, ", not ", n);
}

std::string dgemm::target::sm90::checkTMAStride(const std::string &name,
                                                int64_t stride,
                                                int64_t elementBytes) {
  // Remainders first: the product of a stride from a type may overflow.
  if (stride % tmaAlignment * elementBytes % tmaAlignment == 0)
    return {};
  const uint64_t bytes = uint64_t(stride) * elementBytes;
  return text("the row stride of ", name, " is ", bytes,
              " bytes, and TMA takes multiples of ", tmaAlignment,
              "; pad it to ", roundUp(bytes, tmaAlignment) / elementBytes,
              elementBytes == 1 ? "" : " elements");
}
