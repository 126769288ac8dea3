// Roles become branches that are uniform in a warp, and register budgets
// setmaxnreg in the direction that leads there from the entry.
// RUN: dgemm-opt %s --dgemm-hopper-to-nvvm --canonicalize --cse --split-input-file | FileCheck %s

// 384 threads enter with 168 registers. Producers and consumers are the two
// sides of one branch.
// CHECK-LABEL: llvm.func @both
// CHECK: %[[TID:.*]] = nvvm.read.ptx.sreg.tid.x
// CHECK: %[[GROUP:.*]] = llvm.lshr %[[TID]], %
// CHECK: %[[UNIFORM:.*]] = nvvm.shfl.sync idx %{{.*}}, %[[GROUP]]
// CHECK: %[[LAST:.*]] = llvm.icmp "eq" %[[UNIFORM]], %
// CHECK: llvm.cond_br %[[LAST]], ^[[PRODUCERS:.*]], ^[[CONSUMERS:.*]]
// CHECK: ^[[PRODUCERS]]:
// CHECK-NEXT: nvvm.setmaxregister decrease 40
// CHECK: %[[WARP:.*]] = llvm.and
// CHECK: %[[FIRST:.*]] = llvm.icmp "eq" %[[WARP]], %
// CHECK: llvm.cond_br %[[FIRST]]
// CHECK: %[[ELECTED:.*]] = nvvm.elect.sync
// CHECK: llvm.cond_br %[[ELECTED]]
// CHECK: nvvm.cp.async.bulk.commit.group
// The second warp runs with all of its lanes.
// CHECK: llvm.icmp "eq" %[[WARP]], %
// CHECK-NOT: nvvm.elect.sync
// CHECK: ^[[CONSUMERS]]:
// CHECK-NEXT: nvvm.setmaxregister increase 232
// CHECK: nvvm.barrier id = %{{.*}} number_of_threads = %
// One thread of the warpgroup.
// CHECK: %[[LANE:.*]] = llvm.and %[[TID]], %
// CHECK: %[[ZERO:.*]] = llvm.icmp "eq" %[[LANE]], %
// CHECK: llvm.cond_br %[[ZERO]]
// CHECK: nvvm.cp.async.bulk.wait_group 1 {read}
gpu.module @module attributes {dgemm.record = {}} {
  gpu.func @both(%out: memref<4xi32> {dgemm.arg = {}}) kernel attributes {
      dgemm.launch = {block = [384, 1, 1], cluster = [1, 1, 1]}} {
    %c0 = arith.constant 0 : index
    hopper.producers registers 40 {
      hopper.warp 0 single {
        hopper.tma_store_commit
      }
      hopper.warp 1 {
        %lane = hopper.lane
        memref.store %lane, %out[%c0] : memref<4xi32>
      }
    }
    hopper.consumers (%group) count 2 registers 232 {
      hopper.barrier %group threads 128
      hopper.single_thread {
        hopper.tma_store_wait pending 1 read
      }
    }
    gpu.return
  }
}

// -----

// 128 threads would enter with 512 registers, but a thread has at most 255:
// both budgets lie below.
// CHECK-LABEL: llvm.func @few
// CHECK: nvvm.setmaxregister decrease 232
gpu.module @module attributes {dgemm.record = {}} {
  gpu.func @few() kernel attributes {
      dgemm.launch = {block = [128, 1, 1], cluster = [1, 1, 1]}} {
    hopper.consumers (%group) count 1 registers 232 {
      hopper.barrier %group threads 128
    }
    gpu.return
  }
}

// -----

// 512 threads enter with 128: nothing to change, one up.
// CHECK-LABEL: llvm.func @many
// CHECK-NOT: nvvm.setmaxregister decrease
// CHECK: nvvm.setmaxregister increase 152
gpu.module @module attributes {dgemm.record = {}} {
  gpu.func @many() kernel attributes {
      dgemm.launch = {block = [512, 1, 1], cluster = [1, 1, 1]}} {
    hopper.producers registers 128 {
      hopper.warp 0 {
        hopper.tma_store_commit
      }
    }
    hopper.consumers (%group) count 3 registers 152 {
      hopper.barrier %group threads 128
    }
    gpu.return
  }
}
