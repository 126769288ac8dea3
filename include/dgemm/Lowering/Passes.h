// The rungs between the dgemm and the hopper dialect, one pass each.
#ifndef DGEMM_LOWERING_PASSES_H
#define DGEMM_LOWERING_PASSES_H

#include "mlir/Pass/Pass.h"

namespace dgemm {

#define GEN_PASS_DECL
#include "dgemm/Lowering/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "dgemm/Lowering/Passes.h.inc"

} // namespace dgemm

#endif
