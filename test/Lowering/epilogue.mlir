// A store of a fragment is staged through a swizzled buffer of the warpgroup,
// chunk by chunk, and leaves by TMA.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=epilogue | FileCheck %s

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// CHECK-LABEL: gpu.func @chunks
// CHECK-SAME: %[[D:[^:]*]]: !hopper.tensor_map {dgemm.arg = {box = [64, 64], {{.*}}dtype = "bf16", {{.*}} operand = "D", sizes = ["N", "M"], strides = ["ldd * 2"], swizzle = 128 : i64}})
// CHECK-NOT: dgemm.schedule
// CHECK-SAME: {check = "ldd * 2 % 16 == 0", message = "the row stride of D must be a multiple of 16 bytes: pad it to align(ldd, 8), or compile with 'store = direct'"}
// CHECK: %[[SLAB:.*]] = hopper.shared : <2x2x64x64xbf16, 128>
// CHECK: hopper.consumers (%[[GROUP:.*]]) count 2
// CHECK: %[[COL:.*]] = memref.load %{{.*}}[%c1]
// CHECK: %[[SUM:.*]]:4 = scf.for
// CHECK: %[[ROW:.*]] = arith.addi
// CHECK: %[[BARRIER:.*]] = arith.addi %[[GROUP]], %c1_i32
// The stores before have read the buffers.
// CHECK-NEXT: hopper.single_thread {
// CHECK-NEXT:   hopper.tma_store_wait pending 0 read
// CHECK-NEXT: }
// CHECK-NEXT: hopper.barrier %[[BARRIER]] threads 128
// CHECK-NEXT: %[[C0:.*]] = hopper.subbuffer %[[SLAB]][%[[GROUP]], %c0_i32]
// CHECK-NEXT: hopper.stage_fragment %[[SUM]]#0 columns 0 into %[[C0]]
// CHECK-NEXT: %[[C1:.*]] = hopper.subbuffer %[[SLAB]][%[[GROUP]], %c1_i32]
// CHECK-NEXT: hopper.stage_fragment %[[SUM]]#0 columns 64 into %[[C1]]
// CHECK-NEXT: hopper.fence_async
// CHECK-NEXT: hopper.barrier %[[BARRIER]] threads 128
// CHECK-NEXT: hopper.single_thread {
// CHECK-NEXT:   hopper.tma_store %[[C0]] to %[[D]][%[[COL]], %[[ROW]]]
// CHECK-NEXT:   %[[NEXT:.*]] = arith.addi %[[COL]], %c64_i32
// CHECK-NEXT:   hopper.tma_store %[[C1]] to %[[D]][%[[NEXT]], %[[ROW]]]
// CHECK-NEXT:   hopper.tma_store_commit
// CHECK-NEXT: }
// CHECK: scf.yield
// Shared memory stays until the last store has read it.
// CHECK: hopper.single_thread {
// CHECK-NEXT: hopper.tma_store_wait pending 0 read
// CHECK: hopper.finish
func.func @chunks(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 128], stages = 4>}
  return
}

// One buffer for two chunks: they go out one after the other.
// CHECK-LABEL: gpu.func @batches
// CHECK: %[[SLAB:.*]] = hopper.shared : <2x1x64x64xbf16, 128>
// CHECK: hopper.tma_store_wait pending 0 read
// CHECK: hopper.stage_fragment %{{.*}} columns 0 into
// CHECK: hopper.tma_store_commit
// CHECK: hopper.tma_store_wait pending 0 read
// CHECK: hopper.barrier
// CHECK: hopper.stage_fragment %{{.*}} columns 64 into
// CHECK: hopper.tma_store_commit
func.func @batches(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 128], stages = 4, buffers = 1>}
  return
}
