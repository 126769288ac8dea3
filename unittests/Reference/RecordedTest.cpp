// Compares the evaluator with answers recorded on an H200.
#include "../../test/Reference/h200/ProbeInputs.h"

#include "dgemm/Reference/Reference.h"
#include "dgemm/Reference/TensorCore.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <vector>

using namespace dgemm::reference;
using namespace dgemm::reference::probe;

namespace {

class ReferenceRecorded : public testing::Test {
protected:
  void SetUp() override {
    std::FILE *file = std::fopen(DGEMM_RECORDED_ANSWERS, "rb");
    if (!file)
      GTEST_SKIP() << "no recorded answers at " << DGEMM_RECORDED_ANSWERS;
    Header header;
    read(file, &header, 1);
    EXPECT_EQ(std::string(header.magic, 8), magic);
    std::printf("recorded on: %s\n", header.device);
    hashes.resize(size_t(kinds) * tilesPerKind);
    read(file, hashes.data(), hashes.size());
    answers.resize(size_t(kinds) * fullTilesPerKind * sums * elements);
    read(file, answers.data(), answers.size());
    fp32.resize(3 * triples);
    read(file, fp32.data(), fp32.size());
    bf16.resize(conversions);
    read(file, bf16.data(), bf16.size());
    EXPECT_EQ(std::fgetc(file), EOF);
    std::fclose(file);
  }

  template <typename T> void read(std::FILE *file, T *data, size_t count) {
    ASSERT_EQ(std::fread(data, sizeof(T), count, file), count);
  }

  std::vector<uint64_t> hashes;
  std::vector<float> answers, fp32;
  std::vector<uint16_t> bf16;
};

/// The scalar model's answers to one tile, in the probe's order.
std::vector<float> modelAnswers(const Tile &tile) {
  std::vector<float> result(sums * elements);
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column) {
      const uint8_t *a = tile.a[row], *b = tile.b[column];
      float c = tile.c[row][column];
      int i = row * columns + column;
      result[i] = tensorCoreStep(a, b, stepLength, c);
      result[elements + i] = tensorCoreBlock(a, b, depth);
      for (int k = 0; k < depth; k += stepLength)
        c = tensorCoreStep(a + k, b + k, stepLength, c);
      result[2 * elements + i] = c;
    }
  return result;
}

/// The fresh chains through evaluate(): scales of one change nothing.
std::vector<float> evaluatedBlocks(const Tile &tile) {
  std::vector<float> ones(rows, 1.0f), d(elements);
  Problem p;
  p.m = rows, p.n = columns, p.k = depth;
  p.a = tile.a[0], p.aStride = depth;
  p.b = tile.b[0], p.bStride = depth;
  p.sfa = p.sfb = ones.data();
  p.sfaRowStride = p.sfbRowStride = 1;
  p.sfbRows = 1;
  p.type = OutputType::F32;
  p.d = d.data(), p.dStride = columns;
  p.threads = 1;
  EXPECT_EQ(evaluate(p), "");
  return d;
}

} // namespace

TEST_F(ReferenceRecorded, TensorCoreInFull) {
  const float *recorded = answers.data();
  for (int kind = 0; kind < kinds; ++kind)
    for (int index = 0; index < fullTilesPerKind; ++index) {
      Tile tile;
      generateTile(Kind(kind), index, tile);
      std::vector<float> model = modelAnswers(tile);
      for (int i = 0; i < sums * elements; ++i, ++recorded)
        ASSERT_EQ(bitsOf(model[i]), bitsOf(*recorded))
            << "kind " << kind << ", tile " << index << ", sum " << i / elements
            << ", element " << i % elements << ": " << model[i]
            << " instead of " << *recorded;
    }
}

TEST_F(ReferenceRecorded, TensorCoreByHash) {
  int wrong[kinds] = {};
  for (int kind = 0; kind < kinds; ++kind) {
    for (int index = 0; index < tilesPerKind; ++index) {
      Tile tile;
      generateTile(Kind(kind), index, tile);
      std::vector<float> model = modelAnswers(tile);
      wrong[kind] += hashAnswers(model.data(), sums * elements) !=
                     hashes[size_t(kind) * tilesPerKind + index];
    }
    EXPECT_EQ(wrong[kind], 0) << "of " << tilesPerKind << ", kind " << kind;
  }
}

TEST_F(ReferenceRecorded, EvaluatedBlocks) {
  for (int kind = 0; kind < kinds; ++kind)
    for (int index = 0; index < fullTilesPerKind; ++index) {
      Tile tile;
      generateTile(Kind(kind), index, tile);
      std::vector<float> blocks = evaluatedBlocks(tile);
      const float *recorded =
          &answers[((kind * fullTilesPerKind + index) * sums + 1) * elements];
      for (int i = 0; i < elements; ++i)
        ASSERT_EQ(bitsOf(blocks[i]), bitsOf(recorded[i]))
            << "kind " << kind << ", tile " << index << ", element " << i;
    }
}

TEST_F(ReferenceRecorded, FP32Instructions) {
  for (int i = 0; i < triples; ++i) {
    uint32_t xBits = special[i / (specials * specials)];
    uint32_t yBits = special[i / specials % specials];
    uint32_t zBits = special[i % specials];
    float x = floatOf(xBits), y = floatOf(yBits), z = floatOf(zBits);
    EXPECT_EQ(bitsOf(canonical(std::fma(x, y, z))), bitsOf(fp32[i]))
        << std::hex << "fma " << xBits << ", " << yBits << ", " << zBits;
    EXPECT_EQ(bitsOf(canonical(x * y)), bitsOf(fp32[triples + i]))
        << std::hex << "mul " << xBits << ", " << yBits;
    EXPECT_EQ(bitsOf(canonical(x + y)), bitsOf(fp32[2 * triples + i]))
        << std::hex << "add " << xBits << ", " << yBits;
  }
}

TEST_F(ReferenceRecorded, ConversionToBF16) {
  for (int i = 0; i < conversions; ++i)
    EXPECT_EQ(encodeBF16(conversionInput(i)), bf16[i])
        << std::hex << bitsOf(conversionInput(i));
}
