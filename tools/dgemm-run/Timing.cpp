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
          device.clockBetween(firstStamp, lastStamp)};
}

/// Runs the subjects in turn until the GPU is warm.
void warmUp(Device &device, const std::vector<Subject *> &subjects,
            Flush flush) {
  using Clock = std::chrono::steady_clock;
  auto until = Clock::now() + std::chrono::milliseconds(500);
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
                                int pairs, Flush flush, int64_t m,
                                double sustained) {
  Timing timing;
  if (flush == Flush::Auto)
    flush = m >= 4096 ? Flush::Dirty : Flush::Clean;
  timing.flush = flush;
  timing.pairs = pairs;
  warmUp(device, subjects, flush);

  // The empty kernel takes its turn as the last subject.
  size_t turns = subjects.size() + 1;
  std::vector<std::unique_ptr<Measurement>> runs;
  for (int pair = 0; pair < pairs; ++pair)
    for (size_t turn = 0; turn < turns; ++turn) {
      runs.push_back(std::make_unique<Measurement>(device));
      Measurement &run = *runs.back();
      // The flush keeps the GPU busy while the host enqueues what follows, so
      // that no launch latency falls between the events.
      if (flush != Flush::Warm)
        device.flush(flush == Flush::Clean);
      else
        device.spin(100000);
      run.stamp = 2 * (runs.size() - 1);
      device.stamp(run.stamp);
      run.begin.record();
      if (turn < subjects.size())
        subjects[turn]->launch();
      else
        device.launchEmpty();
      run.end.record();
      device.stamp(run.stamp + 1);
    }
  device.synchronize();

  std::vector<std::vector<double>> times(turns), clocks(turns);
  for (size_t i = 0; i < runs.size(); ++i) {
    Measurement &run = *runs[i];
    times[i % turns].push_back(run.begin.microsecondsUntil(run.end));
    if (double mhz = device.clockBetween(run.stamp, run.stamp + 1))
      clocks[i % turns].push_back(mhz);
  }
  for (size_t i = 0; i < subjects.size(); ++i)
    timing.subjects.push_back(
        {subjects[i]->name(), spreadOf(times[i]), spreadOf(clocks[i]).median});
  timing.emptyMicroseconds = spreadOf(times.back());
  for (size_t i = 1; i < subjects.size(); ++i) {
    std::vector<double> ratios;
    for (size_t pair = 0; pair < times[0].size(); ++pair)
      ratios.push_back(times[i][pair] / times[0][pair]);
    timing.ratios.push_back(spreadOf(ratios));
  }
  if (sustained > 0)
    for (size_t i = 0; i < subjects.size(); ++i)
      timing.sustained.push_back(
          sustain(device, *subjects[i], sustained,
                  timing.subjects[i].microseconds.median));
  return timing;
}
