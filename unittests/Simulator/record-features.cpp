// Runs every feature kernel on a backend and writes each output to a file:
// with the `gpu` backend this makes what the simulator is compared with.
#include "Features.h"

#include <cstdio>
#include <cstring>
#include <fstream>

using namespace dgemm::sim::test;

int main(int argc, char **argv) {
  if (argc != 4 && argc != 5) {
    std::fprintf(stderr,
                 "usage: %s BACKEND test/Simulator OUTPUT-DIRECTORY "
                 "[CUBIN-DIRECTORY]\n",
                 argv[0]);
    return 2;
  }
  int failed = 0;
  for (const Feature &feature : readFeatures(argv[2])) {
    std::string error;
    std::string code =
        argc == 5
            ? readText(std::string(argv[4]) + "/" +
                       feature.ptxFile.substr(0, feature.ptxFile.size() - 3) +
                       "cubin")
            : readText(std::string(argv[2]) + "/ptx/" + feature.ptxFile);
    std::vector<uint32_t> words = runFeature(argv[1], code, feature, error);
    if (words.empty()) {
      std::printf("%s: FAILED: %s\n", feature.name.c_str(), error.c_str());
      ++failed;
      continue;
    }
    // Zeros at the end are not written.
    while (!words.empty() && words.back() == 0)
      words.pop_back();
    std::string path = std::string(argv[3]) + "/" + feature.name + ".bin";
    std::ofstream out(path, std::ios::binary);
    out.write((const char *)words.data(), (std::streamsize)(words.size() * 4));
    std::printf("%s: %zu words\n", feature.name.c_str(), words.size());
    failed += !out;
  }
  return failed != 0;
}
