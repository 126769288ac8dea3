// From a planned launch record to a launch of the simulator.
#include "dgemm/Simulator/Plan.h"

using namespace dgemm::sim;
using dgemm::launch::Argument;
using dgemm::launch::ArgumentValue;
using dgemm::launch::DType;

static TensorMap::DType toDType(DType dtype) {
  switch (dtype) {
  case DType::E4M3:
  case DType::E5M2:
  case DType::U8:
    return TensorMap::U8;
  case DType::BF16:
    return TensorMap::BF16;
  case DType::F16:
    return TensorMap::F16;
  case DType::F32:
    return TensorMap::F32;
  case DType::I32:
    return TensorMap::S32;
  }
  return TensorMap::U8;
}

TensorMap dgemm::sim::toTensorMap(const launch::TensorMap &map) {
  TensorMap out;
  out.rank = (uint8_t)map.rank;
  out.dtype = toDType(map.dtype);
  out.swizzle = map.swizzle == 128  ? 7
                : map.swizzle == 64 ? 6
                : map.swizzle == 32 ? 5
                                    : 0;
  out.interleave = (uint8_t)map.interleave;
  out.address = map.address;
  out.nanFill = map.fill == launch::Fill::NaN;
  for (unsigned i = 0; i < map.rank && i < 5; ++i) {
    out.sizes[i] = map.sizes[i];
    out.box[i] = (uint16_t)map.box[i];
    out.elementStrides[i] = (uint8_t)map.elementStrides[i];
    if (i + 1 < map.rank)
      out.strides[i] = map.strides[i];
  }
  return out;
}

Launch dgemm::sim::toLaunch(const launch::Record &record,
                            const launch::Plan &plan, uint64_t workspace) {
  Launch out;
  out.kernel = record.kernels[plan.kernel].name;
  out.grid = {plan.grid[0], plan.grid[1], plan.grid[2]};
  out.block = {plan.block[0], plan.block[1], plan.block[2]};
  out.cluster = {plan.cluster[0], plan.cluster[1], plan.cluster[2]};
  out.dynamicShared = plan.dynamicSharedMemory;
  for (const ArgumentValue &arg : plan.args) {
    if (arg.kind == Argument::Kind::TensorMap) {
      out.param(toTensorMap(arg.map));
      continue;
    }
    uint64_t bits =
        arg.kind == Argument::Kind::Workspace ? workspace : arg.bits;
    const uint8_t *bytes = reinterpret_cast<const uint8_t *>(&bits);
    out.params.emplace_back(bytes, bytes + arg.bytes);
  }
  return out;
}

uint64_t dgemm::sim::extentBytes(const launch::Tensor &tensor) {
  uint64_t last = 0;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] <= 0)
      return 0;
    last += (uint64_t)(tensor.shape[i] - 1) * (uint64_t)tensor.strides[i];
  }
  return (last + 1) * launch::byteSize(tensor.dtype);
}
