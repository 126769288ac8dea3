// The backend for NVIDIA GPUs: modules, tensor maps and launches through the
// driver.
#include "dgemm/Runtime/Backend.h"
#include "dgemm/Runtime/CudaDriver.h"

#include <cstring>

using namespace dgemm::runtime;
using dgemm::launch::Argument;
using dgemm::launch::Record;
using dgemm::launch::Region;

namespace {

/// Makes a device's context current for a scope. Programs that use CUDA
/// already have it current, and then this costs one query.
class ContextScope {
public:
  ContextScope(const cuda::Driver &driver, cuda::Context context)
      : driver(driver) {
    cuda::Context current = nullptr;
    driver.ctxGetCurrent(&current);
    pushed = current != context && driver.ctxPushCurrent(context) == 0;
  }
  ~ContextScope() {
    cuda::Context popped;
    if (pushed)
      driver.ctxPopCurrent(&popped);
  }
  ContextScope(const ContextScope &) = delete;

private:
  const cuda::Driver &driver;
  bool pushed;
};

struct GpuModule : Module {
  const cuda::Driver &driver;
  /// Holds the context that the module lives in.
  std::shared_ptr<void> context;
  cuda::ModuleHandle handle = nullptr;
  std::vector<cuda::Function> functions; ///< one per kernel of the record

  GpuModule(const cuda::Driver &driver, std::shared_ptr<void> context)
      : driver(driver), context(std::move(context)) {}
  ~GpuModule() override {
    ContextScope scope(driver, context.get());
    if (handle)
      driver.moduleUnload(handle);
  }
};

cuda::DevicePtr address(const void *data) {
  return reinterpret_cast<cuda::DevicePtr>(data);
}

class GpuDevice : public Device {
public:
  static Result<std::shared_ptr<Device>> open(const cuda::Driver &driver,
                                              int ordinal) {
    auto device = std::make_shared<GpuDevice>(driver, ordinal);
    if (cuda::Status s = driver.deviceGet(&device->id, ordinal))
      return driver.error("cuDeviceGet", s);
    cuda::Context context;
    if (cuda::Status s = driver.primaryCtxRetain(&context, device->id))
      return driver.error("cuDevicePrimaryCtxRetain", s);
    device->context =
        std::shared_ptr<void>(context, [&driver, id = device->id](void *) {
          driver.primaryCtxRelease(id);
        });
    device->readInfo();
    return std::shared_ptr<Device>(std::move(device));
  }

  GpuDevice(const cuda::Driver &driver, int ordinal)
      : driver(driver), ordinal(ordinal) {}

  DeviceInfo info() const override { return properties; }

  Status accepts(const Record &record) const override {
    if (properties.capabilityMajor == 9 && properties.capabilityMinor == 0)
      return {};
    return Error{"GPU " + std::to_string(ordinal) + " (" + properties.name +
                 ") has compute capability " +
                 std::to_string(properties.capabilityMajor) + "." +
                 std::to_string(properties.capabilityMinor) +
                 "; a kernel for " + record.target + " needs 9.0 (Hopper)"};
  }

  Result<std::unique_ptr<Module>> load(std::string_view code,
                                       const Record &record) override {
    ContextScope scope(driver, context.get());
    auto module = std::make_unique<GpuModule>(driver, context);
    // A copy that ends in NUL, as PTX text must.
    std::string text(code);
    char log[4096] = {};
    int options[] = {cuda::jitErrorLog, cuda::jitErrorLogSize};
    void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
    if (cuda::Status s = driver.moduleLoadDataEx(&module->handle, text.c_str(),
                                                 2, options, values)) {
      module->handle = nullptr;
      Error error = driver.error("cuModuleLoadDataEx", s);
      log[sizeof log - 1] = 0;
      if (log[0])
        error.message += std::string(": ") + log;
      return error;
    }
    for (const dgemm::launch::Kernel &kernel : record.kernels) {
      Result<cuda::Function> function = prepare(module->handle, kernel);
      if (!function)
        return function.error();
      module->functions.push_back(*function);
    }
    return std::unique_ptr<Module>(std::move(module));
  }

