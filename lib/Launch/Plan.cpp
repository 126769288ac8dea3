// Binding a launch record to one call: values, checks, grid, arguments.
#include "dgemm/Launch/Plan.h"

#include <algorithm>

using namespace dgemm::launch;

namespace {

std::string list(const std::vector<int64_t> &values) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i)
    text += (i ? "," : "") + std::to_string(values[i]);
  return text + "]";
}

std::string hex(uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%llx",
                static_cast<unsigned long long>(value));
  return text;
}

uint64_t elementCount(const Tensor &tensor) {
  uint64_t count = 1;
  for (int64_t size : tensor.shape)
    count *= uint64_t(size);
  return count;
}

/// Runs the rules of one call in order.
class Planner {
public:
  Planner(const Record &record, const std::vector<Tensor> &tensors)
      : record(record), tensors(tensors) {}

  Result<Environment> bind(int64_t sms) {
    values["sms"] = sms;
    if (sms < 1)
      fail("the SM count is " + std::to_string(sms) + "; it must be 1 or more");
    if (tensors.size() != record.operands.size())
      fail("the kernel takes " + std::to_string(record.operands.size()) +
           " tensors (" + operandNames() + "), the call gives " +
           std::to_string(tensors.size()));
    for (size_t i = 0; ok() && i < tensors.size(); ++i)
      checkForm(record.operands[i], tensors[i]);
    if (ok())
      bindNames();
    for (size_t i = 0; ok() && i < tensors.size(); ++i)
      checkShape(record.operands[i], tensors[i]);
    if (!ok())
      return Error{problem};
    return values;
  }

  Result<Plan> run(int64_t sms) {
    if (Result<Environment> bound = bind(sms); !bound)
      return bound.error();
    Plan plan;
    plan.values = values;
    for (size_t i = 0; ok() && i < tensors.size(); ++i)
      checkPointer(record.operands[i], tensors[i]);
    if (ok() && !applyEmptyRules(plan) && ok())
      planKernel(plan);
    if (!ok())
      return Error{problem};
    return plan;
  }

private:
  bool ok() const { return problem.empty(); }
  void fail(const std::string &what) {
    if (ok())
      problem = what;
  }

  /// `what` makes the text that says where, and is asked only on failure: a
  /// launch that succeeds builds no strings.
  template <typename What> int64_t evaluate(const Expression &e, What what) {
    Result<int64_t> value = e.evaluate(values);
    if (value)
      return *value;
    fail(std::string(what()) + ": " + value.message());
    return 0;
  }

  std::string operandNames() const {
    std::string text;
    for (const Operand &o : record.operands)
      text += (text.empty() ? "" : ", ") + o.name;
    return text;
  }

  void checkForm(const Operand &o, const Tensor &t) {
    if (t.dtype != o.dtype)
      return fail("operand " + o.name + " has type " + toString(t.dtype) +
                  "; the kernel takes " + toString(o.dtype));
    if (t.shape.size() != o.shape.size())
      return fail("operand " + o.name + " has rank " +
                  std::to_string(t.shape.size()) + " (shape " + list(t.shape) +
                  "); the kernel takes rank " + std::to_string(o.shape.size()));
    if (t.strides.size() != t.shape.size())
      return fail("operand " + o.name + " has " +
                  std::to_string(t.strides.size()) + " strides for rank " +
                  std::to_string(t.shape.size()));
    // Bounded so that no later size or address computation can overflow.
    uint64_t bytes = byteSize(o.dtype);
    for (size_t i = 0; i < t.shape.size(); ++i) {
      if (t.shape[i] < 0)
        return fail("operand " + o.name + " has shape " + list(t.shape) +
                    "; a size must not be negative");
      if (t.strides[i] < 0)
        return fail("operand " + o.name + " has strides " + list(t.strides) +
                    "; a stride must not be negative");
      uint64_t span;
      if (__builtin_mul_overflow(uint64_t(std::max<int64_t>(t.shape[i], 1)),
                                 bytes, &bytes) ||
          bytes > (uint64_t(1) << 48) ||
          __builtin_mul_overflow(uint64_t(t.shape[i]),
                                 uint64_t(t.strides[i]) * byteSize(o.dtype),
                                 &span) ||
          uint64_t(t.strides[i]) > (uint64_t(1) << 48) ||
          (t.shape[i] > 1 && span > (uint64_t(1) << 48)))
        return fail("operand " + o.name + " with shape " + list(t.shape) +
                    " and strides " + list(t.strides) +
                    " exceeds an address space of 2^48 bytes");
    }
  }

  void bindName(const Expression &e, int64_t value) {
    if (e.isName())
      values.emplace(e.name(), value);
  }

