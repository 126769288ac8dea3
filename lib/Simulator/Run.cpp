// Loads modules and runs launches: clusters spread over threads.
#include "Decode.h"

#include <thread>

using namespace dgemm::sim;

/// Warp instructions of one cluster before another one may run: spinning on
/// global memory must not keep its partner out.
static constexpr uint64_t kQuantum = 2000000;

Program::Program() : impl(std::make_unique<Impl>()) {}
Program::~Program() = default;

std::vector<std::string> Program::kernelNames() const {
  std::vector<std::string> names;
  for (const auto &kernel : impl->kernels)
    names.push_back(kernel->name);
  return names;
}

std::shared_ptr<Program> Program::load(const std::string &ptx,
                                       std::string &error) {
  ptx::Module module;
  ptx::ParseError parseError;
  if (!ptx::parse(ptx, module, parseError)) {
    error = "PTX line " + std::to_string(parseError.line) + ": " +
            parseError.message;
    return nullptr;
  }
  std::shared_ptr<Program> program(new Program());
  std::map<std::string, uint64_t> globals;
  std::vector<uint8_t> &storage = program->impl->globals;
  try {
    for (const ptx::Variable &var : module.variables) {
      if (var.space != ptx::Variable::Global &&
          var.space != ptx::Variable::Const)
        continue;
      if (var.isExtern)
        throw ptx::ParseError{0, "extern variable '" + var.name + "'"};
      uint64_t align = std::max<uint64_t>(var.align, 16);
      uint64_t offset = (storage.size() + align - 1) / align * align;
      if (offset + var.size > (1u << 29))
        throw ptx::ParseError{0, "too much global storage"};
      storage.resize(offset + var.size, 0);
      std::copy(var.init.begin(), var.init.end(), storage.begin() + offset);
      globals[var.name] = kModuleBase + offset;
    }
    for (const ptx::Function &function : module.kernels) {
      auto kernel = std::make_unique<Kernel>();
      Decoder(module, function, *kernel, globals).decodeAll();
      program->impl->kernels.push_back(std::move(kernel));
    }
  } catch (const ptx::ParseError &e) {
    error = "PTX line " + std::to_string(e.line) + ": " + e.message;
    return nullptr;
  }
  return program;
}

void Device::report(Hazard hazard) {
  std::lock_guard<std::mutex> lock(results);
  for (Hazard &known : result.hazards)
    if (known.kind == hazard.kind && known.line == hazard.line) {
      ++known.count;
      return;
    }
  if (result.hazards.size() >= options.maxHazards) {
    stop = true;
    return;
  }
  result.hazards.push_back(std::move(hazard));
}

