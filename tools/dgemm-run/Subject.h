// Something that computes a case's product: our kernel, a peer's kernel, or
// cuBLASLt. Checks and timing treat them alike.
#ifndef DGEMM_TOOLS_RUN_SUBJECT_H
#define DGEMM_TOOLS_RUN_SUBJECT_H

#include "Check.h"

#include <memory>
#include <string>
#include <vector>

namespace dgemm::run {

class Subject {
public:
  virtual ~Subject() = default;
  virtual std::string name() const = 0;
  /// What it says about its schedule; empty: nothing.
  virtual std::string schedule() const { return ""; }
  /// Brings D into the state before a run: poison, or C where that is in D.
  virtual void reset() = 0;
  /// Enqueues one computation.
  virtual void launch() = 0;
  virtual Output output() const = 0;
};

/// A kernel with its record, bound to the buffers of one case.
class KernelSubject : public Subject {
public:
  KernelSubject(Device &device, Inputs &inputs, const Case &c,
                const Problem &problem, std::string name,
                std::shared_ptr<const KernelFile> file);
  ~KernelSubject() override;

  std::string name() const override { return title; }
  std::string schedule() const override { return file->record.schedule; }
  void reset() override;
  void launch() override;
  Output output() const override { return {d->data(), dStrides}; }

  /// Whether D holds a C before a launch.
  bool accumulates() const { return initial != nullptr; }
  /// Whether the record lets a launch overlap with the kernel before it. Only
  /// chains do so: launch() never does, so that a launch is timed alone.
  bool allowsPdl() const;
  /// Enqueues one computation that reads its weights elsewhere.
  void launchWith(const Buffer &b, const Buffer &sfb, bool pdl);
  /// An input by its name; null where there is none.
  const Buffer *input(const std::string &name) const;
  /// D with its guards.
  Buffer &buffer() { return *d; }
  /// How the kernel that a launch would pick cuts the sums of D.
  void describeParts(Problem &problem) const;
  /// Guards of every buffer that the kernel was given.
  std::string checkGuards() const;

private:
  Device &device;
  std::string title;
  std::shared_ptr<const KernelFile> file;
  dgemm_kernel *kernel = nullptr;
  dgemm_launch_options options = {};
  std::vector<std::pair<std::string, std::shared_ptr<Buffer>>> inputBuffers;
  std::unique_ptr<Buffer> d;
  std::shared_ptr<Buffer> initial; ///< what D holds before; null: poison
  std::vector<int64_t> dStrides;
  std::vector<std::vector<int64_t>> shapes, strides;
  std::vector<dgemm_tensor> tensors;
};

/// cuBLASLt in one mode: its default algorithm and the best of its
/// heuristics' (two subjects, one if they are the same). Empty, with a reason
/// in `why`, where the library or the mode is not there.
std::vector<std::unique_ptr<Subject>>
makeCublasSubjects(Device &device, Inputs &inputs, const Problem &problem,
                   const std::string &mode, const std::string &library,
                   std::string &why);

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_SUBJECT_H
