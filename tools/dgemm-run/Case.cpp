// Reading cases from manifests and command lines.
#include "Case.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>

using namespace dgemm::run;
namespace launch = dgemm::launch;
using Json = nlohmann::json;
namespace fs = std::filesystem;

const char *dgemm::run::toString(Flush flush) {
  constexpr const char *names[] = {"auto", "dirty", "clean", "warm"};
  return names[size_t(flush)];
}

namespace {

std::string readFile(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Check parseCheck(const std::string &text) {
  if (text == "auto")
    return Check::Auto;
  if (text == "full")
    return Check::Full;
  if (text == "sampled")
    return Check::Sampled;
  if (text == "none")
    return Check::None;
  throw std::runtime_error("check must be auto, full, sampled or none, not '" +
                           text + "'");
}

Flush parseFlush(const std::string &text) {
  for (Flush f : {Flush::Auto, Flush::Dirty, Flush::Clean, Flush::Warm})
    if (text == toString(f))
      return f;
  throw std::runtime_error("flush must be auto, dirty, clean or warm, not '" +
                           text + "'");
}

void settle(Case &c) {
  const launch::Record &r = c.kernel->record;
  for (auto [size, operand, dimension] :
       {std::tuple(&c.m, "D", 0), {&c.n, "D", 1}, {&c.k, "A", 1}}) {
    int64_t fixed = fixedSize(r, operand, size_t(dimension));
    if (*size < 0)
      *size = fixed;
    if (*size < 0)
      throw std::runtime_error(c.kernel->name +
                               ": M, N and K must be given where the record "
                               "does not fix them");
  }
  if (c.name.empty())
    c.name = c.kernel->name;
}

/// The first of several kernels for one problem is the case's, the others are
/// its peers.
void addCandidates(const Json &json, const fs::path &base, KernelFiles &files,
                   Case &c) {
  for (const char *key : {"record", "cubin", "peers"})
    if (json.contains(key))
      throw std::runtime_error(std::string("a case with candidates has no \"") +
                               key + "\"");
  std::set<std::string> names;
  for (const Json &path : json["candidates"]) {
    auto file = files.readPair((base / path.get<std::string>()).string());
    if (file->record.kernels.size() != 1)
      throw std::runtime_error(file->name + " has " +
                               std::to_string(file->record.kernels.size()) +
                               " kernels; a candidate is one schedule");
    if (!names.insert(file->name).second)
      throw std::runtime_error("two candidates are called " + file->name);
    if (!c.kernel)
      c.kernel = file;
    else
      c.peers.push_back({file->name, file, ""});
  }
  if (!c.kernel)
    throw std::runtime_error("there are no candidates");
}

/// Whether the text is a range that holds `m`, as tuning tables write it.
bool isRangeAround(const std::string &text, int64_t m) {
  std::smatch match;
  if (!std::regex_match(text, match,
                        std::regex("([0-9]{1,18})(?:\\.\\.([0-9]{1,18}))?")))
    return false;
  int64_t first = std::stoll(match[1]);
  int64_t last = match[2].matched ? std::stoll(match[2]) : first;
  return first >= 1 && first <= m && m <= last;
}

Case parseCase(const Json &json, const fs::path &base, KernelFiles &files) {
  Case c;
  c.m = c.n = c.k = -1;
  auto path = [&](const Json &value) {
    return (base / value.get<std::string>()).string();
  };
  auto kernel = [&](const Json &from) {
    if (from.contains("record") && from.contains("cubin"))
      return files.read(path(from["record"]), path(from["cubin"]));
    return files.readPair(
        path(from.contains("record") ? from["record"] : from.at("cubin")));
  };
  if (json.contains("candidates"))
    addCandidates(json, base, files, c);
  else
    c.kernel = kernel(json);
  for (auto &[key, value] : json.items()) {
    if (key == "record" || key == "cubin" || key == "candidates")
      continue;
    if (key == "name")
      c.name = value;
    else if (key == "M")
      c.m = value;
    else if (key == "N")
      c.n = value;
    else if (key == "K")
      c.k = value;
    else if (key == "sfa")
      c.sfaRowMajor = value.get<std::string>() == "row";
    else if (key == "c")
      c.inPlaceC = value.get<std::string>() == "in_place";
    else if (key == "seed")
      c.seed = value;
    else if (key == "sms")
      c.sms = value;
    else if (key == "check")
      c.check = parseCheck(value);
    else if (key == "repeats")
      c.repeats = value;
    else if (key == "time")
      c.time = value;
    else if (key == "pairs")
      c.pairs = value;
    else if (key == "events")
      c.events = value;
    else if (key == "range")
      c.range = value;
    else if (key == "warm_up")
      c.warmUp = value;
    else if (key == "chain")
      c.chain = value;
    else if (key == "sustained")
      c.sustained = value;
    else if (key == "flush")
      c.flush = parseFlush(value);
    else if (key.rfind("ld", 0) == 0) {
      std::string operand = key.substr(2);
      std::transform(operand.begin(), operand.end(), operand.begin(),
                     [](unsigned char ch) { return std::toupper(ch); });
      c.ld[operand] = value;
    } else if (key == "peers")
      for (const Json &p : value) {
        Peer peer;
        if (p.contains("cublaslt"))
          peer.cublasMode = p["cublaslt"];
        else
          peer.kernel = kernel(p);
        peer.name =
            p.value("name", peer.kernel ? peer.kernel->name
                                        : "cublaslt-" + peer.cublasMode);
        c.peers.push_back(std::move(peer));
      }
    else
      throw std::runtime_error("unknown key \"" + key + "\"");
  }
  settle(c);
  if (!c.range.empty() && !isRangeAround(c.range, c.m))
    throw std::runtime_error("range must be like 65..128 and hold M = " +
                             std::to_string(c.m) + ", not '" + c.range + "'");
  return c;
}

/// "4096x7168x2048", or "4096" alone.
void parseSize(const std::string &text, Case &c) {
  int64_t *fields[] = {&c.m, &c.n, &c.k};
  std::istringstream in(text);
  std::string part;
  size_t count = 0;
  for (; std::getline(in, part, 'x'); ++count) {
    if (count == 3 || part.empty() ||
        part.find_first_not_of("0123456789") != std::string::npos)
      throw std::runtime_error("a size is M or MxNxK, not '" + text + "'");
    *fields[count] = std::stoll(part);
  }
  if (count != 1 && count != 3)
    throw std::runtime_error("a size is M or MxNxK, not '" + text + "'");
}

} // namespace

int64_t dgemm::run::fixedSize(const launch::Record &record, const char *operand,
                              size_t dimension) {
  const launch::Operand *o = record.findOperand(operand);
  if (!o || dimension >= o->shape.size() || !o->shape[dimension].isLiteral())
    return -1;
  launch::Result<int64_t> value = o->shape[dimension].evaluate({});
  return value ? *value : -1;
}

std::shared_ptr<const KernelFile> KernelFiles::read(const std::string &record,
                                                    const std::string &code) {
  auto &slot = files[record + "\n" + code];
  if (slot)
    return slot;
  auto file = std::make_shared<KernelFile>();
  file->name = fs::path(record).stem().string();
  file->json = readFile(record);
  file->code = readFile(code);
  launch::Result<launch::Record> parsed = launch::Record::parse(file->json);
  if (!parsed)
    throw std::runtime_error(record + ": " + parsed.message());
  file->record = *parsed;
  return slot = file;
}

std::shared_ptr<const KernelFile>
KernelFiles::readPair(const std::string &path) {
  fs::path record = path, code = path;
  record.replace_extension(".json");
  for (const char *ending : {".cubin", ".ptx"})
    if (fs::exists(code.replace_extension(ending)))
      return read(record.string(), code.string());
  throw std::runtime_error(path + ": there is no .cubin or .ptx beside it");
}

std::vector<Case> dgemm::run::readManifest(const std::string &path,
                                           KernelFiles &files) {
  std::ifstream file(path);
  if (!file)
    throw std::runtime_error("cannot read " + path);
  std::vector<Case> cases;
  std::string line;
  for (size_t number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#')
      continue;
    try {
      cases.push_back(
          parseCase(Json::parse(line), fs::path(path).parent_path(), files));
    } catch (const std::exception &e) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": " +
                               e.what());
    }
  }
  return cases;
}

std::vector<Case> dgemm::run::casesOf(const std::string &path,
                                      const std::vector<std::string> &sizes,
                                      const Case &options, KernelFiles &files) {
  std::vector<std::string> pairs;
  if (fs::is_directory(path)) {
    for (const auto &entry : fs::directory_iterator(path))
      if (entry.path().extension() == ".json")
        pairs.push_back(entry.path().string());
    std::sort(pairs.begin(), pairs.end());
  } else {
    pairs.push_back(path);
  }
  if (pairs.empty())
    throw std::runtime_error(path + " holds no launch record (*.json)");
  std::vector<Case> cases;
  for (const std::string &pair : pairs)
    for (const std::string &size : sizes) {
      Case c = options;
      c.kernel = files.readPair(pair);
      c.m = c.n = c.k = -1;
      parseSize(size, c);
      settle(c);
      cases.push_back(std::move(c));
    }
  return cases;
}
