// Records what a Hopper GPU answers to ProbeInputs.h: the tensor core's FP8
// sums, and FP32 instructions on special values. README.md says how to run it.
#include "ProbeInputs.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace dgemm::reference;
using namespace dgemm::reference::probe;

#define CHECK(call)                                                            \
  do {                                                                         \
    cudaError_t status = (call);                                               \
    if (status != cudaSuccess) {                                               \
      std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status));     \
      std::exit(1);                                                            \
    }                                                                          \
  } while (0)

__device__ void multiply(float (&d)[4], const uint32_t (&a)[4],
                         uint64_t descriptor, int accumulate) {
  asm volatile("{\n"
               ".reg .pred p;\n"
               "setp.ne.b32 p, %9, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n8k32.f32.e4m3.e4m3 "
               "{%0, %1, %2, %3}, {%4, %5, %6, %7}, %8, p, 1, 1;\n"
               "}\n"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(descriptor),
                 "r"(accumulate));
}

/// Columns by k32 step, without swizzle: per step two core matrices of 8
/// columns x 16 bytes.
using SharedB = uint8_t[depth / 32][2][columns][16];

/// `steps` steps of one tile's sum, straight-line, so that ptxas has nothing
/// to insert between them.
template <int steps, bool onC>
__device__ void runSum(const Tile &tile, const SharedB &b, float *answers) {
  int lane = threadIdx.x % 32;
  int firstRow = threadIdx.x / 32 * 16 + lane / 4;
  float d[4];
  for (int i = 0; i < 4; ++i)
    d[i] = onC ? tile.c[firstRow + i / 2 * 8][lane % 4 * 2 + i % 2] : 0.0f;
  uint32_t a[steps][4];
  for (int step = 0; step < steps; ++step)
    for (int i = 0; i < 4; ++i)
      a[step][i] = *reinterpret_cast<const uint32_t *>(
          &tile.a[firstRow + i % 2 * 8][step * 32 + i / 2 * 16 + lane % 4 * 4]);
  // Keeps the operands' loads above the fence.
  for (float &value : d)
    asm volatile("" : "+f"(value)::"memory");
  for (auto &step : a)
    for (uint32_t &value : step)
      asm volatile("" : "+r"(value)::"memory");

  asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory");
  for (int step = 0; step < steps; ++step) {
    uint64_t address = __cvta_generic_to_shared(b[step]);
    // Both strides are 128 bytes: between the two core matrices along K, and
    // along N, where there is one only.
    uint64_t descriptor =
        (address >> 4) | uint64_t(128 >> 4) << 16 | uint64_t(128 >> 4) << 32;
    multiply(d, a[step], descriptor, onC || step > 0);
  }
  asm volatile("wgmma.commit_group.sync.aligned;\n"
               "wgmma.wait_group.sync.aligned 0;\n" ::
                   : "memory");
  for (float &value : d)
    asm volatile("" : "+f"(value)::"memory");
  for (int i = 0; i < 4; ++i)
    answers[(firstRow + i / 2 * 8) * columns + lane % 4 * 2 + i % 2] = d[i];
}

/// One warpgroup per tile. A comes from registers, B from shared memory.
__global__ void __launch_bounds__(128)
    runTiles(const Tile *tiles, float *answers) {
  __shared__ __align__(128) SharedB b;
  const Tile &tile = tiles[blockIdx.x];
  for (int i = threadIdx.x; i < columns * depth; i += 128) {
    int column = i / depth, k = i % depth;
    b[k / 32][k / 16 % 2][column][k % 16] = tile.b[column][k];
  }
  asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory");
  __syncthreads();

  float *out = answers + size_t(blockIdx.x) * sums * elements;
  runSum<1, true>(tile, b, out);
  runSum<4, false>(tile, b, out + elements);
  runSum<4, true>(tile, b, out + 2 * elements);
}

__global__ void runTriples(const uint32_t *values, float *results) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= triples)
    return;
  float x = __uint_as_float(values[i / (specials * specials)]);
  float y = __uint_as_float(values[i / specials % specials]);
  float z = __uint_as_float(values[i % specials]);
  float fma, mul, add;
  asm volatile("fma.rn.f32 %0, %1, %2, %3;"
               : "=f"(fma)
               : "f"(x), "f"(y), "f"(z));
  asm volatile("mul.rn.f32 %0, %1, %2;" : "=f"(mul) : "f"(x), "f"(y));
  asm volatile("add.rn.f32 %0, %1, %2;" : "=f"(add) : "f"(x), "f"(y));
  results[i] = fma;
  results[triples + i] = mul;
  results[2 * triples + i] = add;
}

__global__ void runConversions(const float *inputs, uint16_t *results) {
  int i = (blockIdx.x * blockDim.x + threadIdx.x) * 2;
  if (i >= conversions)
    return;
  uint32_t pair;
  asm volatile("cvt.rn.bf16x2.f32 %0, %1, %2;"
               : "=r"(pair)
               : "f"(inputs[i + 1]), "f"(inputs[i]));
  results[i] = uint16_t(pair);
  results[i + 1] = uint16_t(pair >> 16);
}

