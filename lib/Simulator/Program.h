// The decoded form of a kernel that the executor runs.
#ifndef DGEMM_LIB_SIMULATOR_PROGRAM_H
#define DGEMM_LIB_SIMULATOR_PROGRAM_H

#include "dgemm/Simulator/PTX.h"
#include "dgemm/Simulator/Simulator.h"

#include <map>

namespace dgemm::sim {

class Cluster;
struct Warp;
struct Inst;

/// What a handler asks of the scheduler.
enum class Step : uint8_t {
  Next,    // advance to the next instruction
  Jumped,  // the split's pc has been set
  Blocked, // run the same instruction again when its wait is over
  Exited   // the lanes have left
};
using Handler = Step (*)(Cluster &, Warp &, const Inst &, uint32_t mask);

/// A register or a constant: rows of 32 lanes of 4 bytes (two rows for 8).
struct Ref {
  uint32_t row = 0;
  uint8_t bytes = 4; // 0 predicate (one word of lane bits), 4, 8
  bool constant = false;
};

enum class Space : uint8_t {
  Generic,
  Global,
  Shared,
  SharedCluster,
  Local,
  Param,
  Const
};

struct Inst {
  Handler run = nullptr;
  uint32_t refs = 0; // first of the destinations in Kernel::refs
  uint16_t numDst = 0, numSrc = 0;
  int32_t guard = -1; // row
  bool guardNegated = false;
  bool control = false; // a branch or an exit
  bool visible = false; // others can see its effect, or it theirs
  bool copies = false;  // moves bits: an unwritten source is not yet an error
  bool accumulates = false; // wgmma: checks its own registers
  Space space = Space::Generic;
  uint8_t size = 0;  // bytes per element
  uint8_t count = 1; // vector elements
  uint16_t opcode = 0;
  uint16_t latency = 4; // clocks until the result is there, in the model
  uint32_t flags = 0;
  int64_t imm = 0;
  uint32_t target = 0, reconverge = 0;
  uint32_t line = 0;
};

constexpr uint32_t kNoReconvergence = ~0u;

struct ParamSlot {
  uint32_t offset = 0, size = 0;
  std::string name;
};

struct Kernel {
  std::string name;
  std::vector<Inst> code;
  std::vector<Ref> refs;
  std::vector<uint8_t> constants;
  std::vector<std::string> opcodes;
  std::vector<std::vector<uint32_t>> tables; // brx.idx
  std::vector<std::string> rowNames;         // PTX name of each row
  std::vector<std::pair<std::string, uint32_t>> sharedSymbols; // by offset
  uint32_t rows = 0;
  uint32_t scratchRow = 0; // where `_` is written
  std::vector<ParamSlot> params;
  uint32_t paramBytes = 0;
  uint32_t staticShared = 0; // bytes of .shared arrays, from offset 1024
  uint32_t dynamicAlign = 16;
  uint32_t localBytes = 0;
  uint32_t reqntid[3] = {0, 0, 0}, maxntid[3] = {0, 0, 0};
  uint32_t cluster[3] = {0, 0, 0};
  uint32_t maxnreg = 0, minBlocks = 1;
};

/// The first bytes of shared memory belong to the system.
constexpr uint32_t kSharedBase = 1024;
constexpr uint32_t kMaxShared = 227 * 1024;
/// A shared::cluster address: rank + 1 above the offset; 0 is the own CTA.
constexpr uint32_t kRankShift = 24;

/// Windows of the generic address space, in the high 16 bits.
constexpr uint64_t kSharedWindow = 1ull << 48;
constexpr uint64_t kLocalWindow = 2ull << 48;
constexpr uint64_t kParamWindow = 3ull << 48;
constexpr uint64_t kWindowMask = 0xffffull << 48;
constexpr uint64_t kModuleBase = 0x600000000000ull;

struct Program::Impl {
  std::vector<std::unique_ptr<Kernel>> kernels;
  std::vector<uint8_t> globals; // storage of .global and .const variables
};

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_PROGRAM_H
