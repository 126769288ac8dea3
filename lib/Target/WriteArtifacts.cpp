// The pass dgemm-write-artifacts: the code and records of a module as files.

#include "dgemm/Target/Binary.h"
#include "dgemm/Target/Passes.h"
#include "dgemm/Target/Record.h"

#include "Diagnostics.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace dgemm::target {
#define GEN_PASS_DEF_DGEMMWRITEARTIFACTSPASS
#include "dgemm/Target/Passes.h.inc"
} // namespace dgemm::target

using namespace mlir;

namespace dgemm::target {
namespace {

/// Writes `data` beside `path` and renames it, so that a reader in another
/// process sees the old file or the new one and nothing in between.
llvm::Error writeAtomically(StringRef path, StringRef data) {
  llvm::Expected<llvm::sys::fs::TempFile> file =
      llvm::sys::fs::TempFile::create(path + ".tmp%%%%%%%%");
  if (!file)
    return file.takeError();
  llvm::raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  os << data;
  os.flush();
  if (os.has_error()) {
    std::error_code code = os.error();
    os.clear_error();
    llvm::consumeError(file->discard());
    return llvm::errorCodeToError(code);
  }
  return file->keep(path);
}

class WriteArtifactsPass
    : public impl::DGEMMWriteArtifactsPassBase<WriteArtifactsPass> {
public:
  using Base::Base;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    llvm::StringSet<> stems;
    for (auto op : getOperation().getOps<gpu::BinaryOp>()) {
      std::optional<Binary> binary = readBinary(op);
      if (!binary)
        continue;
      launch::Result<launch::Record> record =
          launch::Record::parse(binary->getRecord().str());
      if (!record) {
        errorAt(op) << "holds an invalid launch record: " << record.message();
        return signalPassFailure();
      }
      StringRef stem = record->kernels.front().name;
      if (stem.contains('/')) {
        errorAt(op) << "the kernel's name '" << stem
                    << "' cannot be a file's name: it contains a '/'";
        return signalPassFailure();
      }
      if (!stems.insert(stem).second) {
        errorAt(op) << "is the second binary whose first kernel is '" << stem
                    << "'; its files would replace the other's in '"
                    << outputDir << "'";
        return signalPassFailure();
      }
      // The record comes last: a reader that finds it finds its code, too.
      if (failed(write(op, stem, "ptx", binary->getPTX())) ||
          (binary->cubin &&
           failed(write(op, stem, "cubin", binary->getCubin()))) ||
          failed(write(op, stem, "json", binary->getRecord())))
        return signalPassFailure();
    }
  }

private:
  LogicalResult write(gpu::BinaryOp op, StringRef stem, StringRef extension,
                      StringRef data) {
    if (std::error_code code = llvm::sys::fs::create_directories(outputDir))
      return errorAt(op) << "cannot create the folder '" << outputDir
                         << "': " << code.message();
    SmallString<128> path(outputDir);
    llvm::sys::path::append(path, stem + "." + extension);
    if (llvm::Error error = writeAtomically(path, data))
      return errorAt(op) << "cannot write '" << path
                         << "': " << llvm::toString(std::move(error));
    ++numFiles;
    return success();
  }
};

} // namespace
} // namespace dgemm::target
