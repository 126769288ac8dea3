// A stand-in for libcupti.so: it delivers a record for every launch that the
// stand-in driver has seen while recording was enabled, the last one first.
#include "FakeCuda.h"

#include "../../tools/dgemm-run/Cupti.h"

#include <cstring>

using namespace dgemm::run::cupti;

namespace {

RequestBuffer request = nullptr;
CompleteBuffer complete = nullptr;
bool enabled = false;
size_t begin = 0;

int result(const char *function) {
  auto found = fakeCuda().failures.find(function);
  return found == fakeCuda().failures.end() ? 0 : found->second;
}

/// Hands over one buffer with the launches [from, to), the last one first, and
/// a record of another kind before them.
void deliver(size_t from, size_t to) {
  uint8_t *buffer = nullptr;
  size_t size = 0, records = 0;
  request(&buffer, &size, &records);
  size_t used = 0;
  auto put = [&](const KernelActivity &record) {
    std::memcpy(buffer + used, &record, sizeof record);
    used += sizeof record;
  };
  put({1, {}, 1, 2, {}, "a copy"});
  for (size_t i = to; i > from; --i) {
    const FakeLaunch &launch = fakeCuda().launches[i - 1];
    put({activityConcurrentKernel,
         {},
         launch.start,
         launch.end,
         {},
         launch.name.c_str()});
  }
  complete(nullptr, 0, buffer, size, used);
}

} // namespace

#define FAKE extern "C" __attribute__((visibility("default"))) int

FAKE cuptiGetVersion(uint32_t *version) { return *version = 130001, 0; }
FAKE cuptiGetResultString(int, const char **text) {
  return *text = "CUPTI_ERROR_FAKE", 0;
}
FAKE cuptiActivityRegisterCallbacks(RequestBuffer r, CompleteBuffer c) {
  request = r, complete = c;
  return result("cuptiActivityRegisterCallbacks");
}
FAKE cuptiActivityEnable(int kind) {
  if (int status = result("cuptiActivityEnable"))
    return status;
  enabled = kind == activityConcurrentKernel;
  begin = fakeCuda().launches.size();
  return 0;
}
FAKE cuptiActivityDisable(int) {
  enabled = false;
  return result("cuptiActivityDisable");
}
FAKE cuptiActivityFlushAll(uint32_t) {
  // In two buffers of which the later one comes first.
  size_t end = fakeCuda().launches.size(), middle = (begin + end) / 2;
  if (enabled)
    deliver(middle, end), deliver(begin, middle);
  begin = end;
  return result("cuptiActivityFlushAll");
}
FAKE cuptiActivityGetNextRecord(uint8_t *buffer, size_t size,
                                KernelActivity **record) {
  if (int status = result("cuptiActivityGetNextRecord"))
    return status;
  uint8_t *next = *record ? reinterpret_cast<uint8_t *>(*record + 1) : buffer;
  if (next + sizeof(KernelActivity) > buffer + size)
    return errorMaxLimitReached;
  return *record = reinterpret_cast<KernelActivity *>(next), 0;
}
FAKE cuptiActivityGetNumDroppedRecords(void *, uint32_t, size_t *dropped) {
  return *dropped = fakeCuda().droppedRecords, 0;
}
