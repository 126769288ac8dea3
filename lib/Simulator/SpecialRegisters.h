// The special registers that hold one value for the life of a warp.
#ifndef DGEMM_LIB_SIMULATOR_SPECIALREGISTERS_H
#define DGEMM_LIB_SIMULATOR_SPECIALREGISTERS_H

#include <cstdint>
#include <string>

namespace dgemm::sim {

class Cluster;
struct Warp;

/// They live in the first rows of the register file.
enum SpecialRow : uint32_t {
  RowTidX,
  RowTidY,
  RowTidZ,
  RowNtidX,
  RowNtidY,
  RowNtidZ,
  RowCtaidX,
  RowCtaidY,
  RowCtaidZ,
  RowNctaidX,
  RowNctaidY,
  RowNctaidZ,
  RowLaneid,
  RowWarpid,
  RowNwarpid,
  RowSmid,
  RowNsmid,
  RowClusteridX,
  RowClusteridY,
  RowClusteridZ,
  RowNclusteridX,
  RowNclusteridY,
  RowNclusteridZ,
  RowClusterCtaidX,
  RowClusterCtaidY,
  RowClusterCtaidZ,
  RowClusterNctaidX,
  RowClusterNctaidY,
  RowClusterNctaidZ,
  RowClusterCtarank,
  RowClusterNctarank,
  RowIsExplicitCluster,
  RowLanemaskEq,
  RowLanemaskLt,
  RowLanemaskLe,
  RowLanemaskGt,
  RowLanemaskGe,
  RowDynamicSmem,
  RowTotalSmem,
  RowGridid,
  RowGridid2,
  NumSpecialRows
};

/// Finds the row of `%name`; `bits` becomes 32, 64, or 1 for a predicate.
bool specialRow(const std::string &name, uint32_t &row, unsigned &bits);
void fillSpecialRows(Cluster &cluster, Warp &warp);

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_SPECIALREGISTERS_H
