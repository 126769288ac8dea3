// Random and adversarial tiles for the probe of the tensor core's arithmetic.
#include "ProbeTiles.h"

#include <cstring>

using namespace dgemm::sim;
using namespace dgemm::sim::test;

const std::vector<ProbeType> dgemm::sim::test::probeTypes = {
    {"probe_e4m3_e4m3", MmaType::E4M3, MmaType::E4M3, 0x2e8b870e382881e4,
     0x8eb95aec7c86060f},
    {"probe_e5m2_e5m2", MmaType::E5M2, MmaType::E5M2, 0x51d174c64f898dd4,
     0x1f6ab396d38fb486},
    {"probe_e4m3_e5m2", MmaType::E4M3, MmaType::E5M2, 0x119bbed7a7df2d86,
     0xd4effa1c0b47533d},
    {"probe_e5m2_e4m3", MmaType::E5M2, MmaType::E4M3, 0xd1471671a23d4aa4,
     0x552efd1e5f5b4585},
    {"probe_bf16_bf16", MmaType::BF16, MmaType::BF16, 0xaa61d185f7916e78,
     0x5fb32264c4abf664},
    {"probe_f16_f16", MmaType::F16, MmaType::F16, 0x424dc5f4f50ead65,
     0x41771da42650f039},
    {"probe_f16_of_e4m3", MmaType::E4M3, MmaType::E4M3, 0xf8cbdbc71eaa4586,
     0x61f6b0763f188e08, true},
    {"probe_f16_of_e5m2", MmaType::E5M2, MmaType::E5M2, 0x19660bcafe973c8e,
     0xeba3bdf0fb8665ec, true},
    {"probe_f16_of_mixed", MmaType::E4M3, MmaType::E5M2, 0xd0e9c9f390e54fcd,
     0xde3a90cba7e1b4bd, true},
    {"probe_f16_of_f16", MmaType::F16, MmaType::F16, 0x36e4b1b950cdd629,
     0xcf161bcfe4a0483a, true}};
const char *const dgemm::sim::test::probeKindNames[kProbeKinds] = {
    "gauss",   "bits",    "tiny",  "outliers", "cancel",
    "large-c", "small-c", "zeros", "edge",     "special"};

const Format &dgemm::sim::test::formatOf(MmaType type) {
  return type == MmaType::E4M3   ? kE4M3
         : type == MmaType::E5M2 ? kE5M2
         : type == MmaType::F16  ? kHalf
                                 : kBFloat16;
}

namespace {
/// A random element of `type` for a tile of `kind`.
uint32_t element(MmaType type, int kind, std::mt19937_64 &rng) {
  const Format &f = formatOf(type);
  unsigned bits = f.exponent + f.mantissa + 1;
  uint32_t top = (1u << f.exponent) - 1, mantissaMask = (1u << f.mantissa) - 1;
  uint32_t word = (uint32_t)rng() & ((1u << bits) - 1);
  auto withExponent = [&](uint32_t e) {
    return (word & ~(top << f.mantissa)) | e << f.mantissa;
  };
  std::normal_distribution<double> normal;
  uint32_t middle = (uint32_t)f.bias();
  switch (kind) {
  case 0:
  case 4:
  case 5:
  case 6: {
    double scale = type == MmaType::E4M3 ? 100 : 1;
    return narrow(normal(rng) * scale, f, Rounding::Nearest, true);
  }
  case 2:
    return withExponent((uint32_t)(rng() % 3));
  case 3: // mostly small, an outlier now and then
    return withExponent(
        rng() % 16 ? middle - 3 + rng() % 3
                   : std::min(middle + 5 + (uint32_t)(rng() % 3), top - 1));
  case 7:
    return rng() % 3 ? 0 : withExponent(middle - 2 + rng() % 5);
  case 8: // exponents that spread over the width of the alignment
    return withExponent(
        std::min(std::max(middle + (uint32_t)(rng() % 14) - 7, 1u), top - 1));
  case 9:
    return word;
  default:
    break;
  }
  uint32_t exponent = word >> f.mantissa & top;
  if (f.infinity ? exponent == top
                 : exponent == top && (word & mantissaMask) == mantissaMask)
    word ^= 1u << f.mantissa;
  return word;
}

void makeTile(const ProbeType &type, int kind, std::mt19937_64 &rng, uint8_t *a,
              uint8_t *b, float *c) {
  auto fill = [&](MmaType t, uint8_t *to) {
    unsigned size = bytesOf(t);
    for (unsigned i = 0; i < 2048 / size; ++i) {
      uint32_t word = element(t, kind, rng);
      memcpy(to + i * size, &word, size);
    }
  };
  fill(type.a, a);
  fill(type.b, b);
  unsigned size = bytesOf(type.a), sizeB = bytesOf(type.b);
  if (kind == 4) // neighbours cancel, but for their last bits
    for (unsigned r = 0; r < 64; ++r)
      for (unsigned i = 0; i + 1 < 32 / size; i += 2) {
        memcpy(a + r * 32 + (i + 1) * size, a + r * 32 + i * size, size);
        a[r * 32 + (i + 2) * size - 1] ^= 0x80;
        memcpy(b + r * 32 + (i + 1) * sizeB, b + r * 32 + i * sizeB, sizeB);
        b[r * 32 + (i + 1) * sizeB] ^= (uint8_t)(rng() % 8 == 0);
      }
  std::normal_distribution<double> normal;
  for (int i = 0; i < 4096; ++i) {
    uint32_t word = (uint32_t)rng();
    int exponent = kind == 5   ? 135 + (int)(rng() % 20)
                   : kind == 6 ? 90 + (int)(rng() % 30)
                               : 110 + (int)(rng() % 35);
    if (kind == 9 && rng() % 64 == 0)
      exponent = 255;
    if (kind == 2)
      exponent = (int)(rng() % 130);
    word = (word & 0x807fffffu) | (uint32_t)exponent << 23;
    if (rng() % 8 == 0 || (kind == 7 && rng() % 2))
      word = 0;
    memcpy(c + i, &word, 4);
  }
}
} // namespace

ProbeBatch::ProbeBatch(const ProbeType &type, int batch)
    : a(kProbeTiles * 2048), b(kProbeTiles * 2048), c(kProbeTiles * 4096) {
  std::mt19937_64 rng(1000 + batch);
  for (int t = 0; t < kProbeTiles; ++t)
    makeTile(type, kind(t, batch), rng, &a[t * 2048], &b[t * 2048],
             &c[t * 4096]);
}

std::vector<uint32_t> ProbeBatch::answer(const ProbeType &type,
                                         int tile) const {
  std::vector<float> d(&c[tile * 4096], &c[tile * 4096] + 4096);
  if (type.half)
    for (float &x : d)
      x = widen(narrow(x, kHalf, Rounding::Nearest), kHalf);
  multiplyStep(type.a, type.b, &a[tile * 2048], &b[tile * 2048], d.data(), 64,
               64, true, false, false, type.half);
  std::vector<uint32_t> bits;
  for (float x : d)
    bits.push_back(type.half ? narrow(x, kHalf, Rounding::Nearest) : asBits(x));
  return bits;
}
