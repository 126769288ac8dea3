// Loading CUPTI and reading its kernel records.
#include "Profiler.h"

#include "HelperKernels.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <set>
#include <sstream>

using namespace dgemm::run;
namespace fs = std::filesystem;

namespace {

/// CUPTI's callbacks carry no pointer of the caller's.
Profiler *active = nullptr;

constexpr size_t bufferBytes = size_t(4) << 20;

void addLibrariesOf(const fs::path &folder, std::vector<std::string> &out) {
  std::error_code ignored;
  std::vector<std::string> found;
  for (const auto &entry : fs::directory_iterator(folder, ignored))
    if (entry.path().filename().string().rfind("libcupti.so", 0) == 0)
      found.push_back(entry.path().string());
  std::sort(found.rbegin(), found.rend());
  out.insert(out.end(), found.begin(), found.end());
}

/// PREFIX/lib/python3.x/site-packages/nvidia/*/lib, where pip puts it.
void addPythonLibraries(const fs::path &prefix, std::vector<std::string> &out) {
  std::error_code ignored;
  for (const auto &python : fs::directory_iterator(prefix / "lib", ignored)) {
    if (python.path().filename().string().rfind("python3", 0) != 0)
      continue;
    for (const char *site : {"site-packages", "dist-packages"})
      for (const auto &package :
           fs::directory_iterator(python.path() / site / "nvidia", ignored))
        addLibrariesOf(package.path() / "lib", out);
  }
}

std::vector<std::string> candidates() {
  std::vector<std::string> list = {"libcupti.so.13", "libcupti.so.12"};
  std::vector<fs::path> roots;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (const char *root = std::getenv(variable))
      roots.push_back(root);
  roots.push_back("/usr/local/cuda");
  for (const fs::path &root : roots)
    for (const char *folder : {"extras/CUPTI/lib64", "lib64", "lib"})
      addLibrariesOf(root / folder, list);
  if (const char *environment = std::getenv("VIRTUAL_ENV"))
    addPythonLibraries(environment, list);
  std::istringstream path(std::getenv("PATH") ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(path, folder, ':');)
    if (std::error_code ignored;
        fs::exists(fs::path(folder) / "python3", ignored))
      addPythonLibraries(fs::path(folder).parent_path(), list);
  return list;
}

} // namespace

std::unique_ptr<Profiler> Profiler::open(const std::string &path,
                                         std::string &why) {
  std::vector<std::string> names = {path};
  const char *variable = std::getenv("DGEMM_CUPTI");
  if (path.empty() && variable && *variable)
    names = {variable};
  else if (path.empty())
    names = candidates();
  void *file = nullptr;
  std::string chosen, first;
  for (size_t i = 0; i < names.size() && !file; ++i) {
    chosen = names[i];
    file = dlopen(chosen.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!file && first.empty())
      first = dlerror();
  }
  if (!file) {
    why = "CUPTI cannot be loaded: " + first;
    if (names.size() > 1)
      why += " (and " + std::to_string(names.size() - 1) +
             " other places; --cupti or DGEMM_CUPTI names the file)";
    return nullptr;
  }
  using namespace cupti; // for the parameters in the table
  Library library;
  why.clear();
#define DGEMM_CUPTI_LOAD(member, symbol, parameters)                           \
  library.member =                                                             \
      reinterpret_cast<Result(*) parameters>(dlsym(file, #symbol));            \
  if (!library.member && why.empty())                                          \
    why = chosen + " has no " #symbol;
  DGEMM_CUPTI_FUNCTIONS(DGEMM_CUPTI_LOAD)
#undef DGEMM_CUPTI_LOAD
  if (!why.empty())
    return nullptr;
  uint32_t version = 0;
  library.getVersion(&version);
  std::unique_ptr<Profiler> profiler(
      new Profiler(library, chosen + ", CUPTI " + std::to_string(version)));
  if (Result r = library.registerCallbacks(request, complete)) {
    why = profiler->error("cuptiActivityRegisterCallbacks", r);
    return nullptr;
  }
  active = profiler.get();
  return profiler;
}

Profiler::~Profiler() {
  if (active == this)
    active = nullptr;
}

std::string Profiler::error(const char *what, cupti::Result result) const {
  const char *name = nullptr;
  std::string message = std::string(what) + " returned ";
  if (library.getResultString(result, &name) == 0 && name)
    return message + name;
  return message + std::to_string(result);
}

void Profiler::request(uint8_t **buffer, size_t *size, size_t *records) {
  *buffer = static_cast<uint8_t *>(
      std::aligned_alloc(cupti::recordAlignment, bufferBytes));
  *size = *buffer ? bufferBytes : 0;
  *records = 0; // as many as fit
}

void Profiler::complete(void *context, uint32_t stream, uint8_t *buffer, size_t,
                        size_t validSize) {
  if (Profiler *p = active) {
    std::lock_guard<std::mutex> lock(p->mutex);
    cupti::KernelActivity *record = nullptr;
    cupti::Result r = 0;
    while (validSize &&
           (r = p->library.getNextRecord(buffer, validSize, &record)) == 0)
      if (record->kind == cupti::activityConcurrentKernel)
        p->kernels.push_back(
            {record->name ? record->name : "", record->start, record->end});
    if (r && r != cupti::errorMaxLimitReached)
      p->failure = r;
    size_t lost = 0;
    if (p->library.getNumDroppedRecords(context, stream, &lost) == 0)
      p->dropped += lost;
  }
  std::free(buffer);
}

bool Profiler::start(std::string &why) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    kernels.clear();
    dropped = 0;
    failure = 0;
  }
  if (cupti::Result r = library.enable(cupti::activityConcurrentKernel)) {
    why = error("cuptiActivityEnable", r);
    return false;
  }
  return true;
}

