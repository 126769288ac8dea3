// The rules of a launch record that need no run-time values.
#include "dgemm/Launch/Record.h"

#include <algorithm>

using namespace dgemm::launch;

namespace {

struct DTypeName {
  const char *name;
  DType dtype;
  unsigned bytes;
};
constexpr DTypeName dtypes[] = {
    {"e4m3", DType::E4M3, 1}, {"e5m2", DType::E5M2, 1},
    {"bf16", DType::BF16, 2}, {"f16", DType::F16, 2},
    {"f32", DType::F32, 4},   {"i32", DType::I32, 4},
    {"u8", DType::U8, 1}};

const DTypeName &entry(DType dtype) { return dtypes[size_t(dtype)]; }

// CUDA's limits for compute capability 9.0 (CUDA programming guide, table of
// technical specifications; the cluster size beyond 8 is the non-portable one
// that a kernel attribute must allow).
constexpr int64_t maxThreads = 1024;
constexpr int64_t maxCluster = 16;
constexpr int64_t maxSharedMemory = 232448;

std::string at(const std::string &path, size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

/// Collects the first problem while walking the record.
class Validator {
public:
  explicit Validator(const Record &record) : record(record) {}

  Status run() {
    if (record.target != "sm_90a")
      fail("target", quote(record.target), "must be \"sm_90a\"");
    if (record.operands.empty())
      fail("operands", "[]", "must not be empty");
    for (size_t i = 0; i < record.operands.size(); ++i)
      operand(at("operands", i), record.operands[i], i);
    names.insert("sms");
    for (size_t i = 0; i < record.operands.size(); ++i)
      operandExpressions(at("operands", i), record.operands[i]);
    if (record.kernels.empty())
      fail("kernels", "[]", "must not be empty");
    for (size_t i = 0; i < record.kernels.size(); ++i)
      kernel(at("kernels", i), record.kernels[i]);
    for (size_t i = 0; i < record.empty.size(); ++i)
      emptyRule(at("empty", i), record.empty[i]);
    expression("workspace.bytes", record.workspace.bytes);
    if (problem.empty())
      return {};
    return Error{"launch record: " + problem};
  }

private:
  void fail(const std::string &path, const std::string &value,
            const std::string &rule) {
    if (problem.empty())
      problem = path + ": " + value + " " + rule;
  }
  static std::string quote(const std::string &text) {
    return "\"" + text + "\"";
  }

  void range(const std::string &path, int64_t value, int64_t low, int64_t high,
             const char *what) {
    if (value < low || value > high)
      fail(path, std::to_string(value),
           std::string("is no ") + what + "; it must be in " +
               std::to_string(low) + ".." + std::to_string(high));
  }

  void oneOf(const std::string &path, int64_t value,
             std::initializer_list<int64_t> allowed) {
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end())
      return;
    std::string rule = "must be one of";
    for (int64_t a : allowed)
      rule += " " + std::to_string(a);
    fail(path, std::to_string(value), rule);
  }

  void expression(const std::string &path, const Expression &e) {
    std::set<std::string> used;
    e.collectNames(used);
    for (const std::string &name : used)
      if (!names.count(name))
        fail(path, quote(e.text()),
             "uses '" + name +
                 "', which no operand's shape or strides bind (sms is the "
                 "only other name)");
  }

  void operand(const std::string &path, const Operand &o, size_t index) {
    if (!isIdentifier(o.name))
      fail(path + ".name", quote(o.name), "is no identifier");
    if (record.operandIndex(o.name) != int(index))
      fail(path + ".name", quote(o.name), "names an operand twice");
    if (o.shape.empty() || o.shape.size() > 5)
      fail(path + ".shape", "a rank of " + std::to_string(o.shape.size()),
           "must be in 1..5");
    if (o.strides.size() != o.shape.size())
      fail(path + ".strides", std::to_string(o.strides.size()) + " strides",
           "must match the rank of the shape, " +
               std::to_string(o.shape.size()));
    if (o.align < 1 || o.align > 4096 || (o.align & (o.align - 1)))
      fail(path + ".align", std::to_string(o.align),
           "must be a power of two in 1..4096");
    for (const auto *list : {&o.shape, &o.strides})
      for (const Expression &e : *list)
        if (e.isName())
          e.collectNames(names);
    if (names.count("sms"))
      fail(path, "'sms'", "is the runtime's name and no shape or stride");
  }

  void operandExpressions(const std::string &path, const Operand &o) {
    for (size_t i = 0; i < o.shape.size(); ++i)
      expression(at(path + ".shape", i), o.shape[i]);
    for (size_t i = 0; i < o.strides.size(); ++i)
      expression(at(path + ".strides", i), o.strides[i]);
  }

  void dims(const std::string &path, const std::array<int64_t, 3> &d,
            const std::array<int64_t, 3> &limit, int64_t total,
            const char *what) {
    int64_t product = 1;
    for (size_t i = 0; i < 3; ++i) {
      range(at(path, i), d[i], 1, limit[i], what);
      if (!problem.empty())
        return;
      product *= d[i];
    }
    if (product > total)
      fail(path, "a product of " + std::to_string(product),
           "must be at most " + std::to_string(total));
  }

  void kernel(const std::string &path, const Kernel &k) {
    if (k.name.empty())
      fail(path + ".name", "\"\"", "must not be empty");
    expression(path + ".when", k.when);
    dims(path + ".block", k.block, {maxThreads, maxThreads, 64}, maxThreads,
         "block dimension");
    dims(path + ".cluster", k.cluster, {maxCluster, maxCluster, maxCluster},
         maxCluster, "cluster dimension");
    for (size_t i = 0; i < 3; ++i)
      expression(at(path + ".grid", i), k.grid[i]);
    range(path + ".dynamic_shared_memory", k.dynamicSharedMemory, 0,
          maxSharedMemory, "shared memory size");
    if (k.parts) {
      range(path + ".parts.count", k.parts->count, 1, maxCluster,
            "number of parts");
      expression(path + ".parts.kblocks", k.parts->kBlocks);
    }
    for (size_t i = 0; i < k.args.size(); ++i)
      argument(at(path + ".args", i), k.args[i]);
    for (size_t i = 0; i < k.preconditions.size(); ++i) {
      const Precondition &p = k.preconditions[i];
      expression(at(path + ".preconditions", i) + ".check", p.check);
      if (p.message.empty())
        fail(at(path + ".preconditions", i) + ".message", "\"\"",
             "must not be empty");
    }
  }

  void operandName(const std::string &path, const std::string &name) {
    if (!record.findOperand(name))
      fail(path, quote(name), "is no operand of this record");
  }

  void argument(const std::string &path, const Argument &a) {
    switch (a.kind) {
    case Argument::Kind::TensorMap:
      return tensorMap(path, a.map);
    case Argument::Kind::Pointer:
      return operandName(path + ".operand", a.operand);
    case Argument::Kind::Value:
      return expression(path + ".value", a.value);
    case Argument::Kind::Workspace:
      if (record.workspace.bytes.text() == "0")
        fail(path, "a workspace argument", "needs workspace.bytes above \"0\"");
      return;
    }
  }

  void count(const std::string &path, size_t have, size_t want) {
    if (have != want)
      fail(path, std::to_string(have) + " entries",
           "must be " + std::to_string(want) + ", as the rank (sizes) says");
  }

  // The driver's rules: CUDA driver API, cuTensorMapEncodeTiled.
  void tensorMap(const std::string &path, const TensorMapSpec &m) {
    operandName(path + ".operand", m.operand);
    size_t rank = m.sizes.size();
    if (rank < 1 || rank > 5)
      return fail(path + ".sizes", "a rank of " + std::to_string(rank),
                  "must be in 1..5");
    count(path + ".strides", m.strides.size(), rank - 1);
    count(path + ".box", m.box.size(), rank);
    count(path + ".element_strides", m.elementStrides.size(), rank);
    for (size_t i = 0; i < rank; ++i)
      expression(at(path + ".sizes", i), m.sizes[i]);
    for (size_t i = 0; i < m.strides.size(); ++i)
      expression(at(path + ".strides", i), m.strides[i]);
    for (size_t i = 0; i < m.box.size(); ++i)
      range(at(path + ".box", i), m.box[i], 1, 256, "box dimension");
    for (size_t i = 0; i < m.elementStrides.size(); ++i)
      range(at(path + ".element_strides", i), m.elementStrides[i], 1, 8,
            "element stride");
    oneOf(path + ".swizzle", m.swizzle, {0, 32, 64, 128});
    oneOf(path + ".interleave", m.interleave, {0, 16, 32});
    oneOf(path + ".l2_promotion", m.l2Promotion, {0, 64, 128, 256});
    if (m.offset)
      expression(path + ".offset", *m.offset);
    if (!problem.empty())
      return;
    if (m.interleave == 32 && m.swizzle != 32)
      fail(path + ".swizzle", std::to_string(m.swizzle),
           "must be 32 when interleave is 32");
    if (m.interleave && rank < 3)
      fail(path + ".sizes", "a rank of " + std::to_string(rank),
           "must be 3 or more when interleave is set");
    if (m.interleave)
      return;
    int64_t inner = m.box[0] * byteSize(m.dtype);
    if (inner % 16)
      fail(path + ".box[0]",
           std::to_string(m.box[0]) + " elements (" + std::to_string(inner) +
               " bytes)",
           "must be a multiple of 16 bytes");
    if (m.swizzle && inner > m.swizzle)
      fail(path + ".box[0]",
           std::to_string(m.box[0]) + " elements (" + std::to_string(inner) +
               " bytes)",
           "must not exceed the swizzle width of " + std::to_string(m.swizzle) +
               " bytes");
  }

  void emptyRule(const std::string &path, const EmptyRule &rule) {
    expression(path + ".when", rule.when);
    if (rule.action == EmptyAction::Nothing)
      return;
    std::string action = quote(toString(rule.action));
    const Operand *d = record.findOperand("D");
    if (!d || d->shape.size() != 2)
      return fail(path + ".action", action, "needs a 2-D operand D");
    if (rule.action != EmptyAction::CopyC)
      return;
    const Operand *c = record.findOperand("C");
    if (!c || c->shape.size() != 2 || c->dtype != d->dtype)
      fail(path + ".action", action, "needs a 2-D operand C of D's type");
  }

  const Record &record;
  std::set<std::string> names;
  std::string problem;
};

} // namespace

const char *dgemm::launch::toString(DType dtype) { return entry(dtype).name; }
unsigned dgemm::launch::byteSize(DType dtype) { return entry(dtype).bytes; }

std::optional<DType> dgemm::launch::parseDType(std::string_view text) {
  for (const DTypeName &d : dtypes)
    if (text == d.name)
      return d.dtype;
  return std::nullopt;
}

const char *dgemm::launch::toString(Access access) {
  constexpr const char *names[] = {"read", "write", "readwrite"};
  return names[size_t(access)];
}

const char *dgemm::launch::toString(EmptyAction action) {
  constexpr const char *names[] = {"nothing", "zero", "copy_c"};
  return names[size_t(action)];
}

Status Record::validate() const { return Validator(*this).run(); }

int Record::operandIndex(std::string_view name) const {
  for (size_t i = 0; i < operands.size(); ++i)
    if (operands[i].name == name)
      return int(i);
  return -1;
}

const Operand *Record::findOperand(std::string_view name) const {
  int index = operandIndex(name);
  return index < 0 ? nullptr : &operands[size_t(index)];
}
