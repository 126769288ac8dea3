// Broken PTX and absurd launches end in an error, never in a crash or a hang.
// DGEMM_FUZZ_SECONDS=600 lets the last test run for ten minutes.
#include "GemmFixture.h"

#include <chrono>
#include <cstdlib>

using namespace dgemm::sim;
using namespace dgemm::sim::test;

namespace {
/// Runs whatever `text` is with a small launch and tight limits.
void tryText(const std::string &text, uint64_t seed) {
  std::string error;
  auto program = Program::load(text, error);
  if (!program) {
    EXPECT_FALSE(error.empty());
    return;
  }
  for (const std::string &name : program->kernelNames()) {
    GemmProblem problem(64, 64, 128);
    Launch launch = problem.launch(1);
    launch.kernel = name;
    Options options;
    options.seed = seed;
    options.threads = 1;
    options.idleLimit = 5000;
    options.stepLimit = 100000;
    run(*program, launch, problem.memory, options);
  }
}
} // namespace

TEST(SimulatorFuzz, TruncatedText) {
  std::string text = readPtx("gemm_fp8.ptx");
  for (size_t i = 0; i < 200; ++i)
    tryText(text.substr(0, text.size() * i / 200), 0);
}

TEST(SimulatorFuzz, ChangedBytesAndLines) {
  std::string text = readPtx("gemm_fp8.ptx");
  std::vector<size_t> starts{0};
  for (size_t i = 0; i + 1 < text.size(); ++i)
    if (text[i] == '\n')
      starts.push_back(i + 1);
  std::mt19937 rng(3);
  for (int i = 0; i < 250; ++i) {
    std::string changed = text;
    switch (i % 4) {
    case 0: // a byte
      for (int n = 0; n < 4; ++n)
        changed[rng() % changed.size()] = (char)(32 + rng() % 95);
      break;
    case 1: { // a digit, where it hurts
      for (int n = 0; n < 6; ++n) {
        size_t at = rng() % changed.size();
        while (at < changed.size() && !isdigit((unsigned char)changed[at]))
          ++at;
        if (at < changed.size())
          changed[at] = (char)('0' + rng() % 10);
      }
      break;
    }
    case 2: { // a line is lost
      size_t line = rng() % (starts.size() - 1);
      changed.erase(starts[line], starts[line + 1] - starts[line]);
      break;
    }
    default: { // a line comes twice, elsewhere
      size_t line = rng() % (starts.size() - 1);
      std::string copy =
          text.substr(starts[line], starts[line + 1] - starts[line]);
      changed.insert(starts[rng() % starts.size()], copy);
      break;
    }
    }
    tryText(changed, (uint64_t)i);
  }
}

TEST(SimulatorFuzz, NoisyText) {
  std::mt19937 rng(5);
  for (int i = 0; i < 300; ++i) {
    std::string text = ".version 8.7\n.target sm_90a\n.address_size 64\n";
    if (i % 3)
      text += ".entry k() {\n";
    for (int n = rng() % 200; n > 0; --n) {
      static const char *const words[] = {
          "{",      "}",   "[",          "]",
          ";",      ",",   ".reg",       ".b32",
          "%r<",    ">",   "4294967295", "mov.b32",
          "L:",     "bra", "L",          "@%p",
          "0x",     "-",   "%r1",        ".shared",
          ".align", "16",  "b8",         "=",
          "\"",     "/*",  "//\n",       "wgmma.mma_async",
          ".param", "|"};
      text += words[rng() % 30];
      text += rng() % 3 ? " " : "";
    }
    tryText(text, 0);
  }
}

TEST(SimulatorFuzz, AbsurdLaunches) {
  auto program = loadPtx(readPtx("gemm_fp8.ptx"));
  ASSERT_TRUE(program);
  GemmProblem problem(64, 64, 128);
  Launch good = problem.launch(1);
  std::vector<Launch> bad(8, good);
  bad[0].grid.x = 0;
  bad[1].block = {0xffffffff, 0xffffffff, 0xffffffff};
  bad[2].cluster = {3, 1, 1};
  bad[3].dynamicShared = 0xffffffff;
  bad[4].params.pop_back();
  bad[5].params[0].resize(4);
  bad[6].kernel = "no such kernel";
  bad[7].block.x = 256; // the kernel wants 384, and never ends with less
  for (size_t i = 0; i < bad.size(); ++i) {
    Options options;
    options.idleLimit = 20000;
    Result result = run(*program, bad[i], problem.memory, options);
    EXPECT_FALSE(result.ok()) << i;
  }
}

