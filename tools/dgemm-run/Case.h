// What to run: kernels, sizes and checks, from a manifest or a command line.
#ifndef DGEMM_TOOLS_RUN_CASE_H
#define DGEMM_TOOLS_RUN_CASE_H

#include "dgemm/Launch/Record.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dgemm::run {

/// A kernel on disk, read once.
struct KernelFile {
  std::string name; ///< file name without its ending
  std::string json, code;
  launch::Record record;
};

/// Another implementation to compare with: a kernel with a record of its own,
/// or a mode of cuBLASLt ("tensorwise", "blockwise").
struct Peer {
  std::string name;
  std::shared_ptr<const KernelFile> kernel; ///< null for cuBLASLt
  std::string cublasMode;
};

enum class Check { Auto, Full, Sampled, None };
enum class Flush { Auto, Dirty, Clean, Warm };
const char *toString(Flush flush);

struct Case {
  std::string name;
  std::shared_ptr<const KernelFile> kernel;
  int64_t m = 0, n = 0, k = 0;
  /// Leading dimensions by operand name ("A" -> 208); the natural ones, padded
  /// where TMA needs it, are taken otherwise.
  std::map<std::string, int64_t> ld;
  bool sfaRowMajor = false; ///< where the record leaves SFA's layout open
  bool inPlaceC = false;    ///< C and D are one buffer
  uint64_t seed = 1;
  int sms = 0;
  Check check = Check::Auto;
  int repeats = 20;
  bool time = false;
  int pairs = 30;
  Flush flush = Flush::Auto;
  bool events = true; ///< also time between events
  /// The M that a tuned entry is for, like "65..128"; empty: this M.
  std::string range;
  int warmUp = 500;     ///< milliseconds of untimed turns before the timed ones
  int chain = 0;        ///< launches of a chain in a graph; 0: none
  double sustained = 0; ///< seconds of back-to-back launches; 0: none
  std::vector<Peer> peers;
};

/// Reads a record and its code; a `.json` and a `.cubin` (or `.ptx`) of the
/// same name are a pair. Throws std::runtime_error with a text.
class KernelFiles {
public:
  std::shared_ptr<const KernelFile> read(const std::string &record,
                                         const std::string &code);
  /// The record of which only one of the two paths is known.
  std::shared_ptr<const KernelFile> readPair(const std::string &path);

private:
  std::map<std::string, std::shared_ptr<const KernelFile>> files;
};

/// One case per line of a JSON-lines manifest; paths are relative to it.
std::vector<Case> readManifest(const std::string &path, KernelFiles &files);

/// Every pair in a directory (or one pair), each with every size "MxNxK".
/// "M" alone takes N and K from a record that fixes them.
std::vector<Case> casesOf(const std::string &path,
                          const std::vector<std::string> &sizes,
                          const Case &options, KernelFiles &files);

/// The size that a record fixes for one dimension of an operand, or -1.
int64_t fixedSize(const launch::Record &record, const char *operand,
                  size_t dimension);

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_CASE_H
