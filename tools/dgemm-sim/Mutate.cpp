// Runs every mutant of a kernel and tells which of them are reported.
#include "Session.h"
#include "dgemm/Simulator/Mutation.h"

#include <fstream>
#include <iostream>

using namespace dgemm;
using namespace dgemm::simtool;

namespace {
struct Tally {
  int made = 0, reported = 0, wrongBits = 0, limit = 0, survived = 0;
};

/// Runs a kernel that must be silent, and returns what it leaves in memory.
std::vector<std::vector<uint8_t>> baseline(const Session &session,
                                           const Settings &settings) {
  std::string error;
  auto program = sim::Program::load(readFile(settings.ptx), error);
  if (!program)
    die(settings.ptx + ": " + error);
  std::vector<std::vector<uint8_t>> memory;
  for (uint64_t seed = 0; seed < settings.mutate; ++seed) {
    sim::Options options;
    options.seed = seed;
    options.threads = settings.threads;
    Outcome outcome = session.run(*program, options);
    if (!outcome.result.ok())
      die("the unmutated kernel is reported:\n" + outcome.result.str());
    if (seed && outcome.operands != memory)
      die("the unmutated kernel gives other bits with another seed");
    memory = std::move(outcome.operands);
  }
  return memory;
}

std::string verdict(const Session &session, const sim::Mutant &mutant,
                    const std::vector<std::vector<uint8_t>> &expected,
                    const Settings &settings, std::string &detail) {
  std::string error;
  auto program = sim::Program::load(mutant.ptx, error);
  if (!program) {
    detail = error;
    return "invalid";
  }
  bool wrong = false, limit = false;
  for (uint64_t seed = 0; seed < settings.mutate; ++seed) {
    sim::Options options;
    options.seed = seed;
    options.threads = settings.threads;
    options.idleLimit = 100000;
    options.stepLimit = 20000000;
    Outcome outcome = session.run(*program, options);
    for (const sim::Hazard &hazard : outcome.result.hazards) {
      if (hazard.kind == sim::HazardKind::StepLimit) {
        limit = true;
        continue;
      }
      detail = hazard.str().substr(0, hazard.str().find('\n'));
      return "reported";
    }
    wrong |= outcome.result.completed && outcome.operands != expected;
  }
  return wrong ? "wrong-bits" : limit ? "step-limit" : "survived";
}

/// Explores a survivor on the small problem. What that finds is no survivor.
std::string explored(Session &small, const sim::Mutant &mutant,
                     const Settings &settings, std::string &detail) {
  std::string error;
  auto program = sim::Program::load(mutant.ptx, error);
  bool good;
  sim::Exploration e = explore(small, *program, settings, mutant.line, good);
  detail =
      std::to_string(e.runs) + " interleavings" + (e.complete ? " (all)" : "");
  if (good)
    return "survived";
  if (e.first.hazards.empty())
    return "wrong-bits";
  const sim::Hazard &hazard = e.first.hazards.front();
  if (hazard.kind == sim::HazardKind::StepLimit)
    return "step-limit";
  detail += ": " + hazard.str().substr(0, hazard.str().find('\n'));
  return "reported";
}
} // namespace

int dgemm::simtool::mutate(Session &session, const Settings &settings) {
  std::vector<sim::Mutant> mutants = sim::makeMutants(readFile(settings.ptx));
  std::vector<std::vector<uint8_t>> expected = baseline(session, settings);
  std::map<std::string, Tally> byKind;
  Tally total;
  int exploredCount = 0;
  Settings smaller = settings;
  if (!settings.smallSizes.empty())
    smaller.sizes = settings.smallSizes;
  Session small(smaller);
  std::ofstream list;
  if (!settings.mutants.empty())
    list.open(settings.mutants);
  for (const sim::Mutant &mutant : mutants) {
    std::string detail;
    std::string result = verdict(session, mutant, expected, settings, detail);
    bool systematic = settings.systematic && result == "survived";
    if (systematic)
      result = explored(small, mutant, settings, detail);
    exploredCount += systematic && result == "reported";
    if (list)
      list << result << "\t" << mutant.line << "\t" << mutant.kind << "\t"
           << mutant.instruction << "\t" << mutant.description << "\t" << detail
           << std::endl;
    if (result == "invalid")
      continue;
    for (Tally *tally :
         {&total, &byKind[mutant.kind + " " + mutant.instruction]}) {
      ++tally->made;
      tally->reported += result == "reported";
      tally->wrongBits += result == "wrong-bits";
      tally->limit += result == "step-limit";
      tally->survived += result == "survived";
    }
    if (result != "reported")
      std::cout << result << ": line " << mutant.line << " "
                << mutant.instruction << ", " << mutant.kind << ": "
                << mutant.description << (detail.empty() ? "" : "; " + detail)
                << std::endl;
  }
  std::cout << exploredCount << " are reported by exploration only\n";
  std::cout << "\n| mutants | made | reported | wrong bits | step limit | "
               "survived |\n|---|---|---|---|---|---|\n";
  byKind["all"] = total;
  for (const auto &[kind, tally] : byKind)
    std::cout << "| " << kind << " | " << tally.made << " | " << tally.reported
              << " | " << tally.wrongBits << " | " << tally.limit << " | "
              << tally.survived << " |\n";
  return 0;
}
