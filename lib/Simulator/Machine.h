// The state of a running cluster: CTAs, warps, barriers, engines.
#ifndef DGEMM_LIB_SIMULATOR_MACHINE_H
#define DGEMM_LIB_SIMULATOR_MACHINE_H

#include "GlobalShadow.h"
#include "Knowledge.h"
#include "Program.h"
#include "Shadow.h"
#include "Traffic.h"

#include <atomic>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <random>

namespace dgemm::sim {

struct Cta;

/// Why a split is not running.
struct Wait {
  enum Kind : uint8_t {
    None,
    Children,       // its diverged parts have not come back
    Lanes,          // other lanes of the warp must reach the instruction
    NamedBarrier,   // a: id, b: generation
    ClusterBarrier, // b: generation
    MBarrier,       // a: CTA rank, b: offset, c: phase
    WgmmaGroup,     // b: operations that must have finished
    BulkGroup,      // b: unfinished bulk operations when it went to sleep
    RegisterPool,   // a: registers per thread wanted
    Sleep
  };
  Kind kind = None;
  uint32_t a = 0;
  uint64_t b = 0, c = 0;
  bool resumed = false;  // the instruction runs for the second time
  bool timedOut = false; // and its condition still does not hold
};

/// Lanes of a warp that run together. A divergent branch puts its split to
/// sleep at the point of reconvergence and makes two children.
struct Split {
  uint32_t pc = 0;
  uint32_t mask = 0;
  uint32_t reconverge = kNoReconvergence;
  int parent = -1;
  int children = 0;
  Wait wait;
  bool used = false;
};

struct BulkOp {
  uint32_t lane;
  uint64_t serial;    // per warp
  int64_t group = -1; // commit number of its lane; -1: not committed
  bool readDone = false, done = false;
};

struct Warp {
  Cta *cta = nullptr;
  uint32_t index = 0;  // in the CTA
  uint32_t number = 0; // in the cluster
  std::vector<uint8_t> rows;
  std::vector<uint32_t> written; // per row: lanes that have a value
  // Per row: lanes whose value comes from shared memory that nobody wrote, by
  // way of a wgmma (empty while there is none), and where from.
  std::vector<uint32_t> poison;
  std::string poisonSource;
  // wgmma bookkeeping per row; see Hazards.
  std::vector<uint64_t> touched;  // step of the last ordinary access
  std::vector<uint64_t> inFlight; // wgmma serial + 1 that owns the row
  std::vector<uint32_t> owner;    // instruction that made it in flight
  enum RowRole : uint8_t { Accumulator, Fragment };
  std::vector<RowRole> rowRole; // what it is to that instruction
  std::vector<Split> splits;
  int current = 0;
  uint32_t live = 0;
  uint64_t step = 0;      // instructions executed
  uint64_t fenceStep = 0; // of the last wgmma.fence
  bool anyInFlight = false;
  WarpKnowledge knows;
  uint32_t self = 0, tensor = 0; // agents
  uint32_t bulk = 0, stores = 0; // bulk copies: shared reads, global writes
  uint64_t time = 0;
  std::vector<uint64_t> resultTime; // per row, for the latency model
  // For the timeline: where the present stretch began, and its wait.
  uint64_t traceMark = 0;
  Wait::Kind traceWait = Wait::None;
  std::string traceName;
  bool traceStores = false;   // the stretch writes results
  bool producer = false;      // has issued TMA loads
  uint32_t registers = 0;     // setmaxnreg
  std::vector<uint8_t> local; // localBytes per lane
  // wgmma: operations issued, and the issue count at each commit.
  uint64_t wgmmaIssued = 0;
  std::vector<uint64_t> wgmmaGroups;
  std::deque<std::vector<uint32_t>> wgmmaRows; // rows by open operation
  uint64_t wgmmaRetired = 0; // operations whose rows are free again
  // bulk groups
  std::deque<BulkOp> bulkOps;
  uint64_t bulkIssued = 0;
  uint64_t bulkRetired = 0; // those before have been waited for
  int64_t bulkCommits[32] = {};
  uint64_t bulkTime = 0; // when the last of them finished
  std::vector<std::pair<uint32_t, uint32_t>> freshBarriers; // inits not fenced
  uint64_t clusterArrivals = 0; // barrier.cluster generation arrived at
  bool clusterArrived = false;
  std::map<uint64_t, uint64_t> mapsSeen; // tensor maps acquired, version
  uint32_t idleWaits = 0;                // waits in a row that found nothing
  // Phases waited for, by mbarrier agent and first lane; and how often the
  // warp has arrived anywhere, and where it did last.
  struct Waited {
    uint64_t phase = 0, arrivals = 0;
    uint32_t line = 0;
  };
  std::map<std::pair<uint32_t, uint32_t>, Waited> waited;
  uint64_t arrivals = 0;
  uint32_t arrivalLine = 0;

