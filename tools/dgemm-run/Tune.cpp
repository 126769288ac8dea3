// Rounds between candidates.
#include "Tune.h"

#include <algorithm>
#include <cstdio>

using namespace dgemm::run;
namespace launch = dgemm::launch;

namespace {

using Kernel = std::shared_ptr<const KernelFile>;
using Times = std::vector<std::pair<double, Kernel>>;

/// The case with other kernels.
Case caseOf(const Case &c, const std::vector<Kernel> &kernels) {
  Case round = c;
  round.kernel = kernels.front();
  round.peers.clear();
  for (size_t i = 1; i < kernels.size(); ++i)
    round.peers.push_back({kernels[i]->name, kernels[i], ""});
  return round;
}

std::string reason(const CaseResult &result) {
  if (!result.error.empty())
    return result.error;
  if (result.bits.mismatches)
    return std::to_string(result.bits.mismatches) + " of " +
           std::to_string(result.bits.elements) + " elements are wrong";
  if (result.repeatMismatches)
    return "its result changes from run to run";
  if (!result.guards.empty())
    return "it writes where it must not: " + result.guards;
  return "its check failed";
}

/// Whether two kernels add a row's products in the same order, and so have the
/// same bits.
bool haveOneOrder(const Kernel &a, const Kernel &b) {
  auto order = [](const Kernel &kernel) {
    const std::optional<launch::Parts> &parts =
        kernel->record.kernels.front().parts;
    return parts ? std::pair(parts->count, parts->kBlocks.text())
                 : std::pair(int64_t(1), std::string());
  };
  return order(a) == order(b);
}

/// What is wrong with a peer's D; empty if nothing shows beside the first's. A
/// winner of another order is compared with the reference later.
std::string faultOf(const PeerResult &peer, bool oneOrder) {
  if (!peer.note.empty())
    return peer.note;
  if (oneOrder && *peer.differingWords)
    return std::to_string(*peer.differingWords) + " words of its D differ";
  if (!(peer.fp64->maxErrorOverBound <= 1))
    return "its error is above the bound";
  return "";
}

/// The median of each kernel that ran, by name.
Times timesOf(const CaseResult &result, const std::vector<Kernel> &kernels) {
  Times times;
  for (const SubjectTiming &subject : result.timing->subjects)
    for (const Kernel &kernel : kernels)
      if (kernel->name == subject.name)
        times.push_back({subject.best().median, kernel});
  std::sort(times.begin(), times.end(),
            [](auto &a, auto &b) { return a.first < b.first; });
  return times;
}

} // namespace

TuneResult dgemm::run::tune(CaseRunner &runner, const Case &c) {
  TuneResult result;
  std::vector<Kernel> kernels = {c.kernel};
  for (const Peer &peer : c.peers)
    kernels.push_back(peer.kernel);
  auto drop = [&](const std::string &name, const std::string &why) {
    result.dropped.push_back(name + ": " + why);
    kernels.erase(
        std::find_if(kernels.begin(), kernels.end(),
                     [&](const Kernel &k) { return k->name == name; }));
  };

  // The first is the measure of all others, so it must be right itself.
  for (;; drop(kernels.front()->name, reason(result.round))) {
    if (kernels.empty()) {
      result.error = "no candidate is right";
      return result;
    }
    Case round = caseOf(c, kernels);
    round.time = true;
    result.round = runner.run(round);
    if (result.round.ok)
      break;
  }
  Times times = timesOf(result.round, kernels);
  for (const auto &[time, kernel] : times)
    if (kernel == kernels.front())
      result.firstMicroseconds = time;
  const Kernel first = kernels.front();
  for (const PeerResult &peer : result.round.peers) {
    const Kernel &kernel =
        *std::find_if(kernels.begin(), kernels.end(),
                      [&](const Kernel &k) { return k->name == peer.name; });
    std::string fault = faultOf(peer, haveOneOrder(kernel, first));
    if (!fault.empty())
      drop(peer.name, fault);
  }
  auto isDropped = [&](const auto &entry) {
    return std::find(kernels.begin(), kernels.end(), entry.second) ==
           kernels.end();
  };
  times.erase(std::remove_if(times.begin(), times.end(), isDropped),
              times.end());
  result.candidates = times.size();

  // What is nearly equal meets again.
  std::vector<Kernel> finalists;
  for (const auto &[time, kernel] : times)
    if (time <= 1.03 * times.front().first)
      finalists.push_back(kernel);
  if (finalists.size() > 1) {
    Case round = caseOf(c, finalists);
    round.time = true;
    round.check = Check::None;
    round.pairs = 3 * c.pairs;
    CaseResult again = runner.run(round);
    if (again.ok && again.timing) {
      Times final = timesOf(again, finalists);
      times.erase(times.begin(), times.begin() + long(finalists.size()));
      times.insert(times.begin(), final.begin(), final.end());
    }
  }
  for (const auto &[time, kernel] : times) {
    Case check = caseOf(c, {kernel});
    check.time = false;
    CaseResult checked = runner.run(check);
    if (checked.ok) {
      result.winner = kernel;
      result.microseconds = time;
      return result;
    }
    drop(kernel->name, reason(checked));
  }
  result.error = "no candidate is right";
  return result;
}

std::string TuneResult::entry(const Case &c) const {
  if (!winner)
    return "";
  const Problem &p = round.problem;
  char times[128];
  std::snprintf(
      times, sizeof times, "# %s: %.2f us; the first of %zu: %.2f us\n",
      winner->name.c_str(), microseconds, candidates, firstMicroseconds);
  return times + ("M=" + (c.range.empty() ? std::to_string(p.m) : c.range)) +
         " N=" + std::to_string(p.n) + " K=" + std::to_string(p.k) +
         " out=" + launch::toString(p.type) + " scaling=" + p.scaling() +
         (p.withC ? " accumulate=yes" : "") + " = " + winner->record.schedule +
         "\n";
}

std::string dgemm::run::tuneText(const Case &c, const TuneResult &result) {
  char head[160];
  std::snprintf(head, sizeof head, "%-28s %lld x %lld x %lld  ", c.name.c_str(),
                (long long)c.m, (long long)c.n, (long long)c.k);
  std::string text = head;
  if (!result.winner) {
    text += "FAIL  " + result.error + "\n";
  } else {
    char body[160];
    std::snprintf(body, sizeof body,
                  "%s is the fastest of %zu: %.2f us, the first takes %.2f "
                  "us\n",
                  result.winner->name.c_str(), result.candidates,
                  result.microseconds, result.firstMicroseconds);
    text += body;
  }
  for (const std::string &dropped : result.dropped)
    text += "      dropped " + dropped + "\n";
  return text;
}
