// Copies just those parts of a program that some of its operations need.
#ifndef DGEMM_LOWERING_SLICE_H
#define DGEMM_LOWERING_SLICE_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseSet.h"

namespace dgemm {

/// A backward slice of structured code: a set of seed operations, what they
/// are computed from, and the loops and branches around them. Values that a
/// loop only carries for others are left out of it.
class ProgramSlice {
public:
  /// The slice of `program`, whose operations share one block.
  explicit ProgramSlice(llvm::ArrayRef<mlir::Operation *> program);

  /// Adds a seed and everything that it needs.
  void add(mlir::Operation *seed);

  /// Copies the slice to the builder's insertion point.
  void clone(mlir::OpBuilder &b, mlir::IRMapping &map) const;

private:
  using Carried = std::pair<mlir::Operation *, unsigned>;

  void need(mlir::Operation *op);
  void need(mlir::Value value);
  void needCarried(mlir::Operation *op, unsigned index);
  bool inProgram(mlir::Operation *op) const;

  void cloneOp(mlir::OpBuilder &b, mlir::Operation &op,
               mlir::IRMapping &map) const;
  void cloneLoop(mlir::OpBuilder &b, mlir::scf::ForOp loop,
                 mlir::IRMapping &map) const;
  void cloneBranch(mlir::OpBuilder &b, mlir::scf::IfOp branch,
                   mlir::IRMapping &map) const;

  llvm::SmallVector<mlir::Operation *> program;
  llvm::DenseSet<mlir::Operation *> roots;
  llvm::DenseSet<mlir::Operation *> needed;
  llvm::DenseSet<Carried> carried;
};

} // namespace dgemm

#endif
