// The cost model.
//
// One K block of a tile takes the SM as long as its tensor work and what of
// its promotion does not hide behind the other warpgroups, but never less
// than the chain of waits, MMAs and promotion inside one warpgroup. Beside
// the tiles of a CTA stand the bytes: those of memory, once, and those that
// the tiles take from L2. The constants are a least-squares fit to the kernel
// times of 3067 kernels on one H200 (1811 of them in benchmarks/results); they
// rank schedules, and predict the time of one that is within 10 % of the best
// to 5
// %.

#include "dgemm/Dialect/DGEMM/Transforms/CostModel.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <numeric>

using namespace dgemm::dg;
namespace sm90 = dgemm::target::sm90;

//===-- Fitted constants, in clocks unless noted --------------------------===//

/// The chain in one warpgroup: its base and the MMAs' share of 2 n clocks a
/// slice, by the number of warpgroups; the wait for a stage; the wait for
/// WGMMA groups; two blocks of scales.
static constexpr double chainBase[] = {67, 45, 52};
static constexpr double chainMma[] = {0.33, 0.50, 1.08};
static constexpr double chainPerStage = 135, chainPerWait = 84,
                        chainStraddle = 13;
/// FP32 issue slots per accumulator element: of one scale product, after a
/// swap, of a select, of 1D1D's products.
static constexpr double slotsPlain = 1.36, slotsSwap = 2.05, slotsSelect = 1.20,
                        slotsVector = 2.25;
/// With C the two pass at so many bytes a clock, with C from TMA or loaded by
/// each thread; at fewer where rows of pieces have 64 bytes or less, or only
/// two pieces of C fit.
static constexpr double prefetchBytesPerClock = 30, loadBytesPerClock = 20,
                        halfRows = 1.33, shortRows = 1.8, twoPieces = 1.12;
/// Of 1D1D's products none hide behind other warpgroups' MMAs (measured with
/// 128x128 to 256x128, K = 1536 to 16384): slots of an element where they are
/// computed after the MMAs, under them, or with a second group in flight.
static constexpr double exposedLate = 3.2, exposedEarly = 2.8,
                        exposedSecond = 2.75;
/// Share of the promotion's issue slots that costs time even where another
/// warpgroup's MMAs run beside it, and the time to wake up for it.
static constexpr double visiblePromotion = 0.31, wakeUp = 141;
/// Changing from one warpgroup's MMAs to the next one's.
static constexpr double handOff = 12, handOffOfThree = 20;
/// 256x136 and 256x144 ran at 0.78 of their tensor rate.
static constexpr double twoWideSlices = 1.2;
/// Multicast costs 1 to 2 % at M = 4096 where L2 is not what limits.
static constexpr double sharing = 1.02;
/// How sharply the longer of throughput and chain wins.
static constexpr int sharpness = 5;
/// An epilogue's latencies; its bytes count on top, less where they leave
/// under MMAs or as lines.
static constexpr double epilogueBase = 226, epilogueBytes = 1.10,
                        overlappedShare = 0.3, linesShare = 1.21;
/// Fetching code that runs for the first time, per column and copy of the
/// loop.
static constexpr double coldCode = 4.25;
/// Microseconds until a kernel's first byte arrives, and for its exchange of
/// partial sums: latency, and a megabyte.
static constexpr double startMicroseconds = 2.48, exchangeMicroseconds = 0.35,
                        exchangePerMegabyte = 18.4;
/// Bytes in flight on an SM cover this latency, in microseconds; bytes per
/// microsecond from L2 to all SMs, for rows that start at multiples of 32
/// bytes and for others (measured at M = 897 to 7730, K % 32 = 16).
static constexpr double memoryLatency = 1.03, l2BytesPerMicrosecond = 18.6e6,
                        l2UnalignedBytes = 5.4e6;
/// What a wide raster costs the memory system at M up to 512.
static constexpr double distantWeights = 1.15;
/// How sharply the longest of compute, memory and L2 wins.
static constexpr int overlapSharpness = 4;

/// SM clock in GHz under FP8 load: the longer, the more the power limits it.
static double clockOf(double microseconds) {
  return microseconds < 30    ? 1.80
         : microseconds < 60  ? 1.75
         : microseconds < 150 ? 1.65
         : microseconds < 300 ? 1.61
                              : 1.56;
}

/// A smooth maximum of numbers that are not negative.
template <int sharpness>
static double longest(std::initializer_list<double> values) {
  double sum = 0;
  for (double value : values) {
    double power = value;
    for (int i = 1; i < sharpness; ++i)
      power *= value;
    sum += power;
  }
  // Thousands of estimates are made for one choice, and a root is cheap.
  if constexpr (sharpness == 4)
    return std::sqrt(std::sqrt(sum));
  return std::pow(sum, 1.0 / sharpness);
}

