// Tests of dgemm-run tune: the fastest candidate wins, and only if it is
// right. A backend that takes its time as the record says plays the GPU.
#include "../../tools/dgemm-run/Tune.h"

#include "../Launch/ExampleRecord.h"
#include "dgemm/Runtime/Backend.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace dgemm::run;
namespace launch = dgemm::launch;
namespace runtime = dgemm::runtime;
using Json = nlohmann::ordered_json;

namespace {

/// Computes what the reference does, in the microseconds that a schedule
/// begins with; one that ends in "wrong" spoils the first element.
struct PacedDevice : runtime::Device {
  std::shared_ptr<runtime::Device> good =
      *runtime::createReferenceBackend()->open(0);
  runtime::DeviceInfo info() const override { return good->info(); }
  runtime::Result<std::unique_ptr<runtime::Module>>
  load(std::string_view code, const launch::Record &record) override {
    return good->load(code, record);
  }
  runtime::Status run(runtime::Module &module,
                      const runtime::Launch &launch) override {
    const std::string &schedule = launch.record.schedule;
    auto start = std::chrono::steady_clock::now();
    auto pace = std::chrono::microseconds(std::atoi(schedule.c_str()));
    if (runtime::Status status = good->run(module, launch); !status)
      return status;
    if (schedule.find("wrong") != std::string::npos)
      *reinterpret_cast<uint8_t *>(launch.tensors.back().address) ^= 1;
    while (std::chrono::steady_clock::now() - start < pace)
      continue;
    return {};
  }
};

struct PacedBackend : runtime::Backend {
  std::string name() const override { return "paced"; }
  runtime::Result<int> deviceCount() override { return 1; }
  runtime::Result<std::shared_ptr<runtime::Device>> open(int) override {
    return std::shared_ptr<runtime::Device>(std::make_shared<PacedDevice>());
  }
};

class TuneTest : public testing::Test {
protected:
  static void SetUpTestSuite() {
    ASSERT_EQ(dgemm_register_backend(new PacedBackend), DGEMM_OK);
  }
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() /
             ("dgemm-tune-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  /// A candidate on disk, whose K may be split.
  void write(const std::string &name, const std::string &schedule,
             size_t kernels = 1, int parts = 1, const char *out = "bf16") {
    Json json = Json::parse(exampleRecord);
    json["operands"].back()["dtype"] = out;
    json["schedule"] = schedule;
    if (parts > 1)
      json["kernels"][0]["parts"] = {
          {"count", parts},
          {"kblocks",
           "ceildiv(ceildiv(K, 128), " + std::to_string(parts) + ")"}};
    while (json["kernels"].size() < kernels) {
      json["kernels"].push_back(json["kernels"][0]);
      json["kernels"].back()["name"] =
          "k" + std::to_string(json["kernels"].size());
    }
    std::ofstream(folder / (name + ".json")) << json.dump();
    std::ofstream(folder / (name + ".ptx")) << "code";
  }

  Case manifest(const Json &json) {
    std::ofstream(folder / "problems.jsonl") << json.dump() << "\n";
    KernelFiles files;
    return readManifest((folder / "problems.jsonl").string(), files).at(0);
  }

  Case problem(const Json &candidates) {
    Json json = {{"name", "problem"},
                 {"candidates", candidates},
                 {"M", 5},
                 {"N", 24},
                 {"K", 256},
                 {"range", "2..8"},
                 {"repeats", 2},
                 {"pairs", 5}};
    return manifest(json);
  }

  static TuneResult run(const Case &c) {
    Device device("paced", 0);
    CaseRunner runner(device, "");
    return tune(runner, c);
  }

  std::string complaint(const Json &json) {
    try {
      (void)manifest(json);
    } catch (const std::exception &error) {
      return error.what();
    }
    return "none";
  }

  std::filesystem::path folder;
};

TEST_F(TuneTest, TheFastestWins) {
  write("a", "9000 a");
  write("b", "4000 b");
  write("c", "16000 c");
  Case c = problem({"a.json", "b.json", "c.json"});
  TuneResult result = run(c);
  ASSERT_TRUE(result.winner) << result.error;
  EXPECT_EQ(result.winner->name, "b");
  EXPECT_EQ(result.candidates, 3u);
  EXPECT_TRUE(result.dropped.empty());
  EXPECT_GE(result.microseconds, 4000);
  EXPECT_LT(result.microseconds, result.firstMicroseconds);
  std::string entry = result.entry(c);
  EXPECT_EQ(entry.rfind("# b: ", 0), 0u) << entry;
  EXPECT_EQ(entry.substr(entry.find('\n') + 1),
            "M=2..8 N=24 K=256 out=bf16 scaling=1d2d = 4000 b\n");
}

TEST_F(TuneTest, AWrongOneNeverWins) {
  write("a", "9000 a");
  write("b", "1000 wrong");
  write("c", "4000 c");
  TuneResult result = run(problem({"a.json", "b.json", "c.json"}));
  ASSERT_TRUE(result.winner) << result.error;
  EXPECT_EQ(result.winner->name, "c");
  ASSERT_EQ(result.dropped.size(), 1u);
  EXPECT_EQ(result.dropped[0], "b: 1 words of its D differ");
  EXPECT_NE(tuneText(problem({"a.json"}), result).find("dropped b: "),
            std::string::npos);
}

TEST_F(TuneTest, TheFirstMayBeWrong) {
  write("a", "1000 wrong");
  write("b", "2000 b");
  TuneResult result = run(problem({"a.json", "b.json"}));
  ASSERT_TRUE(result.winner) << result.error;
  EXPECT_EQ(result.winner->name, "b");
  ASSERT_EQ(result.dropped.size(), 1u);
  EXPECT_EQ(result.dropped[0], "a: 1 of 120 elements are wrong");
}

TEST_F(TuneTest, OrdersOfAdditionMayDiffer) {
  // bf16 would round most of the difference away.
  write("a", "9000 a", 1, 1, "f32");
  write("b", "4000 b", 1, 3, "f32");
  Json json = {{"candidates", {"a.json", "b.json"}},
               {"M", 9},
               {"N", 256},
               {"K", 1280},
               {"repeats", 2},
               {"pairs", 5}};
  TuneResult result = run(manifest(json));
  ASSERT_TRUE(result.winner) << result.error;
  ASSERT_EQ(result.round.peers.size(), 1u);
  EXPECT_GT(*result.round.peers[0].differingWords, 0u);
  EXPECT_EQ(result.winner->name, "b");
  EXPECT_TRUE(result.dropped.empty());
}

TEST_F(TuneTest, ASplitOneMustBeRightToo) {
  write("a", "9000 a");
  write("b", "4000 wrong", 1, 3);
  TuneResult result = run(problem({"a.json", "b.json"}));
  ASSERT_TRUE(result.winner) << result.error;
  EXPECT_EQ(result.winner->name, "a");
  ASSERT_EQ(result.dropped.size(), 1u);
  EXPECT_EQ(result.dropped[0].rfind("b: ", 0), 0u);
}

TEST_F(TuneTest, NobodyMayBeRight) {
  write("a", "0 wrong");
  Case c = problem({"a.json"});
  TuneResult result = run(c);
  EXPECT_FALSE(result.winner);
  EXPECT_EQ(result.error, "no candidate is right");
  EXPECT_EQ(result.entry(c), "");
}

TEST_F(TuneTest, ManifestsOfCandidates) {
  write("a", "0 a");
  write("two", "0 two", 2);
  Json good = {{"candidates", {"a.json"}}, {"M", 5}, {"N", 24}, {"K", 256}};
  EXPECT_EQ(complaint(good), "none");
  auto with = [&](const char *key, const Json &value) {
    Json json = good;
    json[key] = value;
    std::string text = complaint(json);
    return text.substr(std::min(text.find(":1: "), text.size() - 4) + 4);
  };
  EXPECT_EQ(with("range", "6..8"),
            "range must be like 65..128 and hold M = 5, not '6..8'");
  EXPECT_EQ(with("range", "5.."),
            "range must be like 65..128 and hold M = 5, not '5..'");
  EXPECT_EQ(with("candidates", Json::array()), "there are no candidates");
  EXPECT_EQ(with("candidates", {"a.json", "a.json"}),
            "two candidates are called a");
  EXPECT_EQ(with("candidates", {"two.json"}),
            "two has 2 kernels; a candidate is one schedule");
  EXPECT_EQ(with("record", "a.json"), "a case with candidates has no "
                                      "\"record\"");
}

} // namespace
