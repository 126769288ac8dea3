// cuBLASLt as a peer, loaded at run time. The numbers of its enumerations are
// those of the public header cublasLt.h (12.9 and 13).
#include "Subject.h"

#include <algorithm>
#include <dlfcn.h>
#include <stdexcept>

using namespace dgemm::run;
namespace launch = dgemm::launch;
using dgemm::launch::DType;

namespace {

constexpr int typeE4M3 = 28, typeBF16 = 14, typeF32 = 0; // cudaDataType
constexpr int computeF32 = 68;                           // CUBLAS_COMPUTE_32F
enum DescAttribute : int {
  descTransA = 3,
  descTransB = 4,
  descScaleA = 17,
  descScaleB = 18,
  descFastAccumulation = 25,
  descScaleModeA = 31,
  descScaleModeB = 32,
};
constexpr int scaleVec128 = 4, scaleBlock128 = 5;
constexpr int preferWorkspace = 1;
constexpr size_t workspaceBytes = 64 << 20;
constexpr int candidates = 16;

struct Heuristic {
  uint64_t algorithm[8];
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};

struct Library {
  int (*create)(void **);
  int (*descCreate)(void **, int, int);
  int (*descSet)(void *, int, const void *, size_t);
  int (*layoutCreate)(void **, int, uint64_t, uint64_t, int64_t);
  int (*preferenceCreate)(void **);
  int (*preferenceSet)(void *, int, const void *, size_t);
  int (*heuristic)(void *, void *, void *, void *, void *, void *, void *, int,
                   Heuristic *, int *);
  int (*matmul)(void *, void *, const void *, const void *, void *,
                const void *, void *, const void *, const void *, void *,
                void *, void *, const void *, void *, size_t, void *);
  void *handle;
};

/// Opens the library once; a null handle comes with a reason.
Library &library(const std::string &path, std::string &why) {
  static Library lib = {};
  static std::string reason;
  static bool tried = false;
  if (!tried) {
    tried = true;
    void *file = nullptr;
    std::vector<std::string> names = {"libcublasLt.so.13", "libcublasLt.so.12",
                                      "/usr/local/cuda/lib64/libcublasLt.so"};
    if (!path.empty())
      names = {path};
    for (size_t i = 0; i < names.size() && !file; ++i)
      file = dlopen(names[i].c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!file)
      reason = std::string("cuBLASLt cannot be loaded: ") + dlerror();
    auto find = [&](auto &function, const char *name) {
      function = file ? reinterpret_cast<std::decay_t<decltype(function)>>(
                            dlsym(file, name))
                      : nullptr;
      if (file && !function)
        reason = std::string("cuBLASLt has no ") + name;
    };
    find(lib.create, "cublasLtCreate");
    find(lib.descCreate, "cublasLtMatmulDescCreate");
    find(lib.descSet, "cublasLtMatmulDescSetAttribute");
    find(lib.layoutCreate, "cublasLtMatrixLayoutCreate");
    find(lib.preferenceCreate, "cublasLtMatmulPreferenceCreate");
    find(lib.preferenceSet, "cublasLtMatmulPreferenceSetAttribute");
    find(lib.heuristic, "cublasLtMatmulAlgoGetHeuristic");
    find(lib.matmul, "cublasLtMatmul");
    if (reason.empty() && lib.create(&lib.handle) != 0)
      reason = "cublasLtCreate failed", lib.handle = nullptr;
  }
  why = reason;
  return lib;
}

void ok(int status, const char *what) {
  if (status)
    throw std::runtime_error(std::string(what) + " returned status " +
                             std::to_string(status));
}

/// One problem in one mode. cuBLAS is column-major, so it computes the
/// transpose: D^T (N x M) = B (its A, transposed) times A^T (its B).
struct Setup {
  Library lib;
  void *desc = nullptr, *layoutA = nullptr, *layoutB = nullptr,
       *layoutD = nullptr;
  std::shared_ptr<Buffer> a, b, sfa, sfb;
  std::unique_ptr<Buffer> d, workspace, one;
  float alpha = 1, beta = 0;
  int64_t n = 0;

