// Each hazard in the smallest kernel that shows it, and the fixed kernel
// beside it, which must be silent.
#include "HazardFixture.h"

using namespace dgemm::sim;
using namespace dgemm::sim::test;

TEST(SimulatorHazards, TmaLoadWithAWaitIsSilent) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Outcome o = runBody(std::string(kInit) + kLoad + kWait + kUse, 128, seed);
    ASSERT_TRUE(o.result.ok()) << o.result.str();
    EXPECT_EQ(o.out[1], (uint32_t)(28 | 35 << 8 | 42 << 16 | 49 << 24));
  }
}

TEST(SimulatorHazards, UseBeforeTheWait) {
  EXPECT_TRUE(runBody(std::string(kInit) + kLoad + kUse, 128, 5)
                  .has(HazardKind::SharedRace) ||
              runBody(std::string(kInit) + kLoad + kUse)
                  .has(HazardKind::Uninitialized));
}

TEST(SimulatorHazards, BarrierInitNotFenced) {
  std::string init = "@%p0 mbarrier.init.shared.b64 [bar], 1;\nbar.sync 0;\n";
  Outcome o = runBody(init + kLoad + kWait + kUse);
  EXPECT_TRUE(o.has(HazardKind::MissingMBarrierFence)) << o.result.str();
}

TEST(SimulatorHazards, TooFewBytesExpected) {
  std::string load = kLoad;
  load.replace(load.find("4096"), 4, "2048");
  Outcome o = runBody(std::string(kInit) + load + kWait + kUse);
  EXPECT_FALSE(o.result.ok());
}

TEST(SimulatorHazards, TooManyBytesExpectedIsADeadlockWithTheState) {
  std::string load = kLoad;
  load.replace(load.find("4096"), 4, "4112");
  Outcome o = runBody(std::string(kInit) + load + kWait + kUse);
  ASSERT_TRUE(o.has(HazardKind::Deadlock)) << o.result.str();
  std::string text = o.result.str();
  EXPECT_NE(text.find("16 transaction bytes to come"), std::string::npos);
  EXPECT_NE(text.find("waits for phase 0 of mbarrier bar"), std::string::npos);
}

TEST(SimulatorHazards, StoreNeedsAProxyFence) {
  std::string body = "mov.u32 %r2, dyn;\nshl.b32 %r5, %r0, 2;\n"
                     "add.u32 %r6, %r2, %r5;\nst.shared.u32 [%r6], %r0;\n"
                     "FENCE bar.sync 0;\n"
                     "@%p0 cp.async.bulk.global.shared::cta.bulk_group [%rd0], "
                     "[%r2], 512;\n@%p0 cp.async.bulk.commit_group;\n"
                     "@%p0 cp.async.bulk.wait_group 0;\nret;\n";
  std::string without = body, with = body;
  without.replace(without.find("FENCE"), 5, "");
  with.replace(with.find("FENCE"), 5, "fence.proxy.async.shared::cta;\n");
  EXPECT_TRUE(runBody(without).has(HazardKind::MissingProxyFence));
  Outcome o = runBody(with);
  EXPECT_TRUE(o.result.ok()) << o.result.str();
  EXPECT_EQ(o.out[5], 5u);
}

TEST(SimulatorHazards, ExitWhileAStoreReads) {
  Outcome o = runBody("mov.u32 %r2, dyn;\nshl.b32 %r5, %r0, 2;\n"
                      "add.u32 %r6, %r2, %r5;\nst.shared.u32 [%r6], %r0;\n"
                      "fence.proxy.async.shared::cta;\nbar.sync 0;\n"
                      "@%p0 cp.async.bulk.global.shared::cta.bulk_group "
                      "[%rd0], [%r2], 512;\n"
                      "@%p0 cp.async.bulk.commit_group;\nret;\n");
  EXPECT_TRUE(o.has(HazardKind::ExitedCta)) << o.result.str();
}

