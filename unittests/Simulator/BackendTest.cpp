// The runtime's C interface launches a kernel on the simulator.
#include "GemmFixture.h"
#include "dgemm/Runtime/dgemm.h"

using namespace dgemm::sim::test;

namespace {
struct Call {
  dgemm_device *device = nullptr;
  dgemm_kernel *kernel = nullptr;
  GemmProblem problem{96, 160, 256};
  dgemm_status status = DGEMM_OK;

  Call() {
    EXPECT_EQ(dgemm_device_open("simulator", 0, &device), DGEMM_OK);
    std::string ptx = readPtx("gemm_fp8.ptx");
    std::string record = readPtx("gemm_fp8.json");
    EXPECT_EQ(dgemm_kernel_load(device, ptx.data(), ptx.size(), record.data(),
                                record.size(), &kernel),
              DGEMM_OK)
        << dgemm_last_error();
  }
  ~Call() {
    dgemm_kernel_destroy(kernel);
    dgemm_device_close(device);
  }
  void launch() {
    auto &p = problem;
    auto host = [&](uint64_t address) { return p.memory.data(address, 1); };
    int64_t aShape[] = {p.m, p.k}, aStrides[] = {p.k, 1};
    int64_t bShape[] = {p.n, p.k};
    int64_t sfaShape[] = {p.m, p.k / 128}, sfaStrides[] = {1, p.alignedM};
    int64_t sfbShape[] = {(p.n + 127) / 128, p.k / 128};
    int64_t sfbStrides[] = {p.k / 128, 1};
    int64_t dShape[] = {p.m, p.n}, dStrides[] = {p.n, 1};
    dgemm_tensor tensors[] = {
        {host(p.da), DGEMM_E4M3, 2, aShape, aStrides},
        {host(p.dsfa), DGEMM_F32, 2, sfaShape, sfaStrides},
        {host(p.db), DGEMM_E4M3, 2, bShape, aStrides},
        {host(p.dsfb), DGEMM_F32, 2, sfbShape, sfbStrides},
        {host(p.dd), DGEMM_BF16, 2, dShape, dStrides}};
    status = dgemm_kernel_launch(kernel, tensors, 5, nullptr, nullptr);
  }
};
} // namespace

TEST(SimulatorBackend, RunsTheKernel) {
  Call call;
  call.launch();
  ASSERT_EQ(call.status, DGEMM_OK) << dgemm_last_error();
  call.problem.check();
}

TEST(SimulatorBackend, RefusesCubins) {
  Call call;
  std::string record = readPtx("gemm_fp8.json");
  dgemm_kernel *kernel = nullptr;
  EXPECT_NE(dgemm_kernel_load(call.device,
                              "\x7f"
                              "ELF",
                              4, record.data(), record.size(), &kernel),
            DGEMM_OK);
  EXPECT_NE(std::string(dgemm_last_error()).find("not a cubin"),
            std::string::npos);
}
