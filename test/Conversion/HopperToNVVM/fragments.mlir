// A product is a chain of four wgmmas of 32 K on a fresh accumulator; what
// lands is pinned, so that nothing reads it before the wait.
// RUN: dgemm-opt %s --dgemm-hopper-to-nvvm --canonicalize --cse --split-input-file | FileCheck %s

!lhs = !hopper.buffer<64x128xf8E4M3FN, 128>
!rhs = !hopper.buffer<16x128xf8E4M3FN, 128>
!fragment = !hopper.fragment<64x16xf32>

// 64x16 over 128 threads: 8 registers each.
// CHECK-LABEL: llvm.func @chain
// The descriptor: leading offset 1, 64 * 16 bytes to the next eight rows,
// 128-byte swizzle in bits 62 and 63.
// CHECK-DAG: %[[FIXED:.*]] = llvm.mlir.constant(4611686293305360384 : i64)
// CHECK-DAG: %[[ONE:.*]] = llvm.mlir.constant(2 : i64)
// CHECK-DAG: %[[TWO:.*]] = llvm.mlir.constant(4 : i64)
// CHECK-DAG: %[[THREE:.*]] = llvm.mlir.constant(6 : i64)
// CHECK: nvvm.wgmma.fence.aligned
// CHECK: %[[L:.*]] = llvm.or %{{.*}}, %[[FIXED]]
// CHECK: %[[R:.*]] = llvm.or %{{.*}}, %[[FIXED]]
// CHECK: %[[S0:.*]] = nvvm.wgmma.mma_async %[[L]], %[[R]], %{{.*}}, <m = 64, n = 16, k = 32>, D[<f32>, <zero>], A[<e4m3>, <one>, <row>], B[<e4m3>, <one>, <col>]
// CHECK: %[[L1:.*]] = llvm.add %[[L]], %[[ONE]]
// CHECK: %[[R1:.*]] = llvm.add %[[R]], %[[ONE]]
// CHECK: %[[S1:.*]] = nvvm.wgmma.mma_async %[[L1]], %[[R1]], %[[S0]], {{.*}} D[<f32>, <one>]
// CHECK: %[[L2:.*]] = llvm.add %[[L]], %[[TWO]]
// CHECK: %[[S2:.*]] = nvvm.wgmma.mma_async %[[L2]], %{{.*}}, %[[S1]], {{.*}} D[<f32>, <one>]
// CHECK: %[[L3:.*]] = llvm.add %[[L]], %[[THREE]]
// CHECK: %[[S3:.*]] = nvvm.wgmma.mma_async %[[L3]], %{{.*}}, %[[S2]], {{.*}} D[<f32>, <one>]
// CHECK: nvvm.wgmma.commit.group.sync.aligned
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: %[[REG:.*]] = llvm.extractvalue %[[S3]][0]
// CHECK: llvm.inline_asm has_side_effects "", "=f,=f,=f,=f,=f,=f,=f,=f,0,1,2,3,4,5,6,7" %[[REG]],
// The products of scales: one for each of two rows. Then 8 FMAs, and the sums
// are pinned as well.
// CHECK-COUNT-2: llvm.fmul
// CHECK-NOT: llvm.fmul
// CHECK-COUNT-8: llvm.intr.fma
// CHECK-NOT: llvm.intr.fma
// CHECK: llvm.inline_asm has_side_effects ""
gpu.module @module attributes {dgemm.record = {}} {
  gpu.func @chain(%s: f32 {dgemm.arg = {}}, %i: i32 {dgemm.arg = {}},
                  %d: memref<64x16xf32> {dgemm.arg = {}}) kernel attributes {
      dgemm.launch = {block = [128, 1, 1], cluster = [1, 1, 1]}} {
    %l = hopper.shared : !lhs
    %r = hopper.shared : !rhs
    %v = hopper.shared : !hopper.buffer<64xf32, 0>
    %sa = hopper.read_scales %v[%i]
        : !hopper.buffer<64xf32, 0> -> !hopper.scales<lhs, 64, vector>
    %sb = hopper.pack_scales (%s) : !hopper.scales<rhs, 16, scalar>
    %zero = hopper.zero : !fragment
    hopper.wgmma_fence
    %p = hopper.wgmma %l, %r : !lhs, !rhs -> !hopper.pending<64x16xf32>
    hopper.wgmma_commit
    %f = hopper.wgmma_wait pending 0 (%p)
        : !hopper.pending<64x16xf32> -> !fragment
    %acc = hopper.promote %f, %zero scales %sa, %sb
        : !fragment, !hopper.scales<lhs, 64, vector>,
          !hopper.scales<rhs, 16, scalar>
    hopper.store %acc, %d[%i, %i] bounds (%i, %i)
        : !fragment, memref<64x16xf32>
    gpu.return
  }
}

// -----

!fragment = !hopper.fragment<64x16xf32>

// One scale for each column: two for each group of eight, and as many products
// as there are elements.
// CHECK-LABEL: llvm.func @columns
// CHECK-COUNT-8: llvm.fmul
// CHECK-NOT: llvm.fmul
// CHECK: llvm.inline_asm
gpu.module @module attributes {dgemm.record = {}} {
  gpu.func @columns(%i: i32 {dgemm.arg = {}},
                    %d: memref<64x16xf32> {dgemm.arg = {}})
      kernel attributes {
        dgemm.launch = {block = [128, 1, 1], cluster = [1, 1, 1]}} {
    %u = hopper.shared : !hopper.buffer<64xf32, 0>
    %v = hopper.shared : !hopper.buffer<16xf32, 0>
    %sa = hopper.read_scales %u[%i]
        : !hopper.buffer<64xf32, 0> -> !hopper.scales<lhs, 64, vector>
    %sb = hopper.read_scales %v[%i]
        : !hopper.buffer<16xf32, 0> -> !hopper.scales<rhs, 16, vector>
    %zero = hopper.zero : !fragment
    %acc = hopper.promote %zero, %zero scales %sa, %sb
        : !fragment, !hopper.scales<lhs, 64, vector>,
          !hopper.scales<rhs, 16, vector>
    hopper.store %acc, %d[%i, %i] bounds (%i, %i)
        : !fragment, memref<64x16xf32>
    gpu.return
  }
}
