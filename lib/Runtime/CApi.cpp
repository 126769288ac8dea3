// The C functions: handles, error texts, and the path of one launch.
#include "dgemm/Runtime/Backend.h"

#include <cstring>
#include <new>

using namespace dgemm::runtime;
using dgemm::launch::EmptyAction;
using dgemm::launch::Plan;
using dgemm::launch::Record;
using dgemm::launch::Tensor;

struct dgemm_device {
  std::shared_ptr<Device> device;
  std::string backend;
};

struct dgemm_kernel {
  std::shared_ptr<Device> device;
  DeviceInfo info;
  Record record;
  std::string json;
  std::unique_ptr<Module> module;
};

namespace dgemm::runtime {
bool addBackend(Backend *backend);
}

namespace {

thread_local std::string lastError;

dgemm_status ok() {
  lastError.clear();
  return DGEMM_OK;
}

dgemm_status fail(dgemm_status status, const std::string &text) {
  lastError = text;
  return status;
}

dgemm_status finish(const Status &status) {
  return status ? ok() : fail(DGEMM_ERROR_BACKEND, status.message());
}

template <typename T> dgemm_status finish(const Result<T> &result, T *value) {
  if (!result)
    return fail(DGEMM_ERROR_BACKEND, result.message());
  *value = *result;
  return ok();
}

dgemm_status null(const char *what) {
  return fail(DGEMM_ERROR_ARGUMENT, std::string(what) + " must not be NULL");
}

/// Runs a function body; what the standard library throws becomes a status.
template <typename F> dgemm_status guarded(F body) {
  try {
    return body();
  } catch (const std::bad_alloc &) {
    return fail(DGEMM_ERROR_BACKEND, "out of host memory");
  } catch (const std::exception &e) {
    return fail(DGEMM_ERROR_BACKEND,
                std::string("internal error: ") + e.what());
  }
}

dgemm_status readTensors(const dgemm_tensor *tensors, size_t count,
                         std::vector<Tensor> &out) {
  if (!tensors && count)
    return null("tensors");
  out.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const dgemm_tensor &t = tensors[i];
    std::string what = "tensor " + std::to_string(i);
    if (t.dtype < DGEMM_E4M3 || t.dtype > DGEMM_U8)
      return fail(DGEMM_ERROR_ARGUMENT,
                  what + " has dtype " + std::to_string(t.dtype) +
                      "; it must be a dgemm_dtype, in 0..6");
    if (t.rank < 0 || t.rank > 5)
      return fail(DGEMM_ERROR_ARGUMENT, what + " has rank " +
                                            std::to_string(t.rank) +
                                            "; it must be in 0..5");
    if (t.rank && (!t.shape || !t.strides))
      return fail(DGEMM_ERROR_ARGUMENT,
                  what + " has a null shape or null strides");
    out[i].address = reinterpret_cast<uint64_t>(t.data);
    out[i].dtype = dgemm::launch::DType(t.dtype);
    out[i].shape.assign(t.shape, t.shape + t.rank);
    out[i].strides.assign(t.strides, t.strides + t.rank);
  }
  return DGEMM_OK;
}

dgemm_status readOptions(const dgemm_kernel &kernel,
                         const dgemm_launch_options *given,
                         dgemm_launch_options &options) {
  options = {};
  if (given) {
    if (given->struct_size != sizeof options)
      return fail(DGEMM_ERROR_ARGUMENT, "options.struct_size is " +
                                            std::to_string(given->struct_size) +
                                            "; this library knows " +
                                            std::to_string(sizeof options));
    options = *given;
  }
  int sms = kernel.info.sms;
  if (options.num_sms < 0 || options.num_sms > sms)
    return fail(DGEMM_ERROR_ARGUMENT,
                "options.num_sms is " + std::to_string(options.num_sms) +
                    "; it must be in 0.." + std::to_string(sms) +
                    ", the SMs of " + kernel.info.name);
  if (options.num_sms == 0)
    options.num_sms = sms;
  if (options.pdl < DGEMM_PDL_RECORD || options.pdl > DGEMM_PDL_ON)
    return fail(DGEMM_ERROR_ARGUMENT, "options.pdl is " +
                                          std::to_string(options.pdl) +
                                          "; it must be a dgemm_pdl, in 0..2");
  return DGEMM_OK;
}

