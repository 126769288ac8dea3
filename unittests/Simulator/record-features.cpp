// Runs every feature kernel on a backend and writes each output to a file:
// with the `gpu` backend this makes what the simulator is compared with. Each
// kernel has a process of its own: a fault spoils a GPU context for good, and
// is recorded as the error it gave, as is a kernel that does not end.
#include "Features.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace dgemm::sim::test;

namespace {
constexpr unsigned kSeconds = 5; // for one kernel

std::ofstream open(char **argv, const Feature &feature, const char *suffix) {
  return std::ofstream(std::string(argv[3]) + "/" + feature.name + suffix,
                       std::ios::binary);
}

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
    return !(open(argv, feature, ".fault") << error << "\n");
  }
  while (!words.empty() && words.back() == 0) // not written
    words.pop_back();
  std::ofstream out = open(argv, feature, ".bin");
  out.write((const char *)words.data(), (std::streamsize)(words.size() * 4));
  std::printf("%s: %zu words\n", feature.name.c_str(), words.size());
  return out ? 0 : 1;
}
} // namespace

int main(int argc, char **argv) {
  if (argc < 4) {
    std::fprintf(stderr,
                 "usage: %s BACKEND test/Simulator OUTPUT-DIRECTORY "
                 "[CUBIN-DIRECTORY [KERNEL...]]\n",
                 argv[0]);
    return 2;
  }
  int failed = 0;
  for (const Feature &feature : readFeatures(argv[2])) {
    if (argc > 5 && std::find(argv + 5, argv + argc, feature.name) ==
                        argv + argc) // not among those asked for
      continue;
    std::fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      alarm(kSeconds);
      int status = record(feature, argv, argc >= 5);
      std::fflush(stdout);
      _exit(status);
    }
    int status = 1;
    bool waited = child >= 0 && waitpid(child, &status, 0) >= 0;
    if (waited && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
      std::printf("%s: does not end\n", feature.name.c_str());
      open(argv, feature, ".fault") << "does not end\n";
    } else if (!waited || status != 0) {
      std::printf("%s: status %d\n", feature.name.c_str(), status);
      ++failed;
    }
  }
  return failed != 0;
}
