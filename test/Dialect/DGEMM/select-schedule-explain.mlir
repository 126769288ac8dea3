// RUN: dgemm-opt %s --dgemm-select-schedule="explain" 2>&1 | FileCheck %s
// RUN: dgemm-opt %s --dgemm-select-schedule="sms=78" | FileCheck %s --check-prefix=SMS
// RUN: not dgemm-opt %s --dgemm-select-schedule="sms=0" 2>&1 | FileCheck %s --check-prefix=NONE

// CHECK: remark: chose #dgemm.schedule<tile = [128, 144], {{.*}}> for M = 4096, N = 576, K = 7168 on 132 SMs, {{[0-9]+}} candidates
// CHECK: note: candidate 1: tile [128, 144], 2 warpgroups, 5 stages of 1 K blocks, 1 in flight: {{[0-9.]+}} us: 128 tiles in 1 waves; a K block takes {{[0-9]+}} clocks (tensor 576, promotion {{[0-9]+}}, chain {{[0-9]+}}), an epilogue {{[0-9]+}}, cold code {{[0-9]+}}; compute {{[0-9.]+}} us, memory {{[0-9.]+}} us, L2 {{[0-9.]+}} us
// CHECK: note: candidate 2:
// CHECK: note: candidate 4:
// CHECK-NOT: note: candidate 5:

// Another GPU, another choice: 128 tiles would leave a second wave.
// SMS: schedule = #dgemm.schedule<
// SMS-NOT: tile = [128, 144]

// NONE: error: 'dgemm.gemm' op cannot choose a schedule for 0 SMs


func.func @f(%a: memref<?x7168xf8E4M3FN>,
             %sfa: memref<?x56xf32, strided<[1, ?]>>,
             %b: memref<576x7168xf8E4M3FN>, %sfb: memref<5x56xf32>,
             %d: memref<?x576xbf16>) {
  dgemm.gemm ins(%a, %sfa, %b, %sfb : memref<?x7168xf8E4M3FN>,
                 memref<?x56xf32, strided<[1, ?]>>,
                 memref<576x7168xf8E4M3FN>, memref<5x56xf32>)
      outs(%d : memref<?x576xbf16>)
  return
}
