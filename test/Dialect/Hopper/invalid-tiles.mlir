// What the ops on work and whole tiles refuse.
// RUN: dgemm-opt %s --split-input-file --verify-diagnostics

gpu.module @module {
  gpu.func @tile_rank(%i: i32) kernel {
    // expected-error @+1 {{tile must be two positive sizes}}
    %w = hopper.dense_work %i, %i tile [256] raster cols width 16 cluster 1
        along rows
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @tile_size(%i: i32) kernel {
    // expected-error @+1 {{tile must be two positive sizes}}
    %w = hopper.dense_work %i, %i tile [256, 0] raster cols width 16 cluster 1
        along rows
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @width(%i: i32) kernel {
    // expected-error @+1 {{width must be positive, got 0}}
    %w = hopper.dense_work %i, %i tile [256, 128] raster cols width 0 cluster 1
        along rows
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @cluster(%i: i32) kernel {
    // expected-error @+1 {{cluster must be 1 or 2, got 3}}
    %w = hopper.dense_work %i, %i tile [256, 128] raster cols width 16 cluster 3
        along rows
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @load_scales(%s: memref<?xf32>, %i: i32) kernel {
    // expected-error @+1 {{reads a 2-D memref of f32, got 'memref<?xf32>'}}
    %r = hopper.load_scales %s[%i, %i] bound %i
        : memref<?xf32> -> !hopper.scales<lhs, 64, vector>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @mma_rank(%l: !hopper.tile<128xf8E4M3FN>,
                     %r: !hopper.tile<64x128xf8E4M3FN>) kernel {
    // expected-error @+1 {{multiplies matrices, got '!hopper.tile<128xf8E4M3FN>' and '!hopper.tile<64x128xf8E4M3FN>'}}
    %d = hopper.mma %l, %r : !hopper.tile<128xf8E4M3FN>,
        !hopper.tile<64x128xf8E4M3FN>
        -> !hopper.tile<128x64xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @mma_element(
      %l: !hopper.tile<64x128xf8E4M3FN>,
      %r: !hopper.tile<64x128xf8E5M2>) kernel {
    // expected-error @+1 {{multiplies f8E4M3FN, got '!hopper.tile<64x128xf8E4M3FN>' and '!hopper.tile<64x128xf8E5M2>'}}
    %d = hopper.mma %l, %r : !hopper.tile<64x128xf8E4M3FN>,
        !hopper.tile<64x128xf8E5M2>
        -> !hopper.tile<64x64xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @mma_columns(
      %l: !hopper.tile<64x128xf8E4M3FN>,
      %r: !hopper.tile<64x64xf8E4M3FN>) kernel {
    // expected-error @+1 {{lhs has 128 columns, rhs 64}}
    %d = hopper.mma %l, %r : !hopper.tile<64x128xf8E4M3FN>,
        !hopper.tile<64x64xf8E4M3FN>
        -> !hopper.tile<64x64xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @mma_result(%l: !hopper.tile<64x128xf8E4M3FN>,
                       %r: !hopper.tile<96x128xf8E4M3FN>) kernel {
    // expected-error @+1 {{the product is 64x96, the result 64x64}}
    %d = hopper.mma %l, %r : !hopper.tile<64x128xf8E4M3FN>,
        !hopper.tile<96x128xf8E4M3FN>
        -> !hopper.tile<64x64xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @promote_sides(
      %f: !hopper.fragment<64x64xf32>,
      %l: !hopper.scales<rhs, 64, vector>,
      %r: !hopper.scales<lhs, 64, scalar>) kernel {
    // expected-error @+1 {{takes the scales of lhs, then those of rhs}}
    %d = hopper.promote %f, %f scales %l, %r
        : !hopper.fragment<64x64xf32>, !hopper.scales<rhs, 64, vector>,
          !hopper.scales<lhs, 64, scalar>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @promote_extent(
      %f: !hopper.fragment<64x64xf32>,
      %l: !hopper.scales<lhs, 128, vector>,
      %r: !hopper.scales<rhs, 64, scalar>) kernel {
    // expected-error @+1 {{scales 64x64 elements with scales for 128 rows and 64 columns}}
    %d = hopper.promote %f, %f scales %l, %r
        : !hopper.fragment<64x64xf32>, !hopper.scales<lhs, 128, vector>,
          !hopper.scales<rhs, 64, scalar>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @promote_split(
      %f: !hopper.fragment<64x64xf32>,
      %l: !hopper.scales<lhs, 64, split>,
      %r: !hopper.scales<rhs, 64, scalar>) kernel {
    // expected-error @+1 {{the scales of a slice's rows are 'scalar' or 'vector'}}
    %d = hopper.promote %f, %f scales %l, %r
        : !hopper.fragment<64x64xf32>, !hopper.scales<lhs, 64, split>,
          !hopper.scales<rhs, 64, scalar>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @promote_rank(%f: !hopper.tile<64xf32>,
                         %l: !hopper.scales<lhs, 64, vector>,
                         %r: !hopper.scales<rhs, 64, scalar>) kernel {
    // expected-error @+1 {{promotes a matrix, got '!hopper.tile<64xf32>'}}
    %d = hopper.promote %f, %f scales %l, %r
        : !hopper.tile<64xf32>, !hopper.scales<lhs, 64, vector>,
          !hopper.scales<rhs, 64, scalar>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @store_rank(%f: !hopper.fragment<64x64xf32>, %d: memref<?xf32>,
                       %i: i32) kernel {
    // expected-error @+1 {{writes a 2-D memref, got 'memref<?xf32>'}}
    hopper.store %f, %d[%i, %i] bounds (%i, %i)
        : !hopper.fragment<64x64xf32>, memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @store_init(%f: !hopper.fragment<64x64xf32>, %d: memref<?x?xbf16>,
                       %c: memref<?x?xf32>, %i: i32) kernel {
    // expected-error @+1 {{init has elements of type 'f32', dest of type 'bf16'}}
    hopper.store %f, %d[%i, %i] bounds (%i, %i) init %c : memref<?x?xf32>
        : !hopper.fragment<64x64xf32>, memref<?x?xbf16>
    gpu.return
  }
}
