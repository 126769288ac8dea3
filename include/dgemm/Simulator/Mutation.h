// Makes faulty variants of a kernel: one synchronising instruction deleted,
// moved or weakened in each.
#ifndef DGEMM_SIMULATOR_MUTATION_H
#define DGEMM_SIMULATOR_MUTATION_H

#include <string>
#include <vector>

namespace dgemm::sim {

struct Mutant {
  std::string kind;        // "delete", "weaken", "count", "bytes", ...
  std::string instruction; // opcode of what was changed
  unsigned line = 0;
  std::string description;
  std::string ptx;
};

/// One mutant per synchronising instruction and applicable change. Works on
/// the text: each instruction must stand on a line of its own.
std::vector<Mutant> makeMutants(const std::string &ptx);

} // namespace dgemm::sim

#endif // DGEMM_SIMULATOR_MUTATION_H
