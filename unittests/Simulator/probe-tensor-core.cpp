// Compares wgmma on a backend (the `gpu` one, to settle the arithmetic) with
// the simulator's model, over random and adversarial tiles; for f16 and bf16
// also with neighbouring models.
#include "../../lib/Simulator/NumberFormats.h"
#include "../../lib/Simulator/TensorCore.h"
#include "Features.h"
#include "dgemm/Runtime/dgemm.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

using namespace dgemm::sim;
using namespace dgemm::sim::test;

namespace {
constexpr int kTiles = 128, kKinds = 10;

struct Type {
  const char *name;
  MmaType a, b;
};
const Type kTypes[] = {{"probe_e4m3_e4m3", MmaType::E4M3, MmaType::E4M3},
                       {"probe_e5m2_e5m2", MmaType::E5M2, MmaType::E5M2},
                       {"probe_e4m3_e5m2", MmaType::E4M3, MmaType::E5M2},
                       {"probe_e5m2_e4m3", MmaType::E5M2, MmaType::E4M3},
                       {"probe_bf16_bf16", MmaType::BF16, MmaType::BF16},
                       {"probe_f16_f16", MmaType::F16, MmaType::F16}};
const char *const kKindNames[kKinds] = {
    "gauss",   "bits",    "tiny",  "outliers", "cancel",
    "large-c", "small-c", "zeros", "edge",     "special"};

const Format &formatOf(MmaType type) {
  return type == MmaType::E4M3   ? kE4M3
         : type == MmaType::E5M2 ? kE5M2
         : type == MmaType::F16  ? kHalf
                                 : kBFloat16;
}

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

void makeTile(const Type &type, int kind, std::mt19937_64 &rng, uint8_t *a,
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

/// f16 and bf16 by another model: `fraction` bits below the largest exponent,
/// products in groups of `group`, the result cut or rounded to nearest.
float otherModel(MmaType type, const uint8_t *a, const uint8_t *b, float c,
                 int fraction, unsigned group, bool nearest) {
  const Format &f = formatOf(type);
  double sum = c;
  for (unsigned first = 0; first < 16; first += group) {
    double terms[17];
    int exponents[17], top = -100000;
    for (unsigned k = 0; k < group; ++k) {
      uint16_t x, y;
      memcpy(&x, a + 2 * (first + k), 2);
      memcpy(&y, b + 2 * (first + k), 2);
      auto exponentOf = [&](uint16_t v) {
        int e = v >> f.mantissa & ((1 << f.exponent) - 1);
        return (e ? e : 1) - f.bias();
      };
      terms[k] = (double)widen(x, f) * widen(y, f);
      exponents[k] = exponentOf(x) + exponentOf(y);
    }
    terms[group] = sum;
    exponents[group] = sum == 0 ? 0 : std::max(std::ilogb(sum), -126);
    for (unsigned k = 0; k <= group; ++k)
      if (terms[k] != 0)
        top = std::max(top, exponents[k]);
    if (top == -100000)
      return 0;
    double total = 0;
    for (unsigned k = 0; k <= group; ++k)
      total += std::trunc(std::ldexp(terms[k], fraction - top));
    total = std::ldexp(total, top - fraction);
    float result = (float)total;
    if (!nearest && std::fabs((double)result) > std::fabs(total))
      result = std::nextafter(result, 0.0f);
    sum = result;
  }
  return (float)sum == 0 ? 0.0f : (float)sum;
}

std::string record(const char *name) {
  std::string text =
      R"({"dgemm_launch_record":1,"compiler":"nvcc","target":"sm_90a","schedule":"",
"operands":[
{"name":"a","dtype":"u8","shape":["T","2048"],"strides":["2048","1"],"access":"read","align":16},
{"name":"b","dtype":"u8","shape":["T","2048"],"strides":["2048","1"],"access":"read","align":16},
{"name":"c","dtype":"f32","shape":["T","4096"],"strides":["4096","1"],"access":"read","align":16},
{"name":"d","dtype":"f32","shape":["T","4096"],"strides":["4096","1"],"access":"write","align":16}],
"kernels":[{"name":"NAME","when":"1","block":[128,1,1],"cluster":[1,1,1],"grid":["T","1","1"],
"dynamic_shared_memory":0,"pdl":false,"args":[{"kind":"pointer","operand":"a"},{"kind":"pointer","operand":"b"},
{"kind":"pointer","operand":"c"},{"kind":"pointer","operand":"d"}],"preconditions":[]}],
"empty":[],"workspace":{"bytes":"0","zeroed":false},"resources":[]})";
  text.replace(text.find("NAME"), 4, name);
  return text;
}

void check(dgemm_status status) {
  if (status == DGEMM_OK)
    return;
  std::fprintf(stderr, "%s\n", dgemm_last_error());
  std::exit(1);
}
} // namespace

