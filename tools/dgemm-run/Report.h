// Results as lines: short ones for people, JSON for programs.
#ifndef DGEMM_TOOLS_RUN_REPORT_H
#define DGEMM_TOOLS_RUN_REPORT_H

#include "RunCase.h"

#include <string>

namespace dgemm::run {

/// Where and with what everything below it ran: one JSON line. `kernelClock`
/// says what measured kernel times, or why nothing did.
std::string headerJson(const Device &device, const std::string &command,
                       const std::string &kernelClock);
std::string resultJson(const Device &device, const Case &c,
                       const CaseResult &result);
/// One line per case, and one per subject where it was timed.
std::string resultText(const Device &device, const Case &c,
                       const CaseResult &result);

} // namespace dgemm::run

#endif // DGEMM_TOOLS_RUN_REPORT_H
