// Makes faulty variants of a kernel: one synchronising instruction deleted,
// moved or weakened in each.
#include "dgemm/Simulator/Mutation.h"

#include <cstdint>
#include <cstdlib>

using namespace dgemm::sim;

namespace {
/// A line that holds exactly one instruction.
struct Line {
  std::string indent, guard, opcode, operands; // "operands" without the ';'
  bool valid = false;
};

bool startsWith(const std::string &text, const char *prefix) {
  return text.compare(0, std::string(prefix).size(), prefix) == 0;
}

std::string trimmed(const std::string &text) {
  size_t begin = text.find_first_not_of(" \t\r"),
         end = text.find_last_not_of(" \t\r");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

Line readLine(const std::string &text) {
  Line line;
  size_t at = text.find_first_not_of(" \t");
  if (at == std::string::npos)
    return line;
  line.indent = text.substr(0, at);
  std::string rest = text.substr(at);
  if (rest[0] == '@') {
    size_t space = rest.find_first_of(" \t");
    if (space == std::string::npos)
      return line;
    line.guard = rest.substr(0, space) + " ";
    rest = trimmed(rest.substr(space));
  }
  size_t semicolon = rest.find(';');
  if (semicolon == std::string::npos || !(rest[0] >= 'a' && rest[0] <= 'z'))
    return line;
  std::string tail = trimmed(rest.substr(semicolon + 1));
  if (!tail.empty() && !startsWith(tail, "//"))
    return line;
  rest = rest.substr(0, semicolon);
  size_t space = rest.find_first_of(" \t");
  line.opcode = rest.substr(0, space);
  line.operands = space == std::string::npos ? "" : trimmed(rest.substr(space));
  line.valid = true;
  return line;
}

bool isSynchronising(const std::string &opcode) {
  static const char *const prefixes[] = {"fence.",
                                         "membar.",
                                         "wgmma.fence",
                                         "wgmma.commit_group",
                                         "wgmma.wait_group",
                                         "mbarrier.arrive",
                                         "mbarrier.expect_tx",
                                         "mbarrier.try_wait",
                                         "mbarrier.test_wait",
                                         "mbarrier.init",
                                         "bar.",
                                         "barrier.",
                                         "cp.async.bulk.commit_group",
                                         "cp.async.bulk.wait_group"};
  for (const char *prefix : prefixes)
    if (startsWith(opcode, prefix))
      return true;
  return false;
}

/// Instructions that `opcode` must not pass unnoticed: what it orders.
bool isOrdered(const std::string &opcode, const std::string &other) {
  static const char *const accumulators[] = {"fma.", "mbarrier.arrive",
                                             "bar.sync"};
  static const char *const memory[] = {"ld.shared", "st.",       "stmatrix",
                                       "ldmatrix",  "wgmma.mma", "cp.",
                                       "atom.",     "red."};
  if (startsWith(opcode, "wgmma.wait_group")) {
    for (const char *prefix : accumulators)
      if (startsWith(other, prefix))
        return true;
    return false;
  }
  for (const char *prefix : memory)
    if (startsWith(other, prefix))
      return true;
  return isSynchronising(other);
}

bool endsBlock(const std::string &text, const Line &line) {
  if (line.valid)
    return startsWith(line.opcode, "bra") || startsWith(line.opcode, "ret") ||
           startsWith(line.opcode, "exit") || !line.guard.empty();
  std::string t = trimmed(text);
  return !t.empty() && !startsWith(t, "//");
}

class Maker {
public:
  explicit Maker(const std::string &ptx) {
    size_t at = 0;
    while (at <= ptx.size()) {
      size_t end = ptx.find('\n', at);
      if (end == std::string::npos)
        end = ptx.size();
      lines.push_back(ptx.substr(at, end - at));
      at = end + 1;
    }
    for (const std::string &text : lines)
      parsed.push_back(readLine(text));
  }

  std::vector<Mutant> run() {
    for (size_t i = 0; i < lines.size(); ++i) {
      const Line &line = parsed[i];
      if (!line.valid || !isSynchronising(line.opcode))
        continue;
      remove(i);
      weaken(i);
      move(i);
    }
    return std::move(mutants);
  }

private:
  void emit(size_t i, const char *kind, const std::string &description,
            const std::string &replacement) {
    std::string saved = lines[i];
    lines[i] = replacement;
    finish(i, kind, description);
    lines[i] = saved;
  }

  void finish(size_t i, const char *kind, const std::string &description) {
    Mutant mutant;
    mutant.kind = kind;
    mutant.instruction = parsed[i].opcode;
    mutant.line = (unsigned)i + 1;
    mutant.description = description;
    for (const std::string &line : lines)
      mutant.ptx += line + "\n";
    mutants.push_back(std::move(mutant));
  }

  std::string rebuilt(size_t i, const std::string &operands) const {
    const Line &line = parsed[i];
    return line.indent + line.guard + line.opcode + " " + operands + ";";
  }

  void remove(size_t i) {
    const Line &line = parsed[i];
    if (startsWith(line.opcode, "mbarrier.init"))
      return; // counted under "count"
    if (startsWith(line.opcode, "mbarrier.try_wait") ||
        startsWith(line.opcode, "mbarrier.test_wait")) {
      std::string p = line.operands.substr(0, line.operands.find(','));
      emit(i, "delete", "the wait always succeeds",
           line.indent + line.guard + "setp.eq.u32 " + p + ", 0, 0;");
      return;
    }
    if (startsWith(line.opcode, "mbarrier.arrive.expect_tx"))
      emit(i, "delete", "arrives without expecting bytes",
           line.indent + line.guard + "mbarrier.arrive.shared::cta.b64 _, " +
               addressOf(line) + ";");
    emit(i, "delete", "deleted", line.indent + "// deleted");
  }

  static std::string addressOf(const Line &line) {
    size_t open = line.operands.find('['), close = line.operands.find(']');
    return line.operands.substr(open, close - open + 1);
  }

  /// The last operand as a number, with the text before it.
  bool lastNumber(const Line &line, int64_t &value, std::string &before) const {
    size_t comma = line.operands.rfind(',');
    std::string last =
        trimmed(comma == std::string::npos ? line.operands
                                           : line.operands.substr(comma + 1));
    before = comma == std::string::npos
                 ? ""
                 : line.operands.substr(0, comma + 1) + " ";
    char *end = nullptr;
    value = std::strtoll(last.c_str(), &end, 0);
    return !last.empty() && *end == 0;
  }

  void weaken(size_t i) {
    const Line &line = parsed[i];
    int64_t value;
    std::string before;
    bool number = lastNumber(line, value, before);
    auto with = [&](int64_t v) {
      return rebuilt(i, before + std::to_string(v));
    };
    if (startsWith(line.opcode, "wgmma.wait_group") ||
        startsWith(line.opcode, "cp.async.bulk.wait_group")) {
      if (number)
        emit(i, "weaken", "waits for one group less", with(value + 1));
    } else if (startsWith(line.opcode, "mbarrier.init")) {
      if (!number || value > 1)
        emit(i, "count", "one arrival less",
             number ? with(value - 1) : changed(i, -1));
      emit(i, "count", "one arrival more",
           number ? with(value + 1) : changed(i, 1));
    } else if (startsWith(line.opcode, "mbarrier.arrive.expect_tx") ||
               startsWith(line.opcode, "mbarrier.expect_tx")) {
      for (int by : {-16, 16})
        emit(i, "bytes",
             by < 0 ? "expects 16 bytes less" : "expects 16 bytes more",
             number ? with(value + by) : changed(i, by));
    } else if (line.opcode.find("wait.parity") != std::string::npos) {
      flipParity(i);
    } else if ((startsWith(line.opcode, "bar.sync") ||
                startsWith(line.opcode, "barrier.sync") ||
                startsWith(line.opcode, "bar.arrive") ||
                startsWith(line.opcode, "barrier.arrive")) &&
               before.size() && number) {
      emit(i, "count", "32 threads less", with(value - 32));
      emit(i, "count", "32 threads more", with(value + 32));
    } else if (startsWith(line.opcode, "fence.proxy.async")) {
      emit(i, "weaken", "an ordinary fence",
           line.indent + line.guard + "fence.acq_rel.cta;");
    } else if (startsWith(line.opcode, "fence.mbarrier_init")) {
      emit(i, "weaken", "an ordinary fence",
           line.indent + line.guard + "fence.acq_rel.cta;");
    }
  }

  /// The instruction with its last operand, a register, changed.
  std::string changed(size_t i, int by) const {
    const Line &line = parsed[i];
    size_t comma = line.operands.rfind(',');
    return line.indent + "{ .reg .b32 %mutant; add.s32 %mutant, " +
           trimmed(line.operands.substr(comma + 1)) + ", " +
           std::to_string(by) + "; " + line.guard + line.opcode + " " +
           line.operands.substr(0, comma + 1) + " %mutant; }";
  }

  void flipParity(size_t i) {
    const Line &line = parsed[i];
    // p, [address], parity {, hint}
    size_t close = line.operands.find(']');
    size_t comma = line.operands.find(',', close);
    if (comma == std::string::npos)
      return;
    size_t end = line.operands.find(',', comma + 1);
    std::string parity = trimmed(line.operands.substr(
        comma + 1, end == std::string::npos ? end : end - comma - 1));
    std::string hint =
        end == std::string::npos ? "" : line.operands.substr(end);
    emit(i, "parity", "the other parity",
         line.indent + "{ .reg .b32 %mutant; xor.b32 %mutant, " + parity +
             ", 1; " + line.guard + line.opcode + " " +
             line.operands.substr(0, comma + 1) + " %mutant" + hint + "; }");
  }

  /// Moves a release up over the effect before it, an acquire down below the
  /// one after it: what each must not do.
  void move(size_t i) {
    const Line &line = parsed[i];
    bool release = startsWith(line.opcode, "mbarrier.arrive") ||
                   startsWith(line.opcode, "barrier.cluster.arrive") ||
                   startsWith(line.opcode, "wgmma.commit_group") ||
                   startsWith(line.opcode, "cp.async.bulk.commit_group");
    bool acquire = startsWith(line.opcode, "wgmma.wait_group") ||
                   startsWith(line.opcode, "wgmma.fence") ||
                   startsWith(line.opcode, "cp.async.bulk.wait_group") ||
                   startsWith(line.opcode, "barrier.cluster.wait") ||
                   startsWith(line.opcode, "bar.sync");
    bool both = startsWith(line.opcode, "bar.sync");
    if (release || both)
      shift(i, -1);
    if (acquire)
      shift(i, 1);
  }

  void shift(size_t i, int step) {
    for (size_t j = i;;) {
      if ((step < 0 && j == 0) || (step > 0 && j + 1 >= lines.size()))
        return;
      j += step;
      if (endsBlock(lines[j], parsed[j]))
        return;
      if (!parsed[j].valid || !isOrdered(parsed[i].opcode, parsed[j].opcode))
        continue;
      std::vector<std::string> saved = lines;
      std::string moved = lines[i];
      lines.erase(lines.begin() + i);
      lines.insert(lines.begin() + j, moved);
      finish(i, "move",
             std::string(step < 0 ? "moved above " : "moved below ") +
                 parsed[j].opcode + " of line " + std::to_string(j + 1));
      lines = std::move(saved);
      return;
    }
  }

  std::vector<std::string> lines;
  std::vector<Line> parsed;
  std::vector<Mutant> mutants;
};
} // namespace

std::vector<Mutant> dgemm::sim::makeMutants(const std::string &ptx) {
  return Maker(ptx).run();
}
