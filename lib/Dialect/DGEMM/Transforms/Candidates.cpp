// The schedules that selection looks at.

#include "dgemm/Dialect/DGEMM/Transforms/Selection.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace dgemm::dg;
namespace sm90 = dgemm::target::sm90;

namespace {

/// Up to here all tokens may be the columns of one tile.
constexpr int64_t mostSwapped = 128;

/// From here on tiles of tokens may have fewer than 64 rows a warpgroup; below
/// tokens are better on the other side.
constexpr int64_t fewestThinRows = 33;

/// Where an epilogue and what it moves through L2 weigh little.
constexpr int64_t longK = 4096;

/// Up to here stages of several K blocks are for two warpgroups, too.
constexpr int64_t deepRows = 1024;

/// Up to here all row tiles stand side by side in the raster.
constexpr int64_t distantRows = 512;

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

/// Whether TMA takes rows that are so many elements apart. A dynamic stride is
/// taken to be as good as the row's own length.
bool isForTMA(const char *name, int64_t stride, const ProblemFacts &facts) {
  if (ShapedType::isDynamic(stride))
    stride = facts.n;
  return !ShapedType::isDynamic(stride) &&
         sm90::checkTMAStride(name, stride, facts.elementBytes).empty();
}

/// Stages of several K blocks are for small tiles: they leave by 16-byte
/// stores of each warp, which wait for no other warp.
Store chooseStore(const Schedule &schedule, const ProblemFacts &facts) {
  // Rows too: TMA and lines write the 16 bytes that hold a row's end as a
  // whole.
  if (!isForTMA("D", facts.strideD, facts) || !isForTMA("D", facts.n, facts))
    return Store::Direct;
  const bool thin = schedule.getSliceRows() < sm90::wgmmaM;
  return schedule.kBlocks > 1 || thin ? Store::Lines : Store::TMA;
}

/// How good rows of `bytes` are in shared memory: full swizzled lines first,
/// then pitches that spread over the banks by themselves.
int chunkRank(int64_t bytes) {
  if (bytes == 128)
    return 4;
  if (bytes / 16 % 2 == 1 && bytes >= 80 && bytes <= 208)
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

/// How products with column scales are promoted. Measured on an H200 with f32
/// accumulation: unrolling is worth 2 to 4 %, and products under the MMAs as
/// much again where a thread has the registers for them.
void chooseVectorLoop(Schedule &schedule, const ProblemFacts &facts) {
  const bool loadsC = facts.hasC && schedule.accumulate == Accumulate::Load;
  if (!getRhsScaleSide(schedule, facts).vector || schedule.swap || loadsC ||
      schedule.kBlocks > 1 || schedule.rhsScales != ScalePath::Staged)
    return;
  // A producer of 24 registers has none to spare for C in bf16, whose tiles are
  // the largest.
  const bool tight =
      facts.hasC && facts.elementBytes == 2 && schedule.warpgroups == 3;
  if (schedule.getSlices() == 1 && !tight &&
      3 * schedule.tileN / 2 <=
          sm90::accumulatorLimit(24, schedule.consumerRegs)) {
    schedule.products = Products::Early;
    // A smaller producer makes room for them.
    if (schedule.warpgroups == 3)
      schedule.producerRegs = 24;
  }
  // Two slices spilled where one block was left over.
  const bool even = schedule.getSlices() == 1 || facts.getKBlocks() % 4 != 1;
  if (schedule.specializeK && schedule.tileN <= 128 && even)
    schedule.unroll = 4;
}

/// Fills shared memory: first D's whole tile, then as many stages as fit;
/// where those would be fewer than three, D gets fewer buffers instead.
void chooseStages(Schedule &schedule, const ProblemFacts &facts) {
  // More K blocks than this in flight have never helped.
  const int64_t most = std::max<int64_t>(4, 8 / schedule.kBlocks);
  // Whole lines leave as soon as they are staged: one buffer is enough.
  const int64_t chunks =
      schedule.store == Store::Lines ? 1 : schedule.getChunksPerWarpgroup();
  if (schedule.accumulate == Accumulate::Prefetch) {
    // Pieces of C instead of more than one buffer, two at least; more than four
    // stages have not helped beside them.
    schedule.buffers = 1;
    for (schedule.stages = 4; schedule.stages >= 3; --schedule.stages)
      for (schedule.cSlots = 3; schedule.cSlots >= 2; --schedule.cSlots)
        if (sm90::sharedMemoryBytes(getKernelShape(schedule, facts)) <=
            sm90::sharedMemoryPerCTA)
          return;
    schedule.cSlots = 2;
    schedule.stages = 2;
    return;
  }
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

/// C by TMA, where D leaves by it and C's rows are for it too.
void chooseInit(Schedule &schedule, const ProblemFacts &facts) {
  if (!facts.hasC || schedule.swap || schedule.store != Store::TMA)
    return;
  if (isForTMA("C", facts.strideC, facts))
    schedule.accumulate = Accumulate::Prefetch;
}

/// How the K loop and the epilogue run. Measured on an H200 at M = 4096 over
/// the seven DeepSeek shapes: unrolling and the overlapped epilogue are worth
/// 1 to 3 % each at 256x128, variants of the loop for each position of the
/// scales' edge 10 to 20 % where a tile straddles blocks of scales.
void chooseLoop(Schedule &schedule, const ProblemFacts &facts) {
  const bool block = !getRhsScaleSide(schedule, facts).vector;
  const bool loadsC = facts.hasC && schedule.accumulate == Accumulate::Load;
  // A stage of several blocks is unrolled as it is. A vector of column
  // scales, loads of C and the wide stores of f32 leave no registers for more.
  if (schedule.kBlocks > 1 || !block || !schedule.specializeK || loadsC ||
      facts.elementBytes == 4)
    return;
  if (schedule.getSlices() > 1) {
    // Eight is at most 1 % faster, and takes twice as long to compile. The
    // first and the last block of a tile are peeled for the overlapped
    // epilogue, in whose way C would be. It spilled where the unrolled loop ran
    // just once between them, or one block was left; with C, where one block
    // was left over.
    const int64_t kBlocks = facts.getKBlocks(), between = kBlocks - 2;
    if (facts.hasC) {
      schedule.unroll = kBlocks % 4 == 1 ? 1 : 4;
    } else {
      schedule.unroll = between == 4 ? 2 : 4;
      if (between > 1)
        schedule.epilogue = Epilogue::Overlapped;
    }
  }
  // Each position of the scales' edge has a copy of the loop; two slices make
  // it long, and more than four copies took 5 us to fetch.
  const int64_t positions = 128 / std::gcd(schedule.tileN, int64_t(128));
  schedule.staticSplits = schedule.rhsScales == ScalePath::Tile &&
                          sm90::scaleRowsPerTile(schedule.tileN) > 1 &&
                          (schedule.getSlices() == 1 || positions <= 4);
  const int64_t variants = schedule.staticSplits ? positions : 1;
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
  // What has been multiplied under the MMAs is counted with the accumulators.
  if (schedule.products == Products::Early)
    return 16;
  const bool loadsC = facts.hasC && schedule.accumulate == Accumulate::Load;
  int64_t registers = facts.vectorB ? 40 : straddles ? 24 : 16;
  // Every group in flight has the scales of two blocks of columns.
  if (straddles && schedule.kBlocks > 1)
    registers += 6 * schedule.inFlight;
  if (loadsC && straddles)
    registers += 16;
  // Stores of f32 and the scales of two blocks of columns.
  if (facts.elementBytes == 4 && straddles)
    registers += 8;
  // C comes and D goes as pairs of bf16, which are taken apart and packed.
  if (facts.hasC && facts.vectorB && facts.elementBytes == 2)
    registers += 16;
  // A second slice has scales and, where C is added, addresses of its own.
  if (schedule.getSlices() > 1)
    registers += loadsC ? 64 : facts.vectorB ? 0 : 16;
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

namespace {

/// Builds the candidates for one problem.
class Enumerator {
public:
  Enumerator(const ProblemFacts &facts, const ProblemFacts &sizes)
      : facts(facts), sizes(sizes) {
    schedules.reserve(4096);
  }

  std::vector<Schedule> run() {
    addRowsAsTokens();
    if (sizes.m <= mostSwapped)
      addRowsAsWeights();
    return std::move(schedules);
  }

private:
  /// {consumer warpgroups, producer and consumer registers}
  using Roles = std::array<int64_t, 3>;
  static constexpr Roles one = {1, 40, 232}, two = {2, 40, 232},
                         three = {3, 32, 160}, threeSwapped = {3, 40, 152};
  /// {K blocks per stage, WGMMA groups in flight}
  static constexpr int64_t depths[][2] = {
      {1, 1}, {2, 1}, {2, 2}, {4, 2}, {4, 4}};

  /// Tokens on WGMMA's M side: whole slices of 64.
  void addRowsAsTokens() {
    const int64_t widest = alignedWidth(sizes.n);
    SmallVector<std::pair<Roles, int64_t>> shapes = {
        {two, 128}, {two, 64}, {three, 64}, {one, 64}};
    // Fewer rows where as many tiles hold all tokens with them: rows past the
    // last token are slow to load (CostModel.cpp).
    if (sizes.m >= fewestThinRows && sizes.m <= distantRows)
      for (const Roles &roles : {one, two, three}) {
        const int64_t tiles =
            llvm::divideCeil(sizes.m, sm90::wgmmaM * roles[0]);
        const int64_t rows =
            llvm::alignTo(llvm::divideCeil(sizes.m, tiles * roles[0]), 8);
        if (rows < sm90::wgmmaM)
          shapes.push_back({roles, rows});
      }
    for (auto [roles, rows] : shapes)
      for (int64_t n = 8; n <= widest; n += 8) {
        // Its f32 rows would go out in chunks of 32 bytes.
        if (facts.elementBytes == 4 && n > 16 && n % 16 != 0)
          continue;
        for (auto [kBlocks, inFlight] : depths)
          if (isWorthwhile(roles, rows, n, kBlocks))
            add(roles, rows, n, kBlocks, inFlight, /*swap=*/false);
      }
  }

  /// Whether tiles of tokens were ever the fastest with so many K blocks in a
  /// stage. Several warpgroups hide each other's waits: two need two blocks at
  /// most, three and large M one. Three read narrow tiles too often.
  bool isWorthwhile(const Roles &roles, int64_t rows, int64_t n,
                    int64_t kBlocks) {
    if (roles == three && n <= 64)
      return false;
    // Wide ones of one warpgroup spilled with several blocks, and thin ones.
    if (roles == one && n > 160 && (kBlocks > 1 || rows < sm90::wgmmaM))
      return false;
    // Thin tiles leave by lines, which is slow for wide ones.
    if (kBlocks == 1)
      return roles == one ? sizes.m <= deepRows
                          : rows >= sm90::wgmmaM || sizes.k >= longK;
    if (roles == one)
      return true;
    return roles == two && kBlocks == 2 && n <= 128 && sizes.m <= deepRows;
  }

  /// Weights on the M side, as many rows as make one wave, and all tokens as
  /// the columns of one tile.
  void addRowsAsWeights() {
    const int64_t n = alignedWidth(sizes.m);
    for (const Roles &roles : {one, two, threeSwapped}) {
      // Three have too few registers to hide the promotion of more.
      if (roles == threeSwapped && n > 40)
        continue;
      // One slice each: two have never been faster.
      for (int64_t rows = 16; rows <= sm90::wgmmaM; rows += 8)
        for (auto [kBlocks, inFlight] : depths) {
          // A stage of one K block waits for every one of them: only where K
          // has no more.
          if (kBlocks == 1 && sizes.k > sm90::kBlock)
            continue;
          add(roles, rows, n, kBlocks, inFlight, /*swap=*/true);
        }
    }
  }

  static int64_t alignedWidth(int64_t columns) {
    return std::clamp<int64_t>(llvm::alignTo(columns, 8), 8, sm90::wgmmaMaxN);
  }

  void add(const Roles &roles, int64_t rows, int64_t n, int64_t kBlocks,
           int64_t inFlight, bool swap) {
    Schedule schedule;
    schedule.swap = swap;
    schedule.warpgroups = roles[0];
    schedule.tileM = rows * roles[0];
    if (schedule.tileM > sm90::tmaMaxBox)
      return;
    schedule.tileN = n;
    schedule.kBlocks = kBlocks;
    schedule.inFlight = inFlight;
    schedule.producerRegs = roles[1];
    schedule.consumerRegs = roles[2];
    schedule.lhsScales = choosePath(getLhsScaleSide(schedule, facts), facts);
    schedule.rhsScales = choosePath(getRhsScaleSide(schedule, facts), facts);
    if (ShapedType::isDynamic(facts.k))
      schedule.maxKBlocks = dynamicTileScales;
    schedule.store = chooseStore(schedule, facts);
    schedule.chunk = chooseChunk(schedule, facts);
    // One box for the K blocks of a stage, where K is known to be whole.
    if (kBlocks > 1 && !ShapedType::isDynamic(facts.k) &&
        facts.k % sm90::kBlock == 0)
      schedule.tmaView = TMAView::Stage;
    // Four blocks with a box each hold more coordinates, and two where scales
    // of both sides come with them: with 40 registers the producer spilled
    // some.
    if (kBlocks > (facts.vectorB ? 1 : 2) &&
        schedule.tmaView == TMAView::Block) {
      schedule.consumerRegs = roles[2] - 8;
      schedule.producerRegs = 56;
    }
    schedule.specializeN = !ShapedType::isDynamic(facts.n);
    schedule.specializeK = !ShapedType::isDynamic(facts.k);
    // Tiles that share weights run side by side (measured: up to 30 % at M =
    // 128 to 512; from 1024 on it may cost as much).
    if (!swap && sizes.m > schedule.tileM && sizes.m <= distantRows) {
      schedule.rasterAxis = RasterAxis::M;
      schedule.rasterWidth = 8;
    }
    chooseInit(schedule, facts);
    chooseLoop(schedule, facts);
    chooseVectorLoop(schedule, facts);
    chooseStages(schedule, facts);
    // A ring that goes round twice in a tile has its loop unrolled, and 32
    // registers are too few for that, or 40 where the producer loads C.
    if ((roles == three || schedule.accumulate == Accumulate::Prefetch) &&
        sizes.getKBlocks() == 2 * schedule.stages)
      --schedule.stages;
    // Where L2 is slow and tiles share weights, the fourth stage cost up to
    // 10 %: the CTAs drift apart, and find less of each other's lines.
    if (!swap && roles == one && kBlocks == 2 && sizes.m > 128 &&
        !ShapedType::isDynamic(facts.k) && facts.k % sm90::kBlock != 0)
      schedule.stages = std::min<int64_t>(schedule.stages, 3);
    schedules.push_back(schedule);
    addSplits(schedule);
    addMulticasts(schedule);
  }

  /// The same with an operand shared by two CTAs: a quarter to a third less to
  /// read from L2. Measured to pay where rows of the operands do not start at
  /// lines of 128 bytes, and to cost 1 to 10 % elsewhere.
  void addMulticasts(Schedule schedule) {
    if (ShapedType::isDynamic(facts.k) || facts.k % sm90::kBlock == 0)
      return;
    // The largest tiles take little from L2.
    if (schedule.getSlices() > 1 && facts.k % 32 == 0 && facts.k >= longK)
      return;
    schedule.cluster = 2;
    const bool swap = schedule.swap;
    // Tokens, of which few are read often, only where L2 is slowest.
    if (facts.k % 32 != 0 || (!swap && sizes.m > distantRows))
      addMulticast(schedule, swap ? Multicast::Rhs : Multicast::Lhs);
    // Weights, where other tokens read them.
    if (!swap && sizes.m > schedule.tileM)
      addMulticast(schedule, Multicast::Rhs);
  }

  void addMulticast(Schedule schedule, Multicast shared) {
    // A producer of 24 registers spilled.
    if (schedule.producerRegs < 32)
      return;
    schedule.multicast = shared;
    if (schedule.swap && schedule.tileN % 16 != 0) {
      schedule.tileN += 8;
      schedule.chunk = chooseChunk(schedule, facts);
      chooseStages(schedule, facts);
    }
    const int64_t whole =
        shared == Multicast::Lhs ? schedule.tileM : schedule.tileN;
    if (whole % (2 * sm90::swizzleRows) == 0)
      schedules.push_back(schedule);
  }

  /// The same with K cut between the CTAs of a cluster, where tokens and tiles
  /// are so few that all clusters run at once, and each part has a few stages.
  void addSplits(Schedule schedule) {
    if (sizes.m > distantRows || schedule.warpgroups != 1 ||
        schedule.kBlocks == 1 || schedule.inFlight != schedule.kBlocks)
      return;
    const int64_t rows = schedule.swap ? sizes.n : sizes.m;
    const int64_t columns = schedule.swap ? sizes.m : sizes.n;
    const int64_t tiles = llvm::divideCeil(rows, schedule.tileM) *
                          llvm::divideCeil(columns, schedule.tileN);
    schedule.reduce = Reduce::Cluster;
    schedule.persistent = false;
    schedule.coordinates = Coordinates::Consumer;
    for (schedule.splitK = 2; schedule.splitK <= sm90::maxPortableCluster;
         ++schedule.splitK) {
      if (tiles > sm90::clustersAtOnce[schedule.splitK - 1] ||
          sizes.getKBlocks() < 4 * schedule.splitK)
        return;
      chooseStages(schedule, facts);
      schedules.push_back(schedule);
    }
  }

  const ProblemFacts &facts, &sizes;
  std::vector<Schedule> schedules;
};

} // namespace

std::vector<Schedule> dgemm::dg::enumerateSchedules(const ProblemFacts &facts,
                                                    const ProblemFacts &sizes) {
  return Enumerator(facts, sizes).run();
}
