// What a kernel takes: tensor maps by value, pointers, and the strides that
// only the run time knows as integers of their own.
// RUN: dgemm-opt %s --dgemm-hopper-to-nvvm --canonicalize | FileCheck %s

gpu.module @module attributes {dgemm.record = {operands = [
    {name = "X", strides = ["ldx", "ldc"]}, {name = "Y", strides = ["1"]}]}} {
  // CHECK: llvm.func @k(
  // CHECK-SAME: %[[MAP:[^:]*]]: !llvm.ptr {dgemm.arg = {kind = "tensor_map"}, llvm.align = 64 : i64, llvm.byval = !llvm.struct<(array<128 x i8>)>, nvvm.grid_constant}
  // CHECK-SAME: %[[X:[^:]*]]: !llvm.ptr {dgemm.arg = {kind = "pointer", operand = "X"}}
  // CHECK-SAME: %[[LDX:[^:]*]]: i64 {dgemm.arg = {kind = "value", type = "i64", value = "ldx"}}
  // CHECK-SAME: %[[LDC:[^:]*]]: i64 {dgemm.arg = {kind = "value", type = "i64", value = "ldc"}}
  // CHECK-SAME: %[[Y:[^:]*]]: !llvm.ptr {dgemm.arg = {kind = "pointer", operand = "Y"}}
  // CHECK-SAME: %[[N:[^:]*]]: i32 {dgemm.arg = {kind = "value", type = "i32", value = "N"}}
  // CHECK-SAME: nvvm.cluster_dim = array<i32: 2, 1, 1>
  // CHECK-SAME: nvvm.reqntid = array<i32: 128, 1, 1>
  // CHECK: nvvm.prefetch tensormap, %[[MAP]]
  // CHECK: %[[OFFSET:.*]] = llvm.mul %{{.*}}, %[[LDX]]
  // CHECK: llvm.mul %{{.*}}, %[[LDC]]
  gpu.func @k(%map: !hopper.tensor_map {dgemm.arg = {kind = "tensor_map"}},
              %x: memref<?x?xf32, strided<[?, ?]>> {
                dgemm.arg = {kind = "pointer", operand = "X"}},
              %y: memref<?xf32> {
                dgemm.arg = {kind = "pointer", operand = "Y"}},
              %n: i32 {
                dgemm.arg = {kind = "value", type = "i32", value = "N"}})
      kernel attributes {
        dgemm.launch = {block = [128, 1, 1], cluster = [2, 1, 1]}} {
    hopper.ready cluster 2
    %i = arith.index_cast %n : i32 to index
    %v = memref.load %y[%i] : memref<?xf32>
    memref.store %v, %x[%i, %i] : memref<?x?xf32, strided<[?, ?]>>
    gpu.return
  }
}
