// Checks, comparison with peers, timing: the steps of one case.
#include "RunCase.h"

#include <cstring>
#include <stdexcept>

using namespace dgemm::run;
namespace launch = dgemm::launch;

namespace {

/// Words of D's M x N that differ, wherever the two lie and however strided.
uint64_t differingWords(Device &device, const Problem &p, const Output &a,
                        const Output &b) {
  size_t elt = launch::byteSize(p.type);
  if (p.m == 0 || p.n == 0)
    return 0;
  if (a.strides == b.strides && a.strides[0] == p.n && p.m * p.n * elt % 4 == 0)
    return device.countMismatches(a.data, b.data, size_t(p.m * p.n) * elt);
  uint64_t count = 0;
  std::vector<uint8_t> rows[2];
  for (int64_t row = 0; row < p.m; ++row) {
    for (auto [output, bytes] : {std::pair(&a, &rows[0]), {&b, &rows[1]}}) {
      bytes->resize(size_t(p.n) * elt);
      device.download(bytes->data(),
                      static_cast<const uint8_t *>(output->data) +
                          size_t(row * output->strides[0]) * elt,
                      bytes->size());
    }
    for (size_t i = 0; i < size_t(p.n); ++i)
      count += std::memcmp(&rows[0][i * elt], &rows[1][i * elt], elt) != 0;
  }
  return count;
}

} // namespace

CaseResult CaseRunner::run(const Case &c) {
  CaseResult result;
  try {
    runChecked(c, result);
  } catch (const std::exception &e) {
    result.ok = false;
    result.error = e.what();
  }
  // Whatever went wrong may have left its traces in the shared inputs.
  if (!result.ok)
    inputs.drop();
  return result;
}

void CaseRunner::checkOurs(const Case &c, KernelSubject &ours,
                           CaseResult &result) {
  result.sample = sampleOf(result.problem, c.check);
  ours.reset();
  ours.launch();
  device.synchronize();
  result.bits = checker.checkBits(result.problem, result.sample, ours.output());
  result.fp64 = checker.checkFp64(result.problem, result.sample, ours.output());

  // The same bits every time, guards and padding included.
  Buffer &d = ours.buffer();
  Buffer first(device, d.total(), 0, 0);
  device.copy(first.data(), d.begin(), d.total());
  for (result.repeats = 1; result.repeats < c.repeats; ++result.repeats) {
    ours.reset();
    ours.launch();
    result.repeatMismatches +=
        device.countMismatches(d.begin(), first.data(), d.total());
  }
  result.guards = ours.checkGuards();
  result.ok = result.bits.mismatches == 0 && result.bits.paddingWritten == 0 &&
              result.repeatMismatches == 0 && result.guards.empty() &&
              result.fp64.maxErrorOverBound <= 1;
}

void CaseRunner::comparePeer(const Case &c, KernelSubject &ours, Subject &peer,
                             CaseResult &result) {
  PeerResult r;
  r.name = peer.name();
  ours.reset();
  ours.launch();
  peer.reset();
  peer.launch();
  device.synchronize();
  r.differingWords =
      differingWords(device, result.problem, ours.output(), peer.output());
  Sample sample = sampleOf(result.problem, Check::Sampled);
  if (c.check != Check::None)
    r.fp64 = checker.checkFp64(result.problem, sample, peer.output());
  result.peers.push_back(std::move(r));
}

void CaseRunner::runChecked(const Case &c, CaseResult &result) {
  result.problem = problemOf(c, c.kernel->record);
  KernelSubject ours(device, inputs, c, result.problem, c.kernel->name,
                     c.kernel);
  result.ok = true;
  ours.describeParts(result.problem);
  if (c.check != Check::None)
    checkOurs(c, ours, result);

  std::vector<std::unique_ptr<Subject>> peers;
  for (const Peer &peer : c.peers) {
    // A peer that cannot run is a note, not a failure of our kernel.
    std::string why;
    try {
      if (peer.kernel) {
        Problem theirs = problemOf(c, peer.kernel->record);
        if (theirs.sfbRows != result.problem.sfbRows ||
            theirs.type != result.problem.type ||
            theirs.withC != result.problem.withC)
          throw std::runtime_error("it computes another problem (scaling, "
                                   "type or C)");
        Case like = c;
        like.ld.clear();
        peers.push_back(std::make_unique<KernelSubject>(
            device, inputs, like, theirs, peer.name, peer.kernel));
      } else {
        for (auto &subject :
             makeCublasSubjects(device, inputs, result.problem, peer.cublasMode,
                                cublasLibrary, why))
          peers.push_back(std::move(subject));
      }
    } catch (const std::exception &e) {
      why = e.what();
    }
    if (!why.empty())
      result.peers.push_back({peer.name, why, {}, {}});
  }
  for (auto &peer : peers)
    comparePeer(c, ours, *peer, result);
  TimingOptions options;
  options.pairs = c.pairs;
  options.flush = c.flush;
  options.m = c.m;
  options.warmUpMilliseconds = c.warmUp;
  options.sustained = c.sustained;
  options.profiler = profiler;
  options.kernelTimesAlone = !c.events;
  if (c.time) {
    std::vector<Subject *> subjects = {&ours};
    for (auto &peer : peers)
      subjects.push_back(peer.get());
    result.timing = timeSubjects(device, subjects, options);
  }
  if (c.chain > 0) {
    std::vector<KernelSubject *> kernels = {&ours};
    for (auto &peer : peers)
      if (auto *kernel = dynamic_cast<KernelSubject *>(peer.get()))
        kernels.push_back(kernel);
    result.chain = timeChains(device, kernels, c.chain, options);
    for (const ChainSubject &s : result.chain->subjects)
      if (s.name == ours.name())
        result.ok &= s.differingWords == 0;
  }
}
