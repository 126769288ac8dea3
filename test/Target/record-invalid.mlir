// What is wrong with a launch record's attributes is said before any code is
// generated.
// RUN: dgemm-opt %s --split-input-file --verify-diagnostics --dgemm-emit-ptx

// expected-error @below {{gpu.module @no_record: needs a dictionary attribute 'dgemm.record': operands, empty rules, workspace, schedule, target}}
gpu.module @no_record {
}

// -----

// expected-error @below {{gpu.module @no_kernel: holds no kernel: no llvm.func with nvvm.kernel}}
gpu.module @no_kernel attributes {dgemm.record = {operands = [], target = "sm_90a"}} {
  llvm.func @device_function() {
    llvm.return
  }
}

// -----

gpu.module @no_launch attributes {dgemm.record = {operands = []}} {
  // expected-error @below {{llvm.func @k: needs a dictionary attribute 'dgemm.launch': the launch record's entry for this kernel}}
  llvm.func @k() attributes {nvvm.kernel} {
    llvm.return
  }
}

// -----

gpu.module @no_arg attributes {dgemm.record = {operands = []}} {
  // expected-error @below {{llvm.func @k: argument 1 needs a dictionary attribute 'dgemm.arg': its entry in the launch record}}
  llvm.func @k(%a: i32 {dgemm.arg = {kind = "value"}}, %b: i32)
      attributes {nvvm.kernel, dgemm.launch = {
      block = [1, 1, 1], cluster = [1, 1, 1],
      grid = ["1", "1", "1"], preconditions = []}} {
    llvm.return
  }
}

// -----

gpu.module @args attributes {dgemm.record = {operands = []}} {
  // expected-error @below {{llvm.func @k: 'dgemm.launch.args' must not be there: each argument carries its own entry as 'dgemm.arg'}}
  llvm.func @k() attributes {nvvm.kernel, dgemm.launch = {
      args = [], block = [1, 1, 1], cluster = [1, 1, 1],
      grid = ["1", "1", "1"], preconditions = []}} {
    llvm.return
  }
}

// -----

gpu.module @other_name attributes {dgemm.record = {operands = []}} {
  // expected-error @below {{llvm.func @k: 'dgemm.launch.name' is "j" but the kernel is 'k'}}
  llvm.func @k() attributes {nvvm.kernel, dgemm.launch = {
      name = "j", block = [1, 1, 1], cluster = [1, 1, 1],
      grid = ["1", "1", "1"], preconditions = []}} {
    llvm.return
  }
}

// -----

gpu.module @not_json attributes {dgemm.record = {operands = []}} {
  // expected-error @below {{llvm.func @k: 'dgemm.launch.block_size[1]' has a value that JSON does not know: i32; use strings, i64 integers, booleans, arrays and dictionaries}}
  llvm.func @k() attributes {nvvm.kernel, dgemm.launch = {
      block_size = [1, i32], block = [1, 1, 1], cluster = [1, 1, 1],
      grid = ["1", "1", "1"], preconditions = []}} {
    llvm.return
  }
}

// -----

// expected-error @below {{gpu.module @compiler: 'dgemm.record.compiler' must not be there: the compiler fills it in}}
gpu.module @compiler attributes {dgemm.record = {operands = [], compiler = "mine"}} {
}

// -----

// expected-error @below {{gpu.module @schema: has an invalid launch record: }}
gpu.module @schema attributes {dgemm.record = {operands = [], target = "sm_90a"}} {
  llvm.func @k() attributes {nvvm.kernel, dgemm.launch = {
      block = [1, 1, 1], cluster = [1, 1, 1],
      grid = ["1", "1", "1"], preconditions = []}} {
    llvm.return
  }
}
