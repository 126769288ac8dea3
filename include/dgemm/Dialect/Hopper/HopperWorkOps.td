// Where tiles come from. Included by HopperOps.td.

def Hopper_DenseWorkOp : Hopper_Op<"dense_work", [Pure]> {
  let summary = "the tiles of one dense matrix, in an L2-friendly order";
  let description = [{
    Cuts a `rows` x `cols` matrix into tiles and orders them: groups of
    `width` tiles along `raster`, inside a group along that axis first. With
    `cluster` = c, the c thread blocks of a cluster take c neighbouring tiles
    along `cluster_axis`; where the number of tiles is no multiple of c, the
    last ones lie outside the matrix.

    ```mlir
    %w = hopper.dense_work %rows, %cols tile [256, 128] raster cols width 16
           cluster 1 along rows
    ```
  }];
  let arguments = (ins I32:$rows, I32:$cols, DenseI64ArrayAttr:$tile,
                       Hopper_AxisAttr:$raster, I64Attr:$width,
                       I64Attr:$cluster, Hopper_AxisAttr:$cluster_axis);
  let results = (outs Hopper_WorkType:$work);
  let assemblyFormat = [{
    $rows `,` $cols `tile` $tile `raster` $raster `width` $width
    `cluster` $cluster `along` $cluster_axis attr-dict
  }];
  let hasVerifier = 1;
}

def Hopper_WorkCountOp : Hopper_Op<"work_count", [Pure]> {
  let summary = "number of work items that all clusters share";
  let arguments = (ins Hopper_WorkType:$work);
  let results = (outs I32:$count);
  let assemblyFormat = "$work attr-dict";
}

def Hopper_WorkerOp : Hopper_Op<"worker", [Pure]> {
  let summary = "index of this cluster and number of clusters";
  let results = (outs I32:$index, I32:$count);
  let assemblyFormat = "attr-dict";
}

def Hopper_WorkAtOp : Hopper_Op<"work_at", [Pure]> {
  let summary = "first row and column of this block's tile of a work item";
  let arguments = (ins Hopper_WorkType:$work, I32:$item);
  let results = (outs I32:$row, I32:$col);
  let assemblyFormat = "$work `[` $item `]` attr-dict";
}
