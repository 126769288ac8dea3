// The feature kernels: their launches, their input, and a run on any backend.
#include "Features.h"
#include "dgemm/Runtime/dgemm.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

using nlohmann::json;

namespace dgemm::sim::test {

std::string readText(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<Feature> readFeatures(const std::string &directory) {
  json document = json::parse(readText(directory + "/features.json"));
  json words = json::array({"8192"}), ones = json::array({"1"});
  std::vector<Feature> features;
  for (const json &entry : document) {
    Feature feature;
    feature.ptxFile = entry["ptx"];
    feature.name = entry["kernel"]["name"];
    feature.reports = entry["reports"];
    json record = {{"dgemm_launch_record", 1},
                   {"compiler", "nvcc"},
                   {"target", "sm_90a"},
                   {"schedule", ""},
                   {"operands",
                    {{{"name", "in"},
                      {"dtype", "i32"},
                      {"shape", words},
                      {"strides", ones},
                      {"access", "read"},
                      {"align", 16}},
                     {{"name", "out"},
                      {"dtype", "i32"},
                      {"shape", words},
                      {"strides", ones},
                      {"access", "readwrite"},
                      {"align", 16}}}},
                   {"kernels", json::array({entry["kernel"]})},
                   {"empty", json::array()},
                   {"workspace", {{"bytes", "0"}, {"zeroed", false}}},
                   {"resources", json::array()}};
    feature.record = record.dump();
    features.push_back(feature);
  }
  return features;
}

std::vector<uint32_t> featureInput() {
  std::vector<uint32_t> words(8192);
  uint64_t state = 0x123456789abcdefull;
  for (uint32_t &word : words) { // splitmix64
    uint64_t z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    word = (uint32_t)((z ^ (z >> 31)) >> 16);
  }
  return words;
}

std::vector<uint32_t> runFeature(const std::string &backend,
                                 const std::string &code,
                                 const Feature &feature, std::string &error) {
  dgemm_device *device = nullptr;
  dgemm_kernel *kernel = nullptr;
  void *in = nullptr, *out = nullptr;
  std::vector<uint32_t> input = featureInput(), output(8192, 0);
  size_t bytes = output.size() * 4;
  int64_t shape = 8192, stride = 1;
  auto ok = [&](dgemm_status status) {
    if (status != DGEMM_OK && error.empty())
      error = dgemm_last_error();
    return status == DGEMM_OK;
  };
  error.clear();
  bool done = ok(dgemm_device_open(backend.c_str(), 0, &device)) &&
              ok(dgemm_kernel_load(device, code.data(), code.size(),
                                   feature.record.data(), feature.record.size(),
                                   &kernel)) &&
              ok(dgemm_malloc(device, bytes, &in)) &&
              ok(dgemm_malloc(device, bytes, &out)) &&
              ok(dgemm_memcpy(device, in, input.data(), bytes, nullptr)) &&
              ok(dgemm_memcpy(device, out, output.data(), bytes, nullptr));
  if (done) {
    dgemm_tensor tensors[] = {{in, DGEMM_I32, 1, &shape, &stride},
                              {out, DGEMM_I32, 1, &shape, &stride}};
    done = ok(dgemm_kernel_launch(kernel, tensors, 2, nullptr, nullptr)) &&
           ok(dgemm_stream_synchronize(device, nullptr));
    done = (done || !feature.reports.empty()) &&
           ok(dgemm_memcpy(device, output.data(), out, bytes, nullptr)) &&
           ok(dgemm_stream_synchronize(device, nullptr));
  }
  if (in)
    dgemm_free(device, in);
  if (out)
    dgemm_free(device, out);
  dgemm_kernel_destroy(kernel);
  dgemm_device_close(device);
  return done ? output : std::vector<uint32_t>();
}

} // namespace dgemm::sim::test
