// Formatting results.
#include "Report.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdarg>
#include <ctime>
#include <fstream>

using namespace dgemm::run;
using Json = nlohmann::ordered_json;

namespace {

double flops(const Problem &p) {
  return 2.0 * double(p.m) * double(p.n) * double(p.k);
}

/// Each operand once: what a kernel must move at least.
double bytes(const Problem &p) {
  double elt = dgemm::launch::byteSize(p.type);
  double rowsB = double((p.n + p.sfbRows - 1) / p.sfbRows);
  return double(p.m * p.k + p.n * p.k) +
         4.0 * double(p.kBlocks()) * (double(p.m) + rowsB) +
         elt * double(p.m * p.n) * (p.withC ? 2 : 1);
}

// FP8 operations per clock and SM of Hopper's tensor cores.
constexpr double flopsPerClock = 8192;

double utilisation(const Device &device, const Problem &p,
                   const SubjectTiming &t) {
  double clocks = t.mhz * t.best().median;
  return clocks > 0 ? flops(p) / (flopsPerClock * device.info().sms * clocks)
                    : 0;
}

std::string driverVersion() {
  std::ifstream file("/proc/driver/nvidia/version");
  std::string line;
  std::getline(file, line);
  return line;
}

double rounded(double value, int digits = 4) {
  if (value == 0 || !std::isfinite(value))
    return value;
  double scale =
      std::pow(10.0, digits - 1 - std::floor(std::log10(std::fabs(value))));
  return std::round(value * scale) / scale;
}

Json toJson(const Spread &s) {
  return {{"median", rounded(s.median, 5)},
          {"p10", rounded(s.low, 5)},
          {"p90", rounded(s.high, 5)}};
}

Json toJson(const Fp64Result &r) {
  return {{"elements", r.elements},
          {"max_error", rounded(r.maxError)},
          {"max_error_over_bound", rounded(r.maxErrorOverBound)},
          {"calc_diff", rounded(r.calcDiff)}};
}

const char *typeName(const Problem &p) {
  return dgemm::launch::toString(p.type);
}

std::string format(const char *form, ...) __attribute__((format(printf, 1, 2)));
std::string format(const char *form, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, form);
  std::vsnprintf(text, sizeof text, form, arguments);
  va_end(arguments);
  return text;
}

Json toJson(const Device &device, const Problem &p, const Timing &t) {
  Json timing = {{"l2", toString(t.flush)},
                 {"pairs", t.pairs},
                 {"clock", t.emptyKernelMicroseconds ? "kernel" : "events"}};
  if (t.withEvents)
    timing["empty_us"] = toJson(t.emptyMicroseconds);
  if (t.emptyKernelMicroseconds)
    timing["empty_kernel_us"] = toJson(*t.emptyKernelMicroseconds);
  if (!t.noKernelTimes.empty())
    timing["no_kernel_times"] = t.noKernelTimes;
  for (size_t i = 0; i < t.subjects.size(); ++i) {
    const SubjectTiming &s = t.subjects[i];
    double us = s.best().median;
    Json entry = {{"name", s.name}};
    // The first one's schedule is the case's.
    if (i > 0 && !s.schedule.empty())
      entry["schedule"] = s.schedule;
    if (t.withEvents)
      entry["us"] = toJson(s.microseconds);
    if (s.kernelMicroseconds)
      entry["kernel_us"] = toJson(*s.kernelMicroseconds);
    entry["tflops"] = rounded(flops(p) / us * 1e-6);
    entry["gbs"] = rounded(bytes(p) / us * 1e-3);
    entry["mhz"] = rounded(s.mhz);
    entry["utilisation"] = rounded(utilisation(device, p, s));
    if (i > 0) {
      if (t.withEvents)
        entry["time_over_first"] = toJson(t.ratios[i - 1]);
      if (!t.kernelRatios.empty())
        entry["kernel_time_over_first"] = toJson(t.kernelRatios[i - 1]);
    }
    if (i < t.sustained.size()) {
      const SubjectTiming &u = t.sustained[i];
      double mean = u.microseconds.median;
      entry["sustained"] = {
          {"us", rounded(mean, 5)},
          {"tflops", rounded(flops(p) / mean * 1e-6)},
          {"mhz", rounded(u.mhz)},
          {"utilisation", rounded(utilisation(device, p, u))}};
    }
    timing["subjects"].push_back(entry);
  }
  return timing;
}

