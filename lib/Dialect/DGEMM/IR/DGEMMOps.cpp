// Effects and verification of the operations of the dgemm dialect.

#include "dgemm/Dialect/DGEMM/DGEMMOps.h"

using namespace mlir;
using namespace dgemm::dg;

void GemmOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  auto add = [&](OpOperand &operand, MemoryEffects::Effect *effect) {
    if (isa<MemRefType>(operand.get().getType()))
      effects.emplace_back(effect, &operand,
                           SideEffects::DefaultResource::get());
  };
  for (OpOperand *input : getDpsInputOperands())
    add(*input, MemoryEffects::Read::get());
  // D is written and never read: what it held before has no influence.
  add(getDMutable(), MemoryEffects::Write::get());
}

LogicalResult GemmOp::verify() { return success(); }

#define GET_OP_CLASSES
#include "dgemm/Dialect/DGEMM/DGEMMOps.cpp.inc"
