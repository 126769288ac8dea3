// The pass dgemm-emit-ptx: gpu.module to gpu.binary with PTX and record.

#include "dgemm/Target/Binary.h"
#include "dgemm/Target/PTX.h"
#include "dgemm/Target/Passes.h"
#include "dgemm/Target/Record.h"

#include "Diagnostics.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Threading.h"

namespace dgemm::target {
#define GEN_PASS_DEF_DGEMMEMITPTXPASS
#include "dgemm/Target/Passes.h.inc"
} // namespace dgemm::target

using namespace mlir;

namespace dgemm::target {
namespace {

DictionaryAttr timingsToAttr(Builder &builder, const PTXTimings &times) {
  return builder.getDictionaryAttr({
      builder.getNamedAttr("translate",
                           builder.getF64FloatAttr(times.translate)),
      builder.getNamedAttr("optimize", builder.getF64FloatAttr(times.optimize)),
      builder.getNamedAttr("codegen", builder.getF64FloatAttr(times.codegen)),
  });
}

class EmitPTXPass : public impl::DGEMMEmitPTXPassBase<EmitPTXPass> {
public:
  using Base::Base;

  void runOnOperation() override {
    auto modules = llvm::to_vector(getOperation().getOps<gpu::GPUModuleOp>());
    SmallVector<gpu::ObjectAttr> objects(modules.size());
    if (failed(failableParallelForEachN(
            &getContext(), 0, modules.size(), [&](size_t i) {
              FailureOr<gpu::ObjectAttr> object = compile(modules[i]);
              if (succeeded(object))
                objects[i] = *object;
              return success(succeeded(object));
            })))
      return signalPassFailure();

    for (auto [module, object] : llvm::zip_equal(modules, objects)) {
      OpBuilder builder(module);
      gpu::BinaryOp::create(builder, module.getLoc(), module.getName(),
                            Attribute(), ArrayRef<Attribute>{object});
      module.erase();
      ++numModules;
      numBytes += object.getObject().size();
    }
  }

private:
  FailureOr<gpu::ObjectAttr> compile(gpu::GPUModuleOp module) {
    FailureOr<launch::Record> record = buildRecord(module);
    if (failed(record))
      return failure();
    PTXOptions ptxOptions;
    ptxOptions.features = features;
    ptxOptions.optLevel = optLevel;
    PTXTimings times;
    FailureOr<std::string> ptx = emitPTX(module, ptxOptions, &times);
    if (failed(ptx))
      return failure();

    Builder builder(&getContext());
    NamedAttrList properties;
    properties.set(kRecordName, builder.getStringAttr(record->toJson()));
    if (timings)
      properties.set(kTimingsAttr, timingsToAttr(builder, times));
    auto target = NVVM::NVVMTargetAttr::get(
        &getContext(), ptxOptions.optLevel, "nvptx64-nvidia-cuda",
        ptxOptions.chip, ptxOptions.features);
    return gpu::ObjectAttr::get(target, gpu::CompilationTarget::Assembly,
                                builder.getStringAttr(*ptx),
                                properties.getDictionary(&getContext()));
  }
};

} // namespace
} // namespace dgemm::target
