// Every feature kernel runs without a hazard and gives the words that the
// H200 gave; what faulted there is reported here.
#include "Features.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

using namespace dgemm::sim::test;

static const std::string kDirectory = DGEMM_SIMULATOR_TEST_DIR;

TEST(SimulatorFeatures, MatchTheRecordedOutputs) {
  std::vector<Feature> features = readFeatures(kDirectory);
  EXPECT_GE(features.size(), 140u);
  size_t recorded = 0;
  for (const Feature &feature : features) {
    std::string error;
    std::vector<uint32_t> words = runFeature(
        "simulator", readText(kDirectory + "/ptx/" + feature.ptxFile), feature,
        error);
    std::string expected = kDirectory + "/expected/" + feature.name;
    std::string fault = readText(expected + ".fault");
    std::string want = readText(expected + ".bin");
    bool given = std::filesystem::exists(expected + ".bin");
    recorded += !fault.empty() || given;
    if (!fault.empty() || feature.name.compare(0, 6, "fault_") == 0) {
      EXPECT_FALSE(error.empty())
          << feature.name << " is silent; on the H200: " << fault;
      continue;
    }
    EXPECT_EQ(error.empty(), feature.reports.empty())
        << feature.name << ": " << error;
    EXPECT_NE(error.find(feature.reports), std::string::npos)
        << feature.name << ": " << error;
    if (!given || words.empty())
      continue;
    std::vector<uint32_t> gave(8192, 0);
    memcpy(gave.data(), want.data(), std::min(want.size(), gave.size() * 4));
    size_t wrong = 0, first = 0;
    for (size_t i = 0; i < words.size(); ++i)
      if (words[i] != gave[i] && !wrong++)
        first = i;
    EXPECT_EQ(wrong, 0u) << feature.name << ": word " << first << " is "
                         << std::hex << words[first] << ", the H200 gave "
                         << gave[first];
  }
  EXPECT_EQ(recorded, features.size()) << "kernels without a record";
}
