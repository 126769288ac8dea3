// One case from beginning to end, and what came of it.
#ifndef DGEMM_TOOLS_RUN_RUNCASE_H
#define DGEMM_TOOLS_RUN_RUNCASE_H

#include "Chain.h"
#include "Check.h"

#include <optional>

namespace dgemm::run {

struct PeerResult {
  std::string name, note; ///< note: why it did not run, or how it compares
  std::optional<uint64_t> differingWords; ///< of D, against ours
  std::optional<Fp64Result> fp64;
};

struct CaseResult {
  bool ok = false;
  std::string error; ///< what stopped it; empty otherwise
  Problem problem;
  Sample sample;
  BitResult bits;
  Fp64Result fp64;
  std::string guards; ///< empty: untouched
  int repeats = 0;
  uint64_t repeatMismatches = 0;
  std::vector<PeerResult> peers;
  std::optional<Timing> timing;
  std::optional<ChainTiming> chain;
};

class CaseRunner {
public:
  /// `profiler` may be null: then events alone tell the time.
  CaseRunner(Device &device, std::string cublasLibrary,
             Profiler *profiler = nullptr)
      : device(device), inputs(device), checker(device, inputs),
        cublasLibrary(std::move(cublasLibrary)), profiler(profiler) {}

  CaseResult run(const Case &c);

private:
  void runChecked(const Case &c, CaseResult &result);
  void checkOurs(const Case &c, KernelSubject &ours, CaseResult &result);
  void comparePeer(const Case &c, KernelSubject &ours, Subject &peer,
                   CaseResult &result);

  Device &device;
  Inputs inputs;
  Checker checker;
  std::string cublasLibrary;
  Profiler *profiler;
};

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_RUNCASE_H
