// The actors that a supervisor has started, in the order in which they must stop:
// upstream before downstream, so that whatever one lets go of finds the next at work.
#pragma once

#include "messages/status.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// Stages of a stop. Actors of one stage stop side by side.
enum class stage : size_t {
  intake = 0,
  /// What the topics let go of last is on its way to the clients.
  delivery = 1,
  stores = 2,
  database = 3,
  observers = 4,
};

constexpr size_t stage_count = 5;

struct child {
  std::string name;
  /// What it serves, or empty.
  std::string key;
  managed_actor handle;
  /// None where another actor stops it.
  std::optional<stage> stops_at;
};

using children = std::vector<child>;

/// `log-buffer app`
inline std::string full_name(const std::string& name, const std::string& key) {
  return key.empty() ? name : name + " " + key;
}

/// `log-buffer app, log-writer`
inline std::string joined(const std::vector<std::string>& names) {
  std::string result;
  for (const auto& each : names)
    result += (result.empty() ? "" : ", ") + each;
  return result;
}

} // namespace sluice
