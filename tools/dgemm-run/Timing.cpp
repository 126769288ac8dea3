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
          subject.schedule(),
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

/// Per turn, from the stamps around each of `count` launches; 0: none are left.
std::vector<double> clocksOf(Device &device, size_t turns, size_t count) {
  std::vector<std::vector<double>> clocks(turns);
  for (size_t i = 0; i < count; ++i)
    if (double mhz = device.clockBetween(2 * i, 2 * i + 1))
      clocks[i % turns].push_back(mhz);
  std::vector<double> medians;
  for (const std::vector<double> &list : clocks)
    medians.push_back(spreadOf(list).median);
  return medians;
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
      take(
          device, turn, flush, 2 * (runs.size() - 1),
          [&] { run.begin.record(); }, [&] { run.end.record(); });
    }
  device.synchronize();

  TurnTimes times;
  times.microseconds.resize(turns.size());
  for (size_t i = 0; i < runs.size(); ++i)
    times.microseconds[i % turns.size()].push_back(
        runs[i]->begin.microsecondsUntil(runs[i]->end));
  times.mhz = clocksOf(device, turns.size(), runs.size());
  return times;
}

TurnTimes dgemm::run::timeWithProfiler(Device &device,
                                       const std::vector<Turn> &turns,
                                       int pairs, Flush flush,
                                       Profiler &profiler, std::string &why) {
  auto nothing = [] {};
  if (!profiler.start(why))
    return {};
  // What a profiler does once for each kernel falls into the first round.
  size_t count = 0;
  for (int round = 0; round <= pairs; ++round)
    for (const Turn &turn : turns)
      take(device, turn, flush, 2 * count++, nothing, nothing);
  device.synchronize();
  std::vector<KernelRecord> records = profiler.stop(why);
  if (!why.empty())
    return {};
  std::vector<double> list = timesBetweenStamps(records, count, why);
  if (list.empty())
    return {};
  TurnTimes times;
  times.microseconds.resize(turns.size());
  for (size_t i = turns.size(); i < list.size(); ++i)
    times.microseconds[i % turns.size()].push_back(list[i]);
  times.mhz = clocksOf(device, turns.size(), count);
  return times;
}

Timing dgemm::run::timeSubjects(Device &device,
                                const std::vector<Subject *> &subjects,
                                const TimingOptions &options) {
  Timing timing;
  timing.flush = options.flush;
  if (timing.flush == Flush::Auto)
    timing.flush = options.m > 128 ? Flush::Dirty : Flush::Clean;
  timing.pairs = options.pairs;
  std::vector<Turn> turns;
  for (Subject *subject : subjects) {
    timing.subjects.push_back(
        {subject->name(), subject->schedule(), {}, 0, {}});
    turns.push_back([subject] { subject->launch(); });
  }
  turns.push_back([&device] { device.launchEmpty(); });
  warmUp(device, turns, timing.flush,
         std::chrono::milliseconds(options.warmUpMilliseconds));

  TurnTimes events, kernels;
  if (!options.kernelTimesAlone || !options.profiler)
    events = timeWithEvents(device, turns, options.pairs, timing.flush);
  if (options.profiler)
    kernels = timeWithProfiler(device, turns, options.pairs, timing.flush,
                               *options.profiler, timing.noKernelTimes);
  bool withKernels = !kernels.microseconds.empty();
  if (!withKernels && events.microseconds.empty())
    events = timeWithEvents(device, turns, options.pairs, timing.flush);
  timing.withEvents = !events.microseconds.empty();
  for (size_t i = 0; i < subjects.size(); ++i) {
    SubjectTiming &s = timing.subjects[i];
    if (withKernels)
      s.kernelMicroseconds = spreadOf(kernels.microseconds[i]);
    if (timing.withEvents)
      s.microseconds = spreadOf(events.microseconds[i]);
    s.mhz = timing.withEvents ? events.mhz[i] : kernels.mhz[i];
    if (options.sustained > 0)
      timing.sustained.push_back(
          sustain(device, *subjects[i], options.sustained, s.best().median));
  }
  if (timing.withEvents) {
    timing.emptyMicroseconds = spreadOf(events.microseconds.back());
    timing.ratios = ratiosOf(events.microseconds);
  }
  if (withKernels) {
    timing.emptyKernelMicroseconds = spreadOf(kernels.microseconds.back());
    timing.kernelRatios = ratiosOf(kernels.microseconds);
  }
  return timing;
}
