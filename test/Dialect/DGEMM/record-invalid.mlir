// The attributes that carry a launch record are checked wherever they stand:
// the passes rely on them.
// RUN: dgemm-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{'dgemm.record' needs to be a dictionary with an array of dictionaries 'operands'}}
gpu.module @m attributes {dgemm.record = "A"} {
}

// -----

// expected-error @below {{'dgemm.record' needs in operand 0 a string 'name'}}
gpu.module @m attributes {dgemm.record = {operands = [{name = 1}]}} {
}

// -----

// expected-error @below {{'dgemm.record' needs in operand 0 an array of strings 'shape'}}
gpu.module @m attributes {dgemm.record = {operands = [{name = "A", shape = [1]}]}} {
}

// -----

// expected-error @below {{'dgemm.record' needs in operand 0 an array of strings 'strides', as long as 'shape'}}
gpu.module @m attributes {dgemm.record = {operands = [
    {name = "A", shape = ["M", "K"], strides = ["1"]}]}} {
}

// -----

gpu.module @m {
  // expected-error @below {{'dgemm.launch' needs an array of integers 'block'}}
  llvm.func @k() attributes {dgemm.launch = {block = ["1"]}} {
    llvm.return
  }
}

// -----

gpu.module @m {
  // expected-error @below {{'dgemm.launch' needs an array of integers 'cluster'}}
  llvm.func @k() attributes {dgemm.launch = {block = [1, 1, 1], cluster = [1 : i32]}} {
    llvm.return
  }
}

// -----

gpu.module @m {
  // expected-error @below {{'dgemm.launch' needs an array of strings 'grid'}}
  llvm.func @k() attributes {dgemm.launch = {
      block = [1, 1, 1], cluster = [1, 1, 1], grid = [1, 1, 1]}} {
    llvm.return
  }
}

// -----

gpu.module @m {
  // expected-error @below {{'dgemm.launch' needs an array of dictionaries 'preconditions'}}
  llvm.func @k() attributes {dgemm.launch = {
      block = [1, 1, 1], cluster = [1, 1, 1], grid = ["1", "1", "1"],
      preconditions = ["M > 0"]}} {
    llvm.return
  }
}

// -----

gpu.module @m {
  // expected-error @below {{'dgemm.arg' of argument 0 needs to be a dictionary with a string as its 'kind'}}
  llvm.func @k(%a: i32 {dgemm.arg = {kind = 1}}) {
    llvm.return
  }
}

// -----

gpu.module @m {
  // expected-error @below {{'dgemm.arg' of argument 0 needs to have a string as its 'operand'}}
  llvm.func @k(%a: !llvm.ptr {dgemm.arg = {kind = "pointer", operand = 1}}) {
    llvm.return
  }
}
