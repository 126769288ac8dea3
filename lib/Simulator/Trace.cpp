// Writes a timeline that Perfetto and Chrome's tracer open.
#include "dgemm/Simulator/Simulator.h"

#include <map>

using namespace dgemm::sim;

static std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += (unsigned char)c < 32 ? ' ' : c;
  }
  return out + "\"";
}

std::string dgemm::sim::traceToJson(const std::vector<TraceEvent> &events) {
  std::map<std::pair<uint32_t, std::string>, int> tracks;
  std::string out = "{\"traceEvents\":[\n", body;
  for (const TraceEvent &event : events) {
    auto [it, fresh] =
        tracks.emplace(std::make_pair(event.block, event.track), 0);
    if (fresh) {
      it->second = (int)tracks.size();
      out += "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":" +
             std::to_string(event.block) +
             ",\"tid\":" + std::to_string(it->second) +
             ",\"args\":{\"name\":" + quoted(event.track) + "}},\n";
    }
    // One clock is shown as a nanosecond; the format counts microseconds.
    char times[64];
    snprintf(times, sizeof(times), "\"ts\":%.3f,\"dur\":%.3f",
             event.start / 1000.0, event.duration / 1000.0);
    body += "{\"ph\":\"X\",\"name\":" + quoted(event.name) +
            ",\"pid\":" + std::to_string(event.block) +
            ",\"tid\":" + std::to_string(it->second) + "," + times + "},\n";
  }
  out += body;
  if (out.size() > 2 && out[out.size() - 2] == ',')
    out.erase(out.size() - 2, 1);
  return out + "],\"displayTimeUnit\":\"ns\"}\n";
}
