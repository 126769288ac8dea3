// Finds ptxas, runs it on PTX in memory, and reads its report.

#include "dgemm/Target/Ptxas.h"

#include "Process.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <sys/wait.h>

namespace dgemm::target {
namespace {

llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(message);
}

/// What is wrong with `path` as an executable; empty if nothing is.
std::string whyNotExecutable(llvm::StringRef path) {
  if (!llvm::sys::fs::exists(path))
    return "not there";
  if (llvm::sys::fs::is_directory(path))
    return "a directory";
  if (!llvm::sys::fs::can_execute(path))
    return "not executable; chmod +x it";
  return "";
}

/// Tries one place after the other and remembers why each one failed.
class Search {
public:
  bool tryFile(const llvm::Twine &source, llvm::StringRef path) {
    std::string trouble = whyNotExecutable(path);
    if (trouble.empty()) {
      found = path.str();
      return true;
    }
    tried += ("\n  " + source + ": " + path + " (" + trouble + ")").str();
    return false;
  }

  bool tryUnder(const llvm::Twine &source, llvm::StringRef folder) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, "ptxas");
    return tryFile(source, path);
  }

  /// `value` names the executable or a folder that holds it.
  bool tryEither(const llvm::Twine &source, llvm::StringRef value) {
    if (llvm::sys::fs::is_directory(value))
      return tryUnder(source, value);
    return tryFile(source, value);
  }

  void note(const llvm::Twine &text) { tried += ("\n  " + text).str(); }

  std::string found;
  std::string tried;
};

bool searchEnvironment(Search &search) {
  for (const char *name : {"CUDA_HOME", "CUDA_PATH"}) {
    const char *root = std::getenv(name);
    if (!root || !*root) {
      search.note(llvm::Twine(name) + ": not set");
      continue;
    }
    llvm::SmallString<128> folder(root);
    llvm::sys::path::append(folder, "bin");
    if (search.tryUnder(name, folder))
      return true;
  }
  const char *path = std::getenv("PATH");
  llvm::SmallVector<llvm::StringRef> folders;
  llvm::StringRef(path ? path : "").split(folders, ':', -1, false);
  for (llvm::StringRef folder : folders)
    if (search.tryUnder("PATH", folder))
      return true;
  return search.tryUnder("CUDA's default", "/usr/local/cuda/bin");
}

/// Reads the integer that stands right before `suffix` in `line`.
bool numberBefore(llvm::StringRef line, llvm::StringRef suffix,
                  int64_t &value) {
  size_t end = line.find(suffix);
  if (end == llvm::StringRef::npos)
    return false;
  llvm::StringRef head = line.take_front(end);
  size_t start = head.find_last_not_of("0123456789");
  head = start == llvm::StringRef::npos ? head : head.drop_front(start + 1);
  return !head.getAsInteger(10, value);
}

KernelResources &entryFor(std::vector<KernelResources> &kernels,
                          llvm::StringRef name) {
  for (KernelResources &kernel : kernels)
    if (kernel.kernel == name)
      return kernel;
  kernels.emplace_back();
  kernels.back().kernel = name.str();
  return kernels.back();
}

} // namespace

llvm::Expected<std::string> findPtxas(llvm::StringRef explicitPath) {
  Search search;
  bool found;
  if (!explicitPath.empty()) {
    found = search.tryEither("the ptxas option", explicitPath);
  } else if (const char *path = std::getenv("DGEMM_PTXAS"); path && *path) {
    found = search.tryEither("DGEMM_PTXAS", path);
  } else {
    search.note("DGEMM_PTXAS: not set");
    found = searchEnvironment(search);
  }
  if (found)
    return search.found;
  return makeError("ptxas not found; looked at" + search.tried +
                   "\ninstall a CUDA toolkit or the Python package "
                   "nvidia-cuda-nvcc, or set DGEMM_PTXAS to the executable");
}