template <typename T> T *upload(const std::vector<T> &host) {
  T *device;
  CHECK(cudaMalloc(&device, host.size() * sizeof(T)));
  CHECK(cudaMemcpy(device, host.data(), host.size() * sizeof(T),
                   cudaMemcpyHostToDevice));
  return device;
}

template <typename T> T *allocate(size_t count) {
  T *device;
  CHECK(cudaMalloc(&device, count * sizeof(T)));
  CHECK(cudaMemset(device, 0xff, count * sizeof(T)));
  return device;
}

template <typename T> std::vector<T> download(const T *device, size_t count) {
  std::vector<T> host(count);
  CHECK(cudaDeviceSynchronize());
  CHECK(cudaMemcpy(host.data(), device, count * sizeof(T),
                   cudaMemcpyDeviceToHost));
  return host;
}

/// A wrong operand layout must not be recorded as arithmetic: the fresh sums of
/// Gaussian inputs lie within 0.5 % of the sum of magnitudes.
static bool isPlausible(const Tile &tile, const float *answers) {
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column) {
      double sum = 0, size = 0;
      for (int k = 0; k < depth; ++k) {
        double product = double(decodeE4M3(tile.a[row][k])) *
                         double(decodeE4M3(tile.b[column][k]));
        sum += product;
        size += std::fabs(product);
      }
      float answer = answers[elements + row * columns + column];
      if (!(std::fabs(answer - sum) <= 0.005 * size)) {
        std::fprintf(stderr, "row %d, column %d: %g instead of %g\n", row,
                     column, answer, sum);
        return false;
      }
    }
  return true;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s <output file>\n", argv[0]);
    return 1;
  }
  cudaDeviceProp device;
  CHECK(cudaGetDeviceProperties(&device, 0));
  if (device.major != 9 || device.minor != 0) {
    std::fprintf(stderr, "%s is sm_%d%d; the probe needs sm_90\n", device.name,
                 device.major, device.minor);
    return 1;
  }

  std::vector<Tile> tiles(size_t(kinds) * tilesPerKind);
  for (int kind = 0; kind < kinds; ++kind)
    for (int i = 0; i < tilesPerKind; ++i)
      generateTile(Kind(kind), i, tiles[size_t(kind) * tilesPerKind + i]);
  constexpr int perTile = sums * elements;
  float *deviceAnswers = allocate<float>(tiles.size() * perTile);
  runTiles<<<unsigned(tiles.size()), 128>>>(upload(tiles), deviceAnswers);
  CHECK(cudaGetLastError());
  std::vector<float> answers = download(deviceAnswers, tiles.size() * perTile);
  if (!isPlausible(tiles[0], answers.data()))
    return 1;

  float *deviceTriples = allocate<float>(3 * triples);
  runTriples<<<(triples + 127) / 128, 128>>>(
      upload(std::vector<uint32_t>(special, special + specials)),
      deviceTriples);
  CHECK(cudaGetLastError());
  std::vector<float> fp32 = download(deviceTriples, 3 * triples);

  std::vector<float> inputs(conversions);
  for (int i = 0; i < conversions; ++i)
    inputs[i] = conversionInput(i);
  uint16_t *deviceConversions = allocate<uint16_t>(conversions);
  runConversions<<<conversions / 256, 128>>>(upload(inputs), deviceConversions);
  CHECK(cudaGetLastError());
  std::vector<uint16_t> bf16 = download(deviceConversions, conversions);

  std::vector<uint64_t> hashes(tiles.size());
  for (size_t i = 0; i < tiles.size(); ++i)
    hashes[i] = hashAnswers(&answers[i * perTile], perTile);

  std::FILE *file = std::fopen(argv[1], "wb");
  if (!file) {
    std::perror(argv[1]);
    return 1;
  }
  Header header = {};
  std::copy(magic, magic + 8, header.magic);
  std::snprintf(header.device, sizeof header.device, "%s", device.name);
  bool ok = std::fwrite(&header, sizeof header, 1, file) == 1;
  auto write = [&](const auto *data, size_t count) {
    ok &= std::fwrite(data, sizeof *data, count, file) == count;
  };
  write(hashes.data(), hashes.size());
  for (int kind = 0; kind < kinds; ++kind)
    write(&answers[size_t(kind) * tilesPerKind * perTile],
          size_t(fullTilesPerKind) * perTile);
  write(fp32.data(), fp32.size());
  write(bf16.data(), bf16.size());
  ok &= std::fclose(file) == 0;
  if (!ok) {
    std::perror(argv[1]);
    return 1;
  }
  std::printf("%s: %zu tiles, %zu sums, recorded in %s\n", device.name,
              tiles.size(), answers.size(), argv[1]);
  return 0;
}
