// The passes over the dgemm dialect.

#ifndef DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_H
#define DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace dgemm::dg {

#define GEN_PASS_DECL
#include "dgemm/Dialect/DGEMM/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "dgemm/Dialect/DGEMM/Transforms/Passes.h.inc"

} // namespace dgemm::dg

#endif // DGEMM_DIALECT_DGEMM_TRANSFORMS_PASSES_H
