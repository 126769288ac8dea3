// Helpers of the simulator's tests: committed PTX, tensor maps, random data.
#ifndef DGEMM_UNITTESTS_SIMULATOR_SUPPORT_H
#define DGEMM_UNITTESTS_SIMULATOR_SUPPORT_H

#include "dgemm/Simulator/Simulator.h"

#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <sstream>

namespace dgemm::sim::test {

inline std::string readPtx(const std::string &name) {
  std::ifstream in(std::string(DGEMM_SIMULATOR_TEST_DIR) + "/ptx/" + name);
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

inline std::shared_ptr<Program> loadPtx(const std::string &text) {
  std::string error;
  auto program = Program::load(text, error);
  EXPECT_TRUE(program) << error;
  return program;
}

/// A kernel without a header: `params` and `body` of PTX.
inline std::string wrap(const std::string &params, const std::string &body,
                        const std::string &directives = "") {
  return ".version 8.7\n.target sm_90a\n.address_size 64\n"
         ".extern .shared .align 1024 .b8 dyn[];\n.visible .entry k(" +
         params + ")\n" + directives + "\n{\n" + body + "\n}\n";
}

/// A row-major matrix: `columns` is the inner dimension.
inline TensorMap map2d(uint64_t address, TensorMap::DType dtype,
                       uint64_t columns, uint64_t rows, uint64_t strideBytes,
                       uint32_t boxColumns, uint32_t boxRows,
                       unsigned swizzleLog2) {
  TensorMap map;
  map.rank = 2;
  map.dtype = dtype;
  map.swizzle = (uint8_t)swizzleLog2;
  map.address = address;
  map.sizes[0] = columns;
  map.sizes[1] = rows;
  map.strides[0] = strideBytes;
  map.box[0] = (uint16_t)boxColumns;
  map.box[1] = (uint16_t)boxRows;
  return map;
}

inline std::vector<uint8_t> randomE4M3(size_t count, uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::vector<uint8_t> data(count);
  for (uint8_t &byte : data) {
    byte = (uint8_t)rng();
    if ((byte & 0x7f) == 0x7f)
      byte ^= 1; // no NaN
  }
  return data;
}

inline std::vector<float> randomScales(size_t count, uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::vector<float> data(count);
  for (float &value : data)
    value = 0.001f + (float)(rng() % 1000) / 100000.0f;
  return data;
}

template <class T>
uint64_t upload(GlobalMemory &memory, const std::vector<T> &data,
                const std::string &name) {
  uint64_t address = memory.allocate(data.size() * sizeof(T), name);
  memcpy(memory.data(address, data.size() * sizeof(T)), data.data(),
         data.size() * sizeof(T));
  return address;
}

} // namespace dgemm::sim::test

#endif // DGEMM_UNITTESTS_SIMULATOR_SUPPORT_H
