// Buffers with the widest alignment come first, barriers last; the sum is the
// launch's dynamic shared memory.
// RUN: dgemm-opt %s --dgemm-hopper-to-nvvm | FileCheck %s

!a = !hopper.buffer<64x128xf8E4M3FN, 128>
!s = !hopper.buffer<66xf32, 0>
!ring = !hopper.pipeline<!s, !a>
!c = !hopper.buffer<8x64xbf16, 128>
!d = !hopper.buffer<3x100xf32, 0>

// The ring's second field needs 1024 bytes of alignment, so it lies first (2 *
// 8192), then the buffer of 8x64 bf16 (1024). The scales of a slot have 264
// bytes: 384 to the next slot, for TMA writes at multiples of 128. Then 1200
// bytes without swizzle, then 2 full and 2 empty barriers.

// CHECK: llvm.mlir.global external @dgemm_shared_memory() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
// CHECK: llvm.func @k(
// CHECK-SAME: dynamic_shared_memory = 19408 : i64
// CHECK-SAME: nvvm.kernel, nvvm.minctasm = 1 : i32, nvvm.reqntid = array<i32: 256, 1, 1>
// CHECK: %[[BASE:.*]] = llvm.mlir.addressof @dgemm_shared_memory : !llvm.ptr<3>
// CHECK: llvm.getelementptr %[[BASE]][16384]
// CHECK: llvm.getelementptr %[[BASE]][18176]
// The barriers, at 17408 + 2 * 384 + 1200 = 19376:
// CHECK: llvm.getelementptr %[[BASE]][19376]
// CHECK-NEXT: nvvm.mbarrier.init
// CHECK: llvm.getelementptr %[[BASE]][19392]
// CHECK-NEXT: nvvm.mbarrier.init
// CHECK: llvm.getelementptr %[[BASE]][19384]
// CHECK-NEXT: nvvm.mbarrier.init
// CHECK: llvm.getelementptr %[[BASE]][19400]
// CHECK-NEXT: nvvm.mbarrier.init
// CHECK-NOT: nvvm.mbarrier.init
// A slot's fields:
// CHECK: %[[SCALES:.*]] = llvm.getelementptr %[[BASE]][17408]
// CHECK-NEXT: %[[STRIDE:.*]] = llvm.mlir.constant(384 : i32)
// CHECK-NEXT: %[[SKIP:.*]] = llvm.mul %{{.*}}, %[[STRIDE]]
// CHECK-NEXT: llvm.getelementptr %[[SCALES]][%[[SKIP]]]
gpu.module @module attributes {dgemm.record = {}} {
  gpu.func @k(%slot: i32 {dgemm.arg = {}}) kernel attributes {
      dgemm.launch = {block = [256, 1, 1], cluster = [1, 1, 1]}} {
    %ring = hopper.pipeline depth 2 bytes 0 consumers 1 cluster 1 : !ring
    %c = hopper.shared : !c
    %d = hopper.shared : !d
    hopper.ready cluster 1
    %f:2 = hopper.wait %ring[%slot, %slot] : !ring -> !s, !a
    %v = hopper.view %f#0 : !s -> memref<66xf32, 3>
    %i = arith.constant 3 : index
    %x = memref.load %v[%i] : memref<66xf32, 3>
    %w = hopper.view %d : !d -> memref<3x100xf32, 3>
    memref.store %x, %w[%i, %i] : memref<3x100xf32, 3>
    gpu.return
  }
}
