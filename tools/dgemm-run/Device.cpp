// Device memory, comparison, cache flushing and clock stamps.
#include "Device.h"

#include "HelperKernels.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <stdexcept>

using namespace dgemm::run;
namespace cuda = dgemm::runtime::cuda;

namespace {

constexpr size_t dirtyBytes = size_t(1) << 30;
constexpr size_t cleanBytes = size_t(512) << 20;
constexpr size_t maxStamps = 4096;
constexpr size_t maxSms = 256;

} // namespace

void dgemm::run::check(dgemm_status status, const char *what) {
  if (status != DGEMM_OK)
    throw std::runtime_error(std::string(what) + ": " + dgemm_last_error());
}

Device::Device(const std::string &backend, int ordinal) {
  check(dgemm_device_open(backend.c_str(), ordinal, &device), "device");
  properties.struct_size = sizeof properties;
  check(dgemm_device_get_info(device, &properties), "device");
  check(dgemm_stream_create(device, &theStream), "stream");
  if (backend == "gpu") {
    driver = *cuda::loadDriver();
    loadKernels(ordinal);
  }
}

Device::~Device() {
  for (void *data : {counter, flushBuffer, stamps})
    dgemm_free(device, data);
  dgemm_stream_destroy(device, theStream);
  dgemm_device_close(device);
}

void Device::loadKernels(int ordinal) {
  auto ok = [&](const char *what, cuda::Status status) {
    if (status)
      throw std::runtime_error(driver->error(what, status).message);
  };
  cuda::DeviceId id;
  ok("cuDeviceGet", driver->deviceGet(&id, ordinal));
  // The runtime has retained this context; here it stays current.
  ok("cuDevicePrimaryCtxRetain", driver->primaryCtxRetain(&context, id));
  ok("cuCtxPushCurrent", driver->ctxPushCurrent(context));
  ok("cuModuleLoadDataEx",
     driver->moduleLoadDataEx(&module, helperKernels, 0, nullptr, nullptr));
  for (auto [name, function] : {std::pair("dgemm_run_compare", &compareKernel),
                                {"dgemm_run_read", &readKernel},
                                {stampKernelName, &stampKernel},
                                {"dgemm_run_spin", &spinKernel},
                                {emptyKernelName, &emptyKernel}})
    ok("cuModuleGetFunction",
       driver->moduleGetFunction(function, module, name));
  check(dgemm_malloc(device, 8, &counter), "allocation");
}

void Device::launch(cuda::Function function, unsigned blocks, unsigned threads,
                    void **params) {
  cuda::LaunchConfig config = {};
  config.gridX = blocks, config.gridY = config.gridZ = 1;
  config.blockX = threads, config.blockY = config.blockZ = 1;
  config.stream = theStream;
  if (cuda::Status s =
          driver->launchKernelEx(&config, function, params, nullptr))
    throw std::runtime_error(driver->error("cuLaunchKernelEx", s).message);
}

void Device::synchronize() {
  check(dgemm_stream_synchronize(device, theStream), "synchronise");
}

void Device::upload(void *to, const void *from, size_t bytes) {
  check(dgemm_memcpy(device, to, from, bytes, theStream), "copy to the device");
  synchronize();
}

void Device::download(void *to, const void *from, size_t bytes) {
  check(dgemm_memcpy(device, to, from, bytes, theStream),
        "copy from the device");
  synchronize();
}

void Device::fill(void *to, int value, size_t bytes) {
  check(dgemm_memset(device, to, value, bytes, theStream), "fill");
}

void Device::copy(void *to, const void *from, size_t bytes) {
  check(dgemm_memcpy(device, to, from, bytes, theStream), "copy");
}

uint64_t Device::countMismatches(const void *a, const void *b, size_t bytes) {
  uint64_t count = 0, words = bytes / 4;
  if (!isGpu()) {
    auto *x = static_cast<const char *>(a), *y = static_cast<const char *>(b);
    for (uint64_t i = 0; i < words; ++i)
      count += std::memcmp(x + 4 * i, y + 4 * i, 4) != 0;
    return count;
  }
  fill(counter, 0, 8);
  void *params[] = {&a, &b, &words, &counter};
  launch(compareKernel, unsigned(properties.sms) * 4, 512, params);
  download(&count, counter, 8);
  return count;
}

void Device::flush(bool clean) {
  if (!isGpu())
    return;
  if (!flushBuffer)
    check(dgemm_malloc(device, dirtyBytes, &flushBuffer), "flush buffer");
  fill(flushBuffer, 0, dirtyBytes);
  if (!clean)
    return;
  uint64_t chunks = cleanBytes / 16;
  void *params[] = {&flushBuffer, &chunks, &counter};
  launch(readKernel, unsigned(properties.sms) * 4, 512, params);
}

