// Plans: values bound from a call, its checks, and the numbers that come out.
#include "dgemm/Launch/Plan.h"

#include "ExampleRecord.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace dgemm::launch;
using Json = nlohmann::ordered_json;

namespace {

class PlanTest : public testing::Test {
protected:
  PlanTest() { resize(100, 264, 208); }

  void resize(int64_t m, int64_t n, int64_t k) {
    int64_t kb = (k + 127) / 128, nb = (n + 127) / 128, ldsfa = (m + 3) / 4 * 4;
    tensors = {{0x1000, DType::E4M3, {m, k}, {k, 1}},
               {0x2000, DType::F32, {m, kb}, {1, ldsfa}},
               {0x3000, DType::E4M3, {n, k}, {k, 1}},
               {0x4000, DType::F32, {nb, kb}, {kb, 1}},
               {0x5000, DType::BF16, {m, n}, {n, 1}}};
  }

  void edit(const std::string &pointer, const Json &value) {
    Result<Record> changed =
        Record::parse(withValue(record.toJson(), pointer, value).dump());
    ASSERT_TRUE(bool(changed)) << changed.message();
    record = *changed;
  }

  Plan good(int64_t sms = 132) {
    Result<Plan> result = plan(record, tensors, sms);
    EXPECT_TRUE(bool(result)) << (result ? "" : result.message());
    return result ? *result : Plan();
  }
  std::string error(int64_t sms = 132) {
    Result<Plan> result = plan(record, tensors, sms);
    return result ? "planned" : result.message();
  }

