// Runs every feature kernel on a backend and writes each output to a file:
// with the `gpu` backend this makes what the simulator is compared with. Each
// kernel has a process of its own: a fault spoils a GPU context for good.
#include "Features.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace dgemm::sim::test;

namespace {
int record(const Feature &feature, char **argv, bool cubins) {
  std::string file = feature.ptxFile;
  std::string code = cubins
                         ? readText(std::string(argv[4]) + "/" +
                                    file.substr(0, file.size() - 3) + "cubin")
                         : readText(std::string(argv[2]) + "/ptx/" + file);
  std::string error;
  std::vector<uint32_t> words = runFeature(argv[1], code, feature, error);
  if (words.empty()) {
    std::printf("%s: FAILED: %s\n", feature.name.c_str(), error.c_str());
    return 1;
  }
  while (!words.empty() && words.back() == 0) // not written
    words.pop_back();
  std::string path = std::string(argv[3]) + "/" + feature.name + ".bin";
  std::ofstream out(path, std::ios::binary);
  out.write((const char *)words.data(), (std::streamsize)(words.size() * 4));
  std::printf("%s: %zu words\n", feature.name.c_str(), words.size());
  return out ? 0 : 1;
}
} // namespace

int main(int argc, char **argv) {
  if (argc < 4 || argc > 5) {
    std::fprintf(stderr,
                 "usage: %s BACKEND test/Simulator OUTPUT-DIRECTORY "
                 "[CUBIN-DIRECTORY]\n",
                 argv[0]);
    return 2;
  }
  int failed = 0;
  for (const Feature &feature : readFeatures(argv[2])) {
    std::fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      int status = record(feature, argv, argc == 5);
      std::fflush(stdout);
      _exit(status);
    }
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) {
      std::printf("%s: status %d\n", feature.name.c_str(), status);
      ++failed;
    }
  }
  return failed != 0;
}