  /// A name takes the first size or stride it stands for. Sizes come first,
  /// then strides of dimensions that are really stepped over: the stride of a
  /// dimension of one element says nothing (frameworks leave anything there).
  void bindNames() {
    for (size_t i = 0; i < tensors.size(); ++i)
      for (size_t d = 0; d < tensors[i].shape.size(); ++d)
        bindName(record.operands[i].shape[d], tensors[i].shape[d]);
    for (bool stepped : {true, false})
      for (size_t i = 0; i < tensors.size(); ++i)
        for (size_t d = 0; d < tensors[i].shape.size(); ++d)
          if ((tensors[i].shape[d] > 1) == stepped)
            bindName(record.operands[i].strides[d], tensors[i].strides[d]);
  }

  void checkShape(const Operand &o, const Tensor &t) {
    for (size_t d = 0; ok() && d < t.shape.size(); ++d) {
      auto what = [&] {
        return "operand " + o.name + ", dimension " + std::to_string(d);
      };
      int64_t size = evaluate(o.shape[d], what);
      if (ok() && size != t.shape[d])
        fail("operand " + o.name + " has shape " + list(t.shape) +
             "; dimension " + std::to_string(d) + " must be " +
             expected(o.shape[d], size));
      if (!ok() || t.shape[d] <= 1)
        continue;
      int64_t stride = evaluate(o.strides[d], what);
      if (ok() && stride != t.strides[d])
        fail("operand " + o.name + " has strides " + list(t.strides) +
             "; the stride of dimension " + std::to_string(d) + " must be " +
             expected(o.strides[d], stride) + " elements");
    }
  }

  static std::string expected(const Expression &e, int64_t value) {
    std::string number = std::to_string(value);
    return e.isLiteral() ? number : e.text() + " = " + number;
  }

  void checkPointer(const Operand &o, const Tensor &t) {
    if (elementCount(t) == 0)
      return;
    if (t.address == 0)
      return fail("operand " + o.name + " is a null pointer with shape " +
                  list(t.shape));
    if (t.address % uint64_t(o.align))
      fail("operand " + o.name + " is at " + hex(t.address) +
           "; the kernel needs an alignment of " + std::to_string(o.align) +
           " bytes");
  }

  /// The rows of a 2-D tensor; one of its dimensions must be contiguous.
  Region region(const char *name) {
    size_t index = size_t(record.operandIndex(name));
    const Tensor &t = tensors[index];
    uint64_t bytes = byteSize(t.dtype);
    int inner = t.shape[1] <= 1 || t.strides[1] == 1 ? 1 : 0;
    int outer = 1 - inner;
    Region r{t.address, uint64_t(t.shape[outer]),
             uint64_t(t.shape[inner]) * bytes,
             uint64_t(t.strides[outer]) * bytes};
    if (t.shape[inner] > 1 && t.strides[inner] != 1)
      fail("operand " + std::string(name) + " has strides " + list(t.strides) +
           "; an empty problem is written only where one of them is 1");
    if (r.rows > 1 && r.pitchBytes < r.rowBytes)
      fail("operand " + std::string(name) + " has strides " + list(t.strides) +
           " for shape " + list(t.shape) + "; its rows overlap");
    if (r.rows <= 1)
      r.pitchBytes = r.rowBytes;
    return r;
  }

  bool applyEmptyRules(Plan &plan) {
    for (const EmptyRule &rule : record.empty) {
      if (!evaluate(rule.when, [] { return "empty rule"; }) || !ok())
        continue;
      plan.empty = rule.action;
      if (rule.action != EmptyAction::Nothing)
        plan.destination = region("D");
      if (rule.action == EmptyAction::CopyC) {
        plan.source = region("C");
        if (plan.source.rowBytes != plan.destination.rowBytes)
          fail("operands C and D must be contiguous along the same dimension "
               "for an empty problem");
      }
      return true;
    }
    return false;
  }

  void planKernel(Plan &plan) {
    size_t index = 0;
    for (; index < record.kernels.size(); ++index)
      if (evaluate(record.kernels[index].when,
                   [] { return "kernel choice"; }) ||
          !ok())
        break;
    if (!ok())
      return;
    if (index == record.kernels.size())
      return fail("no kernel of this record takes this problem" +
                  problemText());
    const Kernel &k = record.kernels[index];
    for (const Precondition &p : k.preconditions)
      if (!evaluate(p.check,
                    [&] { return "kernel " + k.name + ", precondition"; })) {
        fail(p.message + " (" + p.check.text() + describe(p.check) + ")");
        return;
      }
    plan.kernel = index;
    for (size_t i = 0; i < 3; ++i) {
      plan.block[i] = uint32_t(k.block[i]);
      plan.cluster[i] = uint32_t(k.cluster[i]);
      plan.grid[i] = gridDim(k, i);
    }
    plan.dynamicSharedMemory = uint32_t(k.dynamicSharedMemory);
    plan.pdl = k.pdl;
    if (k.parts) {
      auto what = [&] { return "kernel " + k.name + ", parts.kblocks"; };
      plan.parts = k.parts->count;
      plan.partKBlocks = evaluate(k.parts->kBlocks, what);
      if (ok() && plan.partKBlocks < 1)
        fail(what() + ": " + expected(k.parts->kBlocks, plan.partKBlocks) +
             "; it must be at least 1");
    }
    int64_t bytes =
        evaluate(record.workspace.bytes, [] { return "workspace.bytes"; });
    if (bytes < 0)
      fail("workspace.bytes is " + std::to_string(bytes) +
           "; it must not be negative");
    plan.workspaceBytes = uint64_t(bytes);
    plan.workspaceZeroed = record.workspace.zeroed;
    for (size_t i = 0; ok() && i < k.args.size(); ++i)
      plan.args.push_back(argument(k.args[i], [&] {
        return "kernel " + k.name + ", argument " + std::to_string(i);
      }));
  }

