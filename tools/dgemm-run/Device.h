// The device that cases run on: the C interface with exceptions and RAII, and
// the small kernels that the tool itself needs.
#ifndef DGEMM_TOOLS_RUN_DEVICE_H
#define DGEMM_TOOLS_RUN_DEVICE_H

#include "dgemm/Runtime/CudaDriver.h"
#include "dgemm/Runtime/dgemm.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dgemm::run {

/// Throws std::runtime_error with the runtime's text unless it is DGEMM_OK.
void check(dgemm_status status, const char *what);

/// Clock stamps of one SM: cycles and nanoseconds.
struct Stamp {
  uint64_t cycles, nanoseconds;
};

class Device {
public:
  Device(const std::string &backend, int ordinal);
  ~Device();
  Device(const Device &) = delete;

  dgemm_device *handle() const { return device; }
  const dgemm_device_info &info() const { return properties; }
  void *stream() const { return theStream; }
  /// Whether the tool's own kernels run here; else the host does their work.
  bool isGpu() const { return driver; }

  void synchronize();
  void upload(void *to, const void *from, size_t bytes);
  void download(void *to, const void *from, size_t bytes);
  void fill(void *to, int value, size_t bytes);
  void copy(void *to, const void *from, size_t bytes);

  /// How many 32-bit words of two buffers differ.
  uint64_t countMismatches(const void *a, const void *b, size_t bytes);

  /// Leaves nothing of earlier data in L2: writes 1 GB (which stays behind as
  /// dirty lines), and for a clean cache then reads 512 MB.
  void flush(bool clean);
  /// Keeps the stream busy, so that the host can enqueue ahead of it.
  void spin(uint64_t nanoseconds);
  /// Writes a Stamp per SM; `slot` counts from 0, and beyond a few thousand
  /// nothing is kept.
  void stamp(size_t slot);
  /// Mean clock between two stamps in MHz, the median over SMs.
  double clockBetween(size_t first, size_t second);
  /// An empty kernel, to know what events around a launch measure by
  /// themselves.
  void launchEmpty();

private:
  friend class LaunchGraph;
  void loadKernels(int ordinal);
  void launch(runtime::cuda::Function function, unsigned blocks,
              unsigned threads, void **params);

  dgemm_device *device = nullptr;
  dgemm_device_info properties = {};
  void *theStream = nullptr;
  const runtime::cuda::Driver *driver = nullptr;
  runtime::cuda::Context context = nullptr;
  runtime::cuda::ModuleHandle module = nullptr;
  runtime::cuda::Function compareKernel = nullptr, readKernel = nullptr,
                          stampKernel = nullptr, spinKernel = nullptr,
                          emptyKernel = nullptr;
  void *counter = nullptr, *flushBuffer = nullptr, *stamps = nullptr;
};

/// What a function enqueues on the device's stream, recorded once and launched
/// as one graph. Without a GPU it calls the function each time.
class LaunchGraph {
public:
  LaunchGraph(Device &device, std::function<void()> enqueue);
  ~LaunchGraph();
  LaunchGraph(const LaunchGraph &) = delete;
  void launch();

private:
  void ok(const char *what, runtime::cuda::Status status) const;

  Device &device;
  std::function<void()> enqueue;
  runtime::cuda::Graph graph = nullptr;
  runtime::cuda::GraphExec executable = nullptr;
};

/// Device memory with a zone on both sides that must stay as it was.
class Buffer {
public:
  Buffer(Device &device, size_t bytes, uint8_t guard, size_t tail);
  ~Buffer();
  Buffer(const Buffer &) = delete;

  void *data() const { return static_cast<uint8_t *>(base) + head; }
  size_t size() const { return bytes; }
  /// The whole allocation, guards included.
  void *begin() const { return base; }
  size_t total() const { return head + padded() + tail; }
  /// An empty string, or which guard byte has changed.
  std::string checkGuards() const;

private:
  size_t padded() const { return (bytes + 1023) / 1024 * 1024; }

  Device &device;
  size_t bytes, tail;
  static constexpr size_t head = 64 * 1024;
  uint8_t guard;
  void *base = nullptr;
};

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_DEVICE_H