//===-- One tile ----------------------------------------------------------===//

/// Whether the weights of a tile may lie in several blocks of scales.
static bool straddles(const Schedule &schedule) {
  return sm90::scaleRowsPerTile(schedule.swap ? schedule.tileM
                                              : schedule.tileN) > 1;
}

/// FP32 issue slots per accumulator element and K block.
static double slotsPerElement(const Schedule &schedule,
                              const ProblemFacts &facts) {
  if (facts.vectorB)
    return slotsVector;
  // After a swap the scales vary along a thread's registers.
  if (schedule.swap)
    return slotsSwap * slotsPlain;
  if (straddles(schedule) && !schedule.staticSplits)
    return (1 + slotsSelect) * slotsPlain;
  return slotsPlain;
}

static void estimateBlock(const Schedule &schedule, const ProblemFacts &facts,
                          Cost &cost) {
  const double tileN = schedule.tileN, slices = schedule.getSlices();
  const int64_t warpgroups = schedule.warpgroups;
  // A thin slice takes the tensor core as long as a whole one.
  cost.tensorClocks = sm90::wgmmaM * warpgroups * slices * tileN *
                      sm90::kBlock / sm90::macsPerClock;
  const double promotion = tileN / 2 * slotsPerElement(schedule, facts);
  cost.chainClocks =
      chainBase[warpgroups - 1] +
      slices * (2 * tileN * chainMma[warpgroups - 1] + promotion) +
      chainPerStage / schedule.kBlocks + chainPerWait / schedule.inFlight +
      (straddles(schedule) ? chainStraddle : 0);
  double throughput = cost.tensorClocks;
  if (warpgroups > 1) {
    const double hidden =
        (warpgroups - 1) * cost.tensorClocks / (warpgroups * slices);
    cost.promotionClocks = visiblePromotion * warpgroups * slices * promotion +
                           slices * std::max(0.0, promotion + wakeUp - hidden);
    throughput +=
        cost.promotionClocks + (warpgroups > 2 ? handOffOfThree : handOff);
  }
  if (facts.vectorB) {
    const double exposed = schedule.products == Products::Early ? exposedEarly
                           : schedule.inFlight > 1 && warpgroups > 1
                               ? exposedSecond
                               : exposedLate;
    cost.promotionClocks = warpgroups * slices * tileN / 2 * exposed;
    throughput = cost.tensorClocks + cost.promotionClocks;
  }
  if (slices > 1 && tileN > 128)
    throughput *= twoWideSlices;
  // The CTAs of a cluster wait for each other's slots.
  if (schedule.multicast != Multicast::None)
    throughput *= sharing;
  cost.kBlockClocks = longest<sharpness>({throughput, cost.chainClocks});
  if (schedule.stages < 3)
    cost.kBlockClocks *= schedule.stages == 2 ? 1.15 : 1.6;
}

static void estimateTileEnds(const Schedule &schedule,
                             const ProblemFacts &facts, Cost &cost) {
  const double bytes = double(schedule.tileM) * schedule.tileN *
                       facts.elementBytes * (facts.hasC ? 2 : 1);
  cost.epilogueClocks = epilogueBase;
  double share = schedule.epilogue == Epilogue::Overlapped ? overlappedShare
                 : schedule.store == Store::Lines          ? linesShare
                 : schedule.store == Store::Direct         ? 2
                                                           : 1;
  // With fewer buffers than chunks it waits for its own stores.
  if (schedule.store == Store::TMA)
    share *= 1 + 0.25 * (1 - double(schedule.getChunkBuffers()) /
                                 schedule.getChunksPerWarpgroup());
  // With C it takes the time that reading C and writing D take.
  if (facts.hasC) {
    const bool prefetch = schedule.accumulate == Accumulate::Prefetch;
    const int64_t rowBytes = schedule.chunk * facts.elementBytes;
    double slower = rowBytes > 64 ? 1 : rowBytes == 64 ? halfRows : shortRows;
    if (prefetch && schedule.cSlots < 3)
      slower *= twoPieces;
    cost.epilogueClocks +=
        slower * bytes / (prefetch ? prefetchBytesPerClock : loadBytesPerClock);
  } else {
    cost.epilogueClocks +=
        epilogueBytes * share * bytes / sm90::storeBytesPerClock;
  }
  // Copies of the K loop's body: unrolled and what is left over, or peeled;
  // each position of the scales' edge that the CTA meets has its own.
  const double copies = schedule.epilogue == Epilogue::Overlapped
                            ? schedule.unroll + 2
                        : schedule.unroll > 1 ? schedule.unroll + 1
                                              : 1;
  const int64_t variants =
      schedule.staticSplits && straddles(schedule)
          ? sm90::kBlock / std::gcd(schedule.tileN, sm90::kBlock)
          : 1;
  cost.coldClocks = coldCode * copies * schedule.kBlocks *
                    schedule.getSlices() * schedule.tileN *
                    std::min<int64_t>(variants, cost.waves);
}

