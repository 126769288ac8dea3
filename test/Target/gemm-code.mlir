// The code of the 256x128 schedule: what it issues in PTX, and that ptxas left
// the groups of wgmmas as they are.
// RUN: rm -rf %t && dgemm-opt %s -o /dev/null \
// RUN:   --dgemm-pipeline="stop-after=ptx output-dir=%t"
// RUN: FileCheck %s --check-prefix=ENTRY < %t/gemm.ptx
// RUN: FileCheck %s --check-prefix=MMA < %t/gemm.ptx
// RUN: FileCheck %s --check-prefix=COPY < %t/gemm.ptx
// RUN: FileCheck %s --check-prefix=BARRIER < %t/gemm.ptx
// RUN: FileCheck %s --check-prefix=LOCAL --implicit-check-not=.local \
// RUN:   < %t/gemm.ptx

!a = memref<?x2048xf8E4M3FN>
!b = memref<7168x2048xf8E4M3FN>
!sfa = memref<?x16xf32, strided<[1, ?]>>
!sfb = memref<56x16xf32>
!d = memref<?x7168xbf16>
func.func @gemm(%a: !a, %sfa: !sfa, %b: !b, %sfb: !sfb, %d: !d) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : !a, !sfa, !b, !sfb) outs(%d : !d)
      {schedule = #dgemm.schedule<tile = [256, 128], stages = 3>}
  return
}

// ENTRY: .entry gemm(
// ENTRY: .reqntid 384
// ENTRY: .minnctapersm 1
// ENTRY: setmaxnreg.dec.sync.aligned.u32 40;
// ENTRY: setmaxnreg.inc.sync.aligned.u32 232;
// ENTRY-NOT: setmaxnreg

// Two slices, each a group: fence, four wgmmas, commit, wait; then 64 FMAs,
// those of the second slice at the head of the rotated loop.
// MMA-COUNT-64: fma.rn.f32
// MMA-NOT: fma.rn.f32
// MMA: wgmma.fence.sync.aligned
// MMA-COUNT-4: wgmma.mma_async.sync.aligned.m64n128k32.f32.e4m3.e4m3
// MMA: wgmma.commit_group.sync.aligned
// MMA-NOT: fma.rn.f32
// MMA: wgmma.wait_group.sync.aligned 0
// MMA-COUNT-64: fma.rn.f32
// MMA-NOT: fma.rn.f32
// MMA: wgmma.fence.sync.aligned
// MMA-COUNT-4: wgmma.mma_async.sync.aligned.m64n128k32.f32.e4m3.e4m3
// MMA: wgmma.commit_group.sync.aligned
// MMA: wgmma.wait_group.sync.aligned 0
// MMA-NOT: {{wgmma|fma.rn}}

// A, B and A's scales come in; two chunks of each slice go out.
// COPY-COUNT-4: cp.async.bulk.tensor.2d.global.shared::cta
// COPY-COUNT-3: cp.async.bulk.tensor.2d.shared::cta.global
// COPY-NOT: cp.async.bulk.tensor

// Full and empty barriers of three stages and of two tiles.
// BARRIER-COUNT-10: mbarrier.init.shared.b64
// BARRIER: fence.mbarrier_init
// BARRIER-NOT: mbarrier.init.shared.b64

// LOCAL: .entry gemm(
