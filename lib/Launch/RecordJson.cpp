// Reading a launch record from JSON and writing it back.
#include "dgemm/Launch/Record.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <set>

using namespace dgemm::launch;
using Json = nlohmann::ordered_json;

namespace {

/// A place in the document, and the first problem found at any place.
class Reader {
public:
  Reader(const Json &json, std::string path, std::string &problem)
      : json(json), path(std::move(path)), problem(problem) {}

  void fail(const std::string &rule) const {
    if (problem.empty())
      problem = path + ": " + shown() + " " + rule;
  }

  /// Checks that this is an object with these keys and no others; a key that
  /// ends in `?` may be missing.
  bool object(std::initializer_list<const char *> keys) const {
    if (!json.is_object()) {
      fail("must be an object");
      return false;
    }
    std::set<std::string> known;
    for (std::string key : keys) {
      bool optional = key.back() == '?';
      if (optional)
        key.pop_back();
      known.insert(key);
      if (!optional && !json.contains(key) && problem.empty())
        problem = path + ": the key \"" + key + "\" is missing";
    }
    for (auto &item : json.items())
      if (!known.count(item.key()) && problem.empty())
        problem = path + ": unknown key \"" + item.key() + "\"";
    return problem.empty();
  }

  bool has(const char *key) const { return json.contains(key); }

  Reader operator[](const char *key) const {
    return {json.at(key), path == "$" ? key : path + "." + key, problem};
  }

  /// Calls `each` for every element of an array.
  template <typename F> void array(F each) const {
    if (!json.is_array())
      return fail("must be an array");
    for (size_t i = 0; i < json.size() && problem.empty(); ++i)
      each(Reader(json[i], path + "[" + std::to_string(i) + "]", problem));
  }

  std::string string() const {
    if (json.is_string())
      return json.get<std::string>();
    fail("must be a string");
    return {};
  }

  bool boolean() const {
    if (json.is_boolean())
      return json.get<bool>();
    fail("must be true or false");
    return false;
  }

  int64_t integer() const {
    bool fits = json.is_number_integer() &&
                (!json.is_number_unsigned() ||
                 json.get<uint64_t>() <= uint64_t(INT64_MAX));
    if (fits)
      return json.get<int64_t>();
    fail("must be an integer of 64 bits");
    return 0;
  }

  int64_t count() const {
    int64_t value = integer();
    if (value < 0)
      fail("must not be negative");
    return value;
  }

  Expression expression() const {
    std::string text = string();
    if (!problem.empty())
      return {};
    Result<Expression> parsed = Expression::parse(text);
    if (parsed)
      return *parsed;
    problem = path + ": " + parsed.message();
    return {};
  }

  std::vector<Expression> expressions() const {
    std::vector<Expression> list;
    array([&](Reader r) { list.push_back(r.expression()); });
    return list;
  }

  std::vector<int64_t> integers() const {
    std::vector<int64_t> list;
    array([&](Reader r) { list.push_back(r.integer()); });
    return list;
  }

  /// Three of something.
  template <typename T> std::array<T, 3> three(std::vector<T> list) const {
    std::array<T, 3> out{};
    if (list.size() == 3)
      std::copy(list.begin(), list.end(), out.begin());
    else
      fail("must have 3 entries");
    return out;
  }

  /// The position of this string in a list of allowed ones.
  size_t choice(std::initializer_list<const char *> allowed) const {
    std::string text = string(), rule = "must be one of";
    size_t index = 0;
    for (const char *name : allowed) {
      if (text == name)
        return index;
      rule += std::string(" \"") + name + "\"";
      ++index;
    }
    fail(rule);
    return 0;
  }

  DType dtype() const {
    if (std::optional<DType> dtype = parseDType(string()))
      return *dtype;
    fail("must be one of \"e4m3\" \"e5m2\" \"bf16\" \"f16\" \"f32\" \"i32\" "
         "\"u8\"");
    return DType::U8;
  }

private:
  std::string shown() const {
    std::string text =
        json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return text.size() <= 60 ? text : text.substr(0, 57) + "...";
  }

