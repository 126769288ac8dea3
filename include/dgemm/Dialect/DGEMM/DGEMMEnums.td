// The words that the knobs of a schedule take as values.

#ifndef DGEMM_DIALECT_DGEMM_DGEMMENUMS_TD
#define DGEMM_DIALECT_DGEMM_DGEMMENUMS_TD

include "mlir/IR/EnumAttr.td"

class DGEMM_Enum<string name, string summary, list<EnumCase> cases>
    : I32Enum<name, summary, cases> {
  let cppNamespace = "::dgemm::dg";
}

class DGEMM_Case<string symbol, int value, string word>
    : I32EnumCase<symbol, value, word>;

def DGEMM_Multicast : DGEMM_Enum<"Multicast",
    "which operand's tile the CTAs of a cluster share", [
      DGEMM_Case<"None", 0, "none">,
      DGEMM_Case<"Lhs", 1, "lhs">,
      DGEMM_Case<"Rhs", 2, "rhs">,
      DGEMM_Case<"Both", 3, "both">
    ]>;

def DGEMM_RasterAxis : DGEMM_Enum<"RasterAxis",
    "the axis along which a raster group is `raster_width` tiles wide", [
      DGEMM_Case<"N", 0, "n">,
      DGEMM_Case<"M", 1, "m">
    ]>;

def DGEMM_ScalePath : DGEMM_Enum<"ScalePath",
    "how the scales of one side reach the consumer warpgroups", [
      DGEMM_Case<"Staged", 0, "staged">,
      DGEMM_Case<"Tile", 1, "tile">,
      DGEMM_Case<"Direct", 2, "direct">
    ]>;

def DGEMM_Products : DGEMM_Enum<"Products",
    "when the scales of rows and columns are multiplied", [
      DGEMM_Case<"Late", 0, "late">,
      DGEMM_Case<"Early", 1, "early">
    ]>;

def DGEMM_Coordinates : DGEMM_Enum<"Coordinates",
    "which warps compute a tile's coordinates", [
      DGEMM_Case<"Producer", 0, "producer">,
      DGEMM_Case<"Consumer", 1, "consumer">
    ]>;

def DGEMM_Epilogue : DGEMM_Enum<"Epilogue",
    "when a warpgroup converts and stores its tile", [
      DGEMM_Case<"After", 0, "after">,
      DGEMM_Case<"Overlapped", 1, "overlapped">,
      DGEMM_Case<"StoreWarps", 2, "store_warps">
    ]>;

def DGEMM_Store : DGEMM_Enum<"Store", "how D leaves the SM", [
      DGEMM_Case<"TMA", 0, "tma">,
      DGEMM_Case<"Direct", 1, "direct">,
      DGEMM_Case<"Lines", 2, "lines">
    ]>;

def DGEMM_Partition : DGEMM_Enum<"Partition",
    "how the work is dealt out to the CTAs", [
      DGEMM_Case<"Stride", 0, "stride">,
      DGEMM_Case<"KUnits", 1, "k_units">,
      DGEMM_Case<"Hybrid", 2, "hybrid">
    ]>;

def DGEMM_Axis : DGEMM_Enum<"Axis",
    "the axis along which the consumer warpgroups divide a tile", [
      DGEMM_Case<"M", 0, "m">,
      DGEMM_Case<"N", 1, "n">,
      DGEMM_Case<"K", 2, "k">
    ]>;

def DGEMM_Skip : DGEMM_Enum<"Skip",
    "which parts of a tile without valid rows are left out", [
      DGEMM_Case<"None", 0, "none">,
      DGEMM_Case<"Slices", 1, "slices">
    ]>;

def DGEMM_Temporaries : DGEMM_Enum<"Temporaries",
    "accumulators that hold partial sums before promotion", [
      DGEMM_Case<"Single", 0, "single">,
      DGEMM_Case<"Double", 1, "double">,
      DGEMM_Case<"Ring", 2, "ring">
    ]>;

def DGEMM_TMAView : DGEMM_Enum<"TMAView",
    "what one TMA load of an operand covers", [
      DGEMM_Case<"Block", 0, "block">,
      DGEMM_Case<"Stage", 1, "stage">
    ]>;

def DGEMM_Residency : DGEMM_Enum<"Residency",
    "whether operand buffers are used more than once", [
      DGEMM_Case<"Ring", 0, "ring">,
      DGEMM_Case<"OneShot", 1, "one_shot">
    ]>;

def DGEMM_Evict : DGEMM_Enum<"Evict", "the L2 eviction hint of a load", [
      DGEMM_Case<"Normal", 0, "normal">,
      DGEMM_Case<"First", 1, "first">,
      DGEMM_Case<"Last", 2, "last">
    ]>;

def DGEMM_Reduce : DGEMM_Enum<"Reduce",
    "how the partial sums of a split K are added", [
      DGEMM_Case<"None", 0, "none">,
      DGEMM_Case<"Shared", 1, "shared">,
      DGEMM_Case<"Cluster", 2, "cluster">,
      DGEMM_Case<"Workspace", 3, "workspace">,
      DGEMM_Case<"Add", 4, "add">
    ]>;

def DGEMM_Accumulate : DGEMM_Enum<"Accumulate",
    "how C reaches the epilogue", [
      DGEMM_Case<"Load", 0, "load">,
      DGEMM_Case<"Prefetch", 1, "prefetch">
    ]>;

def DGEMM_SyncScope : DGEMM_Enum<"SyncScope",
    "the threads that an epilogue's barriers join", [
      DGEMM_Case<"Warpgroup", 0, "warpgroup">,
      DGEMM_Case<"CTA", 1, "cta">
    ]>;

def DGEMM_PDL : DGEMM_Enum<"PDL",
    "where a kernel waits for the one before it", [
      DGEMM_Case<"None", 0, "none">,
      DGEMM_Case<"Inputs", 1, "inputs">,
      DGEMM_Case<"Activations", 2, "activations">
    ]>;

#endif // DGEMM_DIALECT_DGEMM_DGEMMENUMS_TD
