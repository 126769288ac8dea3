// RUN: dgemm-opt %s --dgemm-accumulate --verify-diagnostics

gpu.module @module {
  gpu.func @no_schedule(%l: !hopper.tile<64x128xf8E4M3FN>) kernel {
    // expected-error @+1 {{'hopper.consumers' op to be distributed needs a schedule on its kernel}}
    hopper.consumers (%group) count 1 registers 232 {
      %p = hopper.mma %l, %l
          : !hopper.tile<64x128xf8E4M3FN>, !hopper.tile<64x128xf8E4M3FN>
          -> !hopper.tile<64x64xf32>
    }
    gpu.return
  }
}
