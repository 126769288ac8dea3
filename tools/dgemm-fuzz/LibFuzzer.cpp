// The entry points of libFuzzer (cmake --preset fuzz).

#include "Fuzz.h"

#include <cstdint>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dgemm::fuzz::runInput({reinterpret_cast<const char *>(data), size});
  return 0;
}

static std::string &lastInput() {
  static std::string text;
  return text;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  std::mt19937_64 random(seed);
  std::string text(reinterpret_cast<const char *>(data), size);
  std::string result = dgemm::fuzz::mutate(text, lastInput(), random);
  lastInput() = std::move(text);
  size_t length = std::min(result.size(), maxSize);
  std::memcpy(data, result.data(), length);
  return length;
}
