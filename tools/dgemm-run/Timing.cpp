// Interleaved timing with events and clock stamps.
#include "Timing.h"

#include <algorithm>
#include <chrono>

using namespace dgemm::run;

namespace {

class Event {
public:
  explicit Event(Device &device) : device(device) {
    check(dgemm_event_create(device.handle(), &event), "event");
  }
  ~Event() { dgemm_event_destroy(device.handle(), event); }
  Event(const Event &) = delete;
  void record() {
    check(dgemm_event_record(device.handle(), event, device.stream()), "event");
  }
  double microsecondsUntil(Event &end) {
    float milliseconds = 0;
    check(dgemm_event_elapsed(device.handle(), event, end.event, &milliseconds),
          "event");
    return double(milliseconds) * 1000;
  }

private:
  Device &device;
  void *event = nullptr;
};

struct Measurement {
  explicit Measurement(Device &device) : begin(device), end(device) {}
  Event begin, end;
  size_t stamp = 0;
};

/// Launches one subject back to back for a while: what it does when the GPU
/// has no rest. Mean time of a launch and mean clock.
SubjectTiming sustain(Device &device, Subject &subject, double seconds,
                      double microseconds) {
  constexpr size_t firstStamp = 0, lastStamp = 1;
  int launches =
      std::clamp(int(seconds * 1e6 / std::max(microseconds, 1.0)), 1, 200000);
  Event begin(device), end(device);
  device.spin(1000000);
  device.stamp(firstStamp);
  begin.record();
  for (int i = 0; i < launches; ++i)
    subject.launch();
  end.record();
  device.stamp(lastStamp);
  device.synchronize();
  double mean = begin.microsecondsUntil(end) / launches;
  return {subject.name(),
          {mean, mean, mean},
          device.clockBetween(firstStamp, lastStamp),
          {}};
}

/// One turn after the cache is in its state, between two stamps.
template <typename Begin, typename End>
void take(Device &device, const Turn &turn, Flush flush, size_t stamp,
          Begin begin, End end) {
  // The flush keeps the GPU busy while the host enqueues what follows, so that
  // no launch latency falls between the events.
  if (flush != Flush::Warm)
    device.flush(flush == Flush::Clean);
  else
    device.spin(100000);
  device.stamp(stamp);
  begin();
  turn();
  end();
  device.stamp(stamp + 1);
}

/// Takes turns until the GPU is warm.
void warmUp(Device &device, const std::vector<Turn> &turns, Flush flush,
            std::chrono::milliseconds duration) {
  using Clock = std::chrono::steady_clock;
  auto until = Clock::now() + duration;
  auto nothing = [] {};
  do {
    for (int round = 0; round < 4; ++round)
      for (const Turn &turn : turns)
        take(device, turn, flush, 0, nothing, nothing);
    device.synchronize();
  } while (device.isGpu() && Clock::now() < until);
}

/// Per turn but the first and the last (the empty kernel): its times over the
/// first's.
std::vector<Spread> ratiosOf(const std::vector<std::vector<double>> &times) {
  std::vector<Spread> ratios;
  for (size_t i = 1; i + 1 < times.size(); ++i)
    ratios.push_back(spreadOf(quotients(times[i], times[0])));
  return ratios;
}

} // namespace

Spread dgemm::run::spreadOf(std::vector<double> values) {
  if (values.empty())
    return {};
  std::sort(values.begin(), values.end());
  auto at = [&](double part) {
    return values[size_t(part * double(values.size() - 1) + 0.5)];
  };
  return {at(0.5), at(0.1), at(0.9)};
}

std::vector<double> dgemm::run::quotients(const std::vector<double> &a,
                                          const std::vector<double> &b) {
  std::vector<double> values;
  for (size_t i = 0; i < a.size(); ++i)
    values.push_back(a[i] / b[i]);
  return values;
}