TEST(SimulatorHazards, PlainRaceBetweenWarps) {
  std::string body = "mov.u32 %r2, dyn;\nshl.b32 %r5, %r0, 2;\n"
                     "add.u32 %r6, %r2, %r5;\nst.shared.u32 [%r6], %r0;\n"
                     "BARRIER\nxor.b32 %r8, %r5, 128;\nadd.u32 %r9, %r2, %r8;\n"
                     "ld.shared.u32 %r7, [%r9];\nret;\n";
  std::string without = body, with = body;
  without.replace(without.find("BARRIER"), 7, "");
  with.replace(with.find("BARRIER"), 7, "bar.sync 0;");
  bool found = false;
  for (uint64_t seed = 1; seed < 6; ++seed)
    found |= runBody(without, 64, seed).has(HazardKind::SharedRace);
  EXPECT_TRUE(found);
  EXPECT_TRUE(runBody(with, 64).result.ok());
}

TEST(SimulatorHazards, RaceBetweenLanes) {
  std::string body = "mov.u32 %r2, dyn;\nshl.b32 %r5, %r0, 2;\n"
                     "add.u32 %r6, %r2, %r5;\nst.shared.u32 [%r6], %r0;\n"
                     "BARRIER\nxor.b32 %r8, %r5, 4;\nadd.u32 %r9, %r2, %r8;\n"
                     "ld.shared.u32 %r7, [%r9];\nret;\n";
  std::string without = body, with = body;
  without.replace(without.find("BARRIER"), 7, "");
  with.replace(with.find("BARRIER"), 7, "bar.warp.sync -1;");
  EXPECT_TRUE(runBody(without, 32).has(HazardKind::SharedRace));
  EXPECT_TRUE(runBody(with, 32).result.ok());
}

TEST(SimulatorHazards, UninitializedRegisterAndMemory) {
  EXPECT_TRUE(
      runBody("add.u32 %r1, %r2, 1;\nret;").has(HazardKind::Uninitialized));
  // Moving an unwritten register about is no use of it.
  EXPECT_TRUE(runBody("mov.b32 %r1, %r2;\nret;").result.ok());
  EXPECT_TRUE(runBody("ld.shared.u32 %r1, [dyn+64];\nret;")
                  .has(HazardKind::Uninitialized));
}

TEST(SimulatorHazards, BoundsAndAlignment) {
  EXPECT_TRUE(runBody("ld.shared.u32 %r1, [dyn+40000];\nret;")
                  .has(HazardKind::OutOfBounds));
  EXPECT_TRUE(
      runBody("st.shared.u32 [dyn+2], %r0;\nret;").has(HazardKind::Misaligned));
  Outcome o = runBody("st.global.u32 [%rd0+4096], %r0;\nret;");
  ASSERT_TRUE(o.has(HazardKind::OutOfBounds));
  EXPECT_NE(o.result.str().find("0 bytes behind the end of 'out'"),
            std::string::npos)
      << o.result.str();
}

TEST(SimulatorHazards, NamedBarrierCounts) {
  // 96 of 128 threads arrive: nobody gets through.
  Outcome o = runBody("setp.lt.u32 %p1, %r0, 96;\n@!%p1 bra E;\n"
                      "bar.sync 1, 128;\nE: ret;\n");
  ASSERT_TRUE(o.has(HazardKind::Deadlock)) << o.result.str();
  EXPECT_NE(o.result.str().find("CTA barrier 1: 96 of 128 threads arrived"),
            std::string::npos);
  EXPECT_TRUE(runBody("setp.lt.u32 %p1, %r0, 64;\n@!%p1 bra E;\n"
                      "bar.sync 1, 64;\nE: ret;\n")
                  .result.ok());
}

TEST(SimulatorHazards, CollectiveWithoutAllLanes) {
  Outcome o = runBody("setp.lt.u32 %p1, %r0, 5;\n@!%p1 ret;\n"
                      "bar.warp.sync -1;\nret;\n",
                      32);
  // Lanes that have left are not waited for; lanes that wait elsewhere are.
  EXPECT_TRUE(o.result.ok()) << o.result.str();
  o = runBody("setp.lt.u32 %p1, %r0, 5;\n@!%p1 bra E;\nbar.warp.sync -1;\n"
              "bra F;\nE: bar.warp.sync -1;\nF: ret;\n",
              32);
  EXPECT_TRUE(o.has(HazardKind::WarpDivergence)) << o.result.str();
}

