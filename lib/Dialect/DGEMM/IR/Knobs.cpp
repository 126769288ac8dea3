// Spelling of the knobs of a schedule.
//
// A knob is one line of the table at the end; the templates before it know
// how to read and write each kind of value.

#include "Knobs.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace dgemm::dg;

std::string Schedule::getConstants() const {
  SmallVector<StringRef> sizes;
  if (specializeM)
    sizes.push_back("m");
  if (specializeN)
    sizes.push_back("n");
  if (specializeK)
    sizes.push_back("k");
  return "[" + llvm::join(sizes, ", ") + "]";
}

namespace {

//===-- Scalars -----------------------------------------------------------===//

ParseResult parseValue(AsmParser &parser, int64_t &value) {
  return parser.parseInteger(value);
}

ParseResult parseValue(AsmParser &parser, bool &value) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word))
    return failure();
  if (word != "true" && word != "false")
    return parser.emitError(loc) << "'" << word << "' is not true or false";
  value = word == "true";
  return success();
}

template <typename Enum>
ParseResult parseValue(AsmParser &parser, Enum &value) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word))
    return failure();
  if (std::optional<Enum> parsed = symbolizeEnum<Enum>(word)) {
    value = *parsed;
    return success();
  }
  // Cases are numbered from 0; the first unnamed value ends the list.
  std::string legal;
  for (uint32_t i = 0; !stringifyEnum(Enum(i)).empty(); ++i)
    legal += (i ? ", " : "") + stringifyEnum(Enum(i)).str();
  return parser.emitError(loc) << "'" << word << "' is not one of " << legal;
}

void printValue(raw_ostream &os, int64_t value) { os << value; }
void printValue(raw_ostream &os, bool value) {
  os << (value ? "true" : "false");
}
template <typename Enum> void printValue(raw_ostream &os, Enum value) {
  os << stringifyEnum(value);
}

template <auto Member>
constexpr Knob scalar(StringLiteral name, bool lowers = true) {
  return {name,
          [](AsmParser &parser, Schedule &schedule) {
            return parseValue(parser, schedule.*Member);
          },
          [](raw_ostream &os, const Schedule &schedule) {
            printValue(os, schedule.*Member);
          },
          [](const Schedule &a, const Schedule &b) {
            return a.*Member == b.*Member;
          },
          lowers};
}

template <auto Member> constexpr Knob reserved(StringLiteral name) {
  return scalar<Member>(name, /*lowers=*/false);
}

//===-- Pairs and the list of specialised sizes ---------------------------===//

template <auto First, auto Second> constexpr Knob pair(StringLiteral name) {
  return {name,
          [](AsmParser &parser, Schedule &schedule) -> ParseResult {
            return failure(
                parser.parseLSquare() || parser.parseInteger(schedule.*First) ||
                parser.parseComma() || parser.parseInteger(schedule.*Second) ||
                parser.parseRSquare());
          },
          [](raw_ostream &os, const Schedule &schedule) {
            os << "[" << schedule.*First << ", " << schedule.*Second << "]";
          },
          [](const Schedule &a, const Schedule &b) {
            return a.*First == b.*First && a.*Second == b.*Second;
          },
          true};
}

ParseResult parseSpecialize(AsmParser &parser, Schedule &schedule) {
  schedule.specializeM = schedule.specializeN = schedule.specializeK = false;
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Square, [&]() -> ParseResult {
        SMLoc loc = parser.getCurrentLocation();
        StringRef size;
        if (parser.parseKeyword(&size))
          return failure();
        bool *flag = size == "m"   ? &schedule.specializeM
                     : size == "n" ? &schedule.specializeN
                     : size == "k" ? &schedule.specializeK
                                   : nullptr;
        if (!flag)
          return parser.emitError(loc)
                 << "'" << size << "' is not one of m, n, k";
        if (*flag)
          return parser.emitError(loc) << "'" << size << "' is listed twice";
        *flag = true;
        return success();
      });
}

void printSpecialize(raw_ostream &os, const Schedule &schedule) {
  os << schedule.getConstants();
}

bool equalSpecialize(const Schedule &a, const Schedule &b) {
  return a.specializeM == b.specializeM && a.specializeN == b.specializeN &&
         a.specializeK == b.specializeK;
}

//===-- The table ---------------------------------------------------------===//

constexpr Knob knobs[] = {
    pair<&Schedule::tileM, &Schedule::tileN>("tile"),
    scalar<&Schedule::warpgroups>("warpgroups"),
    scalar<&Schedule::stages>("stages"),
    scalar<&Schedule::kBlocks>("kblocks"),
    scalar<&Schedule::inFlight>("in_flight"),
    scalar<&Schedule::swap>("swap"),
    scalar<&Schedule::cluster>("cluster"),
    scalar<&Schedule::multicast>("multicast"),
    scalar<&Schedule::splitK>("split_k"),
    scalar<&Schedule::reduce>("reduce"),
    scalar<&Schedule::rasterAxis>("raster"),
    scalar<&Schedule::rasterWidth>("raster_width"),
    scalar<&Schedule::tmaView>("tma_view"),
    scalar<&Schedule::unroll>("unroll"),
    scalar<&Schedule::producerWarps>("producer_warps"),
    scalar<&Schedule::tileSlots>("tile_slots"),
    scalar<&Schedule::lhsScales>("lhs_scales"),
    scalar<&Schedule::rhsScales>("rhs_scales"),
    scalar<&Schedule::products>("products"),
    scalar<&Schedule::maxKBlocks>("max_kblocks"),
    scalar<&Schedule::staticSplits>("static_splits"),
    scalar<&Schedule::coordinates>("coordinates"),
    scalar<&Schedule::epilogue>("epilogue"),
    scalar<&Schedule::chunk>("chunk"),
    scalar<&Schedule::buffers>("buffers"),
    scalar<&Schedule::store>("store"),
    scalar<&Schedule::accumulate>("accumulate"),
    scalar<&Schedule::cSlots>("c_slots"),
    pair<&Schedule::producerRegs, &Schedule::consumerRegs>("registers"),
    scalar<&Schedule::persistent>("persistent"),
    scalar<&Schedule::ctasPerSM>("ctas_per_sm"),
    scalar<&Schedule::pdl>("pdl"),
    {"specialize", parseSpecialize, printSpecialize, equalSpecialize, true},
    reserved<&Schedule::partition>("partition"),
    reserved<&Schedule::snake>("snake"),
    reserved<&Schedule::tileNVariants>("n_variants"),
    reserved<&Schedule::warpgroupAxis>("wg_axis"),
    reserved<&Schedule::skip>("skip"),
    reserved<&Schedule::temporaries>("temp"),
    reserved<&Schedule::residency>("residency"),
    reserved<&Schedule::l2Promotion>("l2_promotion"),
    reserved<&Schedule::lhsEvict>("lhs_evict"),
    reserved<&Schedule::rhsEvict>("rhs_evict"),
    reserved<&Schedule::sync>("sync"),
};

} // namespace

ArrayRef<Knob> dgemm::dg::getKnobs() { return knobs; }

bool dgemm::dg::operator==(const Schedule &a, const Schedule &b) {
  return llvm::all_of(knobs,
                      [&](const Knob &knob) { return knob.equal(a, b); });
}

llvm::hash_code dgemm::dg::hash_value(const Schedule &schedule) {
  // Only the knobs that vary in practice: equality decides the rest.
  return llvm::hash_combine(
      schedule.tileM, schedule.tileN, schedule.stages, schedule.kBlocks,
      schedule.inFlight, schedule.warpgroups, schedule.chunk, schedule.buffers);
}