  int run(Device &device, const Heuristic &h) {
    return lib.matmul(lib.handle, desc, &alpha, b->data(), layoutA, a->data(),
                      layoutB, &beta, d->data(), layoutD, d->data(), layoutD,
                      h.algorithm, workspace->data(), workspaceBytes,
                      device.stream());
  }
};

class CublasSubject : public Subject {
public:
  CublasSubject(Device &device, std::shared_ptr<Setup> setup, Heuristic h,
                std::string name)
      : device(device), setup(std::move(setup)), chosen(h),
        title(std::move(name)) {}
  std::string name() const override { return title; }
  void reset() override {
    device.fill(setup->d->data(), 0xff, setup->d->size());
  }
  void launch() override { ok(setup->run(device, chosen), "cublasLtMatmul"); }
  Output output() const override { return {setup->d->data(), {setup->n, 1}}; }

private:
  Device &device;
  std::shared_ptr<Setup> setup;
  Heuristic chosen;
  std::string title;
};

std::shared_ptr<Setup> prepare(Device &device, Inputs &inputs, const Problem &p,
                               const std::string &mode, const Library &lib) {
  auto s = std::make_shared<Setup>();
  s->lib = lib;
  s->n = p.n;
  s->beta = p.withC ? 1.0f : 0.0f;
  int64_t ld = (p.k + 15) / 16 * 16;
  s->a = inputs.operand(p, "A", {ld, 1});
  s->b = inputs.operand(p, "B", {ld, 1});
  int typeD = p.type == DType::BF16 ? typeBF16 : typeF32;
  s->d = std::make_unique<Buffer>(
      device, size_t(p.m * p.n) * launch::byteSize(p.type), 0xa5, 65536);
  s->workspace = std::make_unique<Buffer>(device, workspaceBytes, 0, 0);
  s->one = std::make_unique<Buffer>(device, 4, 0, 0);
  float one = 1.0f;
  device.upload(s->one->data(), &one, 4);

  ok(lib.descCreate(&s->desc, computeF32, typeF32), "matmul descriptor");
  auto set = [&](int attribute, const auto &value) {
    ok(lib.descSet(s->desc, attribute, &value, sizeof value),
       "matmul attribute");
  };
  set(descTransA, 1);
  set(descTransB, 0);
  const void *scaleA = s->one->data(), *scaleB = s->one->data();
  if (mode == "blockwise") {
    // Its A is our B with a scale per 128 x 128, K blocks contiguous with a
    // stride that is a multiple of four; its B is our A, rows contiguous.
    int64_t blocks = (p.kBlocks() + 3) / 4 * 4, rows = (p.m + 3) / 4 * 4;
    bool vector = p.sfbRows == 1;
    s->sfa = inputs.operand(p, "SFA", {1, rows});
    s->sfb = inputs.operand(p, "SFB",
                            vector ? std::vector<int64_t>{1, (p.n + 3) / 4 * 4}
                                   : std::vector<int64_t>{blocks, 1});
    scaleA = s->sfb->data(), scaleB = s->sfa->data();
    set(descScaleModeA, vector ? scaleVec128 : scaleBlock128);
    set(descScaleModeB, scaleVec128);
  } else {
    set(descFastAccumulation, int8_t(mode == "tensorwise"));
  }
  set(descScaleA, scaleA);
  set(descScaleB, scaleB);
  ok(lib.layoutCreate(&s->layoutA, typeE4M3, uint64_t(p.k), uint64_t(p.n), ld),
     "layout");
  ok(lib.layoutCreate(&s->layoutB, typeE4M3, uint64_t(p.k), uint64_t(p.m), ld),
     "layout");
  ok(lib.layoutCreate(&s->layoutD, typeD, uint64_t(p.n), uint64_t(p.m), p.n),
     "layout");
  return s;
}

/// Which of the heuristics' answers is fastest, each the best of three runs
/// after a flush.
int fastest(Device &device, Setup &setup, const std::vector<Heuristic> &list,
            bool clean) {
  void *begin, *end;
  check(dgemm_event_create(device.handle(), &begin), "event");
  check(dgemm_event_create(device.handle(), &end), "event");
  int best = 0;
  float bestTime = 1e30f;
  for (size_t i = 0; i < list.size(); ++i)
    for (int run = 0; run < 3; ++run) {
      device.flush(clean);
      check(dgemm_event_record(device.handle(), begin, device.stream()),
            "event");
      if (setup.run(device, list[i]))
        break;
      check(dgemm_event_record(device.handle(), end, device.stream()), "event");
      float time = 0;
      check(dgemm_event_elapsed(device.handle(), begin, end, &time), "event");
      if (time < bestTime)
        bestTime = time, best = int(i);
    }
  dgemm_event_destroy(device.handle(), begin);
  dgemm_event_destroy(device.handle(), end);
  return best;
}

} // namespace

std::vector<std::unique_ptr<Subject>>
dgemm::run::makeCublasSubjects(Device &device, Inputs &inputs,
                               const Problem &problem, const std::string &mode,
                               const std::string &path, std::string &why) {
  std::vector<std::unique_ptr<Subject>> subjects;
  if (mode != "tensorwise" && mode != "tensorwise-slow" && mode != "blockwise")
    throw std::runtime_error("cublaslt must be tensorwise, tensorwise-slow or "
                             "blockwise, not '" +
                             mode + "'");
  if (!device.isGpu()) {
    why = "cuBLASLt needs the gpu backend";
    return subjects;
  }
  Library &lib = library(path, why);
  if (!lib.handle)
    return subjects;
  std::shared_ptr<Setup> setup = prepare(device, inputs, problem, mode, lib);
  void *preference = nullptr;
  ok(lib.preferenceCreate(&preference), "preference");
  ok(lib.preferenceSet(preference, preferWorkspace, &workspaceBytes,
                       sizeof workspaceBytes),
     "preference");
  std::vector<Heuristic> list(candidates);
  int count = 0;
  int status = lib.heuristic(lib.handle, setup->desc, setup->layoutA,
                             setup->layoutB, setup->layoutD, setup->layoutD,
                             preference, candidates, list.data(), &count);
  if (status || count == 0) {
    why = "cuBLASLt offers no " + mode + " algorithm here (status " +
          std::to_string(status) + ")";
    return subjects;
  }
  list.resize(size_t(count));
  int best = fastest(device, *setup, list, problem.m < 4096);
  std::string name = "cublaslt-" + mode;
  subjects.push_back(std::make_unique<CublasSubject>(device, setup, list[0],
                                                     name + "-default"));
  // The best is a subject of its own even where it is the default: the pair
  // shows the noise.
  subjects.push_back(std::make_unique<CublasSubject>(
      device, setup, list[size_t(best)], name + "-best"));
  return subjects;
}
