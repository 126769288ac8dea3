// One call that can be simulated again and again: record, operands, answer.
#include "Session.h"

#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace dgemm;
using namespace dgemm::simtool;

void dgemm::simtool::die(const std::string &message) {
  std::cerr << "dgemm-sim: " << message << "\n";
  std::exit(2);
}

std::string dgemm::simtool::readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    die("cannot read '" + path + "'");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

static std::pair<std::string, std::string> split(const std::string &text,
                                                 const char *what) {
  size_t at = text.find('=');
  if (at == std::string::npos || at == 0)
    die(std::string(what) + " '" + text + "' is not NAME=VALUE");
  return {text.substr(0, at), text.substr(at + 1)};
}

Session::Session(const Settings &settings) : sms(settings.sms) {
  auto parsed = launch::Record::parse(readFile(settings.record));
  if (!parsed)
    die(settings.record + ": " + parsed.message());
  record = std::move(*parsed);
  launch::Environment values;
  for (const std::string &text : settings.sizes) {
    auto [name, value] = split(text, "size");
    try {
      values[name] = std::stoll(value);
    } catch (const std::exception &) {
      die("size '" + text + "' is not a number");
    }
  }
  auto made = makeOperands(record, values);
  if (!made)
    die(made.message());
  operands = std::move(*made);
  for (size_t i = 0; i < operands.size(); ++i)
    generate(operands[i], record.operands[i].access, settings.data + i);
  for (const std::string &text : settings.operands) {
    auto [name, path] = split(text, "operand");
    if (auto status = loadFile(named(name), path); !status)
      die(status.message());
  }
  if (!settings.noVerify)
    expected = expectedD(operands, parts());
}

std::pair<int64_t, int64_t> Session::parts() const {
  sim::GlobalMemory memory;
  std::vector<uint64_t> addresses;
  auto planned = plan(memory, addresses);
  // A call that cannot be planned fails where it is run.
  return planned ? std::pair(planned->parts, planned->partKBlocks)
                 : std::pair(int64_t(1), int64_t(0));
}

Operand &Session::named(const std::string &name) {
  for (Operand &operand : operands)
    if (operand.name == name)
      return operand;
  die("the record has no operand '" + name + "'");
}

launch::Result<launch::Plan>
Session::plan(sim::GlobalMemory &memory,
              std::vector<uint64_t> &addresses) const {
  std::vector<launch::Tensor> tensors;
  for (const Operand &operand : operands) {
    launch::Tensor tensor = operand.tensor;
    tensor.address = memory.allocate(operand.initial.size(), operand.name);
    memcpy(memory.data(tensor.address, operand.initial.size()),
           operand.initial.data(), operand.initial.size());
    addresses.push_back(tensor.address);
    tensors.push_back(tensor);
  }
  return launch::plan(record, tensors, sms);
}

launch::Result<sim::Launch> Session::prepare(sim::GlobalMemory &memory,
                                             std::vector<uint64_t> &addresses,
                                             bool &empty) const {
  auto plan = this->plan(memory, addresses);
  if (!plan)
    return plan.error();
  empty = plan->empty.has_value();
  if (empty)
    return sim::Launch();
  uint64_t workspace = plan->workspaceBytes
                           ? memory.allocate(plan->workspaceBytes, "workspace")
                           : 0;
  return sim::toLaunch(record, *plan, workspace);
}

Outcome Session::run(sim::Program &program, const sim::Options &options) const {
  sim::GlobalMemory memory;
  std::vector<uint64_t> addresses;
  Outcome outcome;
  auto call = prepare(memory, addresses, outcome.empty);
  if (!call)
    die(call.message());
  outcome.call = *call;
  if (outcome.empty)
    outcome.result.completed = true;
  else
    outcome.result = sim::run(program, outcome.call, memory, options);
  for (size_t i = 0; i < operands.size(); ++i) {
    size_t size = operands[i].initial.size();
    const uint8_t *bytes =
        static_cast<const uint8_t *>(memory.data(addresses[i], size));
    outcome.operands.emplace_back(bytes, bytes + size);
  }
  return outcome;
}
