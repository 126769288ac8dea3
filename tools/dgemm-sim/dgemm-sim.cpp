// Runs a compiled kernel on the simulator, from its PTX and launch record.
#include "Session.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>

using namespace dgemm;
using namespace dgemm::simtool;

namespace {

void printCounters(const sim::Counters &c) {
  std::cout << "instructions " << c.instructions << "\n";
  for (const auto &[role, count] : c.byRole)
    std::cout << "  " << role << " " << count << "\n";
  for (const auto &[opcode, count] : c.byOpcode)
    std::cout << "  " << opcode << " " << count << "\n";
  std::cout << "tma loads " << c.tmaLoadBytes << " B, stores "
            << c.tmaStoreBytes << " B in " << c.tmaOperations << " operations\n"
            << "global loads " << c.globalLoadBytes << " B, stores "
            << c.globalStoreBytes << " B\n"
            << "L2 reads " << c.l2LoadBytes << " B of " << c.distinctLoadBytes
            << " B, writes " << c.l2StoreBytes << " B of "
            << c.distinctStoreBytes << " B\n"
            << "shared loads " << c.sharedLoadBytes << " B, stores "
            << c.sharedStoreBytes << " B, bank conflicts " << c.bankConflicts
            << "\n"
            << "wgmma " << c.wgmmaOperations << " operations, " << c.wgmmaMacs
            << " MACs\n"
            << "barrier waits " << c.barrierWaits << ", stalls "
            << c.barrierStalls << "\n"
            << "shared memory " << c.sharedBytes << " B, virtual registers "
            << c.registerRows << ", model clocks " << c.cycles << "\n";
}

/// Prints the first differing elements of D; returns their number.
size_t compare(const Operand &d, const std::vector<uint8_t> &got,
               const std::vector<uint8_t> &want, const char *against) {
  size_t wrong = 0, index = 0;
  unsigned size = launch::byteSize(d.tensor.dtype);
  int64_t columns = d.tensor.shape.back();
  for (uint64_t offset : elementOffsets(d.tensor)) {
    if (memcmp(got.data() + offset, want.data() + offset, size) != 0 &&
        wrong++ < 8) {
      uint32_t a = 0, b = 0;
      memcpy(&a, got.data() + offset, size);
      memcpy(&b, want.data() + offset, size);
      char text[160];
      snprintf(text, sizeof(text), "  D[%lld, %lld]: 0x%0*x, %s 0x%0*x\n",
               (long long)(index / columns), (long long)(index % columns),
               (int)size * 2, a, against, (int)size * 2, b);
      std::cout << text;
    }
    ++index;
  }
  if (wrong)
    std::cout << wrong << " of " << index << " elements of D differ from the "
              << against << "\n";
  return wrong;
}

int simulate(Session &session, const Settings &settings) {
  std::string error;
  auto program = sim::Program::load(readFile(settings.ptx), error);
  if (!program)
    die(settings.ptx + ": " + error);
  std::vector<uint8_t> first;
  bool failed = false;
  uint64_t runs = settings.explore ? settings.explore : 1;
  for (uint64_t r = 0; r < runs && !failed; ++r) {
    sim::Options options;
    options.seed = settings.seed + r;
    options.check = !settings.noCheck;
    options.strict = settings.strict;
    options.threads = settings.threads;
    options.trace = !settings.trace.empty();
    options.smCount = (uint32_t)settings.sms;
    auto start = std::chrono::steady_clock::now();
    Outcome outcome = session.run(*program, options);
    double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    if (outcome.empty) {
      std::cout << "the problem is empty: nothing is launched\n";
      return 0;
    }
    const sim::Result &result = outcome.result;
    std::cout << result.str();
    failed = !result.ok();
    const Operand &d = session.operands.back();
    if (result.completed) {
      if (!session.expected.empty())
        failed |= compare(d, outcome.d(), session.expected, "expected") != 0;
      if (first.empty())
        first = outcome.d();
      else
        failed |= compare(d, outcome.d(), first, "first run's") != 0;
    }
    for (const std::string &text : settings.outputs) {
      size_t at = text.find('=');
      if (at == std::string::npos)
        die("output '" + text + "' is not NAME=FILE");
      Operand &operand = session.named(text.substr(0, at));
      const uint8_t *bytes =
          outcome.operands[&operand - session.operands.data()].data();
      if (auto status = saveFile(operand, bytes, text.substr(at + 1)); !status)
        die(status.message());
    }
    if (settings.counters)
      printCounters(result.counters);
    if (options.trace)
      std::ofstream(settings.trace) << sim::traceToJson(result.trace);
    const char *state = failed                     ? "FAILED"
                        : session.expected.empty() ? "ran"
                                                   : "ok, D as expected";
    std::cout << "seed " << options.seed << ": " << state << ", grid "
              << outcome.call.grid.x << "x" << outcome.call.grid.y << "x"
              << outcome.call.grid.z << ", " << result.counters.instructions
              << " warp instructions in " << seconds << " s\n";
  }
  return failed ? 1 : 0;
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app{"Runs a kernel's PTX on the simulator and reports hazards. "
               "Operands are random unless a file is given; D is checked bit "
               "for bit when the operands are those of a dense gemm."};
  Settings s;
  app.add_option("ptx", s.ptx, "the kernel's PTX")->required();
  app.add_option("record", s.record, "its launch record")->required();
  app.add_option("--size", s.sizes, "M=256 N=512 K=1024 and strides (lda=...)");
  app.add_option("--operand", s.operands,
                 "A=FILE: raw elements, dense in row-major order");
  app.add_option("--output", s.outputs, "D=FILE: where to write an operand");
  app.add_option("--seed", s.seed,
                 "0 follows the latency model, others interleave at random");
  app.add_option("--explore", s.explore, "run that many seeds from --seed on");
  app.add_option("--data-seed", s.data, "seed of generated operands");
  app.add_option("--sms", s.sms, "number of SMs the grid is made for");
  app.add_option("--threads", s.threads, "host threads (0: one per core)");
  app.add_option("--trace", s.trace, "write a timeline (Perfetto, JSON)");
  app.add_option("--mutate", s.mutate,
                 "run every mutant of the kernel with that many seeds");
  app.add_option("--systematic", s.systematic,
                 "run all interleavings with up to that many preemptions");
  app.add_option("--max-runs", s.maxRuns, "at most that many of them");
  app.add_option("--small", s.smallSizes,
                 "with --mutate and --systematic: the sizes on which the "
                 "mutants that no seed shows are explored");
  app.add_option("--mutants", s.mutants, "write the mutants' fates to a file");
  app.add_flag("--strict", s.strict,
               "reads end at fences and barriers only, not at wgmma waits");
  app.add_flag("--no-check", s.noCheck, "no hazard detection");
  app.add_flag("--no-verify", s.noVerify, "do not compute the expected D");
  app.add_flag("--counters", s.counters, "print instruction and byte counts");
  CLI11_PARSE(app, argc, argv);
  Session session(s);
  if (s.mutate)
    return mutate(session, s);
  return s.systematic ? exploreAll(session, s) : simulate(session, s);
}