  Status run(Module &module, const Launch &launch) override {
    ContextScope scope(driver, context.get());
    const dgemm::launch::Plan &plan = launch.plan;
    std::vector<cuda::TensorMap> maps(plan.args.size());
    std::vector<uint64_t> scalars(plan.args.size());
    std::vector<void *> params(plan.args.size());
    for (size_t i = 0; i < plan.args.size(); ++i) {
      const dgemm::launch::ArgumentValue &arg = plan.args[i];
      params[i] = &scalars[i];
      scalars[i] =
          arg.kind == Argument::Kind::Workspace ? launch.workspace : arg.bits;
      if (arg.kind != Argument::Kind::TensorMap)
        continue;
      params[i] = &maps[i];
      if (cuda::Status s = encode(maps[i], arg.map)) {
        Error error = driver.error("cuTensorMapEncodeTiled", s);
        error.message += " for argument " + std::to_string(i);
        return error;
      }
    }
    cuda::LaunchAttribute attributes[2] = {};
    cuda::LaunchConfig config = {};
    config.gridX = plan.grid[0], config.gridY = plan.grid[1],
    config.gridZ = plan.grid[2];
    config.blockX = plan.block[0], config.blockY = plan.block[1],
    config.blockZ = plan.block[2];
    config.sharedBytes = plan.dynamicSharedMemory;
    config.stream = launch.stream;
    config.attributes = attributes;
    if (plan.cluster[0] * plan.cluster[1] * plan.cluster[2] > 1) {
      cuda::LaunchAttribute &a = attributes[config.attributeCount++];
      a.id = cuda::launchClusterDimension;
      a.value.clusterDim = {plan.cluster[0], plan.cluster[1], plan.cluster[2]};
    }
    if (launch.pdl) {
      cuda::LaunchAttribute &a = attributes[config.attributeCount++];
      a.id = cuda::launchProgrammaticStreamSerialization;
      a.value.programmaticStreamSerialization = 1;
    }
    cuda::Function function =
        static_cast<GpuModule &>(module).functions[plan.kernel];
    return check(
        "cuLaunchKernelEx",
        driver.launchKernelEx(&config, function, params.data(), nullptr));
  }

  Result<void *> allocate(size_t bytes) override {
    ContextScope scope(driver, context.get());
    cuda::DevicePtr data = 0;
    // The driver refuses a size of zero; a caller need not care.
    if (cuda::Status s = driver.memAlloc(&data, bytes ? bytes : 1))
      return driver.error("cuMemAlloc", s);
    return reinterpret_cast<void *>(data);
  }
  Status release(void *data) override {
    ContextScope scope(driver, context.get());
    return check("cuMemFree", driver.memFree(address(data)));
  }
  Result<void *> allocateAsync(size_t bytes, void *stream) override {
    ContextScope scope(driver, context.get());
    cuda::DevicePtr data = 0;
    if (cuda::Status s = driver.memAllocAsync(&data, bytes, stream))
      return driver.error("cuMemAllocAsync", s);
    return reinterpret_cast<void *>(data);
  }
  Status releaseAsync(void *data, void *stream) override {
    ContextScope scope(driver, context.get());
    return check("cuMemFreeAsync", driver.memFreeAsync(address(data), stream));
  }
  Status copy(void *destination, const void *source, size_t bytes,
              void *stream) override {
    ContextScope scope(driver, context.get());
    return check("cuMemcpyAsync",
                 driver.memcpyAsync(address(destination), address(source),
                                    bytes, stream));
  }
  Status set(void *destination, int value, size_t bytes,
             void *stream) override {
    ContextScope scope(driver, context.get());
    return check("cuMemsetD8Async",
                 driver.memsetD8Async(address(destination),
                                      static_cast<unsigned char>(value), bytes,
                                      stream));
  }
  Status setZero(const Region &r, void *stream) override {
    ContextScope scope(driver, context.get());
    return check("cuMemsetD2D8Async",
                 driver.memsetD2D8Async(r.address, r.pitchBytes, 0, r.rowBytes,
                                        r.rows, stream));
  }
  Status copy(const Region &to, const Region &from, void *stream) override {
    ContextScope scope(driver, context.get());
    cuda::Memcpy2D copy = {};
    copy.srcMemoryType = copy.dstMemoryType = cuda::memoryTypeUnified;
    copy.srcDevice = from.address, copy.srcPitch = from.pitchBytes;
    copy.dstDevice = to.address, copy.dstPitch = to.pitchBytes;
    copy.widthInBytes = to.rowBytes, copy.height = to.rows;
    return check("cuMemcpy2DAsync", driver.memcpy2DAsync(&copy, stream));
  }

