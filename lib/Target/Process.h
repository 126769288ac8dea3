// A child process with files in memory: no temporary files, all output kept,
// a deadline.

#ifndef DGEMM_LIB_TARGET_PROCESS_H
#define DGEMM_LIB_TARGET_PROCESS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace dgemm::target {

/// A child finds the input at `kInputPath` and writes its result to
/// `kOutputPath`. Both are files in memory, so it may seek in them.
inline constexpr char kInputPath[] = "/proc/self/fd/10";
inline constexpr char kOutputPath[] = "/proc/self/fd/11";

struct ProcessResult {
  /// What waitpid says.
  int status = 0;
  bool timedOut = false;
  /// The file at kOutputPath.
  std::string output;
  /// stdout and stderr in the order of writing.
  std::string log;
};

/// Runs `args` (args[0] is the executable's path) until it ends or
/// `timeoutSeconds` have passed; then it and its children are killed.
llvm::Expected<ProcessResult> runProcess(llvm::ArrayRef<std::string> args,
                                         llvm::StringRef input,
                                         double timeoutSeconds);

} // namespace dgemm::target

#endif // DGEMM_LIB_TARGET_PROCESS_H
