// Who does what: warp roles. Included by HopperOps.td.

def Hopper_ReadyOp : Hopper_Op<"ready",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "all barriers are initialised and visible to the cluster";
  let arguments = (ins DefaultValuedAttr<I64Attr, "1">:$cluster);
  let assemblyFormat = "`cluster` $cluster attr-dict";
}

def Hopper_FinishOp : Hopper_Op<"finish",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "no block of the cluster leaves while another may reach it";
  let arguments = (ins DefaultValuedAttr<I64Attr, "1">:$cluster);
  let assemblyFormat = "`cluster` $cluster attr-dict";
}

class Hopper_RegionOp<string mnemonic, list<Trait> traits = []>
    : Hopper_Op<mnemonic, traits # [NoTerminator, SingleBlock,
                           RecursiveMemoryEffects]> {
  let regions = (region SizedRegion<1>:$body);
}

def Hopper_ProducersOp : Hopper_RegionOp<"producers"> {
  let summary = "what the last warpgroup of the block does";
  let description = [{
    `registers` is the budget per thread that it keeps (`setmaxnreg.dec`, PTX
    ISA section 9.7.20.5). Its body holds `hopper.warp` ops.
  }];
  let arguments = (ins I64Attr:$registers);
  let assemblyFormat = "`registers` $registers attr-dict-with-keyword $body";
}

def Hopper_WarpOp : Hopper_RegionOp<"warp"> {
  let summary = "what one warp of the producer warpgroup does";
  let description = [{
    With `single` one elected lane runs the body, otherwise all 32.
  }];
  let arguments = (ins I64Attr:$index, UnitAttr:$single);
  let assemblyFormat = "$index (`single` $single^)? attr-dict-with-keyword $body";
}

def Hopper_ConsumersOp : Hopper_RegionOp<"consumers"> {
  let summary = "what each of the first `count` warpgroups does";
  let description = [{
    The region's argument is the warpgroup's index. `registers` is the budget
    per thread (`setmaxnreg.inc`).
  }];
  let arguments = (ins I64Attr:$count, I64Attr:$registers);
  let hasCustomAssemblyFormat = 1;
}

def Hopper_SingleThreadOp : Hopper_RegionOp<"single_thread"> {
  let summary = "the first thread of the warpgroup runs the body";
  let assemblyFormat = "attr-dict-with-keyword $body";
}

def Hopper_LaneOp : Hopper_Op<"lane", [Pure]> {
  let summary = "lane of the warp";
  let results = (outs I32:$lane);
  let assemblyFormat = "attr-dict";
}

def Hopper_BlockRankOp : Hopper_Op<"block_rank", [Pure]> {
  let summary = "rank of the thread block in its cluster";
  let results = (outs I32:$rank);
  let assemblyFormat = "attr-dict";
}

def Hopper_GridLaunchOp : Hopper_Op<"grid_launch",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "lets the kernel behind this one in the stream start";
  let description = [{
    `griddepcontrol.launch_dependents` (PTX ISA section 9.7.13.13).
  }];
  let assemblyFormat = "attr-dict";
}

def Hopper_GridWaitOp : Hopper_Op<"grid_wait",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "waits until the kernel ahead in the stream has ended";
  let description = [{
    `griddepcontrol.wait`: afterwards this thread sees all that it has written.
  }];
  let assemblyFormat = "attr-dict";
}

def Hopper_WarpSyncOp : Hopper_Op<"warp_sync",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "the lanes of a warp see each other's accesses to memory";
  let assemblyFormat = "attr-dict";
}

def Hopper_BarrierOp : Hopper_Op<"barrier",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "a named barrier among `threads` threads";
  let arguments = (ins I32:$id, I64Attr:$threads);
  let assemblyFormat = "$id `threads` $threads attr-dict";
}
