// The parts of the fuzzer: what is done with an input, and how inputs are
// made from others.

#ifndef DGEMM_TOOLS_DGEMM_FUZZ_FUZZ_H
#define DGEMM_TOOLS_DGEMM_FUZZ_FUZZ_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <random>
#include <string>

namespace dgemm::fuzz {

/// How far an input came.
enum class Outcome { Rejected, Parsed, Lowered };

/// Parses and verifies `text`; if it is valid, prints it and parses that
/// again; if it holds gemms, lowers them to the rung before PTX. Diagnostics
/// are dropped: an error is a right answer to most inputs. Aborts if what was
/// printed is not what is parsed, or a pass leaves IR that does not verify.
Outcome runInput(llvm::StringRef text);

/// Changes `text` by a few random edits of whole tokens. `others` are inputs
/// to take pieces from.
std::string mutate(llvm::StringRef text, llvm::ArrayRef<std::string> others,
                   std::mt19937_64 &random);

} // namespace dgemm::fuzz

#endif // DGEMM_TOOLS_DGEMM_FUZZ_FUZZ_H
