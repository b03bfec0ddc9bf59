// What a dead service left in its spool, and what a start makes of it, as text or JSON.
#pragma once

#include "actors/storage/spool_reading.hpp"

#include <optional>
#include <string>

namespace sluice {

struct spool_report {
  /// Where it lies, or lay.
  std::string dir;
  /// A running service has it: what follows is old already.
  bool in_use = false;
  /// None: nothing is left there.
  std::optional<spool_contents> contents;
  /// Why the data directory that was asked about would refuse it, or empty.
  std::string refusal;
};

/// Several lines; ends in a newline.
std::string text_of(const spool_report& report);

/// One object, without a newline.
std::string json_of(const spool_report& report);

} // namespace sluice
