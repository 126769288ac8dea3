// Rings become mbarriers and addresses in shared memory.
#include "FragmentLayout.h"
#include "dgemm/Conversion/HopperToNVVM/HopperToNVVM.h"

using namespace mlir;
using namespace dgemm;
using namespace dgemm::hopper;

namespace {

constexpr int64_t kBarrierBytes = 8;
constexpr int64_t kWarpsPerGroup = 4;

class PipelineExpander {
public:
  PipelineExpander(gpu::GPUFuncOp kernel, const SharedLayout &layout,
                   StringRef shared)
      : kernel(kernel), layout(layout), b(kernel.getContext()),
        loc(kernel.getLoc()) {
    b.setInsertionPointToStart(&kernel.getBody().front());
    base = LLVM::AddressOfOp::create(b, loc, sharedPointer(b.getContext()),
                                     shared);
    kernel.walk([&](ReadScalesOp op) {
      if (op.getType().getSide() == Side::Rhs && !isBeforeMma(op))
        noteLateRead(op.getBuffer());
    });
    kernel.walk([&](AddPieceOp op) { noteLateRead(op.getBuffer()); });
    kernel.walk([&](ViewOp op) { noteLateRead(op.getBuffer()); });
    kernel.walk(
        [&](SendFragmentOp op) { sent.insert(getPipeline(op.getPipe())); });
  }

  void run() {
    SmallVector<Operation *> ops;
    kernel.walk([&](Operation *op) {
      if (isa<SharedOp, PipelineOp, ReadyOp, FinishOp, AcquireOp, WaitOp,
              CommitOp, ReleaseOp, AdvanceOp, TmaLoadOp, SendFragmentOp>(op))
        ops.push_back(op);
    });
    // The rings themselves last: the others ask them for depth and bytes.
    for (Operation *op : ops) {
      b.setInsertionPoint(op);
      loc = op->getLoc();
      expand(op);
    }
    for (Operation *op : llvm::reverse(ops))
      op->erase();
  }

private:
  /// Plain loads of a slot that TMA fills may come just before its release.
  void noteLateRead(Value buffer) {
    while (auto part = buffer.getDefiningOp<SubbufferOp>())
      buffer = part.getSource();
    if (auto slot = buffer.getDefiningOp<WaitOp>())
      if (PipelineOp pipe = getPipeline(slot.getPipe()); pipe.getBytes() > 0)
        readLate.insert(pipe);
  }

  /// Whether what an op reads is used before its slot is given back: an MMA
  /// lies in between, and what waits for that.
  static bool isBeforeMma(Operation *op) {
    for (; op; op = op->getNextNode()) {
      if (isa<WgmmaFenceOp>(op))
        return true;
      if (isa<ReleaseOp>(op))
        return false;
    }
    return false;
  }

  void expand(Operation *op) {
    if (auto shared = dyn_cast<SharedOp>(op))
      shared.replaceAllUsesWith(
          cast(b, loc, shared.getType(),
               offsetBy(b, loc, base, layout.buffers.at(op))));
    else if (auto ready = dyn_cast<ReadyOp>(op))
      expandReady(ready);
    else if (auto finish = dyn_cast<FinishOp>(op))
      clusterBarrier(finish.getCluster());
    else if (auto acquire = dyn_cast<AcquireOp>(op))
      openSlot(acquire, ring(acquire.getPipe()).empty);
    else if (auto wait = dyn_cast<WaitOp>(op))
      openSlot(wait, ring(wait.getPipe()).full);
    else if (auto commit = dyn_cast<CommitOp>(op))
      expandCommit(commit);
    else if (auto release = dyn_cast<ReleaseOp>(op))
      expandRelease(release);
    else if (auto advance = dyn_cast<AdvanceOp>(op))
      expandAdvance(advance);
    else if (auto load = dyn_cast<TmaLoadOp>(op))
      expandLoad(load);
    else if (auto send = dyn_cast<SendFragmentOp>(op))
      expandSend(send);
  }

  const SharedLayout::Ring &ring(Value pipe) {
    return layout.rings.find(getPipeline(pipe))->second;
  }

  /// `offset` + slot * `stride` bytes into shared memory.
  Value address(int64_t offset, int64_t stride, Value slot) {
    Value first = offsetBy(b, loc, base, offset);
    return offsetBy(b, loc, first, mul(b, loc, slot, stride));
  }

  Value barrier(int64_t first, Value slot) {
    return address(first, kBarrierBytes, slot);
  }

