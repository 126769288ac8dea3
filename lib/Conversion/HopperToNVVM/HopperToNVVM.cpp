// The last rung: hopper kernels become llvm functions.
#include "dgemm/Conversion/HopperToNVVM/HopperToNVVM.h"
#include "Build.h"
#include "dgemm/Conversion/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Transforms/DialectConversion.h"

namespace dgemm {
#define GEN_PASS_DEF_DGEMMHOPPERTONVVMPASS
#include "dgemm/Conversion/Passes.h.inc"
} // namespace dgemm

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;

namespace {

/// Bytes and alignment of a CUtensorMap (CUDA driver API, cuda.h).
constexpr int64_t kTensorMapBytes = 128;
constexpr int64_t kTensorMapAlignment = 64;
/// The widest swizzle pattern repeats every 1024 bytes.
constexpr int64_t kSharedAlignment = 1024;
constexpr int64_t kSharedLimit = 232448;

constexpr StringLiteral kSharedName = "dgemm_shared_memory";

/// Turns the signature of a kernel into what the launch passes: pointers,
/// tensor maps by value, integers, and the strides that only the run time
/// knows.
class KernelConverter {
public:
  KernelConverter(gpu::GPUFuncOp kernel, const LLVMTypeConverter &types)
      : kernel(kernel), types(types), b(kernel.getContext()),
        loc(kernel.getLoc()) {}

  LLVM::LLVMFuncOp convert(int64_t sharedBytes) {
    Block &entry = kernel.getBody().front();
    for (BlockArgument arg : kernel.getArguments())
      addArgument(arg);
    b.setInsertionPoint(kernel);
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(b.getContext()), inputs);
    StringAttr name = kernel.getNameAttr();
    SmallVector<NamedAttribute> attrs = kernelAttributes(sharedBytes);
    auto func = LLVM::LLVMFuncOp::create(b, loc, name, type);
    for (NamedAttribute attr : attrs)
      func->setAttr(attr.getName(), attr.getValue());
    for (auto [i, dictionary] : llvm::enumerate(inputAttrs))
      func.setArgAttrs(i, dictionary);

    func.getBody().takeBody(kernel.getBody());
    b.setInsertionPointToStart(&entry);
    SmallVector<Value> arguments;
    for (Type input : inputs)
      arguments.push_back(entry.addArgument(input, loc));
    for (int64_t i = 0, n = entry.getNumArguments() - inputs.size(); i < n; ++i)
      bindArgument(entry.getArgument(i), arguments);
    entry.eraseArguments(0, entry.getNumArguments() - inputs.size());
    func.walk([&](gpu::ReturnOp op) {
      b.setInsertionPoint(op);
      LLVM::ReturnOp::create(b, loc, ValueRange{});
      op.erase();
    });
    kernel.erase();
    return func;
  }

private:
  struct Binding {
    size_t index;
    SmallVector<size_t> strides;
  };

  size_t addInput(Type type, DictionaryAttr description,
                  ArrayRef<NamedAttribute> more = {}) {
    SmallVector<NamedAttribute> attrs(more);
    attrs.push_back(b.getNamedAttr(kArgAttr, description));
    inputs.push_back(type);
    inputAttrs.push_back(b.getDictionaryAttr(attrs));
    return inputs.size() - 1;
  }

  void addArgument(BlockArgument arg) {
    auto description =
        kernel.getArgAttrOfType<DictionaryAttr>(arg.getArgNumber(), kArgAttr);
    Type pointer = LLVM::LLVMPointerType::get(b.getContext());
    Binding binding;
    if (isa<TensorMapType>(arg.getType())) {
      auto bytes = LLVM::LLVMStructType::getLiteral(
          b.getContext(),
          LLVM::LLVMArrayType::get(b.getI8Type(), kTensorMapBytes));
      NamedAttribute attrs[] = {
          b.getNamedAttr("llvm.byval", TypeAttr::get(bytes)),
          b.getNamedAttr("llvm.align",
                         b.getI64IntegerAttr(kTensorMapAlignment)),
          b.getNamedAttr("nvvm.grid_constant", b.getUnitAttr())};
      binding.index = addInput(pointer, description, attrs);
    } else if (auto memref = dyn_cast<MemRefType>(arg.getType())) {
      binding.index = addInput(pointer, description);
      addStrides(memref, description, binding);
    } else {
      binding.index = addInput(arg.getType(), description);
    }
    bindings.push_back(binding);
  }