Json toJson(const ChainTiming &t) {
  Json chain = {{"launches", t.launches},
                {"ring", t.ring},
                {"ring_bytes", t.ringBytes},
                {"l2", toString(t.flush)},
                {"pairs", t.pairs}};
  for (const ChainSubject &s : t.subjects)
    chain["subjects"].push_back({{"name", s.name},
                                 {"pdl", s.pdl},
                                 {"us_per_kernel", toJson(s.microseconds)},
                                 {"time_over_first", toJson(s.ratio)},
                                 {"differing_words", s.differingWords}});
  return chain;
}

std::string toText(const Device &device, const Problem &p, const Timing &t) {
  std::string text;
  for (size_t i = 0; i < t.subjects.size(); ++i) {
    const SubjectTiming &s = t.subjects[i];
    double us = s.best().median;
    text += format("      %-28s %9.2f us", s.name.c_str(), us);
    if (s.kernelMicroseconds && t.withEvents)
      text += format(" (events %.2f)", s.microseconds.median);
    text += format("  %7.1f TFLOP/s  %7.1f GB/s  %5.0f MHz  util %.3f",
                   flops(p) / us * 1e-6, bytes(p) / us * 1e-3, s.mhz,
                   utilisation(device, p, s));
    if (i > 0) {
      const std::vector<Spread> &ratios =
          t.kernelRatios.empty() ? t.ratios : t.kernelRatios;
      text += format("  time/first %.3f (%.3f..%.3f)", ratios[i - 1].median,
                     ratios[i - 1].low, ratios[i - 1].high);
    }
    text += "\n";
  }
  for (const SubjectTiming &s : t.sustained)
    text += format("      %-28s %9.2f us back to back, %5.0f MHz, util %.3f\n",
                   s.name.c_str(), s.microseconds.median, s.mhz,
                   utilisation(device, p, s));
  text += format(
      "      L2 %s, %d pairs, %s; an empty kernel:", toString(t.flush), t.pairs,
      t.emptyKernelMicroseconds ? "kernel times (CUPTI)"
                                : "times between events");
  if (t.emptyKernelMicroseconds)
    text += format(" %.2f us", t.emptyKernelMicroseconds->median);
  if (t.withEvents)
    text += format(" (events %.2f us)", t.emptyMicroseconds.median);
  text += "\n";
  if (!t.noKernelTimes.empty())
    text += "      no kernel times: " + t.noKernelTimes + "\n";
  return text;
}

std::string toText(const ChainTiming &t) {
  std::string text = format(
      "      a chain of %d launches, L2 %s, weights from a ring of %d (%.0f "
      "MB):\n",
      t.launches, toString(t.flush), t.ring, double(t.ringBytes) * 1e-6);
  for (const ChainSubject &s : t.subjects) {
    text += format("      %-28s %9.2f us per kernel %s  time/first %.3f "
                   "(%.3f..%.3f)",
                   s.name.c_str(), s.microseconds.median,
                   s.pdl ? "with PDL" : "        ", s.ratio.median, s.ratio.low,
                   s.ratio.high);
    if (s.differingWords)
      text += format("  %llu words of D DIFFER from one launch's",
                     (unsigned long long)s.differingWords);
    text += "\n";
  }
  return text;
}

} // namespace

std::string dgemm::run::headerJson(const Device &device,
                                   const std::string &command,
                                   const std::string &kernelClock) {
  const dgemm_device_info &info = device.info();
  char date[32];
  std::time_t now = std::time(nullptr);
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return Json{{"kind", "header"},
              {"tool", "dgemm-run"},
              {"date", date},
              {"command", command},
              {"kernel_clock", kernelClock},
              {"backend", info.backend},
              {"device", info.name},
              {"sms", info.sms},
              {"memory_bytes", info.memory_bytes},
              {"l2_bytes", info.l2_bytes},
              {"max_clock_mhz", info.clock_khz / 1000},
              {"cuda_version", info.driver_version},
              {"driver", driverVersion()},
              {"inputs", "normal values, amax-scaled to e4m3 per block, f32 "
                         "scales amax / 448"}}
      .dump();
}

/// The kernel that the record chooses for a case; null where it takes more than
/// the sizes to know.
static const dgemm::launch::Kernel *chosenKernel(const Case &c) {
  const dgemm::launch::Environment sizes = {{"M", c.m}, {"N", c.n}, {"K", c.k}};
  for (const dgemm::launch::Kernel &kernel : c.kernel->record.kernels) {
    dgemm::launch::Result<int64_t> when = kernel.when.evaluate(sizes);
    if (!when)
      return nullptr;
    if (*when)
      return &kernel;
  }
  return nullptr;
}