dgemm_status makePlan(const dgemm_kernel &kernel, const dgemm_tensor *tensors,
                      size_t count, const dgemm_launch_options *given,
                      std::vector<Tensor> &list, dgemm_launch_options &options,
                      Plan &plan) {
  if (dgemm_status status = readOptions(kernel, given, options))
    return status;
  if (dgemm_status status = readTensors(tensors, count, list))
    return status;
  Result<Plan> result =
      dgemm::launch::plan(kernel.record, list, options.num_sms);
  if (!result)
    return fail(DGEMM_ERROR_CALL, result.message());
  plan = std::move(*result);
  return DGEMM_OK;
}

dgemm_status runEmpty(Device &device, const Plan &plan, void *stream) {
  switch (*plan.empty) {
  case EmptyAction::Nothing:
    return ok();
  case EmptyAction::Zero:
    return finish(device.setZero(plan.destination, stream));
  case EmptyAction::CopyC:
    // C may be D: then the result is already there.
    if (plan.source.address == plan.destination.address &&
        plan.source.pitchBytes == plan.destination.pitchBytes)
      return ok();
    return finish(device.copy(plan.destination, plan.source, stream));
  }
  return ok();
}

/// Launches with a workspace that lives exactly as long as the kernel.
dgemm_status runKernel(dgemm_kernel &kernel, Launch launch,
                       const dgemm_launch_options &options) {
  Device &device = *kernel.device;
  const Plan &plan = launch.plan;
  void *own = nullptr;
  if (plan.workspaceBytes) {
    void *workspace = options.workspace;
    if (workspace && options.workspace_bytes < plan.workspaceBytes)
      return fail(
          DGEMM_ERROR_CALL,
          "the workspace has " + std::to_string(options.workspace_bytes) +
              " bytes; this call needs " + std::to_string(plan.workspaceBytes));
    if (!workspace) {
      Result<void *> memory =
          device.allocateAsync(plan.workspaceBytes, launch.stream);
      if (!memory)
        return fail(DGEMM_ERROR_BACKEND, memory.message());
      workspace = own = *memory;
    }
    launch.workspace = reinterpret_cast<uint64_t>(workspace);
    if (plan.workspaceZeroed)
      if (Status status =
              device.set(workspace, 0, plan.workspaceBytes, launch.stream);
          !status) {
        if (own)
          (void)bool(device.releaseAsync(own, launch.stream));
        return finish(status);
      }
  }
  Status status = device.run(*kernel.module, launch);
  if (own) {
    Status released = device.releaseAsync(own, launch.stream);
    if (status && !released)
      status = released;
  }
  return finish(status);
}

void copyText(char *out, size_t size, const std::string &text) {
  std::strncpy(out, text.c_str(), size - 1);
  out[size - 1] = 0;
}

} // namespace

