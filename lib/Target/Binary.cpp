// Reads code and launch record out of a gpu.binary.

#include "dgemm/Target/Binary.h"

using namespace mlir;

namespace dgemm::target {

static StringAttr getRecordAttr(gpu::ObjectAttr object) {
  DictionaryAttr properties = object.getProperties();
  return properties ? properties.getAs<StringAttr>(kRecordName) : StringAttr();
}

StringRef Binary::getRecord() const { return getRecordAttr(ptx).getValue(); }

std::optional<Binary> readBinary(gpu::BinaryOp op) {
  Binary binary;
  for (auto object : op.getObjects().getAsRange<gpu::ObjectAttr>()) {
    if (!getRecordAttr(object))
      continue;
    if (object.getFormat() == gpu::CompilationTarget::Assembly)
      binary.ptx = object;
    else if (object.getFormat() == gpu::CompilationTarget::Binary)
      binary.cubin = object;
  }
  if (!binary.ptx)
    return std::nullopt;
  return binary;
}

} // namespace dgemm::target
