// Binding a kernel to the buffers of a case.
#include "Subject.h"

#include <algorithm>

using namespace dgemm::run;
namespace launch = dgemm::launch;
using dgemm::launch::Access;

namespace {

constexpr uint8_t poison = 0xff; // NaN in bf16 and f32
constexpr uint8_t guard = 0xa5;

} // namespace

KernelSubject::KernelSubject(Device &device, Inputs &inputs, const Case &c,
                             const Problem &problem, std::string name,
                             std::shared_ptr<const KernelFile> file)
    : device(device), title(std::move(name)), file(std::move(file)) {
  const launch::Record &record = this->file->record;
  check(dgemm_kernel_load(device.handle(), this->file->code.data(),
                          this->file->code.size(), this->file->json.data(),
                          this->file->json.size(), &kernel),
        "load");
  options.struct_size = sizeof options;
  options.num_sms = c.sms;
  options.pdl = DGEMM_PDL_OFF;

  const launch::Operand &dOperand = *record.findOperand("D");
  dStrides = stridesOf(c, problem, dOperand);
  size_t bytes = spanBytes(shapeOf(problem, "D"), dStrides, problem.type);
  // A tile that runs past the end must land in the guard.
  size_t tile = 256 * size_t(dStrides[0]) * launch::byteSize(problem.type);
  d = std::make_unique<Buffer>(device, bytes, guard,
                               std::min<size_t>(tile, 32 << 20) + 65536);
  bool inPlace = !record.findOperand("C") ? dOperand.access == Access::ReadWrite
                                          : c.inPlaceC;
  if (inPlace)
    initial = inputs.operand(problem, "C", dStrides);

  for (const launch::Operand &o : record.operands) {
    shapes.push_back(shapeOf(problem, o.name));
    bool inD = o.name == "D" || (o.name == "C" && inPlace);
    strides.push_back(inD ? dStrides : stridesOf(c, problem, o));
    void *data = d->data();
    if (!inD) {
      inputBuffers.emplace_back(
          o.name, inputs.operand(problem, o.name, strides.back()));
      data = inputBuffers.back().second->data();
    }
    tensors.push_back({data, int32_t(o.dtype), 2, nullptr, nullptr});
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    tensors[i].shape = shapes[i].data();
    tensors[i].strides = strides[i].data();
  }
}

void KernelSubject::describeParts(Problem &problem) const {
  std::vector<launch::Tensor> call;
  for (const dgemm_tensor &tensor : tensors)
    call.push_back({reinterpret_cast<uint64_t>(tensor.data),
                    launch::DType(tensor.dtype),
                    {tensor.shape, tensor.shape + tensor.rank},
                    {tensor.strides, tensor.strides + tensor.rank}});
  // A call that cannot be planned fails where it is launched.
  if (auto plan =
          launch::plan(file->record, call, std::max(1, options.num_sms)))
    problem.parts = plan->parts, problem.partBlocks = plan->partKBlocks;
}

KernelSubject::~KernelSubject() { dgemm_kernel_destroy(kernel); }

void KernelSubject::reset() {
  if (initial)
    device.copy(d->data(), initial->data(), d->size());
  else
    device.fill(d->data(), poison, d->size());
}

void KernelSubject::launch() {
  check(dgemm_kernel_launch(kernel, tensors.data(), tensors.size(),
                            device.stream(), &options),
        "launch");
}

bool KernelSubject::allowsPdl() const {
  const auto &kernels = file->record.kernels;
  return std::any_of(kernels.begin(), kernels.end(),
                     [](const launch::Kernel &k) { return k.pdl; });
}

void KernelSubject::launchWith(const Buffer &b, const Buffer &sfb, bool pdl) {
  std::vector<dgemm_tensor> changed = tensors;
  for (size_t i = 0; i < changed.size(); ++i) {
    const std::string &name = file->record.operands[i].name;
    if (name == "B")
      changed[i].data = b.data();
    else if (name == "SFB")
      changed[i].data = sfb.data();
  }
  dgemm_launch_options changedOptions = options;
  // As the record says: of several kernels not each may allow it.
  changedOptions.pdl = pdl ? DGEMM_PDL_RECORD : DGEMM_PDL_OFF;
  check(dgemm_kernel_launch(kernel, changed.data(), changed.size(),
                            device.stream(), &changedOptions),
        "launch");
}

const Buffer *KernelSubject::input(const std::string &name) const {
  for (const auto &[known, buffer] : inputBuffers)
    if (known == name)
      return buffer.get();
  return nullptr;
}

std::string KernelSubject::checkGuards() const {
  std::string text = d->checkGuards();
  if (!text.empty())
    return "D: " + text;
  for (auto &[name, buffer] : inputBuffers)
    if (text = buffer->checkGuards(); !text.empty())
      return name + ": " + text;
  return "";
}