  Split &split() { return splits[current]; }
  uint32_t poisoned(const Ref &ref) const {
    return poison.empty() || ref.constant ? 0 : poison[ref.row];
  }
};

struct MBarrier {
  uint32_t expected = 0;
  int64_t pending = 0;
  int64_t transactions = 0;
  uint64_t phase = 0; // phases completed
  uint32_t agent = 0;
  uint32_t line = 0; // of the init
  uint32_t initAgent = 0, initClock = 0;
  bool visible = false; // fence.mbarrier_init or fence.proxy.async seen
  Knowledge arriving, completed;
  uint64_t completedTime = 0, arrivingTime = 0;
  uint64_t arrivals = 0;
  int64_t inFlightBytes = 0; // TMA operations issued, not finished
};

struct NamedBarrier {
  uint32_t arrived = 0, expected = 0;
  uint64_t generation = 0;
  Knowledge arriving, completed;
  uint64_t time = 0, completedTime = 0;
  uint32_t warps = 0; // bit per warp, for reports
  bool reduceOr = false, reduceAnd = true;
  uint32_t reduceCount = 0;
  uint32_t resultCount = 0;
  bool resultOr = false, resultAnd = true;
};

struct WgmmaOp {
  const Inst *inst = nullptr;
  uint32_t joined = 0;
  uint64_t descA = 0, descB = 0;
  bool scaleD = false;
  Knowledge knows[4];
  uint64_t issueTime = 0, readyTime = 0;
};

struct Warpgroup {
  std::deque<WgmmaOp> ops; // the first has serial `finished`
  uint64_t finished = 0;
  uint64_t lastTime = 0; // when the last finished
};

struct Cta {
  uint32_t rank = 0;
  Dim3 id;
  uint64_t linear = 0;
  std::vector<uint8_t> shared; // from address 0
  std::vector<uint8_t> sharedWritten;
  std::unique_ptr<Shadow> shadow;
  std::vector<std::unique_ptr<Warp>> warps;
  std::map<uint32_t, MBarrier> barriers;
  NamedBarrier named[16];
  std::map<uint32_t, uint32_t> stages; // of the timeline, by mbarrier
  std::vector<Warpgroup> warpgroups;
  int64_t freeRegisters = 0;
  uint32_t liveWarps = 0;
};

/// One operation of the TMA unit.
struct Transfer {
  enum Kind : uint8_t {
    TensorLoad,
    TensorStore,
    TensorReduce,
    BulkToShared,
    BulkToGlobal,
    BulkReduce,
    BulkToCluster,
    BulkReduceToCluster,
    StoreAsync,
    ReduceAsync
  };
  /// Completes by bytes at an mbarrier, rather than in a bulk group.
  bool counts() const {
    return kind == TensorLoad || kind == BulkToShared || kind >= BulkToCluster;
  }
  /// Through the generic proxy.
  bool generic() const { return kind >= StoreAsync; }
  bool reduces() const {
    return kind == BulkReduceToCluster || kind == ReduceAsync;
  }
  Kind kind = TensorLoad;
  TensorMap map;
  int32_t coords[5] = {0, 0, 0, 0, 0};
  uint8_t reduction = 0;
  uint32_t shared = 0; // offset in the issuing (or target) CTA
  uint32_t sharedRank = 0;
  uint64_t global = 0;
  uint32_t target = 0, targetRank = 0; // destination in a cluster
  uint32_t bytes = 0;
  uint32_t lanes = 0;            // of a StoreAsync or ReduceAsync, with an
  std::vector<uint32_t> offsets; // offset for each of them
  std::vector<uint8_t> data;     // and its bytes
  uint32_t barrier = 0, barrierRank = 0;
  uint64_t phases[16] = {}; // of each receiving barrier, at the issue
  uint32_t multicast = 0;   // 0: only the own CTA
  uint8_t reduceType = 0;
  Warp *issuer = nullptr;
  const Inst *inst = nullptr;
  uint64_t serial = 0; // of the issuer's bulk operations
  Knowledge knows;
  uint64_t issueTime = 0, readyTime = 0;
};

/// Ends the run: the kernel did something no hardware would survive.
struct Fault {
  Hazard hazard;
};

/// What the clusters of one launch share.
struct Device {
  Device(Program &program, const Kernel &kernel, const Launch &launch,
         GlobalMemory &memory, const Options &options)
      : program(program), kernel(kernel), launch(launch), memory(memory),
        options(options) {}
  Program &program;
  const Kernel &kernel;
  const Launch &launch;
  GlobalMemory &memory;
  const Options &options;
  std::vector<uint8_t> params;
  GlobalShadow shadow;
  std::map<uint64_t, uint64_t> mapVersions; // tensor maps changed in the run
  std::mutex atomics; // orders read-modify-write accesses of all clusters
  std::mutex results;
  Result result;
  Traffic traffic; // of the finished clusters
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> globalProgress{0};