//===-- The whole kernel --------------------------------------------------===//

Cost dgemm::dg::estimateCost(const Schedule &schedule,
                             const ProblemFacts &facts, int64_t sms) {
  Cost cost;
  const int64_t rows = schedule.swap ? facts.n : facts.m;
  const int64_t columns = schedule.swap ? facts.m : facts.n;
  const int64_t parts = schedule.splitK;
  // The CTAs that share an operand take neighbouring tiles.
  const bool sharesLhs = schedule.multicast == Multicast::Lhs;
  const bool sharesRhs = schedule.multicast == Multicast::Rhs;
  cost.tiles = llvm::alignTo(llvm::divideCeil(rows, schedule.tileM),
                             sharesRhs ? schedule.cluster : 1) *
               llvm::alignTo(llvm::divideCeil(columns, schedule.tileN),
                             sharesLhs ? schedule.cluster : 1);
  // Clusters that run at once; on another GPU in proportion.
  const int64_t atOnce = std::max<int64_t>(
      1, sm90::clustersAtOnce[parts - 1] * sms / sm90::clustersAtOnce[0]);
  cost.waves = llvm::divideCeil(cost.tiles, atOnce);
  estimateBlock(schedule, facts, cost);
  estimateTileEnds(schedule, facts, cost);

  // A stage that is partly beyond K costs as much as a full one.
  const double kBlocks = llvm::alignTo(
      llvm::divideCeil(llvm::divideCeil(facts.k, sm90::kBlock), parts),
      schedule.kBlocks);
  const double clocks =
      cost.waves * (kBlocks * cost.kBlockClocks + cost.epilogueClocks) +
      cost.coldClocks;
  cost.computeMicroseconds = clocks / (clockOf(clocks / 1.65e3) * 1e3);

  const sm90::KernelShape shape = getKernelShape(schedule, facts);
  const double blockBytes = sm90::kBlock * (shape.tileM + shape.tileN) +
                            4.0 * ((shape.lhsStaged ? shape.tileM : 0) +
                                   (shape.rhsStaged ? shape.tileN : 0));
  const double bytes =
      double(facts.m) * facts.k + double(facts.n) * facts.k +
      double(facts.m) * facts.n * facts.elementBytes * (facts.hasC ? 2 : 1);
  const double inFlight =
      std::min<double>(schedule.stages * schedule.kBlocks, kBlocks) *
      blockBytes;
  const double active = std::min(cost.tiles, atOnce) * parts;
  // CTAs that share weights lie far apart where a raster group is wide in n.
  const bool apart = schedule.rasterAxis == RasterAxis::N && !schedule.swap &&
                     facts.m > schedule.tileM && facts.m <= 512;
  const double distance = apart ? distantWeights : 1;
  cost.memoryMicroseconds = distance * bytes /
                            std::min(sm90::memoryBytesPerMicrosecond,
                                     active * inFlight / memoryLatency);
  const double fromL2 =
      blockBytes - sm90::kBlock * (sharesLhs   ? shape.tileM / 2
                                   : sharesRhs ? shape.tileN / 2
                                               : 0);
  cost.l2Microseconds =
      distance * cost.tiles * parts * kBlocks * fromL2 /
      (facts.k % 32 == 0 ? l2BytesPerMicrosecond : l2UnalignedBytes);

  cost.microseconds = longest<overlapSharpness>({cost.computeMicroseconds,
                                                 cost.memoryMicroseconds,
                                                 cost.l2Microseconds}) +
                      startMicroseconds;
  if (parts > 1)
    cost.microseconds +=
        exchangeMicroseconds + exchangePerMegabyte * (parts - 1) *
                                   schedule.tileM * schedule.tileN * 4 / 1e6;
  return cost;
}

std::string Cost::str() const {
  return llvm::formatv(
      "{0:f1} us: {1} tiles in {2} waves; a K block takes {3:f0} clocks "
      "(tensor {4:f0}, promotion {5:f0}, chain {6:f0}), an epilogue {7:f0}, "
      "cold code {8:f0}; compute {9:f1} us, memory {10:f1} us, L2 {11:f1} us",
      microseconds, tiles, waves, kBlockClocks, tensorClocks, promotionClocks,
      chainClocks, epilogueClocks, coldClocks, computeMicroseconds,
      memoryMicroseconds, l2Microseconds);
}
