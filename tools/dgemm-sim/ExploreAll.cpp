// Runs all interleavings of a call with few preemptions.
#include "Session.h"

#include <cstring>
#include <iostream>

using namespace dgemm;
using namespace dgemm::simtool;

sim::Exploration dgemm::simtool::explore(Session &session,
                                         sim::Program &program,
                                         const Settings &settings,
                                         unsigned nearLine, bool &good) {
  sim::GlobalMemory memory;
  std::vector<uint64_t> addresses;
  bool empty = false;
  auto call = session.prepare(memory, addresses, empty);
  if (!call)
    die(call.message());
  good = true;
  if (empty)
    return {};
  auto bytes = [&](size_t i) {
    return static_cast<uint8_t *>(
        memory.data(addresses[i], session.operands[i].initial.size()));
  };
  auto prepare = [&]() -> sim::GlobalMemory & {
    for (size_t i = 0; i < addresses.size(); ++i)
      memcpy(bytes(i), session.operands[i].initial.data(),
             session.operands[i].initial.size());
    return memory;
  };
  std::vector<uint8_t> want = session.expected;
  size_t last = addresses.size() - 1;
  auto accept = [&](const sim::Result &) {
    if (want.empty())
      want.assign(bytes(last),
                  bytes(last) + session.operands[last].initial.size());
    return memcmp(want.data(), bytes(last), want.size()) == 0;
  };
  sim::Options options;
  options.idleLimit = 100000;
  options.check = !settings.noCheck;
  options.strict = settings.strict;
  options.nearLine = nearLine;
  sim::Exploration e =
      sim::exploreSystematically(program, *call, options, settings.systematic,
                                 settings.maxRuns, prepare, accept);
  good = e.first.ok() && accept(e.first);
  return e;
}

int dgemm::simtool::exploreAll(Session &session, const Settings &settings) {
  std::string error;
  auto program = sim::Program::load(readFile(settings.ptx), error);
  if (!program)
    die(settings.ptx + ": " + error);
  bool good;
  sim::Exploration e = explore(session, *program, settings, 0, good);
  std::cout << e.first.str() << e.runs << " interleavings with up to "
            << settings.systematic << " preemptions"
            << (e.complete ? " (all of them)" : "") << ": "
            << (good ? "ok" : "FAILED") << "\n";
  if (!good)
    for (const sim::Preemption &p : e.preemptions)
      std::cout << "  at decision " << p.decision << " actor " << p.choice
                << " took over\n";
  return good ? 0 : 1;
}