  const Json &json;
  std::string path;
  std::string &problem;
};

Operand readOperand(Reader r) {
  Operand o;
  if (!r.object({"name", "dtype", "shape", "strides", "access", "align"}))
    return o;
  o.name = r["name"].string();
  o.dtype = r["dtype"].dtype();
  o.shape = r["shape"].expressions();
  o.strides = r["strides"].expressions();
  o.access = Access(r["access"].choice({"read", "write", "readwrite"}));
  o.align = r["align"].integer();
  return o;
}

TensorMapSpec readTensorMap(Reader r) {
  TensorMapSpec m;
  if (!r.object({"kind", "operand", "dtype", "sizes", "strides", "box",
                 "element_strides", "swizzle", "interleave", "fill",
                 "l2_promotion", "offset?"}))
    return m;
  m.operand = r["operand"].string();
  m.dtype = r["dtype"].dtype();
  m.sizes = r["sizes"].expressions();
  m.strides = r["strides"].expressions();
  m.box = r["box"].integers();
  m.elementStrides = r["element_strides"].integers();
  m.swizzle = r["swizzle"].integer();
  m.interleave = r["interleave"].integer();
  m.fill = Fill(r["fill"].choice({"zero", "nan"}));
  m.l2Promotion = r["l2_promotion"].integer();
  if (r.has("offset"))
    m.offset = r["offset"].expression();
  return m;
}

Argument readArgument(Reader r) {
  Argument a;
  if (!r.has("kind")) {
    r.object({"kind"});
    return a;
  }
  a.kind = Argument::Kind(
      r["kind"].choice({"tensor_map", "pointer", "value", "workspace"}));
  switch (a.kind) {
  case Argument::Kind::TensorMap:
    a.map = readTensorMap(r);
    break;
  case Argument::Kind::Pointer:
    if (r.object({"kind", "operand"}))
      a.operand = r["operand"].string();
    break;
  case Argument::Kind::Value:
    if (!r.object({"kind", "type", "value"}))
      break;
    a.type = ValueType(r["type"].choice({"i32", "i64"}));
    a.value = r["value"].expression();
    break;
  case Argument::Kind::Workspace:
    r.object({"kind"});
    break;
  }
  return a;
}

Kernel readKernel(Reader r) {
  Kernel k;
  if (!r.object({"name", "when", "schedule?", "block", "cluster", "grid",
                 "dynamic_shared_memory", "pdl", "parts?", "args",
                 "preconditions"}))
    return k;
  k.name = r["name"].string();
  k.when = r["when"].expression();
  if (r.has("schedule") && (k.schedule = r["schedule"].string()).empty())
    r["schedule"].fail("must not be empty");
  k.block = r["block"].three(r["block"].integers());
  k.cluster = r["cluster"].three(r["cluster"].integers());
  k.grid = r["grid"].three(r["grid"].expressions());
  k.dynamicSharedMemory = r["dynamic_shared_memory"].integer();
  k.pdl = r["pdl"].boolean();
  if (r.has("parts") && r["parts"].object({"count", "kblocks"}))
    k.parts = Parts{r["parts"]["count"].integer(),
                    r["parts"]["kblocks"].expression()};
  r["args"].array([&](Reader a) { k.args.push_back(readArgument(a)); });
  r["preconditions"].array([&](Reader p) {
    if (p.object({"check", "message"}))
      k.preconditions.push_back(
          {p["check"].expression(), p["message"].string()});
  });
  return k;
}

Record readRecord(Reader r) {
  Record record;
  if (!r.object({"dgemm_launch_record", "compiler", "target", "schedule",
                 "operands", "kernels", "empty", "workspace", "resources"}))
    return record;
  record.compiler = r["compiler"].string();
  record.target = r["target"].string();
  record.schedule = r["schedule"].string();
  r["operands"].array(
      [&](Reader o) { record.operands.push_back(readOperand(o)); });
  r["kernels"].array(
      [&](Reader k) { record.kernels.push_back(readKernel(k)); });
  r["empty"].array([&](Reader e) {
    if (e.object({"when", "action"}))
      record.empty.push_back(
          {e["when"].expression(),
           EmptyAction(e["action"].choice({"nothing", "zero", "copy_c"}))});
  });
  if (r["workspace"].object({"bytes", "zeroed"}))
    record.workspace = {r["workspace"]["bytes"].expression(),
                        r["workspace"]["zeroed"].boolean()};
  r["resources"].array([&](Reader s) {
    if (s.object({"kernel", "registers", "spill_bytes", "local_bytes",
                  "ptx_bytes", "cubin_bytes"}))
      record.resources.push_back(
          {s["kernel"].string(), s["registers"].count(),
           s["spill_bytes"].count(), s["local_bytes"].count(),
           s["ptx_bytes"].count(), s["cubin_bytes"].count()});
  });
  return record;
}

/// Parses the text; a key given twice is an error, not a choice. Depth is
/// limited because nlohmann's values print and die recursively.
Result<Json> parseDocument(std::string_view text) {
  std::vector<std::set<std::string>> keys;
  std::string duplicate;
  bool tooDeep = false;
  auto watch = [&](int depth, Json::parse_event_t event, Json &value) {
    constexpr int maxDepth = 16;
    if (depth > maxDepth)
      return tooDeep = true, false;
    if (event == Json::parse_event_t::object_start)
      keys.emplace_back();
    else if (event == Json::parse_event_t::object_end)
      keys.pop_back();
    else if (event == Json::parse_event_t::key &&
             !keys.back().insert(value.get<std::string>()).second)
      duplicate = value.get<std::string>();
    return true;
  };
  try {
    Json json = Json::parse(text.begin(), text.end(), watch);
    if (tooDeep)
      return Error{"launch record: nested too deeply"};
    if (!duplicate.empty())
      return Error{"launch record: the key \"" + duplicate +
                   "\" appears twice in one object"};
    return json;
  } catch (const Json::exception &e) {
    return Error{std::string("launch record: not a JSON document: ") +
                 e.what()};
  }
}

Json texts(const std::vector<Expression> &list) {
  Json out = Json::array();
  for (const Expression &e : list)
    out.push_back(e.text());
  return out;
}

Json toJson(const Argument &a) {
  switch (a.kind) {
  case Argument::Kind::Pointer:
    return {{"kind", "pointer"}, {"operand", a.operand}};
  case Argument::Kind::Value:
    return {{"kind", "value"},
            {"type", a.type == ValueType::I32 ? "i32" : "i64"},
            {"value", a.value.text()}};
  case Argument::Kind::Workspace:
    return {{"kind", "workspace"}};
  case Argument::Kind::TensorMap:
    break;
  }
  const TensorMapSpec &m = a.map;
  Json out = {{"kind", "tensor_map"},
              {"operand", m.operand},
              {"dtype", toString(m.dtype)},
              {"sizes", texts(m.sizes)},
              {"strides", texts(m.strides)},
              {"box", m.box},
              {"element_strides", m.elementStrides},
              {"swizzle", m.swizzle},
              {"interleave", m.interleave},
              {"fill", m.fill == Fill::Zero ? "zero" : "nan"},
              {"l2_promotion", m.l2Promotion}};
  if (m.offset)
    out["offset"] = m.offset->text();
  return out;
}

Json toJson(const Kernel &k) {
  Json args = Json::array(), preconditions = Json::array();
  for (const Argument &a : k.args)
    args.push_back(toJson(a));
  for (const Precondition &p : k.preconditions)
    preconditions.push_back(
        {{"check", p.check.text()}, {"message", p.message}});
  Json out = {{"name", k.name}, {"when", k.when.text()}};
  if (!k.schedule.empty())
    out["schedule"] = k.schedule;
  out["block"] = k.block;
  out["cluster"] = k.cluster;
  out["grid"] = texts({k.grid.begin(), k.grid.end()});
  out["dynamic_shared_memory"] = k.dynamicSharedMemory;
  out["pdl"] = k.pdl;
  if (k.parts)
    out["parts"] = {{"count", k.parts->count},
                    {"kblocks", k.parts->kBlocks.text()}};
  out["args"] = std::move(args);
  out["preconditions"] = std::move(preconditions);
  return out;
}

} // namespace