TEST(SimulatorHazards, WarpsOfAWarpgroupPart) {
  std::string body =
      "setp.ge.u32 %p1, %r0, 96;\nmov.b64 %rd1, 0;\nmov.u32 %r2, dyn;\n"
      "shr.u32 %r3, %r2, 4;\ncvt.u64.u32 %rd2, %r3;\n"
      "or.b64 %rd1, %rd2, 0x0000001000080000;\n"
      "mov.u32 %r4, %r0;\nshl.b32 %r5, %r0, 6;\nadd.u32 %r6, %r2, %r5;\n"
      "mov.u32 %r8, 0;\n"
      "Z: st.shared.v4.u32 [%r6], {%r8, %r8, %r8, %r8};\n"
      "fence.proxy.async.shared::cta;\nbar.sync 0;\n"
      "@%p1 bra E;\nwgmma.fence.sync.aligned;\n"
      "wgmma.mma_async.sync.aligned.m64n8k32.f32.e4m3.e4m3 "
      "{%f0, %f1, %f2, %f3}, %rd1, %rd1, 0, 1, 1;\n"
      "wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;\n"
      "E: ret;\n";
  Outcome o = runBody(body);
  ASSERT_TRUE(o.has(HazardKind::Deadlock)) << o.result.str();
  EXPECT_NE(o.result.str().find("which only warps 0 1 2 have reached"),
            std::string::npos)
      << o.result.str();
}

TEST(SimulatorHazards, UnknownInstructionsNameTheLine) {
  std::string error;
  EXPECT_FALSE(Program::load(wrap("", "ret;\nfrob.b32 %r1;"), error));
  EXPECT_EQ(error, "PTX line 9: 'frob.b32': unknown instruction");
  EXPECT_FALSE(Program::load(
      wrap("", ".reg .b64 %rd<2>;\nst.async.release.global.u64 [%rd0], %rd1, "
               "[%rd1];"),
      error));
  EXPECT_NE(error.find("only .shared::cluster"), std::string::npos) << error;
}

TEST(SimulatorHazards, ArrivalTooMany) {
  Outcome o = runBody(std::string(kInit) +
                          "mbarrier.arrive.expect_tx.shared.b64 _, [bar], 16;\n"
                          "ret;\n",
                      32);
  EXPECT_TRUE(o.has(HazardKind::BarrierMisuse)) << o.result.str();
}

TEST(SimulatorHazards, RegisterPoolThatCannotGive) {
  Outcome o = runBody("setmaxnreg.inc.sync.aligned.u32 256;\nret;\n", 384);
  ASSERT_TRUE(o.has(HazardKind::Deadlock)) << o.result.str();
  EXPECT_NE(o.result.str().find("wants 256 registers"), std::string::npos);
}

TEST(SimulatorHazards, BlocksThatShareAnSM) {
  // 256 threads enter with 256 registers, or with 128 where two blocks fit.
  const std::string down = "setmaxnreg.dec.sync.aligned.u32 128;\nret;\n";
  const std::string up = "setmaxnreg.inc.sync.aligned.u32 128;\nret;\n";
  auto run = [](const std::string &body, const std::string &directives) {
    return runBody(body, 256, 0, 1, 1, directives);
  };
  EXPECT_TRUE(run(down, "").result.ok());
  EXPECT_TRUE(run(up, "").has(HazardKind::RegisterPool));
  EXPECT_TRUE(run(up, ".minnctapersm 2").result.ok());
  std::string error;
  EXPECT_FALSE(Program::load(wrap("", "ret;", ".minnctapersm 0"), error));
  EXPECT_NE(error.find(".minnctapersm is 1 to 32"), std::string::npos) << error;
}

TEST(SimulatorHazards, RemoteArriveAtAnExitedCta) {
  // CTA 1 leaves at once; CTA 0 arrives at its barrier later.
  std::string body =
      std::string(kInit) +
      "barrier.cluster.arrive;\nbarrier.cluster.wait;\n"
      "mov.u32 %r1, %cluster_ctarank;\nsetp.eq.u32 %p2, %r1, 1;\n"
      "@%p2 bra E;\nmov.u32 %r4, 0;\n"
      "L: add.u32 %r4, %r4, 1;\nsetp.lt.u32 %p3, %r4, 500;\n@%p3 bra L;\n"
      "mov.u32 %r3, bar;\nmapa.shared::cluster.u32 %r5, %r3, 1;\n"
      "@%p0 mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r5];\n"
      "E: ret;\n";
  Outcome o = runBody(body, 32, 0, 2, 2);
  EXPECT_TRUE(o.has(HazardKind::ExitedCta)) << o.result.str();
}

