// How much an answer promises. The words are the ones of the HTTP interface.
#pragma once

#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>

namespace sluice {

/// Ordered: a higher level includes the lower ones.
enum class durability : uint8_t {
  /// Accepted; a crash of the process loses it.
  memory = 0,
  /// Survives the death of the process, not of the machine.
  ram = 1,
  /// fdatasync has returned, for this and for all accepted before it.
  disk = 2,
};

inline std::string to_string(durability level) {
  switch (level) {
    case durability::memory:
      return "memory";
    case durability::ram:
      return "ram";
    case durability::disk:
      return "disk";
  }
  return "unknown";
}

/// What an explicit flush brought to its file or table.
struct flush_report {
  /// Items (lines, documents) that this flush waited for.
  uint64_t flushed = 0;

  bool operator==(const flush_report&) const = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, flush_report& x) {
  return f(caf::meta::type_name("flush_report"), x.flushed);
}

} // namespace sluice