Result<Record> Record::parse(std::string_view text) {
  Result<Json> json = parseDocument(text);
  if (!json)
    return json.error();
  std::string problem;
  Reader root(*json, "$", problem);
  // The version first: what else a later version holds is not known here.
  if (json->is_object() && json->contains("dgemm_launch_record")) {
    Reader version = root["dgemm_launch_record"];
    if (version.integer() != recordVersion)
      version.fail("is no version that this library knows; it reads " +
                   std::to_string(recordVersion));
  }
  Record record;
  if (problem.empty())
    record = readRecord(root);
  if (!problem.empty())
    return Error{"launch record: " + problem};
  if (Status status = record.validate(); !status)
    return status.error();
  return record;
}

std::string Record::toJson() const {
  Json out = {
      {"dgemm_launch_record", recordVersion},
      {"compiler", compiler},
      {"target", target},
      {"schedule", schedule},
      {"operands", Json::array()},
      {"kernels", Json::array()},
      {"empty", Json::array()},
      {"workspace",
       {{"bytes", workspace.bytes.text()}, {"zeroed", workspace.zeroed}}},
      {"resources", Json::array()}};
  for (const Operand &o : operands)
    out["operands"].push_back({{"name", o.name},
                               {"dtype", toString(o.dtype)},
                               {"shape", texts(o.shape)},
                               {"strides", texts(o.strides)},
                               {"access", toString(o.access)},
                               {"align", o.align}});
  for (const Kernel &k : kernels)
    out["kernels"].push_back(::toJson(k));
  for (const EmptyRule &e : empty)
    out["empty"].push_back(
        {{"when", e.when.text()}, {"action", toString(e.action)}});
  for (const Resources &r : resources)
    out["resources"].push_back({{"kernel", r.kernel},
                                {"registers", r.registers},
                                {"spill_bytes", r.spillBytes},
                                {"local_bytes", r.localBytes},
                                {"ptx_bytes", r.ptxBytes},
                                {"cubin_bytes", r.cubinBytes}});
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}
