// The table of knobs: how each is spelled, parsed, printed and compared.

#ifndef DGEMM_LIB_DIALECT_DGEMM_IR_KNOBS_H
#define DGEMM_LIB_DIALECT_DGEMM_IR_KNOBS_H

#include "dgemm/Dialect/DGEMM/Schedule.h"
#include "mlir/IR/OpImplementation.h"

namespace dgemm::dg {

/// One name in `#dgemm.schedule<name = value, ...>`.
struct Knob {
  llvm::StringLiteral name;
  mlir::ParseResult (*parse)(mlir::AsmParser &parser, Schedule &schedule);
  void (*print)(llvm::raw_ostream &os, const Schedule &schedule);
  /// Whether two schedules agree on this knob.
  bool (*equal)(const Schedule &a, const Schedule &b);
  /// False for a knob that has a place and a printed form only.
  bool lowers;
};

/// Every knob, in the order in which they are printed.
llvm::ArrayRef<Knob> getKnobs();

} // namespace dgemm::dg

#endif // DGEMM_LIB_DIALECT_DGEMM_IR_KNOBS_H