std::vector<KernelRecord> Profiler::stop(std::string &why) {
  // Disabling first would lose what has not been delivered.
  cupti::Result flushed = library.flushAll(cupti::flushForced);
  cupti::Result disabled = library.disable(cupti::activityConcurrentKernel);
  std::lock_guard<std::mutex> lock(mutex);
  if (flushed)
    why = error("cuptiActivityFlushAll", flushed);
  else if (disabled)
    why = error("cuptiActivityDisable", disabled);
  else if (failure)
    why = error("cuptiActivityGetNextRecord", failure);
  else if (dropped)
    why = "CUPTI dropped " + std::to_string(dropped) + " records";
  else {
    std::sort(kernels.begin(), kernels.end(),
              [](const KernelRecord &a, const KernelRecord &b) {
                return a.start < b.start;
              });
    return std::move(kernels);
  }
  return {};
}

std::vector<double>
dgemm::run::timesBetweenStamps(const std::vector<KernelRecord> &records,
                               size_t launches, std::string &why) {
  std::vector<double> times;
  // The driver may clear memory by a kernel; what is timed never runs outside.
  std::set<std::string> insideNames, outsideNames;
  bool inside = false;
  size_t kernels = 0;
  uint64_t nanoseconds = 0;
  for (const KernelRecord &r : records) {
    if (r.name == stampKernelName) {
      if (inside && kernels == 0) {
        why = "no kernel between the stamps of launch " +
              std::to_string(times.size());
        return {};
      }
      if (inside)
        times.push_back(double(nanoseconds) / 1000);
      inside = !inside;
      kernels = nanoseconds = 0;
    } else if (r.name.rfind(helperPrefix, 0) == 0) {
      continue;
    } else if (!inside) {
      outsideNames.insert(r.name);
    } else if (r.end <= r.start) {
      why = "the kernel " + r.name + " has no times";
      return {};
    } else {
      insideNames.insert(r.name);
      ++kernels;
      nanoseconds += r.end - r.start;
    }
  }
  for (const std::string &name : outsideNames)
    if (insideNames.count(name)) {
      why = "the kernel " + name + " also ran outside of the stamps";
      return {};
    }
  if (inside || times.size() != launches) {
    why = std::to_string(times.size()) + " launches were recorded instead of " +
          std::to_string(launches);
    return {};
  }
  return times;
}