  Result<void *> createStream() override {
    ContextScope scope(driver, context.get());
    cuda::Stream stream = nullptr;
    if (cuda::Status s = driver.streamCreate(&stream, 0))
      return driver.error("cuStreamCreate", s);
    return stream;
  }
  Status destroyStream(void *stream) override {
    ContextScope scope(driver, context.get());
    return check("cuStreamDestroy", driver.streamDestroy(stream));
  }
  Status synchronize(void *stream) override {
    ContextScope scope(driver, context.get());
    return check("cuStreamSynchronize", driver.streamSynchronize(stream));
  }
  Result<void *> createEvent() override {
    ContextScope scope(driver, context.get());
    cuda::Event event = nullptr;
    if (cuda::Status s = driver.eventCreate(&event, 0))
      return driver.error("cuEventCreate", s);
    return event;
  }
  Status destroyEvent(void *event) override {
    ContextScope scope(driver, context.get());
    return check("cuEventDestroy", driver.eventDestroy(event));
  }
  Status recordEvent(void *event, void *stream) override {
    ContextScope scope(driver, context.get());
    return check("cuEventRecord", driver.eventRecord(event, stream));
  }
  Result<float> elapsed(void *begin, void *end) override {
    ContextScope scope(driver, context.get());
    float milliseconds = 0;
    for (void *event : {begin, end})
      if (cuda::Status s = driver.eventSynchronize(event))
        return driver.error("cuEventSynchronize", s);
    if (cuda::Status s = driver.eventElapsedTime(&milliseconds, begin, end))
      return driver.error("cuEventElapsedTime", s);
    return milliseconds;
  }

private:
  Status check(const char *what, cuda::Status status) const {
    if (status)
      return driver.error(what, status);
    return {};
  }

  void readInfo() {
    char name[256] = {};
    driver.deviceGetName(name, sizeof name - 1, id);
    properties.name = name;
    auto attribute = [&](int which) {
      int value = 0;
      driver.deviceGetAttribute(&value, which, id);
      return value;
    };
    properties.sms = attribute(cuda::attributeMultiprocessorCount);
    properties.capabilityMajor = attribute(cuda::attributeCapabilityMajor);
    properties.capabilityMinor = attribute(cuda::attributeCapabilityMinor);
    properties.clockKHz = attribute(cuda::attributeClockRate);
    properties.l2Bytes = attribute(cuda::attributeL2CacheSize);
    driver.driverGetVersion(&properties.driverVersion);
    size_t memory = 0;
    driver.deviceTotalMem(&memory, id);
    properties.memoryBytes = int64_t(memory);
  }

