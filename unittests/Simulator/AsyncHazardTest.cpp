// Hazards of the asynchronous engines: the tensor core, the TMA unit and
// distributed shared memory. Each beside its correct twin, which is silent.
#include "HazardFixture.h"

using namespace dgemm::sim;
using namespace dgemm::sim::test;

namespace {
// Zeroes 8 KB, makes a descriptor of it in %rd1, and %r2 its address.
const char *const kOperands =
    "mov.u32 %r2, dyn;\nshr.u32 %r3, %r2, 4;\ncvt.u64.u32 %rd2, %r3;\n"
    "or.b64 %rd1, %rd2, 0x0000001000080000;\n"
    "shl.b32 %r5, %r0, 6;\nadd.u32 %r6, %r2, %r5;\nmov.u32 %r8, 0;\n"
    "st.shared.v4.u32 [%r6], {%r8, %r8, %r8, %r8};\n"
    "st.shared.v4.u32 [%r6+16], {%r8, %r8, %r8, %r8};\n"
    "st.shared.v4.u32 [%r6+32], {%r8, %r8, %r8, %r8};\n"
    "st.shared.v4.u32 [%r6+48], {%r8, %r8, %r8, %r8};\n"
    "fence.proxy.async.shared::cta;\nbar.sync 0;\n";
const char *const kFence = "wgmma.fence.sync.aligned;\n";
const char *const kMma = "wgmma.mma_async.sync.aligned.m64n8k32.f32.e4m3.e4m3 "
                         "{%f0, %f1, %f2, %f3}, %rd1, %rd1, 0, 1, 1;\n"
                         "wgmma.commit_group.sync.aligned;\n";
const char *const kMmaWait = "wgmma.wait_group.sync.aligned 0;\n";
// With A in registers %r20..%r23.
const char *const kMmaRegisters =
    "wgmma.mma_async.sync.aligned.m64n8k32.f32.e4m3.e4m3 "
    "{%f0, %f1, %f2, %f3}, {%r20, %r21, %r22, %r23}, %rd1, 0, 1, 1;\n"
    "wgmma.commit_group.sync.aligned;\n";
const char *const kFragment = "mov.u32 %r20, 0;\nmov.u32 %r21, 0;\n"
                              "mov.u32 %r22, 0;\nmov.u32 %r23, 0;\n";
// Stores %f0 of each thread to `out`.
const char *const kOut =
    "shl.b32 %r10, %r0, 2;\ncvt.u64.u32 %rd8, %r10;\n"
    "add.s64 %rd9, %rd0, %rd8;\nst.global.f32 [%rd9], %f0;\nret;\n";
} // namespace

TEST(SimulatorAsyncHazards, AccumulatorReadInFlight) {
  std::string body = std::string(kOperands) + kFence + kMma + kMmaWait + kOut;
  EXPECT_TRUE(silent(runBody(body)));
  EXPECT_TRUE(reports(runBody(with(body, kMmaWait, "")),
                      HazardKind::AccumulatorInFlight,
                      "put wgmma.wait_group before"));
}

TEST(SimulatorAsyncHazards, AccumulatorWrittenInFlight) {
  std::string body = std::string(kOperands) + kFence + kMma +
                     "mov.f32 %f1, 0f00000000;\n" + kMmaWait + "ret;\n";
  EXPECT_TRUE(reports(runBody(body), HazardKind::AccumulatorInFlight,
                      "writes register %f1"));
  body = std::string(kOperands) + kFence + kMma + kMmaWait +
         "mov.f32 %f1, 0f00000000;\nret;\n";
  EXPECT_TRUE(silent(runBody(body)));
}

TEST(SimulatorAsyncHazards, OperandRegistersWrittenInFlight) {
  std::string body = std::string(kOperands) + kFragment + kFence +
                     kMmaRegisters + kMmaWait + "mov.u32 %r21, 5;\nret;\n";
  EXPECT_TRUE(silent(runBody(body)));
  EXPECT_TRUE(reports(runBody(with(body, kMmaWait, "")),
                      HazardKind::AccumulatorInFlight,
                      "still reads its A operand"));
}

