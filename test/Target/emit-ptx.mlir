// The kernel and its launch record, from one hand-written gpu.module.
// RUN: dgemm-opt %S/Inputs/scale.mlir --dgemm-emit-ptx | FileCheck %s
// RUN: dgemm-opt %S/Inputs/scale.mlir --dgemm-emit-ptx=timings \
// RUN:   | FileCheck %s --check-prefix=TIMINGS

// CHECK-NOT:   gpu.module
// CHECK-LABEL: gpu.binary @module
// CHECK-SAME:  #nvvm.target<O = 3, chip = "sm_90a", features = "+ptx87">
// CHECK-SAME:  properties = {dgemm.record = "
// CHECK-SAME:  assembly = "
// CHECK-SAME:  .version 8.7
// CHECK-SAME:  .target sm_90a
// CHECK-SAME:  .entry scale(
// The tensor map stays in the parameter space: no local copy.
// CHECK-SAME:  .param .align 64 .b8 scale_param_0[128]
// CHECK-SAME:  .reqntid 128
// CHECK-NOT:   .local
// A multiplication and an addition do not become one FMA.
// CHECK-SAME:  mul.rn.f32
// CHECK-SAME:  add.rn.f32
// CHECK-NOT:   gpu.module

// TIMINGS: properties = {dgemm.record = "{{.*}}", dgemm.timings = {
// TIMINGS-SAME: codegen = {{[0-9.e+-]+}} : f64
// TIMINGS-SAME: optimize = {{[0-9.e+-]+}} : f64
// TIMINGS-SAME: translate = {{[0-9.e+-]+}} : f64