void Device::spin(uint64_t nanoseconds) {
  void *params[] = {&nanoseconds};
  if (isGpu())
    launch(spinKernel, 1, 32, params);
}

void Device::stamp(size_t slot) {
  if (!isGpu())
    return;
  // One slot more takes what is beyond: a profiler needs every stamp kernel.
  constexpr size_t bytes = (maxStamps + 1) * maxSms * sizeof(Stamp);
  slot = std::min(slot, maxStamps);
  if (!stamps) {
    check(dgemm_malloc(device, bytes, &stamps), "clock stamps");
    fill(stamps, 0, bytes);
  }
  void *at = static_cast<Stamp *>(stamps) + slot * maxSms;
  void *params[] = {&at};
  // Blocks this large spread over all SMs.
  launch(stampKernel, unsigned(properties.sms), 1024, params);
}

double Device::clockBetween(size_t first, size_t second) {
  if (!stamps || first >= maxStamps || second >= maxStamps)
    return 0;
  std::vector<Stamp> a(maxSms), b(maxSms);
  for (auto [slot, out] : {std::pair(first, &a), {second, &b}})
    download(out->data(), static_cast<Stamp *>(stamps) + slot * maxSms,
             maxSms * sizeof(Stamp));
  std::vector<double> mhz;
  for (size_t i = 0; i < maxSms; ++i)
    if (a[i].nanoseconds && b[i].nanoseconds > a[i].nanoseconds)
      mhz.push_back(double(b[i].cycles - a[i].cycles) * 1000.0 /
                    double(b[i].nanoseconds - a[i].nanoseconds));
  if (mhz.empty())
    return 0;
  std::nth_element(mhz.begin(), mhz.begin() + mhz.size() / 2, mhz.end());
  return mhz[mhz.size() / 2];
}

void Device::launchEmpty() {
  if (isGpu())
    launch(emptyKernel, 1, 32, nullptr);
}

LaunchGraph::LaunchGraph(Device &device, std::function<void()> enqueue)
    : device(device), enqueue(std::move(enqueue)) {
  if (!device.isGpu())
    return;
  const cuda::Driver &driver = *device.driver;
  ok("cuStreamBeginCapture",
     driver.streamBeginCapture(device.stream(), cuda::captureModeThreadLocal));
  std::exception_ptr failure;
  try {
    this->enqueue();
  } catch (...) {
    failure = std::current_exception();
  }
  // The stream must leave its capture whatever happened.
  cuda::Status ended = driver.streamEndCapture(device.stream(), &graph);
  if (failure) {
    if (!ended && graph)
      driver.graphDestroy(graph);
    std::rethrow_exception(failure);
  }
  ok("cuStreamEndCapture", ended);
  cuda::Status made = driver.graphInstantiate(&executable, graph, 0);
  if (made)
    driver.graphDestroy(graph);
  ok("cuGraphInstantiateWithFlags", made);
}

LaunchGraph::~LaunchGraph() {
  if (executable)
    device.driver->graphExecDestroy(executable);
  if (graph)
    device.driver->graphDestroy(graph);
}

void LaunchGraph::ok(const char *what, cuda::Status status) const {
  if (status)
    throw std::runtime_error(device.driver->error(what, status).message);
}

void LaunchGraph::launch() {
  if (executable)
    ok("cuGraphLaunch",
       device.driver->graphLaunch(executable, device.stream()));
  else
    enqueue();
}

Buffer::Buffer(Device &device, size_t bytes, uint8_t guard, size_t tail)
    : device(device), bytes(bytes), tail((tail + 1023) / 1024 * 1024),
      guard(guard) {
  check(dgemm_malloc(device.handle(), total(), &base), "allocation");
  device.fill(base, guard, total());
}

Buffer::~Buffer() { dgemm_free(device.handle(), base); }

std::string Buffer::checkGuards() const {
  auto *start = static_cast<const uint8_t *>(base);
  size_t begins[] = {0, head + bytes}, ends[] = {head, total()};
  for (int zone = 0; zone < 2; ++zone) {
    std::vector<uint8_t> bytesThere(ends[zone] - begins[zone]);
    device.download(bytesThere.data(), start + begins[zone], bytesThere.size());
    for (size_t i = 0; i < bytesThere.size(); ++i)
      if (bytesThere[i] != guard)
        return "byte " +
               std::to_string(int64_t(begins[zone] + i) - int64_t(head)) +
               " of a buffer of " + std::to_string(bytes) +
               " bytes was written";
  }
  return "";
}
