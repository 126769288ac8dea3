// The part of the CUDA driver's interface that the project calls, declared
// here so that neither building nor linking needs the toolkit. A unit test
// compares it with cuda.h where there is one.
#ifndef DGEMM_RUNTIME_CUDADRIVER_H
#define DGEMM_RUNTIME_CUDADRIVER_H

#include "dgemm/Launch/Plan.h"

#include <cstddef>
#include <cstdint>

namespace dgemm::runtime::cuda {

using Status = int; ///< 0 is success
using DeviceId = int;
using DevicePtr = uint64_t;
using Context = void *;
using ModuleHandle = void *;
using Function = void *;
using Stream = void *;
using Event = void *;
using Graph = void *;
using GraphExec = void *;

constexpr Status errorInvalidValue = 1;

enum DeviceAttribute : int {
  attributeClockRate = 13,
  attributeMultiprocessorCount = 16,
  attributeL2CacheSize = 38,
  attributeCapabilityMajor = 75,
  attributeCapabilityMinor = 76,
};

enum FunctionAttribute : int {
  functionLocalSize = 3,
  functionRegisters = 4,
  functionMaxDynamicShared = 8,
  functionNonPortableCluster = 14,
};

enum JitOption : int { jitErrorLog = 5, jitErrorLogSize = 6 };

struct alignas(128) TensorMap {
  uint64_t opaque[16];
};

struct LaunchAttribute {
  int id;
  char pad[4];
  union {
    char bytes[64];
    struct {
      unsigned x, y, z;
    } clusterDim;
    int programmaticStreamSerialization;
  } value;
};
constexpr int launchClusterDimension = 4;
constexpr int launchProgrammaticStreamSerialization = 6;

struct LaunchConfig {
  unsigned gridX, gridY, gridZ;
  unsigned blockX, blockY, blockZ;
  unsigned sharedBytes;
  Stream stream;
  LaunchAttribute *attributes;
  unsigned attributeCount;
};

constexpr int captureModeThreadLocal = 1;

constexpr int memoryTypeUnified = 4;
struct Memcpy2D {
  size_t srcXInBytes, srcY;
  int srcMemoryType;
  const void *srcHost;
  DevicePtr srcDevice;
  void *srcArray;
  size_t srcPitch;
  size_t dstXInBytes, dstY;
  int dstMemoryType;
  void *dstHost;
  DevicePtr dstDevice;
  void *dstArray;
  size_t dstPitch;
  size_t widthInBytes, height;
};

/// The numbers of the driver's enumerations for a tensor map.
int tensorMapDataType(launch::DType dtype);
int tensorMapSwizzle(unsigned bytes);
int tensorMapInterleave(unsigned bytes);
int tensorMapL2Promotion(unsigned bytes);

/// The functions, by the names that the library exports.
struct Driver {
#define DGEMM_CUDA_FUNCTIONS(X)                                                \
  X(init, cuInit, (unsigned))                                                  \
  X(driverGetVersion, cuDriverGetVersion, (int *))                             \
  X(getErrorName, cuGetErrorName, (Status, const char **))                     \
  X(getErrorString, cuGetErrorString, (Status, const char **))                 \
  X(deviceGetCount, cuDeviceGetCount, (int *))                                 \
  X(deviceGet, cuDeviceGet, (DeviceId *, int))                                 \
  X(deviceGetName, cuDeviceGetName, (char *, int, DeviceId))                   \
  X(deviceGetAttribute, cuDeviceGetAttribute, (int *, int, DeviceId))          \
  X(deviceTotalMem, cuDeviceTotalMem_v2, (size_t *, DeviceId))                 \
  X(primaryCtxRetain, cuDevicePrimaryCtxRetain, (Context *, DeviceId))         \
  X(primaryCtxRelease, cuDevicePrimaryCtxRelease_v2, (DeviceId))               \
  X(ctxGetCurrent, cuCtxGetCurrent, (Context *))                               \
  X(ctxPushCurrent, cuCtxPushCurrent_v2, (Context))                            \
  X(ctxPopCurrent, cuCtxPopCurrent_v2, (Context *))                            \
  X(moduleLoadDataEx, cuModuleLoadDataEx,                                      \
    (ModuleHandle *, const void *, unsigned, int *, void **))                  \
  X(moduleUnload, cuModuleUnload, (ModuleHandle))                              \
  X(moduleGetFunction, cuModuleGetFunction,                                    \
    (Function *, ModuleHandle, const char *))                                  \
  X(funcSetAttribute, cuFuncSetAttribute, (Function, int, int))                \
  X(funcGetAttribute, cuFuncGetAttribute, (int *, int, Function))              \
  X(launchKernelEx, cuLaunchKernelEx,                                          \
    (const LaunchConfig *, Function, void **, void **))                        \
  X(tensorMapEncodeTiled, cuTensorMapEncodeTiled,                              \
    (TensorMap *, int, uint32_t, void *, const uint64_t *, const uint64_t *,   \
     const uint32_t *, const uint32_t *, int, int, int, int))                  \
  X(memAlloc, cuMemAlloc_v2, (DevicePtr *, size_t))                            \
  X(memFree, cuMemFree_v2, (DevicePtr))                                        \
  X(memAllocAsync, cuMemAllocAsync, (DevicePtr *, size_t, Stream))             \
  X(memFreeAsync, cuMemFreeAsync, (DevicePtr, Stream))                         \
  X(memcpyAsync, cuMemcpyAsync, (DevicePtr, DevicePtr, size_t, Stream))        \
  X(memcpy2DAsync, cuMemcpy2DAsync_v2, (const Memcpy2D *, Stream))             \
  X(memsetD8Async, cuMemsetD8Async,                                            \
    (DevicePtr, unsigned char, size_t, Stream))                                \
  X(memsetD2D8Async, cuMemsetD2D8Async,                                        \
    (DevicePtr, size_t, unsigned char, size_t, size_t, Stream))                \
  X(streamCreate, cuStreamCreate, (Stream *, unsigned))                        \
  X(streamDestroy, cuStreamDestroy_v2, (Stream))                               \
  X(streamSynchronize, cuStreamSynchronize, (Stream))                          \
  X(eventCreate, cuEventCreate, (Event *, unsigned))                           \
  X(eventDestroy, cuEventDestroy_v2, (Event))                                  \
  X(eventRecord, cuEventRecord, (Event, Stream))                               \
  X(eventSynchronize, cuEventSynchronize, (Event))                             \
  X(eventElapsedTime, cuEventElapsedTime, (float *, Event, Event))             \
  X(streamBeginCapture, cuStreamBeginCapture_v2, (Stream, int))                \
  X(streamEndCapture, cuStreamEndCapture, (Stream, Graph *))                   \
  X(graphInstantiate, cuGraphInstantiateWithFlags,                             \
    (GraphExec *, Graph, unsigned long long))                                  \
  X(graphLaunch, cuGraphLaunch, (GraphExec, Stream))                           \
  X(graphExecDestroy, cuGraphExecDestroy, (GraphExec))                         \
  X(graphDestroy, cuGraphDestroy, (Graph))
#define DGEMM_CUDA_MEMBER(member, symbol, parameters)                          \
  Status(*member) parameters;
  DGEMM_CUDA_FUNCTIONS(DGEMM_CUDA_MEMBER)
#undef DGEMM_CUDA_MEMBER

  /// CUDA 12.4 and later; null before.
  Status (*funcGetParamInfo)(Function, size_t, size_t *, size_t *);

  /// "what: CUDA_ERROR_... (text)".
  launch::Error error(const char *what, Status status) const;
};

/// The driver, loaded and initialised once per process; or why not. The
/// environment variable DGEMM_CUDA_DRIVER names another file to load.
launch::Result<const Driver *> loadDriver();

} // namespace dgemm::runtime::cuda

#endif // DGEMM_RUNTIME_CUDADRIVER_H
