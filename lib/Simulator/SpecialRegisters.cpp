// The special registers that hold one value for the life of a warp.
#include "SpecialRegisters.h"
#include "Machine.h"

using namespace dgemm::sim;

bool dgemm::sim::specialRow(const std::string &name, uint32_t &row,
                            unsigned &bits) {
  static const std::map<std::string, uint32_t> rows = {
      {"%tid.x", RowTidX},
      {"%tid.y", RowTidY},
      {"%tid.z", RowTidZ},
      {"%ntid.x", RowNtidX},
      {"%ntid.y", RowNtidY},
      {"%ntid.z", RowNtidZ},
      {"%ctaid.x", RowCtaidX},
      {"%ctaid.y", RowCtaidY},
      {"%ctaid.z", RowCtaidZ},
      {"%nctaid.x", RowNctaidX},
      {"%nctaid.y", RowNctaidY},
      {"%nctaid.z", RowNctaidZ},
      {"%laneid", RowLaneid},
      {"%warpid", RowWarpid},
      {"%nwarpid", RowNwarpid},
      {"%smid", RowSmid},
      {"%nsmid", RowNsmid},
      {"%clusterid.x", RowClusteridX},
      {"%clusterid.y", RowClusteridY},
      {"%clusterid.z", RowClusteridZ},
      {"%nclusterid.x", RowNclusteridX},
      {"%nclusterid.y", RowNclusteridY},
      {"%nclusterid.z", RowNclusteridZ},
      {"%cluster_ctaid.x", RowClusterCtaidX},
      {"%cluster_ctaid.y", RowClusterCtaidY},
      {"%cluster_ctaid.z", RowClusterCtaidZ},
      {"%cluster_nctaid.x", RowClusterNctaidX},
      {"%cluster_nctaid.y", RowClusterNctaidY},
      {"%cluster_nctaid.z", RowClusterNctaidZ},
      {"%cluster_ctarank", RowClusterCtarank},
      {"%cluster_nctarank", RowClusterNctarank},
      {"%is_explicit_cluster", RowIsExplicitCluster},
      {"%lanemask_eq", RowLanemaskEq},
      {"%lanemask_lt", RowLanemaskLt},
      {"%lanemask_le", RowLanemaskLe},
      {"%lanemask_gt", RowLanemaskGt},
      {"%lanemask_ge", RowLanemaskGe},
      {"%dynamic_smem_size", RowDynamicSmem},
      {"%total_smem_size", RowTotalSmem},
      {"%gridid", RowGridid}};
  auto it = rows.find(name);
  if (it == rows.end())
    return false;
  row = it->second;
  bits = row == RowIsExplicitCluster ? 1 : row == RowGridid ? 64 : 32;
  return true;
}

void dgemm::sim::fillSpecialRows(Cluster &cluster, Warp &warp) {
  const Launch &launch = cluster.device.launch;
  const Cta &cta = *warp.cta;
  auto fill = [&](uint32_t row, auto value) {
    for (uint32_t lane = 0; lane < 32; ++lane)
      lanes<uint32_t>(warp, Ref{row, 4, false})[lane] = value(lane);
    warp.written[row] = ~0u;
  };
  auto constant = [&](uint32_t row, uint32_t value) {
    fill(row, [&](uint32_t) { return value; });
  };
  auto triple = [&](uint32_t row, const Dim3 &dim) {
    constant(row, dim.x);
    constant(row + 1, dim.y);
    constant(row + 2, dim.z);
  };
  const Dim3 &block = launch.block, &grid = launch.grid, &size = launch.cluster;
  fill(RowTidX, [&](uint32_t l) { return (warp.index * 32 + l) % block.x; });
  fill(RowTidY,
       [&](uint32_t l) { return (warp.index * 32 + l) / block.x % block.y; });
  fill(RowTidZ,
       [&](uint32_t l) { return (warp.index * 32 + l) / block.x / block.y; });
  triple(RowNtidX, block);
  triple(RowCtaidX, cta.id);
  triple(RowNctaidX, grid);
  fill(RowLaneid, [](uint32_t l) { return l; });
  constant(RowWarpid, warp.index);
  constant(RowNwarpid, (uint32_t)(block.count() + 31) / 32);
  constant(RowSmid, (uint32_t)(cta.linear % cluster.device.options.smCount));
  constant(RowNsmid, cluster.device.options.smCount);
  triple(RowClusteridX,
         {cta.id.x / size.x, cta.id.y / size.y, cta.id.z / size.z});
  triple(RowNclusteridX, {grid.x / size.x, grid.y / size.y, grid.z / size.z});
  triple(RowClusterCtaidX,
         {cta.id.x % size.x, cta.id.y % size.y, cta.id.z % size.z});
  triple(RowClusterNctaidX, size);
  constant(RowClusterCtarank, cta.rank);
  constant(RowClusterNctarank, (uint32_t)size.count());
  constant(RowIsExplicitCluster, 0);
  *lanes<uint32_t>(warp, Ref{RowIsExplicitCluster, 0, false}) =
      size.count() > 1 ? ~0u : 0;
  fill(RowLanemaskEq, [](uint32_t l) { return 1u << l; });
  fill(RowLanemaskLt, [](uint32_t l) { return (1u << l) - 1; });
  fill(RowLanemaskLe, [](uint32_t l) { return (2u << l) - 1; });
  fill(RowLanemaskGt, [](uint32_t l) { return ~((2u << l) - 1); });
  fill(RowLanemaskGe, [](uint32_t l) { return ~((1u << l) - 1); });
  constant(RowDynamicSmem, launch.dynamicShared);
  constant(RowTotalSmem, (uint32_t)cta.shared.size());
  constant(RowGridid, 0);
  constant(RowGridid2, 0);
}
