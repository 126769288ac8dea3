// Rings become mbarriers: counts, waits, arrivals.
// RUN: dgemm-opt %s --dgemm-hopper-to-nvvm --canonicalize --cse --split-input-file | FileCheck %s

!b = !hopper.buffer<64x128xf8E4M3FN, 128>
!ring = !hopper.pipeline<!b>

gpu.module @alone attributes {dgemm.record = {}} {
  // One arrival fills a slot; a lane of each of 2 * 4 warps empties it.
  // CHECK-LABEL: llvm.func @tma(
  // CHECK-SAME: %[[MAP:[^:]*]]: !llvm.ptr {{.*}}, %[[SLOT:[^:]*]]: i32 {{.*}}, %[[PHASE:[^:]*]]: i32
  // CHECK-DAG: %[[ONE:.*]] = llvm.mlir.constant(1 : i32)
  // CHECK-DAG: %[[EIGHT:.*]] = llvm.mlir.constant(8 : i32)
  // CHECK-DAG: %[[BYTES:.*]] = llvm.mlir.constant(8192 : i32)
  // CHECK: %[[FULL0:.*]] = llvm.getelementptr %[[BASE:.*]][24576]
  // CHECK: nvvm.mbarrier.init %[[FULL0]], %[[ONE]]
  // CHECK: %[[EMPTY0:.*]] = llvm.getelementptr %[[BASE]][24600]
  // CHECK: nvvm.mbarrier.init %[[EMPTY0]], %[[EIGHT]]
  // CHECK-COUNT-4: nvvm.mbarrier.init
  // CHECK: nvvm.fence.mbarrier.init
  // CHECK: nvvm.prefetch tensormap, %[[MAP]]
  // CHECK: nvvm.barrier
  // The producer waits for the empty barrier, one copy, one arrival.
  // CHECK: ^[[SPIN:bb[0-9]+]]:
  // CHECK: %[[DONE:.*]] = nvvm.mbarrier.try_wait %{{.*}}, %[[PHASE]]
  // CHECK: llvm.cond_br %{{.*}}, ^[[SPIN]], ^
  // CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %[[MAP]], %[[FULL:.*]], box[%[[PHASE]], %[[SLOT]]] {isCTAOnly = true}
  // CHECK-NEXT: nvvm.mbarrier.arrive.expect_tx %[[FULL]], %[[BYTES]]
  // The consumers release: the warp's reads come before its one arrival.
  // CHECK: nvvm.mbarrier.try_wait
  // CHECK: nvvm.bar.warp.sync
  // CHECK: llvm.cond_br
  // CHECK: nvvm.mbarrier.arrive %{{.*}} : !llvm.ptr<3>
  gpu.func @tma(%map: !hopper.tensor_map {
                  dgemm.arg = {box = [128, 64], swizzle = 128 : i64}},
                %slot: i32 {dgemm.arg = {}}, %phase: i32 {dgemm.arg = {}})
      kernel attributes {
        dgemm.launch = {block = [384, 1, 1], cluster = [1, 1, 1]}} {
    %p = hopper.pipeline depth 3 bytes 8192 consumers 2 cluster 1 : !ring
    hopper.ready cluster 1
    %e = hopper.acquire %p[%slot, %phase] : !ring -> !b
    hopper.tma_load %map[%phase, %slot] into %e signals %p[%slot] : !b, !ring
    hopper.commit %p[%slot] : !ring
    %f = hopper.wait %p[%slot, %phase] : !ring -> !b
    hopper.release %p[%slot] : !ring
    gpu.return
  }
}

// -----

!b = !hopper.buffer<64x128xf8E4M3FN, 128>
!ring = !hopper.pipeline<!b>

