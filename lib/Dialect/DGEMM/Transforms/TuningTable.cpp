// Reads tuning tables and finds the entry for a problem.

#include "dgemm/Dialect/DGEMM/Transforms/TuningTable.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <map>

using namespace mlir;
using namespace dgemm::dg;

//===-- Ranges ------------------------------------------------------------===//

std::string SizeRange::str() const {
  std::string text = std::to_string(first);
  return isSingle() ? text : text + ".." + std::to_string(last);
}

std::optional<SizeRange> SizeRange::parse(StringRef text) {
  auto [from, to] = text.split("..");
  if (!text.contains(".."))
    to = from;
  SizeRange range(0, 0);
  if (from.getAsInteger(10, range.first) || to.getAsInteger(10, range.last) ||
      range.first < 0 || range.last < range.first)
    return std::nullopt;
  return range;
}

FailureOr<SizeRange> dgemm::dg::parseSizes(StringRef option,
                                           MLIRContext *context) {
  if (std::optional<SizeRange> range = SizeRange::parse(option))
    return *range;
  return emitError(UnknownLoc::get(context))
         << "m = '" << option << "' is neither a size nor a range of sizes; "
         << "write 4096 or 1..8192";
}

//===-- Reading -----------------------------------------------------------===//

namespace {

using Entry = TuningTable::Entry;

/// Reads one line.
class EntryParser {
public:
  EntryParser(StringRef text, Location loc, MLIRContext *context)
      : text(text), loc(loc), context(context) {}

  FailureOr<Entry> parse(unsigned line) {
    entry.line = line;
    // The first " = " ends the problem; a schedule is full of them.
    size_t end = text.find(" = ");
    if (end == StringRef::npos)
      return error() << "expected 'M=... N=... K=... out=... scaling=... = "
                     << "#dgemm.schedule<...>', found '" << text << "'";
    if (failed(parseProblem(text.take_front(end))) ||
        failed(parseSchedule(text.drop_front(end + 3).trim())))
      return failure();
    return entry;
  }

private:
  InFlightDiagnostic error() { return emitError(loc); }

  LogicalResult parseProblem(StringRef problem) {
    std::map<StringRef, StringRef> values;
    SmallVector<StringRef> words;
    llvm::SplitString(problem, words);
    for (StringRef word : words) {
      auto [key, value] = word.split('=');
      if (!llvm::is_contained({"M", "N", "K", "out", "scaling", "accumulate"},
                              key))
        return error() << "a problem has no key '" << key << "'; the keys are "
                       << "M, N, K, out, scaling and accumulate";
      if (!values.try_emplace(key, value).second)
        return error() << "the key '" << key << "' is given twice";
    }
    values.try_emplace("accumulate", "no");
    std::optional<SizeRange> m, n, k;
    if (failed(parseSize(values, "M", m)) ||
        failed(parseSize(values, "N", n)) || failed(parseSize(values, "K", k)))
      return failure();
    for (auto [key, size] : {std::pair("N", n), std::pair("K", k)})
      if (!size->isSingle())
        return error() << key << " = '" << values[key]
                       << "' is a range; only M may be one";
    bool wide;
    if (failed(parseChoice(values, "out", "bf16", "f32", wide)) ||
        failed(parseChoice(values, "scaling", "1d2d", "1d1d", entry.vectorB)) ||
        failed(parseChoice(values, "accumulate", "no", "yes", entry.hasC)))
      return failure();
    entry.m = *m;
    entry.n = n->first;
    entry.k = k->first;
    entry.elementBytes = wide ? 4 : 2;
    return success();
  }

  LogicalResult parseSize(const std::map<StringRef, StringRef> &values,
                          StringRef key, std::optional<SizeRange> &size) {
    auto found = values.find(key);
    if (found == values.end())
      return error() << "the problem has no " << key;
    size = SizeRange::parse(found->second);
    if (size && size->first > 0)
      return success();
    return error() << key << " = '" << found->second << "' is neither a "
                   << "positive size nor a range of sizes like 2..63";
  }

