// Loads the CUDA driver at run time.
#include "dgemm/Runtime/CudaDriver.h"

#include <cstdlib>
#include <dlfcn.h>
#include <string>

using namespace dgemm::runtime::cuda;
using dgemm::launch::DType;
using dgemm::launch::Error;
using dgemm::launch::Result;

int dgemm::runtime::cuda::tensorMapDataType(DType dtype) {
  switch (dtype) {
  case DType::E4M3:
  case DType::E5M2:
  case DType::U8:
    return 0; // UINT8
  case DType::I32:
    return 3; // INT32
  case DType::F16:
    return 6; // FLOAT16
  case DType::F32:
    return 7; // FLOAT32
  case DType::BF16:
    return 9; // BFLOAT16
  }
  return 0;
}

int dgemm::runtime::cuda::tensorMapSwizzle(unsigned bytes) {
  return bytes == 128 ? 3 : bytes == 64 ? 2 : bytes == 32 ? 1 : 0;
}
int dgemm::runtime::cuda::tensorMapInterleave(unsigned bytes) {
  return bytes == 32 ? 2 : bytes == 16 ? 1 : 0;
}
int dgemm::runtime::cuda::tensorMapL2Promotion(unsigned bytes) {
  return bytes == 256 ? 3 : bytes == 128 ? 2 : bytes == 64 ? 1 : 0;
}

Error Driver::error(const char *what, Status status) const {
  const char *name = nullptr, *text = nullptr;
  std::string message = std::string(what) + ": ";
  if (getErrorName(status, &name) == 0 && name)
    message += name;
  else
    message += "CUDA error " + std::to_string(status);
  if (getErrorString(status, &text) == 0 && text)
    message += std::string(" (") + text + ")";
  return Error{message};
}

namespace {

Result<const Driver *> load() {
  const char *file = std::getenv("DGEMM_CUDA_DRIVER");
  if (!file || !*file)
    file = "libcuda.so.1";
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return Error{std::string("the CUDA driver cannot be loaded: ") + dlerror()};
  static Driver driver;
  const char *missing = nullptr;
#define DGEMM_CUDA_LOAD(member, symbol, parameters)                            \
  driver.member =                                                              \
      reinterpret_cast<Status(*) parameters>(dlsym(library, #symbol));         \
  if (!driver.member && !missing)                                              \
    missing = #symbol;
  DGEMM_CUDA_FUNCTIONS(DGEMM_CUDA_LOAD)
#undef DGEMM_CUDA_LOAD
  if (missing)
    return Error{std::string("the CUDA driver ") + file + " has no " + missing +
                 "; CUDA 12.0 or later is needed"};
  driver.funcGetParamInfo =
      reinterpret_cast<Status (*)(Function, size_t, size_t *, size_t *)>(
          dlsym(library, "cuFuncGetParamInfo"));
  if (Status status = driver.init(0))
    return driver.error("cuInit", status);
  return &driver;
}

} // namespace

Result<const Driver *> dgemm::runtime::cuda::loadDriver() {
  static const Result<const Driver *> result = load();
  return result;
}