  void branch(Value condition, llvm::function_ref<void()> body) {
    auto op = scf::IfOp::create(b, loc, condition, /*withElse=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.thenBlock());
    body();
  }

  /// One thread initialises all barriers; then the whole cluster may use
  /// them. The fence is what remote arrivals and TMA need (PTX ISA section
  /// 9.7.13.4).
  void expandReady(ReadyOp ready) {
    branch(isEqual(b, loc, threadIndex(b, loc), 0), [&] {
      kernel.walk([&](PipelineOp op) {
        const SharedLayout::Ring &place = layout.rings.find(op)->second;
        Value producers = constant(b, loc, 1);
        Value consumers = constant(
            b, loc, op.getConsumers() * kWarpsPerGroup * op.getCluster());
        for (int64_t i = 0; i < int64_t(op.getDepth()); ++i) {
          int64_t skip = i * kBarrierBytes;
          NVVM::MBarrierInitOp::create(
              b, loc, offsetBy(b, loc, base, place.full + skip), producers,
              Value());
          NVVM::MBarrierInitOp::create(
              b, loc, offsetBy(b, loc, base, place.empty + skip), consumers,
              Value());
        }
      });
      NVVM::FenceMbarrierInitOp::create(b, loc);
      for (BlockArgument arg : kernel.getArguments())
        if (isa<TensorMapType>(arg.getType()))
          NVVM::PrefetchOp::create(
              b, loc, NVVM::PrefetchCacheLevelAttr(),
              NVVM::CacheEvictionPriorityAttr(),
              cast(b, loc, LLVM::LLVMPointerType::get(b.getContext()), arg),
              Value(), /*tensormap=*/true);
    });
    clearReadOn();
    if (ready.getCluster() > 1)
      clusterBarrier(ready.getCluster());
    else
      NVVM::BarrierOp::create(b, loc);
  }

  /// What thin wgmmas read behind a slot is zero, once and for all: the rows
  /// that come of it are never stored, but shared memory is never read before
  /// it was written. All threads share the work.
  void clearReadOn() {
    bool any = false;
    kernel.walk([&](PipelineOp op) {
      const SharedLayout::Ring &place = layout.rings.find(op)->second;
      for (auto [field, bytes] : llvm::enumerate(place.readOn))
        if (bytes > 0) {
          clearBehindSlots(op, place, field);
          any = true;
        }
    });
    if (any)
      NVVM::FenceProxyOp::create(
          b, loc,
          NVVM::ProxyKindAttr::get(b.getContext(),
                                   NVVM::ProxyKind::async_shared),
          NVVM::SharedSpaceAttr::get(b.getContext(),
                                     NVVM::SharedSpace::shared_cta));
  }

  void clearBehindSlots(PipelineOp op, const SharedLayout::Ring &place,
                        unsigned field) {
    constexpr int64_t piece = 16;
    auto launch = kernel->getAttrOfType<DictionaryAttr>(kLaunchAttr);
    int64_t threads =
        mlir::cast<IntegerAttr>(launch.getAs<ArrayAttr>("block")[0]).getInt();
    int64_t perSlot = place.readOn[field] / piece;
    int64_t total = perSlot * int64_t(op.getDepth());
    int64_t behind = place.offsets[field] +
                     op.getPipe().getType().getFields()[field].getBytes();
    Value zero = LLVM::ZeroOp::create(
        b, loc, VectorType::get({piece / 4}, b.getI32Type()));
    for (int64_t first = 0; first < total; first += threads) {
      Value mine = add(b, loc, threadIndex(b, loc), first);
      Value some = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                         mine, constant(b, loc, total));
      branch(some, [&] {
        Value slot =
            arith::DivUIOp::create(b, loc, mine, constant(b, loc, perSlot));
        Value inSlot =
            arith::RemUIOp::create(b, loc, mine, constant(b, loc, perSlot));
        Value at = address(behind, place.strides[field], slot);
        at = offsetBy(b, loc, at, mul(b, loc, inSlot, piece));
        LLVM::StoreOp::create(b, loc, zero, at, piece);
      });
    }
  }

  // Not `.aligned`: after the roles the lanes of a warp may come one by one.
  void clusterBarrier(int64_t cluster) {
    if (cluster == 1)
      return;
    NVVM::ClusterArriveOp::create(b, loc, UnitAttr());
    NVVM::ClusterWaitOp::create(b, loc, UnitAttr());
  }

  template <typename OpT> void openSlot(OpT op, int64_t firstBarrier) {
    waitFor(barrier(firstBarrier, op.getSlot()), op.getPhase(),
            sent.contains(getPipeline(op.getPipe()))
                ? NVVM::MemScopeKind::CLUSTER
                : NVVM::MemScopeKind::CTA);
    const SharedLayout::Ring &place = ring(op.getPipe());
    for (auto [i, buffer] : llvm::enumerate(op.getBuffers()))
      buffer.replaceAllUsesWith(
          cast(b, loc, buffer.getType(),
               address(place.offsets[i], place.strides[i], op.getSlot())));
  }

  /// A loop in the control flow: measured 1 % faster on an H200 than a spin
  /// inside of an inline-assembly block.
  void waitFor(Value barrier, Value parity, NVVM::MemScopeKind scope) {
    scf::WhileOp::create(
        b, loc, TypeRange{}, ValueRange{},
        [&](OpBuilder &b, Location loc, ValueRange) {
          Value done = NVVM::MBarrierTryWaitOp::create(
              b, loc, b.getI1Type(), barrier, parity, Value(), scope);
          Value again = arith::XOrIOp::create(
              b, loc, done,
              arith::ConstantOp::create(b, loc, b.getBoolAttr(true)));
          scf::ConditionOp::create(b, loc, again, ValueRange{});
        },
        [&](OpBuilder &b, Location loc, ValueRange) {
          scf::YieldOp::create(b, loc);
        });
  }

  void syncWarp() { NVVM::SyncWarpOp::create(b, loc, constant(b, loc, -1)); }

  void arrive(Value barrier) {
    NVVM::MBarrierArriveOp::create(b, loc, /*res=*/Type(), barrier,
                                   /*count=*/Value());
  }

  void expandCommit(CommitOp op) {
    Value full = barrier(ring(op.getPipe()).full, op.getSlot());
    int64_t bytes = getPipeline(op.getPipe()).getBytes();
    if (bytes > 0) {
      NVVM::MBarrierArriveExpectTxOp::create(
          b, loc, /*res=*/Type(), full, constant(b, loc, bytes),
          NVVM::MemScopeKind::CTA, /*relaxed=*/false, /*predicate=*/Value());
      return;
    }
    syncWarp();
    branch(isEqual(b, loc, laneIndex(b, loc), 0), [&] { arrive(full); });
  }

  /// One lane of each warp arrives, in a cluster one for each block. The
  /// remote arrival is relaxed: with release semantics it becomes a fence of
  /// the whole GPU (measured: 732 to 1118 us for 4096x7168x16384 on an H200).
  void expandRelease(ReleaseOp op) {
    Value empty = barrier(ring(op.getPipe()).empty, op.getSlot());
    // Column scales, C, or what a view shows, may be read until just before the
    // arrival. On an H200 such a load could return what TMA put there next
    // (1D1D kernels with C, 25 of 843 cases); with the fence it has its value
    // before the arrival.
    if (readLate.contains(getPipeline(op.getPipe())))
      LLVM::FenceOp::create(b, loc, LLVM::AtomicOrdering::acq_rel, "block");
    int64_t cluster = getPipeline(op.getPipe()).getCluster();
    syncWarp();
    Value lane = laneIndex(b, loc);
    if (cluster == 1) {
      branch(isEqual(b, loc, lane, 0), [&] { arrive(empty); });
      return;
    }
    Value some = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, lane,
                                       constant(b, loc, cluster));
    // LLVM may compute the address for all lanes: each gets one that exists.
    Value rank =
        arith::AndIOp::create(b, loc, lane, constant(b, loc, cluster - 1));
    branch(some, [&] {
      auto remote = LLVM::LLVMPointerType::get(
          b.getContext(), unsigned(NVVM::NVVMMemorySpace::SharedCluster));
      Value there = NVVM::MapaOp::create(b, loc, remote, empty, rank);
      NVVM::MBarrierArriveOp::create(b, loc, /*res=*/Type(), there,
                                     /*count=*/Value(),
                                     NVVM::MemScopeKind::CLUSTER,
                                     /*relaxed=*/true);
    });
  }

  void expandAdvance(AdvanceOp op) {
    int64_t depth = getPipeline(op.getPipe()).getDepth();
    Value next = add(b, loc, op.getSlot(), 1);
    Value wraps = isEqual(b, loc, next, depth);
    Value slot =
        arith::SelectOp::create(b, loc, wraps, constant(b, loc, 0), next);
    Value flip = arith::ExtUIOp::create(b, loc, b.getI32Type(), wraps);
    Value phase = arith::XOrIOp::create(b, loc, op.getPhase(), flip);
    op.getNextSlot().replaceAllUsesWith(slot);
    op.getNextPhase().replaceAllUsesWith(phase);
  }

  /// Four registers at a time, each thread behind the one before it.
  void expandSend(SendFragmentOp op) {
    constexpr int64_t piece = 16;
    const SharedLayout::Ring &place = ring(op.getPipe());
    ArrayRef<int64_t> shape =
        getPipeline(op.getPipe()).getPipe().getType().getFields()[0].getShape();
    int64_t perStep = target::sm90::threadsPerWarpgroup * piece,
            perUnit = perStep * shape[2];
    Value entry = arith::AddIOp::create(
        b, loc, mul(b, loc, op.getPart(), shape[1]), op.getUnit());
    Value local = address(place.offsets[0], place.strides[0], op.getSlot());
    local = offsetBy(b, loc, local, mul(b, loc, entry, perUnit));
    local = offsetBy(b, loc, local, mul(b, loc, threadInGroup(b, loc), piece));
    auto remote = LLVM::LLVMPointerType::get(
        b.getContext(), unsigned(NVVM::NVVMMemorySpace::SharedCluster));
    Value first = constant(b, loc, 0);
    auto map = [&](Value pointer) -> Value {
      Value there = NVVM::MapaOp::create(b, loc, remote, pointer, first);
      return LLVM::PtrToIntOp::create(b, loc, b.getI32Type(), there);
    };
    Value target = map(local), full = map(barrier(place.full, op.getSlot()));
    Value registers =
        cast(b, loc,
             fragmentStruct(b.getContext(), op.getValue().getType().getShape()),
             op.getValue());
    for (int64_t step = 0; step < shape[2]; ++step) {
      SmallVector<Value> operands = {add(b, loc, target, step * perStep), full};
      for (int64_t i = 0; i < 4; ++i)
        operands.push_back(
            LLVM::ExtractValueOp::create(b, loc, registers, step * 4 + i));
      LLVM::InlineAsmOp::create(
          b, loc, TypeRange{}, operands,
          "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.f32 "
          "[$0], {$2, $3, $4, $5}, [$1];",
          "r,r,f,f,f,f,~{memory}", /*has_side_effects=*/true,
          /*is_align_stack=*/false, LLVM::tailcallkind::TailCallKind::None,
          LLVM::AsmDialectAttr(), ArrayAttr());
    }
  }

  void expandLoad(TmaLoadOp op) {
    Value full = barrier(ring(op.getPipe()).full, op.getSlot());
    Value target = cast(b, loc, sharedPointer(b.getContext()), op.getBuffer());
    Value map =
        cast(b, loc, LLVM::LLVMPointerType::get(b.getContext()), op.getMap());
    SmallVector<Value> coords(op.getCoords());
    int64_t parts = op.getMulticast();
    Value mask;
    if (parts > 1) {
      BufferType type = op.getBuffer().getType();
      Value rank = NVVM::ClusterId::create(b, loc, b.getI32Type());
      target =
          offsetBy(b, loc, target, mul(b, loc, rank, type.getBytes() / parts));
      coords.back() = add(b, loc, coords.back(),
                          mul(b, loc, rank, type.getShape()[0] / parts));
      mask = arith::ConstantOp::create(b, loc,
                                       b.getI16IntegerAttr((1 << parts) - 1));
      target = LLVM::AddrSpaceCastOp::create(
          b, loc,
          LLVM::LLVMPointerType::get(
              b.getContext(), unsigned(NVVM::NVVMMemorySpace::SharedCluster)),
          target);
    }
    NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
        b, loc, target, map, coords, full, /*im2colOffsets=*/ValueRange{}, mask,
        /*l2CacheHint=*/Value(), NVVM::TMALoadMode::TILE,
        /*isCTAOnly=*/parts == 1, NVVM::CTAGroupKindAttr(),
        /*predicate=*/Value());
  }

  gpu::GPUFuncOp kernel;
  const SharedLayout &layout;
  OpBuilder b;
  Location loc;
  Value base;
  /// Rings that other blocks of the cluster fill: who waits for them acquires
  /// at that scope.
  llvm::SmallPtrSet<Operation *, 2> sent;
  /// Rings whose slots are read by plain loads after the last wgmma.
  llvm::SmallPtrSet<Operation *, 2> readLate;
};

} // namespace

void dgemm::expandPipelines(gpu::GPUFuncOp kernel, const SharedLayout &layout,
                            StringRef shared) {
  PipelineExpander(kernel, layout, shared).run();
}
