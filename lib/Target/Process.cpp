// A child process with files in memory: memfd_create, posix_spawn, poll.

#include "Process.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace dgemm::target {
namespace {

using Clock = std::chrono::steady_clock;

/// The child's descriptors for kInputPath and kOutputPath. The parent keeps
/// its own copies above them, so that placing one cannot close another.
constexpr int kInputFd = 10;
constexpr int kOutputFd = 11;
constexpr int kFirstParentFd = 20;

llvm::Error systemError(const char *what) {
  int code = errno;
  return llvm::createStringError(std::error_code(code, std::generic_category()),
                                 "%s: %s", what, std::strerror(code));
}

/// A file descriptor that closes itself.
class Descriptor {
public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd(fd) {}
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  ~Descriptor() { reset(); }

  int get() const { return fd; }
  bool valid() const { return fd >= 0; }
  void reset(int other = -1) {
    if (fd >= 0)
      ::close(fd);
    fd = other;
  }
  /// Moves the descriptor out of the range that the child's side uses.
  bool lift() {
    int high = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstParentFd);
    int code = errno;
    reset(high);
    errno = code;
    return valid();
  }

private:
  int fd = -1;
};

llvm::Error openMemoryFile(Descriptor &file, const char *name) {
  file.reset(::memfd_create(name, MFD_CLOEXEC));
  if (!file.valid() || !file.lift())
    return systemError("memfd_create");
  return llvm::Error::success();
}

llvm::Error writeAll(int fd, llvm::StringRef data) {
  while (!data.empty()) {
    ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return systemError("write to a memory file");
    data = data.drop_front(n);
  }
  if (::lseek(fd, 0, SEEK_SET) < 0)
    return systemError("lseek in a memory file");
  return llvm::Error::success();
}

llvm::Expected<std::string> readWholeFile(int fd) {
  struct stat info;
  if (::fstat(fd, &info) < 0)
    return systemError("fstat of a memory file");
  std::string data(info.st_size, '\0');
  size_t done = 0;
  while (done < data.size()) {
    ssize_t n = ::pread(fd, data.data() + done, data.size() - done, done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return systemError("read from a memory file");
    if (n == 0)
      break;
    done += n;
  }
  data.resize(done);
  return data;
}

/// posix_spawn with the child's side of the plumbing. Returns the pid.
llvm::Expected<pid_t> spawn(llvm::ArrayRef<std::string> args, int input,
                            int output, int log) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, log, 1);
  posix_spawn_file_actions_adddup2(&actions, log, 2);
  posix_spawn_file_actions_adddup2(&actions, input, kInputFd);
  posix_spawn_file_actions_adddup2(&actions, output, kOutputFd);

  // A host such as Python may block or ignore signals; the child starts
  // clean. Its own process group lets a deadline kill what it started, too.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                            POSIX_SPAWN_SETSIGDEF |
                                            POSIX_SPAWN_SETPGROUP);

  std::vector<char *> argv;
  for (const std::string &arg : args)
    argv.push_back(const_cast<char *>(arg.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  int code =
      ::posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (code != 0)
    return llvm::createStringError(
        std::error_code(code, std::generic_category()), "cannot start '%s': %s",
        args[0].c_str(), std::strerror(code));
  return pid;
}

int millisecondsUntil(Clock::time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - Clock::now());
  return left.count() < 0 ? 0 : static_cast<int>(left.count()) + 1;
}

/// Collects what the child prints until it closes its end or time is up.
/// Returns false in the latter case.
bool drain(int pipe, std::string &log, Clock::time_point deadline) {
  char buffer[4096];
  while (true) {
    pollfd entry = {pipe, POLLIN, 0};
    int ready = ::poll(&entry, 1, millisecondsUntil(deadline));
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0)
      return false;
    ssize_t n = ::read(pipe, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return true;
    log.append(buffer, n);
  }
}

/// waitpid with a deadline. Returns 1 when the child is collected, 0 when
/// time is up and -1 on an error.
int waitUntil(pid_t pid, int &status, Clock::time_point deadline) {
  while (true) {
    pid_t done = ::waitpid(pid, &status, WNOHANG);
    if (done == pid)
      return 1;
    if (done < 0 && errno != EINTR)
      return -1;
    if (Clock::now() >= deadline)
      return 0;
    // The child has closed its output, so its end is a moment away.
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

} // namespace

llvm::Expected<ProcessResult> runProcess(llvm::ArrayRef<std::string> args,
                                         llvm::StringRef input,
                                         double timeoutSeconds) {
  Descriptor inputFile, outputFile, readEnd, writeEnd;
  if (llvm::Error error = openMemoryFile(inputFile, "input"))
    return std::move(error);
  if (llvm::Error error = openMemoryFile(outputFile, "output"))
    return std::move(error);
  if (llvm::Error error = writeAll(inputFile.get(), input))
    return std::move(error);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0)
    return systemError("pipe");
  readEnd.reset(ends[0]);
  writeEnd.reset(ends[1]);
  if (!readEnd.lift() || !writeEnd.lift())
    return systemError("pipe");

  auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(timeoutSeconds));
  llvm::Expected<pid_t> pid =
      spawn(args, inputFile.get(), outputFile.get(), writeEnd.get());
  if (!pid)
    return pid.takeError();
  writeEnd.reset();

  ProcessResult result;
  int waited = 0;
  if (drain(readEnd.get(), result.log, deadline))
    waited = waitUntil(*pid, result.status, deadline);
  if (waited == 0) {
    result.timedOut = true;
    ::kill(-*pid, SIGKILL);
    while ((waited = ::waitpid(*pid, &result.status, 0)) < 0 && errno == EINTR)
      ;
  }
  if (waited < 0)
    return systemError("waitpid");
  llvm::Expected<std::string> output = readWholeFile(outputFile.get());
  if (!output)
    return output.takeError();
  result.output = std::move(*output);
  return result;
}

} // namespace dgemm::target
