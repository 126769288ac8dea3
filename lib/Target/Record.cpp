// Collects the attributes of a gpu.module into a launch record.

#include "dgemm/Target/Record.h"

#include "Diagnostics.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FormatVariadic.h"

#include <nlohmann/json.hpp>

using namespace mlir;
using Json = nlohmann::ordered_json;

namespace dgemm::target {
namespace {

/// `attr` as JSON. `where` names the attribute for the diagnostic.
FailureOr<Json> toJson(Operation *op, Attribute attr, const Twine &where) {
  if (auto value = dyn_cast<BoolAttr>(attr))
    return Json(value.getValue());
  if (auto value = dyn_cast<IntegerAttr>(attr);
      value && value.getValue().getBitWidth() <= 64)
    return Json(value.getValue().getSExtValue());
  if (auto value = dyn_cast<StringAttr>(attr))
    return Json(value.str());
  if (auto values = dyn_cast<DenseI64ArrayAttr>(attr))
    return Json(values.asArrayRef().vec());
  if (auto values = dyn_cast<DenseI32ArrayAttr>(attr))
    return Json(values.asArrayRef().vec());
  if (auto values = dyn_cast<ArrayAttr>(attr)) {
    Json array = Json::array();
    for (auto [index, element] : llvm::enumerate(values)) {
      FailureOr<Json> value =
          toJson(op, element, where + "[" + Twine(index) + "]");
      if (failed(value))
        return failure();
      array.push_back(std::move(*value));
    }
    return array;
  }
  if (auto values = dyn_cast<DictionaryAttr>(attr)) {
    Json object = Json::object();
    for (NamedAttribute entry : values) {
      FailureOr<Json> value =
          toJson(op, entry.getValue(), where + "." + entry.getName().strref());
      if (failed(value))
        return failure();
      object[entry.getName().str()] = std::move(*value);
    }
    return object;
  }
  return errorAt(op) << "'" << where << "' has a value that JSON does not "
                     << "know: " << attr
                     << "; use strings, i64 integers, booleans, arrays "
                     << "and dictionaries";
}

FailureOr<DictionaryAttr> getDictionary(Operation *op, StringRef name,
                                        const char *purpose) {
  auto dictionary = op->getAttrOfType<DictionaryAttr>(name);
  if (!dictionary)
    return errorAt(op) << "needs a dictionary attribute '" << name
                       << "': " << purpose;
  return dictionary;
}

FailureOr<Json> kernelToJson(LLVM::LLVMFuncOp kernel) {
  FailureOr<DictionaryAttr> launch = getDictionary(
      kernel, kLaunchName, "the launch record's entry for this kernel");
  if (failed(launch))
    return failure();
  FailureOr<Json> body = toJson(kernel, *launch, kLaunchName);
  if (failed(body))
    return failure();
  if (body->contains("args"))
    return errorAt(kernel) << "'" << kLaunchName << ".args' must not be "
                           << "there: each argument carries its own entry "
                           << "as '" << kArgName << "'";
  std::string name = kernel.getName().str();
  if (body->contains("name") && (*body)["name"] != name)
    return errorAt(kernel) << "'" << kLaunchName << ".name' is "
                           << (*body)["name"].dump() << " but the kernel is "
                           << "'" << name << "'";
  // The name leads, for whoever reads the document.
  Json result = {{"name", name}};
  result.update(*body);

  Json args = Json::array();
  for (unsigned i = 0, e = kernel.getNumArguments(); i != e; ++i) {
    auto arg = kernel.getArgAttrOfType<DictionaryAttr>(i, kArgName);
    if (!arg)
      return errorAt(kernel)
             << "argument " << i << " needs a dictionary attribute '"
             << kArgName << "': its entry in the launch record";
    FailureOr<Json> value = toJson(kernel, arg, kArgName);
    if (failed(value))
      return failure();
    args.push_back(std::move(*value));
  }
  result["args"] = std::move(args);
  return result;
}

} // namespace

std::string compilerVersion() {
  return "dgemm " DGEMM_VERSION " (LLVM " LLVM_VERSION_STRING ")";
}

FailureOr<launch::Record> buildRecord(gpu::GPUModuleOp module) {
  FailureOr<DictionaryAttr> head =
      getDictionary(module, kRecordName,
                    "operands, empty rules, workspace, schedule, target");
  if (failed(head))
    return failure();
  auto chip = head->getAs<StringAttr>("target");
  if (chip && chip != "sm_90a")
    return errorAt(module) << "cannot be compiled for '" << chip.getValue()
                           << "': the kernels use TMA, WGMMA and setmaxnreg "
                           << "as only sm_90a has them";
  // The schedule is text in the document, whatever attribute stands here.
  NamedAttrList entries(*head);
  if (Attribute schedule = entries.get("schedule");
      schedule && !isa<StringAttr>(schedule))
    entries.set("schedule", StringAttr::get(module.getContext(),
                                            llvm::formatv("{0}", schedule)));
  FailureOr<Json> body =
      toJson(module, entries.getDictionary(module.getContext()), kRecordName);
  if (failed(body))
    return failure();

  Json document = {{"dgemm_launch_record", launch::recordVersion},
                   {"compiler", compilerVersion()}};
  for (auto &[key, value] : body->items()) {
    if (document.contains(key) || key == "kernels" || key == "resources")
      return errorAt(module) << "'" << kRecordName << "." << key
                             << "' must not be there: the compiler fills "
                             << "it in";
    document[key] = value;
  }
  Json kernels = Json::array();
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    if (!function->hasAttr("nvvm.kernel") &&
        !function->hasAttr(gpu::GPUDialect::getKernelFuncAttrName()))
      continue;
    FailureOr<Json> kernel = kernelToJson(function);
    if (failed(kernel))
      return failure();
    kernels.push_back(std::move(*kernel));
  }
  if (kernels.empty())
    return errorAt(module) << "holds no kernel: no llvm.func with nvvm.kernel";
  document["kernels"] = std::move(kernels);
  document["resources"] = Json::array();

  std::string text =
      document.dump(-1, ' ', false, Json::error_handler_t::replace);
  launch::Result<launch::Record> record = launch::Record::parse(text);
  if (!record)
    return errorAt(module) << "has an invalid launch record: "
                           << record.message();
  return std::move(*record);
}

} // namespace dgemm::target
