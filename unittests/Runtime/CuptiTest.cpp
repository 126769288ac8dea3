// Our declarations of CUPTI against the toolkit's header, where there is one.
#if __has_include(<cupti.h>)
#include <cupti.h>

#include "../../tools/dgemm-run/Cupti.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <type_traits>

namespace {

namespace ours = dgemm::run::cupti;
#if CUPTI_API_VERSION >= 130000
using Theirs = CUpti_ActivityKernel10;
#else
using Theirs = CUpti_ActivityKernel9;
#endif

static_assert(offsetof(ours::KernelActivity, kind) == offsetof(Theirs, kind));
static_assert(offsetof(ours::KernelActivity, start) == offsetof(Theirs, start));
static_assert(offsetof(ours::KernelActivity, end) == offsetof(Theirs, end));
static_assert(offsetof(ours::KernelActivity, name) == offsetof(Theirs, name));
static_assert(sizeof(ours::KernelActivity::kind) == sizeof(Theirs::kind));
static_assert(std::is_same_v<decltype(Theirs::start), uint64_t>);
static_assert(std::is_same_v<decltype(Theirs::end), uint64_t>);
static_assert(std::is_same_v<decltype(Theirs::name), const char *>);
static_assert(sizeof(ours::KernelActivity) <= sizeof(Theirs));
static_assert(ours::recordAlignment == ACTIVITY_RECORD_ALIGNMENT);
static_assert(sizeof(CUptiResult) == sizeof(ours::Result));

// The header's functions take our arguments, enumerations being numbers.
static_assert(
    std::is_same_v<CUpti_BuffersCallbackRequestFunc, ours::RequestBuffer>);
static_assert(std::is_invocable_v<CUpti_BuffersCallbackCompleteFunc, CUcontext,
                                  uint32_t, uint8_t *, size_t, size_t>);

TEST(Cupti, NumbersAreTheHeaders) {
  EXPECT_EQ(ours::errorMaxLimitReached, CUPTI_ERROR_MAX_LIMIT_REACHED);
  EXPECT_EQ(ours::activityConcurrentKernel,
            CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
  EXPECT_EQ(int(ours::flushForced), CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
}

} // namespace
#endif
