// What the types of the hopper dialect refuse.
// RUN: dgemm-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{shared memory holds no elements of type 'index'}}
func.func private @element(!hopper.buffer<4xindex, 0>)

// -----

// expected-error @+1 {{a buffer dimension must be positive, got 0}}
func.func private @dimension(!hopper.buffer<0x4xf32, 0>)

// -----

// expected-error @+1 {{a buffer has at least one dimension}}
func.func private @rank(!hopper.buffer<f32, 0>)

// -----

// expected-error @+1 {{swizzle must be 0, 32, 64 or 128 bytes, got 48}}
func.func private @swizzle(!hopper.buffer<8x16xf32, 48>)

// -----

// expected-error @+1 {{a row of a buffer with 128-byte swizzle has 128 bytes, but this one has 64}}
func.func private @row(!hopper.buffer<64x32xbf16, 128>)
