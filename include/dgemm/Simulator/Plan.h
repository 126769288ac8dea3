// From a planned launch record to a launch of the simulator.
#ifndef DGEMM_SIMULATOR_PLAN_H
#define DGEMM_SIMULATOR_PLAN_H

#include "dgemm/Launch/Plan.h"
#include "dgemm/Simulator/Simulator.h"

namespace dgemm::sim {

TensorMap toTensorMap(const launch::TensorMap &map);

/// The launch of the plan's kernel; `workspace` is the address that workspace
/// arguments get.
Launch toLaunch(const launch::Record &record, const launch::Plan &plan,
                uint64_t workspace);

/// Bytes from a tensor's first to behind its last element.
uint64_t extentBytes(const launch::Tensor &tensor);

} // namespace dgemm::sim

#endif // DGEMM_SIMULATOR_PLAN_H
