// The backend that executes the kernel's PTX on the CPU and fails a launch
// when the simulator finds a hazard.
#include "dgemm/Runtime/Backend.h"
#include "dgemm/Simulator/Plan.h"

#include <cstdlib>

using namespace dgemm::runtime;
using dgemm::launch::Record;

namespace sim = dgemm::sim;

namespace {

class SimulatorModule : public Module {
public:
  explicit SimulatorModule(std::shared_ptr<sim::Program> program)
      : program(std::move(program)) {}
  std::shared_ptr<sim::Program> program;
};

class SimulatorDevice : public Device {
public:
  DeviceInfo info() const override {
    DeviceInfo info;
    info.name = "CPU (simulator)";
    info.capabilityMajor = 9;
    return info;
  }

  Result<std::unique_ptr<Module>> load(std::string_view code,
                                       const Record &record) override {
    if (code.size() >= 4 && code.substr(0, 4) == "\x7f"
                                                 "ELF")
      return Error{"the simulator runs PTX, not a cubin"};
    std::string error;
    auto program = sim::Program::load(std::string(code), error);
    if (!program)
      return Error{"simulator: " + error};
    std::vector<std::string> names = program->kernelNames();
    for (const dgemm::launch::Kernel &kernel : record.kernels) {
      bool found = false;
      for (const std::string &name : names)
        found |= name == kernel.name;
      if (!found)
        return Error{"simulator: the PTX has no kernel '" + kernel.name + "'"};
    }
    return std::unique_ptr<Module>(
        std::make_unique<SimulatorModule>(std::move(program)));
  }

  Status run(Module &module, const Launch &launch) override {
    // Device memory is host memory, at its own address: exactly the call's
    // tensors are mapped, so that what strays from them is found.
    sim::GlobalMemory memory;
    for (size_t i = 0; i < launch.tensors.size(); ++i) {
      const dgemm::launch::Tensor &tensor = launch.tensors[i];
      if (uint64_t bytes = sim::extentBytes(tensor))
        memory.map(tensor.address, reinterpret_cast<void *>(tensor.address),
                   bytes, launch.record.operands[i].name);
    }
    if (launch.plan.workspaceBytes)
      memory.map(launch.workspace, reinterpret_cast<void *>(launch.workspace),
                 launch.plan.workspaceBytes, "workspace");
    sim::Options options;
    if (const char *seed = std::getenv("DGEMM_SIMULATOR_SEED"))
      options.seed = std::strtoull(seed, nullptr, 10);
    if (const char *check = std::getenv("DGEMM_SIMULATOR_CHECK"))
      options.check = std::strtol(check, nullptr, 10) != 0;
    sim::Result result =
        sim::run(*static_cast<SimulatorModule &>(module).program,
                 sim::toLaunch(launch.record, launch.plan, launch.workspace),
                 memory, options);
    if (!result.ok())
      return Error{"simulator: " + result.str()};
    return {};
  }
};

class SimulatorBackend : public Backend {
public:
  std::string name() const override { return "simulator"; }
  Result<int> deviceCount() override { return 1; }
  Result<std::shared_ptr<Device>> open(int ordinal) override {
    if (ordinal != 0)
      return Error{"there is no device " + std::to_string(ordinal) +
                   "; the simulator is device 0"};
    return std::shared_ptr<Device>(std::make_shared<SimulatorDevice>());
  }
};

} // namespace

std::unique_ptr<Backend> dgemm::runtime::createSimulatorBackend() {
  return std::make_unique<SimulatorBackend>();
}
