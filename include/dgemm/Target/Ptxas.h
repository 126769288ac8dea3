// Runs ptxas as a child process on PTX text and judges what it says.

#ifndef DGEMM_TARGET_PTXAS_H
#define DGEMM_TARGET_PTXAS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dgemm::target {

struct PtxasOptions {
  /// The executable; `findPtxas` gives one.
  std::string path;
  std::string chip = "sm_90a";
  unsigned optLevel = 3;
  /// Wall time after which the child is killed.
  double timeoutSeconds = 60;
};

/// What ptxas reports of one kernel.
struct KernelResources {
  std::string kernel;
  int64_t registers = 0;
  int64_t barriers = 0;
  int64_t staticSharedBytes = 0;
  int64_t stackBytes = 0;
  int64_t spillStoreBytes = 0;
  int64_t spillLoadBytes = 0;
};

struct PtxasResult {
  std::string cubin;
  /// stdout and stderr, as they came.
  std::string log;
  std::vector<KernelResources> kernels;
  double milliseconds = 0;
};

/// Finds ptxas: `explicitPath` (an executable or a directory that holds it)
/// and nothing else if it is given, otherwise the environment's DGEMM_PTXAS,
/// CUDA_HOME, CUDA_PATH and PATH, then /usr/local/cuda. The error lists each
/// place and what is wrong with it.
llvm::Expected<std::string> findPtxas(llvm::StringRef explicitPath);

/// Assembles `ptx`. Nothing is written to disk. Fails when ptxas cannot be
/// started, does not end in time, is killed, rejects the PTX, or says nothing
/// that can be understood; its output is in the message.
llvm::Expected<PtxasResult> assemble(llvm::StringRef ptx,
                                     const PtxasOptions &options);

/// The `ptxas -v` report of each kernel in `log`.
std::vector<KernelResources> parsePtxasLog(llvm::StringRef log);

/// What makes a kernel unfit although ptxas accepted it: spills, local memory
/// and every message with a code (C75xx), which says that ptxas serialized
/// WGMMAs or ignored setmaxnreg. One sentence each; empty when all is well.
std::vector<std::string> findPerformanceBugs(const PtxasResult &result);

} // namespace dgemm::target

#endif // DGEMM_TARGET_PTXAS_H
