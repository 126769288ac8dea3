// Checks what a kernel must say of its launch before it can be lowered.
#include "dgemm/Conversion/HopperToNVVM/HopperToNVVM.h"

#include "dgemm/Dialect/Hopper/Hopper.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;

static LogicalResult checkSizes(gpu::GPUFuncOp kernel, DictionaryAttr launch,
                                StringRef key) {
  auto sizes = launch.getAs<ArrayAttr>(key);
  if (sizes && sizes.size() == 3 && llvm::all_of(sizes, [](Attribute size) {
        auto value = dyn_cast<IntegerAttr>(size);
        return value && value.getInt() > 0 && value.getInt() <= INT32_MAX;
      }))
    return success();
  return kernel.emitOpError("needs '")
         << key << "' in '" << kLaunchAttr << "': three positive sizes";
}

/// Whether the record gives the strides of an operand of that rank.
static bool hasStrides(DictionaryAttr record, StringAttr name, int64_t rank) {
  auto operands = record ? record.getAs<ArrayAttr>("operands") : ArrayAttr();
  if (!operands || !name)
    return false;
  return llvm::any_of(operands, [&](Attribute operand) {
    auto entry = dyn_cast<DictionaryAttr>(operand);
    auto strides = entry ? entry.getAs<ArrayAttr>("strides") : ArrayAttr();
    return strides && entry.getAs<StringAttr>("name") == name &&
           int64_t(strides.size()) == rank &&
           llvm::all_of(strides, llvm::IsaPred<StringAttr>);
  });
}

static LogicalResult checkArgument(gpu::GPUFuncOp kernel, BlockArgument arg) {
  unsigned index = arg.getArgNumber();
  auto description = kernel.getArgAttrOfType<DictionaryAttr>(index, kArgAttr);
  if (!description)
    return kernel.emitOpError("argument ")
           << index << " needs '" << kArgAttr
           << "', what the launch passes for it";
  auto type = dyn_cast<MemRefType>(arg.getType());
  if (!type)
    return success();
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || offset != 0)
    return kernel.emitOpError("argument ")
           << index << " must have strides and no offset, got " << type;
  if (llvm::none_of(strides, ShapedType::isDynamic))
    return success();
  auto name = description.getAs<StringAttr>("operand");
  auto record = kernel->getParentOfType<gpu::GPUModuleOp>()
                    ->getAttrOfType<DictionaryAttr>(kRecordAttr);
  if (hasStrides(record, name, type.getRank()))
    return success();
  return kernel.emitOpError("argument ")
         << index
         << " has strides that only the run time knows, but its operand "
         << (name ? "'" + name.getValue().str() + "'" : "(none)")
         << " has no strides in '" << kRecordAttr << "'";
}

LogicalResult dgemm::checkKernel(gpu::GPUFuncOp kernel) {
  auto launch = kernel->getAttrOfType<DictionaryAttr>(kLaunchAttr);
  if (!launch)
    return kernel.emitOpError("needs '") << kLaunchAttr << "' as a dictionary";
  if (failed(checkSizes(kernel, launch, "block")) ||
      failed(checkSizes(kernel, launch, "cluster")))
    return failure();
  if (Attribute blocks = kernel->getAttr(kBlocksPerSMAttr)) {
    auto count = dyn_cast<IntegerAttr>(blocks);
    if (!count || !count.getType().isInteger(64) || count.getInt() < 1 ||
        count.getInt() > 32)
      return kernel.emitOpError("needs '")
             << kBlocksPerSMAttr << "' to be an i64 from 1 to 32, got "
             << blocks;
  }
  for (BlockArgument arg : kernel.getArguments())
    if (failed(checkArgument(kernel, arg)))
      return failure();
  return success();
}
