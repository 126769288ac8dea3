// Operations on whole tiles, before threads are known.
// Included by HopperOps.td.

def Hopper_Accumulator : AnyTypeOf<[Hopper_TileType, Hopper_FragmentType]>;
def Hopper_Operand : AnyTypeOf<[Hopper_TileType, Hopper_BufferType]>;

def Hopper_ZeroOp : Hopper_Op<"zero", [Pure]> {
  let summary = "a tile or fragment of +0";
  let results = (outs Hopper_Accumulator:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Hopper_UndefinedOp : Hopper_Op<"undefined", [Pure]> {
  let summary = "a fragment whose registers nothing has written yet";
  let results = (outs Hopper_FragmentType:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Hopper_LoadOp : Hopper_Op<"load", [MemoryEffects<[MemRead]>]> {
  let summary = "reads a tile of a matrix; what lies outside is zero";
  let arguments = (ins AnyMemRef:$source, I32:$row, I32:$col);
  let results = (outs Hopper_TileType:$result);
  let assemblyFormat = [{
    $source `[` $row `,` $col `]` attr-dict
    `:` type($source) `->` type($result)
  }];
}

def Hopper_LoadScalesOp : Hopper_Op<"load_scales",
    [MemoryEffects<[MemRead]>]> {
  let summary = "reads one side's scales of one K block from global memory";
  let description = [{
    `row` is the first row of the side's tile (or of the warpgroup's slice of
    it) in units of elements, `block` the K block, `bound` the number of rows
    of the matrix: scales of rows from there on are not read. A `scalar` or
    `split` side has one row of scales for 128 rows.
  }];
  let arguments = (ins AnyMemRef:$source, I32:$row, I32:$block, I32:$bound);
  let results = (outs Hopper_ScalesType:$result);
  let assemblyFormat = [{
    $source `[` $row `,` $block `]` `bound` $bound attr-dict
    `:` type($source) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Hopper_MmaOp : Hopper_Op<"mma", []> {
  let summary = "lhs x rhs^T of one K block on a fresh accumulator";
  let arguments = (ins Hopper_Operand:$lhs, Hopper_Operand:$rhs);
  let results = (outs Hopper_TileType:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Hopper_PromoteOp : Hopper_Op<"promote",
    [Pure, AllTypesMatch<["partial", "acc", "result"]>]> {
  let summary = "acc = fma(rn(lhs scale * rhs scale), partial, acc) in FP32";
  let arguments = (ins Hopper_Accumulator:$partial, Hopper_Accumulator:$acc,
                       Hopper_ScalesType:$lhsScales,
                       Hopper_ScalesType:$rhsScales);
  let results = (outs Hopper_Accumulator:$result);
  let assemblyFormat = [{
    $partial `,` $acc `scales` $lhsScales `,` $rhsScales attr-dict
    `:` type($result) `,` type($lhsScales) `,` type($rhsScales)
  }];
  let hasVerifier = 1;
}

def Hopper_StoreOp : Hopper_Op<"store",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "writes a tile or fragment, with C added first if there is one";
  let description = [{
    Element (i, j) goes to `dest[row + i, col + j]`, or, where `transposed`,
    to `dest[col + j, row + i]`. Elements from `rows` or `cols` on are
    outside of the matrix and are not written. With `init`, the element of
    that matrix is added in FP32 before the one rounding to the type of
    `dest`.

    With `parts` = s the value is one of s partial sums, held by the blocks of
    a cluster: the first block adds those of the others to its own, in FP32
    and in the order of their ranks, and it alone writes.
  }];
  let arguments = (ins Hopper_Accumulator:$value, AnyMemRef:$dest, I32:$row,
                       I32:$col, I32:$rows, I32:$cols,
                       Optional<AnyMemRef>:$init, UnitAttr:$transposed,
                       DefaultValuedAttr<I64Attr, "1">:$parts);
  let assemblyFormat = [{
    $value `,` $dest `[` $row `,` $col `]` `bounds` `(` $rows `,` $cols `)`
    (`init` $init^ `:` type($init))? attr-dict
    `:` type($value) `,` type($dest)
  }];
  let hasVerifier = 1;
}