  Record record = *Record::parse(exampleRecord);
  std::vector<Tensor> tensors;
};

TEST_F(PlanTest, Numbers) {
  Plan p = good();
  EXPECT_FALSE(p.empty);
  EXPECT_EQ(p.grid, (std::array<uint32_t, 3>{3, 1, 1}));
  EXPECT_EQ(p.block[0], 384u);
  EXPECT_EQ(p.dynamicSharedMemory, 216832u);
  EXPECT_EQ(p.workspaceBytes, 400u);
  EXPECT_TRUE(p.workspaceZeroed);
  EXPECT_EQ(p.values.at("lda"), 208);
  EXPECT_EQ(p.values.at("ldsfa"), 100);
  ASSERT_EQ(p.args.size(), 6u);
  const TensorMap &a = p.args[0].map;
  EXPECT_EQ(a.address, 0x1000u);
  EXPECT_EQ(a.sizes[0], 208u);
  EXPECT_EQ(a.sizes[1], 100u);
  EXPECT_EQ(a.strides[0], 208u);
  EXPECT_EQ(a.box[1], 256u);
  EXPECT_EQ(a.swizzle, 128u);
  EXPECT_EQ(p.args[1].map.strides[0], 400u);
  EXPECT_EQ(p.args[2].bits, 0x4000u);
  EXPECT_EQ(p.args[3].bits, 100u);
  EXPECT_EQ(p.args[3].bytes, 4u);
  EXPECT_EQ(p.args[4].bits, 2u);
  EXPECT_EQ(p.args[4].bytes, 8u);
  EXPECT_EQ(p.args[5].kind, Argument::Kind::Workspace);
  EXPECT_EQ(good(2).grid[0], 2u);
}

TEST_F(PlanTest, Offset) {
  edit("/kernels/0/args/0/offset", "lda * 16");
  EXPECT_EQ(good().args[0].map.address, 0x1000u + 208 * 16);
}

TEST_F(PlanTest, FormErrors) {
  auto saved = tensors;
  tensors.pop_back();
  EXPECT_EQ(error(), "the kernel takes 5 tensors (A, SFA, B, SFB, D), the "
                     "call gives 4");
  tensors = saved;
  tensors[4].dtype = DType::F32;
  EXPECT_EQ(error(), "operand D has type f32; the kernel takes bf16");
  tensors = saved;
  tensors[0].shape = {100};
  EXPECT_EQ(error(), "operand A has rank 1 (shape [100]); the kernel takes "
                     "rank 2");
  tensors = saved;
  tensors[0].strides = {208};
  EXPECT_EQ(error(), "operand A has 1 strides for rank 2");
  tensors = saved;
  tensors[0].shape[0] = -1;
  EXPECT_EQ(error(), "operand A has shape [-1,208]; a size must not be "
                     "negative");
  tensors = saved;
  tensors[0].strides[0] = -208;
  EXPECT_EQ(error(), "operand A has strides [-208,1]; a stride must not be "
                     "negative");
  tensors = saved;
  tensors[0].strides[0] = INT64_MAX;
  EXPECT_EQ(error(), "operand A with shape [100,208] and strides "
                     "[9223372036854775807,1] exceeds an address space of "
                     "2^48 bytes");
  tensors = saved;
  EXPECT_EQ(error(0), "the SM count is 0; it must be 1 or more");
}

TEST_F(PlanTest, ShapeErrors) {
  auto saved = tensors;
  tensors[2].shape[1] = 200;
  EXPECT_EQ(error(), "operand B has shape [264,200]; dimension 1 must be K = "
                     "208");
  tensors = saved;
  tensors[1].shape[1] = 1;
  EXPECT_EQ(error(), "operand SFA has shape [100,1]; dimension 1 must be "
                     "ceildiv(K,128) = 2");
  tensors = saved;
  tensors[0].strides[1] = 2;
  EXPECT_EQ(error(), "operand A has strides [208,2]; the stride of dimension "
                     "1 must be 1 elements");
}

TEST_F(PlanTest, StrideOfOneElementIsFree) {
  resize(1, 264, 208);
  tensors[0].strides = {7, 1}; // what a framework leaves for one row
  tensors[1].strides = {2, 4};
  EXPECT_EQ(error(),
            "A's row stride must be a multiple of 16 bytes (lda % 16 == 0 "
            "with lda = 7)");
  tensors[0].strides = {208, 1};
  EXPECT_EQ(good().values.at("ldsfa"), 4);
}

TEST_F(PlanTest, PointerErrors) {
  tensors[0].address = 0;
  EXPECT_EQ(error(), "operand A is a null pointer with shape [100,208]");
  tensors[0].address = 0x1008;
  EXPECT_EQ(error(), "operand A is at 0x1008; the kernel needs an alignment "
                     "of 16 bytes");
}

TEST_F(PlanTest, Preconditions) {
  resize(100, 264, 200);
  EXPECT_EQ(error(), "A's row stride must be a multiple of 16 bytes (lda % 16 "
                     "== 0 with lda = 200)");
  tensors[0].strides = {208, 1};
  tensors[2].strides = {208, 1};
  EXPECT_EQ(good().args[0].map.sizes[0], 200u);
}

TEST_F(PlanTest, EmptyProblems) {
  resize(0, 264, 208);
  tensors[0].address = tensors[1].address = tensors[4].address = 0;
  EXPECT_EQ(good().empty, EmptyAction::Nothing);
  resize(100, 264, 0);
  tensors[4].strides = {300, 1};
  Plan p = good();
  EXPECT_EQ(p.empty, EmptyAction::Zero);
  EXPECT_EQ(p.destination.rows, 100u);
  EXPECT_EQ(p.destination.rowBytes, 528u);
  EXPECT_EQ(p.destination.pitchBytes, 600u);
  tensors[4].strides = {200, 1};
  EXPECT_EQ(error(), "operand D has strides [200,1] for shape [100,264]; its "
                     "rows overlap");
}

TEST_F(PlanTest, CopyC) {
  Json json = Json::parse(exampleRecord);
  Json c = json["operands"][4];
  c["name"] = "C";
  c["strides"][0] = "ldc";
  json["operands"].insert(json["operands"].begin() + 4, c);
  json["empty"][1]["action"] = "copy_c";
  record = *Record::parse(json.dump());
  resize(100, 264, 0);
  tensors.insert(tensors.begin() + 4,
                 {0x6000, DType::BF16, {100, 264}, {512, 1}});
  Plan p = good();
  EXPECT_EQ(p.empty, EmptyAction::CopyC);
  EXPECT_EQ(p.source.address, 0x6000u);
  EXPECT_EQ(p.source.pitchBytes, 1024u);
  EXPECT_EQ(p.destination.address, 0x5000u);
}

TEST_F(PlanTest, KernelChoice) {
  Json json = Json::parse(exampleRecord);
  json["kernels"].push_back(json["kernels"][0]);
  json["kernels"][0]["when"] = "M >= 128";
  json["kernels"][1]["name"] = "small";
  json["kernels"][1]["when"] = "M > 1";
  record = *Record::parse(json.dump());
  EXPECT_EQ(good().kernel, 1u);
  resize(128, 264, 208);
  EXPECT_EQ(good().kernel, 0u);
  resize(1, 264, 208);
  EXPECT_EQ(error(), "no kernel of this record takes this problem: K = 208, M "
                     "= 1, N = 264, lda = 208, ldb = 208, ldd = 264, ldsfa = "
                     "4, ldsfb = 2, sms = 132");
}

TEST_F(PlanTest, GridErrors) {
  edit("/kernels/0/grid/1", "M - 100");
  EXPECT_EQ(error(), "kernel gemm: grid[1] is M - 100 = 0; it must be in "
                     "1..65535");
  edit("/kernels/0/grid/1", "1");
  edit("/kernels/0/cluster/0", 2);
  EXPECT_EQ(error(),
            "kernel gemm: grid[0] is min(sms, ceildiv(M,256)*ceildiv(N,128)) "
            "= 3; the cluster needs a multiple of 2");
}

TEST_F(PlanTest, ArgumentErrors) {
  edit("/kernels/0/args/3/value", "M * 1000000000");
  EXPECT_EQ(error(), "kernel gemm, argument 3: M * 1000000000 = 100000000000 "
                     "does not fit 32 bits");
  edit("/kernels/0/args/3/value", "M / (M - 100)");
  EXPECT_EQ(error(), "kernel gemm, argument 3: expression 'M / (M - 100)': "
                     "100 / 0 divides by zero");
}

TEST_F(PlanTest, TensorMapLimits) {
  TensorMap map = good().args[0].map;
  auto check = [](TensorMap m) {
    Status status = checkTensorMap(m);
    return status ? std::string("fine") : status.message();
  };
  EXPECT_EQ(check(map), "fine");
  TensorMap m = map;
  m.address += 8;
  EXPECT_EQ(check(m), "the address is 4104; it must be a multiple of 16 bytes");
  m.address = 0;
  EXPECT_EQ(check(m), "the address is null");
  m = map;
  m.sizes[1] = 0;
  EXPECT_EQ(check(m), "size[1] is 0; it must be in 1..2^32");
  m.sizes[1] = (uint64_t(1) << 32) + 1;
  EXPECT_EQ(check(m), "size[1] is 4294967297; it must be in 1..2^32");
  m = map;
  m.strides[0] = 200;
  EXPECT_EQ(check(m), "stride[0] is 200; it must be a multiple of 16 bytes; "
                      "pad it to 208");
  m.strides[0] = uint64_t(1) << 40;
  EXPECT_EQ(check(m),
            "stride[0] is 1099511627776; it must be below 2^40 bytes");
  m = map;
  m.box[0] = 144;
  EXPECT_EQ(check(m), "the inner box is 144; it must be at most the swizzle "
                      "width, 128 bytes");
  m.box[0] = 300;
  EXPECT_EQ(check(m), "box[0] is 300; it must be in 1..256");
  m = map;
  m.rank = 6;
  EXPECT_EQ(check(m), "the rank is 6; it must be in 1..5");
  // The same words reach the caller of plan(), with the operand's name.
  tensors[1].strides[1] = 102;
  EXPECT_EQ(error(), "kernel gemm, argument 1 (tensor map of SFA): stride[0] "
                     "is 408; it must be a multiple of 16 bytes; pad it to "
                     "416");
}

} // namespace

TEST_F(PlanTest, Parts) {
  EXPECT_EQ(good().parts, 1);
  edit("/kernels/0/parts",
       {{"count", 2}, {"kblocks", "align(ceildiv(ceildiv(K, 128), 2), 4)"}});
  EXPECT_EQ(good().parts, 2);
  EXPECT_EQ(good().partKBlocks, 4);
  edit("/kernels/0/parts", {{"count", 2}, {"kblocks", "K - 208"}});
  EXPECT_EQ(error(),
            "kernel gemm, parts.kblocks: K - 208 = 0; it must be at least "
            "1");
}
