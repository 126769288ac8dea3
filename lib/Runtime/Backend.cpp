// The backends there are, and a device's defaults on host memory.
#include "dgemm/Runtime/Backend.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

using namespace dgemm::runtime;
using dgemm::launch::Region;
using Clock = std::chrono::steady_clock;

namespace {

struct Registry {
  std::mutex mutex;
  std::vector<std::unique_ptr<Backend>> backends;
  Registry() {
    backends.push_back(createGpuBackend());
    backends.push_back(createReferenceBackend());
    backends.push_back(createSimulatorBackend());
  }
};

Registry &registry() {
  // Never destroyed: a program may launch from its own static destructors.
  static Registry *instance = new Registry;
  return *instance;
}

} // namespace

namespace dgemm::runtime {

/// Takes the backend over unless its name is taken.
bool addBackend(Backend *backend) {
  Registry &r = registry();
  std::lock_guard<std::mutex> lock(r.mutex);
  for (const auto &known : r.backends)
    if (known->name() == backend->name())
      return false;
  r.backends.emplace_back(backend);
  return true;
}

} // namespace dgemm::runtime

Result<Backend *> dgemm::runtime::findBackend(std::string_view name) {
  Registry &r = registry();
  std::lock_guard<std::mutex> lock(r.mutex);
  std::string known;
  for (const auto &backend : r.backends) {
    if (backend->name() == name)
      return backend.get();
    known += (known.empty() ? "" : ", ") + backend->name();
  }
  return Error{"there is no backend '" + std::string(name) +
               "' (registered: " + known + ")"};
}

Module::~Module() = default;
Device::~Device() = default;
Backend::~Backend() = default;

Status Device::accepts(const launch::Record &) const { return {}; }

Result<void *> Device::allocate(size_t bytes) {
  // cudaMalloc's alignment, so that a kernel sees the same addresses' form.
  void *data = std::aligned_alloc(256, (bytes + 255) / 256 * 256 + 256);
  if (!data)
    return Error{"out of memory allocating " + std::to_string(bytes) +
                 " bytes"};
  return data;
}

Status Device::release(void *data) {
  std::free(data);
  return {};
}

Result<void *> Device::allocateAsync(size_t bytes, void *) {
  return allocate(bytes);
}
Status Device::releaseAsync(void *data, void *) { return release(data); }

Status Device::copy(void *destination, const void *source, size_t bytes,
                    void *) {
  std::memmove(destination, source, bytes);
  return {};
}

Status Device::set(void *destination, int value, size_t bytes, void *) {
  std::memset(destination, value, bytes);
  return {};
}

Status Device::setZero(const Region &region, void *) {
  for (uint64_t row = 0; row < region.rows; ++row)
    std::memset(
        reinterpret_cast<void *>(region.address + row * region.pitchBytes), 0,
        region.rowBytes);
  return {};
}

Status Device::copy(const Region &destination, const Region &source, void *) {
  for (uint64_t row = 0; row < destination.rows; ++row)
    std::memmove(reinterpret_cast<void *>(destination.address +
                                          row * destination.pitchBytes),
                 reinterpret_cast<const void *>(source.address +
                                                row * source.pitchBytes),
                 destination.rowBytes);
  return {};
}

Result<void *> Device::createStream() { return nullptr; }
Status Device::destroyStream(void *) { return {}; }
Status Device::synchronize(void *) { return {}; }

Result<void *> Device::createEvent() {
  return static_cast<void *>(new Clock::time_point(Clock::now()));
}
Status Device::destroyEvent(void *event) {
  delete static_cast<Clock::time_point *>(event);
  return {};
}
Status Device::recordEvent(void *event, void *) {
  *static_cast<Clock::time_point *>(event) = Clock::now();
  return {};
}
Result<float> Device::elapsed(void *begin, void *end) {
  auto time = *static_cast<Clock::time_point *>(end) -
              *static_cast<Clock::time_point *>(begin);
  return std::chrono::duration<float, std::milli>(time).count();
}
