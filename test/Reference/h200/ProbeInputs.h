// What the tensor core probe asks: shared by the probe, which records a GPU's
// answers, and by the unit test, which compares the evaluator with them.
#ifndef DGEMM_TEST_REFERENCE_H200_PROBEINPUTS_H
#define DGEMM_TEST_REFERENCE_H200_PROBEINPUTS_H

#include "dgemm/Reference/Formats.h"
#include "dgemm/Reference/Generate.h"

#include <cmath>
#include <cstdint>

namespace dgemm::reference::probe {

constexpr int rows = 64, columns = 8, depth = 128;
constexpr int elements = rows * columns;
/// Sums asked of each tile, in this order: one k32 step on C; four steps on a
/// fresh accumulator; four steps on C.
constexpr int sums = 3;

enum Kind {
  Gaussian,   ///< each row scaled to an amax of 448, as in the product
  Finite,     ///< every bit pattern but NaN
  WithNaN,    ///< every bit pattern, NaN in one row of 16
  Subnormal,  ///< subnormals and zeros
  Sparse,     ///< nine of ten are zero, outliers among the rest
  Cancelling, ///< neighbouring products cancel
  Tiny,       ///< small exponents under a few large ones
  Zeros,      ///< zeros of both signs, a rare one that is not
  kinds
};

/// Tiles of each kind. All are recorded by a hash, the first few in full.
constexpr int tilesPerKind = 256, fullTilesPerKind = 2;

struct Tile {
  uint8_t a[rows][depth];
  uint8_t b[columns][depth];
  float c[rows][columns];
};

inline uint8_t generateCode(Kind kind, uint64_t seed, uint64_t index,
                            bool mayBeNaN) {
  uint64_t r = randomBits(seed, index);
  uint8_t code = uint8_t(r), sign = code & 0x80;
  uint64_t dice = r >> 8;
  if (isNaNE4M3(code) && !mayBeNaN)
    code = sign | 0x7e;
  switch (kind) {
  case Subnormal:
    return code & 0x87;
  case Sparse:
    return dice % 10 ? sign : dice % 70 ? code : sign | 0x7e;
  case Tiny:
    return dice % 40 ? code & 0x9f : code;
  case Zeros:
    return dice % 200 ? sign : code;
  default:
    return code;
  }
}

/// C by turns near the sums, far above, far below, zero, denormal, anything.
inline float generateC(int turn, uint64_t seed, uint64_t index) {
  uint64_t r = randomBits(seed, index);
  float normal = randomNormal(seed + 1, index);
  switch (turn % 6) {
  case 0:
    return std::ldexp(normal, int(r % 24) - 4);
  case 1:
    return std::ldexp(normal, int(r % 40) + 20);
  case 2:
    return std::ldexp(normal, -int(r % 50));
  case 3:
    return r % 2 ? 0.0f : -0.0f;
  case 4:
    return floatOf(uint32_t(r) & 0x80ffffff);
  default:
    return floatOf(uint32_t(r));
  }
}

inline void generateRow(Kind kind, uint64_t seed, uint64_t row, bool isB,
                        uint8_t *codes) {
  float amax = 0.0f, values[depth];
  for (int k = 0; k < depth; ++k) {
    uint64_t index = row * depth + k;
    values[k] = randomNormal(seed, index);
    amax = std::fmax(amax, std::fabs(values[k]));
    codes[k] = generateCode(kind, seed, index,
                            kind == WithNaN && row % 16 == 3 && k % 32 == 9);
  }
  for (int k = 0; k < depth; ++k) {
    if (kind == Gaussian)
      codes[k] = encodeE4M3(values[k] / (amax / maxE4M3));
    if (kind == Cancelling && k % 2)
      codes[k] = isB ? codes[k - 1] : codes[k - 1] ^ 0x80;
    // One pair in 16 is left to differ by a last bit.
    if (kind == Cancelling && !isB && k % 32 == 31 && codes[k] & 0x7f)
      codes[k] -= 1;
  }
}

inline void generateTile(Kind kind, int index, Tile &tile) {
  uint64_t seed = (uint64_t(kind) << 32) + uint64_t(index) * 8;
  for (int row = 0; row < rows; ++row)
    generateRow(kind, seed, row, false, tile.a[row]);
  for (int column = 0; column < columns; ++column)
    generateRow(kind, seed + 1, column, true, tile.b[column]);
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column)
      tile.c[row][column] =
          generateC(index, seed + 2, uint64_t(row * columns + column));
}

/// FNV-1a over the bits of one tile's answers.
inline uint64_t hashAnswers(const float *answers, int count) {
  uint64_t hash = 0xcbf29ce484222325;
  for (int i = 0; i < count; ++i) {
    uint32_t bits = bitsOf(answers[i]);
    for (int byte = 0; byte < 4; ++byte)
      hash = (hash ^ ((bits >> (8 * byte)) & 0xff)) * 0x100000001b3;
  }
  return hash;
}

//===- FP32 instructions --------------------------------------------------===//

/// fma(x, y, z), mul(x, y) and add(x, y) of all triples of these bits.
constexpr uint32_t special[] = {
    0x00000000, 0x80000000, // zeros
    0x00000001, 0x807fffff, // denormals
    0x3f800000, 0xbfc00001, // near one
    0x7f7fffff, 0x1f000000, // the largest; one whose square is denormal
    0x7f800000, 0xff800000, // infinities
    0x7fc00000, 0xff812345, // a quiet and a signalling NaN
};
constexpr int specials = sizeof special / sizeof special[0];
constexpr int triples = specials * specials * specials;

/// Inputs of the conversion to bf16: special values first, then any bits.
constexpr int conversions = 4096;
inline float conversionInput(int index) {
  return floatOf(index < specials ? special[index]
                                  : uint32_t(randomBits(99, index)));
}

//===- The file -----------------------------------------------------------===//

/// The recorded file: this header, then
///   uint64_t hashes[kinds][tilesPerKind]
///   float answers[kinds][fullTilesPerKind][sums][rows][columns]
///   float fma[triples], mul[triples], add[triples]
///   uint16_t bf16[conversions]
/// all little endian.
struct Header {
  char magic[8]; ///< "DGPROBE1"
  char device[56];
};
constexpr char magic[9] = "DGPROBE1";

} // namespace dgemm::reference::probe

#endif // DGEMM_TEST_REFERENCE_H200_PROBEINPUTS_H
