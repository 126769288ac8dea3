// The cost model.
//
// One K block of a tile takes the SM as long as its tensor work and what of
// its promotion does not hide behind the other warpgroups, but never less
// than the chain of waits, MMAs and promotion inside one warpgroup. Beside it
// stand the bytes: those of memory, once, those that the tiles take from L2,
// and the rows of boxes that reach beyond an operand. The longest of these
// makes a wave of tiles; the last wave has fewer tiles, so fewer SMs to fetch
// for it. The constants are a least-squares fit to the times of some 3000
// kernels on one H200 (docs/benchmarks.md names the files); they rank
// schedules.

#include "dgemm/Dialect/DGEMM/Transforms/CostModel.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

using namespace dgemm::dg;
namespace sm90 = dgemm::target::sm90;

//===-- Fitted constants, in clocks unless noted --------------------------===//

/// The chain in one warpgroup: its base and the MMAs' share of 2 n clocks a
/// slice, by the number of warpgroups; the wait for a stage; the wait for
/// WGMMA groups; two blocks of scales; one K block a stage and one warpgroup,
/// with nothing else to do meanwhile.
static constexpr double chainBase[] = {56, 66, 269};
static constexpr double chainMma[] = {0.36, 0.71, 0.21};
static constexpr double chainPerStage = 85, chainPerWait = 93,
                        chainStraddle = 10, chainAlone = 60;
/// FP32 issue slots per accumulator element: of one scale product, after a
/// swap, of a select, of 1D1D's products.
static constexpr double slotsPlain = 1.20, slotsSwap = 3.64, slotsSelect = 1.84,
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
static constexpr double visiblePromotion = 0.05, wakeUp = 172;
/// Changing from one warpgroup's MMAs to the next one's.
static constexpr double handOff = 12, handOffOfThree = 10;
/// 256x136 and 256x144 ran at 0.78 of their tensor rate.
static constexpr double twoWideSlices = 1.2;
/// What each doubling of the loop's variants from four on costs.
static constexpr double manyVariants = 1.025;
/// How sharply the longer of throughput and chain wins.
static constexpr int sharpness = 5;
/// The latencies of an epilogue by TMA or plain stores, and by lines; its bytes
/// count on top, less where they leave under MMAs.
static constexpr double epilogueBase = 176, linesBase = 264,
                        epilogueBytes = 1.33, overlappedShare = 0.96,
                        linesShare = 1.41;
/// Fetching code that runs for the first time, per column and copy of the
/// loop; and the way to a variant of the loop that nobody took before.
static constexpr double coldCode = 0.97, coldVariant = 755;
/// Microseconds until a kernel's first byte arrives, until the CTAs of a pair
/// that shares an operand know of each other, and for an exchange of partial
/// sums: latency, and a megabyte.
static constexpr double startMicroseconds = 2.37, pairMicroseconds = 1.12,
                        exchangeMicroseconds = 0.35, exchangePerMegabyte = 20.8;
/// The CTAs of a pair wait for each other: a few percent, more where they share
/// tokens and each has weights of its own to wait for.
static constexpr double sharing = 1.035, sharingTokens = 1.06;
/// What memory loses to boxes of few rows of weights, in proportion to those
/// that they lack of 64 (none was seen where K is split).
static constexpr double thinBoxes = 0.05;
/// Bytes in flight on an SM cover this latency, in microseconds.
static constexpr double memoryLatency = 0.47;
/// Bytes per microsecond from L2 to all SMs, for rows of operands that start
/// at multiples of 128 bytes (where hardly anything ever waits for L2), of 64,
/// of 32 and of 16: the more of the 128-byte lines a box touches, the slower.
/// And to one SM, however few ask.
struct L2Rate {
  double all, one;
};
static constexpr L2Rate l2Rates[] = {
    {18.1e6, 150e3}, {12.9e6, 150e3}, {11.0e6, 150e3}, {6.8e6, 52e3}};
/// Microseconds for a row of a box that lies outside of its operand, in whole
/// or in part: all SMs together fill 37 of them in a nanosecond.
static constexpr double outsideRow = 2.7e-05;
/// Up to so many tokens a raster or a pair is felt that does not keep weights
/// together.
static constexpr int64_t fewTokens = 512;
/// What a wide raster costs the memory system then.
static constexpr double distantWeights = 1.15;
/// How sharply the longest of compute, memory and L2 wins.
static constexpr int overlapSharpness = 4;

