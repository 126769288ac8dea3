// What a dgemm.gemm becomes on its way down: a choice of kernels by M, one
// canonical problem, the launch of a kernel. Included by DGEMMOps.td.

#ifndef DGEMM_DIALECT_DGEMM_DGEMMCONTRACTOPS_TD
#define DGEMM_DIALECT_DGEMM_DGEMMCONTRACTOPS_TD

def DGEMM_DispatchOp : Op<DGEMM_Dialect, "dispatch",
    [NoTerminator, SingleBlock, RecursiveMemoryEffects]> {
  let summary = "one product, with schedules for ranges of M";
  let description = [{
    #### Semantics

    Every case holds the same product with a schedule of its own, and is for
    one or several ranges of M. The case that has the number of rows M is
    computed. The ranges of all cases begin at 1, follow each other without
    gaps, and the last has no end, so that every M has its case (M = 0 computes
    nothing, in whichever).

    The rungs below treat the product in each case as any other. The rung
    `tile` makes one module of all cases, with a kernel for each, and the
    ranges become the kernels' conditions in the launch record.

    `bounds` are the last M of every range but the last, `choices` the case of
    each range.

    #### Constraints

    * R1: There is one choice more than there are bounds, each is a case, and
      every case is chosen.
    * R2: Bounds are positive and ascend.
    * R3: Each case holds one operation, a `dgemm.gemm` on memrefs or a
      `dgemm.contract`, and all cases the same kind.
    * R4: All cases compute the same: their operands and attributes are equal
      but for the schedule.
    * R5: M is dynamic.
    * R6: The schedules make constants of the same sizes, since one launch
      record describes the operands.

    #### Example

    ```mlir
    dgemm.dispatch case 1 {
      dgemm.gemm ins(...) outs(...) {schedule = #dgemm.schedule<...>}
    } case 2 to 63, 129 to 192 {
      dgemm.gemm ins(...) outs(...) {schedule = #dgemm.schedule<...>}
    } case 64 to 128, from 193 {
      dgemm.gemm ins(...) outs(...) {schedule = #dgemm.schedule<...>}
    }
    ```
  }];
  let arguments = (ins DenseI64ArrayAttr:$bounds, DenseI64ArrayAttr:$choices);
  let regions = (region VariadicRegion<SizedRegion<1>>:$cases);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The M from `first` to `last`; nullopt: without an end.
    struct Range {
      int64_t first;
      std::optional<int64_t> last;
    };
    /// The ranges of a case, in ascending order.
    ::llvm::SmallVector<Range> getRanges(unsigned index);
    /// The operation that a case holds.
    ::mlir::Operation *getProduct(unsigned index) {
      return &getCases()[index].front().front();
    }
    /// "1", "2 to 63, 129 to 192" or "from 64".
    std::string getRangeText(unsigned index);
  }];
}

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
    tensor maps and arguments follow from these operands. `kernel` names a
    kernel, or a module of several between which the record chooses.
  }];
  let arguments = (ins SymbolRefAttr:$kernel, Variadic<AnyMemRef>:$operands,
                       StrArrayAttr:$names);
  let assemblyFormat = [{
    $kernel `(` $operands `)` `as` $names attr-dict `:` type($operands)
  }];
}

#endif
