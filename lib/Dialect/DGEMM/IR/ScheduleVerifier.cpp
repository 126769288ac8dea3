// Verifies schedules, alone and against a problem. The labels are those of
// the attribute's description in DGEMMAttrs.td.

#include "dgemm/Dialect/DGEMM/ScheduleVerifier.h"
#include "Knobs.h"
#include "dgemm/Dialect/DGEMM/DGEMMOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dgemm::dg;
namespace sm90 = dgemm::target::sm90;

//===-- Facts -------------------------------------------------------------===//

int64_t ProblemFacts::getKBlocks() const {
  return ShapedType::isDynamic(k) ? k : llvm::divideCeil(k, sm90::kBlock);
}

ScaleSide dgemm::dg::getLhsScaleSide(const Schedule &schedule,
                                     const ProblemFacts &facts) {
  if (schedule.swap)
    return {"SFB", facts.vectorB, facts.strideSFB[0], facts.strideSFB[1]};
  return {"SFA", true, facts.strideSFA[0], facts.strideSFA[1]};
}

ScaleSide dgemm::dg::getRhsScaleSide(const Schedule &schedule,
                                     const ProblemFacts &facts) {
  Schedule swapped = schedule;
  swapped.swap = !schedule.swap;
  return getLhsScaleSide(swapped, facts);
}

sm90::KernelShape dgemm::dg::getKernelShape(const Schedule &schedule,
                                            const ProblemFacts &facts) {
  sm90::KernelShape shape;
  shape.tileM = schedule.tileM;
  shape.tileN = schedule.tileN;
  shape.warpgroups = schedule.warpgroups;
  shape.slices = schedule.getSlices();
  shape.sliceRows = schedule.getSliceRows();
  shape.stages = schedule.stages;
  shape.kBlocks = schedule.kBlocks;
  shape.inFlight = schedule.inFlight;
  shape.earlyProducts = schedule.products == Products::Early;
  shape.parts = schedule.splitK;
  shape.operandRings = schedule.hasSeparateRings() ? 2 : 1;
  shape.tileSlots = schedule.tileSlots;
  shape.ctasPerSM = schedule.ctasPerSM;
  shape.producerRegs = schedule.producerRegs;
  shape.consumerRegs = schedule.consumerRegs;
  shape.elementBytes = facts.elementBytes;
  if (schedule.store != Store::Direct) {
    shape.chunk = schedule.chunk;
    shape.buffers = schedule.getChunkBuffers();
  }
  if (schedule.accumulate == Accumulate::Prefetch)
    shape.cSlots = schedule.cSlots;
  shape.lhsStaged = schedule.lhsScales == ScalePath::Staged;
  shape.rhsStaged = schedule.rhsScales == ScalePath::Staged;
  if (schedule.lhsScales == ScalePath::Tile)
    shape.lhsTileRows = sm90::scaleRowsPerTile(schedule.tileM);
  if (schedule.rhsScales == ScalePath::Tile)
    shape.rhsTileRows = sm90::scaleRowsPerTile(schedule.tileN);
  shape.producerCoordinates = schedule.coordinates == Coordinates::Producer;
  const int64_t kBlocks = facts.getKBlocks();
  shape.kCapacity =
      ShapedType::isDynamic(kBlocks) ? schedule.maxKBlocks : kBlocks;
  return shape;
}

//===-- A schedule alone --------------------------------------------------===//

/// Fails with `message` about knob `name`, unless it is empty.
static LogicalResult check(EmitError emitError, StringRef name,
                           const std::string &message) {
  if (message.empty())
    return success();
  return emitError() << name << ": " << message;
}

static LogicalResult checkRange(EmitError emitError, StringRef name,
                                int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high)
    return success();
  return emitError() << name << " must be from " << low << " to " << high
                     << ", not " << value;
}

