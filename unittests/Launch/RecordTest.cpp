// Launch records: the round trip, and a message for every kind of corruption.
#include "dgemm/Launch/Record.h"

#include "ExampleRecord.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <random>

using namespace dgemm::launch;
using Json = nlohmann::ordered_json;

namespace {

std::string parseError(const std::string &text) {
  Result<Record> record = Record::parse(text);
  return record ? "parsed" : record.message();
}

/// The message after setting the value at a JSON pointer.
std::string errorWith(const std::string &pointer, const Json &value) {
  return parseError(withValue(exampleRecord, pointer, value).dump());
}

std::string errorWithout(const std::string &parent, const std::string &key) {
  Json json = Json::parse(exampleRecord);
  json.at(Json::json_pointer(parent)).erase(key);
  return parseError(json.dump());
}

TEST(Record, RoundTrip) {
  Result<Record> record = Record::parse(exampleRecord);
  ASSERT_TRUE(bool(record)) << record.message();
  std::string text = record->toJson();
  Result<Record> again = Record::parse(text);
  ASSERT_TRUE(bool(again)) << again.message();
  EXPECT_EQ(again->toJson(), text);
  EXPECT_EQ(Json::parse(text), Json::parse(exampleRecord));
  EXPECT_EQ(record->operandIndex("SFB"), 3);
  EXPECT_EQ(record->findOperand("X"), nullptr);
  EXPECT_EQ(record->kernels[0].args[0].map.box[1], 256);
}

TEST(Record, OffsetIsOptional) {
  Json json = Json::parse(exampleRecord);
  json["kernels"][0]["args"][0]["offset"] = "lda * 16";
  Result<Record> record = Record::parse(json.dump());
  ASSERT_TRUE(bool(record)) << record.message();
  EXPECT_EQ(record->kernels[0].args[0].map.offset->text(), "lda * 16");
  EXPECT_EQ(Json::parse(record->toJson()), json);
}

TEST(Record, AKernelMayHaveItsOwnSchedule) {
  Json json = Json::parse(exampleRecord);
  json["kernels"][0]["schedule"] = "#dgemm.schedule<tile = [64, 8]>";
  Result<Record> record = Record::parse(json.dump());
  ASSERT_TRUE(bool(record)) << record.message();
  EXPECT_EQ(record->kernels[0].schedule, "#dgemm.schedule<tile = [64, 8]>");
  // Unordered: the document has it behind `when`.
  EXPECT_EQ(nlohmann::json::parse(record->toJson()), nlohmann::json(json));
  EXPECT_EQ(errorWith("/kernels/0/schedule", ""),
            "launch record: kernels[0].schedule: \"\" must not be empty");
}

TEST(Record, AKernelMayCutItsSums) {
  Json json = Json::parse(exampleRecord);
  json["kernels"][0]["parts"] = {{"count", 3}, {"kblocks", "ceildiv(K, 384)"}};
  Result<Record> record = Record::parse(json.dump());
  ASSERT_TRUE(bool(record)) << record.message();
  ASSERT_TRUE(record->kernels[0].parts.has_value());
  EXPECT_EQ(record->kernels[0].parts->count, 3);
  EXPECT_EQ(nlohmann::json::parse(record->toJson()), nlohmann::json(json));
  json["kernels"][0]["parts"]["count"] = 0;
  EXPECT_EQ(Record::parse(json.dump()).message(),
            "launch record: kernels[0].parts.count: 0 is no number of parts; "
            "it must be in 1..16");
  json["kernels"][0]["parts"] = {{"count", 3}, {"kblocks", "ceildiv(J, 384)"}};
  EXPECT_NE(Record::parse(json.dump()).message().find("kernels[0].parts"),
            std::string::npos);
}

TEST(Record, NotJson) {
  EXPECT_NE(parseError("{").find("launch record: not a JSON document"),
            std::string::npos);
  EXPECT_EQ(parseError("[]"), "launch record: $: [] must be an object");
  EXPECT_EQ(parseError(R"({"a": 1, "a": 2})"),
            "launch record: the key \"a\" appears twice in one object");
}

TEST(Record, Version) {
  EXPECT_EQ(errorWith("/dgemm_launch_record", 2),
            "launch record: dgemm_launch_record: 2 is no version that this "
            "library knows; it reads 1");
  EXPECT_EQ(errorWith("/dgemm_launch_record", "1"),
            "launch record: dgemm_launch_record: \"1\" must be an integer of "
            "64 bits");
  EXPECT_EQ(errorWithout("", "dgemm_launch_record"),
            "launch record: $: the key \"dgemm_launch_record\" is missing");
}

TEST(Record, KeysAndTypes) {
  EXPECT_EQ(errorWith("/surprise", 1),
            "launch record: $: unknown key \"surprise\"");
  EXPECT_EQ(errorWith("/kernels/0/args/0/boxes", 1),
            "launch record: kernels[0].args[0]: unknown key \"boxes\"");
  EXPECT_EQ(errorWithout("/kernels/0", "grid"),
            "launch record: kernels[0]: the key \"grid\" is missing");
  EXPECT_EQ(errorWithout("/kernels/0/args/2", "kind"),
            "launch record: kernels[0].args[2]: the key \"kind\" is missing");
  EXPECT_EQ(errorWith("/kernels/0/args/2/kind", "texture"),
            "launch record: kernels[0].args[2].kind: \"texture\" must be one "
            "of \"tensor_map\" \"pointer\" \"value\" \"workspace\"");
  EXPECT_EQ(errorWith("/kernels/0/args/2", 7),
            "launch record: kernels[0].args[2]: 7 must be an object");
  EXPECT_EQ(errorWith("/kernels", "gemm"),
            "launch record: kernels: \"gemm\" must be an array");
  EXPECT_EQ(errorWith("/kernels/0/pdl", 0),
            "launch record: kernels[0].pdl: 0 must be true or false");
  EXPECT_EQ(errorWith("/kernels/0/block", Json::array({384})),
            "launch record: kernels[0].block: [384] must have 3 entries");
  EXPECT_EQ(errorWith("/kernels/0/block/0", 384.5),
            "launch record: kernels[0].block[0]: 384.5 must be an integer of "
            "64 bits");
  EXPECT_EQ(errorWith("/kernels/0/block/0", uint64_t(1) << 63),
            "launch record: kernels[0].block[0]: 9223372036854775808 must be "
            "an integer of 64 bits");
  EXPECT_EQ(errorWith("/kernels/0/grid/1", 1),
            "launch record: kernels[0].grid[1]: 1 must be a string");
  EXPECT_EQ(errorWith("/operands/0/dtype", "fp8"),
            "launch record: operands[0].dtype: \"fp8\" must be one of "
            "\"e4m3\" \"e5m2\" \"bf16\" \"f16\" \"f32\" \"i32\" \"u8\"");
  EXPECT_EQ(errorWith("/operands/0/access", "rw"),
            "launch record: operands[0].access: \"rw\" must be one of "
            "\"read\" \"write\" \"readwrite\"");
  EXPECT_EQ(errorWith("/empty/1/action", "trap"),
            "launch record: empty[1].action: \"trap\" must be one of "
            "\"nothing\" \"zero\" \"copy_c\"");
  EXPECT_EQ(errorWith("/resources/0/spill_bytes", -1),
            "launch record: resources[0].spill_bytes: -1 must not be "
            "negative");
}

TEST(Record, Expressions) {
  EXPECT_EQ(errorWith("/kernels/0/grid/0", "min(sms"),
            "launch record: kernels[0].grid[0]: expression 'min(sms': "
            "expected ')' or ',' at character 8");
  EXPECT_EQ(errorWith("/kernels/0/when", "M < experts"),
            "launch record: kernels[0].when: \"M < experts\" uses 'experts', "
            "which no operand's shape or strides bind (sms is the only other "
            "name)");
  EXPECT_EQ(errorWith("/operands/0/strides/0", "sms"),
            "launch record: operands[0]: 'sms' is the runtime's name and no "
            "shape or stride");
}

TEST(Record, Operands) {
  EXPECT_EQ(errorWith("/operands/1/name", "A"),
            "launch record: operands[1].name: \"A\" names an operand twice");
  EXPECT_EQ(errorWith("/operands/1/name", "a b"),
            "launch record: operands[1].name: \"a b\" is no identifier");
  EXPECT_EQ(errorWith("/operands/0/strides", Json::array({"1"})),
            "launch record: operands[0].strides: 1 strides must match the "
            "rank of the shape, 2");
  EXPECT_EQ(errorWith("/operands/0/align", 12),
            "launch record: operands[0].align: 12 must be a power of two in "
            "1..4096");
  EXPECT_EQ(errorWith("/operands", Json::array()),
            "launch record: operands: [] must not be empty");
}

TEST(Record, LaunchShape) {
  EXPECT_EQ(errorWith("/target", "sm_100a"),
            "launch record: target: \"sm_100a\" must be \"sm_90a\"");
  EXPECT_EQ(errorWith("/kernels", Json::array()),
            "launch record: kernels: [] must not be empty");
  EXPECT_EQ(errorWith("/kernels/0/block/0", 0),
            "launch record: kernels[0].block[0]: 0 is no block dimension; it "
            "must be in 1..1024");
  EXPECT_EQ(errorWith("/kernels/0/block/1", 4),
            "launch record: kernels[0].block: a product of 1536 must be at "
            "most 1024");
  EXPECT_EQ(errorWith("/kernels/0/cluster/0", 32),
            "launch record: kernels[0].cluster[0]: 32 is no cluster "
            "dimension; it must be in 1..16");
  EXPECT_EQ(errorWith("/kernels/0/dynamic_shared_memory", 232449),
            "launch record: kernels[0].dynamic_shared_memory: 232449 is no "
            "shared memory size; it must be in 0..232448");
  EXPECT_EQ(errorWith("/kernels/0/preconditions/0/message", ""),
            "launch record: kernels[0].preconditions[0].message: \"\" must "
            "not be empty");
  EXPECT_EQ(errorWith("/workspace/bytes", "0"),
            "launch record: kernels[0].args[5]: a workspace argument needs "
            "workspace.bytes above \"0\"");
  EXPECT_EQ(errorWith("/kernels/0/args/2/operand", "SFC"),
            "launch record: kernels[0].args[2].operand: \"SFC\" is no operand "
            "of this record");
  EXPECT_EQ(errorWith("/empty/1/action", "copy_c"),
            "launch record: empty[1].action: \"copy_c\" needs a 2-D operand C "
            "of D's type");
}

TEST(Record, TensorMaps) {
  std::string map = "/kernels/0/args/0";
  std::string at = "launch record: kernels[0].args[0]";
  EXPECT_EQ(errorWith(map + "/box/1", 257),
            at + ".box[1]: 257 is no box dimension; it must be in 1..256");
  EXPECT_EQ(errorWith(map + "/box/0", 256),
            at + ".box[0]: 256 elements (256 bytes) must not exceed the "
                 "swizzle width of 128 bytes");
  EXPECT_EQ(errorWith(map + "/box/0", 24),
            at + ".box[0]: 24 elements (24 bytes) must be a multiple of 16 "
                 "bytes");
  EXPECT_EQ(errorWith(map + "/box", Json::array({128})),
            at + ".box: 1 entries must be 2, as the rank (sizes) says");
  EXPECT_EQ(errorWith(map + "/strides", Json::array()),
            at + ".strides: 0 entries must be 1, as the rank (sizes) says");
  EXPECT_EQ(errorWith(map + "/sizes", Json::array()),
            at + ".sizes: a rank of 0 must be in 1..5");
  EXPECT_EQ(errorWith(map + "/swizzle", 96),
            at + ".swizzle: 96 must be one of 0 32 64 128");
  EXPECT_EQ(errorWith(map + "/interleave", 8),
            at + ".interleave: 8 must be one of 0 16 32");
  EXPECT_EQ(errorWith(map + "/interleave", 16),
            at + ".sizes: a rank of 2 must be 3 or more when interleave is "
                 "set");
  EXPECT_EQ(errorWith(map + "/l2_promotion", 512),
            at + ".l2_promotion: 512 must be one of 0 64 128 256");
  EXPECT_EQ(errorWith(map + "/element_strides/0", 9),
            at + ".element_strides[0]: 9 is no element stride; it must be in "
                 "1..8");
  EXPECT_EQ(errorWith(map + "/fill", "one"),
            at + ".fill: \"one\" must be one of \"zero\" \"nan\"");
}

TEST(Record, DeepNestingIsNoCrash) {
  std::string deep(200000, '[');
  EXPECT_FALSE(bool(Record::parse(deep)));
  EXPECT_EQ(parseError(deep + std::string(200000, ']')),
            "launch record: nested too deeply");
  std::string objects;
  for (int i = 0; i < 1000; ++i)
    objects += R"({"a":)";
  EXPECT_EQ(parseError(objects + "1" + std::string(1000, '}')),
            "launch record: nested too deeply");
}

// The page that describes the document shows this very one.
TEST(Record, DocumentedExample) {
  std::ifstream file(DGEMM_SOURCE_DIR "/docs/launch-record.md");
  std::string page{std::istreambuf_iterator<char>(file), {}};
  size_t begin = page.find("```json\n");
  ASSERT_NE(begin, std::string::npos);
  begin += 8;
  std::string example = page.substr(begin, page.find("```", begin) - begin);
  EXPECT_EQ(Json::parse(example), Json::parse(exampleRecord));
}

// Truncations and single-byte damage must give an error or a record that
// validates; never a crash.
TEST(Record, DamagedTexts) {
  std::string text = exampleRecord;
  for (size_t n = 0; n < text.size(); n += 7)
    EXPECT_FALSE(bool(Record::parse(text.substr(0, n)))) << n;
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = text;
    damaged[random() % damaged.size()] = char(random());
    if (Result<Record> record = Record::parse(damaged))
      EXPECT_TRUE(bool(record->validate()));
  }
}

} // namespace
