// The kernel's own count of this process's input and output.
#pragma once

#include "messages/metrics_aggregator.hpp"

namespace sluice {

/// Reads `/proc/self/io`; zeros where the kernel does not keep it.
process_io read_process_io();

} // namespace sluice