static LogicalResult checkTile(const Schedule &schedule, EmitError emitError) {
  // S2
  if (failed(checkRange(emitError, "warpgroups", schedule.warpgroups, 1, 3)))
    return failure();
  // S3
  const int64_t rows = schedule.tileM / schedule.warpgroups;
  const bool thin = rows >= sm90::swizzleRows && rows < sm90::wgmmaM &&
                    rows % sm90::swizzleRows == 0;
  if (schedule.tileM % schedule.warpgroups != 0 ||
      (!thin && rows != sm90::wgmmaM && rows != 2 * sm90::wgmmaM))
    return emitError() << "tile m is " << schedule.tileM << ", but "
                       << schedule.warpgroups
                       << " consumer warpgroups compute 128 rows each, or a "
                          "multiple of 8 rows up to 64: "
                       << schedule.warpgroups * sm90::wgmmaM << " or "
                       << 2 * schedule.warpgroups * sm90::wgmmaM
                       << ", or a multiple of "
                       << schedule.warpgroups * sm90::swizzleRows << " below";
  // S4
  if (schedule.tileM > sm90::tmaMaxBox)
    return emitError() << "tile m is " << schedule.tileM
                       << ", but a TMA box has at most " << sm90::tmaMaxBox
                       << " rows";
  // S5
  return check(emitError, "tile n", sm90::checkWgmmaN(schedule.tileN));
}

static LogicalResult checkPipeline(const Schedule &schedule,
                                   EmitError emitError) {
  // S6
  if (failed(checkRange(emitError, "stages", schedule.stages, 1, 64)))
    return failure();
  // S7
  if (failed(checkRange(emitError, "kblocks", schedule.kBlocks, 1, 8)))
    return failure();
  // S8
  if (schedule.inFlight < 1 || schedule.kBlocks % schedule.inFlight != 0)
    return emitError() << "in_flight is " << schedule.inFlight
                       << ", but must divide the " << schedule.kBlocks
                       << " K blocks of a stage";
  // S9
  if (failed(checkRange(emitError, "unroll", schedule.unroll, 1, 16)))
    return failure();
  // S37
  if (failed(checkRange(emitError, "producer_warps", schedule.producerWarps, 1,
                        2)))
    return failure();
  // S38
  if (failed(checkRange(emitError, "tile_slots", schedule.tileSlots, 2, 8)))
    return failure();
  // S32
  if (schedule.tmaView == TMAView::Stage &&
      (schedule.kBlocks == 1 || schedule.multicast != Multicast::None))
    return emitError() << "tma_view = stage loads the K blocks of a stage at "
                          "once, "
                       << (schedule.kBlocks == 1
                               ? "but kblocks = 1"
                               : "but a multicast operand is cut by rows")
                       << "; choose tma_view = block";
  // S10
  return checkRange(emitError, "max_kblocks", schedule.maxKBlocks, 1, 8192);
}

static LogicalResult checkCluster(const Schedule &schedule,
                                  EmitError emitError) {
  // S11
  if (schedule.cluster != 1 && schedule.cluster != 2)
    return emitError() << "cluster must be 1 or 2, not " << schedule.cluster;
  // S12
  if (schedule.multicast == Multicast::Both)
    return emitError() << "multicast = both needs a cluster of 4 CTAs, which "
                          "does not lower yet; choose lhs or rhs";
  // S13
  const bool shares = schedule.multicast != Multicast::None;
  if (shares != (schedule.cluster == 2))
    return emitError() << "multicast = "
                       << stringifyMulticast(schedule.multicast)
                       << " with cluster = " << schedule.cluster
                       << ": a cluster of 2 shares lhs or rhs, one CTA alone "
                          "shares nothing";
  // S14
  const bool lhs = schedule.multicast == Multicast::Lhs;
  const int64_t whole = lhs ? schedule.tileM : schedule.tileN;
  if (shares && whole / 2 % sm90::swizzleRows != 0)
    return emitError() << "multicast = "
                       << stringifyMulticast(schedule.multicast)
                       << " gives each CTA half of tile " << (lhs ? "m" : "n")
                       << " = " << whole << " to load, " << whole / 2
                       << " rows, but the 128-byte swizzle repeats every "
                       << sm90::swizzleRows << " rows; tile "
                       << (lhs ? "m" : "n") << " must be a multiple of "
                       << 2 * sm90::swizzleRows;
  return success();
}

