// Rings of shared-memory buffers with full and empty barriers.
// Included by HopperOps.td.

def Hopper_PipelineOp : Hopper_Op<"pipeline", []> {
  let summary = "a ring of shared-memory slots between producer and consumers";
  let description = [{
    `depth` slots, each with a full and an empty mbarrier. A slot goes
    acquire, fill, commit (producer), wait, use, release (consumers).
    `bytes` is what TMA copies into a slot; a pipeline with `bytes` = 0 is
    filled by the threads of one warp. `consumers` warpgroups release each
    slot; with `cluster` = c the slots are filled by multicast, so the
    consumers of all c blocks release it everywhere.

    With `early` what fills it does not depend on the kernel ahead of this one
    in the stream, so that its producer need not wait for that kernel.

    The depth stands here alone: changing it changes the shared memory and
    the number of barriers.

    ```mlir
    %p = hopper.pipeline depth 3 bytes 49152 consumers 2 cluster 1
           : !hopper.pipeline<!hopper.buffer<256x128xf8E4M3FN, 128>, ...>
    ```
  }];
  let arguments = (ins I64Attr:$depth, I64Attr:$bytes, I64Attr:$consumers,
                       DefaultValuedAttr<I64Attr, "1">:$cluster,
                       UnitAttr:$early);
  let results = (outs Hopper_PipelineType:$pipe);
  let assemblyFormat = [{
    `depth` $depth `bytes` $bytes `consumers` $consumers `cluster` $cluster
    (`early` $early^)? attr-dict `:` type($pipe)
  }];
  let hasVerifier = 1;
}

class Hopper_SlotOp<string mnemonic>
    : Hopper_Op<mnemonic, [MemoryEffects<[MemRead, MemWrite]>]> {
  let arguments = (ins Hopper_PipelineType:$pipe, I32:$slot, I32:$phase);
  let results = (outs Variadic<Hopper_BufferType>:$buffers);
  let assemblyFormat = [{
    $pipe `[` $slot `,` $phase `]` attr-dict
    `:` type($pipe) `->` type($buffers)
  }];
  let hasVerifier = 1;
}

def Hopper_AcquireOp : Hopper_SlotOp<"acquire"> {
  let summary = "waits until a slot is empty; its buffers may then be filled";
  let description = [{
    The verifier adds up the bytes of the TMA copies into the buffers: they
    must be the `bytes` that the pipeline expects.
  }];
}

def Hopper_WaitOp : Hopper_SlotOp<"wait"> {
  let summary = "waits until a slot is full; its buffers may then be read";
}

class Hopper_HandOverOp<string mnemonic>
    : Hopper_Op<mnemonic, [MemoryEffects<[MemRead, MemWrite]>]> {
  let arguments = (ins Hopper_PipelineType:$pipe, I32:$slot);
  let assemblyFormat = "$pipe `[` $slot `]` attr-dict `:` type($pipe)";
  let hasVerifier = 1;
}

def Hopper_CommitOp : Hopper_HandOverOp<"commit"> {
  let summary = "hands a filled slot over to the consumers";
  let description = [{
    For a pipeline filled by TMA: arrives and announces `bytes`, so that the
    slot is full once they have landed. Otherwise: arrives after all lanes of
    the warp have written.
  }];
}

def Hopper_ReleaseOp : Hopper_HandOverOp<"release"> {
  let summary = "gives a slot back to the producer";
}

def Hopper_AdvanceOp : Hopper_Op<"advance", [Pure]> {
  let summary = "the next slot of a ring, and its phase";
  let arguments = (ins Hopper_PipelineType:$pipe, I32:$slot, I32:$phase);
  let results = (outs I32:$next_slot, I32:$next_phase);
  let assemblyFormat = "$pipe `[` $slot `,` $phase `]` attr-dict `:` type($pipe)";
  let hasVerifier = 1;
}

def Hopper_TmaLoadOp : Hopper_Op<"tma_load",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "copies a box of a global tensor into a buffer of a slot";
  let description = [{
    `coords` are innermost first, in elements. The slot's full barrier counts
    the bytes. With `multicast` = c, this block copies its c-th part of the
    buffer (along its rows) into every block of the cluster.
  }];
  let arguments = (ins Hopper_TensorMapType:$map, Variadic<I32>:$coords,
                       Hopper_BufferType:$buffer, Hopper_PipelineType:$pipe,
                       I32:$slot, DefaultValuedAttr<I64Attr, "1">:$multicast);
  let assemblyFormat = [{
    $map `[` $coords `]` `into` $buffer `signals` $pipe `[` $slot `]`
    attr-dict `:` type($buffer) `,` type($pipe)
  }];
  let hasVerifier = 1;
}
