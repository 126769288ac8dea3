// Shared memory and what leaves it. Included by HopperOps.td.

def Hopper_SharedOp : Hopper_Op<"shared", []> {
  let summary = "a buffer in shared memory that lives as long as the kernel";
  let results = (outs Hopper_BufferType:$buffer);
  let assemblyFormat = "attr-dict `:` type($buffer)";
}

def Hopper_SubbufferOp : Hopper_Op<"subbuffer", [Pure]> {
  let summary = "a part of a buffer";
  let description = [{
    `indices` index leading dimensions; where one fewer than the dropped
    dimensions remains, the last is the first row. A row offset in a swizzled
    buffer is a multiple of 8.
  }];
  let arguments = (ins Hopper_BufferType:$source, Variadic<I32>:$indices);
  let results = (outs Hopper_BufferType:$result);
  let assemblyFormat = [{
    $source `[` $indices `]` attr-dict `:` type($source) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Hopper_ViewOp : Hopper_Op<"view", [Pure]> {
  let summary = "a buffer without swizzle as a memref in shared memory";
  let arguments = (ins Hopper_BufferType:$buffer);
  let results = (outs AnyMemRef:$view);
  let assemblyFormat = "$buffer attr-dict `:` type($buffer) `->` type($view)";
  let hasVerifier = 1;
}

def Hopper_FenceAsyncOp : Hopper_Op<"fence_async",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "makes this thread's shared-memory writes visible to TMA";
  let assemblyFormat = "attr-dict";
}

def Hopper_TmaStoreOp : Hopper_Op<"tma_store",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "starts copying a buffer into a box of a global tensor";
  let arguments = (ins Hopper_BufferType:$buffer, Hopper_TensorMapType:$map,
                       Variadic<I32>:$coords);
  let assemblyFormat = [{
    $buffer `to` $map `[` $coords `]` attr-dict `:` type($buffer)
  }];
  let hasVerifier = 1;
}

def Hopper_TmaStoreCommitOp : Hopper_Op<"tma_store_commit",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "closes a group of this thread's TMA stores";
  let assemblyFormat = "attr-dict";
}

def Hopper_TmaStoreWaitOp : Hopper_Op<"tma_store_wait",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "waits until at most `pending` groups still read (or write)";
  let description = [{
    With `read`: until their buffers may be overwritten; otherwise until the
    writes are done.
  }];
  let arguments = (ins I64Attr:$pending, UnitAttr:$read);
  let assemblyFormat = "`pending` $pending (`read` $read^)? attr-dict";
}