TEST(SimulatorAsyncHazards, MissingWgmmaFence) {
  std::string body = std::string(kOperands) + kFragment + kFence +
                     kMmaRegisters + kMmaWait + "ret;\n";
  EXPECT_TRUE(silent(runBody(body)));
  EXPECT_TRUE(reports(runBody(with(body, kFence, "")),
                      HazardKind::MissingWgmmaFence, "put one before"));
}

TEST(SimulatorAsyncHazards, OperandWithoutAProxyFence) {
  std::string body =
      std::string(kOperands) + kFence + kMma + kMmaWait + "ret;\n";
  EXPECT_TRUE(
      reports(runBody(with(body, "fence.proxy.async.shared::cta;\n", "")),
              HazardKind::MissingProxyFence, "put fence.proxy.async"));
}

// The tensor core still reads the buffer that the next copy fills.
TEST(SimulatorAsyncHazards, CopyOverOperandsInUse) {
  std::string tail = std::string(kLoad) + kWait + "ret;\n";
  std::string body = std::string(kInit) + kOperands + kFence + kMma + kMmaWait +
                     "bar.sync 0;\n" + tail;
  EXPECT_TRUE(silent(runBody(body)));
  bool found = false;
  for (uint64_t seed = 0; seed < 6; ++seed)
    found |= runBody(with(body, kMmaWait, ""), 128, seed)
                 .has(HazardKind::SharedRace);
  EXPECT_TRUE(found);
}

// A store's source is overwritten before the TMA unit has read it.
TEST(SimulatorAsyncHazards, OverwriteOfAStoreInFlight) {
  std::string wait = "cp.async.bulk.wait_group.read 0;\n";
  std::string body =
      "mov.u32 %r2, dyn;\nshl.b32 %r5, %r0, 2;\nadd.u32 %r6, %r2, %r5;\n"
      "st.shared.u32 [%r6], %r0;\nfence.proxy.async.shared::cta;\nbar.sync 0;\n"
      "@!%p0 bra E;\n"
      "cp.async.bulk.global.shared::cta.bulk_group [%rd0], [%r2], 512;\n"
      "cp.async.bulk.commit_group;\n" +
      wait + "st.shared.u32 [%r6], %r0;\n" +
      "cp.async.bulk.wait_group 0;\nE: ret;\n";
  EXPECT_TRUE(silent(runBody(body)));
  EXPECT_TRUE(reports(runBody(with(body, wait, "")), HazardKind::SharedRace,
                      "cp.async.bulk.wait_group"));
}

namespace {
// Warp 0 fills the buffer twice, warp 1 reads it and releases it in between.
std::string twoRounds(const std::string &release, const std::string &wait) {
  return ".shared .align 8 .b64 empty;\n"
         "@%p0 mbarrier.init.shared.b64 [bar], 1;\n"
         "@%p0 mbarrier.init.shared.b64 [empty], 1;\n"
         "@%p0 fence.mbarrier_init.release.cluster;\nbar.sync 0;\n"
         "setp.ge.u32 %p2, %r0, 32;\nmov.u32 %r2, dyn;\n"
         "@%p2 bra CONSUMER;\n@!%p0 ret;\n"
         "mov.b64 %rd1, map;\ncvta.param.u64 %rd2, %rd1;\nmov.u32 %r1, 0;\n"
         "mov.u32 %r3, bar;\n"
         "mbarrier.arrive.expect_tx.shared.b64 _, [bar], 4096;\n"
         "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx"
         "::bytes [%r2], [%rd2, {%r1, %r1}], [%r3];\n" +
         wait +
         "mbarrier.arrive.expect_tx.shared.b64 _, [bar], 4096;\n"
         "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx"
         "::bytes [%r2], [%rd2, {%r1, %r1}], [%r3];\n"
         "P: mbarrier.try_wait.parity.shared.b64 %p1, [bar], 1;\n"
         "@!%p1 bra P;\nret;\n"
         "CONSUMER:\n"
         "C: mbarrier.try_wait.parity.shared.b64 %p1, [bar], 0;\n"
         "@!%p1 bra C;\nshl.b32 %r5, %r0, 2;\nadd.u32 %r6, %r2, %r5;\n"
         "ld.shared.u32 %r7, [%r6];\n" +
         release +
         "bar.warp.sync -1;\nsetp.eq.u32 %p3, %r0, 32;\n"
         "@%p3 mbarrier.arrive.shared.b64 _, [empty];\nret;\n";
}
const char *const kEmptyWait =
    "F: mbarrier.try_wait.parity.shared.b64 %p1, [empty], 0;\n@!%p1 bra F;\n";
} // namespace

