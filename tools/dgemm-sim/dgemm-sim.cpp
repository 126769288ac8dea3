// Runs a compiled kernel on the simulator, from its PTX and launch record.
#include "Operands.h"
#include "dgemm/Simulator/Plan.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace dgemm;
using namespace dgemm::simtool;

namespace {

struct Settings {
  std::string ptx, record, trace;
  std::vector<std::string> sizes, operands, outputs;
  uint64_t seed = 0, data = 1, explore = 0;
  unsigned threads = 0;
  int64_t sms = 132;
  bool noCheck = false, counters = false, noVerify = false;
};

[[noreturn]] void die(const std::string &message) {
  std::cerr << "dgemm-sim: " << message << "\n";
  std::exit(2);
}

std::string readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    die("cannot read '" + path + "'");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::pair<std::string, std::string> split(const std::string &text,
                                          const char *what) {
  size_t at = text.find('=');
  if (at == std::string::npos || at == 0)
    die(std::string(what) + " '" + text + "' is not NAME=VALUE");
  return {text.substr(0, at), text.substr(at + 1)};
}

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

/// First differing elements of D; returns their number.
size_t compare(const Operand &d, const uint8_t *got,
               const std::vector<uint8_t> &want, const char *against) {
  size_t wrong = 0, index = 0;
  unsigned size = launch::byteSize(d.tensor.dtype);
  int64_t columns = d.tensor.shape.back();
  for (uint64_t offset : elementOffsets(d.tensor)) {
    if (memcmp(got + offset, want.data() + offset, size) != 0 && wrong++ < 8) {
      uint32_t a = 0, b = 0;
      memcpy(&a, got + offset, size);
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

int simulate(const Settings &settings) {
  std::string error;
  auto program = sim::Program::load(readFile(settings.ptx), error);
  if (!program)
    die(settings.ptx + ": " + error);
  auto record = launch::Record::parse(readFile(settings.record));
  if (!record)
    die(settings.record + ": " + record.message());

  launch::Environment values;
  for (const std::string &text : settings.sizes) {
    auto [name, value] = split(text, "size");
    try {
      values[name] = std::stoll(value);
    } catch (const std::exception &) {
      die("size '" + text + "' is not a number");
    }
  }
  auto operands = makeOperands(*record, values);
  if (!operands)
    die(operands.message());
  for (size_t i = 0; i < operands->size(); ++i)
    generate((*operands)[i], record->operands[i].access, settings.data + i);
  auto named = [&](const std::string &name) -> Operand & {
    for (Operand &operand : *operands)
      if (operand.name == name)
        return operand;
    die("the record has no operand '" + name + "'");
  };
  for (const std::string &text : settings.operands) {
    auto [name, path] = split(text, "operand");
    if (auto status = loadFile(named(name), path); !status)
      die(status.message());
  }
  std::vector<uint8_t> want;
  if (!settings.noVerify)
    want = expectedD(*operands);

  std::vector<uint8_t> first;
  bool failed = false;
  uint64_t runs = settings.explore ? settings.explore : 1;
  for (uint64_t r = 0; r < runs && !failed; ++r) {
    sim::GlobalMemory memory;
    std::vector<launch::Tensor> tensors;
    for (Operand &operand : *operands) {
      operand.tensor.address =
          memory.allocate(operand.initial.size(), operand.name);
      memcpy(memory.data(operand.tensor.address, operand.initial.size()),
             operand.initial.data(), operand.initial.size());
      tensors.push_back(operand.tensor);
    }
    auto plan = launch::plan(*record, tensors, settings.sms);
    if (!plan)
      die(plan.message());
    if (plan->empty) {
      std::cout << "the problem is empty: nothing is launched\n";
      return 0;
    }
    uint64_t workspace =
        plan->workspaceBytes
            ? memory.allocate(plan->workspaceBytes, "workspace")
            : 0;
    sim::Launch call = sim::toLaunch(*record, *plan, workspace);
    sim::Options options;
    options.seed = settings.seed + r;
    options.check = !settings.noCheck;
    options.threads = settings.threads;
    options.trace = !settings.trace.empty();
    options.smCount = (uint32_t)settings.sms;
    auto start = std::chrono::steady_clock::now();
    sim::Result result = sim::run(*program, call, memory, options);
    double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    std::cout << result.str();
    Operand &d = named(operands->back().name);
    const uint8_t *got = static_cast<const uint8_t *>(
        memory.data(d.tensor.address, d.initial.size()));
    failed = !result.ok();
    if (result.completed) {
      if (!want.empty())
        failed |= compare(d, got, want, "expected") != 0;
      if (first.empty())
        first.assign(got, got + d.initial.size());
      else
        failed |= compare(d, got, first, "first run's") != 0;
    }
    for (const std::string &text : settings.outputs) {
      auto [name, path] = split(text, "output");
      Operand &operand = named(name);
      const uint8_t *bytes = static_cast<const uint8_t *>(
          memory.data(operand.tensor.address, operand.initial.size()));
      if (auto status = saveFile(operand, bytes, path); !status)
        die(status.message());
    }
    if (settings.counters)
      printCounters(result.counters);
    if (options.trace)
      std::ofstream(settings.trace) << sim::traceToJson(result.trace);
    std::cout << "seed " << options.seed << ": "
              << (failed         ? "FAILED"
                  : want.empty() ? "ran"
                                 : "ok, D as expected")
              << ", grid " << call.grid.x << "x" << call.grid.y << "x"
              << call.grid.z << ", " << result.counters.instructions
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
  app.add_flag("--no-check", s.noCheck, "no hazard detection");
  app.add_flag("--no-verify", s.noVerify, "do not compute the expected D");
  app.add_flag("--counters", s.counters, "print instruction and byte counts");
  CLI11_PARSE(app, argc, argv);
  return simulate(s);
}