  /// Finds a kernel, compares its parameters with the record and allows it
  /// the shared memory and cluster size that it will be launched with.
  Result<cuda::Function> prepare(cuda::ModuleHandle module,
                                 const dgemm::launch::Kernel &kernel) {
    cuda::Function function = nullptr;
    if (cuda::Status s =
            driver.moduleGetFunction(&function, module, kernel.name.c_str())) {
      Error error = driver.error("cuModuleGetFunction", s);
      error.message += ": the code has no kernel '" + kernel.name + "'";
      return error;
    }
    if (Status status = checkParameters(function, kernel); !status)
      return status.error();
    if (cuda::Status s =
            driver.funcSetAttribute(function, cuda::functionMaxDynamicShared,
                                    int(kernel.dynamicSharedMemory))) {
      Error error = driver.error("cuFuncSetAttribute", s);
      error.message += ": kernel '" + kernel.name + "' cannot have " +
                       std::to_string(kernel.dynamicSharedMemory) +
                       " bytes of dynamic shared memory";
      return error;
    }
    if (kernel.cluster[0] * kernel.cluster[1] * kernel.cluster[2] > 8)
      if (cuda::Status s = driver.funcSetAttribute(
              function, cuda::functionNonPortableCluster, 1))
        return driver.error("cuFuncSetAttribute (non-portable cluster)", s);
    return function;
  }

  Status checkParameters(cuda::Function function,
                         const dgemm::launch::Kernel &kernel) const {
    if (!driver.funcGetParamInfo)
      return {};
    size_t offset = 0, size = 0, index = 0;
    for (; index < kernel.args.size(); ++index) {
      const Argument &arg = kernel.args[index];
      size_t expected = arg.kind == Argument::Kind::TensorMap ? 128
                        : arg.kind == Argument::Kind::Value &&
                                arg.type == dgemm::launch::ValueType::I32
                            ? 4
                            : 8;
      if (driver.funcGetParamInfo(function, index, &offset, &size))
        return Error{"kernel '" + kernel.name + "' has " +
                     std::to_string(index) +
                     " parameters in the code; its "
                     "launch record describes " +
                     std::to_string(kernel.args.size())};
      if (size != expected)
        return Error{"kernel '" + kernel.name + "', parameter " +
                     std::to_string(index) + ": " + std::to_string(size) +
                     " bytes in the code, " + std::to_string(expected) +
                     " in its launch record"};
    }
    if (!driver.funcGetParamInfo(function, index, &offset, &size))
      return Error{"kernel '" + kernel.name +
                   "' has more parameters in the "
                   "code than the " +
                   std::to_string(index) + " that its launch record describes"};
    return {};
  }

  cuda::Status encode(cuda::TensorMap &out,
                      const dgemm::launch::TensorMap &map) const {
    return driver.tensorMapEncodeTiled(
        &out, cuda::tensorMapDataType(map.dtype), map.rank,
        reinterpret_cast<void *>(map.address), map.sizes.data(),
        map.strides.data(), map.box.data(), map.elementStrides.data(),
        cuda::tensorMapInterleave(map.interleave),
        cuda::tensorMapSwizzle(map.swizzle),
        cuda::tensorMapL2Promotion(map.l2Promotion),
        map.fill == dgemm::launch::Fill::NaN);
  }

  const cuda::Driver &driver;
  int ordinal;
  cuda::DeviceId id = 0;
  std::shared_ptr<void> context;
  DeviceInfo properties;
};

class GpuBackend : public Backend {
public:
  std::string name() const override { return "gpu"; }

  Result<int> deviceCount() override {
    Result<const cuda::Driver *> driver = cuda::loadDriver();
    if (!driver)
      return driver.error();
    int count = 0;
    if (cuda::Status s = (*driver)->deviceGetCount(&count))
      return (*driver)->error("cuDeviceGetCount", s);
    return count;
  }

  Result<std::shared_ptr<Device>> open(int ordinal) override {
    Result<int> count = deviceCount();
    if (!count)
      return count.error();
    if (ordinal < 0 || ordinal >= *count)
      return Error{"there is no GPU " + std::to_string(ordinal) +
                   "; the driver sees " + std::to_string(*count)};
    return GpuDevice::open(**cuda::loadDriver(), ordinal);
  }
};

} // namespace

std::unique_ptr<Backend> dgemm::runtime::createGpuBackend() {
  return std::make_unique<GpuBackend>();
}
