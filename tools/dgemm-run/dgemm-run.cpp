// Runs compiled kernels: checks every bit, guards every buffer, times against
// peers or, to tune, against each other.
#include "Report.h"
#include "Tune.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

using namespace dgemm::run;

namespace {

/// Times the candidates of each case; writes the winners as a tuning table.
int runTuning(const std::vector<Case> &cases, CaseRunner &runner,
              const Device &device, const std::string &table,
              std::ostream *json) {
  std::ofstream entries(table);
  if (!entries)
    throw std::runtime_error("cannot write " + table);
  entries << "# Written by dgemm-run tune on " << device.info().name << ", "
          << device.info().sms << " SMs.\n";
  size_t failures = 0;
  for (const Case &c : cases) {
    TuneResult result = tune(runner, c);
    // A candidate that is wrong never wins, and is no small matter either.
    failures += !result.winner || !result.dropped.empty();
    std::cout << tuneText(c, result) << std::flush;
    // At once: whoever interrupts the tool has what is done so far.
    entries << result.entry(c) << std::flush;
    if (json)
      *json << resultJson(device, c, result.round) << std::endl;
  }
  std::cout << (failures ? "FAILED: " : "all tuned: ") << failures << " of "
            << cases.size() << " problems have faulty candidates\n";
  return failures ? 1 : 0;
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app{"Runs DGEMM kernels by their launch records, compares D with "
               "the reference evaluator bit for bit and times it against "
               "peers.",
               "dgemm-run"};
  std::string manifest, path, out, backend = "gpu", cublas, cupti, table;
  std::vector<std::string> sizes;
  int device = 0;
  Case options;
  bool stopAtFailure = false;
  app.add_option("path", path,
                 "A launch record with its cubin beside it, or a directory "
                 "of such pairs");
  app.add_option("-m,--manifest", manifest,
                 "JSON lines, one case each (docs/dgemm-run.md)");
  app.add_option("-s,--size", sizes,
                 "MxNxK, or M where the record fixes N and K");
  app.add_option("-o,--out", out, "Writes everything as JSON lines here");
  app.add_option("--backend", backend, "gpu or reference")
      ->capture_default_str();
  app.add_option("--device", device, "Which one")->capture_default_str();
  app.add_flag("--time", options.time, "Times the kernels");
  app.add_option("--pairs", options.pairs, "Timed rounds")
      ->capture_default_str();
  app.add_option("--chain", options.chain,
                 "Launches in one graph with cold weights; 0: no such graph")
      ->capture_default_str();
  app.add_option("--sustained", options.sustained,
                 "Seconds of back-to-back launches after that")
      ->capture_default_str();
  app.add_option("--repeats", options.repeats, "Runs that must agree")
      ->capture_default_str();
  app.add_option("--sms", options.sms, "SMs to use; 0: all")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Of the inputs")
      ->capture_default_str();
  std::map<std::string, Check> checks = {{"auto", Check::Auto},
                                         {"full", Check::Full},
                                         {"sampled", Check::Sampled},
                                         {"none", Check::None}};
  app.add_option("--check", options.check,
                 "auto, full, sampled (rows and columns) or none")
      ->transform(CLI::CheckedTransformer(checks, CLI::ignore_case));
  std::map<std::string, Flush> flushes;
  for (Flush f : {Flush::Auto, Flush::Dirty, Flush::Clean, Flush::Warm})
    flushes[toString(f)] = f;
  app.add_option("--flush", options.flush,
                 "L2 before a timed launch: auto, dirty, clean or warm")
      ->transform(CLI::CheckedTransformer(flushes, CLI::ignore_case));
  app.add_option("--cublaslt", cublas, "The cuBLASLt library to load");
  app.add_option("--cupti", cupti,
                 "The CUPTI library that measures kernel times; none: events "
                 "alone");
  app.add_flag("--stop", stopAtFailure, "Stops at the first failure");
  CLI::App *tuning = app.add_subcommand(
      "tune", "Times candidates of scripts/tune-candidates (PATH is their "
              "folder or manifest) and writes the fastest to a tuning table");
  tuning->add_option("--table", table, "The tuning table to write")->required();
  tuning->fallthrough();
  CLI11_PARSE(app, argc, argv);

  try {
    if (manifest.empty() == path.empty())
      throw std::runtime_error("give either a path or a manifest");
    if (*tuning) {
      manifest = manifest.empty() ? path : manifest;
      if (std::filesystem::is_directory(manifest))
        manifest += "/problems.jsonl";
    }
    KernelFiles files;
    if (sizes.empty())
      sizes = {"256"};
    std::vector<Case> cases = manifest.empty()
                                  ? casesOf(path, sizes, options, files)
                                  : readManifest(manifest, files);
    Device target(backend, device);
    std::string kernelClock = "none";
    std::unique_ptr<Profiler> profiler;
    bool timed = *tuning || std::any_of(cases.begin(), cases.end(),
                                        [](const Case &c) { return c.time; });
    if (timed && target.isGpu() && cupti != "none") {
      profiler = Profiler::open(cupti, kernelClock);
      if (profiler)
        kernelClock = profiler->description();
      else if (!cupti.empty())
        throw std::runtime_error(kernelClock);
      std::cout << (profiler ? "kernel times from "
                             : "no kernel times, events alone: ")
                << kernelClock << "\n";
    }
    std::ofstream json;
    if (!out.empty()) {
      json.open(out);
      if (!json)
        throw std::runtime_error("cannot write " + out);
      std::string command;
      for (int i = 0; i < argc; ++i)
        command += (i ? " " : "") + std::string(argv[i]);
      json << headerJson(target, command, kernelClock) << "\n";
    }
    std::cout << cases.size() << " cases on " << target.info().name << " ("
              << backend << ")\n";
    CaseRunner runner(target, cublas, profiler.get());
    if (*tuning)
      return runTuning(cases, runner, target, table,
                       json.is_open() ? &json : nullptr);
    size_t failures = 0;
    for (const Case &c : cases) {
      CaseResult result = runner.run(c);
      failures += !result.ok;
      std::cout << resultText(target, c, result) << std::flush;
      if (json.is_open())
        json << resultJson(target, c, result) << std::endl;
      if (!result.ok && stopAtFailure)
        break;
    }
    std::cout << (failures ? "FAILED: " : "all passed: ") << failures << " of "
              << cases.size() << " cases failed\n";
    return failures ? 1 : 0;
  } catch (const std::exception &e) {
    std::cerr << "dgemm-run: " << e.what() << "\n";
    return 2;
  }
}
