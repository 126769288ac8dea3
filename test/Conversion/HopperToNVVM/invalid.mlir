// What cannot become a kernel.
// RUN: dgemm-opt %s --dgemm-hopper-to-nvvm --split-input-file --verify-diagnostics

gpu.module @module attributes {dgemm.record = {}} {
  // expected-error @+1 {{'gpu.func' op needs 262144 bytes of shared memory, a block has 232448}}
  gpu.func @too_much() kernel attributes {
      dgemm.launch = {block = [128, 1, 1], cluster = [1, 1, 1]}} {
    %b = hopper.shared : !hopper.buffer<2048x128xf8E4M3FN, 128>
    gpu.return
  }
}

// -----

gpu.module @module attributes {dgemm.record = {}} {
  // expected-error @+1 {{'gpu.func' op needs 'block' in 'dgemm.launch': three positive sizes}}
  gpu.func @no_block() kernel attributes {
      dgemm.launch = {cluster = [1, 1, 1]}} {
    gpu.return
  }
}

// -----

gpu.module @module attributes {dgemm.record = {}} {
  // expected-error @+1 {{'gpu.func' op needs 'cluster' in 'dgemm.launch': three positive sizes}}
  gpu.func @flat_cluster() kernel attributes {
      dgemm.launch = {block = [128, 1, 1], cluster = [1, 1]}} {
    gpu.return
  }
}

// -----

gpu.module @module attributes {dgemm.record = {}} {
  // expected-error @+1 {{'gpu.func' op argument 1 needs 'dgemm.arg', what the launch passes for it}}
  gpu.func @no_description(%a: i32 {dgemm.arg = {}}, %b: i32) kernel
      attributes {
        dgemm.launch = {block = [128, 1, 1], cluster = [1, 1, 1]}} {
    gpu.return
  }
}

// -----

gpu.module @module attributes {dgemm.record = {operands = [
    {name = "X", strides = ["ldx", "1"]}]}} {
  // expected-error @+1 {{'gpu.func' op argument 0 has strides that only the run time knows, but its operand 'Y' has no strides in 'dgemm.record'}}
  gpu.func @no_strides(%a: memref<?x?xf32, strided<[?, 1]>> {
      dgemm.arg = {kind = "pointer", operand = "Y"}}) kernel attributes {
        dgemm.launch = {block = [128, 1, 1], cluster = [1, 1, 1]}} {
    gpu.return
  }
}

// -----

gpu.module @module attributes {dgemm.record = {}} {
  // expected-error @+1 {{'gpu.func' op needs 'dgemm.blocks_per_sm' to be an i64 from 1 to 32, got 0 : i64}}
  gpu.func @no_blocks() kernel attributes {
      dgemm.blocks_per_sm = 0 : i64,
      dgemm.launch = {block = [128, 1, 1], cluster = [1, 1, 1]}} {
    gpu.return
  }
}
