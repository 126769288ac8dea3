// Operations of the hopper dialect, by topic.
#ifndef DGEMM_DIALECT_HOPPER_OPS
#define DGEMM_DIALECT_HOPPER_OPS

include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "dgemm/Dialect/Hopper/HopperTypes.td"

class Hopper_Op<string mnemonic, list<Trait> traits = []>
    : Op<Hopper_Dialect, mnemonic, traits>;

include "dgemm/Dialect/Hopper/HopperWorkOps.td"
include "dgemm/Dialect/Hopper/HopperTileOps.td"
include "dgemm/Dialect/Hopper/HopperPipelineOps.td"
include "dgemm/Dialect/Hopper/HopperRoleOps.td"
include "dgemm/Dialect/Hopper/HopperFragmentOps.td"
include "dgemm/Dialect/Hopper/HopperMemoryOps.td"

#endif
