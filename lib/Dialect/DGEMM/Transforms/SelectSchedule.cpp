// Gives each dgemm.gemm without a schedule a chosen one, and says between what
// there is to choose.

#include "dgemm/Dialect/DGEMM/Transforms/Passes.h"
#include "dgemm/Dialect/DGEMM/Transforms/Selection.h"
#include "dgemm/Dialect/DGEMM/Transforms/Transforms.h"
#include "dgemm/Dialect/DGEMM/Transforms/TuningTable.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

namespace dgemm::dg {
#define GEN_PASS_DEF_DGEMMSELECTSCHEDULEPASS
#include "dgemm/Dialect/DGEMM/Transforms/Passes.h.inc"
} // namespace dgemm::dg

using namespace mlir;
using namespace dgemm::dg;
namespace sm90 = dgemm::target::sm90;

namespace {

/// From here on the tokens fill WGMMA's 64 rows, and a swap only costs.
constexpr int64_t swapBelow = 64;

/// K blocks of per-tile scales that a kernel may have to hold.
constexpr int64_t mostTileScales = 1024;
/// And those that it has room for where K is dynamic: K = 65536.
constexpr int64_t dynamicTileScales = 512;

//===-- What the operands' strides and types decide -----------------------===//

ScalePath choosePath(const ScaleSide &side, const ProblemFacts &facts) {
  if (!side.vector)
    // Beyond that K a tile's scales would crowd out its operands.
    return facts.getKBlocks() > mostTileScales ? ScalePath::Direct
                                               : ScalePath::Tile;
  // A dynamic K stride becomes a precondition of the launch.
  const bool aligned =
      ShapedType::isDynamic(side.kStride) || side.kStride % 4 == 0;
  return side.rowStride == 1 && aligned ? ScalePath::Staged : ScalePath::Direct;
}

Store chooseStore(const ProblemFacts &facts) {
  // A dynamic row stride is taken to be as good as the row's own length.
  const int64_t length =
      ShapedType::isDynamic(facts.strideD) ? facts.n : facts.strideD;
  auto whole = [&](int64_t elements) {
    return !ShapedType::isDynamic(elements) &&
           sm90::checkTMAStride("D", elements, facts.elementBytes).empty();
  };
  // Rows too: TMA writes the 16 bytes that hold a row's end as a whole.
  return whole(length) && whole(facts.n) ? Store::TMA : Store::Direct;
}

/// How good rows of `bytes` are in shared memory: full swizzled lines first,
/// then pitches that spread over the banks by themselves.
int chunkRank(int64_t bytes) {
  if (bytes == 128)
    return 4;
  if (bytes / 16 % 2 == 1 && bytes >= 80 && bytes <= 192)
    return 3;
  if (bytes == 64)
    return 2;
  return bytes == 32 ? 1 : 0;
}

int64_t chooseChunk(const Schedule &schedule, const ProblemFacts &facts) {
  // After a swap a buffer's rows are the 64 rows of a slice, whatever the
  // chunk: few large chunks are best.
  int64_t best = 8;
  int bestRank = -1;
  for (int64_t chunk = 8; chunk <= schedule.tileN; chunk += 8) {
    if (schedule.tileN % chunk != 0)
      continue;
    const int rank = schedule.swap ? (chunk <= 64 ? 1 : 0)
                                   : chunkRank(chunk * facts.elementBytes);
    if (rank >= bestRank) {
      best = chunk;
      bestRank = rank;
    }
  }
  return best;
}

//===-- Candidates --------------------------------------------------------===//

/// Fills shared memory: first D's whole tile, then as many stages as fit;
/// where those would be fewer than three, D gets fewer buffers instead.
void chooseStages(Schedule &schedule, const ProblemFacts &facts) {
  // More K blocks than this in flight have never helped.
  const int64_t most = std::max<int64_t>(4, 8 / schedule.kBlocks);
  const int64_t chunks = schedule.getChunksPerWarpgroup();
  for (schedule.buffers = std::max<int64_t>(chunks, 1);;
       schedule.buffers = (schedule.buffers + 1) / 2) {
    for (schedule.stages = most; schedule.stages >= 3; --schedule.stages)
      if (sm90::sharedMemoryBytes(getKernelShape(schedule, facts)) <=
          sm90::sharedMemoryPerCTA)
        return;
    if (schedule.buffers == 1)
      break;
  }
  schedule.stages = 2;
}

/// How the K loop and the epilogue run. Measured on an H200 at M = 4096 over
/// the seven DeepSeek shapes: unrolling and the overlapped epilogue are worth
/// 1 to 3 % each at 256x128, variants of the loop for each position of the
/// scales' edge 10 to 20 % where a tile straddles blocks of scales.
void chooseLoop(Schedule &schedule, const ProblemFacts &facts) {
  const bool block = !getRhsScaleSide(schedule, facts).vector;
  // A stage of several blocks is unrolled as it is. A vector of column
  // scales, C and the wide stores of f32 leave no registers for more.
  if (schedule.kBlocks > 1 || !block || !schedule.specializeK || facts.hasC ||
      facts.elementBytes == 4)
    return;
  if (schedule.getSlices() > 1) {
    // Eight is at most 1 % faster, and takes twice as long to compile.
    schedule.unroll = 4;
    // The first and the last block of a tile are peeled: there must be two.
    if (facts.k > 2 * sm90::kBlock)
      schedule.epilogue = Epilogue::Overlapped;
  }
  schedule.staticSplits = schedule.rhsScales == ScalePath::Tile &&
                          sm90::scaleRowsPerTile(schedule.tileN) > 1;
  // Each position of the edge has a copy of the loop.
  const int64_t variants =
      schedule.staticSplits ? 128 / std::gcd(schedule.tileN, int64_t(128)) : 1;
  if (schedule.getSlices() == 1 && schedule.tileN <= 176)
    schedule.unroll = variants < 8 ? 4 : 2;
}

/// Registers that a consumer wants beside its accumulators, from what ptxas
/// made of such kernels: those with fewer spilled.
int64_t registersBeside(const Schedule &schedule, const ProblemFacts &facts) {
  const bool rhsVector = getRhsScaleSide(schedule, facts).vector;
  // Loads of a scale for each of a thread's columns, with their addresses.
  if (rhsVector && schedule.rhsScales == ScalePath::Direct)
    return 40 + schedule.tileN / 4 * (schedule.inFlight + 2);
  const bool straddles = sm90::scaleRowsPerTile(schedule.tileN) > 1;
  int64_t registers = facts.vectorB ? 40 : straddles ? 24 : 16;
  if (facts.hasC && straddles)
    registers += 16;
  // A second slice has scales and, where C is added, addresses of its own.
  if (schedule.getSlices() > 1)
    registers += facts.hasC ? 64 : 16;
  return registers;
}

} // namespace

