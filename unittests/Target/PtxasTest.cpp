// Tests of reading ptxas's report and of what counts as a performance bug.

#include "dgemm/Target/Ptxas.h"

#include "gtest/gtest.h"

#include <cstdlib>

using namespace dgemm::target;

namespace {

constexpr char kReport[] = R"(ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'first' for 'sm_90a'
ptxas info    : Function properties for first
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 168 registers, used 4 barriers, 1024 bytes smem, 64 bytes cmem[2]
ptxas info    : Compiling entry function 'second' for 'sm_90a'
ptxas info    : Function properties for helper
    16 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Function properties for second
    8 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 255 registers, used 0 barriers, 24 bytes cumulative stack size
)";

TEST(PtxasLog, OneEntryPerKernel) {
  std::vector<KernelResources> kernels = parsePtxasLog(kReport);
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_EQ(kernels[0].kernel, "first");
  EXPECT_EQ(kernels[0].registers, 168);
  EXPECT_EQ(kernels[0].barriers, 4);
  EXPECT_EQ(kernels[0].staticSharedBytes, 1024);
  EXPECT_EQ(kernels[0].stackBytes, 0);
  EXPECT_EQ(kernels[1].kernel, "second");
  EXPECT_EQ(kernels[1].registers, 255);
  EXPECT_EQ(kernels[1].staticSharedBytes, 0);
}

TEST(PtxasLog, DeviceFunctionsCountForTheirKernel) {
  KernelResources second = parsePtxasLog(kReport)[1];
  EXPECT_EQ(second.stackBytes, 24);
  EXPECT_EQ(second.spillStoreBytes, 8);
  EXPECT_EQ(second.spillLoadBytes, 12);
}

TEST(PtxasLog, NothingOfNothing) {
  EXPECT_TRUE(parsePtxasLog("").empty());
  EXPECT_TRUE(parsePtxasLog("Used many registers\n bytes stack frame").empty());
}

TEST(PerformanceBugs, NoneInACleanReport) {
  PtxasResult result;
  result.kernels.emplace_back();
  result.log = "ptxas info    : Used 168 registers\n";
  EXPECT_TRUE(findPerformanceBugs(result).empty());
}

TEST(PerformanceBugs, EveryCodedMessage) {
  PtxasResult result;
  for (const char *code : {"C7508", "C7514", "C7517", "C7519"})
    result.log += std::string("ptxas info    : (") + code + ") something\n";
  EXPECT_EQ(findPerformanceBugs(result).size(), 4u);
}

TEST(Assemble, ErrorsOfTheAssemblerCarryItsWords) {
  llvm::Expected<std::string> path = findPtxas("");
  if (!path) {
    llvm::consumeError(path.takeError());
    GTEST_SKIP() << "no ptxas here";
  }
  PtxasOptions options;
  options.path = *path;
  llvm::Expected<PtxasResult> result = assemble("no PTX", options);
  ASSERT_FALSE(static_cast<bool>(result));
  std::string message = llvm::toString(result.takeError());
  EXPECT_NE(message.find("failed with exit status"), std::string::npos);
  EXPECT_NE(message.find("fatal"), std::string::npos) << message;
}

TEST(FindPtxas, EachVariableIsNamed) {
  // Only this test changes the environment, and it puts it back.
  std::string saved = std::getenv("PATH") ? std::getenv("PATH") : "";
  ::setenv("PATH", "/nonexistent/one:/nonexistent/two", 1);
  ::setenv("CUDA_HOME", "/nonexistent/home", 1);
  ::unsetenv("CUDA_PATH");
  ::unsetenv("DGEMM_PTXAS");
  llvm::Expected<std::string> path = findPtxas("");
  std::string message = path ? "" : llvm::toString(path.takeError());
  ::setenv("PATH", saved.c_str(), 1);
  ::unsetenv("CUDA_HOME");
  if (path) {
    EXPECT_EQ(*path, "/usr/local/cuda/bin/ptxas");
    return;
  }
  for (const char *part :
       {"DGEMM_PTXAS: not set",
        "CUDA_HOME: /nonexistent/home/bin/ptxas (not there)",
        "CUDA_PATH: not set", "PATH: /nonexistent/one/ptxas (not there)",
        "PATH: /nonexistent/two/ptxas (not there)",
        "CUDA's default: /usr/local/cuda/bin/ptxas (not there)"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
}

} // namespace