/// The SM clock under FP8 load, in GHz: the more work, the more the power
/// limits it. Measured from 10 us of work at the tensor cores' full rate
/// (1.81 GHz) to 2 ms (1.32 GHz).
static double clockOf(const ProblemFacts &facts, int64_t sms) {
  const double work =
      double(facts.m) * facts.n * facts.k / (sm90::macsPerClock * sms * 1.5e3);
  return std::clamp(1.81 - 0.063 * std::log2(std::max(work, 1e-3) / 10), 1.3,
                    1.83);
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

/// Copies of the K loop, one for each position of the edge between blocks of
/// scales.
static int64_t getLoopVariants(const Schedule &schedule) {
  return schedule.staticSplits && straddles(schedule)
             ? sm90::kBlock / std::gcd(schedule.tileN, sm90::kBlock)
             : 1;
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
      (straddles(schedule) ? chainStraddle : 0) +
      (warpgroups == 1 && schedule.kBlocks == 1 ? chainAlone : 0);
  double throughput = cost.tensorClocks;
  if (facts.vectorB) {
    const double exposed = schedule.products == Products::Early ? exposedEarly
                           : schedule.inFlight > 1 && warpgroups > 1
                               ? exposedSecond
                               : exposedLate;
    cost.promotionClocks = warpgroups * slices * tileN / 2 * exposed;
    throughput += cost.promotionClocks;
  } else if (warpgroups > 1) {
    const double hidden =
        (warpgroups - 1) * cost.tensorClocks / (warpgroups * slices);
    cost.promotionClocks = visiblePromotion * warpgroups * slices * promotion +
                           slices * std::max(0.0, promotion + wakeUp - hidden);
    throughput +=
        cost.promotionClocks + (warpgroups > 2 ? handOffOfThree : handOff);
  }
  if (slices > 1 && tileN > 128)
    throughput *= twoWideSlices;
  cost.kBlockClocks = longest<sharpness>({throughput, cost.chainClocks});
  for (int64_t copies = getLoopVariants(schedule); copies > 4; copies /= 2)
    cost.kBlockClocks *= manyVariants;
  if (schedule.stages < 3)
    cost.kBlockClocks *= schedule.stages == 2 ? 1.2 : 1.6;
}

static void estimateTileEnds(const Schedule &schedule,
                             const ProblemFacts &facts, Cost &cost) {
  const double bytes = double(schedule.tileM) * schedule.tileN *
                       facts.elementBytes * (facts.hasC ? 2 : 1);
  cost.epilogueClocks =
      schedule.store == Store::Lines ? linesBase : epilogueBase;
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
  const int64_t variants = std::min(getLoopVariants(schedule), cost.waves);
  cost.coldClocks = coldCode * copies * schedule.kBlocks *
                    schedule.getSlices() * schedule.tileN * variants;
  if (getLoopVariants(schedule) > 1)
    cost.coldClocks += coldVariant * variants;
}

//===-- The whole kernel --------------------------------------------------===//

/// What the tiles of a schedule read.
namespace {
struct Traffic {
  double bytes = 0;       ///< of the problem, every one once
  double bytesFromL2 = 0; ///< of one tile's operands
  double rowsOutside = 0; ///< of one tile's boxes, on average
  double inFlight = 0;    ///< bytes on one SM
};
} // namespace

static Traffic getTraffic(const Schedule &schedule, const ProblemFacts &facts,
                          int64_t tilesOfTokens, int64_t kBlocks,
                          int64_t paddedBlocks) {
  Traffic traffic;
  traffic.bytes =
      double(facts.m) * facts.k + double(facts.n) * facts.k +
      double(facts.m) * facts.n * facts.elementBytes * (facts.hasC ? 2 : 1);
  const sm90::KernelShape shape = getKernelShape(schedule, facts);
  const double blockBytes = sm90::kBlock * (shape.tileM + shape.tileN) +
                            4.0 * ((shape.lhsStaged ? shape.tileM : 0) +
                                   (shape.rhsStaged ? shape.tileN : 0));
  traffic.inFlight =
      std::min<double>(schedule.stages * schedule.kBlocks, paddedBlocks) *
      blockBytes;
  // Each CTA of a pair loads a half of what they share.
  const double shared = schedule.multicast == Multicast::Lhs   ? shape.tileM / 2
                        : schedule.multicast == Multicast::Rhs ? shape.tileN / 2
                                                               : 0;
  traffic.bytesFromL2 = kBlocks * (blockBytes - sm90::kBlock * shared);
  // Tokens past the last one; boxes past K, and the one that K ends in.
  const int64_t tokens = schedule.swap ? shape.tileN : shape.tileM;
  const bool sharesTokens =
      schedule.multicast == (schedule.swap ? Multicast::Rhs : Multicast::Lhs);
  const double pastM = double(tilesOfTokens * tokens - facts.m) /
                       tilesOfTokens / (sharesTokens ? 2 : 1);
  const double pastK =
      paddedBlocks - kBlocks +
      (facts.k % sm90::kBlock != 0 ? 1.0 / schedule.splitK : 0);
  traffic.rowsOutside =
      pastM * kBlocks + pastK * (shape.tileM + shape.tileN - shared);
  return traffic;
}

static L2Rate getL2Rate(const ProblemFacts &facts) {
  return l2Rates[facts.k % 128 == 0  ? 0
                 : facts.k % 64 == 0 ? 1
                 : facts.k % 32 == 0 ? 2
                                     : 3];
}

Cost dgemm::dg::estimateCost(const Schedule &schedule,
                             const ProblemFacts &facts, int64_t sms) {
  Cost cost;
  const int64_t rows = schedule.swap ? facts.n : facts.m;
  const int64_t columns = schedule.swap ? facts.m : facts.n;
  const int64_t parts = schedule.splitK;
  // The CTAs that share an operand take neighbouring tiles.
  const bool sharesLhs = schedule.multicast == Multicast::Lhs;
  const bool sharesRhs = schedule.multicast == Multicast::Rhs;
  const int64_t tilesOfRows = llvm::alignTo(
      llvm::divideCeil(rows, schedule.tileM), sharesRhs ? schedule.cluster : 1);
  const int64_t tilesOfColumns =
      llvm::alignTo(llvm::divideCeil(columns, schedule.tileN),
                    sharesLhs ? schedule.cluster : 1);
  cost.tiles = tilesOfRows * tilesOfColumns;
  // Clusters that run at once; on another GPU in proportion.
  const int64_t atOnce = std::max<int64_t>(
      1, sm90::clustersAtOnce[parts - 1] * sms / sm90::clustersAtOnce[0]);
  cost.waves = llvm::divideCeil(cost.tiles, atOnce);
  estimateBlock(schedule, facts, cost);
  estimateTileEnds(schedule, facts, cost);

  // A stage that is partly beyond K computes as long as a full one.
  const int64_t kBlocks =
      llvm::divideCeil(llvm::divideCeil(facts.k, sm90::kBlock), parts);
  const int64_t paddedBlocks = llvm::alignTo(kBlocks, schedule.kBlocks);
  const double clocksPerMicrosecond = clockOf(facts, sms) * 1e3;
  const double tile = (paddedBlocks * cost.kBlockClocks + cost.epilogueClocks) /
                      clocksPerMicrosecond;
  const double cold = cost.coldClocks / clocksPerMicrosecond;
  const Traffic traffic =
      getTraffic(schedule, facts, schedule.swap ? tilesOfColumns : tilesOfRows,
                 kBlocks, paddedBlocks);

  // CTAs that share weights lie far apart where a raster group is wide in n.
  const bool apart = schedule.rasterAxis == RasterAxis::N && !schedule.swap &&
                     facts.m > schedule.tileM && facts.m <= fewTokens;
  const double distance = apart ? distantWeights : 1;
  const double thin =
      schedule.swap && parts == 1 && schedule.tileM < sm90::wgmmaM
          ? 1 - double(schedule.tileM) / sm90::wgmmaM
          : 0;
  const double bytesPerTile =
      distance * (1 + thinBoxes * thin) * traffic.bytes / cost.tiles;
  const L2Rate l2Rate = getL2Rate(facts);
  // `n` tiles, each on SMs of its own.
  auto wave = [&](int64_t n) {
    const double active = n * parts;
    const double memory = n * bytesPerTile /
                          std::min(sm90::memoryBytesPerMicrosecond,
                                   active * traffic.inFlight / memoryLatency);
    const double l2 = active * (distance * traffic.bytesFromL2 /
                                    std::min(l2Rate.all, active * l2Rate.one) +
                                traffic.rowsOutside * outsideRow);
    return std::array<double, 3>{tile, memory, l2};
  };
  auto longestOf = [](const std::array<double, 3> &terms) {
    return longest<overlapSharpness>({terms[0], terms[1], terms[2]});
  };
  const int64_t fullWaves = cost.tiles / atOnce;
  double microseconds = 0;
  auto addWaves = [&](int64_t count, int64_t n) {
    const std::array<double, 3> terms = wave(n);
    cost.computeMicroseconds += count * terms[0];
    cost.memoryMicroseconds += count * terms[1];
    cost.l2Microseconds += count * terms[2];
    microseconds += count * longestOf(terms);
  };
  if (fullWaves > 0)
    addWaves(fullWaves, atOnce);
  if (cost.tiles % atOnce != 0)
    addWaves(1, cost.tiles % atOnce);
  cost.computeMicroseconds += cold;
  if (schedule.multicast != Multicast::None) {
    const bool tokens = schedule.swap ? sharesRhs : sharesLhs;
    microseconds *= tokens && facts.m <= fewTokens ? sharingTokens : sharing;
    microseconds += pairMicroseconds;
  }
  cost.microseconds = microseconds + cold + startMicroseconds;
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
