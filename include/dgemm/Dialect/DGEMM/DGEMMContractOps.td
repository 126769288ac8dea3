// What a dgemm.gemm becomes on its way down: one canonical problem, and the
// launch of a kernel. Included by DGEMMOps.td.

#ifndef DGEMM_DIALECT_DGEMM_DGEMMCONTRACTOPS_TD
#define DGEMM_DIALECT_DGEMM_DGEMMCONTRACTOPS_TD

def DGEMM_ContractOp : Op<DGEMM_Dialect, "contract",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "a block-scaled product in canonical form";
  let description = [{
    #### Semantics

    `dest[i, j] = init[i, j] + sum over kb of
       lhs_scale(i, kb) * rhs_scale(j, kb) *
       sum over k in block kb of lhs[i, k] * rhs[j, k]`

    or, where `transposed`, `dest[j, i]` and `init[j, i]` instead. `lhs` is
    the operand on the M side of the tensor core. A scale `block` of 1 means
    one row of scales for each row, 128 one for 128 rows.

    `names` gives each operand's name in the launch record, `extents` the
    names of the run-time values that the numbers of rows of `lhs` and `rhs`
    and of columns of both have there, and `record` is the part of the launch
    record that follows from the op alone.
  }];
  let arguments = (ins
    MemRefRankOf<[F8E4M3FN], [2]>:$lhs, MemRefRankOf<[F32], [2]>:$lhs_scales,
    MemRefRankOf<[F8E4M3FN], [2]>:$rhs, MemRefRankOf<[F32], [2]>:$rhs_scales,
    Optional<MemRefRankOf<[BF16, F32], [2]>>:$init,
    MemRefRankOf<[BF16, F32], [2]>:$dest,
    I64Attr:$lhs_block, I64Attr:$rhs_block, UnitAttr:$transposed,
    StrArrayAttr:$names, StrArrayAttr:$extents, DictionaryAttr:$record,
    DGEMM_ScheduleAttr:$schedule);
  let assemblyFormat = [{
    $lhs `scaled` $lhs_scales `by` $lhs_block `,`
    $rhs `scaled` $rhs_scales `by` $rhs_block
    (`init` $init^ `:` type($init))? `to` $dest (`transposed` $transposed^)?
    attr-dict `:` type($lhs) `,` type($lhs_scales) `,` type($rhs) `,`
    type($rhs_scales) `,` type($dest)
  }];
  let hasVerifier = 1;
}

def DGEMM_LaunchOp : Op<DGEMM_Dialect, "launch",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "launches a kernel as its launch record says";
  let description = [{
    The host side is data: the record beside the kernel says how grid,
    tensor maps and arguments follow from these operands.
  }];
  let arguments = (ins SymbolRefAttr:$kernel, Variadic<AnyMemRef>:$operands,
                       StrArrayAttr:$names);
  let assemblyFormat = [{
    $kernel `(` $operands `)` `as` $names attr-dict `:` type($operands)
  }];
}

#endif
