// A mutation loop for builds without libFuzzer:
//   dgemm-fuzz --seconds=5 --seed=1 test/Dialect examples
// An input that crashes, or takes too long, is left in --artifact.

#include "Fuzz.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

namespace {

llvm::cl::list<std::string> paths(llvm::cl::Positional, llvm::cl::OneOrMore,
                                  llvm::cl::desc("<files and folders>"));
llvm::cl::opt<double> seconds("seconds", llvm::cl::init(5),
                              llvm::cl::desc("How long to run"));
llvm::cl::opt<uint64_t> seed("seed", llvm::cl::init(1),
                             llvm::cl::desc("Of the random numbers"));
llvm::cl::opt<unsigned>
    limit("input-limit", llvm::cl::init(20),
          llvm::cl::desc("Seconds that one input may take"));
llvm::cl::opt<bool> once("once", llvm::cl::desc("Run the inputs as they are"));
llvm::cl::opt<std::string>
    artifact("artifact", llvm::cl::init("dgemm-fuzz-crash.mlir"),
             llvm::cl::desc("Where to leave an input that crashes"));

/// What a signal handler can reach. The path is copied: no allocation there.
std::string current;
char artifactPath[4096];

void saveCurrent(void *) {
  int fd = ::open(artifactPath, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0)
    return;
  size_t done = 0;
  while (done < current.size()) {
    ssize_t n = ::write(fd, current.data() + done, current.size() - done);
    if (n <= 0)
      break;
    done += n;
  }
  ::close(fd);
  static const char text[] = "dgemm-fuzz: the input is in ";
  (void)!::write(2, text, sizeof(text) - 1);
  (void)!::write(2, artifactPath, strlen(artifactPath));
  (void)!::write(2, "\n", 1);
}

/// Starts a limit on the CPU time of this process (a busy machine is no fault
/// of the input's); 0 ends it.
void limitTime(unsigned seconds) {
  itimerval timer = {};
  timer.it_value.tv_sec = seconds;
  ::setitimer(ITIMER_PROF, &timer, nullptr);
}

void onTimer(int) {
  static const char text[] = "dgemm-fuzz: an input takes too long\n";
  (void)!::write(2, text, sizeof(text) - 1);
  abort();
}

/// The parts of a test file between its `// -----` lines.
void readFile(llvm::StringRef path, std::vector<std::string> &seeds) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return;
  llvm::SmallVector<llvm::StringRef> parts;
  (*buffer)->getBuffer().split(parts, "// -----", -1, false);
  for (llvm::StringRef part : parts) {
    // Comments only dilute the edits.
    std::string text;
    llvm::SmallVector<llvm::StringRef> lines;
    part.split(lines, '\n', -1, false);
    for (llvm::StringRef line : lines)
      if (!line.ltrim().starts_with("//"))
        text += (line + "\n").str();
    if (!llvm::StringRef(text).trim().empty())
      seeds.push_back(std::move(text));
  }
}

std::vector<std::string> readSeeds() {
  std::vector<std::string> files, seeds;
  for (const std::string &path : paths) {
    if (!llvm::sys::fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    std::error_code code;
    for (llvm::sys::fs::recursive_directory_iterator it(path, code), end;
         it != end && !code; it.increment(code))
      if (llvm::StringRef(it->path()).ends_with(".mlir"))
        files.push_back(it->path());
  }
  // The order of a folder is the file system's; a seed must mean one run.
  std::sort(files.begin(), files.end());
  for (const std::string &file : files)
    readFile(file, seeds);
  return seeds;
}

/// Edits tend to delete what a module is about.
bool isInteresting(llvm::StringRef text) {
  return text.size() < 16384 &&
         (text.contains("dgemm.") || text.contains("hopper."));
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::ParseCommandLineOptions(argc, argv, "DGEMM's fuzzer\n");
  std::vector<std::string> seeds = readSeeds();
  if (seeds.empty()) {
    llvm::errs() << "dgemm-fuzz: no MLIR text in the given paths\n";
    return 1;
  }
  snprintf(artifactPath, sizeof(artifactPath), "%s", artifact.c_str());
  llvm::sys::AddSignalHandler(saveCurrent, nullptr);
  std::signal(SIGPROF, onTimer);

  uint64_t counts[3] = {0, 0, 0};
  auto run = [&](std::string text) {
    current = std::move(text);
    limitTime(limit);
    dgemm::fuzz::Outcome outcome = dgemm::fuzz::runInput(current);
    limitTime(0);
    ++counts[static_cast<int>(outcome)];
    return outcome;
  };
  for (const std::string &text : seeds)
    run(text);

  std::mt19937_64 random(seed);
  auto end =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  // Valid inputs become seeds, too; every second input comes from a file.
  std::vector<std::string> pool = seeds;
  size_t maximum = 2 * seeds.size() + 256;
  while (!once && std::chrono::steady_clock::now() < end) {
    const std::string &base = random() % 2 ? seeds[random() % seeds.size()]
                                           : pool[random() % pool.size()];
    std::string text = dgemm::fuzz::mutate(base, seeds, random);
    if (run(text) == dgemm::fuzz::Outcome::Rejected || !isInteresting(text))
      continue;
    if (pool.size() < maximum)
      pool.push_back(std::move(text));
    else
      pool[seeds.size() + random() % (maximum - seeds.size())] =
          std::move(text);
  }
  llvm::outs() << "dgemm-fuzz: " << counts[0] + counts[1] + counts[2]
               << " inputs from " << seeds.size() << " seeds: " << counts[0]
               << " rejected, " << counts[1] << " valid, " << counts[2]
               << " lowered\n";
  return 0;
}