TEST(SimulatorAsyncHazards, OverwriteBeforeTheRelease) {
  std::string fence = "fence.proxy.async.shared::cta;\n";
  EXPECT_TRUE(silent(runBody(twoRounds(fence, kEmptyWait), 64)));
  bool found = false;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Outcome o = runBody(twoRounds(fence, ""), 64, seed);
    found |= o.has(HazardKind::SharedRace) || o.has(HazardKind::BarrierMisuse);
  }
  EXPECT_TRUE(found);
}

// Seen on an H200: the arrival does not wait for the value of the load.
TEST(SimulatorAsyncHazards, ReadThatTheReleaseDoesNotWaitFor) {
  EXPECT_TRUE(reports(runBody(twoRounds("", kEmptyWait), 64),
                      HazardKind::MissingProxyFence, "between the read"));
  EXPECT_TRUE(
      silent(runBody(twoRounds("fence.acq_rel.cta;\n", kEmptyWait), 64)));
}

TEST(SimulatorAsyncHazards, PhaseThatIsWaitedForTwice) {
  // The second round waits with the first one's parity.
  std::string body =
      std::string(kInit) +
      "mov.u32 %r4, 0;\n"
      "L: mbarrier.arrive.shared.b64 _, [bar];\n"
      "W: mbarrier.try_wait.parity.shared.b64 %p1, [bar], PHASE;\n"
      "@!%p1 bra W;\nadd.u32 %r4, %r4, 1;\n"
      "setp.lt.u32 %p2, %r4, 2;\n@%p2 bra L;\nret;\n";
  body = with(body, "bar.sync 0;\n", "bar.sync 0;\n@!%p0 ret;\n");
  EXPECT_TRUE(silent(runBody(with(body, "PHASE", "%r4"), 32)));
  // Not the first phase any more: another arrival, and the wait for it.
  std::string again =
      with(with(body, "PHASE", "0"), "@!%p1 bra W;\n",
           "@!%p1 bra W;\nmbarrier.arrive.expect_tx.shared.b64 _, [bar], 16;\n"
           "V: mbarrier.try_wait.parity.shared.b64 %p1, [bar], 0;\n"
           "@!%p1 bra V;\nret;\n");
  EXPECT_TRUE(
      reports(runBody(again, 32), HazardKind::BarrierMisuse, "a second time"));
}

TEST(SimulatorAsyncHazards, BarrierWithTheWrongCount) {
  std::string init = with(kInit, "[bar], 1", "[bar], 2");
  Outcome o = runBody(init + kLoad + kWait + kUse);
  EXPECT_TRUE(reports(o, HazardKind::Deadlock, "waits for 1 of 2 arrivals"));
}

TEST(SimulatorAsyncHazards, TensorMapThatTheTmaUnitDoesNotSee) {
  // The map is copied to `out`, changed there, and used.
  std::string copy = "setp.lt.u32 %p2, %r0, 16;\nshl.b32 %r5, %r0, 3;\n"
                     "cvt.u64.u32 %rd3, %r5;\nmov.b64 %rd1, map;\n"
                     "cvta.param.u64 %rd6, %rd1;\nadd.s64 %rd4, %rd6, %rd3;\n"
                     "add.s64 %rd5, %rd0, %rd3;\n@%p2 ld.u64 %rd7, [%rd4];\n"
                     "@%p2 st.global.u64 [%rd5], %rd7;\nbar.sync 0;\n"
                     "@!%p0 bra S;\nmov.u32 %r9, 64;\n"
                     "tensormap.replace.tile.global_dim.global.b1024.b32 "
                     "[%rd0], 1, %r9;\nFENCE\nS: bar.sync 0;\n"
                     "mov.b64 %rd2, %rd0;\n";
  std::string load = kLoad;
  load = with(load, "mov.b64 %rd1, map;\ncvta.param.u64 %rd2, %rd1;\n", "");
  std::string body = std::string(kInit) + copy + load + kWait + "ret;\n";
  std::string fence =
      "fence.proxy.tensormap::generic.acquire.gpu [%rd0], 128;\n";
  EXPECT_TRUE(silent(runBody(with(body, "FENCE", fence))));
  EXPECT_TRUE(reports(runBody(with(body, "FENCE\n", "")),
                      HazardKind::TensorMapProxy,
                      "put fence.proxy.tensormap::generic.acquire"));
}

