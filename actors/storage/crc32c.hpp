// CRC-32C (Castagnoli), by the processor where it has instructions for it: SSE 4.2 on
// x86-64, the CRC extension on 64-bit ARM, chosen once at start. The table is for all
// others, and for the tests that hold the ways against each other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice {

enum class crc32c_way : uint8_t { table, sse42, armv8 };

/// Continues a sum; 0 begins one: `crc32c(crc32c(0, a), b)` is the sum of a and b.
uint32_t crc32c(uint32_t so_far, const void* data, size_t bytes);

/// The way that `crc32c` goes on this machine, and its name.
crc32c_way crc32c_chosen();
const char* to_string(crc32c_way way);

/// Whether this machine can go that way.
bool crc32c_possible(crc32c_way way);

/// The same sum by a way that is possible.
uint32_t crc32c_by(crc32c_way way, uint32_t so_far, const void* data, size_t bytes);

} // namespace sluice
