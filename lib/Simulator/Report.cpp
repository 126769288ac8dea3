// Text of hazards, results and counters.
#include "dgemm/Simulator/Report.h"
#include "dgemm/Simulator/Simulator.h"

#include <algorithm>

using namespace dgemm::sim;

const char *dgemm::sim::nameOf(HazardKind kind) {
  switch (kind) {
  case HazardKind::AccumulatorInFlight:
    return "accumulator-in-flight";
  case HazardKind::MissingWgmmaFence:
    return "missing-wgmma-fence";
  case HazardKind::MissingProxyFence:
    return "missing-proxy-fence";
  case HazardKind::MissingMBarrierFence:
    return "missing-mbarrier-fence";
  case HazardKind::SharedRace:
    return "shared-race";
  case HazardKind::GlobalRace:
    return "global-race";
  case HazardKind::BarrierMisuse:
    return "barrier-misuse";
  case HazardKind::Uninitialized:
    return "uninitialized";
  case HazardKind::OutOfBounds:
    return "out-of-bounds";
  case HazardKind::Misaligned:
    return "misaligned";
  case HazardKind::Deadlock:
    return "deadlock";
  case HazardKind::WarpDivergence:
    return "warp-divergence";
  case HazardKind::TensorMapProxy:
    return "tensor-map-proxy";
  case HazardKind::ExitedCta:
    return "exited-cta";
  case HazardKind::BadOperand:
    return "bad-operand";
  case HazardKind::RegisterPool:
    return "register-pool";
  case HazardKind::Trap:
    return "trap";
  case HazardKind::StepLimit:
    return "step-limit";
  case HazardKind::Unsupported:
    return "unsupported";
  }
  return "unknown";
}

std::string Hazard::str() const {
  std::string text = std::string(nameOf(kind)) + ": ";
  if (line)
    text += "line " + std::to_string(line) + " (" + instruction + "), ";
  if (!where.empty())
    text += where + ": ";
  text += message;
  if (count > 1)
    text += " [" + std::to_string(count) + " times]";
  return text;
}

std::string Result::str() const {
  std::string text;
  for (const Hazard &hazard : hazards)
    text += hazard.str() + "\n";
  return text;
}

void Counters::add(const Counters &o) {
  instructions += o.instructions;
  for (const auto &[name, count] : o.byOpcode)
    byOpcode[name] += count;
  for (const auto &[name, count] : o.byRole)
    byRole[name] += count;
  tmaLoadBytes += o.tmaLoadBytes;
  tmaStoreBytes += o.tmaStoreBytes;
  tmaOperations += o.tmaOperations;
  globalLoadBytes += o.globalLoadBytes;
  globalStoreBytes += o.globalStoreBytes;
  sharedLoadBytes += o.sharedLoadBytes;
  sharedStoreBytes += o.sharedStoreBytes;
  bankConflicts += o.bankConflicts;
  wgmmaOperations += o.wgmmaOperations;
  wgmmaMacs += o.wgmmaMacs;
  barrierWaits += o.barrierWaits;
  barrierStalls += o.barrierStalls;
  registerRows = std::max(registerRows, o.registerRows);
  sharedBytes = std::max(sharedBytes, o.sharedBytes);
  cycles = std::max(cycles, o.cycles);
}
