// Text form and verification of #dgemm.schedule.

#include "dgemm/Dialect/DGEMM/DGEMMAttrs.h"
#include "Knobs.h"
#include "dgemm/Dialect/DGEMM/ScheduleVerifier.h"

using namespace mlir;
using namespace dgemm::dg;

/// The knob whose name is nearest to `name`.
static StringRef nearestKnob(StringRef name) {
  StringRef best;
  unsigned bestDistance = ~0u;
  for (const Knob &knob : getKnobs()) {
    unsigned distance = name.edit_distance(knob.name);
    if (distance < bestDistance) {
      best = knob.name;
      bestDistance = distance;
    }
  }
  return best;
}

Attribute ScheduleAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  Schedule schedule;
  llvm::SmallPtrSet<const Knob *, 8> seen;
  auto parseKnob = [&]() -> ParseResult {
    SMLoc nameLoc = parser.getCurrentLocation();
    StringRef name;
    if (parser.parseKeyword(&name))
      return failure();
    const Knob *knob = llvm::find_if(
        getKnobs(), [&](const Knob &knob) { return knob.name == name; });
    if (knob == getKnobs().end())
      return parser.emitError(nameLoc)
             << "a schedule has no knob '" << name << "'; did you mean '"
             << nearestKnob(name) << "'?";
    if (!seen.insert(knob).second)
      return parser.emitError(nameLoc)
             << "the knob '" << name << "' is given twice";
    return failure(parser.parseEqual() || knob->parse(parser, schedule));
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::OptionalLessGreater,
                                     parseKnob))
    return {};
  return parser.getChecked<ScheduleAttr>(loc, parser.getContext(), schedule);
}

void ScheduleAttr::print(AsmPrinter &printer) const {
  const Schedule defaults;
  bool first = true;
  for (const Knob &knob : getKnobs()) {
    // The tile is always printed: a schedule is known by it.
    if (knob.name != "tile" && knob.equal(getValue(), defaults))
      continue;
    printer << (first ? "<" : ", ") << knob.name << " = ";
    knob.print(printer.getStream(), getValue());
    first = false;
  }
  printer << ">";
}

LogicalResult
ScheduleAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                     Schedule schedule) {
  return checkSchedule(schedule, emitError);
}
