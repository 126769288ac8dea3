// Kernel times: which of a profiler's records belong to which launch, on the
// stand-ins for the driver and for CUPTI, and what happens without them.
#include "../../tools/dgemm-run/Report.h"

#include "../Launch/ExampleRecord.h"
#include "FakeCuda.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace dgemm::run;
namespace cuda = dgemm::runtime::cuda;

namespace {

/// Launches kernels by their names.
class NamedKernels : public Subject {
public:
  explicit NamedKernels(std::vector<std::string> names)
      : names(std::move(names)) {}
  std::string name() const override { return names[0]; }
  void reset() override {}
  void launch() override {
    const cuda::Driver &driver = **cuda::loadDriver();
    for (const std::string &kernel : names) {
      cuda::Function function;
      driver.moduleGetFunction(&function, nullptr, kernel.c_str());
      cuda::LaunchConfig config = {};
      driver.launchKernelEx(&config, function, nullptr, nullptr);
    }
  }
  Output output() const override { return {}; }

private:
  std::vector<std::string> names;
};

class TimingTest : public testing::Test {
protected:
  void SetUp() override {
    setenv("DGEMM_CUDA_DRIVER", DGEMM_FAKE_CUDA, 1);
    fakeCuda() = FakeCuda();
    fakeCuda().nanoseconds = {
        {"ours", 2000}, {"theirs", 3000}, {"reduce", 1500}};
    profiler = Profiler::open(DGEMM_FAKE_CUPTI, why);
    ASSERT_TRUE(profiler) << why;
  }
  void TearDown() override { fakeCuda() = FakeCuda(); }

  Timing time(Device &device) {
    NamedKernels ours({"ours"}), theirs({"theirs", "reduce"});
    TimingOptions options;
    options.pairs = 3;
    options.flush = Flush::Warm;
    options.warmUpMilliseconds = 0;
    options.profiler = profiler.get();
    return timeSubjects(device, {&ours, &theirs}, options);
  }
  Timing time() {
    Device device("gpu", 0);
    return time(device);
  }

