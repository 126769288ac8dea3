// The functions of the stand-in driver.
#include "FakeCuda.h"

#include "dgemm/Runtime/CudaDriver.h"

#include <cstdlib>
#include <cstring>
#include <set>
#include <sstream>

using namespace dgemm::runtime::cuda;

FakeCuda &fakeCuda() {
  static FakeCuda state;
  return state;
}

namespace {

int result(const char *function) {
  auto found = fakeCuda().failures.find(function);
  return found == fakeCuda().failures.end() ? 0 : found->second;
}

template <typename... T> void log(const T &...parts) {
  std::ostringstream out;
  (void)(out << ... << parts);
  fakeCuda().log.push_back(out.str());
}

template <typename T> std::string list(const T *values, size_t count) {
  std::ostringstream out;
  for (size_t i = 0; i < count; ++i)
    out << (i ? "," : "") << values[i];
  return out.str();
}

Context current = nullptr;
int theContext, theModule, theStream;

/// A function is its name.
Function functionOf(const char *name) {
  static std::set<std::string> names;
  return const_cast<std::string *>(&*names.insert(name).first);
}

} // namespace

#define FAKE extern "C" __attribute__((visibility("default"))) int

FAKE cuInit(unsigned) { return result("cuInit"); }
FAKE cuDriverGetVersion(int *v) { return *v = 13000, 0; }
FAKE cuGetErrorName(int status, const char **name) {
  return *name = status == 1 ? "CUDA_ERROR_INVALID_VALUE" : "CUDA_ERROR_FAKE",
         0;
}
FAKE cuGetErrorString(int, const char **text) { return *text = "as told", 0; }
FAKE cuDeviceGetCount(int *count) {
  return *count = fakeCuda().deviceCount, result("cuDeviceGetCount");
}
FAKE cuDeviceGet(int *device, int ordinal) { return *device = ordinal, 0; }
FAKE cuDeviceGetName(char *name, int, int) {
  return std::strcpy(name, "Fake GPU"), 0;
}
FAKE cuDeviceGetAttribute(int *value, int attribute, int) {
  *value = attribute == attributeMultiprocessorCount ? 132
           : attribute == attributeCapabilityMajor ? fakeCuda().capabilityMajor
           : attribute == attributeCapabilityMinor ? fakeCuda().capabilityMinor
                                                   : 0;
  return 0;
}
FAKE cuDeviceTotalMem_v2(size_t *bytes, int) { return *bytes = 1 << 30, 0; }
FAKE cuDevicePrimaryCtxRetain(Context *context, int) {
  return *context = &theContext, result("cuDevicePrimaryCtxRetain");
}
FAKE cuDevicePrimaryCtxRelease_v2(int) { return 0; }
FAKE cuCtxGetCurrent(Context *context) { return *context = current, 0; }
FAKE cuCtxPushCurrent_v2(Context context) { return current = context, 0; }
FAKE cuCtxPopCurrent_v2(Context *context) {
  return *context = current, current = nullptr, 0;
}
FAKE cuModuleLoadDataEx(ModuleHandle *module, const void *, unsigned n,
                        int *options, void **values) {
  int status = result("cuModuleLoadDataEx");
  for (unsigned i = 0; status && i < n; ++i)
    if (options[i] == jitErrorLog)
      std::strcpy(static_cast<char *>(values[i]), "no kernel image");
  return *module = &theModule, status;
}
FAKE cuModuleUnload(ModuleHandle) { return log("unload"), 0; }
FAKE cuModuleGetFunction(Function *function, ModuleHandle, const char *name) {
  return *function = functionOf(name), result("cuModuleGetFunction");
}
FAKE cuFuncSetAttribute(Function, int attribute, int value) {
  log("attribute ", attribute, " = ", value);
  return result("cuFuncSetAttribute");
}
FAKE cuFuncGetAttribute(int *value, int, Function) { return *value = 0, 0; }
FAKE cuFuncGetParamInfo(Function, size_t index, size_t *offset, size_t *size) {
  if (index >= fakeCuda().parameters.size())
    return errorInvalidValue;
  return *offset = 0, *size = fakeCuda().parameters[index], 0;
}
FAKE cuLaunchKernelEx(const LaunchConfig *c, Function function, void **params,
                      void **) {
  const std::string &name = *static_cast<std::string *>(function);
  if (fakeCuda().capturing) {
    bool pdl = false;
    for (unsigned i = 0; i < c->attributeCount; ++i)
      pdl |= c->attributes[i].id == launchProgrammaticStreamSerialization;
    fakeCuda().graphs.back().push_back(name + (pdl ? " pdl" : ""));
    return result("cuLaunchKernelEx");
  }
  auto &launches = fakeCuda().launches;
  auto time = fakeCuda().nanoseconds.find(name);
  uint64_t start = launches.empty() ? 1000 : launches.back().end + 500;
  launches.push_back(
      {name, start,
       start + (time == fakeCuda().nanoseconds.end() ? 1000 : time->second)});
  if (name.rfind("dgemm_", 0) == 0) // a tool's own, with other parameters
    return result("cuLaunchKernelEx");
  std::string attributes;
  for (unsigned i = 0; i < c->attributeCount; ++i) {
    const LaunchAttribute &a = c->attributes[i];
    if (a.id == launchClusterDimension)
      attributes += " cluster " + list(&a.value.clusterDim.x, 3);
    if (a.id == launchProgrammaticStreamSerialization)
      attributes += " pdl";
  }
  log("launch grid ", list(&c->gridX, 3), " block ", list(&c->blockX, 3),
      " shared ", c->sharedBytes, attributes);
  for (size_t i = 0; i < fakeCuda().parameters.size(); ++i) {
    size_t size = fakeCuda().parameters[i];
    if (size == 4)
      log("  i32 ", *static_cast<int32_t *>(params[i]));
    else if (size == 8)
      log("  i64 ", *static_cast<uint64_t *>(params[i]) ? "set" : "0");
    else
      log("  map ", *static_cast<uint64_t *>(params[i]));
  }
  return result("cuLaunchKernelEx");
}
FAKE cuTensorMapEncodeTiled(TensorMap *map, int dtype, uint32_t rank, void *,
                            const uint64_t *sizes, const uint64_t *strides,
                            const uint32_t *box, const uint32_t *steps,
                            int interleave, int swizzle, int promotion,
                            int fill) {
  map->opaque[0] = 4711;
  log("map type ", dtype, " sizes ", list(sizes, rank), " strides ",
      list(strides, rank - 1), " box ", list(box, rank), " steps ",
      list(steps, rank), " interleave ", interleave, " swizzle ", swizzle,
      " promotion ", promotion, " fill ", fill);
  return result("cuTensorMapEncodeTiled");
}
FAKE cuMemAlloc_v2(DevicePtr *data, size_t bytes) {
  if (int status = result("cuMemAlloc"))
    return status;
  ++fakeCuda().liveAllocations;
  void *memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  return *data = reinterpret_cast<DevicePtr>(memory), 0;
}
FAKE cuMemFree_v2(DevicePtr data) {
  --fakeCuda().liveAllocations;
  return std::free(reinterpret_cast<void *>(data)), 0;
}
FAKE cuMemAllocAsync(DevicePtr *data, size_t bytes, Stream) {
  log("allocate ", bytes);
  return cuMemAlloc_v2(data, bytes);
}
FAKE cuMemFreeAsync(DevicePtr data, Stream) {
  log("free");
  return cuMemFree_v2(data);
}
FAKE cuMemcpyAsync(DevicePtr to, DevicePtr from, size_t bytes, Stream) {
  std::memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from),
              bytes);
  return result("cuMemcpyAsync");
}
FAKE cuMemcpy2DAsync_v2(const Memcpy2D *c, Stream) {
  log("copy2d ", c->widthInBytes, " x ", c->height, " pitches ", c->dstPitch,
      " ", c->srcPitch);
  for (size_t row = 0; row < c->height; ++row)
    std::memcpy(reinterpret_cast<char *>(c->dstDevice) + row * c->dstPitch,
                reinterpret_cast<char *>(c->srcDevice) + row * c->srcPitch,
                c->widthInBytes);
  return 0;
}
FAKE cuMemsetD8Async(DevicePtr to, unsigned char value, size_t bytes, Stream) {
  log("set ", int(value), " x ", bytes);
  std::memset(reinterpret_cast<void *>(to), value, bytes);
  return result("cuMemsetD8Async");
}
FAKE cuMemsetD2D8Async(DevicePtr to, size_t pitch, unsigned char value,
                       size_t width, size_t height, Stream) {
  log("set2d ", int(value), " ", width, " x ", height, " pitch ", pitch);
  for (size_t row = 0; row < height; ++row)
    std::memset(reinterpret_cast<char *>(to) + row * pitch, value, width);
  return 0;
}
FAKE cuStreamCreate(Stream *stream, unsigned) {
  return *stream = &theStream, 0;
}
FAKE cuStreamDestroy_v2(Stream) { return 0; }
FAKE cuStreamSynchronize(Stream) { return result("cuStreamSynchronize"); }
FAKE cuEventCreate(Event *event, unsigned) { return *event = &theStream, 0; }
FAKE cuEventDestroy_v2(Event) { return 0; }
FAKE cuEventRecord(Event, Stream) { return 0; }
FAKE cuEventSynchronize(Event) { return 0; }
FAKE cuEventElapsedTime(float *milliseconds, Event, Event) {
  return *milliseconds = 1.5f, 0;
}
FAKE cuStreamBeginCapture_v2(Stream, int) {
  fakeCuda().capturing = true;
  fakeCuda().graphs.emplace_back();
  return result("cuStreamBeginCapture");
}
FAKE cuStreamEndCapture(Stream, Graph *graph) {
  fakeCuda().capturing = false;
  ++fakeCuda().liveGraphs;
  return *graph = &theStream, result("cuStreamEndCapture");
}
FAKE cuGraphInstantiateWithFlags(GraphExec *exec, Graph, unsigned long long) {
  if (int status = result("cuGraphInstantiateWithFlags"))
    return status;
  ++fakeCuda().liveGraphs;
  return *exec = &theStream, 0;
}
FAKE cuGraphLaunch(GraphExec, Stream) {
  return log("launch graph"), result("cuGraphLaunch");
}
FAKE cuGraphExecDestroy(GraphExec) { return --fakeCuda().liveGraphs, 0; }
FAKE cuGraphDestroy(Graph) { return --fakeCuda().liveGraphs, 0; }
