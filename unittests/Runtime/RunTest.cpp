// dgemm-run's judgement: a right kernel passes, and each way of being wrong is
// seen. A backend that spoils the reference evaluator's result plays the
// kernels.
#include "../../tools/dgemm-run/RunCase.h"

#include "../Launch/ExampleRecord.h"
#include "dgemm/Reference/Formats.h"
#include "dgemm/Reference/Reference.h"
#include "dgemm/Runtime/Backend.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

using namespace dgemm::run;
namespace launch = dgemm::launch;
namespace runtime = dgemm::runtime;
using Json = nlohmann::ordered_json;

namespace {

enum class Fault {
  None,
  OneBit,
  PastTheEnd,
  BeforeTheBegin,
  Padding,
  Input,
  Unsteady,
  OtherWeights,
  Nothing
};
Fault fault = Fault::None;
int runs = 0;
std::set<uint64_t> weights; ///< where B was

struct FaultyDevice : runtime::Device {
  std::shared_ptr<runtime::Device> good =
      *runtime::createReferenceBackend()->open(0);
  runtime::DeviceInfo info() const override { return good->info(); }
  runtime::Result<std::unique_ptr<runtime::Module>>
  load(std::string_view code, const launch::Record &record) override {
    return good->load(code, record);
  }
  runtime::Status run(runtime::Module &module,
                      const runtime::Launch &launch) override {
    if (fault == Fault::Nothing)
      return {};
    if (runtime::Status status = good->run(module, launch); !status)
      return status;
    const launch::Tensor &d = launch.tensors.back();
    auto *bytes = reinterpret_cast<uint8_t *>(d.address);
    size_t elt = launch::byteSize(d.dtype);
    size_t end = size_t((d.shape[0] - 1) * d.strides[0] + d.shape[1]) * elt;
    ++runs;
    weights.insert(launch.tensors[2].address);
    if (fault == Fault::OtherWeights && weights.size() > 1)
      bytes[0] ^= 1;
    if (fault == Fault::OneBit || (fault == Fault::Unsteady && runs == 3))
      bytes[end - elt] ^= 1;
    else if (fault == Fault::PastTheEnd)
      bytes[end] = 0;
    else if (fault == Fault::BeforeTheBegin)
      bytes[-1] = 0;
    else if (fault == Fault::Padding)
      bytes[size_t(d.shape[1]) * elt] = 0;
    else if (fault == Fault::Input)
      reinterpret_cast<uint8_t *>(launch.tensors[0].address)[-1] = 0;
    return {};
  }
};

struct FaultyBackend : runtime::Backend {
  std::string name() const override { return "faulty"; }
  runtime::Result<int> deviceCount() override { return 1; }
  runtime::Result<std::shared_ptr<runtime::Device>> open(int) override {
    return std::shared_ptr<runtime::Device>(std::make_shared<FaultyDevice>());
  }
};

class RunTest : public testing::Test {
protected:
  static void SetUpTestSuite() {
    ASSERT_EQ(dgemm_register_backend(new FaultyBackend), DGEMM_OK);
  }
  void SetUp() override {
    fault = Fault::None;
    runs = 0;
    weights.clear();
  }

  static std::shared_ptr<const KernelFile> kernel(const Json &json) {
    auto file = std::make_shared<KernelFile>();
    file->name = "example";
    file->json = json.dump();
    file->code = "code";
    file->record = *launch::Record::parse(file->json);
    return file;
  }

  static Case makeCase(const Json &json, int64_t m, int64_t n, int64_t k) {
    Case c;
    c.name = "case";
    c.kernel = kernel(json);
    c.m = m, c.n = n, c.k = k;
    c.repeats = 4;
    return c;
  }
  static Case example(int64_t m = 65, int64_t n = 264, int64_t k = 200) {
    return makeCase(Json::parse(exampleRecord), m, n, k);
  }

  static CaseResult run(const Case &c, Fault wrong = Fault::None) {
    fault = wrong;
    Device device("faulty", 0);
    return CaseRunner(device, "").run(c);
  }