TurnTimes dgemm::run::timeWithEvents(Device &device,
                                     const std::vector<Turn> &turns, int pairs,
                                     Flush flush) {
  std::vector<std::unique_ptr<Measurement>> runs;
  for (int pair = 0; pair < pairs; ++pair)
    for (const Turn &turn : turns) {
      runs.push_back(std::make_unique<Measurement>(device));
      Measurement &run = *runs.back();
      run.stamp = 2 * (runs.size() - 1);
      take(
          device, turn, flush, run.stamp, [&] { run.begin.record(); },
          [&] { run.end.record(); });
    }
  device.synchronize();

  TurnTimes times;
  times.microseconds.resize(turns.size());
  std::vector<std::vector<double>> clocks(turns.size());
  for (size_t i = 0; i < runs.size(); ++i) {
    Measurement &run = *runs[i];
    times.microseconds[i % turns.size()].push_back(
        run.begin.microsecondsUntil(run.end));
    if (double mhz = device.clockBetween(run.stamp, run.stamp + 1))
      clocks[i % turns.size()].push_back(mhz);
  }
  for (const std::vector<double> &list : clocks)
    times.mhz.push_back(spreadOf(list).median);
  return times;
}

std::vector<std::vector<double>>
dgemm::run::timeWithProfiler(Device &device, const std::vector<Turn> &turns,
                             int pairs, Flush flush, Profiler &profiler,
                             std::string &why) {
  auto nothing = [] {};
  if (!profiler.start(why))
    return {};
  // What a profiler does once for each kernel falls into the first round.
  int rounds = pairs + 1;
  for (int round = 0; round < rounds; ++round)
    for (const Turn &turn : turns)
      take(device, turn, flush, 0, nothing, nothing);
  device.synchronize();
  std::vector<KernelRecord> records = profiler.stop(why);
  if (!why.empty())
    return {};
  std::vector<double> list =
      timesBetweenStamps(records, size_t(rounds) * turns.size(), why);
  if (list.empty())
    return {};
  std::vector<std::vector<double>> times(turns.size());
  for (size_t i = turns.size(); i < list.size(); ++i)
    times[i % turns.size()].push_back(list[i]);
  return times;
}

Timing dgemm::run::timeSubjects(Device &device,
                                const std::vector<Subject *> &subjects,
                                const TimingOptions &options) {
  Timing timing;
  timing.flush = options.flush;
  if (timing.flush == Flush::Auto)
    timing.flush = options.m >= 4096 ? Flush::Dirty : Flush::Clean;
  timing.pairs = options.pairs;
  std::vector<Turn> turns;
  for (Subject *subject : subjects) {
    timing.subjects.push_back({subject->name(), {}, 0, {}});
    turns.push_back([subject] { subject->launch(); });
  }
  turns.push_back([&device] { device.launchEmpty(); });
  warmUp(device, turns, timing.flush,
         std::chrono::milliseconds(options.warmUpMilliseconds));

  TurnTimes events = timeWithEvents(device, turns, options.pairs, timing.flush);
  timing.emptyMicroseconds = spreadOf(events.microseconds.back());
  timing.ratios = ratiosOf(events.microseconds);
  std::vector<std::vector<double>> kernels;
  if (options.profiler)
    kernels = timeWithProfiler(device, turns, options.pairs, timing.flush,
                               *options.profiler, timing.noKernelTimes);
  if (!kernels.empty()) {
    timing.emptyKernelMicroseconds = spreadOf(kernels.back());
    timing.kernelRatios = ratiosOf(kernels);
  }
  for (size_t i = 0; i < subjects.size(); ++i) {
    SubjectTiming &s = timing.subjects[i];
    s.microseconds = spreadOf(events.microseconds[i]);
    s.mhz = events.mhz[i];
    if (!kernels.empty())
      s.kernelMicroseconds = spreadOf(kernels[i]);
    if (options.sustained > 0)
      timing.sustained.push_back(sustain(
          device, *subjects[i], options.sustained, s.microseconds.median));
  }
  return timing;
}