static LogicalResult checkSplit(const Schedule &schedule, EmitError emitError) {
  // S35
  if (failed(checkRange(emitError, "split_k", schedule.splitK, 1,
                        sm90::maxPortableCluster)))
    return failure();
  const Reduce wanted = schedule.splitK > 1 ? Reduce::Cluster : Reduce::None;
  if (schedule.reduce != wanted)
    return emitError() << "split_k = " << schedule.splitK
                       << " needs reduce = " << stringifyReduce(wanted)
                       << ", not " << stringifyReduce(schedule.reduce);
  if (schedule.splitK == 1)
    return success();
  if (schedule.persistent || schedule.cluster != 1 ||
      schedule.epilogue != Epilogue::After)
    return emitError() << "split_k = " << schedule.splitK
                       << " takes a cluster for each tile: it needs persistent "
                          "= false, cluster = 1 and epilogue = after";
  return success();
}

static LogicalResult checkRegisters(const Schedule &schedule,
                                    EmitError emitError) {
  const sm90::KernelShape shape = getKernelShape(schedule, ProblemFacts());
  // S43
  if (failed(checkRange(emitError, "ctas_per_sm", schedule.ctasPerSM, 1, 2)))
    return failure();
  // S15
  for (int64_t registers : {schedule.producerRegs, schedule.consumerRegs})
    if (failed(check(emitError, "registers", sm90::checkSetMaxReg(registers))))
      return failure();
  // S16
  if (failed(check(emitError, "registers", sm90::checkRegisterPool(shape))))
    return failure();
  // S17
  return check(emitError, "tile", sm90::checkAccumulators(shape));
}

static LogicalResult checkEpilogue(const Schedule &schedule,
                                   EmitError emitError) {
  // S18
  if (schedule.epilogue == Epilogue::StoreWarps)
    return emitError() << "epilogue = store_warps does not lower yet; choose "
                          "after or overlapped";
  if (schedule.epilogue == Epilogue::Overlapped && schedule.kBlocks > 1)
    return emitError() << "epilogue = overlapped does not lower yet with "
                       << "kblocks = " << schedule.kBlocks
                       << "; choose after, or kblocks = 1";
  // S19
  if (failed(checkRange(emitError, "buffers", schedule.buffers, 1, 64)))
    return failure();
  // S20
  if (schedule.chunk < 8 || schedule.chunk % 8 != 0 ||
      schedule.chunk > sm90::tmaMaxBox)
    return emitError() << "chunk must be a multiple of 8 from 8 to "
                       << sm90::tmaMaxBox << " (a TMA box), not "
                       << schedule.chunk;
  // S33
  if (schedule.store == Store::TMA && schedule.getSliceRows() != sm90::wgmmaM)
    return emitError() << "store = tma stages slices of " << sm90::wgmmaM
                       << " rows, but these have " << schedule.getSliceRows()
                       << "; choose store = lines or direct";
  // S39
  if (schedule.accumulate == Accumulate::Prefetch &&
      (schedule.store != Store::TMA || schedule.swap || schedule.splitK > 1 ||
       schedule.epilogue != Epilogue::After))
    return emitError() << "accumulate = prefetch brings C in the pieces in "
                          "which D leaves, after the K loop: it needs store "
                          "= tma, swap = false, split_k = 1 and epilogue = "
                          "after; choose accumulate = load";
  // S40
  if (failed(checkRange(emitError, "c_slots", schedule.cSlots, 2, 16)))
    return failure();
  // S21
  if (schedule.store != Store::Direct && schedule.tileN % schedule.chunk != 0)
    return emitError() << "chunk = " << schedule.chunk
                       << " does not divide tile n = " << schedule.tileN;
  return success();
}