  std::string why;
  std::unique_ptr<Profiler> profiler;
};

TEST_F(TimingTest, KernelTimesBesideEvents) {
  EXPECT_EQ(profiler->description(),
            std::string(DGEMM_FAKE_CUPTI) + ", CUPTI 130001");
  Timing t = time();
  EXPECT_EQ(t.noKernelTimes, "");
  ASSERT_EQ(t.subjects.size(), 2u);
  EXPECT_EQ(t.subjects[0].microseconds.median, 1500) << "what the fake says";
  ASSERT_TRUE(t.subjects[0].kernelMicroseconds);
  EXPECT_EQ(t.subjects[0].kernelMicroseconds->median, 2);
  EXPECT_EQ(t.subjects[1].kernelMicroseconds->median, 4.5)
      << "both of its kernels";
  EXPECT_EQ(&t.subjects[0].best(), &*t.subjects[0].kernelMicroseconds);
  EXPECT_EQ(t.emptyKernelMicroseconds->median, 1);
  ASSERT_EQ(t.ratios.size(), 1u);
  EXPECT_EQ(t.ratios[0].median, 1);
  ASSERT_EQ(t.kernelRatios.size(), 1u);
  EXPECT_EQ(t.kernelRatios[0].median, 2.25);
}

TEST_F(TimingTest, ReportSaysWhichClock) {
  Device device("gpu", 0);
  auto file = std::make_shared<KernelFile>();
  file->record = *dgemm::launch::Record::parse(exampleRecord);
  Case c;
  c.kernel = file;
  c.m = 16, c.n = 24, c.k = 128;
  CaseResult r;
  r.problem = problemOf(c, file->record);
  r.timing = time(device);
  auto json = nlohmann::json::parse(resultJson(device, c, r))["timing"];
  EXPECT_EQ(json["clock"], "kernel");
  EXPECT_EQ(json["empty_kernel_us"]["median"], 1);
  EXPECT_EQ(json["subjects"][1]["us"]["median"], 1500);
  EXPECT_EQ(json["subjects"][1]["kernel_us"]["median"], 4.5);
  EXPECT_EQ(json["subjects"][1]["time_over_first"]["median"], 1);
  EXPECT_EQ(json["subjects"][1]["kernel_time_over_first"]["median"], 2.25);
  std::string text = resultText(device, c, r);
  EXPECT_NE(text.find("4.50 us (events 1500.00)"), std::string::npos) << text;
  EXPECT_NE(text.find("time/first 2.250"), std::string::npos) << text;
  EXPECT_NE(text.find("kernel times (CUPTI)"), std::string::npos) << text;

  fakeCuda().droppedRecords = 3;
  r.timing = time(device);
  json = nlohmann::json::parse(resultJson(device, c, r))["timing"];
  EXPECT_EQ(json["clock"], "events");
  EXPECT_EQ(json["no_kernel_times"], "CUPTI dropped 6 records");
  EXPECT_FALSE(json["subjects"][1].contains("kernel_us"));
  EXPECT_FALSE(json["subjects"][1].contains("kernel_time_over_first"));
  text = resultText(device, c, r);
  EXPECT_NE(text.find("time/first 1.000"), std::string::npos) << text;
  EXPECT_NE(text.find("no kernel times: CUPTI dropped 6"), std::string::npos)
      << text;
}

TEST_F(TimingTest, KernelTimesAlone) {
  Device device("gpu", 0);
  NamedKernels ours({"ours"}), theirs({"theirs"});
  TimingOptions options;
  options.pairs = 3;
  options.flush = Flush::Warm;
  options.warmUpMilliseconds = 0;
  options.profiler = profiler.get();
  options.kernelTimesAlone = true;
  Timing t = timeSubjects(device, {&ours, &theirs}, options);
  EXPECT_FALSE(t.withEvents);
  EXPECT_TRUE(t.ratios.empty());
  EXPECT_EQ(t.subjects[0].best().median, 2);
  EXPECT_EQ(t.kernelRatios[0].median, 1.5);

  // Without a profiler that works, events are better than nothing.
  fakeCuda().failures = {{"cuptiActivityEnable", 35}};
  t = timeSubjects(device, {&ours, &theirs}, options);
  EXPECT_TRUE(t.withEvents);
  EXPECT_NE(t.noKernelTimes, "");
  EXPECT_EQ(t.ratios[0].median, 1);
  options.profiler = nullptr;
  EXPECT_TRUE(timeSubjects(device, {&ours, &theirs}, options).withEvents);
}

TEST_F(TimingTest, FailuresLeaveTheEvents) {
  for (auto [function, text] :
       {std::pair("cuptiActivityEnable", "cuptiActivityEnable returned "
                                         "CUPTI_ERROR_FAKE"),
        {"cuptiActivityFlushAll", "cuptiActivityFlushAll returned "
                                  "CUPTI_ERROR_FAKE"},
        {"cuptiActivityDisable", "cuptiActivityDisable returned "
                                 "CUPTI_ERROR_FAKE"},
        {"cuptiActivityGetNextRecord", "cuptiActivityGetNextRecord returned "
                                       "CUPTI_ERROR_FAKE"}}) {
    fakeCuda().failures = {{function, 35}};
    Timing t = time();
    EXPECT_EQ(t.noKernelTimes, text);
    EXPECT_FALSE(t.subjects[0].kernelMicroseconds);
    EXPECT_TRUE(t.kernelRatios.empty());
    EXPECT_EQ(t.subjects[0].best().median, 1500);
  }
}

TEST_F(TimingTest, LibrariesThatCannotBeUsed) {
  EXPECT_FALSE(Profiler::open("/nonexistent/libcupti.so", why));
  EXPECT_EQ(why.rfind("CUPTI cannot be loaded: /nonexistent/libcupti.so", 0),
            0u)
      << why;
  EXPECT_FALSE(Profiler::open(DGEMM_FAKE_CUDA, why));
  EXPECT_EQ(why, std::string(DGEMM_FAKE_CUDA) + " has no cuptiGetVersion");
  setenv("DGEMM_CUPTI", "/nonexistent/other.so", 1);
  EXPECT_FALSE(Profiler::open("", why));
  EXPECT_EQ(why.rfind("CUPTI cannot be loaded: /nonexistent/other.so", 0), 0u)
      << why;
  unsetenv("DGEMM_CUPTI");
  fakeCuda().failures = {{"cuptiActivityRegisterCallbacks", 1}};
  EXPECT_FALSE(Profiler::open(DGEMM_FAKE_CUPTI, why));
  EXPECT_EQ(why, "cuptiActivityRegisterCallbacks returned CUPTI_ERROR_FAKE");
}

TEST_F(TimingTest, GraphsAreCapturedOnce) {
  {
    Device device("gpu", 0);
    NamedKernels ours({"ours", "reduce"});
    LaunchGraph graph(device, [&] { ours.launch(), ours.launch(); });
    fakeCuda().log.clear();
    graph.launch();
    graph.launch();
    EXPECT_EQ(fakeCuda().log,
              (std::vector<std::string>{"launch graph", "launch graph"}));
    ASSERT_EQ(fakeCuda().graphs.size(), 1u);
    EXPECT_EQ(fakeCuda().graphs[0],
              (std::vector<std::string>{"ours", "reduce", "ours", "reduce"}));
    EXPECT_TRUE(fakeCuda().launches.empty());
  }
  EXPECT_EQ(fakeCuda().liveGraphs, 0);
}

TEST_F(TimingTest, GraphFailures) {
  Device device("gpu", 0);
  NamedKernels ours({"ours"});
  for (const char *function :
       {"cuStreamBeginCapture", "cuStreamEndCapture", "cuGraphLaunch",
        "cuGraphInstantiateWithFlags"}) {
    fakeCuda().failures = {{function, 2}};
    fakeCuda().liveGraphs = 0;
    try {
      LaunchGraph graph(device, [&] { ours.launch(); });
      graph.launch();
      ADD_FAILURE() << function;
    } catch (const std::exception &e) {
      EXPECT_EQ(std::string(e.what()),
                std::string(function) + ": CUDA_ERROR_FAKE (as told)");
    }
  }
  fakeCuda().failures.clear();
  fakeCuda().liveGraphs = 0;
  fakeCuda().capturing = false;
  EXPECT_THROW(LaunchGraph(device, [] { throw std::runtime_error("no"); }),
               std::runtime_error);
  EXPECT_FALSE(fakeCuda().capturing) << "the stream has left its capture";
  EXPECT_EQ(fakeCuda().liveGraphs, 0);
}

using Records = std::vector<KernelRecord>;
const KernelRecord stamp = {"dgemm_run_stamp", 1, 2};

std::string complaint(const Records &records, size_t launches) {
  std::string why;
  EXPECT_TRUE(timesBetweenStamps(records, launches, why).empty());
  return why;
}

TEST(KernelTimes, HelpersDoNotCount) {
  std::string why;
  Records records = {{"memset", 5, 9},
                     {"dgemm_run_read", 10, 20},
                     stamp,
                     {"gemm", 100, 350},
                     {"reduce", 400, 500},
                     stamp,
                     {"memset", 600, 700},
                     stamp,
                     {"dgemm_empty", 800, 801},
                     stamp};
  EXPECT_EQ(timesBetweenStamps(records, 2, why),
            (std::vector<double>{0.35, 0.001}));
  EXPECT_EQ(why, "");
}

TEST(KernelTimes, OddRecordsAreRefused) {
  EXPECT_EQ(complaint({}, 1), "0 launches were recorded instead of 1");
  EXPECT_EQ(complaint({stamp, {"gemm", 1, 3}}, 1),
            "0 launches were recorded instead of 1");
  EXPECT_EQ(complaint({stamp, {"gemm", 1, 3}, stamp}, 2),
            "1 launches were recorded instead of 2");
  EXPECT_EQ(complaint({stamp, {"dgemm_run_spin", 1, 3}, stamp}, 1),
            "no kernel between the stamps of launch 0");
  EXPECT_EQ(complaint({stamp, {"gemm", 3, 3}, stamp}, 1),
            "the kernel gemm has no times");
  EXPECT_EQ(complaint({stamp, {"gemm", 1, 3}, stamp, {"gemm", 4, 5}}, 1),
            "the kernel gemm also ran outside of the stamps");
}

} // namespace
