// The C interface: a launch as the driver sees it (a stand-in driver writes it
// down), and a status and a text for everything that can go wrong.
#include "dgemm/Runtime/Backend.h"

#include "../Launch/ExampleRecord.h"
#include "FakeCuda.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <thread>

using namespace dgemm::runtime;

namespace {

class RuntimeTest : public testing::Test {
protected:
  void SetUp() override {
    setenv("DGEMM_CUDA_DRIVER", DGEMM_FAKE_CUDA, 1);
    fakeCuda() = FakeCuda();
    fakeCuda().parameters = {128, 128, 8, 4, 8, 8};
    ASSERT_EQ(dgemm_device_open("gpu", 0, &device), DGEMM_OK)
        << dgemm_last_error();
  }
  void TearDown() override {
    dgemm_kernel_destroy(kernel);
    dgemm_device_close(device);
    EXPECT_EQ(fakeCuda().liveAllocations, 0);
  }

  dgemm_status load(const std::string &record = exampleRecord) {
    return dgemm_kernel_load(device, "code", 4, record.data(), record.size(),
                             &kernel);
  }

  /// Changes one piece of the example record.
  static std::string edited(const std::string &from, const std::string &to) {
    std::string text = exampleRecord;
    text.replace(text.find(from), from.size(), to);
    return text;
  }

  dgemm_status launch(int64_t m, int64_t n, int64_t k,
                      const dgemm_launch_options *options = nullptr) {
    int64_t kb = (k + 127) / 128, nb = (n + 127) / 128;
    int64_t shapes[5][2] = {{m, k}, {m, kb}, {n, k}, {nb, kb}, {m, n}};
    int64_t strides[5][2] = {
        {k, 1}, {1, (m + 3) / 4 * 4}, {k, 1}, {kb, 1}, {n, 1}};
    int types[5] = {DGEMM_E4M3, DGEMM_F32, DGEMM_E4M3, DGEMM_F32, DGEMM_BF16};
    dgemm_tensor tensors[5];
    for (int i = 0; i < 5; ++i)
      tensors[i] = {data + 64 * i, types[i], 2, shapes[i], strides[i]};
    return dgemm_kernel_launch(kernel, tensors, 5, nullptr, options);
  }

  static bool logged(const std::string &line) {
    for (const std::string &entry : fakeCuda().log)
      if (entry == line)
        return true;
    return false;
  }