std::string dgemm::dg::rejectSchedule(const Schedule &schedule,
                                      const ProblemFacts &facts) {
  const sm90::KernelShape shape = getKernelShape(schedule, facts);
  const int64_t wanted = registersBeside(schedule, facts);
  const int64_t left = schedule.consumerRegs - sm90::accumulators(shape);
  if (left >= 16 && left < wanted)
    return llvm::formatv("{0} of {1} registers remain beside the "
                         "accumulators, and scales and addresses want {2}",
                         left, schedule.consumerRegs, wanted);
  for (const std::string &message :
       {sm90::checkRegisterPool(shape), sm90::checkAccumulators(shape),
        sm90::checkSharedMemory(shape)})
    if (!message.empty())
      return message;
  return {};
}

std::vector<Schedule> dgemm::dg::enumerateSchedules(const ProblemFacts &facts,
                                                    const ProblemFacts &sizes) {
  // {consumer warpgroups, slices of each, producer and consumer registers}
  static constexpr int64_t shapes[][4] = {
      {2, 2, 40, 232}, {2, 1, 40, 232}, {3, 1, 32, 160}, {1, 1, 40, 232}};
  // {K blocks per stage, WGMMA groups in flight}
  static constexpr int64_t depths[][2] = {{1, 1}, {2, 1}, {2, 2},
                                          {4, 1}, {4, 2}, {4, 4}};
  std::vector<Schedule> schedules;
  schedules.reserve(2048);
  for (bool swap : {false, true}) {
    if (swap && sizes.m >= swapBelow)
      continue;
    // The tile's columns are tokens after a swap: all of them at once.
    const int64_t columns = swap ? sizes.m : sizes.n;
    const int64_t widest =
        std::clamp<int64_t>(llvm::alignTo(columns, 8), 8, sm90::wgmmaMaxN);
    for (auto [warpgroups, slices, producerRegs, consumerRegs] : shapes) {
      for (int64_t n = swap ? widest : 8; n <= widest; n += 8) {
        // Its f32 rows would go out in chunks of 32 bytes.
        if (facts.elementBytes == 4 && !swap && n > 16 && n % 16 != 0)
          continue;
        for (auto [kBlocks, inFlight] : depths) {
          Schedule schedule;
          schedule.swap = swap;
          schedule.warpgroups = warpgroups;
          schedule.tileM = sm90::wgmmaM * warpgroups * slices;
          schedule.tileN = n;
          schedule.kBlocks = kBlocks;
          schedule.inFlight = inFlight;
          schedule.producerRegs = producerRegs;
          schedule.consumerRegs = consumerRegs;
          schedule.lhsScales =
              choosePath(getLhsScaleSide(schedule, facts), facts);
          schedule.rhsScales =
              choosePath(getRhsScaleSide(schedule, facts), facts);
          if (ShapedType::isDynamic(facts.k))
            schedule.maxKBlocks = dynamicTileScales;
          schedule.store = chooseStore(facts);
          schedule.chunk = chooseChunk(schedule, facts);
          schedule.specializeN = !ShapedType::isDynamic(facts.n);
          schedule.specializeK = !ShapedType::isDynamic(facts.k);
          chooseLoop(schedule, facts);
          chooseStages(schedule, facts);
          schedules.push_back(schedule);
        }
      }
    }
  }
  return schedules;
}

