// Conversions between dialects.
#ifndef DGEMM_CONVERSION_PASSES_H
#define DGEMM_CONVERSION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace dgemm {

#define GEN_PASS_DECL
#include "dgemm/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "dgemm/Conversion/Passes.h.inc"

} // namespace dgemm

#endif