LogicalResult dgemm::dg::checkSchedule(const Schedule &schedule,
                                       EmitError emitError) {
  // S1
  const Schedule defaults;
  for (const Knob &knob : getKnobs()) {
    if (knob.lowers || knob.equal(schedule, defaults))
      continue;
    InFlightDiagnostic diagnostic = emitError();
    std::string value, only;
    llvm::raw_string_ostream valueOS(value), onlyOS(only);
    knob.print(valueOS, schedule);
    knob.print(onlyOS, defaults);
    return diagnostic << knob.name << " = " << value
                      << " does not lower yet; only " << knob.name << " = "
                      << only << " does";
  }
  if (failed(checkTile(schedule, emitError)) ||
      failed(checkPipeline(schedule, emitError)) ||
      failed(checkCluster(schedule, emitError)) ||
      failed(checkSplit(schedule, emitError)) ||
      failed(checkEpilogue(schedule, emitError)) ||
      failed(checkRegisters(schedule, emitError)))
    return failure();
  // S36
  if (schedule.hasSeparateRings() && schedule.multicast != Multicast::None)
    return emitError() << (schedule.producerWarps > 1 ? "producer_warps = 2"
                                                      : "pdl = activations")
                       << " gives weights and tokens rings of their own, which "
                          "a multicast operand cannot have; choose multicast = "
                          "none";
  // S22
  return checkRange(emitError, "raster_width", schedule.rasterWidth, 1, 65535);
}

//===-- A schedule for a problem ------------------------------------------===//

static LogicalResult checkSpecialize(const Schedule &schedule,
                                     const ProblemFacts &facts,
                                     EmitError emitError) {
  const std::tuple<bool, int64_t, StringRef> sizes[] = {
      {schedule.specializeM, facts.m, "m"},
      {schedule.specializeN, facts.n, "n"},
      {schedule.specializeK, facts.k, "k"}};
  // S23
  for (auto [specialized, size, name] : sizes)
    if (specialized && ShapedType::isDynamic(size))
      return emitError() << "specialize lists " << name
                         << ", but the operands' types leave it dynamic";
  return success();
}

static LogicalResult checkScales(StringRef knob, ScalePath path,
                                 const ScaleSide &side, EmitError emitError) {
  // S24
  if (path == ScalePath::Tile && side.vector)
    return emitError() << knob << " = tile delivers one scale per 128 rows, "
                       << "but " << side.name
                       << " has one per row; choose staged or direct";
  if (path != ScalePath::Staged)
    return success();
  // S25
  if (!side.vector)
    return emitError() << knob << " = staged delivers one scale per row, but "
                       << side.name
                       << " has one per 128 rows; choose tile or direct";
  // S26
  if (side.rowStride != 1) {
    InFlightDiagnostic diagnostic = emitError();
    diagnostic << knob << " = staged needs scales that are contiguous along "
               << "the rows, but the row stride of " << side.name << " is ";
    if (ShapedType::isDynamic(side.rowStride))
      diagnostic << "dynamic";
    else
      diagnostic << side.rowStride;
    return diagnostic << "; store " << side.name
                      << " with row stride 1 or choose direct";
  }
  // S27
  constexpr int64_t multiple = sm90::tmaAlignment / 4;
  if (!ShapedType::isDynamic(side.kStride) && side.kStride % multiple != 0)
    return emitError() << knob << " = staged needs a K stride of "
                       << sm90::tmaAlignment << " bytes times an integer, but "
                       << "that of " << side.name << " is " << side.kStride
                       << " floats; pad it to "
                       << llvm::alignTo(side.kStride, multiple)
                       << " or choose direct";
  return success();
}

