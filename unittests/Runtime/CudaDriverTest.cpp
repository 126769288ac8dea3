// Our declarations of the CUDA driver against the toolkit's header, where
// there is one. The header's names are macros and C enumerations, so this file
// includes it first and compares numbers.
#if __has_include(<cuda.h>)
#include <cuda.h>

#include "dgemm/Runtime/CudaDriver.h"

#include <gtest/gtest.h>

#include <cstddef>

namespace {

namespace ours = dgemm::runtime::cuda;
using dgemm::launch::DType;

static_assert(sizeof(ours::TensorMap) == sizeof(CUtensorMap));
static_assert(alignof(ours::TensorMap) == alignof(CUtensorMap));
static_assert(sizeof(ours::LaunchAttribute) == sizeof(CUlaunchAttribute));
static_assert(offsetof(ours::LaunchAttribute, value) ==
              offsetof(CUlaunchAttribute, value));
static_assert(sizeof(ours::LaunchConfig) == sizeof(CUlaunchConfig));
static_assert(offsetof(ours::LaunchConfig, stream) ==
              offsetof(CUlaunchConfig, hStream));
static_assert(offsetof(ours::LaunchConfig, attributeCount) ==
              offsetof(CUlaunchConfig, numAttrs));
static_assert(sizeof(ours::Memcpy2D) == sizeof(CUDA_MEMCPY2D));
static_assert(offsetof(ours::Memcpy2D, srcPitch) ==
              offsetof(CUDA_MEMCPY2D, srcPitch));
static_assert(offsetof(ours::Memcpy2D, dstDevice) ==
              offsetof(CUDA_MEMCPY2D, dstDevice));
static_assert(offsetof(ours::Memcpy2D, height) ==
              offsetof(CUDA_MEMCPY2D, Height));

TEST(CudaDriver, NumbersAreTheHeaders) {
  EXPECT_EQ(ours::errorInvalidValue, CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(ours::attributeClockRate, CU_DEVICE_ATTRIBUTE_CLOCK_RATE);
  EXPECT_EQ(ours::attributeMultiprocessorCount,
            CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  EXPECT_EQ(ours::attributeL2CacheSize, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
  EXPECT_EQ(ours::attributeCapabilityMajor,
            CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  EXPECT_EQ(ours::attributeCapabilityMinor,
            CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  EXPECT_EQ(ours::functionLocalSize, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
  EXPECT_EQ(ours::functionRegisters, CU_FUNC_ATTRIBUTE_NUM_REGS);
  EXPECT_EQ(ours::functionMaxDynamicShared,
            CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
  EXPECT_EQ(ours::functionNonPortableCluster,
            CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED);
  EXPECT_EQ(ours::jitErrorLog, CU_JIT_ERROR_LOG_BUFFER);
  EXPECT_EQ(ours::jitErrorLogSize, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
  EXPECT_EQ(ours::launchClusterDimension,
            CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION);
  EXPECT_EQ(ours::launchProgrammaticStreamSerialization,
            CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION);
  EXPECT_EQ(ours::memoryTypeUnified, CU_MEMORYTYPE_UNIFIED);
  EXPECT_EQ(ours::captureModeThreadLocal, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
}

TEST(CudaDriver, TensorMapNumbersAreTheHeaders) {
  using namespace dgemm::runtime::cuda;
  EXPECT_EQ(tensorMapDataType(DType::E4M3), CU_TENSOR_MAP_DATA_TYPE_UINT8);
  EXPECT_EQ(tensorMapDataType(DType::E5M2), CU_TENSOR_MAP_DATA_TYPE_UINT8);
  EXPECT_EQ(tensorMapDataType(DType::U8), CU_TENSOR_MAP_DATA_TYPE_UINT8);
  EXPECT_EQ(tensorMapDataType(DType::BF16), CU_TENSOR_MAP_DATA_TYPE_BFLOAT16);
  EXPECT_EQ(tensorMapDataType(DType::F16), CU_TENSOR_MAP_DATA_TYPE_FLOAT16);
  EXPECT_EQ(tensorMapDataType(DType::F32), CU_TENSOR_MAP_DATA_TYPE_FLOAT32);
  EXPECT_EQ(tensorMapDataType(DType::I32), CU_TENSOR_MAP_DATA_TYPE_INT32);
  EXPECT_EQ(tensorMapSwizzle(0), CU_TENSOR_MAP_SWIZZLE_NONE);
  EXPECT_EQ(tensorMapSwizzle(32), CU_TENSOR_MAP_SWIZZLE_32B);
  EXPECT_EQ(tensorMapSwizzle(64), CU_TENSOR_MAP_SWIZZLE_64B);
  EXPECT_EQ(tensorMapSwizzle(128), CU_TENSOR_MAP_SWIZZLE_128B);
  EXPECT_EQ(tensorMapInterleave(0), CU_TENSOR_MAP_INTERLEAVE_NONE);
  EXPECT_EQ(tensorMapInterleave(16), CU_TENSOR_MAP_INTERLEAVE_16B);
  EXPECT_EQ(tensorMapInterleave(32), CU_TENSOR_MAP_INTERLEAVE_32B);
  EXPECT_EQ(tensorMapL2Promotion(0), CU_TENSOR_MAP_L2_PROMOTION_NONE);
  EXPECT_EQ(tensorMapL2Promotion(64), CU_TENSOR_MAP_L2_PROMOTION_L2_64B);
  EXPECT_EQ(tensorMapL2Promotion(128), CU_TENSOR_MAP_L2_PROMOTION_L2_128B);
  EXPECT_EQ(tensorMapL2Promotion(256), CU_TENSOR_MAP_L2_PROMOTION_L2_256B);
  EXPECT_EQ(int(dgemm::launch::Fill::NaN),
            CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA);
}

} // namespace
#endif