  void report(Hazard hazard);
};

class Cluster {
public:
  Cluster(Device &device, uint64_t index, bool trace);

  enum class State : uint8_t { Running, Finished };
  /// Runs for about `budget` warp instructions. Throws Fault.
  State run(uint64_t budget);

  // Reports; `inst` may be null.
  void report(HazardKind kind, const Warp *warp, const Inst *inst,
              const std::string &message);
  [[noreturn]] void fault(HazardKind kind, const Warp *warp, const Inst *inst,
                          const std::string &message);
  std::string agentName(uint32_t agent) const;
  std::string stateDump() const;
  /// Name of the shared-memory object at `offset`.
  std::string sharedName(uint32_t offset) const;

  // Memory.
  uint8_t *shared(const Warp &warp, const Inst &inst, uint64_t address,
                  uint32_t size, Cta *&cta, uint32_t &offset,
                  uint32_t align = 1);
  uint8_t *global(const Warp &warp, const Inst &inst, uint64_t address,
                  uint32_t size, bool write, uint32_t align = 1);
  void noteShared(Warp &warp, const Inst &inst, Cta &cta, uint32_t offset,
                  uint32_t size, bool write, uint32_t lane);
  void reportConflict(const Conflict &conflict, bool writes, bool async,
                      const Warp *warp, const Inst *inst, Cta &cta);
  void checkWritten(Cta &cta, uint32_t offset, uint32_t size, const Warp *warp,
                    const Inst *inst);

  // mbarriers.
  MBarrier &barrier(const Warp &warp, const Inst &inst, uint64_t address,
                    uint32_t lane, Cta *&cta, uint32_t &offset);
  void arrive(MBarrier &bar, int64_t count, Warp &warp, uint32_t mask);
  void expectTransactions(MBarrier &bar, int64_t bytes);
  void completeTransactions(MBarrier &bar, int64_t bytes, uint64_t time);
  void phaseCheck(MBarrier &bar, uint64_t time);

  // Engines.
  void issue(Transfer transfer, uint32_t lanes);
  void execute(Transfer &transfer);
  void noteGlobal(const Warp &warp, const Inst &inst, uint64_t address,
                  uint64_t bytes, bool write, const Accessor &who);
  void noteGlobalStore(const Transfer &transfer, uint64_t address,
                       uint64_t bytes, bool atomic);
  void executeWgmma(Cta &cta, uint32_t group);
  uint64_t wgmmaReady(Cta &cta, uint32_t group); // time, or ~0 when it is not

