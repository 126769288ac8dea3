// What leaves a fragment: stmatrix into a swizzled buffer, f32 pairs, TMA,
// plain stores with bounds.
// RUN: dgemm-opt %s --dgemm-hopper-to-nvvm --canonicalize --cse --split-input-file | FileCheck %s

!fragment = !hopper.fragment<64x24xf32>

// Three groups of eight columns: a stmatrix of four matrices and one of two,
// of bf16 pairs. The transposed one writes columns.
// CHECK-LABEL: llvm.func @bf16
// CHECK: llvm.fptrunc %{{.*}} : vector<2xf32> to vector<2xbf16>
// CHECK: nvvm.stmatrix %{{.*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>} : !llvm.ptr<3>, i32, i32, i32, i32
// CHECK: nvvm.stmatrix {{.*}} layout = #nvvm.mma_layout<row>{{.*}} : !llvm.ptr<3>, i32, i32
// CHECK: nvvm.stmatrix {{.*}} layout = #nvvm.mma_layout<col>{{.*}} : !llvm.ptr<3>, i32, i32, i32, i32
// CHECK: nvvm.stmatrix {{.*}} layout = #nvvm.mma_layout<col>{{.*}} : !llvm.ptr<3>, i32, i32
// CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
// CHECK: nvvm.cp.async.bulk.tensor.global.shared.cta %{{.*}}, %{{.*}}, box[%{{.*}}, %{{.*}}]
// CHECK-NEXT: nvvm.cp.async.bulk.commit.group
// CHECK-NEXT: nvvm.cp.async.bulk.wait_group 0
gpu.module @module attributes {dgemm.record = {}} {
  gpu.func @bf16(%map: !hopper.tensor_map {
                   dgemm.arg = {box = [24, 64], swizzle = 0 : i64}},
                 %i: i32 {dgemm.arg = {}}) kernel attributes {
      dgemm.launch = {block = [128, 1, 1], cluster = [1, 1, 1]}} {
    %b = hopper.shared : !hopper.buffer<64x24xbf16, 0>
    %t = hopper.shared : !hopper.buffer<24x64xbf16, 128>
    %f = hopper.zero : !fragment
    hopper.stage_fragment %f columns 0 into %b
        : !fragment, !hopper.buffer<64x24xbf16, 0>
    hopper.stage_fragment %f columns 0 into %t {transposed}
        : !fragment, !hopper.buffer<24x64xbf16, 128>
    hopper.fence_async
    hopper.tma_store %b to %map[%i, %i] : !hopper.buffer<64x24xbf16, 0>
    hopper.tma_store_commit
    hopper.tma_store_wait pending 0
    gpu.return
  }
}

// -----

!fragment = !hopper.fragment<64x16xf32>

// Pairs of f32 at swizzled addresses: bits 7 to 9 of the offset go into bits
// 4 to 6. One group of columns, two rows.
// CHECK-LABEL: llvm.func @f32
// CHECK: llvm.xor
// CHECK: llvm.store %{{.*}}, %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
// CHECK: llvm.store %{{.*}}, %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
// CHECK-NOT: llvm.store
gpu.module @module attributes {dgemm.record = {}} {
  gpu.func @f32() kernel attributes {
      dgemm.launch = {block = [128, 1, 1], cluster = [1, 1, 1]}} {
    %b = hopper.shared : !hopper.buffer<64x8xf32, 32>
    %f = hopper.zero : !fragment
    hopper.stage_fragment %f columns 8 into %b
        : !fragment, !hopper.buffer<64x8xf32, 32>
    gpu.return
  }
}

// -----

!fragment = !hopper.fragment<64x8xf32>

// A fragment whose columns all lie inside checks its two rows only; at the
// edge each element is checked. C's elements are read from inside always.
// CHECK-LABEL: llvm.func @plain
// CHECK: llvm.icmp "slt"
// CHECK: llvm.cond_br %{{.*}}, ^[[INSIDE:.*]], ^[[EDGE:.*]]
// CHECK: ^[[INSIDE]]
// CHECK: llvm.intr.smin
// CHECK-COUNT-4: llvm.load
// CHECK: ^[[EDGE]]
// CHECK-COUNT-4: llvm.load
// CHECK-COUNT-8: llvm.store %{{.*}} : bf16, !llvm.ptr
// CHECK-NOT: llvm.store
gpu.module @module attributes {dgemm.record = {}} {
  gpu.func @plain(%c: memref<100x64xbf16> {dgemm.arg = {}},
                  %d: memref<100x64xbf16> {dgemm.arg = {}},
                  %i: i32 {dgemm.arg = {}}) kernel attributes {
      dgemm.launch = {block = [128, 1, 1], cluster = [1, 1, 1]}} {
    %f = hopper.zero : !fragment
    %s = hopper.add_matrix %f, %c[%i, %i] bounds (%i, %i)
        : !fragment, memref<100x64xbf16>
    hopper.store %s, %d[%i, %i] bounds (%i, %i)
        : !fragment, memref<100x64xbf16>
    gpu.return
  }
}