namespace {
/// Stores the 64x64 map's box, or a box that begins elsewhere.
std::string storeAt(const std::string &x, const std::string &y) {
  return std::string(kOperands) +
         "mov.b64 %rd5, map;\ncvta.param.u64 %rd6, %rd5;\nmov.s32 %r11, " + x +
         ";\nmov.s32 %r12, " + y +
         ";\n@%p0 cp.async.bulk.tensor.2d.global.shared::cta.bulk_group "
         "[%rd6, {%r11, %r12}], [%r2];\n@%p0 cp.async.bulk.commit_group;\n"
         "@%p0 cp.async.bulk.wait_group 0;\nret;\n";
}
} // namespace

TEST(SimulatorAsyncHazards, CoordinatesThatTheTmaUnitRefuses) {
  EXPECT_TRUE(silent(runBody(storeAt("16", "3"))));
  EXPECT_TRUE(reports(runBody(storeAt("8", "3")), HazardKind::Misaligned,
                      "must be a multiple of 16 bytes"));
  EXPECT_TRUE(reports(runBody(storeAt("0", "-3")), HazardKind::BadOperand,
                      "not begin before it"));
}

// Rows of 50 bytes, 80 apart: the 16 bytes that hold the end are written.
TEST(SimulatorAsyncHazards, StoreBeyondTheRow) {
  auto program =
      loadPtx(wrap(".param .align 64 .b8 map[128]",
                   ".reg .b32 %r<40>;\n.reg .b64 %rd<20>;\n.reg .pred %p<4>;\n"
                   "mov.u32 %r0, %tid.x;\nsetp.eq.u32 %p0, %r0, 0;\n" +
                       storeAt("0", "0")));
  ASSERT_TRUE(program);
  for (unsigned columns : {48u, 50u}) {
    GlobalMemory memory;
    std::vector<uint8_t> old(80 * 64, 0xee);
    uint64_t data = upload(memory, old, "matrix");
    Launch launch;
    launch.block.x = 128;
    launch.dynamicShared = 32768;
    launch.param(map2d(data, TensorMap::U8, columns, 64, 80, 64, 64, 0));
    Outcome o{run(*program, launch, memory), {}};
    const uint8_t *row = (const uint8_t *)memory.data(data, old.size());
    EXPECT_EQ(row[47], 0);
    EXPECT_EQ(row[63], columns == 48 ? 0xee : 0) << "as on an H200";
    EXPECT_EQ(row[64], 0xee);
    if (columns == 48)
      EXPECT_TRUE(silent(o));
    else
      EXPECT_TRUE(reports(o, HazardKind::OutOfBounds,
                          "writes 14 bytes behind the end of a row"));
  }
}

// Only 16 rows of A are written: the others must not matter.
TEST(SimulatorAsyncHazards, RowsOfAWgmmaThatNobodyWrote) {
  std::string body =
      with(std::string(kOperands) + kFence + kMma + kMmaWait,
           "st.shared.v4.u32 [%r6], ",
           "setp.lt.u32 %p4, %r0, 8;\n@!%p4 bra Z;\nst.shared.v4.u32 [%r6], ");
  body = with(body, "fence.proxy", "Z: fence.proxy");
  body += "add.f32 %f0, %f0, 0f3F800000;\n";
  std::string some = "setp.lt.u32 %p5, %r0, 32;\n@!%p5 ret;\n";
  EXPECT_TRUE(silent(runBody(body + some + kOut)));
  Outcome o = runBody(body + kOut);
  EXPECT_TRUE(reports(o, HazardKind::Uninitialized, "which was never written"));
  EXPECT_TRUE(reports(runBody(body + "setp.gt.f32 %p6, %f0, 0f00000000;\n"
                                     "@%p6 bra E;\nE: ret;\n"),
                      HazardKind::Uninitialized, "its guard depends on"));
}

