// What cannot be staged.
// RUN: dgemm-opt %s --dgemm-stage --split-input-file --verify-diagnostics

gpu.module @module {
  gpu.func @no_schedule(%a: !hopper.tile<64x128xf8E4M3FN>) kernel {
    // expected-error @+1 {{'hopper.mma' op to be staged needs a schedule on its kernel}}
    %p = hopper.mma %a, %a
        : !hopper.tile<64x128xf8E4M3FN>, !hopper.tile<64x128xf8E4M3FN>
        -> !hopper.tile<64x64xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @no_loop(%a: memref<?x?xf8E4M3FN>, %i: i32) kernel attributes {
      dgemm.schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1>} {
    %l = hopper.load %a[%i, %i]
        : memref<?x?xf8E4M3FN> -> !hopper.tile<64x128xf8E4M3FN>
    // expected-error @+1 {{'hopper.mma' op to be staged stands in a loop and has one use}}
    %p = hopper.mma %l, %l
        : !hopper.tile<64x128xf8E4M3FN>, !hopper.tile<64x128xf8E4M3FN>
        -> !hopper.tile<64x64xf32>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @no_promotion(%a: memref<?x?xf8E4M3FN>, %d: memref<?x?xbf16>,
                         %i: i32) kernel attributes {
      dgemm.schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1>} {
    scf.for %k = %i to %i step %i : i32 {
      %l = hopper.load %a[%i, %k]
          : memref<?x?xf8E4M3FN> -> !hopper.tile<64x128xf8E4M3FN>
      // expected-error @+1 {{'hopper.mma' op to be staged multiplies two loads and is promoted}}
      %p = hopper.mma %l, %l
          : !hopper.tile<64x128xf8E4M3FN>, !hopper.tile<64x128xf8E4M3FN>
          -> !hopper.tile<64x64xf32>
      hopper.store %p, %d[%i, %i] bounds (%i, %i)
          : !hopper.tile<64x64xf32>, memref<?x?xbf16>
    }
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @own_scales(%a: memref<?x?xf8E4M3FN>, %i: i32,
                       %s: !hopper.scales<lhs, 64, vector>,
                       %t: !hopper.scales<rhs, 64, scalar>,
                       %zero: !hopper.tile<64x64xf32>) kernel attributes {
      dgemm.schedule = #dgemm.schedule<tile = [64, 64], warpgroups = 1>} {
    scf.for %k = %i to %i step %i : i32 {
      %l = hopper.load %a[%i, %k]
          : memref<?x?xf8E4M3FN> -> !hopper.tile<64x128xf8E4M3FN>
      %p = hopper.mma %l, %l
          : !hopper.tile<64x128xf8E4M3FN>, !hopper.tile<64x128xf8E4M3FN>
          -> !hopper.tile<64x64xf32>
      // expected-error @+1 {{'hopper.promote' op to be staged takes scales from loads}}
      %r = hopper.promote %p, %zero scales %s, %t
          : !hopper.tile<64x64xf32>, !hopper.scales<lhs, 64, vector>,
            !hopper.scales<rhs, 64, scalar>
    }
    gpu.return
  }
}
