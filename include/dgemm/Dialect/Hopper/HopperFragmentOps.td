// What a warpgroup does with registers. Included by HopperOps.td.

def Hopper_WgmmaFenceOp : Hopper_Op<"wgmma_fence",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "orders register accesses before the next wgmma";
  let assemblyFormat = "attr-dict";
}

def Hopper_WgmmaOp : Hopper_Op<"wgmma",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "starts lhs x rhs^T on a fresh accumulator";
  let description = [{
    A chain of `wgmma.m64nNk32`, the first with scale-d = 0: 64 rows of `lhs`
    times all rows of `rhs` over the K of one block, both K-major in shared
    memory with a 128-byte swizzle (PTX ISA section 9.7.15.5).

    `lhs` may have fewer rows, a multiple of eight. The tensor core reads 64
    all the same: shared memory has as many zeros behind the slot, and the rows
    of the result from there on mean nothing.

    `reuse` is a fragment whose registers the product takes once everything
    above has read it. Without it ptxas starts the product early, in registers
    of its own, and two 64x128 temporaries beside two accumulators spill.
  }];
  let arguments = (ins Hopper_BufferType:$lhs, Hopper_BufferType:$rhs,
                       Optional<Hopper_FragmentType>:$reuse);
  let results = (outs Hopper_PendingType:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`reuse` $reuse^ `:` type($reuse))? attr-dict
    `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Hopper_WgmmaCommitOp : Hopper_Op<"wgmma_commit",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "closes a group of wgmmas";
  let assemblyFormat = "attr-dict";
}

def Hopper_WgmmaWaitOp : Hopper_Op<"wgmma_wait",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "waits until at most `pending` groups are in flight";
  let arguments = (ins Variadic<Hopper_PendingType>:$inputs,
                       I64Attr:$pending);
  let results = (outs Variadic<Hopper_FragmentType>:$results);
  let assemblyFormat = [{
    `pending` $pending (`(` $inputs^ `)`)? attr-dict
    (`:` type($inputs)^ `->` type($results))?
  }];
  let hasVerifier = 1;
}

def Hopper_ReadScalesOp : Hopper_Op<"read_scales",
    [MemoryEffects<[MemRead]>]> {
  let summary = "reads a vector of scales from shared memory";
  let description = [{
    Each thread reads those of its rows (lhs) or columns (rhs), starting at
    `row` of the buffer.
  }];
  let arguments = (ins Hopper_BufferType:$buffer, I32:$row);
  let results = (outs Hopper_ScalesType:$result);
  let assemblyFormat = [{
    $buffer `[` $row `]` attr-dict `:` type($buffer) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Hopper_MultiplyScalesOp : Hopper_Op<"multiply_scales",
    [MemoryEffects<[MemWrite]>]> {
  let summary = "the products of row and column scales, one for each element";
  let description = [{
    `rn(lhs * rhs)`, as `hopper.promote` takes it, but computed here: under the
    MMAs of the block, say, if it stands before their wait.
  }];
  let arguments = (ins Hopper_ScalesType:$lhs_scales,
                       Hopper_ScalesType:$rhs_scales);
  let results = (outs Hopper_FragmentType:$result);
  let assemblyFormat = [{
    $lhs_scales `,` $rhs_scales attr-dict
    `:` type($lhs_scales) `,` type($rhs_scales) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Hopper_PromoteByOp : Hopper_Op<"promote_by",
    [Pure, AllTypesMatch<["partial", "acc", "products", "result"]>]> {
  let summary = "acc = fma(product of scales, partial, acc)";
  let description = [{
    `hopper.promote` with the products of `hopper.multiply_scales`.
  }];
  let arguments = (ins Hopper_FragmentType:$partial, Hopper_FragmentType:$acc,
                       Hopper_FragmentType:$products);
  let results = (outs Hopper_FragmentType:$result);
  let assemblyFormat = [{
    $partial `into` $acc `by` $products attr-dict `:` type($result)
  }];
}

def Hopper_PackScalesOp : Hopper_Op<"pack_scales",
    [Pure, AttrSizedOperandSegments]> {
  let summary = "the scales of a side from one value for each block";
  let description = [{
    A `scalar` side takes one value. A `split` side takes the values of the
    blocks of 128 that the tile can touch, and `first`, the tile's first
    column, which says where they change.
  }];
  let arguments = (ins Variadic<F32>:$values, Optional<I32>:$first);
  let results = (outs Hopper_ScalesType:$result);
  let assemblyFormat = [{
    `(` $values `)` (`at` $first^)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def Hopper_SliceScalesOp : Hopper_Op<"slice_scales", [Pure]> {
  let summary = "the scale of one 64-row slice out of a tile's block scales";
  let description = [{
    Takes block scales of the lhs side (one value for 128 rows); `row` is the
    first row of the slice in the tile. A slice that may lie in two blocks of
    rows becomes a `vector`, others a `scalar`.
  }];
  let arguments = (ins Hopper_ScalesType:$source, I32:$row);
  let results = (outs Hopper_ScalesType:$result);
  let assemblyFormat = [{
    $source `[` $row `]` attr-dict `:` type($source) `->` type($result)
  }];
}

def Hopper_AddMatrixOp : Hopper_Op<"add_matrix", [MemoryEffects<[MemRead]>,
    AllTypesMatch<["value", "result"]>]> {
  let summary = "adds a matrix in global memory to a fragment, in FP32";
  let arguments = (ins Hopper_FragmentType:$value, AnyMemRef:$source, I32:$row,
                       I32:$col, I32:$rows, I32:$cols, UnitAttr:$transposed);
  let results = (outs Hopper_FragmentType:$result);
  let assemblyFormat = [{
    $value `,` $source `[` $row `,` $col `]` `bounds` `(` $rows `,` $cols `)`
    attr-dict `:` type($value) `,` type($source)
  }];
}

def Hopper_AddPieceOp : Hopper_Op<"add_piece", [MemoryEffects<[MemRead]>,
    AllTypesMatch<["value", "result"]>]> {
  let summary = "adds staged columns of a matrix to a tile or fragment, in FP32";
  let description = [{
    To columns `column` ... of a fragment, as many as the buffer has. A tile's
    buffer holds 64 rows for each warpgroup: those of its slice `slice`.
  }];
  let arguments = (ins Hopper_Accumulator:$value, Hopper_BufferType:$buffer,
                       DefaultValuedAttr<I64Attr, "0">:$slice,
                       I64Attr:$column);
  let results = (outs Hopper_Accumulator:$result);
  let assemblyFormat = [{
    $value `columns` $column `from` $buffer attr-dict
    `:` type($value) `,` type($buffer)
  }];
  let hasVerifier = 1;
}

def Hopper_SendFragmentOp : Hopper_Op<"send_fragment",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "writes a fragment into a slot of the cluster's first block";
  let description = [{
    Into entry `[part, unit]` of the slot's only buffer, whose shape is
    `parts x units x N/8 x 128 x 4`: four registers of each thread of the
    warpgroup lie together. The slot's full barrier counts the bytes
    (`st.async`, PTX ISA section 9.7.9.12), so `hopper.wait` sees them all.
  }];
  let arguments = (ins Hopper_FragmentType:$value, Hopper_PipelineType:$pipe,
                       I32:$slot, I32:$part, I32:$unit);
  let assemblyFormat = [{
    $value `to` $pipe `[` $slot `]` `entry` `[` $part `,` $unit `]` attr-dict
    `:` type($value) `,` type($pipe)
  }];
  let hasVerifier = 1;
}

def Hopper_AddSentOp : Hopper_Op<"add_sent", [MemoryEffects<[MemRead]>,
    AllTypesMatch<["value", "result"]>]> {
  let summary = "adds a fragment that another block has sent, in FP32";
  let description = [{
    `buffer` is the entry that `hopper.send_fragment` has written.
  }];
  let arguments = (ins Hopper_FragmentType:$value, Hopper_BufferType:$buffer);
  let results = (outs Hopper_FragmentType:$result);
  let assemblyFormat = [{
    $value `,` $buffer attr-dict `:` type($value) `,` type($buffer)
  }];
  let hasVerifier = 1;
}

def Hopper_StoreLinesOp : Hopper_Op<"store_lines",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "each warp stores its own part of a staged buffer";
  let description = [{
    Writes what `hopper.stage_fragment` put into the buffer where
    `hopper.store` would write that part of the fragment, in pieces of 16
    bytes: each whole or, where it begins outside of `rows` and `cols`, not at
    all. A warp stores what it staged itself, so no more than the warp must
    have agreed that it is there.
  }];
  let arguments = (ins Hopper_BufferType:$buffer, AnyMemRef:$dest, I32:$row,
                       I32:$col, I32:$rows, I32:$cols, UnitAttr:$transposed);
  let assemblyFormat = [{
    $buffer `to` $dest `[` $row `,` $col `]` `bounds` `(` $rows `,` $cols `)`
    attr-dict `:` type($buffer) `,` type($dest)
  }];
  let hasVerifier = 1;
}

def Hopper_StorePieceOp : Hopper_Op<"store_piece",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "copies 16 bytes of a buffer to a matrix in global memory";
  let description = [{
    From element `(from_row, from_col)` of the buffer to `dest[row, col]`,
    along the rows of both; the address in `dest` is a multiple of 16 bytes.
  }];
  let arguments = (ins Hopper_BufferType:$buffer, I32:$from_row, I32:$from_col,
                       AnyMemRef:$dest, I32:$row, I32:$col);
  let assemblyFormat = [{
    $buffer `[` $from_row `,` $from_col `]` `to` $dest `[` $row `,` $col `]`
    attr-dict `:` type($buffer) `,` type($dest)
  }];
  let hasVerifier = 1;
}

def Hopper_StageFragmentOp : Hopper_Op<"stage_fragment",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "converts columns of a fragment and writes them to a buffer";
  let description = [{
    Columns `column` ... of the fragment, as many as the buffer takes, rounded
    to nearest even where the buffer holds bf16. `transposed`: a row of the
    buffer is a column of the fragment.
  }];
  let arguments = (ins Hopper_FragmentType:$value, I64Attr:$column,
                       Hopper_BufferType:$buffer, UnitAttr:$transposed);
  let assemblyFormat = [{
    $value `columns` $column `into` $buffer attr-dict
    `:` type($value) `,` type($buffer)
  }];
  let hasVerifier = 1;
}