  /// ", with lda = 24, ...": the values that an expression names.
  std::string describe(const Expression &e) {
    std::set<std::string> names;
    e.collectNames(names);
    std::string text;
    for (const std::string &name : names)
      text += (text.empty() ? " with " : ", ") + name + " = " +
              std::to_string(values[name]);
    return text;
  }

  std::string problemText() {
    std::string text;
    for (auto &[name, value] : values)
      text +=
          (text.empty() ? ": " : ", ") + name + " = " + std::to_string(value);
    return text;
  }

  uint32_t gridDim(const Kernel &k, size_t i) {
    int64_t dim =
        evaluate(k.grid[i], [&] { return "kernel " + k.name + ", grid"; });
    int64_t limit = i == 0 ? INT32_MAX : 65535;
    if (ok() && (dim < 1 || dim > limit))
      fail("kernel " + k.name + ": grid[" + std::to_string(i) + "] is " +
           expected(k.grid[i], dim) + "; it must be in 1.." +
           std::to_string(limit));
    if (ok() && dim % k.cluster[i])
      fail("kernel " + k.name + ": grid[" + std::to_string(i) + "] is " +
           expected(k.grid[i], dim) + "; the cluster needs a multiple of " +
           std::to_string(k.cluster[i]));
    return uint32_t(dim);
  }

  template <typename What>
  ArgumentValue argument(const Argument &a, What what) {
    ArgumentValue value;
    value.kind = a.kind;
    switch (a.kind) {
    case Argument::Kind::TensorMap:
      value.bytes = 128;
      value.map = tensorMap(a.map, what);
      break;
    case Argument::Kind::Pointer:
      value.bits = tensors[size_t(record.operandIndex(a.operand))].address;
      break;
    case Argument::Kind::Value: {
      int64_t number = evaluate(a.value, what);
      value.bytes = a.type == ValueType::I32 ? 4 : 8;
      if (a.type == ValueType::I32 &&
          (number < INT32_MIN || number > INT32_MAX))
        fail(what() + ": " + expected(a.value, number) +
             " does not fit 32 bits");
      value.bits = uint64_t(number);
      break;
    }
    case Argument::Kind::Workspace:
      break;
    }
    return value;
  }

  template <typename Where>
  TensorMap tensorMap(const TensorMapSpec &m, Where where) {
    auto what = [&] { return where() + " (tensor map of " + m.operand + ")"; };
    TensorMap map;
    map.dtype = m.dtype;
    map.rank = unsigned(m.sizes.size());
    map.address = tensors[size_t(record.operandIndex(m.operand))].address;
    if (m.offset)
      map.address += uint64_t(evaluate(*m.offset, what));
    for (size_t i = 0; i < m.sizes.size(); ++i) {
      map.sizes[i] = uint64_t(evaluate(m.sizes[i], what));
      map.box[i] = uint32_t(m.box[i]);
      map.elementStrides[i] = uint32_t(m.elementStrides[i]);
    }
    for (size_t i = 0; i < m.strides.size(); ++i)
      map.strides[i] = uint64_t(evaluate(m.strides[i], what));
    map.swizzle = unsigned(m.swizzle);
    map.interleave = unsigned(m.interleave);
    map.l2Promotion = unsigned(m.l2Promotion);
    map.fill = m.fill;
    if (ok())
      if (Status status = checkTensorMap(map); !status)
        fail(what() + ": " + status.message());
    return map;
  }

  const Record &record;
  const std::vector<Tensor> &tensors;
  Environment values;
  std::string problem;
};

} // namespace

Result<Environment>
dgemm::launch::bindValues(const Record &record,
                          const std::vector<Tensor> &tensors, int64_t sms) {
  return Planner(record, tensors).bind(sms);
}

Result<Plan> dgemm::launch::plan(const Record &record,
                                 const std::vector<Tensor> &tensors,
                                 int64_t sms) {
  return Planner(record, tensors).run(sms);
}