  /// The example's record with a C before D.
  static Json withC() {
    Json json = Json::parse(exampleRecord);
    Json c = json["operands"][4];
    c["name"] = "C", c["strides"][0] = "ldc", c["access"] = "read";
    json["operands"].insert(json["operands"].begin() + 4, c);
    json["empty"][1]["action"] = "copy_c";
    return json;
  }
};

TEST_F(RunTest, RightKernelPasses) {
  CaseResult r = run(example());
  EXPECT_TRUE(r.ok) << r.error;
  EXPECT_TRUE(r.sample.full);
  EXPECT_EQ(r.bits.elements, 65u * 264u);
  EXPECT_EQ(r.repeats, 4);
  EXPECT_GT(r.fp64.elements, 1000u);
  EXPECT_GT(r.fp64.maxErrorOverBound, 0);
  EXPECT_LT(r.fp64.maxErrorOverBound, 1);
}

TEST_F(RunTest, EveryFormOfOutputPasses) {
  Case c = makeCase(withC(), 9, 24, 128);
  EXPECT_TRUE(run(c).ok);
  c.inPlaceC = true;
  c.ld["D"] = 40;
  EXPECT_TRUE(run(c).ok);
  // Accumulating into D without an operand C, scales per row of B, f32.
  Json json = Json::parse(exampleRecord);
  json["operands"][3]["shape"][0] = "N";
  json["operands"][3]["strides"] = {"1", "ldsfb"};
  json["operands"][4]["dtype"] = "f32";
  json["operands"][4]["access"] = "readwrite";
  json["empty"][1]["action"] = "nothing";
  CaseResult r = run(makeCase(json, 9, 24, 300));
  EXPECT_TRUE(r.ok) << r.error;
  EXPECT_EQ(r.problem.sfbRows, 1);
  EXPECT_TRUE(r.problem.withC);
}

TEST_F(RunTest, EmptyProblemsPass) {
  for (auto [m, n, k] : {std::tuple(0, 24, 128), {5, 24, 0}, {0, 24, 0}})
    EXPECT_TRUE(run(example(m, n, k)).ok) << m << " " << n << " " << k;
  Case c = makeCase(withC(), 5, 24, 0);
  EXPECT_TRUE(run(c).ok);
  c.inPlaceC = true;
  EXPECT_TRUE(run(c).ok);
}

TEST_F(RunTest, WrongBitIsSeen) {
  CaseResult r = run(example(), Fault::OneBit);
  EXPECT_FALSE(r.ok);
  EXPECT_EQ(r.bits.mismatches, 1u);
  EXPECT_EQ(r.bits.first.substr(0, 15), "D[64, 263] = 0x");
  Case sampled = example(300, 400, 128);
  sampled.check = Check::Sampled;
  r = run(sampled, Fault::OneBit);
  EXPECT_FALSE(r.sample.full);
  EXPECT_EQ(r.bits.mismatches, 1u) << "the last element is in every sample";
}

TEST_F(RunTest, StrayWritesAreSeen) {
  CaseResult r = run(example(), Fault::PastTheEnd);
  EXPECT_FALSE(r.ok);
  EXPECT_EQ(r.guards, "D: byte 34320 of a buffer of 34320 bytes was written");
  r = run(example(), Fault::BeforeTheBegin);
  EXPECT_FALSE(r.ok);
  EXPECT_EQ(r.guards, "D: byte -1 of a buffer of 34320 bytes was written");
  r = run(example(), Fault::Input);
  EXPECT_FALSE(r.ok);
  EXPECT_EQ(r.guards, "A: byte -1 of a buffer of 13512 bytes was written");
  Case c = example();
  c.ld["D"] = 272;
  r = run(c, Fault::Padding);
  EXPECT_FALSE(r.ok);
  EXPECT_EQ(r.bits.paddingWritten, 1u);
  EXPECT_EQ(r.bits.mismatches, 0u);
}

TEST_F(RunTest, UnsteadyResultIsSeen) {
  CaseResult r = run(example(), Fault::Unsteady);
  EXPECT_FALSE(r.ok);
  EXPECT_EQ(r.bits.mismatches, 0u);
  EXPECT_EQ(r.repeatMismatches, 1u);
}

TEST_F(RunTest, KernelThatWritesNothingIsSeen) {
  CaseResult r = run(example(), Fault::Nothing);
  EXPECT_FALSE(r.ok);
  EXPECT_EQ(r.bits.mismatches, 65u * 264u);
  EXPECT_GT(r.fp64.maxErrorOverBound, 1) << "NaN counts as an error";
}

TEST_F(RunTest, ErrorsOfACallAreReported) {
  Case c = example();
  c.ld["A"] = 200;
  CaseResult r = run(c);
  EXPECT_FALSE(r.ok);
  EXPECT_EQ(r.error, "launch: A's row stride must be a multiple of 16 bytes "
                     "(lda % 16 == 0 with lda = 200)");
}

TEST_F(RunTest, PeersAndTiming) {
  Case c = example(16, 24, 128);
  c.peers = {{"self", c.kernel, ""},
             {"other", kernel(withC()), ""},
             {"blocks", nullptr, "blockwise"}};
  c.time = true;
  c.pairs = 2;
  c.sustained = 1e-6;
  CaseResult r = run(c);
  ASSERT_TRUE(r.ok) << r.error;
  ASSERT_EQ(r.peers.size(), 3u);
  EXPECT_EQ(r.peers[0].note,
            "it computes another problem (scaling, type or C)");
  EXPECT_EQ(r.peers[1].note, "cuBLASLt needs the gpu backend");
  EXPECT_EQ(r.peers[2].differingWords, 0u);
  ASSERT_TRUE(r.timing);
  EXPECT_EQ(r.timing->subjects.size(), 2u);
  EXPECT_GT(r.timing->ratios[0].median, 0);
  EXPECT_EQ(r.timing->sustained.size(), 2u);
}

TEST_F(RunTest, ChainReadsEachOfItsWeights) {
  Case c = example(16, 24, 128);
  c.peers = {{"self", c.kernel, ""}, {"blocks", nullptr, "blockwise"}};
  c.pairs = 2;
  c.chain = 5;
  CaseResult r = run(c);
  ASSERT_TRUE(r.ok) << r.error;
  ASSERT_TRUE(r.chain);
  EXPECT_FALSE(r.timing) << "not asked for";
  EXPECT_EQ(r.chain->launches, 5);
  EXPECT_EQ(r.chain->ring, 5);
  // And the case's own.
  EXPECT_EQ(weights.size(), 5u + 1);
  ASSERT_EQ(r.chain->subjects.size(), 2u) << "no PDL in the record";
  EXPECT_FALSE(r.chain->subjects[0].pdl);
  EXPECT_GT(r.chain->subjects[1].microseconds.median, 0);
  EXPECT_EQ(r.chain->subjects[1].name, "self");

  Json json = Json::parse(exampleRecord);
  json["kernels"][0]["pdl"] = true;
  c = makeCase(json, 16, 24, 128);
  c.pairs = 1;
  c.chain = 3;
  r = run(c);
  ASSERT_TRUE(r.ok) << r.error;
  ASSERT_EQ(r.chain->subjects.size(), 2u);
  EXPECT_TRUE(r.chain->subjects[0].pdl);
  EXPECT_FALSE(r.chain->subjects[1].pdl);

  weights.clear();
  r = run(c, Fault::OtherWeights);
  EXPECT_FALSE(r.ok);
  EXPECT_GT(r.chain->subjects[0].differingWords, 0u);

  json["operands"][4]["access"] = "readwrite";
  json["empty"][1]["action"] = "nothing";
  c.kernel = kernel(json);
  EXPECT_EQ(run(c).error, "a chain needs B, SFB and a D that is only written");
}

TEST(RunSample, CoversEdgesAndEveryTile) {
  Problem p;
  p.m = 4097, p.n = 24576, p.k = 1536;
  Sample s = sampleOf(p, Check::Auto);
  EXPECT_FALSE(s.full);
  EXPECT_GE(s.rows.size() * s.columns.size(), 65536u);
  for (auto [list, size] : {std::pair(&s.rows, p.m), {&s.columns, p.n}}) {
    EXPECT_EQ(list->front(), 0);
    EXPECT_EQ(list->back(), size - 1);
    // No tile of 64 or more is missed.
    for (size_t i = 1; i < list->size(); ++i)
      EXPECT_LE((*list)[i] - (*list)[i - 1], 128);
    for (int64_t tile = 0; tile < size / 64; ++tile)
      EXPECT_TRUE(std::any_of(list->begin(), list->end(), [&](int64_t x) {
        return x / 64 == tile;
      })) << tile;
  }
  EXPECT_EQ(sampleOf(p, Check::Full).rows.size(), 4097u);
  p.m = 0;
  EXPECT_TRUE(sampleOf(p, Check::Sampled).rows.empty());
}

// The four kinds of output are derived from one f32 sum; the evaluator itself
// must agree.
TEST(RunExpected, AgreesWithTheEvaluator) {
  Problem p;
  p.m = 3, p.n = 5, p.k = 200;
  auto a = dgemm::reference::generateQuantized(1, p.m, p.k, 1);
  auto b = dgemm::reference::generateQuantized(2, p.n, p.k, 128);
  dgemm::reference::Problem r;
  r.m = p.m, r.n = p.n, r.k = p.k;
  r.a = a.codes.data(), r.aStride = a.stride;
  r.b = b.codes.data(), r.bStride = b.stride;
  r.sfa = a.scales.data(), r.sfaRowStride = a.scaleStride;
  r.sfb = b.scales.data(), r.sfbRowStride = b.scaleStride;
  r.sfaBlockStride = r.sfbBlockStride = 1;
  r.dStride = r.cStride = p.n;
  std::vector<float> sums(15);
  r.type = dgemm::reference::OutputType::F32;
  r.d = sums.data();
  ASSERT_EQ(evaluate(r), "");
  for (bool withC : {false, true})
    for (bool f32 : {false, true}) {
      p.withC = withC;
      p.type = f32 ? launch::DType::F32 : launch::DType::BF16;
      std::vector<uint32_t> c(15), d(15);
      auto *c16 = reinterpret_cast<uint16_t *>(c.data());
      for (int i = 0; i < 15; ++i) {
        float value = p.c(i / 5, i % 5);
        if (f32)
          std::memcpy(&c[size_t(i)], &value, 4);
        else
          c16[i] = dgemm::reference::encodeBF16(value);
      }
      r.type = f32 ? dgemm::reference::OutputType::F32
                   : dgemm::reference::OutputType::BF16;
      r.c = withC ? c.data() : nullptr;
      r.d = d.data();
      ASSERT_EQ(evaluate(r), "");
      for (int i = 0; i < 15; ++i)
        EXPECT_EQ(f32 ? d[size_t(i)]
                      : reinterpret_cast<uint16_t *>(d.data())[i],
                  expectedBits(p, i / 5, i % 5, sums[size_t(i)]));
    }
}

TEST(RunManifest, LinesAndErrors) {
  namespace fs = std::filesystem;
  fs::path dir = fs::path(testing::TempDir()) / "dgemm-run-test";
  fs::create_directories(dir);
  auto write = [&](const char *name, const std::string &text) {
    std::ofstream(dir / name) << text;
    return (dir / name).string();
  };
  write("k.json", exampleRecord);
  write("k.cubin", "code");
  write("alone.json", exampleRecord);
  KernelFiles files;
  auto cases = readManifest(
      write("good.jsonl",
            "# a comment\n"
            R"({"record":"k.json","M":1,"N":24,"K":128,"lda":144,)"
            R"("check":"full","c":"in_place","time":true,"flush":"clean",)"
            R"("peers":[{"record":"k.json","name":"p"},)"
            R"({"cublaslt":"blockwise"}]})"
            "\n"),
      files);
  ASSERT_EQ(cases.size(), 1u);
  EXPECT_EQ(cases[0].name, "k");
  EXPECT_EQ(cases[0].ld.at("A"), 144);
  EXPECT_TRUE(cases[0].inPlaceC && cases[0].time);
  EXPECT_EQ(cases[0].peers[1].name, "cublaslt-blockwise");
  EXPECT_EQ(
      casesOf(dir.string() + "/k.json", {"1x24x128", "2x24x128"}, Case(), files)
          .size(),
      2u);
  auto error = [&](const std::string &line) {
    try {
      readManifest(write("bad.jsonl", line + "\n"), files);
      return std::string("read");
    } catch (const std::exception &e) {
      std::string text = e.what();
      return text.substr(text.find("bad.jsonl"));
    }
  };
  EXPECT_EQ(error(R"({"record":"k.json","M":1,"N":1,"K":1,"x":2})"),
            "bad.jsonl:1: unknown key \"x\"");
  EXPECT_EQ(error(R"({"record":"k.json","M":1})"),
            "bad.jsonl:1: k: M, N and K must be given where the record does "
            "not fix them");
  EXPECT_EQ(error(R"({"record":"k.json","M":1,"N":1,"K":1,"check":"often"})"),
            "bad.jsonl:1: check must be auto, full, sampled or none, not "
            "'often'");
  EXPECT_NE(error(R"({"record":"alone.json","M":1,"N":1,"K":1})")
                .find("there is no .cubin or .ptx beside it"),
            std::string::npos);
  EXPECT_NE(error("{").find("parse error"), std::string::npos);
  EXPECT_THROW(casesOf(dir.string() + "/k.json", {"1x2"}, Case(), files),
               std::runtime_error);
  fs::remove_all(dir);
}

} // namespace
