// What the scheduler must tell the CTA and cluster barriers.
#ifndef DGEMM_LIB_SIMULATOR_BARRIERS_H
#define DGEMM_LIB_SIMULATOR_BARRIERS_H

#include "Machine.h"

namespace dgemm::sim {

/// The warp's last lane has exited: barriers no longer wait for it.
void warpLeft(Cluster &cluster, Warp &warp);

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_BARRIERS_H
