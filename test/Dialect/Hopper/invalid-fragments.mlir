// What the ops on fragments and their scales refuse.
// RUN: dgemm-opt %s --split-input-file --verify-diagnostics

gpu.module @module {
  gpu.func @wgmma_rows(
      %l: !hopper.buffer<128x128xf8E4M3FN, 128>,
      %r: !hopper.buffer<64x128xf8E4M3FN, 128>) kernel {
    // expected-error @+1 {{a wgmma has 64 rows, got 128}}
    %p = hopper.wgmma %l, %r 
        : !hopper.buffer<128x128xf8E4M3FN, 128>,
          !hopper.buffer<64x128xf8E4M3FN, 128>
        -> !hopper.pending<128x64xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @wgmma_columns(
      %l: !hopper.buffer<64x128xf8E4M3FN, 128>,
      %r: !hopper.buffer<12x128xf8E4M3FN, 128>) kernel {
    // expected-error @+1 {{a wgmma has a multiple of 8 columns up to 256, got 12}}
    %p = hopper.wgmma %l, %r 
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
          !hopper.buffer<12x128xf8E4M3FN, 128>
        -> !hopper.pending<64x12xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @wgmma_wide(
      %l: !hopper.buffer<64x128xf8E4M3FN, 128>,
      %r: !hopper.buffer<264x128xf8E4M3FN, 128>) kernel {
    // expected-error @+1 {{a wgmma has a multiple of 8 columns up to 256, got 264}}
    %p = hopper.wgmma %l, %r 
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
          !hopper.buffer<264x128xf8E4M3FN, 128>
        -> !hopper.pending<64x264xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @wgmma_reuse(
      %l: !hopper.buffer<64x128xf8E4M3FN, 128>,
      %r: !hopper.buffer<64x128xf8E4M3FN, 128>,
      %o: !hopper.fragment<64x32xf32>) kernel {
    // expected-error @+1 {{reuses the registers of '!hopper.fragment<64x32xf32>' for '!hopper.pending<64x64xf32>'}}
    %p = hopper.wgmma %l, %r reuse %o : !hopper.fragment<64x32xf32> 
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
          !hopper.buffer<64x128xf8E4M3FN, 128>
        -> !hopper.pending<64x64xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @wgmma_swizzle(
      %l: !hopper.buffer<64x128xf8E4M3FN, 128>,
      %r: !hopper.buffer<64x128xf8E4M3FN, 0>) kernel {
    // expected-error @+1 {{operands have rows of 128 bytes with a 128-byte swizzle, got '!hopper.buffer<64x128xf8E4M3FN, 0>'}}
    %p = hopper.wgmma %l, %r 
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
          !hopper.buffer<64x128xf8E4M3FN, 0>
        -> !hopper.pending<64x64xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @wgmma_product(
      %l: !hopper.buffer<64x128xf8E4M3FN, 128>,
      %r: !hopper.buffer<64x128xf8E4M3FN, 128>) kernel {
    // expected-error @+1 {{the product is 64x64, the result 64x32}}
    %p = hopper.wgmma %l, %r 
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
          !hopper.buffer<64x128xf8E4M3FN, 128>
        -> !hopper.pending<64x32xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @wait_count(%p: !hopper.pending<64x64xf32>) kernel {
    // expected-error @+1 {{gives each of 1 accumulators back, got 0 results}}
    "hopper.wgmma_wait"(%p) <{pending = 0 : i64}>
        : (!hopper.pending<64x64xf32>) -> ()
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @wait_type(%p: !hopper.pending<64x64xf32>) kernel {
    // expected-error @+1 {{takes '!hopper.pending<64x64xf32>' but gives '!hopper.fragment<64x32xf32>'}}
    %f = hopper.wgmma_wait pending 0 (%p)
        : !hopper.pending<64x64xf32> -> !hopper.fragment<64x32xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @read_scales_buffer(%b: !hopper.buffer<64xbf16, 0>, %i: i32) kernel {
    // expected-error @+1 {{reads a buffer of f32 without swizzle, got '!hopper.buffer<64xbf16, 0>'}}
    %s = hopper.read_scales %b[%i]
        : !hopper.buffer<64xbf16, 0> -> !hopper.scales<lhs, 64, vector>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @read_scales_kind(%b: !hopper.buffer<64xf32, 0>, %i: i32) kernel {
    // expected-error @+1 {{reads a vector of scales}}
    %s = hopper.read_scales %b[%i]
        : !hopper.buffer<64xf32, 0> -> !hopper.scales<lhs, 64, scalar>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @read_scales_extent(%b: !hopper.buffer<64xf32, 0>, %i: i32) kernel {
    // expected-error @+1 {{reads 128 scales from 64}}
    %s = hopper.read_scales %b[%i]
        : !hopper.buffer<64xf32, 0> -> !hopper.scales<lhs, 128, vector>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @pack_scales_vector(%x: f32, %i: i32) kernel {
    // expected-error @+1 {{packs scales of blocks, not a vector}}
    %s = hopper.pack_scales (%x) : !hopper.scales<rhs, 64, vector>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @pack_scales_scalar(%x: f32, %i: i32) kernel {
    // expected-error @+1 {{a scalar side has one value and no 'at'}}
    %s = hopper.pack_scales (%x, %x) : !hopper.scales<rhs, 64, scalar>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @pack_scales_scalar_at(%x: f32, %i: i32) kernel {
    // expected-error @+1 {{a scalar side has one value and no 'at'}}
    %s = hopper.pack_scales (%x) at %i : !hopper.scales<rhs, 64, scalar>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @pack_scales_split(%x: f32, %i: i32) kernel {
    // expected-error @+1 {{a split side has 2 or 3 values and 'at', got 1}}
    %s = hopper.pack_scales (%x) at %i : !hopper.scales<rhs, 192, split>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @pack_scales_split_at(%x: f32, %i: i32) kernel {
    // expected-error @+1 {{a split side has 2 or 3 values and 'at', got 2}}
    %s = hopper.pack_scales (%x, %x) : !hopper.scales<rhs, 192, split>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @stage_fragment_buffer(
      %f: !hopper.fragment<64x64xf32>,
      %b: !hopper.buffer<64xbf16, 0>) kernel {
    // expected-error @+1 {{writes a 2-D buffer, got '!hopper.buffer<64xbf16, 0>'}}
    hopper.stage_fragment %f columns 0 into %b
        : !hopper.fragment<64x64xf32>, !hopper.buffer<64xbf16, 0>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @stage_fragment_element(
      %f: !hopper.fragment<64x64xf32>,
      %b: !hopper.buffer<64x64xf16, 128>) kernel {
    // expected-error @+1 {{writes bf16 or f32, got 'f16'}}
    hopper.stage_fragment %f columns 0 into %b
        : !hopper.fragment<64x64xf32>, !hopper.buffer<64x64xf16, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @stage_fragment_rows(
      %f: !hopper.fragment<64x64xf32>,
      %b: !hopper.buffer<32x64xbf16, 128>) kernel {
    // expected-error @+1 {{writes 64 rows, the buffer has 32}}
    hopper.stage_fragment %f columns 0 into %b
        : !hopper.fragment<64x64xf32>, !hopper.buffer<32x64xbf16, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @stage_fragment_multiple(
      %f: !hopper.fragment<64x64xf32>,
      %b: !hopper.buffer<64x12xbf16, 0>) kernel {
    // expected-error @+1 {{writes multiples of 8 columns, got 12}}
    hopper.stage_fragment %f columns 0 into %b
        : !hopper.fragment<64x64xf32>, !hopper.buffer<64x12xbf16, 0>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @stage_fragment_columns(
      %f: !hopper.fragment<64x64xf32>,
      %b: !hopper.buffer<64x64xbf16, 128>) kernel {
    // expected-error @+1 {{columns 32 to 96 of a fragment of 64}}
    hopper.stage_fragment %f columns 32 into %b
        : !hopper.fragment<64x64xf32>, !hopper.buffer<64x64xbf16, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @stage_fragment_rank(
      %f: !hopper.fragment<64xf32>,
      %b: !hopper.buffer<64x64xbf16, 128>) kernel {
    // expected-error @+1 {{writes a fragment of 64 rows, got '!hopper.fragment<64xf32>'}}
    hopper.stage_fragment %f columns 0 into %b
        : !hopper.fragment<64xf32>, !hopper.buffer<64x64xbf16, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @add_piece_rank(
      %f: !hopper.fragment<64x64xf32>,
      %b: !hopper.buffer<2x64x32xf32, 128>) kernel {
    // expected-error @+1 {{adds a 2-D buffer, got '!hopper.buffer<2x64x32xf32, 128>'}}
    %s = hopper.add_piece %f columns 0 from %b
        : !hopper.fragment<64x64xf32>, !hopper.buffer<2x64x32xf32, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @add_piece_element(
      %f: !hopper.fragment<64x64xf32>,
      %b: !hopper.buffer<64x32xi32, 128>) kernel {
    // expected-error @+1 {{adds bf16 or f32, got 'i32'}}
    %s = hopper.add_piece %f columns 0 from %b
        : !hopper.fragment<64x64xf32>, !hopper.buffer<64x32xi32, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @add_piece_rows(
      %f: !hopper.fragment<64x64xf32>,
      %b: !hopper.buffer<32x32xf32, 128>) kernel {
    // expected-error @+1 {{adds 64 rows, the buffer has 32}}
    %s = hopper.add_piece %f columns 0 from %b
        : !hopper.fragment<64x64xf32>, !hopper.buffer<32x32xf32, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @add_piece_columns(
      %f: !hopper.fragment<64x64xf32>,
      %b: !hopper.buffer<64x32xf32, 128>) kernel {
    // expected-error @+1 {{columns 48 to 80 of '!hopper.fragment<64x64xf32>'}}
    %s = hopper.add_piece %f columns 48 from %b
        : !hopper.fragment<64x64xf32>, !hopper.buffer<64x32xf32, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @add_piece_slice(
      %t: !hopper.tile<128x64xf32>,
      %b: !hopper.buffer<2x64x32xf32, 128>) kernel {
    // expected-error @+1 {{slice 1 of 1}}
    %s = hopper.add_piece %t columns 0 from %b {slice = 1 : i64}
        : !hopper.tile<128x64xf32>, !hopper.buffer<2x64x32xf32, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @multiply_scales_sides(
      %l: !hopper.scales<lhs, 64, vector>) kernel {
    // expected-error @+1 {{takes the scales of lhs, then those of rhs}}
    %p = hopper.multiply_scales %l, %l
        : !hopper.scales<lhs, 64, vector>, !hopper.scales<lhs, 64, vector>
        -> !hopper.fragment<64x64xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @multiply_scales_split(
      %l: !hopper.scales<lhs, 64, split>,
      %r: !hopper.scales<rhs, 64, vector>) kernel {
    // expected-error @+1 {{the scales of a slice's rows are 'scalar' or 'vector'}}
    %p = hopper.multiply_scales %l, %r
        : !hopper.scales<lhs, 64, split>, !hopper.scales<rhs, 64, vector>
        -> !hopper.fragment<64x64xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @multiply_scales_shape(
      %l: !hopper.scales<lhs, 64, vector>,
      %r: !hopper.scales<rhs, 32, vector>) kernel {
    // expected-error @+1 {{gives '!hopper.fragment<64x64xf32>' for scales of 64 rows and 32 columns}}
    %p = hopper.multiply_scales %l, %r
        : !hopper.scales<lhs, 64, vector>, !hopper.scales<rhs, 32, vector>
        -> !hopper.fragment<64x64xf32>
    gpu.return
  }
}