  /// Strides that the type does not know are arguments of their own.
  void addStrides(MemRefType type, DictionaryAttr description,
                  Binding &binding) {
    SmallVector<int64_t> strides;
    int64_t offset;
    (void)type.getStridesAndOffset(strides, offset);
    auto record = kernel->getParentOfType<gpu::GPUModuleOp>()
                      ->getAttrOfType<DictionaryAttr>(kRecordAttr);
    for (auto [i, stride] : llvm::enumerate(strides)) {
      if (!ShapedType::isDynamic(stride))
        continue;
      DictionaryAttr operand = getRecordOperand(
          record, description.getAs<StringAttr>("operand").getValue());
      binding.strides.push_back(addInput(
          b.getI64Type(),
          b.getDictionaryAttr({b.getNamedAttr("kind", b.getStringAttr("value")),
                               b.getNamedAttr("type", b.getStringAttr("i64")),
                               b.getNamedAttr("value", operand.getAs<ArrayAttr>(
                                                           "strides")[i])})));
    }
  }

  void bindArgument(BlockArgument arg, ArrayRef<Value> arguments) {
    const Binding &binding = bindings[arg.getArgNumber()];
    Value value = arguments[binding.index];
    if (auto type = dyn_cast<MemRefType>(arg.getType()))
      value = makeDescriptor(type, value, binding, arguments);
    if (value.getType() != arg.getType())
      value = dgemm::cast(b, loc, arg.getType(), value);
    arg.replaceAllUsesWith(value);
  }

  Value makeDescriptor(MemRefType type, Value pointer, const Binding &binding,
                       ArrayRef<Value> arguments) {
    auto descriptor = MemRefDescriptor::poison(b, loc, types.convertType(type));
    descriptor.setAllocatedPtr(b, loc, pointer);
    descriptor.setAlignedPtr(b, loc, pointer);
    descriptor.setConstantOffset(b, loc, 0);
    SmallVector<int64_t> strides;
    int64_t offset;
    (void)type.getStridesAndOffset(strides, offset);
    size_t dynamic = 0;
    for (auto [i, stride] : llvm::enumerate(strides))
      if (ShapedType::isDynamic(stride))
        descriptor.setStride(b, loc, i, arguments[binding.strides[dynamic++]]);
      else
        descriptor.setConstantStride(b, loc, i, stride);
    return descriptor;
  }

  SmallVector<NamedAttribute> kernelAttributes(int64_t sharedBytes) {
    auto launch = kernel->getAttrOfType<DictionaryAttr>(kLaunchAttr);
    NamedAttrList record(launch);
    record.set("dynamic_shared_memory", b.getI64IntegerAttr(sharedBytes));
    auto dims = [&](StringRef key) {
      return llvm::map_to_vector(
          launch.getAs<ArrayAttr>(key), [](Attribute size) {
            return int32_t(mlir::cast<IntegerAttr>(size).getInt());
          });
    };
    SmallVector<NamedAttribute> attrs = {
        b.getNamedAttr(gpu::GPUDialect::getKernelFuncAttrName(),
                       b.getUnitAttr()),
        b.getNamedAttr("nvvm.kernel", b.getUnitAttr()),
        b.getNamedAttr("nvvm.reqntid", b.getDenseI32ArrayAttr(dims("block"))),
        b.getNamedAttr("nvvm.minctasm",
                       b.getI32IntegerAttr(getBlocksPerSM(kernel))),
        b.getNamedAttr(kLaunchAttr, record.getDictionary(b.getContext())),
    };
    SmallVector<int32_t> cluster = dims("cluster");
    if (cluster[0] * cluster[1] * cluster[2] > 1)
      attrs.push_back(
          b.getNamedAttr("nvvm.cluster_dim", b.getDenseI32ArrayAttr(cluster)));
    return attrs;
  }

