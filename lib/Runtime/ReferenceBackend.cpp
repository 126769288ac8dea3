// The backend without a GPU: evaluates the operation that a launch record
// describes with the reference evaluator. The code of the kernel is not looked
// at, so this checks a call and its numbers, not a kernel.
#include "dgemm/Reference/Reference.h"
#include "dgemm/Runtime/Backend.h"

#include <string>

using namespace dgemm::runtime;
using dgemm::launch::DType;
using dgemm::launch::Record;
using dgemm::launch::Tensor;

namespace reference = dgemm::reference;

namespace {

class ReferenceDevice : public Device {
public:
  DeviceInfo info() const override { return {"CPU (reference evaluator)"}; }

  Result<std::unique_ptr<Module>> load(std::string_view,
                                       const Record &record) override {
    for (const char *name : {"A", "SFA", "B", "SFB", "D"})
      if (const dgemm::launch::Operand *o = record.findOperand(name);
          !o || o->shape.size() != 2)
        return Error{std::string("the reference evaluator needs a 2-D operand "
                                 "") +
                     name + " in the launch record"};
    return std::make_unique<Module>();
  }

  Status run(Module &, const Launch &launch) override {
    auto find = [&](const char *name) -> const Tensor * {
      int index = launch.record.operandIndex(name);
      return index < 0 ? nullptr : &launch.tensors[size_t(index)];
    };
    const Tensor &a = *find("A"), &b = *find("B"), &d = *find("D");
    const Tensor &sfa = *find("SFA"), &sfb = *find("SFB");
    const Tensor *c = find("C");
    reference::Problem p;
    p.m = d.shape[0], p.n = d.shape[1], p.k = a.shape[1];
    p.a = reinterpret_cast<const uint8_t *>(a.address);
    p.b = reinterpret_cast<const uint8_t *>(b.address);
    p.aStride = a.strides[0], p.bStride = b.strides[0];
    p.sfa = reinterpret_cast<const float *>(sfa.address);
    p.sfb = reinterpret_cast<const float *>(sfb.address);
    p.sfaRowStride = sfa.strides[0], p.sfaBlockStride = sfa.strides[1];
    p.sfbRowStride = sfb.strides[0], p.sfbBlockStride = sfb.strides[1];
    p.sfbRows = sfb.shape[0] == p.n ? 1 : 128;
    if (d.dtype != DType::BF16 && d.dtype != DType::F32)
      return Error{"the reference evaluator writes bf16 or f32, not " +
                   std::string(toString(d.dtype))};
    p.type = d.dtype == DType::BF16 ? reference::OutputType::BF16
                                    : reference::OutputType::F32;
    // A record without C whose D is read as well accumulates into D.
    int index = launch.record.operandIndex("D");
    if (!c && launch.record.operands[size_t(index)].access !=
                  dgemm::launch::Access::Write)
      c = &d;
    for (const Tensor *t : {&a, &b, &d, c ? c : &d})
      if (t->shape[1] > 1 && t->strides[1] != 1)
        return Error{"the reference evaluator needs rows without gaps between "
                     "their elements"};
    if (c) {
      p.c = reinterpret_cast<const void *>(c->address);
      p.cStride = c->strides[0];
    }
    p.d = reinterpret_cast<void *>(d.address);
    p.dStride = d.strides[0];
    p.parts = launch.plan.parts, p.partBlocks = launch.plan.partKBlocks;
    std::string problem = reference::evaluate(p);
    if (!problem.empty())
      return Error{"reference evaluator: " + problem};
    return {};
  }
};

class ReferenceBackend : public Backend {
public:
  std::string name() const override { return "reference"; }
  Result<int> deviceCount() override { return 1; }
  Result<std::shared_ptr<Device>> open(int ordinal) override {
    if (ordinal != 0)
      return Error{"there is no device " + std::to_string(ordinal) +
                   "; the reference evaluator is device 0"};
    return std::shared_ptr<Device>(std::make_shared<ReferenceDevice>());
  }
};

} // namespace

std::unique_ptr<Backend> dgemm::runtime::createReferenceBackend() {
  return std::make_unique<ReferenceBackend>();
}
