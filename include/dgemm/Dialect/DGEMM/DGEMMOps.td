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
  let description = [{
    #### Semantics

    Multiplies two FP8 matrices whose K blocks carry FP32 scales, and adds C
    where there is one:

    ```
    D[m, n] = cast(C[m, n] + sum over kb of
                SFA[m, kb] * SFB[n / r, kb] *
                  sum over k of block kb of A[m, k] * B[n, k])
    ```

    `kb = k / 128` is the scale block, `r` is 128 where `b_block` is
    `[128, 128]` (1D2D: activations against weights) and 1 where it is
    `[1, 128]` (1D1D: weight gradients). Where K is no multiple of 128, the
    last block is short and has a scale of its own. Any of M, N and K may be
    dynamic and may be 0: K = 0 gives C, or zeros without C; M = 0 or N = 0
    writes nothing.

    The op is destination-passing. On tensors the result is D's new value; on
    memrefs D is written and there is no result. What D held before has no
    influence. C and D may be the same tensor or the same buffer, which
    accumulates in place.

    #### Operands and shapes

    | operand  | shape                                      | meaning |
    |----------|--------------------------------------------|---------|
    | `a`      | M x K                                      | left operand |
    | `sfa`    | M x ceil(K / 128)                          | its scales |
    | `b`      | N x K                                      | right operand, transposed |
    | `sfb`    | ceil(N / 128) x ceil(K / 128), or N x ceil(K / 128) | its scales |
    | `c`      | M x N                                      | optional addend |
    | `d`      | M x N                                      | destination |

    On memrefs, strides are explicit: rows of A, B, C and D are contiguous and
    may be padded, scales may have any strides. Scales whose rows lie next to
    each other (row stride 1, K stride a multiple of 4 floats) can be loaded
    by TMA; see `lhs_scales` in `#dgemm.schedule`.

    #### Legal types

    | operand      | element type     |
    |--------------|------------------|
    | `a`, `b`     | `f8E4M3FN`       |
    | `sfa`, `sfb` | `f32`            |
    | `c`, `d`     | `bf16` or `f32`  |

    #### Constraints

    * C1: The operands are all tensors or all memrefs.
    * C2: `a_block` is `[1, 128]`.
    * C3: `b_block` is `[1, 128]` or `[128, 128]`.
    * C4: `promote` is 128.
    * C5: A and B have the same K.
    * C6: A and D have the same M.
    * C7: B and D have the same N.
    * C8: SFA is M x ceil(K / 128).
    * C9: SFB is ceil(N / r) x ceil(K / 128), r being `b_block[0]`.
    * C10: C has the shape and the element type of D.
    * C11: The layouts of A, B, C and D are strided, with stride 1 in a row.
    * C12: The row strides of A and B, where static, are multiples of 16
      bytes: TMA takes no other.
    * C13: The offsets of A and B, where static, are multiples of 16 bytes.
    * C14: Rows of A, B, C and D do not overlap: a static row stride is at
      least the length of a row.
    * C15: The layouts of SFA and SFB are strided, without negative strides.
    * C16: Memrefs are in global memory: memory space 1, or none.
    * C17: The schedule, where there is one, fits the problem: see the
      constraints of `#dgemm.schedule`.

    A size, stride or offset that is dynamic is checked at run time, as a
    precondition in the launch record.

    #### Numerics

    The op's value is defined to the bit. For one element of D:

    1. Within a K block the partial sum is what `wgmma` computes from a fresh
       accumulator, 32 elements of K per step. Each step takes the exact
       products and the value so far, cuts them toward zero to multiples of
       2^(emax - 13), emax being the largest exponent among the terms that
       are not zero, adds them exactly, and cuts the sum toward zero to 13
       fraction bits.
    2. Each partial sum is promoted: `acc = fma(rn(sfa * sfb), partial, acc)`
       in FP32, over the K blocks in ascending order, starting at +0.
    3. `C + acc` is one FP32 addition; then one rounding to nearest even
       to D's type.

    NaN in A or B gives the NaN 0x7fffffff; scales may be any FP32 value, and
    IEEE 754 says what becomes of NaN, infinities, zeros and denormals. No
    schedule that lowers today changes a bit of the result.

    #### Examples

    ```mlir
    // Dense 1D2D on tensors, M dynamic.
    %r = dgemm.gemm
        ins(%a, %sfa, %b, %sfb : tensor<?x2048xf8E4M3FN>, tensor<?x16xf32>,
            tensor<7168x2048xf8E4M3FN>, tensor<56x16xf32>)
        outs(%d : tensor<?x7168xbf16>) -> tensor<?x7168xbf16>

    // Dense 1D1D on memrefs: a weight gradient, accumulated in place.
    dgemm.gemm
        ins(%x, %sfx, %dy, %sfdy : memref<4096x8192xf8E4M3FN>,
            memref<4096x64xf32, strided<[1, 4096]>>,
            memref<2112x8192xf8E4M3FN>,
            memref<2112x64xf32, strided<[1, 2112]>>)
        acc(%dw : memref<4096x2112xf32>) outs(%dw : memref<4096x2112xf32>)
        {b_block = [1, 128]}

    // K = 200 with rows padded to 208 bytes, and a schedule.
    dgemm.gemm
        ins(%p, %sfp, %q, %sfq : memref<100x200xf8E4M3FN, strided<[208, 1]>>,
            memref<100x2xf32>, memref<264x200xf8E4M3FN, strided<[208, 1]>>,
            memref<3x2xf32>)
        outs(%e : memref<100x264xbf16>)
        {schedule = #dgemm.schedule<tile = [64, 88], warpgroups = 1,
                                    lhs_scales = direct, chunk = 88>}
    ```
  }];

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
    /// Whether B has one scale per row and K block (1D1D) instead of one per
    /// 128x128 block (1D2D).
    bool hasVectorBScales();
  }];
}

include "dgemm/Dialect/DGEMM/DGEMMContractOps.td"

#endif // DGEMM_DIALECT_DGEMM_DGEMMOPS_TD