  LogicalResult parseChoice(const std::map<StringRef, StringRef> &values,
                            StringRef key, StringRef no, StringRef yes,
                            bool &isYes) {
    auto found = values.find(key);
    if (found == values.end())
      return error() << "the problem has no " << key;
    isYes = found->second == yes;
    if (isYes || found->second == no)
      return success();
    return error() << key << " = '" << found->second << "' is neither " << no
                   << " nor " << yes;
  }

  LogicalResult parseSchedule(StringRef source) {
    Attribute attribute;
    std::string reason;
    {
      // The parser knows nothing of the file: what it says is said again at
      // the line.
      ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
        if (reason.empty())
          reason = diagnostic.str();
        return success();
      });
      attribute = parseAttribute(source, context);
    }
    if (!attribute)
      return error() << "the schedule cannot be read: " << reason;
    auto schedule = dyn_cast<ScheduleAttr>(attribute);
    if (!schedule)
      return error() << attribute << " is no #dgemm.schedule";
    entry.schedule = schedule.getValue();
    return checkSchedule(entry.schedule, getFacts(),
                         [&] { return error() << "does not fit: "; });
  }

  /// What the key says of the problem. Strides are each op's own.
  ProblemFacts getFacts() const {
    constexpr int64_t unknown = ShapedType::kDynamic;
    ProblemFacts facts;
    facts.m = entry.m.isSingle() ? entry.m.first : unknown;
    facts.n = entry.n;
    facts.k = entry.k;
    facts.vectorB = entry.vectorB;
    facts.hasC = entry.hasC;
    facts.elementBytes = entry.elementBytes;
    facts.strideA = facts.strideB = unknown;
    facts.strideC = facts.strideD = unknown;
    facts.strideSFA[0] = facts.strideSFB[0] = 1;
    facts.strideSFA[1] = facts.strideSFB[1] = unknown;
    return facts;
  }

  StringRef text;
  Location loc;
  MLIRContext *context;
  Entry entry;
};

bool isSameProblem(const Entry &a, const Entry &b) {
  return std::tie(a.n, a.k, a.elementBytes, a.vectorB, a.hasC) ==
         std::tie(b.n, b.k, b.elementBytes, b.vectorB, b.hasC);
}

bool isFor(const Entry &entry, const ProblemFacts &facts) {
  return std::tie(entry.n, entry.k, entry.elementBytes, entry.vectorB,
                  entry.hasC) == std::tie(facts.n, facts.k, facts.elementBytes,
                                          facts.vectorB, facts.hasC);
}

} // namespace

FailureOr<TuningTable> TuningTable::load(StringRef path, MLIRContext *context) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return emitError(UnknownLoc::get(context))
           << "cannot read the tuning table '" << path
           << "': " << buffer.getError().message();
  return parse((*buffer)->getBuffer(), path, context);
}

FailureOr<TuningTable> TuningTable::parse(StringRef text, StringRef name,
                                          MLIRContext *context) {
  TuningTable table;
  table.name = name.str();
  unsigned number = 0;
  while (!text.empty()) {
    StringRef line;
    std::tie(line, text) = text.split('\n');
    ++number;
    line = line.trim();
    if (line.empty() || line.starts_with("#"))
      continue;
    auto loc = FileLineColLoc::get(context, name, number, 1);
    FailureOr<Entry> entry = EntryParser(line, loc, context).parse(number);
    if (failed(entry))
      return failure();
    for (const Entry &other : table.entries)
      if (isSameProblem(other, *entry) && other.m.overlaps(entry->m))
        return emitError(loc) << "the problem is in line " << other.line
                              << " already (M = " << other.m.str() << " and "
                              << entry->m.str() << ")";
    table.entries.push_back(*entry);
  }
  return table;
}

//===-- Finding -----------------------------------------------------------===//

const Entry *TuningTable::find(const ProblemFacts &facts, int64_t m) const {
  for (const Entry &entry : entries)
    if (isFor(entry, facts) && entry.m.contains(m))
      return &entry;
  return nullptr;
}

std::vector<const Entry *>
TuningTable::findAll(const ProblemFacts &facts) const {
  std::vector<const Entry *> found;
  for (const Entry &entry : entries)
    if (isFor(entry, facts))
      found.push_back(&entry);
  llvm::sort(found, [](const Entry *a, const Entry *b) {
    return a->m.first < b->m.first;
  });
  return found;
}
