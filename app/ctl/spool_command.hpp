// `sluicectl spool DIR`: what a dead service left, read without a running one.
#pragma once

#include <string>

namespace sluice::ctl {

/// Prints it, and returns the exit code.
int tell_spool(const std::string& dir, bool as_json);

} // namespace sluice::ctl
