// Types and enumerations of the hopper dialect.
#ifndef DGEMM_DIALECT_HOPPER_TYPES
#define DGEMM_DIALECT_HOPPER_TYPES

include "dgemm/Dialect/Hopper/HopperDialect.td"

//===-- Enumerations -----------------------------------------------------===//

class Hopper_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::dgemm::hopper";
  let genSpecializedAttr = 0;
}

def Hopper_ScaleKind : Hopper_Enum<"ScaleKind",
    "how a scale varies along one side of a tile", [
  I32EnumAttrCase<"Scalar", 0, "scalar">,
  I32EnumAttrCase<"Split", 1, "split">,
  I32EnumAttrCase<"Vector", 2, "vector">]>;
def Hopper_ScaleKindAttr
    : EnumAttr<Hopper_Dialect, Hopper_ScaleKind, "scale_kind">;

def Hopper_Side : Hopper_Enum<"Side", "side of a product", [
  I32EnumAttrCase<"Lhs", 0, "lhs">, I32EnumAttrCase<"Rhs", 1, "rhs">]>;

def Hopper_Axis : Hopper_Enum<"Axis", "axis of the tile grid", [
  I32EnumAttrCase<"Rows", 0, "rows">, I32EnumAttrCase<"Cols", 1, "cols">]>;
def Hopper_AxisAttr : EnumAttr<Hopper_Dialect, Hopper_Axis, "axis">;

//===-- Types ------------------------------------------------------------===//

class Hopper_Type<string name, string mnemonicText>
    : TypeDef<Hopper_Dialect, name> {
  let mnemonic = mnemonicText;
}

class Hopper_ShapedType<string name, string mnemonicText>
    : Hopper_Type<name, mnemonicText> {
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape,
                        "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let builders = [TypeBuilderWithInferredContext<
    (ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType), [{
      return $_get(elementType.getContext(), shape, elementType);
    }]>];
}

def Hopper_TileType : Hopper_ShapedType<"Tile", "tile"> {
  let summary = "a tile that the whole thread block holds";
  let description = [{
    `!hopper.tile<256x128xf32>`. Where its elements live is not said yet; the
    rung `accumulate` turns accumulator tiles into fragments.
  }];
}

def Hopper_FragmentType : Hopper_ShapedType<"Fragment", "fragment"> {
  let summary = "an accumulator in the registers of one warpgroup";
  let description = [{
    `!hopper.fragment<64xNxf32>`, distributed as PTX ISA section 9.7.15.5.1.2
    (matrix D of `wgmma.m64nNk32`) says: thread `t` holds, for every group of
    eight columns, columns `2 * (t % 4)` and the next, of the rows
    `16 * (t / 32) + t % 32 / 4` and eight below.
  }];
}

def Hopper_PendingType : Hopper_ShapedType<"Pending", "pending"> {
  let summary = "a fragment that the tensor core still writes";
  let description = [{
    Only `hopper.wgmma_wait` takes it, and gives the fragment back. So no
    other op can touch an accumulator in flight.
  }];
}

def Hopper_ScalesType : Hopper_Type<"Scales", "scales"> {
  let summary = "the scales of one side of a tile for one K block";
  let description = [{
    `!hopper.scales<lhs, 256, vector>`: a scale for each row; `scalar`: one
    for all; `split`: one for each block of 128 columns that the tile touches.
  }];
  let parameters = (ins "Side":$side, "int64_t":$extent, "ScaleKind":$kind);
  let assemblyFormat = "`<` $side `,` $extent `,` $kind `>`";
}

def Hopper_BufferType : Hopper_Type<"Buffer", "buffer"> {
  let summary = "a buffer in shared memory with a swizzle";
  let description = [{
    `!hopper.buffer<128x64xbf16, 128>`: row-major, the last dimension
    contiguous; the number is the swizzle in bytes as TMA and WGMMA know it
    (PTX ISA section 5.5.7): 32, 64, 128, or 0 for none. With a swizzle a row
    is exactly that many bytes. Leading dimensions are arrays of such tiles.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape,
                        "::mlir::Type":$elementType, "int64_t":$swizzle);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let builders = [TypeBuilderWithInferredContext<
    (ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType,
         "int64_t":$swizzle), [{
      return $_get(elementType.getContext(), shape, elementType, swizzle);
    }]>];
  let extraClassDeclaration = [{
    /// Bytes of the whole buffer.
    int64_t getBytes() const;
    /// Bytes of one row (the last dimension).
    int64_t getRowBytes() const;
    /// Alignment that the swizzle pattern needs.
    int64_t getAlignment() const;
  }];
}

def Hopper_PipelineType : Hopper_Type<"Pipeline", "pipeline"> {
  let summary = "a ring of slots, each a tuple of buffers";
  let parameters = (ins ArrayRefParameter<"BufferType">:$fields);
  let assemblyFormat = "`<` $fields `>`";
}

def Hopper_TensorMapType : Hopper_Type<"TensorMap", "tensor_map"> {
  let summary = "a TMA tensor map, passed by value as a kernel argument";
}

def Hopper_WorkType : Hopper_Type<"Work", "work"> {
  let summary = "a source of tiles; the only thing that knows the grouping";
}

#endif