  alignas(256) char data[1024] = {};
  dgemm_device *device = nullptr;
  dgemm_kernel *kernel = nullptr;
};

TEST_F(RuntimeTest, DeviceInfo) {
  int count = 0;
  EXPECT_EQ(dgemm_device_count("gpu", &count), DGEMM_OK);
  EXPECT_EQ(count, 1);
  dgemm_device_info info = {};
  info.struct_size = sizeof info;
  ASSERT_EQ(dgemm_device_get_info(device, &info), DGEMM_OK);
  EXPECT_STREQ(info.name, "Fake GPU");
  EXPECT_STREQ(info.backend, "gpu");
  EXPECT_EQ(info.sms, 132);
  EXPECT_EQ(info.capability_major, 9);
  EXPECT_EQ(info.driver_version, 13000);
  info.struct_size = 8;
  EXPECT_EQ(dgemm_device_get_info(device, &info), DGEMM_ERROR_ARGUMENT);
  EXPECT_EQ(dgemm_abi_version(), DGEMM_ABI_VERSION);
}

TEST_F(RuntimeTest, LaunchAsTheDriverSeesIt) {
  ASSERT_EQ(load(), DGEMM_OK) << dgemm_last_error();
  EXPECT_TRUE(logged("attribute 8 = 216832"));
  EXPECT_STREQ(dgemm_kernel_record(kernel), exampleRecord);
  fakeCuda().log.clear();
  ASSERT_EQ(launch(100, 264, 208), DGEMM_OK) << dgemm_last_error();
  EXPECT_EQ(fakeCuda().log,
            (std::vector<std::string>{
                "allocate 400", "set 0 x 400",
                "map type 0 sizes 208,100 strides 208 box 128,256 steps 1,1 "
                "interleave 0 swizzle 3 promotion 3 fill 0",
                "map type 7 sizes 100,2 strides 400 box 256,1 steps 1,1 "
                "interleave 0 swizzle 0 promotion 0 fill 0",
                "launch grid 3,1,1 block 384,1,1 shared 216832", "  map 4711",
                "  map 4711", "  i64 set", "  i32 100", "  i64 set",
                "  i64 set", "free"}));
}

TEST_F(RuntimeTest, ClusterPdlAndSmCount) {
  std::string record = edited("\"pdl\": false", "\"pdl\": true");
  record.replace(record.find("[1, 1, 1],\n     \"grid\""), 9, "[2, 1, 1]");
  ASSERT_EQ(load(record), DGEMM_OK) << dgemm_last_error();
  dgemm_launch_options options = {sizeof options, 2, DGEMM_PDL_RECORD, nullptr,
                                  0};
  ASSERT_EQ(launch(100, 264, 208, &options), DGEMM_OK) << dgemm_last_error();
  EXPECT_TRUE(logged("launch grid 2,1,1 block 384,1,1 shared 216832 cluster "
                     "2,1,1 pdl"));
  options.pdl = DGEMM_PDL_OFF;
  ASSERT_EQ(launch(100, 264, 208, &options), DGEMM_OK);
  EXPECT_TRUE(
      logged("launch grid 2,1,1 block 384,1,1 shared 216832 cluster 2,1,1"));
}

TEST_F(RuntimeTest, Options) {
  ASSERT_EQ(load(), DGEMM_OK);
  dgemm_launch_options options = {sizeof options, 0, DGEMM_PDL_ON, nullptr, 0};
  EXPECT_EQ(launch(100, 264, 208, &options), DGEMM_ERROR_CALL);
  EXPECT_STREQ(dgemm_last_error(),
               "options.pdl asks for a programmatic dependent launch, but "
               "kernel gemm does not wait for the kernel ahead of it");
  options.pdl = 7;
  EXPECT_EQ(launch(100, 264, 208, &options), DGEMM_ERROR_ARGUMENT);
  EXPECT_STREQ(dgemm_last_error(),
               "options.pdl is 7; it must be a dgemm_pdl, in 0..2");
  options = {sizeof options, 133, 0, nullptr, 0};
  EXPECT_EQ(launch(100, 264, 208, &options), DGEMM_ERROR_ARGUMENT);
  EXPECT_STREQ(dgemm_last_error(), "options.num_sms is 133; it must be in "
                                   "0..132, the SMs of Fake GPU");
  options = {3, 0, 0, nullptr, 0};
  EXPECT_EQ(launch(100, 264, 208, &options), DGEMM_ERROR_ARGUMENT);
  EXPECT_NE(std::string(dgemm_last_error()).find("options.struct_size is 3"),
            std::string::npos);
}

TEST_F(RuntimeTest, Workspace) {
  ASSERT_EQ(load(), DGEMM_OK);
  dgemm_launch_options options = {sizeof options, 0, 0, data, 100};
  EXPECT_EQ(launch(100, 264, 208, &options), DGEMM_ERROR_CALL);
  EXPECT_STREQ(dgemm_last_error(),
               "the workspace has 100 bytes; this call needs 400");
  options.workspace_bytes = 400;
  fakeCuda().log.clear();
  EXPECT_EQ(launch(100, 264, 208, &options), DGEMM_OK);
  EXPECT_TRUE(logged("set 0 x 400") && !logged("allocate 400"));
  fakeCuda().failures["cuMemAlloc"] = 2;
  EXPECT_EQ(launch(100, 264, 208), DGEMM_ERROR_BACKEND);
  EXPECT_STREQ(dgemm_last_error(),
               "cuMemAllocAsync: CUDA_ERROR_FAKE (as told)");
}

TEST_F(RuntimeTest, EmptyProblems) {
  ASSERT_EQ(load(), DGEMM_OK);
  fakeCuda().log.clear();
  EXPECT_EQ(launch(0, 264, 208), DGEMM_OK) << dgemm_last_error();
  EXPECT_TRUE(fakeCuda().log.empty());
  std::memset(data, 0xFF, sizeof data);
  EXPECT_EQ(launch(2, 10, 0), DGEMM_OK) << dgemm_last_error();
  EXPECT_TRUE(logged("set2d 0 20 x 2 pitch 20"));
  EXPECT_EQ(data[64 * 4 + 39], 0);
  EXPECT_EQ(data[64 * 4 + 40], char(0xFF));
}

TEST_F(RuntimeTest, CallErrors) {
  ASSERT_EQ(load(), DGEMM_OK);
  EXPECT_EQ(launch(100, 264, 200), DGEMM_ERROR_CALL);
  EXPECT_STREQ(dgemm_last_error(), "A's row stride must be a multiple of 16 "
                                   "bytes (lda % 16 == 0 with lda = 200)");
  EXPECT_EQ(dgemm_kernel_launch(kernel, nullptr, 5, nullptr, nullptr),
            DGEMM_ERROR_ARGUMENT);
  EXPECT_STREQ(dgemm_last_error(), "tensors must not be NULL");
  EXPECT_EQ(dgemm_kernel_launch(nullptr, nullptr, 0, nullptr, nullptr),
            DGEMM_ERROR_ARGUMENT);
  EXPECT_STREQ(dgemm_last_error(), "kernel must not be NULL");
  dgemm_tensor tensor = {data, 99, 1, nullptr, nullptr};
  EXPECT_EQ(dgemm_kernel_launch(kernel, &tensor, 1, nullptr, nullptr),
            DGEMM_ERROR_ARGUMENT);
  EXPECT_STREQ(dgemm_last_error(),
               "tensor 0 has dtype 99; it must be a dgemm_dtype, in 0..6");
  tensor = {data, 0, 6, nullptr, nullptr};
  dgemm_kernel_launch(kernel, &tensor, 1, nullptr, nullptr);
  EXPECT_STREQ(dgemm_last_error(), "tensor 0 has rank 6; it must be in 0..5");
  tensor.rank = 2;
  dgemm_kernel_launch(kernel, &tensor, 1, nullptr, nullptr);
  EXPECT_STREQ(dgemm_last_error(), "tensor 0 has a null shape or null strides");
}

TEST_F(RuntimeTest, LoadErrors) {
  EXPECT_EQ(load("{}"), DGEMM_ERROR_RECORD);
  EXPECT_STREQ(dgemm_last_error(), "launch record: $: the key "
                                   "\"dgemm_launch_record\" is missing");
  fakeCuda().failures["cuModuleLoadDataEx"] = 200;
  EXPECT_EQ(load(), DGEMM_ERROR_CODE);
  EXPECT_STREQ(dgemm_last_error(), "cuModuleLoadDataEx: CUDA_ERROR_FAKE (as "
                                   "told): no kernel image");
  fakeCuda().failures = {{"cuModuleGetFunction", 500}};
  EXPECT_EQ(load(), DGEMM_ERROR_CODE);
  EXPECT_STREQ(dgemm_last_error(), "cuModuleGetFunction: CUDA_ERROR_FAKE (as "
                                   "told): the code has no kernel 'gemm'");
  fakeCuda().failures = {{"cuFuncSetAttribute", 1}};
  EXPECT_EQ(load(), DGEMM_ERROR_CODE);
  EXPECT_STREQ(dgemm_last_error(),
               "cuFuncSetAttribute: CUDA_ERROR_INVALID_VALUE (as told): "
               "kernel 'gemm' cannot have 216832 bytes of dynamic shared "
               "memory");
  EXPECT_EQ(dgemm_kernel_load(device, nullptr, 0, "{}", 2, &kernel),
            DGEMM_ERROR_ARGUMENT);
  EXPECT_STREQ(dgemm_last_error(), "code must not be NULL");
}

// A record that does not belong to the code is found before it can do harm.
TEST_F(RuntimeTest, ParametersMustMatchTheCode) {
  fakeCuda().parameters = {128, 128, 8, 8, 8, 8};
  EXPECT_EQ(load(), DGEMM_ERROR_CODE);
  EXPECT_STREQ(dgemm_last_error(), "kernel 'gemm', parameter 3: 8 bytes in "
                                   "the code, 4 in its launch record");
  fakeCuda().parameters = {128, 128, 8, 4, 8};
  EXPECT_EQ(load(), DGEMM_ERROR_CODE);
  EXPECT_STREQ(dgemm_last_error(), "kernel 'gemm' has 5 parameters in the "
                                   "code; its launch record describes 6");
  fakeCuda().parameters = {128, 128, 8, 4, 8, 8, 4};
  EXPECT_EQ(load(), DGEMM_ERROR_CODE);
  EXPECT_STREQ(dgemm_last_error(),
               "kernel 'gemm' has more parameters in the code than the 6 that "
               "its launch record describes");
}

TEST_F(RuntimeTest, DeviceErrors) {
  dgemm_device *other = nullptr;
  EXPECT_EQ(dgemm_device_open("tpu", 0, &other), DGEMM_ERROR_DEVICE);
  EXPECT_NE(std::string(dgemm_last_error())
                .find("there is no backend 'tpu' (registered: gpu"),
            std::string::npos);
  EXPECT_EQ(dgemm_device_open("gpu", 3, &other), DGEMM_ERROR_DEVICE);
  EXPECT_STREQ(dgemm_last_error(), "there is no GPU 3; the driver sees 1");
  EXPECT_EQ(dgemm_device_open(nullptr, 0, &other), DGEMM_ERROR_ARGUMENT);
  fakeCuda().capabilityMajor = 8;
  ASSERT_EQ(dgemm_device_open("gpu", 0, &other), DGEMM_OK);
  std::swap(device, other);
  EXPECT_EQ(load(), DGEMM_ERROR_DEVICE);
  EXPECT_STREQ(dgemm_last_error(),
               "GPU 0 (Fake GPU) has compute capability 8.0; a kernel for "
               "sm_90a needs 9.0 (Hopper)");
  dgemm_device_close(other);
}

TEST_F(RuntimeTest, DriverErrorsAtLaunch) {
  ASSERT_EQ(load(), DGEMM_OK);
  fakeCuda().failures["cuTensorMapEncodeTiled"] = 1;
  EXPECT_EQ(launch(100, 264, 208), DGEMM_ERROR_BACKEND);
  EXPECT_STREQ(dgemm_last_error(),
               "cuTensorMapEncodeTiled: CUDA_ERROR_INVALID_VALUE (as told) "
               "for argument 0");
  fakeCuda().failures = {{"cuLaunchKernelEx", 719}};
  EXPECT_EQ(launch(100, 264, 208), DGEMM_ERROR_BACKEND);
  EXPECT_STREQ(dgemm_last_error(),
               "cuLaunchKernelEx: CUDA_ERROR_FAKE (as told)");
}

TEST_F(RuntimeTest, MemoryAndEvents) {
  void *memory = nullptr, *event = nullptr, *stream = nullptr;
  ASSERT_EQ(dgemm_malloc(device, 0, &memory), DGEMM_OK);
  ASSERT_EQ(dgemm_free(device, memory), DGEMM_OK);
  ASSERT_EQ(dgemm_malloc(device, 16, &memory), DGEMM_OK);
  ASSERT_EQ(dgemm_stream_create(device, &stream), DGEMM_OK);
  ASSERT_EQ(dgemm_memset(device, memory, 0x5A, 16, stream), DGEMM_OK);
  char back[16] = {};
  ASSERT_EQ(dgemm_memcpy(device, back, memory, 16, stream), DGEMM_OK);
  EXPECT_EQ(back[15], 0x5A);
  ASSERT_EQ(dgemm_event_create(device, &event), DGEMM_OK);
  ASSERT_EQ(dgemm_event_record(device, event, stream), DGEMM_OK);
  float milliseconds = 0;
  ASSERT_EQ(dgemm_event_elapsed(device, event, event, &milliseconds), DGEMM_OK);
  EXPECT_EQ(milliseconds, 1.5f);
  EXPECT_EQ(dgemm_event_destroy(device, event), DGEMM_OK);
  EXPECT_EQ(dgemm_stream_destroy(device, stream), DGEMM_OK);
  EXPECT_EQ(dgemm_free(device, memory), DGEMM_OK);
  EXPECT_EQ(dgemm_memcpy(device, nullptr, back, 1, nullptr),
            DGEMM_ERROR_ARGUMENT);
  EXPECT_STREQ(dgemm_last_error(), "destination must not be NULL");
}

TEST_F(RuntimeTest, ErrorTextsBelongToTheirThread) {
  EXPECT_EQ(dgemm_free(nullptr, nullptr), DGEMM_ERROR_ARGUMENT);
  std::thread([] { EXPECT_STREQ(dgemm_last_error(), ""); }).join();
  EXPECT_STREQ(dgemm_last_error(), "device must not be NULL");
  EXPECT_EQ(dgemm_free(device, nullptr), DGEMM_OK);
  EXPECT_STREQ(dgemm_last_error(), "");
}

/// A backend on the CPU that multiplies nothing: it only says that it ran.
struct EchoBackend : Backend {
  struct EchoDevice : Device {
    DeviceInfo info() const override { return {"echo", 4}; }
    Result<std::unique_ptr<Module>>
    load(std::string_view, const dgemm::launch::Record &) override {
      return std::make_unique<Module>();
    }
    Status run(Module &, const Launch &launch) override {
      *reinterpret_cast<char *>(launch.tensors[4].address) = 'D';
      *reinterpret_cast<char *>(launch.workspace) = 'W';
      return {};
    }
  };
  std::string name() const override { return "echo"; }
  Result<int> deviceCount() override { return 1; }
  Result<std::shared_ptr<Device>> open(int) override {
    return std::shared_ptr<Device>(std::make_shared<EchoDevice>());
  }
};

TEST_F(RuntimeTest, RegisteredBackend) {
  EXPECT_EQ(dgemm_register_backend(nullptr), DGEMM_ERROR_ARGUMENT);
  ASSERT_EQ(dgemm_register_backend(new EchoBackend), DGEMM_OK);
  auto second = std::make_unique<EchoBackend>();
  EXPECT_EQ(dgemm_register_backend(second.get()), DGEMM_ERROR_ARGUMENT);
  EXPECT_STREQ(dgemm_last_error(), "there is a backend 'echo' already");
  dgemm_device_close(device);
  ASSERT_EQ(dgemm_device_open("echo", 0, &device), DGEMM_OK);
  ASSERT_EQ(load(), DGEMM_OK) << dgemm_last_error();
  ASSERT_EQ(launch(100, 264, 208), DGEMM_OK) << dgemm_last_error();
  EXPECT_EQ(data[64 * 4], 'D');
  std::memset(data, 1, sizeof data);
  EXPECT_EQ(launch(2, 10, 0), DGEMM_OK) << dgemm_last_error();
  EXPECT_EQ(data[64 * 4 + 39], 0);
  EXPECT_EQ(data[64 * 4 + 40], 1);
}

// Kernels are shared between threads; each thread has its own error text.
TEST_F(RuntimeTest, ManyThreadsLaunchOneKernel) {
  dgemm_device_close(device);
  ASSERT_EQ(dgemm_device_open("reference", 0, &device), DGEMM_OK);
  ASSERT_EQ(load(), DGEMM_OK) << dgemm_last_error();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, t] {
      for (int i = 0; i < 50; ++i) {
        if (t % 2 == 0) {
          EXPECT_EQ(launch(0, 264, 208), DGEMM_OK);
          EXPECT_STREQ(dgemm_last_error(), "");
        } else {
          EXPECT_EQ(launch(100, 264, 200), DGEMM_ERROR_CALL);
          EXPECT_NE(std::string(dgemm_last_error()).find("lda = 200"),
                    std::string::npos);
        }
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

// One e4m3 product of ones: 0x38 is 1.0, so D = K * SFA * SFB.
TEST_F(RuntimeTest, ReferenceBackend) {
  dgemm_device_close(device);
  ASSERT_EQ(dgemm_device_open("reference", 0, &device), DGEMM_OK);
  ASSERT_EQ(load(), DGEMM_OK) << dgemm_last_error();
  std::memset(data, 0x38, 64);
  std::memset(data + 128, 0x38, 64);
  for (int scale : {64, 192})
    *reinterpret_cast<float *>(data + scale) = 0.5f;
  ASSERT_EQ(launch(1, 2, 32), DGEMM_OK) << dgemm_last_error();
  EXPECT_EQ(*reinterpret_cast<uint16_t *>(data + 256), 0x4100); // bf16 8.0
  EXPECT_EQ(*reinterpret_cast<uint16_t *>(data + 258), 0x4100);
  dgemm_device *other = nullptr;
  EXPECT_EQ(dgemm_device_open("reference", 1, &other), DGEMM_ERROR_DEVICE);
}

// The driver is looked up once per process, so this runs in one of its own.
TEST(RuntimeDeathTest, NoDriver) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        setenv("DGEMM_CUDA_DRIVER", "/nowhere/libcuda.so.1", 1);
        int count = 0;
        dgemm_status status = dgemm_device_count("gpu", &count);
        std::fprintf(stderr, "%d %s", int(status), dgemm_last_error());
        std::exit(0);
      },
      testing::ExitedWithCode(0),
      "3 the CUDA driver cannot be loaded: /nowhere/libcuda.so.1: cannot open "
      "shared object file");
}

TEST(RuntimeDeathTest, NotADriver) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        setenv("DGEMM_CUDA_DRIVER", "libc.so.6", 1);
        int count = 0;
        dgemm_device_count("gpu", &count);
        std::fprintf(stderr, "%s", dgemm_last_error());
        std::exit(0);
      },
      testing::ExitedWithCode(0),
      "the CUDA driver libc.so.6 has no cuInit; CUDA 12.0 or later is needed");
}

TEST(RuntimeDeathTest, DriverThatDoesNotStart) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        setenv("DGEMM_CUDA_DRIVER", DGEMM_FAKE_CUDA, 1);
        fakeCuda().failures["cuInit"] = 100;
        dgemm_device *device = nullptr;
        dgemm_device_open("gpu", 0, &device);
        std::fprintf(stderr, "%s", dgemm_last_error());
        std::exit(0);
      },
      testing::ExitedWithCode(0), "cuInit: CUDA_ERROR_FAKE");
}

} // namespace
