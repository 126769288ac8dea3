// The parts of the conversion from the hopper dialect to nvvm and llvm.
#ifndef DGEMM_CONVERSION_HOPPERTONVVM_HOPPERTONVVM_H
#define DGEMM_CONVERSION_HOPPERTONVVM_HOPPERTONVVM_H

#include "dgemm/Dialect/Hopper/Hopper.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"

namespace dgemm {

/// Where a kernel's buffers and barriers lie in its shared memory, in bytes.
struct SharedLayout {
  struct Ring {
    /// For each field its first slot, and the distance to the next one.
    llvm::SmallVector<int64_t> offsets, strides;
    /// Bytes behind each slot of a field that a thin wgmma reads too.
    llvm::SmallVector<int64_t> readOn;
    /// The first full and the first empty barrier; 8 bytes each.
    int64_t full = 0, empty = 0;
  };
  llvm::DenseMap<mlir::Operation *, Ring> rings;
  llvm::DenseMap<mlir::Operation *, int64_t> buffers;
  int64_t bytes = 0;
};

/// Whether a kernel says what its lowering needs of the launch: block and
/// cluster, and for each argument what is passed.
mlir::LogicalResult checkKernel(mlir::gpu::GPUFuncOp kernel);

/// Buffers with the widest alignment come first, in program order, then
/// those with less, barriers last: no padding but at the seams.
SharedLayout layoutSharedMemory(mlir::gpu::GPUFuncOp kernel);

/// Replaces work sources by arithmetic on the cluster's index.
void expandWork(mlir::gpu::GPUFuncOp kernel);

/// Replaces pipelines, their slots and the copies into them by mbarriers and
/// addresses in the kernel's shared memory, whose symbol is `shared`.
void expandPipelines(mlir::gpu::GPUFuncOp kernel, const SharedLayout &layout,
                     llvm::StringRef shared);

/// Replaces roles by branches, each on a value that is uniform in a warp.
void expandRoles(mlir::gpu::GPUFuncOp kernel);

/// Replaces plain accesses to matrices in global memory by bounded accesses
/// to single elements.
void expandGlobalAccess(mlir::gpu::GPUFuncOp kernel);

/// How values of the hopper dialect are held in registers.
void addHopperTypeConversions(mlir::LLVMTypeConverter &converter);

/// Fragments and scales to registers.
void populateFragmentPatterns(mlir::LLVMTypeConverter &converter,
                              mlir::RewritePatternSet &patterns);

/// Buffers, fences and TMA stores to nvvm.
void populateMemoryPatterns(mlir::LLVMTypeConverter &converter,
                            mlir::RewritePatternSet &patterns);

} // namespace dgemm

#endif
