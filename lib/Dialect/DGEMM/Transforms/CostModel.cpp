// The cost model.
//
// One K block of a tile costs the larger of tensor time and ingest time, plus
// what of the promotion does not hide behind the other warpgroups, but never
// less than the chain of waits, MMAs and promotion inside one warpgroup. The
// constants were fitted to kernels on one H200; they rank schedules and do
// not predict times to better than 10 %.

#include "dgemm/Dialect/DGEMM/Transforms/CostModel.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <numeric>

using namespace dgemm::dg;
namespace sm90 = dgemm::target::sm90;

//===-- Fitted constants, in clocks unless noted --------------------------===//

/// Share of the promotion's issue slots that costs time even where another
/// warpgroup's MMAs run beside it: 56 of 256 measured at 256x128.
static constexpr double visiblePromotion = 0.22;
/// From the end of a WGMMA group to the first FMA of its promotion.
static constexpr double wakeUp = 130;
/// Changing from one warpgroup's MMAs to the next one's.
static constexpr double handOff = 18, handOffOfThree = 30;
/// The chain in one warpgroup, fitted to six combinations of K blocks per
/// stage and groups in flight at 64x32, and to 64x16 and 64x64.
static constexpr double chainBase = 64, chainPerStage = 165, chainPerWait = 125,
                        chainStraddle = 40;
/// An epilogue's latencies, and the barrier, fence and store of each chunk;
/// its bytes come on top.
static constexpr double epilogueBase = 660, epiloguePerChunk = 40;
/// 256x136 and 256x144 ran at 0.78 of their tensor rate.
static constexpr double twoWideSlices = 1.25;
/// Bytes in flight on an SM saturate memory at 57 KB: this is the latency.
static constexpr double memoryLatencyMicroseconds = 1.84;

/// SM clock in GHz under FP8 load: the longer, the more the power limits it.
static double clockOf(double microseconds) {
  return microseconds < 30    ? 1.80
         : microseconds < 60  ? 1.75
         : microseconds < 150 ? 1.65
         : microseconds < 300 ? 1.61
                              : 1.56;
}

/// Whether the columns of a tile may lie in several blocks of rhs scales.
static bool straddles(const Schedule &schedule) {
  return sm90::scaleRowsPerTile(schedule.tileN) > 1 && !schedule.swap;
}

/// FP32 issue slots per accumulator element and K block.
static double slotsPerElement(const Schedule &schedule,
                              const ProblemFacts &facts) {
  if (facts.vectorB)
    return 2.25;
  // After a swap the scales vary along a thread's registers.
  if (schedule.swap)
    return 1.5;
  // A tile in two column blocks of scales selects; the more places the border
  // may be at, the more it costs.
  if (!straddles(schedule))
    return 1;
  const int64_t step = std::gcd(schedule.tileN, sm90::kBlock);
  return step >= 32 ? 1.1 : step >= 16 ? 1.25 : 1.4;
}

/// Time to move `bytes` with `active` SMs loading, in microseconds.
static double memoryTime(double bytes, double active, double bytesInFlight) {
  const double bandwidth =
      std::min(sm90::memoryBytesPerMicrosecond,
               active * bytesInFlight / memoryLatencyMicroseconds);
  return bytes / bandwidth;
}

