// Every feature kernel runs without a hazard and gives the words that the
// H200 gave.
#include "Features.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace dgemm::sim::test;

static const std::string kDirectory = DGEMM_SIMULATOR_TEST_DIR;

TEST(SimulatorFeatures, MatchTheRecordedOutputs) {
  std::vector<Feature> features = readFeatures(kDirectory);
  EXPECT_GE(features.size(), 40u);
  size_t recorded = 0;
  for (const Feature &feature : features) {
    std::string error;
    std::vector<uint32_t> words = runFeature(
        "simulator", readText(kDirectory + "/ptx/" + feature.ptxFile), feature,
        error);
    EXPECT_TRUE(error.empty()) << feature.name << ": " << error;
    std::string want =
        readText(kDirectory + "/expected/" + feature.name + ".bin");
    if (want.empty() || words.empty())
      continue;
    ++recorded;
    std::vector<uint32_t> expected(8192, 0);
    memcpy(expected.data(), want.data(),
           std::min(want.size(), expected.size() * 4));
    size_t wrong = 0, first = 0;
    for (size_t i = 0; i < words.size(); ++i)
      if (words[i] != expected[i] && !wrong++)
        first = i;
    EXPECT_EQ(wrong, 0u) << feature.name << ": word " << first << " is "
                         << std::hex << words[first] << ", the H200 gave "
                         << expected[first];
  }
  RecordProperty("recorded", (int)recorded);
}
