// Compares wgmma on a backend (the `gpu` one, to settle the arithmetic) with
// the simulator's model, over random and adversarial tiles; for f16 and bf16
// also with neighbouring models.
#include "Features.h"
#include "ProbeTiles.h"
#include "dgemm/Runtime/dgemm.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

using namespace dgemm::sim;
using namespace dgemm::sim::test;

namespace {
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
  std::vector<float> got(kProbeTiles * 4096);
  void *da, *db, *dc, *dd;
  check(dgemm_malloc(device, kProbeTiles * 2048, &da));
  check(dgemm_malloc(device, kProbeTiles * 2048, &db));
  check(dgemm_malloc(device, kProbeTiles * 4096 * 4, &dc));
  check(dgemm_malloc(device, kProbeTiles * 4096 * 4, &dd));
  long total = 0;
  for (const ProbeType &type : probeTypes) {
    std::string text = record(type.name);
    dgemm_kernel *kernel = nullptr;
    check(dgemm_kernel_load(device, code.data(), code.size(), text.data(),
                            text.size(), &kernel));
    long wrong[kProbeKinds] = {}, count[kProbeKinds] = {}, shown = 0;
    long others[6][3][2] = {}, othersCount = 0;
    uint64_t hash = kHashStart;
    for (int batch = 0; batch < batches; ++batch) {
      ProbeBatch tiles(type, batch);
      std::vector<uint8_t> &a = tiles.a, &b = tiles.b;
      std::vector<float> &c = tiles.c;
      check(dgemm_memcpy(device, da, a.data(), a.size(), nullptr));
      check(dgemm_memcpy(device, db, b.data(), b.size(), nullptr));
      check(dgemm_memcpy(device, dc, c.data(), c.size() * 4, nullptr));
      int64_t s8[] = {kProbeTiles, 2048}, t8[] = {2048, 1},
              s32[] = {kProbeTiles, 4096}, t32[] = {4096, 1};
      dgemm_tensor tensors[] = {{da, DGEMM_U8, 2, s8, t8},
                                {db, DGEMM_U8, 2, s8, t8},
                                {dc, DGEMM_F32, 2, s32, t32},
                                {dd, DGEMM_F32, 2, s32, t32}};
      check(dgemm_kernel_launch(kernel, tensors, 4, nullptr, nullptr));
      check(dgemm_memcpy(device, got.data(), dd, got.size() * 4, nullptr));
      check(dgemm_stream_synchronize(device, nullptr));
      for (int t = 0; t < kProbeTiles; ++t) {
        int kind = ProbeBatch::kind(t, batch);
        std::vector<uint32_t> want = tiles.answer(type, t);
        for (int i = 0; i < 4096; ++i) {
          uint32_t x = asBits(got[t * 4096 + i]), y = want[i];
          hash = hashStep(hash, x);
          ++count[kind];
          if (x == y)
            continue;
          ++wrong[kind];
          if (shown++ < 6)
            std::printf("  %s %s: got %08x, model %08x, C %08x\n", type.name,
                        probeKindNames[kind], x, y, asBits(c[t * 4096 + i]));
        }
        if (bytesOf(type.a) == 2 && !type.half && batch == 0 && kind != 9)
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
    std::printf("%s: hash %016llx%s\n", type.name, (unsigned long long)hash,
                batches != kProbeBatches ? ""
                : hash == type.hash      ? ", the H200's"
                                         : ", NOT the H200's");
    for (int k = 0; k < kProbeKinds; ++k) {
      std::printf("  %-9s %ld of %ld differ\n", probeKindNames[k], wrong[k],
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
