// The schedule attribute.

#ifndef DGEMM_DIALECT_DGEMM_DGEMMATTRS_TD
#define DGEMM_DIALECT_DGEMM_DGEMMATTRS_TD

include "dgemm/Dialect/DGEMM/DGEMMDialect.td"
include "dgemm/Dialect/DGEMM/DGEMMEnums.td"
include "mlir/IR/AttrTypeBase.td"

def DGEMM_ScheduleAttr : AttrDef<DGEMM_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "How a kernel computes a dgemm.gemm";
  let parameters = (ins
    AttrParameter<"::dgemm::dg::Schedule", "the value of every knob">:$value);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getTileM() const { return getValue().tileM; }
    int64_t getTileN() const { return getValue().tileN; }
    int64_t getWarpgroups() const { return getValue().warpgroups; }
    int64_t getSlices() const { return getValue().getSlices(); }
    int64_t getThreads() const { return getValue().getThreads(); }
    int64_t getStages() const { return getValue().stages; }
    int64_t getKBlocks() const { return getValue().kBlocks; }
    int64_t getInFlight() const { return getValue().inFlight; }
    bool getSwap() const { return getValue().swap; }
    int64_t getCluster() const { return getValue().cluster; }
    Multicast getMulticast() const { return getValue().multicast; }
    RasterAxis getRasterAxis() const { return getValue().rasterAxis; }
    int64_t getRasterWidth() const { return getValue().rasterWidth; }
    int64_t getUnroll() const { return getValue().unroll; }
    ScalePath getLhsScales() const { return getValue().lhsScales; }
    ScalePath getRhsScales() const { return getValue().rhsScales; }
    int64_t getMaxKBlocks() const { return getValue().maxKBlocks; }
    Coordinates getCoordinates() const { return getValue().coordinates; }
    Epilogue getEpilogue() const { return getValue().epilogue; }
    int64_t getChunk() const { return getValue().chunk; }
    /// Buffers after the clamp to the number of chunks per warpgroup.
    int64_t getBuffers() const { return getValue().getChunkBuffers(); }
    Store getStore() const { return getValue().store; }
    int64_t getProducerRegs() const { return getValue().producerRegs; }
    int64_t getConsumerRegs() const { return getValue().consumerRegs; }
    bool getPersistent() const { return getValue().persistent; }
    bool getSpecializeM() const { return getValue().specializeM; }
    bool getSpecializeN() const { return getValue().specializeN; }
    bool getSpecializeK() const { return getValue().specializeK; }
  }];
}

#endif // DGEMM_DIALECT_DGEMM_DGEMMATTRS_TD