TEST(SimulatorFuzz, RandomTensorMaps) {
  auto program = loadPtx(readPtx("gemm_fp8.ptx"));
  ASSERT_TRUE(program);
  std::mt19937 rng(11);
  for (int i = 0; i < 200; ++i) {
    GemmProblem problem(64, 64, 128);
    Launch launch = problem.launch(1);
    auto &bytes = launch.params[rng() % 4];
    for (int n = 1 + rng() % 4; n > 0; --n)
      bytes[4 + rng() % 100] = (uint8_t)rng();
    Options options;
    options.idleLimit = 20000;
    options.threads = 1;
    run(*program, launch, problem.memory, options);
  }
}

namespace {
std::vector<std::string> linesOf(const std::string &text) {
  std::vector<std::string> lines;
  std::stringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

/// Some lines of one kernel changed by bytes, digits, or lines of another one.
std::string crossed(const std::vector<std::vector<std::string>> &corpus,
                    std::mt19937_64 &rng) {
  std::vector<std::string> lines = corpus[rng() % corpus.size()];
  const std::vector<std::string> &other = corpus[rng() % corpus.size()];
  for (int n = 1 + (int)(rng() % 4); n > 0 && !lines.empty(); --n) {
    size_t at = rng() % lines.size();
    std::string &line = lines[at];
    switch (rng() % 5) {
    case 0:
      lines.erase(lines.begin() + at);
      break;
    case 1:
      lines.insert(lines.begin() + at, other[rng() % other.size()]);
      break;
    case 2:
      if (!line.empty())
        line[rng() % line.size()] = (char)(32 + rng() % 95);
      break;
    case 3:
      for (char &c : line)
        if (isdigit((unsigned char)c) && rng() % 4 == 0)
          c = (char)('0' + rng() % 10);
      break;
    default:
      std::swap(line, lines[rng() % lines.size()]);
      break;
    }
  }
  std::string text;
  for (const std::string &line : lines)
    text += line + "\n";
  return text;
}
} // namespace

TEST(SimulatorFuzz, CrossedKernels) {
  std::vector<std::vector<std::string>> corpus;
  for (const char *name :
       {"gemm_fp8", "gemm_cluster", "stream_sum", "features_cluster",
        "features_matrix", "features_tensormap", "features_warp", "faults"})
    corpus.push_back(linesOf(readPtx(std::string(name) + ".ptx")));
  const char *wanted = std::getenv("DGEMM_FUZZ_SECONDS");
  double seconds = wanted ? std::atof(wanted) : 2;
  auto start = std::chrono::steady_clock::now();
  auto passed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         start)
        .count();
  };
  std::mt19937_64 rng(17);
  uint64_t count = 0, loaded = 0;
  for (; passed() < seconds; ++count) {
    std::string error;
    auto program = Program::load(crossed(corpus, rng), error);
    if (!program)
      continue;
    ++loaded;
    for (const std::string &name : program->kernelNames()) {
      GlobalMemory memory;
      uint64_t in = memory.allocate(32768, "in"),
               out = memory.allocate(32768, "out");
      Launch launch;
      launch.kernel = name;
      launch.cluster.x = launch.grid.x = 1 + (uint32_t)(rng() % 2);
      launch.block.x = name == "gemm" ? 384 : 128;
      launch.dynamicShared = 65536;
      bool gemm = name.rfind("gemm", 0) == 0;
      if (!gemm)
        launch.param(in), launch.param(out);
      if (gemm || name.rfind("tensormap", 0) == 0 ||
          name.rfind("fault_tma", 0) == 0)
        for (int i = 0; i < (gemm ? 4 : 1); ++i)
          launch.param(map2d(in, TensorMap::U8, 128, 64, 128, 128, 32, 7));
      if (gemm)
        launch.param(in);
      for (int i = 0; gemm && i < 3; ++i)
        launch.param((int32_t)128);
      Options options;
      options.seed = rng() % 5;
      options.threads = 1;
      options.idleLimit = 5000;
      options.stepLimit = 50000;
      run(*program, launch, memory, options);
    }
  }
  EXPECT_GT(loaded, 0u);
  RecordProperty("programs", (int)count);
  if (wanted)
    std::printf("%llu programs, %llu of them valid\n",
                (unsigned long long)count, (unsigned long long)loaded);
}
