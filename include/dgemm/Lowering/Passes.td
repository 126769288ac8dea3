// The rungs of the ladder, from the top down.
#ifndef DGEMM_LOWERING_PASSES
#define DGEMM_LOWERING_PASSES

include "mlir/Pass/PassBase.td"

def DGEMMNormalisePass : Pass<"dgemm-normalise"> {
  let summary = "Write each gemm as one canonical problem";
  let description = [{
    Replaces a `dgemm.gemm` on memrefs with a schedule by a `dgemm.contract`.
    Where the schedule swaps the operands, B becomes the left one and the
    destination is written transposed. What the launch record says of the op
    alone (operands, empty problems, preconditions) is fixed here.
  }];
  let dependentDialects = ["::dgemm::dg::DGEMMDialect"];
  let statistics = [Statistic<"numSwapped", "swapped",
                              "problems whose operands were exchanged">];
}

def DGEMMTilePass : Pass<"dgemm-tile", "::mlir::ModuleOp"> {
  let summary = "Make a kernel with a persistent loop over tiles";
  let description = [{
    Outlines each `dgemm.contract` into a kernel: a loop over the items of a
    work source, in it a loop over blocks of 128 K that carries an accumulator
    tile, then one store. Leaves a `dgemm.launch`. The cases of a
    `dgemm.dispatch` become kernels of one module, each with its range of M as
    its condition in the launch record.
  }];
  let dependentDialects = [
    "::dgemm::dg::DGEMMDialect", "::dgemm::hopper::HopperDialect",
    "::mlir::gpu::GPUDialect", "::mlir::arith::ArithDialect",
    "::mlir::scf::SCFDialect"];
  let statistics = [Statistic<"numKernels", "kernels", "kernels made">];
}

def DGEMMStagePass : Pass<"dgemm-stage", "::mlir::ModuleOp"> {
  let summary = "Bring operands through a ring of shared-memory buffers";
  let description = [{
    Loads become TMA copies into the slots of a `hopper.pipeline` (acquire,
    copy, commit) and uses of those slots (wait, use, release). Block scales
    and, where the schedule says so, the tile's coordinates come through a
    second ring with one slot for each tile. The K loop now takes as many
    blocks of 128 as a slot holds; what is left over at the end of K is a
    shorter slot of its own.
  }];
  let dependentDialects = [
    "::dgemm::hopper::HopperDialect", "::mlir::memref::MemRefDialect",
    "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
  let statistics = [Statistic<"numPipelines", "pipelines", "rings made">];
}

def DGEMMSpecializePass : Pass<"dgemm-specialize", "::mlir::ModuleOp"> {
  let summary = "Give each side of a pipeline to warps of its own";
  let description = [{
    Splits the program of the thread block into a `hopper.producers` region
    (one warp for each pipeline) and a `hopper.consumers` region. Each role
    gets its own copy of the loops with just the operations that it needs.
  }];
  let dependentDialects = ["::dgemm::hopper::HopperDialect"];
  let statistics = [Statistic<"numRoles", "roles", "roles made">];
}

def DGEMMAccumulatePass : Pass<"dgemm-accumulate", "::mlir::ModuleOp"> {
  let summary = "Turn accumulator tiles into fragments of warpgroups";
  let description = [{
    Each consumer warpgroup takes its 64-row slices of the tile. An `mma`
    becomes, for each slice, fence, wgmma chain on a fresh accumulator,
    commit, wait, and an FMA into the running fragment; with several groups in
    flight they start before the first wait. Unrolls the K loop. With
    `epilogue = overlapped` the first and last K block of a tile are peeled,
    and the stores of finished slices stand under the MMAs of others.
  }];
  let dependentDialects = [
    "::dgemm::hopper::HopperDialect", "::mlir::arith::ArithDialect",
    "::mlir::scf::SCFDialect"];
  let statistics = [
    Statistic<"numFragments", "wgmmas", "wgmma chains emitted">];
}

def DGEMMEpiloguePass : Pass<"dgemm-epilogue", "::mlir::ModuleOp"> {
  let summary = "Write results out through shared memory or directly";
  let description = [{
    A `hopper.store` of a fragment becomes a conversion into a swizzled buffer
    of the warpgroup and a TMA store, chunk by chunk, or stays a plain store
    where the schedule says `store = direct`.
  }];
  let dependentDialects = [
    "::dgemm::hopper::HopperDialect", "::mlir::arith::ArithDialect",
    "::mlir::scf::SCFDialect"];
  let statistics = [
    Statistic<"numStores", "stores", "stores of fragments written out">];
}

#endif