std::vector<KernelResources> parsePtxasLog(llvm::StringRef log) {
  // The report of one kernel is four lines:
  //   ptxas info    : Compiling entry function 'gemm' for 'sm_90a'
  //   ptxas info    : Function properties for gemm
  //       0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
  //   ptxas info    : Used 168 registers, used 1 barriers, 0 bytes smem
  // Properties of device functions that were not inlined come in between.
  std::vector<KernelResources> kernels;
  std::string current, properties;
  llvm::SmallVector<llvm::StringRef> lines;
  log.split(lines, '\n');
  for (llvm::StringRef line : lines) {
    size_t entry = line.find("Compiling entry function '");
    if (entry != llvm::StringRef::npos) {
      current = line.drop_front(entry).split('\'').second.split('\'').first;
      entryFor(kernels, current);
      continue;
    }
    size_t function = line.find("Function properties for ");
    if (function != llvm::StringRef::npos) {
      properties =
          line.drop_front(function + strlen("Function properties for "))
              .trim()
              .str();
      continue;
    }
    int64_t value;
    if (!properties.empty() &&
        numberBefore(line, " bytes stack frame", value)) {
      // A device function's frame counts against the kernel that calls it.
      KernelResources &kernel =
          entryFor(kernels, current.empty() ? properties : current);
      kernel.stackBytes += value;
      if (numberBefore(line, " bytes spill stores", value))
        kernel.spillStoreBytes += value;
      if (numberBefore(line, " bytes spill loads", value))
        kernel.spillLoadBytes += value;
      properties.clear();
      continue;
    }
    if (!current.empty() && numberBefore(line, " registers", value)) {
      KernelResources &kernel = entryFor(kernels, current);
      kernel.registers = value;
      if (numberBefore(line, " barriers", value))
        kernel.barriers = value;
      if (numberBefore(line, " bytes smem", value))
        kernel.staticSharedBytes = value;
    }
  }
  return kernels;
}

llvm::Expected<PtxasResult> assemble(llvm::StringRef ptx,
                                     const PtxasOptions &options) {
  auto start = std::chrono::steady_clock::now();
  llvm::Expected<ProcessResult> run = runProcess(
      {options.path, "-v", "--warn-on-spills", "-arch", options.chip,
       "-O" + std::to_string(options.optLevel), kInputPath, "-o", kOutputPath},
      ptx, options.timeoutSeconds);
  if (!run)
    return run.takeError();
  std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;

  std::string said =
      run->log.empty() ? "; it printed nothing" : "; it printed\n" + run->log;
  if (run->timedOut)
    return makeError(
        "ptxas (" + options.path + ") did not end within " +
        llvm::Twine(static_cast<int64_t>(options.timeoutSeconds * 1000)) +
        " ms and was killed" + said);
  if (WIFSIGNALED(run->status))
    return makeError("ptxas (" + options.path + ") was killed by signal " +
                     llvm::Twine(WTERMSIG(run->status)) + " (" +
                     strsignal(WTERMSIG(run->status)) + ")" + said);
  if (WEXITSTATUS(run->status) != 0)
    return makeError("ptxas (" + options.path + ") failed with exit status " +
                     llvm::Twine(WEXITSTATUS(run->status)) + said);
  if (!llvm::StringRef(run->output)
           .starts_with("\x7f"
                        "ELF"))
    return makeError("ptxas (" + options.path +
                     ") reported success but wrote no cubin (" +
                     llvm::Twine(run->output.size()) + " bytes)" + said);

  PtxasResult result;
  result.cubin = std::move(run->output);
  result.kernels = parsePtxasLog(run->log);
  result.log = std::move(run->log);
  result.milliseconds = elapsed.count();
  if (result.kernels.empty())
    return makeError("ptxas (" + options.path +
                     ") did not report the kernels' resources" + said);
  return result;
}

std::vector<std::string> findPerformanceBugs(const PtxasResult &result) {
  std::vector<std::string> bugs;
  for (const KernelResources &kernel : result.kernels) {
    if (kernel.spillStoreBytes || kernel.spillLoadBytes)
      bugs.push_back(
          "kernel '" + kernel.kernel + "' spills registers: " +
          std::to_string(kernel.spillStoreBytes) + " bytes of stores, " +
          std::to_string(kernel.spillLoadBytes) + " bytes of loads, with " +
          std::to_string(kernel.registers) + " registers");
    else if (kernel.stackBytes)
      bugs.push_back("kernel '" + kernel.kernel + "' uses " +
                     std::to_string(kernel.stackBytes) +
                     " bytes of local memory");
  }
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(result.log).split(lines, '\n', -1, false);
  for (llvm::StringRef line : lines)
    if (line.contains("(C75"))
      bugs.push_back(line.trim().str());
  return bugs;
}

} // namespace dgemm::target
