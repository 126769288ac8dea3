// Runs a few lines of PTX and looks for hazards.
#ifndef DGEMM_UNITTESTS_SIMULATOR_HAZARDFIXTURE_H
#define DGEMM_UNITTESTS_SIMULATOR_HAZARDFIXTURE_H

#include "Support.h"

namespace dgemm::sim::test {

struct Outcome {
  Result result;
  std::vector<uint32_t> out;

  bool has(HazardKind kind) const {
    for (const Hazard &hazard : result.hazards)
      if (hazard.kind == kind)
        return true;
    return false;
  }
};

/// The hazard of a kind that names a line, a warp and what to do (`advice`).
inline testing::AssertionResult reports(const Outcome &outcome, HazardKind kind,
                                        const char *advice) {
  for (const Hazard &hazard : outcome.result.hazards)
    if (hazard.kind == kind && hazard.line > 8 &&
        hazard.where.find("warp ") != std::string::npos &&
        hazard.message.find(advice) != std::string::npos)
      return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "no " << nameOf(kind) << " with '" << advice << "' in\n"
         << outcome.result.str();
}
inline testing::AssertionResult silent(const Outcome &outcome) {
  if (outcome.result.ok())
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << outcome.result.str();
}

/// `text` with `from` replaced by `to`.
inline std::string with(std::string text, const std::string &from,
                        const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// Runs `body` with a pointer parameter `out` to 1024 words and `map`, a 64x64
/// map of bytes over a buffer of 4096.
inline Outcome runBody(const std::string &body, unsigned threads = 128,
                       uint64_t seed = 0, unsigned ctas = 1,
                       unsigned cluster = 1,
                       const std::string &directives = "") {
  auto program =
      loadPtx(wrap(".param .u64 out, .param .align 64 .b8 map[128]",
                   ".reg .b32 %r<40>;\n.reg .b64 %rd<20>;\n.reg .f32 %f<80>;\n"
                   ".reg .pred %p<10>;\n.shared .align 8 .b64 bar;\n"
                   "mov.u32 %r0, %tid.x;\nsetp.eq.u32 %p0, %r0, 0;\n"
                   "ld.param.u64 %rd0, [out];\n" +
                       body,
                   directives));
  Outcome outcome;
  if (!program)
    return outcome;
  GlobalMemory memory;
  uint64_t address = memory.allocate(4096, "out");
  std::vector<uint8_t> source(4096);
  for (size_t i = 0; i < source.size(); ++i)
    source[i] = (uint8_t)(i * 7);
  uint64_t data = upload(memory, source, "source");
  Launch launch;
  launch.grid.x = ctas;
  launch.block.x = threads;
  launch.cluster.x = cluster;
  launch.dynamicShared = 32768;
  launch.param(address);
  launch.param(map2d(data, TensorMap::U8, 64, 64, 64, 64, 64, 0));
  Options options;
  options.seed = seed;
  options.idleLimit = 20000;
  options.threads = 1;
  outcome.result = run(*program, launch, memory, options);
  const uint32_t *words = (const uint32_t *)memory.data(address, 4096);
  outcome.out.assign(words, words + 1024);
  return outcome;
}

const char *const kInit =
    "@%p0 mbarrier.init.shared.b64 [bar], 1;\n"
    "@%p0 fence.mbarrier_init.release.cluster;\nbar.sync 0;\n";
const char *const kLoad =
    "mov.b64 %rd1, map;\ncvta.param.u64 %rd2, %rd1;\nmov.u32 %r1, 0;\n"
    "mov.u32 %r2, dyn;\nmov.u32 %r3, bar;\n"
    "@%p0 mbarrier.arrive.expect_tx.shared.b64 _, [bar], 4096;\n"
    "@%p0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx"
    "::bytes [%r2], [%rd2, {%r1, %r1}], [%r3];\n";
const char *const kWait =
    "W: mbarrier.try_wait.parity.shared.b64 %p1, [bar], 0;\n@!%p1 bra W;\n";
const char *const kUse = "shl.b32 %r5, %r0, 2;\nadd.u32 %r6, %r2, %r5;\n"
                         "ld.shared.u32 %r7, [%r6];\ncvt.u64.u32 %rd3, %r5;\n"
                         "add.s64 %rd4, %rd0, %rd3;\n"
                         "st.global.u32 [%rd4], %r7;\nret;\n";

} // namespace dgemm::sim::test

#endif // DGEMM_UNITTESTS_SIMULATOR_HAZARDFIXTURE_H