int main(int argc, char **argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s BACKEND CODE BATCHES\n", argv[0]);
    return 2;
  }
  std::string code = readText(argv[2]);
  int batches = std::atoi(argv[3]);
  dgemm_device *device = nullptr;
  check(dgemm_device_open(argv[1], 0, &device));
  std::vector<uint8_t> a(kTiles * 2048), b(kTiles * 2048);
  std::vector<float> c(kTiles * 4096), got(c.size()), want(4096);
  void *da, *db, *dc, *dd;
  check(dgemm_malloc(device, a.size(), &da));
  check(dgemm_malloc(device, b.size(), &db));
  check(dgemm_malloc(device, c.size() * 4, &dc));
  check(dgemm_malloc(device, c.size() * 4, &dd));
  long total = 0;
  for (const Type &type : kTypes) {
    std::string text = record(type.name);
    dgemm_kernel *kernel = nullptr;
    check(dgemm_kernel_load(device, code.data(), code.size(), text.data(),
                            text.size(), &kernel));
    long wrong[kKinds] = {}, count[kKinds] = {}, shown = 0;
    long others[6][3][2] = {}, othersCount = 0;
    uint64_t hash = 0xcbf29ce484222325ull;
    for (int batch = 0; batch < batches; ++batch) {
      std::mt19937_64 rng(1000 + batch);
      for (int t = 0; t < kTiles; ++t)
        makeTile(type, (t + batch) % kKinds, rng, &a[t * 2048], &b[t * 2048],
                 &c[t * 4096]);
      check(dgemm_memcpy(device, da, a.data(), a.size(), nullptr));
      check(dgemm_memcpy(device, db, b.data(), b.size(), nullptr));
      check(dgemm_memcpy(device, dc, c.data(), c.size() * 4, nullptr));
      int64_t s8[] = {kTiles, 2048}, t8[] = {2048, 1}, s32[] = {kTiles, 4096},
              t32[] = {4096, 1};
      dgemm_tensor tensors[] = {{da, DGEMM_U8, 2, s8, t8},
                                {db, DGEMM_U8, 2, s8, t8},
                                {dc, DGEMM_F32, 2, s32, t32},
                                {dd, DGEMM_F32, 2, s32, t32}};
      check(dgemm_kernel_launch(kernel, tensors, 4, nullptr, nullptr));
      check(dgemm_memcpy(device, got.data(), dd, got.size() * 4, nullptr));
      check(dgemm_stream_synchronize(device, nullptr));
      for (int t = 0; t < kTiles; ++t) {
        int kind = (t + batch) % kKinds;
        std::copy(&c[t * 4096], &c[t * 4096] + 4096, want.begin());
        multiplyStep(type.a, type.b, &a[t * 2048], &b[t * 2048], want.data(),
                     64, 64, true);
        for (int i = 0; i < 4096; ++i) {
          uint32_t x = asBits(got[t * 4096 + i]), y = asBits(want[i]);
          hash = (hash ^ x) * 0x100000001b3ull;
          ++count[kind];
          if (x == y)
            continue;
          ++wrong[kind];
          if (shown++ < 6)
            std::printf("  %s %s: got %08x, model %08x, C %08x\n", type.name,
                        kKindNames[kind], x, y, asBits(c[t * 4096 + i]));
        }
        if (bytesOf(type.a) == 2 && batch == 0 && kind != 9)
          for (int i = 0; i < 4096; i += 5) {
            const uint8_t *ra = &a[t * 2048 + i / 64 * 32];
            const uint8_t *rb = &b[t * 2048 + i % 64 * 32];
            ++othersCount;
            for (int f = 0; f < 6; ++f)
              for (int g = 0; g < 3; ++g)
                for (int n = 0; n < 2; ++n)
                  others[f][g][n] +=
                      asBits(otherModel(type.a, ra, rb, c[t * 4096 + i], 22 + f,
                                        4u << g, n)) !=
                      asBits(got[t * 4096 + i]);
          }
      }
    }
    std::printf("%s: hash %016llx\n", type.name, (unsigned long long)hash);
    for (int k = 0; k < kKinds; ++k) {
      std::printf("  %-9s %ld of %ld differ\n", kKindNames[k], wrong[k],
                  count[k]);
      total += wrong[k];
    }
    if (othersCount)
      for (int f = 0; f < 6; ++f)
        for (int g = 0; g < 3; ++g)
          for (int n = 0; n < 2; ++n)
            std::printf("  model: %d fraction bits, groups of %d, %s: %ld of "
                        "%ld differ\n",
                        22 + f, 4 << g, n ? "nearest" : "cut", others[f][g][n],
                        othersCount);
    dgemm_kernel_destroy(kernel);
  }
  std::printf("%ld mismatches\n", total);
  return total != 0;
}
