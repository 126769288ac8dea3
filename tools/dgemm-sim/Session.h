// One call that can be simulated again and again: record, operands, answer.
#ifndef DGEMM_TOOLS_SIM_SESSION_H
#define DGEMM_TOOLS_SIM_SESSION_H

#include "Operands.h"
#include "dgemm/Simulator/Explore.h"
#include "dgemm/Simulator/Plan.h"

namespace dgemm::simtool {

struct Settings {
  std::string ptx, record, trace, mutants;
  std::vector<std::string> sizes, smallSizes, operands, outputs;
  uint64_t seed = 0, data = 1, explore = 0, mutate = 0, maxRuns = 2000;
  unsigned systematic = 0;
  unsigned threads = 0;
  int64_t sms = 132;
  bool strict = false;
  bool noCheck = false, counters = false, noVerify = false;
};

[[noreturn]] void die(const std::string &message);
std::string readFile(const std::string &path);

struct Outcome {
  sim::Result result;
  sim::Launch call;
  bool empty = false;                         // nothing was launched
  std::vector<std::vector<uint8_t>> operands; // bytes afterwards
  const std::vector<uint8_t> &d() const { return operands.back(); }
};

class Session {
public:
  /// Reads the record and makes the operands; ends the program on an error.
  explicit Session(const Settings &settings);

  Outcome run(sim::Program &program, const sim::Options &options) const;
  /// Fresh memory with the operands, and the launch that uses it.
  launch::Result<sim::Launch> prepare(sim::GlobalMemory &memory,
                                      std::vector<uint64_t> &addresses,
                                      bool &empty) const;
  Operand &named(const std::string &name);
  /// How the kernel cuts the sums of D: the number of parts, and their K
  /// blocks.
  std::pair<int64_t, int64_t> parts() const;

  /// What the runtime would plan, for operands in this memory.
  launch::Result<launch::Plan> plan(sim::GlobalMemory &memory,
                                    std::vector<uint64_t> &addresses) const;

  launch::Record record;
  std::vector<Operand> operands;
  std::vector<uint8_t> expected; // D, or empty
  int64_t sms;
};

/// Runs interleavings with up to `settings.systematic` preemptions, those near
/// a line of the PTX first; `good` is whether all were silent and gave the
/// bits that the first one (or the expected D) has.
sim::Exploration explore(Session &session, sim::Program &program,
                         const Settings &settings, unsigned nearLine,
                         bool &good);

/// Runs all interleavings with up to `settings.systematic` preemptions.
int exploreAll(Session &session, const Settings &settings);

/// Runs every mutant of the kernel over `settings.mutate` seeds, prints a
/// table and returns the exit status.
int mutate(Session &session, const Settings &settings);

} // namespace dgemm::simtool

#endif // DGEMM_TOOLS_SIM_SESSION_H