extern "C" {

uint32_t dgemm_abi_version(void) { return DGEMM_ABI_VERSION; }
const char *dgemm_last_error(void) { return lastError.c_str(); }

dgemm_status dgemm_register_backend(Backend *backend) {
  if (!backend)
    return null("backend");
  return guarded([&] {
    if (!addBackend(backend))
      return fail(DGEMM_ERROR_ARGUMENT,
                  "there is a backend '" + backend->name() + "' already");
    return ok();
  });
}

dgemm_status dgemm_device_count(const char *backend, int *count) {
  if (!backend || !count)
    return null(backend ? "count" : "backend");
  return guarded([&] {
    Result<Backend *> found = findBackend(backend);
    if (!found)
      return fail(DGEMM_ERROR_DEVICE, found.message());
    Result<int> result = (*found)->deviceCount();
    if (!result)
      return fail(DGEMM_ERROR_DEVICE, result.message());
    *count = *result;
    return ok();
  });
}

dgemm_status dgemm_device_open(const char *backend, int ordinal,
                               dgemm_device **device) {
  if (!backend || !device)
    return null(backend ? "device" : "backend");
  return guarded([&] {
    Result<Backend *> found = findBackend(backend);
    if (!found)
      return fail(DGEMM_ERROR_DEVICE, found.message());
    Result<std::shared_ptr<Device>> opened = (*found)->open(ordinal);
    if (!opened)
      return fail(DGEMM_ERROR_DEVICE, opened.message());
    *device = new dgemm_device{*opened, backend};
    return ok();
  });
}

void dgemm_device_close(dgemm_device *device) { delete device; }

dgemm_status dgemm_device_get_info(dgemm_device *device,
                                   dgemm_device_info *info) {
  if (!device || !info)
    return null(device ? "info" : "device");
  if (info->struct_size != sizeof *info)
    return fail(DGEMM_ERROR_ARGUMENT,
                "info.struct_size is " + std::to_string(info->struct_size) +
                    "; this library knows " + std::to_string(sizeof *info));
  return guarded([&] {
    DeviceInfo from = device->device->info();
    copyText(info->name, sizeof info->name, from.name);
    copyText(info->backend, sizeof info->backend, device->backend);
    info->sms = from.sms;
    info->capability_major = from.capabilityMajor;
    info->capability_minor = from.capabilityMinor;
    info->driver_version = from.driverVersion;
    info->clock_khz = from.clockKHz;
    info->l2_bytes = from.l2Bytes;
    info->memory_bytes = from.memoryBytes;
    return ok();
  });
}

dgemm_status dgemm_kernel_load(dgemm_device *device, const void *code,
                               size_t code_size, const char *record,
                               size_t record_size, dgemm_kernel **kernel) {
  if (!device || !code || !record || !kernel)
    return null(!device   ? "device"
                : !code   ? "code"
                : !record ? "record"
                          : "kernel");
  return guarded([&] {
    Result<Record> parsed = Record::parse({record, record_size});
    if (!parsed)
      return fail(DGEMM_ERROR_RECORD, parsed.message());
    if (Status status = device->device->accepts(*parsed); !status)
      return fail(DGEMM_ERROR_DEVICE, status.message());
    Result<std::unique_ptr<Module>> module = device->device->load(
        {static_cast<const char *>(code), code_size}, *parsed);
    if (!module)
      return fail(DGEMM_ERROR_CODE, module.message());
    *kernel = new dgemm_kernel{
        device->device, device->device->info(), std::move(*parsed),
        std::string(record, record_size), std::move(*module)};
    return ok();
  });
}

void dgemm_kernel_destroy(dgemm_kernel *kernel) { delete kernel; }

const char *dgemm_kernel_record(const dgemm_kernel *kernel) {
  return kernel ? kernel->json.c_str() : "";
}

dgemm_status dgemm_kernel_launch(dgemm_kernel *kernel,
                                 const dgemm_tensor *tensors,
                                 size_t tensor_count, void *stream,
                                 const dgemm_launch_options *given) {
  if (!kernel)
    return null("kernel");
  return guarded([&] {
    std::vector<Tensor> list;
    dgemm_launch_options options;
    Plan plan;
    if (dgemm_status status = makePlan(*kernel, tensors, tensor_count, given,
                                       list, options, plan))
      return status;
    if (plan.empty)
      return runEmpty(*kernel->device, plan, stream);
    if (options.pdl == DGEMM_PDL_ON && !plan.pdl)
      return fail(DGEMM_ERROR_CALL,
                  "options.pdl asks for a programmatic dependent launch, but "
                  "kernel " +
                      kernel->record.kernels[plan.kernel].name +
                      " does not wait for the kernel ahead of it");
    bool pdl = plan.pdl && options.pdl != DGEMM_PDL_OFF;
    return runKernel(*kernel, {kernel->record, plan, list, pdl, 0, stream},
                     options);
  });
}

dgemm_status dgemm_kernel_workspace(dgemm_kernel *kernel,
                                    const dgemm_tensor *tensors,
                                    size_t tensor_count,
                                    const dgemm_launch_options *given,
                                    size_t *bytes) {
  if (!kernel || !bytes)
    return null(kernel ? "bytes" : "kernel");
  return guarded([&] {
    std::vector<Tensor> list;
    dgemm_launch_options options;
    Plan plan;
    if (dgemm_status status = makePlan(*kernel, tensors, tensor_count, given,
                                       list, options, plan))
      return status;
    *bytes = plan.workspaceBytes;
    return ok();
  });
}

dgemm_status dgemm_malloc(dgemm_device *device, size_t bytes, void **data) {
  if (!device || !data)
    return null(device ? "data" : "device");
  return guarded([&] { return finish(device->device->allocate(bytes), data); });
}

dgemm_status dgemm_free(dgemm_device *device, void *data) {
  if (!device)
    return null("device");
  if (!data)
    return ok();
  return guarded([&] { return finish(device->device->release(data)); });
}

dgemm_status dgemm_memcpy(dgemm_device *device, void *destination,
                          const void *source, size_t bytes, void *stream) {
  if (!device)
    return null("device");
  if (bytes == 0)
    return ok();
  if (!destination || !source)
    return null(destination ? "source" : "destination");
  return guarded([&] {
    return finish(device->device->copy(destination, source, bytes, stream));
  });
}

dgemm_status dgemm_memset(dgemm_device *device, void *destination, int value,
                          size_t bytes, void *stream) {
  if (!device)
    return null("device");
  if (bytes == 0)
    return ok();
  if (!destination)
    return null("destination");
  return guarded([&] {
    return finish(device->device->set(destination, value, bytes, stream));
  });
}

dgemm_status dgemm_stream_create(dgemm_device *device, void **stream) {
  if (!device || !stream)
    return null(device ? "stream" : "device");
  return guarded(
      [&] { return finish(device->device->createStream(), stream); });
}

dgemm_status dgemm_stream_destroy(dgemm_device *device, void *stream) {
  if (!device)
    return null("device");
  return guarded([&] { return finish(device->device->destroyStream(stream)); });
}

dgemm_status dgemm_stream_synchronize(dgemm_device *device, void *stream) {
  if (!device)
    return null("device");
  return guarded([&] { return finish(device->device->synchronize(stream)); });
}

dgemm_status dgemm_event_create(dgemm_device *device, void **event) {
  if (!device || !event)
    return null(device ? "event" : "device");
  return guarded([&] { return finish(device->device->createEvent(), event); });
}

dgemm_status dgemm_event_destroy(dgemm_device *device, void *event) {
  if (!device || !event)
    return null(device ? "event" : "device");
  return guarded([&] { return finish(device->device->destroyEvent(event)); });
}

dgemm_status dgemm_event_record(dgemm_device *device, void *event,
                                void *stream) {
  if (!device || !event)
    return null(device ? "event" : "device");
  return guarded(
      [&] { return finish(device->device->recordEvent(event, stream)); });
}

dgemm_status dgemm_event_elapsed(dgemm_device *device, void *begin, void *end,
                                 float *milliseconds) {
  if (!device || !begin || !end || !milliseconds)
    return null(!device  ? "device"
                : !begin ? "begin"
                : !end   ? "end"
                         : "milliseconds");
  return guarded([&] {
    return finish(device->device->elapsed(begin, end), milliseconds);
  });
}

} // extern "C"
