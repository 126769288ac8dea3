// What sm_90a can do: its numbers, each with its source, and the checks that
// quote them.
//
// "PTX" is the PTX ISA 9.0 manual, by the title of the section; "CUDA" the
// CUDA programming guide's table of technical specifications for compute
// capability 9.0; "driver" the driver API's cuTensorMapEncodeTiled. "measured"
// is one H200 at 132 SMs, with random e4m3 data.

#ifndef DGEMM_TARGET_SM90_H
#define DGEMM_TARGET_SM90_H

#include <cstdint>
#include <string>
#include <vector>

namespace dgemm::target::sm90 {

//===-- Threads and registers ---------------------------------------------===//

constexpr int64_t threadsPerWarpgroup = 128; // PTX: wgmma instructions
constexpr int64_t registersPerCTA = 65536;   // CUDA
constexpr int64_t registerGranularity = 8;   // PTX: setmaxnreg
constexpr int64_t minSetMaxReg = 24;         // PTX: setmaxnreg
constexpr int64_t maxSetMaxReg = 256;        // PTX: setmaxnreg
constexpr int64_t namedBarriers = 16;        // PTX: bar, barrier

//===-- WGMMA -------------------------------------------------------------===//

constexpr int64_t wgmmaM = 64;      // PTX: wgmma.mma_async, .shape
constexpr int64_t wgmmaNStep = 8;   // PTX: wgmma.mma_async, .shape
constexpr int64_t wgmmaMaxN = 256;  // PTX: wgmma.mma_async, .shape
constexpr int64_t wgmmaKBytes = 32; // PTX: wgmma.mma_async, .shape

//===-- Shared memory -----------------------------------------------------===//

constexpr int64_t sharedMemoryPerCTA = 232448; // CUDA: 227 KiB, opt-in
constexpr int64_t sharedMemoryPerSM = 233472;  // CUDA: 228 KiB, of which each
constexpr int64_t sharedMemoryReserved = 1024; // CTA has one for the system
constexpr int64_t swizzleBytes = 128;          // PTX: swizzling modes
constexpr int64_t swizzleRows = 8;             // PTX: swizzling modes
constexpr int64_t swizzleAtomBytes = swizzleBytes * swizzleRows;
constexpr int64_t mbarrierBytes = 8;        // PTX: size of an mbarrier
constexpr int64_t tmaSharedAlignment = 128; // PTX: tensor copy, alignment

//===-- TMA ---------------------------------------------------------------===//

constexpr int64_t tmaMaxBox = 256;        // driver: boxDim[i] <= 256
constexpr int64_t tmaAlignment = 16;      // driver: address and strides
constexpr int64_t maxPortableCluster = 8; // CUDA
/// Clusters of 1, 2, ... CTAs, one CTA to an SM, that an H200 of 132 SMs runs
/// at once (measured).
constexpr int64_t clustersAtOnce[] = {132, 66, 39, 30, 22, 17, 15, 15};

//===-- Rates (for the cost model) ----------------------------------------===//

constexpr double macsPerClock = 4096;                // CUDA: dense FP8, per SM
constexpr double storeBytesPerClock = 57;            // measured: TMA, per SM
constexpr double memoryBytesPerMicrosecond = 4.13e6; // measured: small M

//===-- Shapes of a kernel ------------------------------------------------===//

/// The K elements of one scale block: 128 e4m3 values, one swizzled row.
constexpr int64_t kBlock = 128;

/// What the checks need to know of a schedule and its problem. Plain numbers,
/// so that neither MLIR nor the dialect is needed to ask.
struct KernelShape {
  int64_t tileM = 0, tileN = 0;
  int64_t warpgroups = 0, slices = 0, sliceRows = wgmmaM;
  int64_t stages = 0, kBlocks = 0, inFlight = 0;
  /// Whether the products of scales are held beside the temporaries.
  bool earlyProducts = false;
  /// Parts of K whose sums one CTA of a cluster gathers.
  int64_t parts = 1;
  /// Rings of barriers for the operands.
  int64_t operandRings = 1;
  /// Tiles whose coordinates and scales are held at once.
  int64_t tileSlots = 2;
  int64_t producerRegs = 0, consumerRegs = 0;
  /// CTAs that share the SM's registers and shared memory.
  int64_t ctasPerSM = 1;
  /// Chunk buffers of D per warpgroup (0: D is stored without staging), their
  /// columns, and the bytes of an element of D.
  int64_t buffers = 0, chunk = 0, elementBytes = 0;
  /// Pieces of C that are held at once: a chunk for each warpgroup.
  int64_t cSlots = 0;
  /// Scales that arrive with every stage.
  bool lhsStaged = false, rhsStaged = false;
  /// Scales that arrive once per tile: the blocks of 128 rows that a tile can
  /// touch (0: not this way), and the K blocks held of each.
  int64_t lhsTileRows = 0, rhsTileRows = 0, kCapacity = 0;
  /// The producer hands each tile's coordinates on.
  bool producerCoordinates = true;

  int64_t getThreads() const { return threadsPerWarpgroup * (warpgroups + 1); }
};

/// The arrays in a CTA's dynamic shared memory. Each entry of an array, one
/// per stage or per tile in flight, is rounded up to 128 bytes.
struct SharedMemoryLayout {
  struct Array {
    const char *name;
    int64_t size;
  };
  std::vector<Array> arrays;
  int64_t total = 0;

  /// "lhs 98304 + rhs 49152 + ... = 216832", without the empty ones.
  std::string itemise() const;
};

SharedMemoryLayout computeSharedMemory(const KernelShape &shape);
/// Its total alone, for whoever asks thousands of times.
int64_t sharedMemoryBytes(const KernelShape &shape);

/// Registers per thread at entry: what `threads` threads can all have.
int64_t registersAtEntry(int64_t threads, int64_t ctasPerSM = 1);

/// Accumulator registers of a consumer thread: a 64 x n fragment is n / 2
/// registers, one per group in flight and one per slice.
int64_t accumulators(const KernelShape &shape);

/// Accumulator registers that fit beside addresses, scales and loop state in
/// a consumer of `consumerRegs` (measured with ptxas 13.0: none spilled
/// below, all above).
int64_t accumulatorLimit(int64_t producerRegs, int64_t consumerRegs);

/// Blocks of 128 that `tile` consecutive rows can touch when they start at a
/// multiple of `tile`.
int64_t scaleRowsPerTile(int64_t tile);

/// The swizzle of a TMA box whose rows are `bytes` long: that width where the
/// hardware has it, otherwise none (0).
constexpr int64_t swizzleForRow(int64_t bytes) {
  return bytes == 32 || bytes == 64 || bytes == 128 ? bytes : 0;
}

/// Each check returns an empty string, or what is wrong with the numbers.
std::string checkWgmmaN(int64_t n);
std::string checkSetMaxReg(int64_t registers);
std::string checkRegisterPool(const KernelShape &shape);
std::string checkAccumulators(const KernelShape &shape);
std::string checkSharedMemory(const KernelShape &shape);
/// `stride` is operand `name`'s, in elements of `elementBytes`; the message
/// says which stride to pad to.
std::string checkTMAStride(const std::string &name, int64_t stride,
                           int64_t elementBytes);

} // namespace dgemm::target::sm90

#endif // DGEMM_TARGET_SM90_H
