// The pass dgemm-assemble: PTX in a gpu.binary to a cubin beside it.

#include "dgemm/Target/Binary.h"
#include "dgemm/Target/Passes.h"
#include "dgemm/Target/Ptxas.h"
#include "dgemm/Target/Record.h"

#include "Diagnostics.h"

#include "mlir/IR/Threading.h"

namespace dgemm::target {
#define GEN_PASS_DEF_DGEMMASSEMBLEPASS
#include "dgemm/Target/Passes.h.inc"
} // namespace dgemm::target

using namespace mlir;

namespace dgemm::target {
namespace {

/// `object` with the new record and, if given, one more timing.
DictionaryAttr updateProperties(gpu::ObjectAttr object, StringRef record,
                                std::optional<double> ptxasMs) {
  Builder builder(object.getContext());
  NamedAttrList properties(object.getProperties());
  properties.set(kRecordName, builder.getStringAttr(record));
  if (ptxasMs) {
    NamedAttrList times(
        dyn_cast_or_null<DictionaryAttr>(properties.get(kTimingsAttr)));
    times.set("ptxas", builder.getF64FloatAttr(*ptxasMs));
    properties.set(kTimingsAttr, times.getDictionary(object.getContext()));
  }
  return properties.getDictionary(object.getContext());
}

/// ptxas's own warnings; the coded ones are errors elsewhere.
void forwardWarnings(gpu::BinaryOp op, StringRef log) {
  SmallVector<StringRef> lines;
  log.split(lines, '\n', -1, false);
  for (StringRef line : lines)
    if (line.starts_with("ptxas warning") && !line.contains("(C75"))
      emitWarning(op.getLoc()) << line.trim();
}

LogicalResult fillResources(gpu::BinaryOp op, const PtxasResult &result,
                            size_t ptxBytes, launch::Record &record) {
  record.resources.clear();
  for (const launch::Kernel &kernel : record.kernels) {
    auto found = llvm::find_if(result.kernels, [&](const auto &resources) {
      return resources.kernel == kernel.name;
    });
    if (found == result.kernels.end())
      return errorAt(op) << "ptxas reported nothing about kernel '"
                         << kernel.name << "'; it printed\n"
                         << result.log;
    launch::Resources entry;
    entry.kernel = kernel.name;
    entry.registers = found->registers;
    entry.spillBytes = found->spillStoreBytes + found->spillLoadBytes;
    entry.localBytes = found->stackBytes;
    entry.ptxBytes = ptxBytes;
    entry.cubinBytes = result.cubin.size();
    record.resources.push_back(std::move(entry));
  }
  return success();
}

class AssemblePass : public impl::DGEMMAssemblePassBase<AssemblePass> {
public:
  using Base::Base;

  void runOnOperation() override {
    SmallVector<gpu::BinaryOp> ops;
    for (auto op : getOperation().getOps<gpu::BinaryOp>()) {
      std::optional<Binary> binary = readBinary(op);
      if (binary && !binary->cubin)
        ops.push_back(op);
    }
    if (ops.empty())
      return;
    if (optLevel > 3) {
      errorAt(ops.front()) << "ptxas optimization level " << optLevel.getValue()
                           << " does not exist; use 0, 1, 2 or 3";
      return signalPassFailure();
    }
    llvm::Expected<std::string> path = findPtxas(ptxas);
    if (!path) {
      errorAt(ops.front()) << llvm::toString(path.takeError());
      return signalPassFailure();
    }
    SmallVector<ArrayAttr> objects(ops.size());
    if (failed(failableParallelForEachN(
            &getContext(), 0, ops.size(), [&](size_t i) {
              FailureOr<ArrayAttr> done = assembleOne(ops[i], *path);
              if (succeeded(done))
                objects[i] = *done;
              return success(succeeded(done));
            })))
      return signalPassFailure();
    for (auto [op, attr] : llvm::zip_equal(ops, objects)) {
      op.setObjectsAttr(attr);
      ++numAssembled;
      numBytes += readBinary(op)->getCubin().size();
    }
  }

private:
  FailureOr<ArrayAttr> assembleOne(gpu::BinaryOp op, const std::string &path) {
    Binary binary = *readBinary(op);
    launch::Result<launch::Record> record =
        launch::Record::parse(binary.getRecord().str());
    if (!record)
      return errorAt(op) << "holds an invalid launch record: "
                         << record.message();

    PtxasOptions options;
    options.path = path;
    options.chip = record->target;
    options.optLevel = optLevel;
    options.timeoutSeconds = timeout;
    llvm::Expected<PtxasResult> result = assemble(binary.getPTX(), options);
    if (!result)
      return errorAt(op) << llvm::toString(result.takeError());
    std::vector<std::string> bugs = findPerformanceBugs(*result);
    for (const std::string &bug : bugs) {
      InFlightDiagnostic error = errorAt(op) << bug;
      error.attachNote() << "compiled with the schedule " << record->schedule;
    }
    if (!bugs.empty())
      return failure();
    forwardWarnings(op, result->log);
    if (failed(fillResources(op, *result, binary.getPTX().size(), *record)))
      return failure();

    Builder builder(&getContext());
    std::optional<double> time;
    if (timings)
      time = result->milliseconds;
    DictionaryAttr properties =
        updateProperties(binary.ptx, record->toJson(), time);
    Attribute target = binary.ptx.getTarget();
    return builder.getArrayAttr(
        {gpu::ObjectAttr::get(target, gpu::CompilationTarget::Binary,
                              builder.getStringAttr(result->cubin), properties),
         gpu::ObjectAttr::get(target, gpu::CompilationTarget::Assembly,
                              binary.ptx.getObject(), properties)});
  }
};

} // namespace
} // namespace dgemm::target