gpu.module @cluster attributes {dgemm.record = {}} {
  // Each block copies its half of the rows into both; the consumers of both
  // release every block's slot, relaxed: 2 * 2 * 4 arrivals.
  // CHECK-LABEL: llvm.func @multicast(
  // CHECK-SAME: %[[MAP:[^:]*]]: !llvm.ptr {{.*}}, %[[SLOT:[^:]*]]: i32 {{.*}}, %[[PHASE:[^:]*]]: i32
  // CHECK-DAG: %[[SIXTEEN:.*]] = llvm.mlir.constant(16 : i32)
  // CHECK-DAG: %[[HALF:.*]] = llvm.mlir.constant(4096 : i32)
  // CHECK-DAG: %[[ROWS:.*]] = llvm.mlir.constant(32 : i32)
  // CHECK-DAG: %[[BOTH:.*]] = llvm.mlir.constant(3 : i16)
  // CHECK-DAG: %[[TWO:.*]] = llvm.mlir.constant(2 : i32)
  // CHECK: nvvm.mbarrier.init %{{.*}}, %[[SIXTEEN]]
  // CHECK: nvvm.cluster.arrive
  // CHECK-NEXT: nvvm.cluster.wait
  // CHECK: %[[RANK:.*]] = nvvm.read.ptx.sreg.cluster.ctarank
  // CHECK: llvm.mul %[[RANK]], %[[HALF]]
  // CHECK: %[[SKIP:.*]] = llvm.mul %[[RANK]], %[[ROWS]]
  // CHECK: %[[ROW:.*]] = llvm.add %[[SLOT]], %[[SKIP]]
  // CHECK: %[[TARGET:.*]] = llvm.addrspacecast %{{.*}} : !llvm.ptr<3> to !llvm.ptr<7>
  // CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %[[TARGET]], %[[MAP]], %{{.*}}, box[%[[PHASE]], %[[ROW]]] multicast_mask = %[[BOTH]]
  // CHECK: nvvm.bar.warp.sync
  // CHECK: %[[SOME:.*]] = llvm.icmp "ult" %[[LANE:.*]], %[[TWO]]
  // CHECK: %[[BLOCK:.*]] = llvm.and %[[LANE]], %
  // CHECK: llvm.cond_br %[[SOME]]
  // CHECK: %[[THERE:.*]] = nvvm.mapa %{{.*}}, %[[BLOCK]] : !llvm.ptr<3> -> !llvm.ptr<7>
  // CHECK: nvvm.mbarrier.arrive %[[THERE]] {relaxed = true, scope = #nvvm.mem_scope<cluster>} : !llvm.ptr<7>
  // CHECK: nvvm.cluster.arrive
  // CHECK-NEXT: nvvm.cluster.wait
  gpu.func @multicast(%map: !hopper.tensor_map {
                        dgemm.arg = {box = [128, 32], swizzle = 128 : i64}},
                      %slot: i32 {dgemm.arg = {}},
                      %phase: i32 {dgemm.arg = {}}) kernel attributes {
        dgemm.launch = {block = [384, 1, 1], cluster = [2, 1, 1]}} {
    %p = hopper.pipeline depth 1 bytes 8192 consumers 2 cluster 2 : !ring
    hopper.ready cluster 2
    %e = hopper.acquire %p[%slot, %phase] : !ring -> !b
    hopper.tma_load %map[%phase, %slot] into %e signals %p[%slot]
        {multicast = 2} : !b, !ring
    hopper.commit %p[%slot] : !ring
    hopper.release %p[%slot] : !ring
    hopper.finish cluster 2
    gpu.return
  }
}

// -----

!b = !hopper.buffer<4xi32, 0>
!ring = !hopper.pipeline<!b>

gpu.module @warp attributes {dgemm.record = {}} {
  // Filled by a warp: all lanes have written before one arrives. Slots follow
  // each other, and the phase flips with the first.
  // CHECK-LABEL: llvm.func @by_warp(
  // CHECK-SAME: %[[SLOT:[^:]*]]: i32 {{.*}}, %[[PHASE:[^:]*]]: i32 {{.*}}, %[[OUT:[^:]*]]: !llvm.ptr
  // CHECK-NOT: expect_tx
  // CHECK: nvvm.bar.warp.sync
  // CHECK: nvvm.mbarrier.arrive
  // CHECK: %[[NEXT:.*]] = llvm.add %[[SLOT]], %
  // CHECK: %[[WRAP:.*]] = llvm.icmp "eq" %[[NEXT]], %
  // CHECK: %[[INDEX:.*]] = llvm.select %[[WRAP]], %{{.*}}, %[[NEXT]]
  // CHECK: %[[FLIP:.*]] = llvm.zext %[[WRAP]] : i1 to i32
  // CHECK: llvm.xor %[[PHASE]], %[[FLIP]]
  gpu.func @by_warp(%slot: i32 {dgemm.arg = {}}, %phase: i32 {dgemm.arg = {}},
                    %out: memref<2xi32> {dgemm.arg = {}}) kernel attributes {
        dgemm.launch = {block = [256, 1, 1], cluster = [1, 1, 1]}} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %p = hopper.pipeline depth 2 bytes 0 consumers 1 cluster 1 : !ring
    hopper.commit %p[%slot] : !ring
    %next:2 = hopper.advance %p[%slot, %phase] : !ring
    memref.store %next#0, %out[%c0] : memref<2xi32>
    memref.store %next#1, %out[%c1] : memref<2xi32>
    gpu.return
  }
}
