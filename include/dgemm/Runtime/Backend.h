// What executes a planned launch: the interface behind the C functions. The
// GPU is one backend; the simulator and the reference evaluator are others.
#ifndef DGEMM_RUNTIME_BACKEND_H
#define DGEMM_RUNTIME_BACKEND_H

#include "dgemm/Launch/Plan.h"
#include "dgemm/Runtime/dgemm.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace dgemm::runtime {

using launch::Error;
using launch::Result;
using launch::Status;

struct DeviceInfo {
  std::string name;
  int sms = 132;
  int capabilityMajor = 0, capabilityMinor = 0;
  int driverVersion = 0;
  int clockKHz = 0;
  int l2Bytes = 0;
  int64_t memoryBytes = 0;
};

/// Code that a device has loaded.
class Module {
public:
  virtual ~Module();
};

/// One launch with everything decided.
struct Launch {
  const launch::Record &record;
  const launch::Plan &plan;
  const std::vector<launch::Tensor> &tensors;
  bool pdl = false;
  uint64_t workspace = 0; ///< address; 0 when the plan needs none
  void *stream = nullptr;
};

/// A device of a backend. The defaults work on host memory and execute
/// everything at once, so that an evaluator on the CPU only implements load()
/// and run().
class Device {
public:
  virtual ~Device();

  virtual DeviceInfo info() const = 0;
  /// Whether kernels of this record can run here.
  virtual Status accepts(const launch::Record &record) const;
  virtual Result<std::unique_ptr<Module>>
  load(std::string_view code, const launch::Record &record) = 0;
  virtual Status run(Module &module, const Launch &launch) = 0;

  virtual Result<void *> allocate(size_t bytes);
  virtual Status release(void *data);
  /// Memory that lives between two points of a stream.
  virtual Result<void *> allocateAsync(size_t bytes, void *stream);
  virtual Status releaseAsync(void *data, void *stream);
  virtual Status copy(void *destination, const void *source, size_t bytes,
                      void *stream);
  virtual Status set(void *destination, int value, size_t bytes, void *stream);
  virtual Status setZero(const launch::Region &region, void *stream);
  virtual Status copy(const launch::Region &destination,
                      const launch::Region &source, void *stream);

  virtual Result<void *> createStream();
  virtual Status destroyStream(void *stream);
  virtual Status synchronize(void *stream);
  virtual Result<void *> createEvent();
  virtual Status destroyEvent(void *event);
  virtual Status recordEvent(void *event, void *stream);
  virtual Result<float> elapsed(void *begin, void *end);
};

class Backend {
public:
  virtual ~Backend();
  virtual std::string name() const = 0;
  virtual Result<int> deviceCount() = 0;
  virtual Result<std::shared_ptr<Device>> open(int ordinal) = 0;
};

/// The backend of that name, or an error that lists those there are.
Result<Backend *> findBackend(std::string_view name);

/// The backend that drives NVIDIA GPUs; registered by itself.
std::unique_ptr<Backend> createGpuBackend();
/// The backend that evaluates on the CPU; registered by itself.
std::unique_ptr<Backend> createReferenceBackend();
/// The backend that executes PTX on the CPU; registered by itself.
std::unique_ptr<Backend> createSimulatorBackend();

} // namespace dgemm::runtime

/// Adds a backend for the rest of the process; the runtime owns it from then
/// on. A name that is taken is an error, and then the caller still owns it.
extern "C" DGEMM_API dgemm_status
dgemm_register_backend(dgemm::runtime::Backend *backend);

#endif // DGEMM_RUNTIME_BACKEND_H
