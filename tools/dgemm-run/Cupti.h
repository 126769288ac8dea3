// The part of CUPTI's activity interface that kernel times need, declared here
// so that neither building nor linking needs the toolkit. A unit test compares
// it with cupti.h where there is one.
#ifndef DGEMM_TOOLS_RUN_CUPTI_H
#define DGEMM_TOOLS_RUN_CUPTI_H

#include <cstddef>
#include <cstdint>

namespace dgemm::run::cupti {

using Result = int; ///< 0 is success
constexpr Result errorMaxLimitReached = 12;
constexpr int activityConcurrentKernel = 10;
constexpr uint32_t flushForced = 1;

/// The beginning of an activity record of a kernel: CUpti_ActivityKernel10 of
/// cupti_activity.h, CUDA 13.0 (CUPTI_API_VERSION 130001). Records of kernels
/// grow at their end, so that later versions begin alike.
struct KernelActivity {
  uint32_t kind;
  uint8_t unused0[12];
  uint64_t start, end; ///< nanoseconds
  uint8_t unused1[72];
  const char *name; ///< mangled
};
/// All records are packed to this.
constexpr size_t recordAlignment = 8;

using RequestBuffer = void (*)(uint8_t **buffer, size_t *size, size_t *records);
using CompleteBuffer = void (*)(void *context, uint32_t stream, uint8_t *buffer,
                                size_t size, size_t validSize);

/// The functions, by the names that the library exports.
struct Library {
#define DGEMM_CUPTI_FUNCTIONS(X)                                               \
  X(getVersion, cuptiGetVersion, (uint32_t *))                                 \
  X(getResultString, cuptiGetResultString, (Result, const char **))            \
  X(registerCallbacks, cuptiActivityRegisterCallbacks,                         \
    (RequestBuffer, CompleteBuffer))                                           \
  X(enable, cuptiActivityEnable, (int))                                        \
  X(disable, cuptiActivityDisable, (int))                                      \
  X(flushAll, cuptiActivityFlushAll, (uint32_t))                               \
  X(getNextRecord, cuptiActivityGetNextRecord,                                 \
    (uint8_t *, size_t, KernelActivity **))                                    \
  X(getNumDroppedRecords, cuptiActivityGetNumDroppedRecords,                   \
    (void *, uint32_t, size_t *))
#define DGEMM_CUPTI_MEMBER(member, symbol, parameters)                         \
  Result(*member) parameters;
  DGEMM_CUPTI_FUNCTIONS(DGEMM_CUPTI_MEMBER)
#undef DGEMM_CUPTI_MEMBER
};

} // namespace dgemm::run::cupti

#endif // DGEMM_TOOLS_RUN_CUPTI_H
