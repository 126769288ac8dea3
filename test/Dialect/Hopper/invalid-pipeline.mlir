// What pipelines, their slots and the copies that fill them refuse.
// RUN: dgemm-opt %s --split-input-file --verify-diagnostics

gpu.module @module {
  gpu.func @depth() kernel {
    // expected-error @+1 {{depth must be 1 to 64, got 65}}
    %p = hopper.pipeline depth 65 bytes 0 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @depth_zero() kernel {
    // expected-error @+1 {{depth must be 1 to 64, got 0}}
    %p = hopper.pipeline depth 0 bytes 0 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @consumers() kernel {
    // expected-error @+1 {{consumers must be 1 to 7 warpgroups, got 8}}
    %p = hopper.pipeline depth 2 bytes 0 consumers 8 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @cluster() kernel {
    // expected-error @+1 {{cluster must be 1 or 2, got 4}}
    %p = hopper.pipeline depth 2 bytes 0 consumers 1 cluster 4
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @too_many_bytes() kernel {
    // expected-error @+1 {{expects 8193 bytes for a slot of 8192 bytes}}
    %p = hopper.pipeline depth 2 bytes 8193 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @barrier_bytes() kernel {
    // expected-error @+1 {{an mbarrier counts less than 1048576 bytes, got 1048576}}
    %p = hopper.pipeline depth 1 bytes 1048576 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<8192x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @no_pipeline(
      %p: !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>,
      %i: i32) kernel {
    // expected-error @+1 {{'hopper.wait' op needs a pipeline that a 'hopper.pipeline' of the same kernel makes}}
    %b = hopper.wait %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @no_pipeline_commit(
      %p: !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>,
      %i: i32) kernel {
    // expected-error @+1 {{'hopper.commit' op needs a pipeline that a 'hopper.pipeline' of the same kernel makes}}
    hopper.commit %p[%i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @no_pipeline_release(
      %p: !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>,
      %i: i32) kernel {
    // expected-error @+1 {{'hopper.release' op needs a pipeline that a 'hopper.pipeline' of the same kernel makes}}
    hopper.release %p[%i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @no_pipeline_advance(
      %p: !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>,
      %i: i32) kernel {
    // expected-error @+1 {{'hopper.advance' op needs a pipeline that a 'hopper.pipeline' of the same kernel makes}}
    %s:2 = hopper.advance %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @no_pipeline_acquire(
      %p: !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>,
      %i: i32) kernel {
    // expected-error @+1 {{'hopper.acquire' op needs a pipeline that a 'hopper.pipeline' of the same kernel makes}}
    %b = hopper.acquire %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @no_pipeline_load(
      %m: !hopper.tensor_map {
        dgemm.arg = {box = [128, 64], swizzle = 128 : i64}},
      %p: !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>,
      %i: i32) kernel {
    %b = hopper.shared : !hopper.buffer<64x128xf8E4M3FN, 128>
    // expected-error @+1 {{'hopper.tma_load' op needs a pipeline that a 'hopper.pipeline' of the same kernel makes}}
    hopper.tma_load %m[%i, %i] into %b signals %p[%i]
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
        !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @buffer_count(%i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    // expected-error @+1 {{yields 2 buffers, but a slot has 1}}
    %b:2 = hopper.wait %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
          -> !hopper.buffer<64x128xf8E4M3FN, 128>,
          !hopper.buffer<64x128xf8E4M3FN, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @buffer_type(%i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    // expected-error @+1 {{buffer 0 has type '!hopper.buffer<128x128xf8E4M3FN, 128>', but the slot's is '!hopper.buffer<64x128xf8E4M3FN, 128>'}}
    %b = hopper.wait %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
          -> !hopper.buffer<128x128xf8E4M3FN, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @bytes_not_copied(
      %m: !hopper.tensor_map {
        dgemm.arg = {box = [128, 64], swizzle = 128 : i64}},
      %i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    // expected-error @+1 {{the pipeline expects 8192 bytes a slot, but 0 are copied}}
    %b = hopper.acquire %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @bytes_copied_twice(
      %m: !hopper.tensor_map {
        dgemm.arg = {box = [128, 32], swizzle = 128 : i64}},
      %i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    // expected-error @+1 {{the pipeline expects 8192 bytes a slot, but 12288 are copied}}
    %b = hopper.acquire %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    %b0 = hopper.subbuffer %b[%i] : !hopper.buffer<64x128xf8E4M3FN, 128>
        -> !hopper.buffer<32x128xf8E4M3FN, 128>
    hopper.tma_load %m[%i, %i] into %b0 signals %p[%i]
        : !hopper.buffer<32x128xf8E4M3FN, 128>,
          !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    %b1 = hopper.subbuffer %b[%i] : !hopper.buffer<64x128xf8E4M3FN, 128>
        -> !hopper.buffer<32x128xf8E4M3FN, 128>
    hopper.tma_load %m[%i, %i] into %b1 signals %p[%i]
        : !hopper.buffer<32x128xf8E4M3FN, 128>,
          !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    %b2 = hopper.subbuffer %b[%i] : !hopper.buffer<64x128xf8E4M3FN, 128>
        -> !hopper.buffer<32x128xf8E4M3FN, 128>
    hopper.tma_load %m[%i, %i] into %b2 signals %p[%i]
        : !hopper.buffer<32x128xf8E4M3FN, 128>,
          !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @multicast(
      %m: !hopper.tensor_map {
        dgemm.arg = {box = [128, 32], swizzle = 128 : i64}},
      %i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    %b = hopper.acquire %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    // expected-error @+1 {{multicasts to 2 blocks, but the pipeline's cluster has 1}}
    hopper.tma_load %m[%i, %i] into %b signals %p[%i] {multicast = 2}
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
        !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @box(
      %m: !hopper.tensor_map {
        dgemm.arg = {box = [128, 32], swizzle = 128 : i64}},
      %i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    %b = hopper.acquire %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    // expected-error @+1 {{the map's box has 4096 bytes, the buffer 8192}}
    hopper.tma_load %m[%i, %i] into %b signals %p[%i]
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
        !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @box_in_parts(
      %m: !hopper.tensor_map {
        dgemm.arg = {box = [128, 64], swizzle = 128 : i64}},
      %i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 2
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    %b = hopper.acquire %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    // expected-error @+1 {{the map's box has 8192 bytes, the buffer 8192 in parts}}
    hopper.tma_load %m[%i, %i] into %b signals %p[%i] {multicast = 2}
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
        !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @map_swizzle(
      %m: !hopper.tensor_map {
        dgemm.arg = {box = [128, 64], swizzle = 64 : i64}},
      %i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    %b = hopper.acquire %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    // expected-error @+1 {{the map swizzles 64 bytes, the buffer 128}}
    hopper.tma_load %m[%i, %i] into %b signals %p[%i]
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
        !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @coordinates(
      %m: !hopper.tensor_map {
        dgemm.arg = {box = [128, 64], swizzle = 128 : i64}},
      %i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    %b = hopper.acquire %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    // expected-error @+1 {{takes 2 coordinates, as the map's box has, got 1}}
    hopper.tma_load %m[%i] into %b signals %p[%i]
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
        !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @description(%m: !hopper.tensor_map, %i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    %b = hopper.acquire %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    // expected-error @+1 {{the tensor map must be an argument of a gpu.func with a 'dgemm.arg' description}}
    hopper.tma_load %m[%i, %i] into %b signals %p[%i]
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
        !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @no_box(
      %m: !hopper.tensor_map {dgemm.arg = {swizzle = 128 : i64}},
      %i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    %b = hopper.acquire %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    // expected-error @+1 {{the tensor map's description needs 'box' and 'swizzle'}}
    hopper.tma_load %m[%i, %i] into %b signals %p[%i]
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
        !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @box_of_strings(
      %m: !hopper.tensor_map {
        dgemm.arg = {box = ["K", "M"], swizzle = 128 : i64}},
      %i: i32) kernel {
    %p = hopper.pipeline depth 2 bytes 8192 consumers 1 cluster 1
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    %b = hopper.acquire %p[%i, %i]
        : !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
        -> !hopper.buffer<64x128xf8E4M3FN, 128>
    // expected-error @+1 {{the map's box must consist of integers from 1 to 256, got "K"}}
    hopper.tma_load %m[%i, %i] into %b signals %p[%i]
        : !hopper.buffer<64x128xf8E4M3FN, 128>,
        !hopper.pipeline<!hopper.buffer<64x128xf8E4M3FN, 128>>
    gpu.return
  }
}

// -----

gpu.module @module {
  gpu.func @store_box(
      %m: !hopper.tensor_map {
        dgemm.arg = {box = [64, 64], swizzle = 128 : i64}},
      %i: i32) kernel {
    %b = hopper.shared : !hopper.buffer<32x64xbf16, 128>
    // expected-error @+1 {{the map's box has 8192 bytes, the buffer 4096}}
    hopper.tma_store %b to %m[%i, %i] : !hopper.buffer<32x64xbf16, 128>
    gpu.return
  }
}
