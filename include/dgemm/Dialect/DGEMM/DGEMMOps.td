// The operations of the dgemm dialect; their specification is here.

#ifndef DGEMM_DIALECT_DGEMM_DGEMMOPS_TD
#define DGEMM_DIALECT_DGEMM_DGEMMOPS_TD

include "dgemm/Dialect/DGEMM/DGEMMAttrs.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class DGEMM_Matrix<list<Type> elements>
    : AnyTypeOf<[2DTensorOf<elements>, MemRefRankOf<elements, [2]>]>;

def DGEMM_FP8Matrix : DGEMM_Matrix<[F8E4M3FN]>;
def DGEMM_ScaleMatrix : DGEMM_Matrix<[F32]>;
def DGEMM_OutputMatrix : DGEMM_Matrix<[BF16, F32]>;

def DGEMM_GemmOp : Op<DGEMM_Dialect, "gemm", [
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Block-scaled FP8 matrix multiplication";

  let arguments = (ins
    DGEMM_FP8Matrix:$a, DGEMM_ScaleMatrix:$sfa,
    DGEMM_FP8Matrix:$b, DGEMM_ScaleMatrix:$sfb,
    Optional<DGEMM_OutputMatrix>:$c,
    DGEMM_OutputMatrix:$d,
    DefaultValuedAttr<I64ArrayAttr, "{1, 128}">:$a_block,
    DefaultValuedAttr<I64ArrayAttr, "{128, 128}">:$b_block,
    DefaultValuedAttr<I64Attr, "128">:$promote,
    OptionalAttr<DGEMM_ScheduleAttr>:$schedule);
  let results = (outs Optional<2DTensorOf<[BF16, F32]>>:$result);

  let assemblyFormat = [{
    `ins` `(` $a `,` $sfa `,` $b `,` $sfb `:` type($a) `,` type($sfa) `,`
              type($b) `,` type($sfb) `)`
    (`acc` `(` $c^ `:` type($c) `)`)?
    `outs` `(` $d `:` type($d) `)`
    attr-dict (`->` type($result)^)?
  }];
  let hasVerifier = 1;

  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getDMutable();
    }
  }];
}

include "dgemm/Dialect/DGEMM/DGEMMContractOps.td"

#endif // DGEMM_DIALECT_DGEMM_DGEMMOPS_TD