static LogicalResult checkStore(const Schedule &schedule,
                                const ProblemFacts &facts,
                                EmitError emitError) {
  if (schedule.store == Store::Direct)
    return success();
  const StringRef name = stringifyStore(schedule.store);
  if (!ShapedType::isDynamic(facts.strideD)) {
    // S28
    std::string message =
        sm90::checkTMAStride("D", facts.strideD, facts.elementBytes);
    if (!message.empty())
      return emitError() << "store = " << name << ": " << message
                         << " or choose store = direct";
  }
  // S31
  const int64_t bytes = facts.n * facts.elementBytes;
  if (!ShapedType::isDynamic(facts.n) && bytes % sm90::tmaAlignment != 0)
    return emitError() << "store = " << name << ": a row of D has " << bytes
                       << " bytes, and it writes multiples of "
                       << sm90::tmaAlignment
                       << ", so beyond its end; choose store = direct";
  return success();
}

static LogicalResult checkAccumulate(const Schedule &schedule,
                                     const ProblemFacts &facts,
                                     EmitError emitError) {
  // S41
  if (schedule.accumulate != Accumulate::Prefetch)
    return success();
  if (!facts.hasC)
    return emitError() << "accumulate = prefetch, but the operation has no C; "
                          "choose accumulate = load";
  if (ShapedType::isDynamic(facts.strideC))
    return success();
  std::string message =
      sm90::checkTMAStride("C", facts.strideC, facts.elementBytes);
  if (message.empty())
    return success();
  return emitError() << "accumulate = prefetch: " << message
                     << " or choose accumulate = load";
}

static LogicalResult checkProducts(const Schedule &schedule,
                                   const ProblemFacts &facts,
                                   EmitError emitError) {
  // S42
  const ScaleSide rhs = getRhsScaleSide(schedule, facts);
  if (schedule.products == Products::Late || rhs.vector)
    return success();
  return emitError() << "products = early is for a scale per column, but "
                     << rhs.name << " has one per 128; choose products = late";
}

static LogicalResult checkOverlap(const Schedule &schedule,
                                  const ProblemFacts &facts,
                                  EmitError emitError) {
  // S30
  if (schedule.epilogue != Epilogue::Overlapped || !schedule.persistent ||
      ShapedType::isDynamic(facts.k) || facts.k > sm90::kBlock)
    return success();
  return emitError() << "epilogue = overlapped needs two K blocks, one to "
                        "store under and one to finish; K must be above "
                     << sm90::kBlock << ", not " << facts.k
                     << "; choose epilogue = after";
}

static LogicalResult checkView(const Schedule &schedule,
                               const ProblemFacts &facts, EmitError emitError) {
  // S34
  if (schedule.tmaView != TMAView::Stage || ShapedType::isDynamic(facts.k) ||
      facts.k % sm90::kBlock == 0)
    return success();
  return emitError() << "tma_view = stage needs a K that is a multiple of "
                     << sm90::kBlock << ", not " << facts.k
                     << "; choose tma_view = block";
}

LogicalResult dgemm::dg::checkSchedule(const Schedule &schedule,
                                       const ProblemFacts &facts,
                                       EmitError emitError) {
  if (failed(checkSpecialize(schedule, facts, emitError)) ||
      failed(checkScales("lhs_scales", schedule.lhsScales,
                         getLhsScaleSide(schedule, facts), emitError)) ||
      failed(checkScales("rhs_scales", schedule.rhsScales,
                         getRhsScaleSide(schedule, facts), emitError)) ||
      failed(checkStore(schedule, facts, emitError)) ||
      failed(checkProducts(schedule, facts, emitError)) ||
      failed(checkAccumulate(schedule, facts, emitError)) ||
      failed(checkOverlap(schedule, facts, emitError)) ||
      failed(checkView(schedule, facts, emitError)))
    return failure();
  // S29
  std::string message =
      sm90::checkSharedMemory(getKernelShape(schedule, facts));
  if (message.empty())
    return success();
  return emitError() << "it " << message;
}