Cost dgemm::dg::estimateCost(const Schedule &schedule,
                             const ProblemFacts &facts, int64_t sms) {
  Cost cost;
  const double tileM = schedule.tileM, tileN = schedule.tileN;
  const double warpgroups = schedule.warpgroups, slices = schedule.getSlices();
  // A stage that is partly beyond K costs as much as a full one.
  const double kBlocks =
      llvm::alignTo(llvm::divideCeil(facts.k, sm90::kBlock), schedule.kBlocks);
  const int64_t rows = schedule.swap ? facts.n : facts.m;
  const int64_t columns = schedule.swap ? facts.m : facts.n;
  cost.tiles = llvm::divideCeil(rows, schedule.tileM) *
               llvm::divideCeil(columns, schedule.tileN);
  cost.waves = llvm::divideCeil(cost.tiles, sms);

  // One K block of one tile.
  const sm90::KernelShape shape = getKernelShape(schedule, facts);
  const double scaleBytes =
      4 * ((shape.lhsStaged ? tileM : 0) + (shape.rhsStaged ? tileN : 0));
  const double blockBytes = sm90::kBlock * (tileM + tileN) + scaleBytes;
  cost.tensorClocks = tileM * tileN * sm90::kBlock / sm90::macsPerClock;
  cost.ingestClocks = blockBytes / sm90::ingestBytesPerClock;
  const double promotion = tileN / 2 * slotsPerElement(schedule, facts);
  const double allSlots = warpgroups * slices * promotion;
  const double hidden =
      (warpgroups - 1) * cost.tensorClocks / (warpgroups * slices);
  cost.promotionClocks = visiblePromotion * allSlots +
                         slices * std::max(0.0, promotion + wakeUp - hidden);
  // Two warpgroups that wait for the same loads fall into phase, and then
  // neither hides the other's promotion. Measured: 0.11 of the time where
  // ingest takes 0.98 of tensor time, 0.56 at 1.08.
  if (warpgroups == 2) {
    const double inPhase = std::clamp(
        4.6 * (cost.ingestClocks / cost.tensorClocks - 0.955), 0.0, 1.0);
    cost.promotionClocks = std::max(
        cost.promotionClocks,
        visiblePromotion * allSlots + inPhase * slices * (promotion + wakeUp));
  }
  const double nearIngest =
      0.3 * std::max(0.0, cost.ingestClocks - 0.85 * cost.tensorClocks);
  double throughput = std::max(cost.tensorClocks, cost.ingestClocks) +
                      nearIngest + cost.promotionClocks +
                      (warpgroups > 2 ? handOffOfThree : handOff);
  if (slices > 1 && tileN > 128)
    throughput *= twoWideSlices;
  // In one warpgroup everything is serial, whatever the others do.
  cost.chainClocks =
      chainBase + slices * (2 * tileN + promotion) +
      chainPerStage / schedule.kBlocks + chainPerWait / schedule.inFlight +
      (straddles(schedule) && !facts.vectorB && warpgroups == 1 ? chainStraddle
                                                                : 0);
  if (warpgroups == 1)
    throughput = std::max(cost.tensorClocks, cost.ingestClocks);
  cost.kBlockClocks = std::max(throughput, cost.chainClocks);
  if (schedule.stages < 3)
    cost.kBlockClocks *= schedule.stages == 2 ? 1.15 : 1.6;

  // One tile, then all of them.
  const double bytesPerTile = tileM * tileN * facts.elementBytes;
  const bool staged = schedule.store == Store::TMA;
  cost.epilogueClocks =
      epilogueBase + bytesPerTile / sm90::ingestBytesPerClock *
                         (staged ? 1 : 2) * (facts.hasC ? 2 : 1);
  if (staged) {
    const double chunks = schedule.getChunksPerWarpgroup();
    cost.epilogueClocks += epiloguePerChunk * chunks;
    if (!schedule.swap && chunks > slices &&
        schedule.chunk * facts.elementBytes < 64)
      cost.epilogueClocks *= 1.3; // short rows: many small writes
    // With fewer buffers than chunks it waits for its own stores.
    cost.epilogueClocks *= 1 + 0.25 * (1 - schedule.getChunkBuffers() / chunks);
  }
  const double clocks =
      cost.waves * (kBlocks * cost.kBlockClocks + cost.epilogueClocks);
  cost.computeMicroseconds =
      clocks / (clockOf(clocks / 1.65e3) * 1e3) + sm90::launchMicroseconds;

  // Memory: every byte once, in waves of equal tiles.
  const double bytes =
      double(facts.m) * facts.k + double(facts.n) * facts.k +
      double(facts.m) * facts.n * facts.elementBytes * (facts.hasC ? 2 : 1) +
      4 * kBlocks * (facts.m + facts.n / (facts.vectorB ? 1.0 : sm90::kBlock));
  const double inFlight =
      std::min<double>(schedule.stages * schedule.kBlocks, kBlocks) *
      blockBytes;
  const double perTile = bytes / std::max<int64_t>(cost.tiles, 1);
  const double lastWave = cost.tiles - (cost.waves - 1) * sms;
  cost.memoryMicroseconds =
      (cost.waves - 1) * memoryTime(perTile * sms, sms, inFlight) +
      memoryTime(perTile * lastWave, lastWave, inFlight) +
      sm90::launchMicroseconds;

  // A smooth maximum: what is nearly as long as the longest still shows.
  cost.microseconds = std::pow(std::pow(cost.computeMicroseconds, 6) +
                                   std::pow(cost.memoryMicroseconds, 6),
                               1.0 / 6);
  return cost;
}

std::string Cost::str() const {
  return llvm::formatv(
      "{0:f1} us: {1} tiles in {2} waves; a K block takes {3:f0} clocks "
      "(tensor {4:f0}, ingest {5:f0}, promotion {6:f0}, chain {7:f0}), an "
      "epilogue {8:f0}; compute {9:f1} us, memory {10:f1} us",
      microseconds, tiles, waves, kBlockClocks, tensorClocks, ingestClocks,
      promotionClocks, chainClocks, epilogueClocks, computeMicroseconds,
      memoryMicroseconds);
}