namespace {
/// Everything that can be wrong with a launch before it runs; empty when fine.
std::string checkLaunch(const Kernel &kernel, const Launch &launch) {
  auto triple = [](const Dim3 &d) {
    return std::to_string(d.x) + "x" + std::to_string(d.y) + "x" +
           std::to_string(d.z);
  };
  auto same = [](const Dim3 &d, const uint32_t *want) {
    return d.x == want[0] && d.y == want[1] && d.z == want[2];
  };
  const Dim3 &grid = launch.grid, &block = launch.block, &size = launch.cluster;
  for (const Dim3 *d : {&grid, &block, &size})
    if (!d->x || !d->y || !d->z)
      return "a dimension of the launch is 0";
  // The product of bounded factors cannot wrap.
  if (block.x > 1024 || block.y > 1024 || block.z > 64 || block.count() > 1024)
    return "a block of " + triple(block) + "; at most 1024 threads fit";
  if (grid.y > 65535 || grid.z > 65535 || grid.x > 0x7fffffff)
    return "a grid of " + triple(grid);
  if (size.x > 16 || size.y > 16 || size.z > 16 || size.count() > 16)
    return "a cluster of " + triple(size) + "; at most 16 blocks fit";
  if (grid.x % size.x || grid.y % size.y || grid.z % size.z)
    return "the grid " + triple(grid) + " is not a multiple of the cluster " +
           triple(size);
  if (kernel.reqntid[0] && !same(block, kernel.reqntid))
    return "the block is " + triple(block) + ", the kernel requires " +
           triple({kernel.reqntid[0], kernel.reqntid[1], kernel.reqntid[2]});
  if (kernel.maxntid[0] && block.count() > (uint64_t)kernel.maxntid[0] *
                                               kernel.maxntid[1] *
                                               kernel.maxntid[2])
    return "the block of " + triple(block) + " exceeds .maxntid";
  if (kernel.cluster[0] && !same(size, kernel.cluster))
    return "the cluster is " + triple(size) + ", the kernel requires " +
           triple({kernel.cluster[0], kernel.cluster[1], kernel.cluster[2]});
  if ((uint64_t)kernel.staticShared + launch.dynamicShared > kMaxShared)
    return std::to_string((uint64_t)kernel.staticShared +
                          launch.dynamicShared) +
           " bytes of shared memory; at most " + std::to_string(kMaxShared) +
           " fit";
  if (launch.params.size() != kernel.params.size())
    return std::to_string(launch.params.size()) +
           " parameters, the kernel has " +
           std::to_string(kernel.params.size());
  for (size_t i = 0; i < launch.params.size(); ++i)
    if (launch.params[i].size() != kernel.params[i].size)
      return "parameter " + std::to_string(i) + " has " +
             std::to_string(launch.params[i].size()) + " bytes, '" +
             kernel.params[i].name + "' needs " +
             std::to_string(kernel.params[i].size);
  return "";
}

/// Takes clusters until none are left. One that does not finish in its
/// quantum goes to the back of the worker's queue.
void work(Device &device, std::atomic<uint64_t> &next, uint64_t total) {
  std::deque<std::unique_ptr<Cluster>> open;
  auto finish = [&](Cluster &cluster) {
    Counters &c = cluster.counters;
    for (size_t i = 0; i < cluster.opcodeCounts.size(); ++i)
      if (cluster.opcodeCounts[i]) {
        c.byOpcode[device.kernel.opcodes[i]] += cluster.opcodeCounts[i];
        c.instructions += cluster.opcodeCounts[i];
      }
    for (Warp *warp : cluster.warps)
      c.byRole["warpgroup " + std::to_string(warp->index / 4)] += warp->step;
    cluster.nameRoles();
    std::lock_guard<std::mutex> lock(device.results);
    device.result.counters.add(c);
    device.traffic.merge(cluster.traffic);
    device.result.decisions.insert(device.result.decisions.end(),
                                   cluster.alternatives.begin(),
                                   cluster.alternatives.end());
    device.result.nearby.insert(device.result.nearby.end(),
                                cluster.nearby.begin(), cluster.nearby.end());
    device.result.trace.insert(device.result.trace.end(),
                               cluster.events.begin(), cluster.events.end());
  };
  try {
    while (!device.stop) {
      // A new cluster only when all open ones have had their turn.
      std::unique_ptr<Cluster> cluster;
      uint64_t index;
      if (open.size() < 64 && (index = next.fetch_add(1)) < total) {
        cluster = std::make_unique<Cluster>(
            device, index,
            device.options.trace && index < device.options.traceBlocks);
      } else if (!open.empty()) {
        cluster = std::move(open.front());
        open.pop_front();
      } else {
        return;
      }
      if (cluster->run(kQuantum) == Cluster::State::Finished)
        finish(*cluster);
      else
        open.push_back(std::move(cluster));
    }
  } catch (const Fault &fault) {
    device.report(fault.hazard);
    device.stop = true;
  } catch (const std::bad_alloc &) {
    Hazard hazard{HazardKind::Unsupported, 0, "", "", "out of memory", 1};
    device.report(hazard);
    device.stop = true;
  }
}
} // namespace

Result dgemm::sim::run(Program &program, const Launch &launch,
                       GlobalMemory &memory, const Options &options) {
  Result failed;
  auto reject = [&](const std::string &message) {
    failed.hazards.push_back(
        {HazardKind::BadOperand, 0, "", "launch", message, 1});
    return failed;
  };
  const Kernel *kernel = nullptr;
  for (const auto &candidate : program.impl->kernels)
    if (candidate->name == launch.kernel ||
        (launch.kernel.empty() && program.impl->kernels.size() == 1))
      kernel = candidate.get();
  if (!kernel)
    return reject("the module has no kernel '" + launch.kernel + "'");
  if (std::string wrong = checkLaunch(*kernel, launch); !wrong.empty())
    return reject(wrong);

  Device device(program, *kernel, launch, memory, options);
  device.params.assign(kernel->paramBytes, 0);
  for (size_t i = 0; i < launch.params.size(); ++i)
    std::copy(launch.params[i].begin(), launch.params[i].end(),
              device.params.begin() + kernel->params[i].offset);
  std::vector<uint8_t> &globals = program.impl->globals;
  if (!globals.empty())
    memory.map(kModuleBase, globals.data(), globals.size(),
               ".global variables");

  uint64_t total = launch.grid.count() / launch.cluster.count();
  unsigned threads =
      options.threads ? options.threads : std::thread::hardware_concurrency();
  threads = (unsigned)std::min<uint64_t>(std::max(threads, 1u), total);
  std::atomic<uint64_t> next{0};
  std::vector<std::thread> pool;
  for (unsigned i = 1; i < threads; ++i)
    pool.emplace_back([&] { work(device, next, total); });
  work(device, next, total);
  for (std::thread &thread : pool)
    thread.join();
  if (!globals.empty())
    memory.unmap(kModuleBase);
  device.result.completed = !device.stop;
  Counters &c = device.result.counters;
  c.l2LoadBytes = device.traffic.sectorsRead * 32;
  c.l2StoreBytes = device.traffic.sectorsWritten * 32;
  c.distinctLoadBytes = device.traffic.read.count() * 32;
  c.distinctStoreBytes = device.traffic.written.count() * 32;
  return std::move(device.result);
}
