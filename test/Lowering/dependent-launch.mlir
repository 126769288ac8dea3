// Programmatic dependent launch: who waits for the kernel ahead, and for what.
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=specialize | FileCheck %s
// RUN: dgemm-opt %s --dgemm-pipeline=stop-after=ptx | FileCheck %s --check-prefix=PTX
// RUN: not dgemm-opt %s --dgemm-select-schedule=pdl=often 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: error: pdl = 'often' is not one of none, inputs, activations

!a = memref<?x384xf8E4M3FN>
!b = memref<264x384xf8E4M3FN>
!sfa = memref<?x3xf32, strided<[1, ?]>>
!sfb = memref<3x3xf32>
!d = memref<?x264xbf16>

// All roles wait before they touch an operand.
// CHECK-LABEL: gpu.module @inputs_kernel
// CHECK: pdl = true
// CHECK: hopper.grid_launch
// CHECK: hopper.pipeline depth 4 bytes 25088
// CHECK-NOT: early
// CHECK: hopper.warp 0 single {
// CHECK-NEXT: hopper.grid_wait
// CHECK: hopper.warp 1 {
// CHECK-NEXT: hopper.grid_wait
// CHECK: hopper.consumers
// CHECK-NEXT: hopper.grid_wait
// PTX: .entry inputs(
// PTX-COUNT-1: griddepcontrol.launch_dependents;
// PTX-COUNT-3: griddepcontrol.wait;
// PTX-NOT: griddepcontrol
func.func @inputs(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4, pdl = inputs>}
  return
}

// Weights have a ring of their own, which a warp of its own fills early; so
// are their scales brought. The consumers wait for both rings.
// CHECK-LABEL: gpu.module @activations_kernel
// CHECK: hopper.grid_launch
// CHECK: %[[TOKENS:.*]] = hopper.pipeline depth 4 bytes 16896 consumers 2 cluster 1 : <<128x128xf8E4M3FN, 128>, <128xf32, 0>>
// CHECK: %[[WEIGHTS:.*]] = hopper.pipeline depth 4 bytes 8192 consumers 2 cluster 1 early : <<64x128xf8E4M3FN, 128>>
// CHECK: hopper.pipeline depth 2 bytes 0 consumers 2 cluster 1 early
// CHECK: hopper.warp 0 single {
// CHECK-NEXT: hopper.grid_wait
// CHECK: hopper.acquire %[[TOKENS]]
// CHECK: hopper.warp 1 single {
// CHECK-NOT: hopper.grid_wait
// CHECK: hopper.acquire %[[WEIGHTS]]
// CHECK: hopper.consumers
// CHECK-NEXT: hopper.grid_wait
// CHECK: hopper.wait %[[TOKENS]]
// CHECK: hopper.wait %[[WEIGHTS]]
// CHECK: hopper.release %[[TOKENS]]
// CHECK: hopper.release %[[WEIGHTS]]
// PTX: .entry activations(
// PTX-COUNT-1: griddepcontrol.launch_dependents;
// PTX-COUNT-2: griddepcontrol.wait;
// PTX-NOT: griddepcontrol
func.func @activations(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [128, 64], stages = 4,
                                  pdl = activations>}
  return
}