std::string dgemm::run::resultJson(const Device &device, const Case &c,
                                   const CaseResult &r) {
  const Problem &p = r.problem;
  Json out = {{"kind", "case"},
              {"name", c.name},
              {"kernel", c.kernel->name},
              {"ok", r.ok},
              {"M", c.m},
              {"N", c.n},
              {"K", c.k},
              {"scaling", p.scaling()},
              {"out", typeName(p)},
              {"with_c", p.withC},
              {"in_place", c.inPlaceC},
              {"ld", c.ld},
              {"seed", c.seed},
              {"schedule", c.kernel->record.schedule}};
  // Of several kernels, the one that ran.
  const dgemm::launch::Kernel *kernel = chosenKernel(c);
  if (kernel && !kernel->schedule.empty()) {
    out["schedule"] = kernel->schedule;
    out["ran"] = kernel->name;
  }
  if (!r.error.empty())
    out["error"] = r.error;
  if (c.check != Check::None && r.error.empty())
    out["check"] = {{"kind", r.sample.full ? "full" : "sampled"},
                    {"rows", r.sample.rows.size()},
                    {"columns", r.sample.columns.size()},
                    {"elements", r.bits.elements},
                    {"mismatches", r.bits.mismatches},
                    {"first_mismatch", r.bits.first},
                    {"padding_bytes_written", r.bits.paddingWritten},
                    {"guards", r.guards.empty() ? "untouched" : r.guards},
                    {"repeats", r.repeats},
                    {"repeat_mismatches", r.repeatMismatches},
                    {"fp64", toJson(r.fp64)}};
  if (out.contains("check") && r.sample.full)
    out["check"]["hash"] = format("%016llx", (unsigned long long)r.bits.hash);
  for (const PeerResult &peer : r.peers) {
    Json entry = {{"name", peer.name}};
    if (!peer.note.empty())
      entry["did_not_run"] = peer.note;
    if (peer.differingWords)
      entry["differing_words"] = *peer.differingWords;
    if (peer.fp64)
      entry["fp64"] = toJson(*peer.fp64);
    out["peers"].push_back(entry);
  }
  if (r.timing)
    out["timing"] = toJson(device, p, *r.timing);
  if (r.chain)
    out["chain"] = toJson(*r.chain);
  return out.dump();
}

std::string dgemm::run::resultText(const Device &device, const Case &c,
                                   const CaseResult &r) {
  const Problem &p = r.problem;
  std::string text =
      format("%s  %-28s %lld x %lld x %lld", r.ok ? "ok  " : "FAIL",
             c.name.c_str(), (long long)c.m, (long long)c.n, (long long)c.k);
  if (!r.error.empty())
    return text + "  " + r.error + "\n";
  text += format("  %s %s%s", p.scaling(), typeName(p),
                 !p.withC     ? ""
                 : c.inPlaceC ? " +C in place"
                              : " +C");
  const dgemm::launch::Kernel *kernel = chosenKernel(c);
  if (kernel && c.kernel->record.kernels.size() > 1)
    text += "  by " + kernel->name;
  if (c.check != Check::None)
    text += format(
        "  bits %s %llu of %llu differ, %d repeats %s, error/bound %.3f",
        r.sample.full ? "(all)" : "(sampled)",
        (unsigned long long)r.bits.mismatches,
        (unsigned long long)r.bits.elements, r.repeats,
        r.repeatMismatches ? "DIFFER" : "equal", r.fp64.maxErrorOverBound);
  text += "\n";
  if (!r.bits.first.empty())
    text += "      " + r.bits.first + "\n";
  if (r.bits.paddingWritten)
    text += format("      %llu bytes between D's rows were written\n",
                   (unsigned long long)r.bits.paddingWritten);
  if (!r.guards.empty())
    text += "      guard: " + r.guards + "\n";
  for (const PeerResult &peer : r.peers) {
    text += "      peer " + peer.name + ": ";
    if (!peer.note.empty())
      text += "did not run: " + peer.note + "\n";
    else
      text +=
          format("%llu words differ",
                 (unsigned long long)*peer.differingWords) +
          (peer.fp64 ? format(", calc_diff %.2e", peer.fp64->calcDiff) : "") +
          "\n";
  }
  if (r.timing)
    text += toText(device, p, *r.timing);
  if (r.chain)
    text += toText(*r.chain);
  return text;
}