  // Registers; see Hazards.cpp.
  void checkRegisters(Warp &warp, const Inst &inst, uint32_t mask);
  void spreadPoison(Warp &warp, const Inst &inst, uint32_t mask);
  void reportPoison(Warp &warp, const Inst &inst, const std::string &what);

  const Ref *refs(const Inst &inst) const {
    return kernel.refs.data() + inst.refs;
  }
  void progressed() { ++progress; }
  bool checking() const { return check; }
  void event(const std::string &track, const std::string &name, uint64_t start,
             uint64_t end, const Cta &cta);
  /// Adds its role to the name of each warp's track.
  void nameRoles();

  Device &device;
  const Kernel &kernel;
  uint64_t index;
  bool check, tracing;
  bool synchronises = false; // through global memory
  std::vector<std::unique_ptr<Cta>> ctas;
  std::vector<Warp *> warps; // of all CTAs
  uint32_t agents = 0;
  std::vector<Transfer> transfers;
  Counters counters;
  Traffic traffic;
  std::vector<uint64_t> opcodeCounts;
  std::vector<TraceEvent> events;
  std::mt19937_64 rng;
  uint64_t progress = 0;
  // Per decision of a systematic run: the choices, and whether a warp stands
  // near the line in question.
  std::vector<uint8_t> alternatives, nearby;
  uint64_t ingestFree = 0; // when the TMA unit of the latency model is free
  std::vector<uint64_t> tensorFree, schedulerFree; // per CTA
  // barrier.cluster
  uint32_t clusterArrived = 0;
  uint64_t clusterGeneration = 0;
  Knowledge clusterArriving, clusterCompleted;
  uint64_t clusterTime = 0, clusterCompletedTime = 0;

private:
  bool ready(Warp &warp, const Split &split);
  bool pickSplit(Warp &warp);
  void runWarp(Warp &warp, uint32_t burst);
  bool stepSplit(Warp &warp);
  bool wakeTimedOut();
  void traceStep(Warp &warp, const Inst &inst, Step step);
  [[noreturn]] void deadlock();
  bool runTimed();
  bool runRandom();
  bool runSystematic();

  uint64_t executed = 0;
  Warp *current = nullptr; // of a systematic run
  uint64_t decisions = 0;
  uint64_t idleSince = 0, idleProgress = 0, idleGlobal = 0; // livelocks
  uint64_t timeoutProgress = ~0ull, timeoutRounds = 0;
};

/// Lane data of a row.
template <class T> inline T *lanes(Warp &warp, const Ref &ref) {
  return reinterpret_cast<T *>(warp.rows.data() + (size_t)ref.row * 128);
}
template <class T>
inline const T *lanes(Cluster &cluster, Warp &warp, const Ref &ref) {
  const uint8_t *base =
      ref.constant ? cluster.kernel.constants.data() : warp.rows.data();
  return reinterpret_cast<const T *>(base + (size_t)ref.row * 128);
}
/// An unsigned integer of a 4- or 8-byte lane.
inline uint64_t laneValue(Cluster &cluster, Warp &warp, const Ref &ref,
                          uint32_t lane) {
  return ref.bytes == 8 ? lanes<uint64_t>(cluster, warp, ref)[lane]
                        : lanes<uint32_t>(cluster, warp, ref)[lane];
}
inline void setLane(Warp &warp, const Ref &ref, uint32_t lane, uint64_t value) {
  if (ref.bytes == 8)
    lanes<uint64_t>(warp, ref)[lane] = value;
  else
    lanes<uint32_t>(warp, ref)[lane] = (uint32_t)value;
}
inline uint32_t predicate(Cluster &cluster, Warp &warp, const Ref &ref) {
  return *lanes<uint32_t>(cluster, warp, ref);
}
inline void setPredicate(Warp &warp, const Ref &ref, uint32_t mask,
                         uint32_t value) {
  uint32_t *word = lanes<uint32_t>(warp, ref);
  *word = (*word & ~mask) | (value & mask);
}
inline uint32_t firstLane(uint32_t mask) { return __builtin_ctz(mask); }

} // namespace dgemm::sim

#endif // DGEMM_LIB_SIMULATOR_MACHINE_H
