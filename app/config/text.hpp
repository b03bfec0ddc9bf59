// How values are spelled, in every layer and in every answer.
#pragma once

#include <caf/timespan.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

/// Longest time that can be configured: ten years.
constexpr caf::timespan time_max = std::chrono::hours{87'600};
constexpr caf::timespan time_min = std::chrono::milliseconds{1};

/// Reads decimal digits and nothing else; no sign, no leading zero.
std::optional<uint64_t> read_number(std::string_view text);

/// Reads a number of bytes, alone or with one of `K M G KiB MiB GiB`, which are powers of
/// 1024.
std::optional<uint64_t> read_size(std::string_view text);

/// Reads a whole number with one of `ns us ms s min h`, up to `time_max`.
std::optional<caf::timespan> read_time(std::string_view text);

/// Spells a time in its largest whole unit: `5s`, `90min`, `720h`.
std::string print_time(caf::timespan span);

/// Puts text between double quotes, as JSON and CAF's INI both read it. Values hold
/// no control characters, so that is all that has to be escaped.
std::string quoted(std::string_view text);

/// Cuts and cleans text that came from outside for use within one line.
std::string shown(std::string_view text);

/// Whether text is UTF-8 without control characters.
bool is_printable(std::string_view text);

} // namespace sluice::config