namespace {
/// CTA 1 sends its thread numbers to CTA 0, which waits for `bytes`.
std::string sendAsync(const std::string &bytes, const std::string &wait) {
  return ".shared .align 8 .b64 there;\nmov.u32 %r2, dyn;\n"
         "@%p0 mbarrier.init.shared.b64 [there], 1;\n"
         "@%p0 fence.mbarrier_init.release.cluster;\n"
         "@%p0 mbarrier.arrive.expect_tx.shared.b64 _, [there], " +
         bytes +
         ";\nbarrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;\n"
         "mov.u32 %r1, %cluster_ctarank;\nsetp.eq.u32 %p2, %r1, 0;\n"
         "shl.b32 %r5, %r0, 4;\nadd.u32 %r6, %r2, %r5;\n@%p2 bra WAIT;\n"
         "mapa.shared::cluster.u32 %r7, %r6, 0;\nmov.u32 %r3, there;\n"
         "mapa.shared::cluster.u32 %r8, %r3, 0;\nmov.b32 %f1, %r0;\n"
         "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.f32 "
         "[%r7], {%f1, %f1, %f1, %f1}, [%r8];\nbra E;\nWAIT:\n" +
         wait +
         "ld.shared.v4.u32 {%r10, %r11, %r12, %r13}, [%r6];\n"
         "shl.b32 %r14, %r0, 2;\ncvt.u64.u32 %rd3, %r14;\n"
         "add.s64 %rd4, %rd0, %rd3;\nst.global.u32 [%rd4], %r13;\n"
         "E: barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;\n"
         "ret;\n";
}
const char *const kThereWait =
    "W: mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 %p1, "
    "[there], 0;\n@!%p1 bra W;\n";
} // namespace

TEST(SimulatorAsyncHazards, AsynchronousStoresToAPeer) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    Outcome o = runBody(sendAsync("2048", kThereWait), 128, seed, 2, 2);
    ASSERT_TRUE(silent(o));
    EXPECT_EQ(o.out[77], 77u);
  }
  bool found = false;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    Outcome o = runBody(sendAsync("2048", ""), 128, seed, 2, 2);
    found |= o.has(HazardKind::SharedRace) || o.has(HazardKind::Uninitialized);
  }
  EXPECT_TRUE(found);
  Outcome o = runBody(sendAsync("2064", kThereWait), 128, 0, 2, 2);
  EXPECT_TRUE(reports(o, HazardKind::Deadlock, "16 transaction bytes to come"));
}

TEST(SimulatorAsyncHazards, PeersThatWriteTheSameBytes) {
  std::string body = "mov.u32 %r2, dyn;\nshl.b32 %r5, %r0, 2;\n"
                     "add.u32 %r6, %r2, %r5;\n"
                     "mapa.shared::cluster.u32 %r7, %r6, 0;\n"
                     "mov.u32 %r1, %cluster_ctarank;\n"
                     "setp.eq.u32 %p2, %r1, 0;\n"
                     "@%p2 st.shared::cluster.u32 [%r7], %r0;\nSYNC"
                     "@!%p2 st.shared::cluster.u32 [%r7], %r0;\n"
                     "barrier.cluster.arrive.aligned;\n"
                     "barrier.cluster.wait.aligned;\nret;\n";
  std::string sync = "barrier.cluster.arrive.aligned;\n"
                     "barrier.cluster.wait.aligned;\n";
  EXPECT_TRUE(silent(runBody(with(body, "SYNC", sync), 128, 0, 2, 2)));
  EXPECT_TRUE(reports(runBody(with(body, "SYNC", ""), 128, 0, 2, 2),
                      HazardKind::SharedRace, "put a barrier between"));
}