TEST(SimulatorHazards, RacesOnGlobalMemory) {
  // Both CTAs write the same words.
  std::string same = "shl.b32 %r5, %r0, 2;\ncvt.u64.u32 %rd3, %r5;\n"
                     "add.s64 %rd4, %rd0, %rd3;\n"
                     "st.global.u32 [%rd4], %r0;\nret;\n";
  EXPECT_TRUE(runBody(same, 32, 0, 2).has(HazardKind::GlobalRace));
  EXPECT_TRUE(runBody(same, 32, 0, 1).result.ok());
  // Warp 1 reads what warp 0 wrote.
  std::string share = "shl.b32 %r5, %r0, 2;\ncvt.u64.u32 %rd3, %r5;\n"
                      "add.s64 %rd4, %rd0, %rd3;\n"
                      "st.global.u32 [%rd4], %r0;\nBARRIER\n"
                      "xor.b32 %r6, %r5, 128;\ncvt.u64.u32 %rd5, %r6;\n"
                      "add.s64 %rd6, %rd0, %rd5;\n"
                      "ld.global.u32 %r7, [%rd6];\nret;\n";
  std::string without = share, with = share;
  without.replace(without.find("BARRIER"), 7, "");
  with.replace(with.find("BARRIER"), 7, "bar.sync 0;");
  EXPECT_TRUE(runBody(without, 64, 1).has(HazardKind::GlobalRace));
  EXPECT_TRUE(runBody(with, 64, 1).result.ok());
  // Warps 0 and 1 have read what warp 2 writes.
  std::string readers = "setp.lt.u32 %p1, %r0, 64;\n"
                        "@%p1 ld.global.u32 %r7, [%rd0+64];\nBARRIER\n"
                        "setp.eq.u32 %p2, %r0, 64;\n"
                        "@%p2 st.global.u32 [%rd0+64], %r0;\nret;\n";
  EXPECT_TRUE(silent(
      runBody(dgemm::sim::test::with(readers, "BARRIER", "bar.sync 0;"), 96)));
  bool found = false;
  for (uint64_t seed = 1; seed < 6; ++seed)
    found |= runBody(dgemm::sim::test::with(readers, "BARRIER", ""), 96, seed)
                 .has(HazardKind::GlobalRace);
  EXPECT_TRUE(found);
  // Atomics may meet.
  Outcome o = runBody("atom.global.add.u32 %r1, [%rd0], 1;\nret;\n", 128, 0, 4);
  EXPECT_TRUE(o.result.ok()) << o.result.str();
  EXPECT_EQ(o.out[0], 512u);
}

TEST(SimulatorHazards, BulkStoreIsReadBeforeItIsComplete) {
  std::string body = "mov.u32 %r2, dyn;\nshl.b32 %r5, %r0, 2;\n"
                     "add.u32 %r6, %r2, %r5;\nst.shared.u32 [%r6], %r0;\n"
                     "fence.proxy.async.shared::cta;\nbar.sync 0;\n"
                     "@!%p0 bra E;\n"
                     "cp.async.bulk.global.shared::cta.bulk_group [%rd0], "
                     "[%r2], 512;\ncp.async.bulk.commit_group;\n"
                     "cp.async.bulk.wait_groupREAD 0;\n"
                     "ld.global.u32 %r7, [%rd0+16];\nE: ret;\n";
  std::string read = body, full = body;
  read.replace(read.find("READ"), 4, ".read");
  full.replace(full.find("READ"), 4, "");
  EXPECT_TRUE(runBody(read).has(HazardKind::GlobalRace));
  Outcome o = runBody(full);
  EXPECT_TRUE(o.result.ok()) << o.result.str();
}

TEST(SimulatorHazards, InfiniteLoopsEnd) {
  Outcome o = runBody("L: bra L;\n", 32);
  EXPECT_TRUE(o.has(HazardKind::Deadlock)) << o.result.str();
}

TEST(SimulatorHazards, TrapNamesTheLine) {
  Outcome o = runBody("@%p0 trap;\nret;\n", 32);
  ASSERT_TRUE(o.has(HazardKind::Trap));
  EXPECT_GT(o.result.hazards[0].line, 10u);
}