//===-- The pass ----------------------------------------------------------===//

namespace {

struct DGEMMSelectSchedulePass
    : public dgemm::dg::impl::DGEMMSelectSchedulePassBase<
          DGEMMSelectSchedulePass> {
  using DGEMMSelectSchedulePassBase::DGEMMSelectSchedulePassBase;

  LogicalResult initialize(MLIRContext *context) override {
    std::optional<SizeRange> range = SizeRange::parse(m);
    if (!range)
      return emitError(UnknownLoc::get(context))
             << "m = '" << m << "' is neither a size nor a range of sizes; "
             << "write 4096 or 1..8192";
    options.sms = sms;
    options.m = *range;
    options.explain = explain;
    options.batchInvariant = batchInvariant;
    if (table.empty())
      return success();
    FailureOr<TuningTable> loaded = TuningTable::load(table, context);
    if (failed(loaded))
      return failure();
    tuned = std::make_shared<TuningTable>(std::move(*loaded));
    options.table = tuned.get();
    return success();
  }

  void runOnOperation() override {
    SmallVector<GemmOp> ops;
    getOperation()->walk([&](GemmOp op) { ops.push_back(op); });
    for (GemmOp op : ops) {
      ++(op.getScheduleAttr() ? numKept : numChosen);
      if (failed(selectSchedule(op, options)))
        return signalPassFailure();
    }
  }

private:
  SelectScheduleOptions options;
  /// Shared by the clones of the pass, which only read it.
  std::shared_ptr<const TuningTable> tuned;
};

} // namespace
