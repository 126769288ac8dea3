// RUN: dgemm-opt %s --dgemm-specialize --verify-diagnostics

!buffer = !hopper.buffer<64x32xf32, 0>
!ring = !hopper.pipeline<!buffer>

gpu.module @module {
  // expected-error @+1 {{'gpu.func' op to be specialized needs a schedule}}
  gpu.func @no_schedule(
      %map: !hopper.tensor_map {
        dgemm.arg = {box = [32, 64], swizzle = 0 : i64}},
      %i: i32) kernel {
    %ring = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1 : !ring
    %fill = hopper.acquire %ring[%i, %i] : !ring -> !buffer
    hopper.tma_load %map[%i, %i] into %fill signals %ring[%i]
        : !buffer, !ring
    hopper.commit %ring[%i] : !ring
    %use = hopper.wait %ring[%i, %i] : !ring -> !buffer
    gpu.return
  }
}
