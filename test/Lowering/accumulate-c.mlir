// accumulate = prefetch: C comes through a ring of its own, a chunk of a slice of
// every warpgroup at a time, and is added right before that chunk of D leaves.
// products = early: the scales are multiplied under the MMAs of their block.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=stage | FileCheck %s --check-prefix=STAGE
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=specialize | FileCheck %s --check-prefix=ROLES
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=accumulate | FileCheck %s --check-prefix=ACC
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=epilogue | FileCheck %s --check-prefix=EPI

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<264x3xf32, strided<[1, 264]>>
!d = memref<?x264xf32>

// STAGE-LABEL: gpu.func @prefetch
// STAGE-SAME: box = [32, 64], {{.*}} operand = "C", sizes = ["N", "M"], strides = ["ldc * 4"], swizzle = 128
// STAGE-SAME: {check = "ldc * 4 % 16 == 0", message = "the row stride of C must be a multiple of 16 bytes (TMA): pad it, or compile with 'accumulate = load'"}
// STAGE: %[[RING:.*]] = hopper.pipeline depth 3 bytes 16384 consumers 2 cluster 1 : <<2x64x32xf32, 128>>
// STAGE: %[[SUM:.*]]:5 = scf.for
// Both warpgroups' 64 rows of the first 32 columns.
// STAGE: hopper.acquire %[[RING]]
// STAGE: hopper.tma_load {{.*}} signals %[[RING]]
// STAGE: hopper.tma_load {{.*}} signals %[[RING]]
// STAGE: hopper.commit %[[RING]]
// STAGE: %[[PIECE:.*]] = hopper.wait %[[RING]]
// STAGE: %[[ONE:.*]] = hopper.add_piece %[[SUM]]#0 columns 0 from %[[PIECE]]
// STAGE: hopper.release %[[RING]]
// STAGE: hopper.add_piece %[[ONE]] columns 32 from
// STAGE-NOT: init

// ROLES-LABEL: gpu.func @prefetch
// ROLES: %[[RING:.*]] = hopper.pipeline depth 3
// ROLES: hopper.producers
// ROLES: hopper.warp 2 single
// ROLES: hopper.acquire %[[RING]]
// ROLES: hopper.consumers
// ROLES: hopper.add_piece

// ACC-LABEL: gpu.func @prefetch
// ACC: hopper.consumers (%[[GROUP:.*]]) count 2
// The products stand under the MMA; the slot is free before the promotion.
// ACC: hopper.read_scales {{.*}} -> <lhs, 64, vector>
// ACC: hopper.read_scales {{.*}} -> <rhs, 64, vector>
// ACC: hopper.wgmma_fence
// ACC: hopper.wgmma
// ACC: hopper.wgmma_commit
// ACC: %[[PRODUCTS:.*]] = hopper.multiply_scales
// ACC: %[[PARTIAL:.*]] = hopper.wgmma_wait
// ACC-NEXT: hopper.release
// ACC-NEXT: hopper.promote_by %[[PARTIAL]] into %{{.*}} by %[[PRODUCTS]]
// Its own rows of the piece.
// ACC: %[[PIECE:.*]] = hopper.wait
// ACC: %[[MINE:.*]] = hopper.subbuffer %[[PIECE]][%[[GROUP]]]
// ACC: hopper.add_piece %{{.*}} columns 0 from %[[MINE]] : !hopper.fragment<64x64xf32>

// EPI-LABEL: gpu.func @prefetch
// EPI: hopper.tma_store_wait
// EPI: hopper.wait
// EPI: %[[FIRST:.*]] = hopper.add_piece %{{.*}} columns 0
// EPI-NEXT: hopper.release
// EPI-NEXT: hopper.stage_fragment %[[FIRST]] columns 0
// EPI: hopper.tma_store_commit
// EPI: hopper.tma_store_wait
// EPI: hopper.wait
// EPI: %[[SECOND:.*]] = hopper.add_piece %[[FIRST]] columns 32
// EPI-NEXT: hopper.release
// EPI-NEXT: hopper.stage_fragment %[[SECOND]] columns 32
func.func @prefetch(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %c: !d, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) acc(%c : !d)
      outs(%d : !d)
      {b_block = [1, 128],
       schedule = #dgemm.schedule<tile = [128, 64], stages = 4,
                                  rhs_scales = staged, products = early,
                                  chunk = 32, buffers = 1,
                                  accumulate = prefetch, c_slots = 3>}
  return
}
