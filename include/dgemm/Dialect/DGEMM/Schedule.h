// The knobs of a schedule as a plain struct; #dgemm.schedule wraps one.

#ifndef DGEMM_DIALECT_DGEMM_SCHEDULE_H
#define DGEMM_DIALECT_DGEMM_SCHEDULE_H

#include "dgemm/Dialect/DGEMM/DGEMMEnums.h"
#include "llvm/ADT/Hashing.h"
#include <algorithm>
#include <string>

namespace dgemm::dg {

/// One point of the schedule space. The meaning of each knob is in the
/// description of the attribute (DGEMMAttrs.td); this is its storage.
struct Schedule {
  // Tile program.
  int64_t tileM = 256, tileN = 128;
  int64_t warpgroups = 2;
  bool swap = false;
  // Pipeline.
  int64_t stages = 3, kBlocks = 1, inFlight = 1, unroll = 1;
  int64_t producerWarps = 1, tileSlots = 2;
  int64_t cluster = 1;
  int64_t splitK = 1;
  Reduce reduce = Reduce::None;
  Multicast multicast = Multicast::None;
  ScalePath lhsScales = ScalePath::Staged, rhsScales = ScalePath::Tile;
  Products products = Products::Late;
  int64_t maxKBlocks = 128;
  Coordinates coordinates = Coordinates::Producer;
  int64_t producerRegs = 40, consumerRegs = 232;
  bool staticSplits = false;
  // Work source.
  RasterAxis rasterAxis = RasterAxis::N;
  int64_t rasterWidth = 16;
  bool persistent = true;
  int64_t ctasPerSM = 1;
  bool specializeM = false, specializeN = false, specializeK = false;
  TMAView tmaView = TMAView::Block;
  PDL pdl = PDL::None;
  // Epilogue.
  Epilogue epilogue = Epilogue::After;
  int64_t chunk = 64, buffers = 8;
  Store store = Store::TMA;
  Accumulate accumulate = Accumulate::Load;
  int64_t cSlots = 2;

  // Knobs with a place and a printed form, but without a lowering: the
  // verifier takes their default only.
  Partition partition = Partition::Stride;
  bool snake = false;
  int64_t tileNVariants = 1;
  Axis warpgroupAxis = Axis::M;
  Skip skip = Skip::None;
  Temporaries temporaries = Temporaries::Single;
  Residency residency = Residency::Ring;
  int64_t l2Promotion = 256;
  Evict lhsEvict = Evict::Normal, rhsEvict = Evict::Normal;
  SyncScope sync = SyncScope::Warpgroup;

  /// Which sizes are constants in the kernel, as `specialize` writes it.
  std::string getConstants() const;
  /// Rows of the tile in one slice, the part that one wgmma computes: 64, or
  /// fewer where a warpgroup has fewer.
  int64_t getSliceRows() const {
    return std::clamp<int64_t>(tileM / warpgroups, 1, 64);
  }
  /// Slices of the tile that one consumer warpgroup computes.
  int64_t getSlices() const { return tileM / (getSliceRows() * warpgroups); }
  /// One producer warpgroup and the consumers.
  int64_t getThreads() const { return 128 * (warpgroups + 1); }
  /// Whether lhs and rhs come through rings of their own: each has a warp to
  /// load it, or the weights come before the kernel ahead has ended.
  bool hasSeparateRings() const {
    return producerWarps > 1 || pdl == PDL::Activations;
  }
  /// CTAs of a cluster: those that share an operand, or the parts of K.
  int64_t getClusterSize() const { return cluster * splitK; }
  /// Chunks of D that one warpgroup writes per tile.
  int64_t getChunksPerWarpgroup() const {
    return getSlices() * (tileN / chunk);
  }
  /// Chunk buffers that a warpgroup really gets: a divisor of the chunks of a
  /// slice, so that a slice goes out in equal batches, or all chunks of a
  /// number of slices that divides them.
  int64_t getChunkBuffers() const {
    const int64_t chunks = tileN / chunk, slices = getSlices();
    if (chunks == 0) // no chunk fits: nothing is staged
      return 0;
    if (buffers >= chunks) {
      const int64_t held = buffers / chunks;
      return chunks * (slices % held == 0 ? held : held >= slices ? slices : 1);
    }
    int64_t batch = buffers;
    while (batch > 1 && chunks % batch != 0)
      --batch;
    return batch;
  }
};

bool operator==(const Schedule &a, const Schedule &b);
inline bool operator!=(const Schedule &a, const Schedule &b) {
  return !(a == b);
}
llvm::hash_code hash_value(const Schedule &schedule);

} // namespace dgemm::dg

#endif // DGEMM_DIALECT_DGEMM_SCHEDULE_H
