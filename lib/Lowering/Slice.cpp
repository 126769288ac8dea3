// Copies just those parts of a program that some of its operations need.
#include "dgemm/Lowering/Slice.h"

using namespace mlir;
using namespace dgemm;

ProgramSlice::ProgramSlice(ArrayRef<Operation *> ops)
    : program(ops.begin(), ops.end()), roots(ops.begin(), ops.end()) {}

bool ProgramSlice::inProgram(Operation *op) const {
  for (; op; op = op->getParentOp())
    if (roots.contains(op))
      return true;
  return false;
}

void ProgramSlice::add(Operation *seed) { need(seed); }

void ProgramSlice::need(Operation *op) {
  if (!inProgram(op) || !needed.insert(op).second)
    return;
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    need(loop.getLowerBound());
    need(loop.getUpperBound());
    need(loop.getStep());
  } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
    need(branch.getCondition());
  } else {
    for (Value operand : op->getOperands())
      need(operand);
  }
  need(op->getParentOp());
}

void ProgramSlice::need(Value value) {
  if (auto result = dyn_cast<OpResult>(value)) {
    Operation *op = result.getOwner();
    if (!inProgram(op))
      return;
    if (isa<scf::ForOp, scf::IfOp>(op))
      needCarried(op, result.getResultNumber());
    else
      need(op);
    return;
  }
  auto arg = cast<BlockArgument>(value);
  auto loop = dyn_cast<scf::ForOp>(arg.getOwner()->getParentOp());
  if (!loop || !inProgram(loop))
    return;
  if (arg == loop.getInductionVar())
    need(loop.getOperation());
  else
    needCarried(loop, arg.getArgNumber() - 1);
}

void ProgramSlice::needCarried(Operation *op, unsigned index) {
  if (!carried.insert({op, index}).second)
    return;
  need(op);
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    need(loop.getInitArgs()[index]);
    need(loop.getBody()->getTerminator()->getOperand(index));
    return;
  }
  auto branch = cast<scf::IfOp>(op);
  need(branch.thenYield().getOperand(index));
  need(branch.elseYield().getOperand(index));
}

void ProgramSlice::clone(OpBuilder &b, IRMapping &map) const {
  for (Operation *op : program)
    cloneOp(b, *op, map);
}

void ProgramSlice::cloneOp(OpBuilder &b, Operation &op, IRMapping &map) const {
  if (!needed.contains(&op))
    return;
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return cloneLoop(b, loop, map);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return cloneBranch(b, branch, map);
  b.clone(op, map);
}

static SmallVector<unsigned>
getCarried(Operation *op,
           const llvm::DenseSet<std::pair<Operation *, unsigned>> &carried) {
  SmallVector<unsigned> indices;
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    if (carried.contains({op, i}))
      indices.push_back(i);
  return indices;
}

void ProgramSlice::cloneLoop(OpBuilder &b, scf::ForOp loop,
                             IRMapping &map) const {
  SmallVector<unsigned> kept = getCarried(loop, carried);
  SmallVector<Value> inits;
  for (unsigned i : kept)
    inits.push_back(map.lookupOrDefault(loop.getInitArgs()[i]));
  auto copy = scf::ForOp::create(
      b, loop.getLoc(), map.lookupOrDefault(loop.getLowerBound()),
      map.lookupOrDefault(loop.getUpperBound()),
      map.lookupOrDefault(loop.getStep()), inits,
      [&](OpBuilder &b, Location loc, Value induction, ValueRange args) {
        map.map(loop.getInductionVar(), induction);
        for (auto [i, arg] : llvm::zip(kept, args))
          map.map(loop.getRegionIterArg(i), arg);
        for (Operation &op : loop.getBody()->without_terminator())
          cloneOp(b, op, map);
        SmallVector<Value> yields;
        for (unsigned i : kept)
          yields.push_back(map.lookupOrDefault(
              loop.getBody()->getTerminator()->getOperand(i)));
        scf::YieldOp::create(b, loc, yields);
      });
  for (auto [i, result] : llvm::zip(kept, copy.getResults()))
    map.map(loop.getResult(i), result);
}

void ProgramSlice::cloneBranch(OpBuilder &b, scf::IfOp branch,
                               IRMapping &map) const {
  SmallVector<unsigned> kept = getCarried(branch, carried);
  auto side = [&](Block *block) {
    return [&, block](OpBuilder &b, Location loc) {
      for (Operation &op : block->without_terminator())
        cloneOp(b, op, map);
      SmallVector<Value> yields;
      for (unsigned i : kept)
        yields.push_back(
            map.lookupOrDefault(block->getTerminator()->getOperand(i)));
      scf::YieldOp::create(b, loc, yields);
    };
  };
  Value condition = map.lookupOrDefault(branch.getCondition());
  scf::IfOp copy = branch.elseBlock()
                       ? scf::IfOp::create(b, branch.getLoc(), condition,
                                           side(branch.thenBlock()),
                                           side(branch.elseBlock()))
                       : scf::IfOp::create(b, branch.getLoc(), condition,
                                           side(branch.thenBlock()));
  for (auto [i, result] : llvm::zip(kept, copy.getResults()))
    map.map(branch.getResult(i), result);
}
