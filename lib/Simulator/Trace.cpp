// Writes a timeline that Perfetto and Chrome's tracer open.
#include "Machine.h"

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

static const char *waitName(Wait::Kind kind) {
  switch (kind) {
  case Wait::NamedBarrier:
    return "CTA barrier";
  case Wait::ClusterBarrier:
    return "cluster barrier";
  case Wait::MBarrier:
    return "mbarrier";
  case Wait::WgmmaGroup:
    return "wgmma";
  case Wait::BulkGroup:
    return "store";
  case Wait::RegisterPool:
    return "registers";
  default:
    return "lanes";
  }
}

/// Turns a warp's stretches between waits, and the waits, into events.
void Cluster::traceStep(Warp &warp, const Inst &inst, Step step) {
  bool blocked = step == Step::Blocked;
  bool waiting = warp.traceWait != Wait::None;
  const std::string &opcode = kernel.opcodes[inst.opcode];
  warp.traceStores |= opcode.rfind("st", 0) == 0 ||
                      opcode.rfind("cp.async.bulk.tensor", 0) == 0;
  if (blocked == waiting && warp.live)
    return;
  std::string track = "warp " + std::to_string(warp.index);
  if (waiting) {
    event(track, warp.traceName, warp.traceMark, warp.time, *warp.cta);
    warp.traceWait = Wait::None;
    warp.traceStores = false;
  } else {
    bool stores = warp.traceStores && !warp.producer;
    event(track, stores ? "epilogue" : "run", warp.traceMark, warp.time,
          *warp.cta);
    warp.traceStores = false;
    const Wait &wait = warp.split().wait;
    warp.traceWait = wait.kind;
    warp.traceName = std::string("wait ") + waitName(wait.kind);
    auto stage = warp.cta->stages.find((uint32_t)wait.b);
    if (wait.kind == Wait::MBarrier && stage != warp.cta->stages.end())
      warp.traceName = "wait stage " + std::to_string(stage->second);
    else if (wait.kind == Wait::MBarrier)
      warp.traceName += " " + sharedName((uint32_t)wait.b);
  }
  warp.traceMark = warp.time;
}

void Cluster::nameRoles() {
  for (TraceEvent &event : events) {
    unsigned index;
    if (sscanf(event.track.c_str(), "warp %u", &index) != 1)
      continue;
    for (const auto &cta : ctas) {
      if (cta->linear != event.block)
        continue;
      const Warp &warp = *cta->warps[index];
      if (warp.producer)
        event.track += " (producer)";
      else if (warp.wgmmaIssued)
        event.track += " (consumer " + std::to_string(index / 4) + ")";
    }
  }
}
