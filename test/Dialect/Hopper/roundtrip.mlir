// Every op and type of the hopper dialect prints what it parses.
// RUN: dgemm-opt %s | dgemm-opt | FileCheck %s
// RUN: dgemm-opt %s --mlir-print-op-generic | dgemm-opt | FileCheck %s

!stage = !hopper.pipeline<!hopper.buffer<128x128xf8E4M3FN, 128>,
                          !hopper.buffer<64x128xf8E4M3FN, 128>,
                          !hopper.buffer<128xf32, 0>>
!tile = !hopper.pipeline<!hopper.buffer<2x4xf32, 0>>

gpu.module @module {
  // CHECK-LABEL: gpu.func @kernel
  // CHECK-SAME: (%[[A:.*]]: !hopper.tensor_map {{.*}}, %[[B:.*]]: !hopper.tensor_map {{.*}}, %[[D:.*]]: !hopper.tensor_map {{.*}}, %[[C:.*]]: memref<?x?xf32, {{.*}}>, %[[I:.*]]: i32, %[[X:.*]]: f32)
  gpu.func @kernel(
      %a: !hopper.tensor_map {
        dgemm.arg = {box = [128, 64], swizzle = 128 : i64}},
      %b: !hopper.tensor_map {
        dgemm.arg = {box = [128, 64], swizzle = 128 : i64}},
      %d: !hopper.tensor_map {
        dgemm.arg = {box = [64, 64], swizzle = 128 : i64}},
      %c: memref<?x?xf32, strided<[?, 1]>>, %i: i32, %x: f32) kernel {
    // CHECK: %[[RING:.*]] = hopper.pipeline depth 3 bytes 24576 consumers 2 cluster 2 : <<128x128xf8E4M3FN, 128>, <64x128xf8E4M3FN, 128>, <128xf32, 0>>
    %ring = hopper.pipeline depth 3 bytes 24576 consumers 2 cluster 2 : !stage
    // CHECK: %[[SIDE:.*]] = hopper.pipeline depth 2 bytes 0 consumers 1 cluster 1 : <<2x4xf32, 0>>
    %side = hopper.pipeline depth 2 bytes 0 consumers 1 cluster 1 : !tile
    // CHECK: %[[SHARED:.*]] = hopper.shared : <2x2x64x64xbf16, 128>
    %shared = hopper.shared : !hopper.buffer<2x2x64x64xbf16, 128>

    // CHECK: %[[WORK:.*]] = hopper.dense_work %[[I]], %[[I]] tile [256, 128] raster cols width 16 cluster 2 along rows
    %work = hopper.dense_work %i, %i tile [256, 128] raster cols width 16
        cluster 2 along rows
    // CHECK: hopper.work_count %[[WORK]]
    %count = hopper.work_count %work
    // CHECK: %[[WORKER:.*]], %{{.*}} = hopper.worker
    %worker:2 = hopper.worker
    // CHECK: %[[ROW:.*]], %[[COL:.*]] = hopper.work_at %[[WORK]][%[[WORKER]]]
    %row, %col = hopper.work_at %work[%worker#0]

    // CHECK: hopper.ready cluster 2
    hopper.ready cluster 2
    // CHECK: hopper.producers registers 40 {
    hopper.producers registers 40 {
      // CHECK: hopper.warp 0 single {
      hopper.warp 0 single {
        // CHECK: %[[SLOT:.*]]:3 = hopper.acquire %[[RING]][%[[I]], %[[I]]] : {{.*}} -> !hopper.buffer<128x128xf8E4M3FN, 128>, !hopper.buffer<64x128xf8E4M3FN, 128>, !hopper.buffer<128xf32, 0>
        %s:3 = hopper.acquire %ring[%i, %i] : !stage -> !hopper.buffer<128x128xf8E4M3FN, 128>, !hopper.buffer<64x128xf8E4M3FN, 128>, !hopper.buffer<128xf32, 0>
        // CHECK: hopper.tma_load %[[A]][%[[I]], %[[ROW]]] into %[[SLOT]]#0 signals %[[RING]][%[[I]]] {multicast = 2 : i64} : <128x128xf8E4M3FN, 128>, <{{.*}}>
        hopper.tma_load %a[%i, %row] into %s#0 signals %ring[%i] {multicast = 2} : !hopper.buffer<128x128xf8E4M3FN, 128>, !stage
        // CHECK: hopper.tma_load %[[B]][%[[I]], %[[COL]]] into %[[SLOT]]#1 signals %[[RING]][%[[I]]] : <64x128xf8E4M3FN, 128>, <{{.*}}>
        hopper.tma_load %b[%i, %col] into %s#1 signals %ring[%i] : !hopper.buffer<64x128xf8E4M3FN, 128>, !stage
        // CHECK: hopper.commit %[[RING]][%[[I]]] : <{{.*}}>
        hopper.commit %ring[%i] : !stage
        // CHECK: hopper.advance %[[RING]][%[[I]], %[[I]]] : <{{.*}}>
        %next:2 = hopper.advance %ring[%i, %i] : !stage
      }
      // CHECK: hopper.warp 1 {
      hopper.warp 1 {
        // CHECK: hopper.acquire %[[SIDE]]
        %t = hopper.acquire %side[%i, %i] : !tile -> !hopper.buffer<2x4xf32, 0>
        // CHECK: hopper.lane
        %lane = hopper.lane
        // CHECK: hopper.view %{{.*}} : <2x4xf32, 0> -> memref<2x4xf32, 3>
        %view = hopper.view %t : !hopper.buffer<2x4xf32, 0> -> memref<2x4xf32, 3>
      }
    }
    // CHECK: hopper.consumers (%[[GROUP:.*]]) count 2 registers 232 {
    hopper.consumers (%group) count 2 registers 232 {
      // CHECK: %[[FULL:.*]]:3 = hopper.wait %[[RING]]
      %s:3 = hopper.wait %ring[%i, %i] : !stage -> !hopper.buffer<128x128xf8E4M3FN, 128>, !hopper.buffer<64x128xf8E4M3FN, 128>, !hopper.buffer<128xf32, 0>
      // CHECK: %[[PART:.*]] = hopper.subbuffer %[[FULL]]#0[%[[GROUP]]] : <128x128xf8E4M3FN, 128> -> <64x128xf8E4M3FN, 128>
      %part = hopper.subbuffer %s#0[%group] : !hopper.buffer<128x128xf8E4M3FN, 128> -> !hopper.buffer<64x128xf8E4M3FN, 128>
      // CHECK: %[[OLD:.*]] = hopper.undefined : <64x64xf32>
      %old = hopper.undefined : !hopper.fragment<64x64xf32>
      // CHECK: hopper.wgmma_fence
      hopper.wgmma_fence
      // CHECK: %[[P0:.*]] = hopper.wgmma %[[PART]], %[[FULL]]#1 reuse %[[OLD]] : !hopper.fragment<64x64xf32> : <64x128xf8E4M3FN, 128>, <64x128xf8E4M3FN, 128> -> <64x64xf32>
      %p0 = hopper.wgmma %part, %s#1 reuse %old : !hopper.fragment<64x64xf32> : !hopper.buffer<64x128xf8E4M3FN, 128>, !hopper.buffer<64x128xf8E4M3FN, 128> -> !hopper.pending<64x64xf32>
      // CHECK: hopper.wgmma_commit
      hopper.wgmma_commit
      // CHECK: %[[F:.*]] = hopper.wgmma_wait pending 0(%[[P0]]) : !hopper.pending<64x64xf32> -> !hopper.fragment<64x64xf32>
      %f = hopper.wgmma_wait pending 0 (%p0) : !hopper.pending<64x64xf32> -> !hopper.fragment<64x64xf32>
      // CHECK: %[[SA:.*]] = hopper.read_scales %[[FULL]]#2[%[[I]]] : <128xf32, 0> -> <lhs, 64, vector>
      %sa = hopper.read_scales %s#2[%i] : !hopper.buffer<128xf32, 0> -> !hopper.scales<lhs, 64, vector>
      // CHECK: %[[SB:.*]] = hopper.pack_scales(%[[X]]) : <rhs, 64, scalar>
      %sb = hopper.pack_scales (%x) : !hopper.scales<rhs, 64, scalar>
      // CHECK: hopper.pack_scales(%[[X]], %[[X]]) at %[[I]] : <rhs, 192, split>
      %split = hopper.pack_scales (%x, %x) at %i : !hopper.scales<rhs, 192, split>
      // CHECK: %[[ZERO:.*]] = hopper.zero : !hopper.fragment<64x64xf32>
      %zero = hopper.zero : !hopper.fragment<64x64xf32>
      // CHECK: %[[ACC:.*]] = hopper.promote %[[F]], %[[ZERO]] scales %[[SA]], %[[SB]] : !hopper.fragment<64x64xf32>, <lhs, 64, vector>, <rhs, 64, scalar>
      %acc = hopper.promote %f, %zero scales %sa, %sb : !hopper.fragment<64x64xf32>, !hopper.scales<lhs, 64, vector>, !hopper.scales<rhs, 64, scalar>
      // CHECK: hopper.release %[[RING]][%[[I]]] : <{{.*}}>
      hopper.release %ring[%i] : !stage
      // CHECK: %[[SUM:.*]] = hopper.add_matrix %[[ACC]], %[[C]][%[[ROW]], %[[COL]]] bounds(%[[I]], %[[I]]) {transposed} : <64x64xf32>, memref<{{.*}}>
      %sum = hopper.add_matrix %acc, %c[%row, %col] bounds (%i, %i) {transposed} : !hopper.fragment<64x64xf32>, memref<?x?xf32, strided<[?, 1]>>
      // CHECK: hopper.tma_store_wait pending 1 read
      // CHECK: hopper.tma_store_wait pending 0
      hopper.tma_store_wait pending 1 read
      hopper.tma_store_wait pending 0
      // CHECK: hopper.barrier %[[I]] threads 128
      hopper.barrier %i threads 128
      // CHECK: %[[CHUNK:.*]] = hopper.subbuffer %[[SHARED]][%[[GROUP]], %[[I]]]
      %chunk = hopper.subbuffer %shared[%group, %i] : !hopper.buffer<2x2x64x64xbf16, 128> -> !hopper.buffer<64x64xbf16, 128>
      // CHECK: hopper.stage_fragment %[[SUM]] columns 0 into %[[CHUNK]] {transposed} : <64x64xf32>, <64x64xbf16, 128>
      hopper.stage_fragment %sum columns 0 into %chunk {transposed} : !hopper.fragment<64x64xf32>, !hopper.buffer<64x64xbf16, 128>
      // CHECK: hopper.fence_async
      hopper.fence_async
      // CHECK: hopper.single_thread {
      hopper.single_thread {
        // CHECK: hopper.tma_store %[[CHUNK]] to %[[D]][%[[COL]], %[[ROW]]] : <64x64xbf16, 128>
        hopper.tma_store %chunk to %d[%col, %row] : !hopper.buffer<64x64xbf16, 128>
        // CHECK: hopper.tma_store_commit
        hopper.tma_store_commit
      }
      // CHECK: hopper.store %[[SUM]], %[[C]][%[[ROW]], %[[COL]]] bounds(%[[I]], %[[I]]) init %[[C]] : memref<{{.*}}> {transposed} : !hopper.fragment<64x64xf32>, memref<{{.*}}>
      hopper.store %sum, %c[%row, %col] bounds (%i, %i) init %c : memref<?x?xf32, strided<[?, 1]>> {transposed} : !hopper.fragment<64x64xf32>, memref<?x?xf32, strided<[?, 1]>>
      // CHECK: hopper.block_rank
      %rank = hopper.block_rank
    }
    // CHECK: hopper.finish cluster 2
    hopper.finish cluster 2
    gpu.return
  }

  // The ops on whole tiles, before threads are known.
  // CHECK-LABEL: gpu.func @tiles
  // CHECK-SAME: (%[[A:.*]]: memref<?x?xf8E4M3FN>, %[[S:.*]]: memref<?x?xf32>, %[[D:.*]]: memref<?x?xbf16>, %[[I:.*]]: i32)
  gpu.func @tiles(%a: memref<?x?xf8E4M3FN>, %s: memref<?x?xf32>,
                  %d: memref<?x?xbf16>, %i: i32) kernel {
    // CHECK: %[[ACC:.*]] = hopper.zero : !hopper.tile<256x192xf32>
    %acc = hopper.zero : !hopper.tile<256x192xf32>
    // CHECK: %[[L:.*]] = hopper.load %[[A]][%[[I]], %[[I]]] : memref<?x?xf8E4M3FN> -> <256x128xf8E4M3FN>
    %l = hopper.load %a[%i, %i] : memref<?x?xf8E4M3FN> -> !hopper.tile<256x128xf8E4M3FN>
    %r = hopper.load %a[%i, %i] : memref<?x?xf8E4M3FN> -> !hopper.tile<192x128xf8E4M3FN>
    // CHECK: %[[SL:.*]] = hopper.load_scales %[[S]][%[[I]], %[[I]]] bound %[[I]] : memref<?x?xf32> -> <lhs, 256, split>
    %sl = hopper.load_scales %s[%i, %i] bound %i : memref<?x?xf32> -> !hopper.scales<lhs, 256, split>
    // CHECK: hopper.slice_scales %[[SL]][%[[I]]] : <lhs, 256, split> -> <lhs, 64, scalar>
    %slice = hopper.slice_scales %sl[%i] : !hopper.scales<lhs, 256, split> -> !hopper.scales<lhs, 64, scalar>
    // CHECK: %[[SR:.*]] = hopper.load_scales {{.*}} -> <rhs, 192, vector>
    %sr = hopper.load_scales %s[%i, %i] bound %i : memref<?x?xf32> -> !hopper.scales<rhs, 192, vector>
    // CHECK: %[[P:.*]] = hopper.mma %[[L]], %{{.*}} : !hopper.tile<256x128xf8E4M3FN>, !hopper.tile<192x128xf8E4M3FN> -> <256x192xf32>
    %p = hopper.mma %l, %r : !hopper.tile<256x128xf8E4M3FN>, !hopper.tile<192x128xf8E4M3FN> -> !hopper.tile<256x192xf32>
    // CHECK: %[[NEXT:.*]] = hopper.promote %[[P]], %[[ACC]] scales %[[SL]], %[[SR]] : !hopper.tile<256x192xf32>, <lhs, 256, split>, <rhs, 192, vector>
    %next = hopper.promote %p, %acc scales %sl, %sr : !hopper.tile<256x192xf32>, !hopper.scales<lhs, 256, split>, !hopper.scales<rhs, 192, vector>
    // CHECK: hopper.store %[[NEXT]], %[[D]][%[[I]], %[[I]]] bounds(%[[I]], %[[I]]) : !hopper.tile<256x192xf32>, memref<?x?xbf16>
    hopper.store %next, %d[%i, %i] bounds (%i, %i) : !hopper.tile<256x192xf32>, memref<?x?xbf16>
    gpu.return
  }
}