  gpu::GPUFuncOp kernel;
  const LLVMTypeConverter &types;
  OpBuilder b;
  Location loc;
  SmallVector<Type> inputs;
  SmallVector<DictionaryAttr> inputAttrs;
  SmallVector<Binding> bindings;
};

struct HopperToNVVMPass
    : dgemm::impl::DGEMMHopperToNVVMPassBase<HopperToNVVMPass> {
  void runOnOperation() override {
    SmallVector<gpu::GPUFuncOp> kernels;
    getOperation().walk([&](gpu::GPUFuncOp kernel) {
      if (kernel->hasAttr(kLaunchAttr))
        kernels.push_back(kernel);
    });
    for (gpu::GPUFuncOp kernel : kernels) {
      if (failed(lower(kernel)))
        return signalPassFailure();
      ++numKernels;
    }
  }

  LogicalResult lower(gpu::GPUFuncOp kernel) {
    if (failed(checkKernel(kernel)))
      return failure();
    SharedLayout layout = layoutSharedMemory(kernel);
    if (layout.bytes > kSharedLimit)
      return kernel.emitOpError("needs ")
             << layout.bytes << " bytes of shared memory, a block has "
             << kSharedLimit;
    declareSharedMemory(kernel);
    expandWork(kernel);
    expandPipelines(kernel, layout, kSharedName);
    expandGlobalAccess(kernel);
    expandRoles(kernel);
    if (failed(lowerControlFlow(kernel)))
      return failure();
    return lowerToLLVM(kernel, layout.bytes);
  }

  void declareSharedMemory(gpu::GPUFuncOp kernel) {
    auto module = kernel->getParentOfType<gpu::GPUModuleOp>();
    if (module.lookupSymbol(kSharedName))
      return;
    OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
    LLVM::GlobalOp::create(
        b, kernel.getLoc(), LLVM::LLVMArrayType::get(b.getI8Type(), 0),
        /*isConstant=*/false, LLVM::Linkage::External, kSharedName,
        /*value=*/Attribute(), kSharedAlignment, kSharedSpace);
  }

  LogicalResult lowerControlFlow(gpu::GPUFuncOp kernel) {
    RewritePatternSet patterns(&getContext());
    populateSCFToControlFlowConversionPatterns(patterns);
    ConversionTarget target(getContext());
    target.addIllegalDialect<scf::SCFDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    return applyPartialConversion(kernel, target, std::move(patterns));
  }

  LogicalResult lowerToLLVM(gpu::GPUFuncOp kernel, int64_t sharedBytes) {
    LowerToLLVMOptions options(&getContext());
    LLVMTypeConverter types(&getContext(), options);
    addHopperTypeConversions(types);
    LLVM::LLVMFuncOp func = KernelConverter(kernel, types).convert(sharedBytes);

    RewritePatternSet patterns(&getContext());
    populateFragmentPatterns(types, patterns);
    populateMemoryPatterns(types, patterns);
    arith::populateArithToLLVMConversionPatterns(types, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalDialect<LLVM::LLVMDialect, NVVM::NVVMDialect>();
    target.addLegalOp<UnrealizedConversionCastOp>();
    target.addIllegalDialect<HopperDialect, arith::ArithDialect,
                             cf::ControlFlowDialect, memref::MemRefDialect,
                             gpu::GPUDialect>();
    if (failed(applyPartialConversion(func, target, std::move(patterns))))
      return failure();
    SmallVector<UnrealizedConversionCastOp> casts, left;
    func.walk([&](UnrealizedConversionCastOp op) { casts.push_back(op); });
    reconcileUnrealizedCasts(casts, &left);
    if (left.empty())
      return success();
    return left.front().emitError("cannot be lowered: ")
           << left.front().getInputs().front().getType() << " to "
           << left.front().getResult(0).getType();
  }
};

} // namespace
