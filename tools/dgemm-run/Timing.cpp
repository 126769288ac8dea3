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

/// Runs the subjects in turn until the GPU is warm.
void warmUp(Device &device, const std::vector<Subject *> &subjects, Flush flush,
            std::chrono::milliseconds duration) {
  using Clock = std::chrono::steady_clock;
  auto until = Clock::now() + duration;
  do {
    for (int round = 0; round < 4; ++round)
      for (Subject *subject : subjects) {
        if (flush != Flush::Warm)
          device.flush(flush == Flush::Clean);
        subject->launch();
      }
    device.synchronize();
  } while (device.isGpu() && Clock::now() < until);
}

/// One launch after the cache is in its state, between two stamps. The empty
/// kernel takes its turn as the last subject.
template <typename Begin, typename End>
void takeTurn(Device &device, const std::vector<Subject *> &subjects,
              Flush flush, size_t turn, size_t stamp, Begin begin, End end) {
  // The flush keeps the GPU busy while the host enqueues what follows, so that
  // no launch latency falls between the events.
  if (flush != Flush::Warm)
    device.flush(flush == Flush::Clean);
  else
    device.spin(100000);
  device.stamp(stamp);
  begin();
  if (turn < subjects.size())
    subjects[turn]->launch();
  else
    device.launchEmpty();
  end();
  device.stamp(stamp + 1);
}

/// Per subject but the first: its times over the first's.
std::vector<Spread> ratiosOf(const std::vector<std::vector<double>> &times) {
  std::vector<Spread> ratios;
  for (size_t i = 1; i + 1 < times.size(); ++i) {
    std::vector<double> values;
    for (size_t pair = 0; pair < times[0].size(); ++pair)
      values.push_back(times[i][pair] / times[0][pair]);
    ratios.push_back(spreadOf(values));
  }
  return ratios;
}

void timeWithEvents(Device &device, const std::vector<Subject *> &subjects,
                    Timing &timing) {
  size_t turns = subjects.size() + 1;
  std::vector<std::unique_ptr<Measurement>> runs;
  for (int pair = 0; pair < timing.pairs; ++pair)
    for (size_t turn = 0; turn < turns; ++turn) {
      runs.push_back(std::make_unique<Measurement>(device));
      Measurement &run = *runs.back();
      run.stamp = 2 * (runs.size() - 1);
      takeTurn(
          device, subjects, timing.flush, turn, run.stamp,
          [&] { run.begin.record(); }, [&] { run.end.record(); });
    }
  device.synchronize();

  std::vector<std::vector<double>> times(turns), clocks(turns);
  for (size_t i = 0; i < runs.size(); ++i) {
    Measurement &run = *runs[i];
    times[i % turns].push_back(run.begin.microsecondsUntil(run.end));
    if (double mhz = device.clockBetween(run.stamp, run.stamp + 1))
      clocks[i % turns].push_back(mhz);
  }
  for (size_t i = 0; i < subjects.size(); ++i) {
    timing.subjects[i].microseconds = spreadOf(times[i]);
    timing.subjects[i].mhz = spreadOf(clocks[i]).median;
  }
  timing.emptyMicroseconds = spreadOf(times.back());
  timing.ratios = ratiosOf(times);
}

void timeWithProfiler(Device &device, const std::vector<Subject *> &subjects,
                      Profiler &profiler, Timing &timing) {
  size_t turns = subjects.size() + 1;
  auto nothing = [] {};
  if (!profiler.start(timing.noKernelTimes))
    return;
  // What a profiler does once for each kernel falls into the first round.
  int rounds = timing.pairs + 1;
  for (int round = 0; round < rounds; ++round)
    for (size_t turn = 0; turn < turns; ++turn)
      takeTurn(device, subjects, timing.flush, turn, 0, nothing, nothing);
  device.synchronize();
  std::vector<KernelRecord> records = profiler.stop(timing.noKernelTimes);
  if (!timing.noKernelTimes.empty())
    return;
  std::vector<double> list =
      timesBetweenStamps(records, size_t(rounds) * turns, timing.noKernelTimes);
  std::vector<std::vector<double>> times(turns);
  for (size_t i = turns; i < list.size(); ++i)
    times[i % turns].push_back(list[i]);
  if (list.empty())
    return;
  for (size_t i = 0; i < subjects.size(); ++i)
    timing.subjects[i].kernelMicroseconds = spreadOf(times[i]);
  timing.emptyKernelMicroseconds = spreadOf(times.back());
  timing.kernelRatios = ratiosOf(times);
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

Timing dgemm::run::timeSubjects(Device &device,
                                const std::vector<Subject *> &subjects,
                                const TimingOptions &options) {
  Timing timing;
  timing.flush = options.flush;
  if (timing.flush == Flush::Auto)
    timing.flush = options.m >= 4096 ? Flush::Dirty : Flush::Clean;
  timing.pairs = options.pairs;
  warmUp(device, subjects, timing.flush,
         std::chrono::milliseconds(options.warmUpMilliseconds));
  for (Subject *subject : subjects)
    timing.subjects.push_back({subject->name(), {}, 0, {}});
  timeWithEvents(device, subjects, timing);
  if (options.profiler)
    timeWithProfiler(device, subjects, *options.profiler, timing);
  if (options.sustained > 0)
    for (size_t i = 0; i < subjects.size(); ++i)
      timing.sustained.push_back(
          sustain(device, *subjects[i], options.sustained,
                  timing.subjects[i].microseconds.median));
  return timing;
}
