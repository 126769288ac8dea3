// The feature kernels: their launches, their input, and a run on any backend.
#ifndef DGEMM_UNITTESTS_SIMULATOR_FEATURES_H
#define DGEMM_UNITTESTS_SIMULATOR_FEATURES_H

#include <cstdint>
#include <string>
#include <vector>

namespace dgemm::sim::test {

struct Feature {
  std::string name, ptxFile;
  std::string record; // JSON
  /// What the simulator must report although the GPU goes on; mostly empty.
  std::string reports;
};

/// Reads features.json in `directory`; ends the program when it is broken.
std::vector<Feature> readFeatures(const std::string &directory);
/// The 8192 words that every kernel reads.
std::vector<uint32_t> featureInput();
/// Runs one kernel of `code` (PTX or a cubin) through the C interface: 8192
/// words of output. `error` is what went wrong; the output is then empty, but
/// for a kernel with something to report.
std::vector<uint32_t> runFeature(const std::string &backend,
                                 const std::string &code,
                                 const Feature &feature, std::string &error);
std::string readText(const std::string &path);

} // namespace dgemm::sim::test

#endif // DGEMM_UNITTESTS_SIMULATOR_FEATURES_H
