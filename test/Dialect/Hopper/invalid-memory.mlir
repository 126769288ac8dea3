// What the ops on parts and views of buffers refuse.
// RUN: dgemm-opt %s --split-input-file --verify-diagnostics

gpu.module @module {
  gpu.func @subbuffer_swizzle(
      %b: !hopper.buffer<4x8x64xbf16, 128>,
      %i: i32) kernel {
    // expected-error @+1 {{keeps element type and swizzle: '!hopper.buffer<4x8x64xbf16, 128>' to '!hopper.buffer<8x64xbf16, 0>'}}
    %s = hopper.subbuffer %b[%i]
        : !hopper.buffer<4x8x64xbf16, 128>
        -> !hopper.buffer<8x64xbf16, 0>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @subbuffer_indices(
      %b: !hopper.buffer<4x8x64xbf16, 128>,
      %i: i32) kernel {
    // expected-error @+1 {{takes 1 indices, or one more for the first row, got 3}}
    %s = hopper.subbuffer %b[%i, %i, %i]
        : !hopper.buffer<4x8x64xbf16, 128>
        -> !hopper.buffer<8x64xbf16, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @subbuffer_rank(%b: !hopper.buffer<8x64xbf16, 128>, %i: i32) kernel {
    // expected-error @+1 {{gives at most the 2 dimensions of its source, got 3}}
    %s = hopper.subbuffer %b[]
        : !hopper.buffer<8x64xbf16, 128>
        -> !hopper.buffer<4x8x64xbf16, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @subbuffer_rows(
      %b: !hopper.buffer<4x8x64xbf16, 128>,
      %i: i32) kernel {
    // expected-error @+1 {{takes 16 rows of 8}}
    %s = hopper.subbuffer %b[%i]
        : !hopper.buffer<4x8x64xbf16, 128>
        -> !hopper.buffer<16x64xbf16, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @subbuffer_whole_rows(
      %b: !hopper.buffer<4x8x64xbf16, 0>,
      %i: i32) kernel {
    // expected-error @+1 {{takes whole rows: '!hopper.buffer<4x8x64xbf16, 0>' to '!hopper.buffer<8x32xbf16, 0>'}}
    %s = hopper.subbuffer %b[%i]
        : !hopper.buffer<4x8x64xbf16, 0>
        -> !hopper.buffer<8x32xbf16, 0>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @view_swizzle(%b: !hopper.buffer<8x64xbf16, 128>) kernel {
    // expected-error @+1 {{a swizzled buffer has no view as a memref}}
    %v = hopper.view %b : !hopper.buffer<8x64xbf16, 128> -> memref<8x64xbf16, 3>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @view_shape(%b: !hopper.buffer<8x64xbf16, 0>) kernel {
    // expected-error @+1 {{views '!hopper.buffer<8x64xbf16, 0>' as 'memref<8x32xbf16, 3>'}}
    %v = hopper.view %b : !hopper.buffer<8x64xbf16, 0> -> memref<8x32xbf16, 3>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @view_space(%b: !hopper.buffer<8x64xbf16, 0>) kernel {
    // expected-error @+1 {{the view is in memory space 3, got 'memref<8x64xbf16>'}}
    %v = hopper.view %b : !hopper.buffer<8x64xbf16, 0> -> memref<8x64xbf16>
    gpu.return
  }
}
