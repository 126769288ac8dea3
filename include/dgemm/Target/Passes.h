// The passes of the Target room.

#ifndef DGEMM_TARGET_PASSES_H
#define DGEMM_TARGET_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace dgemm::target {

#define GEN_PASS_DECL
#include "dgemm/Target/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "dgemm/Target/Passes.h.inc"

} // namespace dgemm::target

#endif // DGEMM_TARGET_PASSES_H
