#include "actors/lifecycle/child_table.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {

namespace {

constexpr auto lasts = true;
constexpr auto goes = false;

constexpr std::array<child_kind, 17> kinds{{
  {"directory", stage::observers, revival::never, lasts, {}, {}},
  {"metrics-aggregator", stage::observers, revival::jointly, lasts, {}, {}},
  {"disk-watch", stage::observers, revival::alone, lasts, {}, {}},
  {"alert-keeper", stage::observers, revival::alone, lasts, {}, {}},
  {"spool-keeper", stage::observers, revival::jointly, lasts, {}, {}},
  {"introspection", stage::observers, revival::alone, lasts, {}, {}},
  {"topic-hub", stage::intake, revival::alone, lasts, {}, {}},
  {"log-buffer", stage::intake, revival::alone, goes, "log-writer", {}},
  {"log-writer", stage::stores, revival::alone, goes, {}, {}},
  {"session-debouncer", stage::intake, revival::jointly, goes, "session-journal",
   "session-rows"},
  {"session-journal", stage::stores, revival::jointly, goes, {}, {}},
  {"session-rows", stage::stores, revival::jointly, goes, "database", {}},
  {"sql-queue", stage::intake, revival::jointly, goes, "database", {}},
  // The database stops the actors behind it: only it knows when they are idle.
  {"database", stage::database, revival::jointly, goes, "sqlite-writer", {}},
  {"sqlite-writer", std::nullopt, revival::jointly, goes, {}, {}},
  {"sqlite-reader", std::nullopt, revival::jointly, goes, {}, {}, true},
  {"ws-batcher", stage::delivery, revival::never, lasts, {}, {}},
}};

/// Those of whom the table says nothing.
constexpr child_kind any_other{{}, std::nullopt, revival::jointly, goes, {}, {}};

} // namespace

const child_kind& kind_of(std::string_view name) {
  const auto* found = std::find_if(
    kinds.begin(), kinds.end(), [name](const child_kind& x) { return x.name == name; });
  return found == kinds.end() ? any_other : *found;
}

std::set<std::string> cut_off_by(const std::set<std::string>& dead,
                                 const std::set<std::string>& there) {
  auto unfit = dead;
  const auto is_new = [&](const std::string& name) {
    const auto& kind = kind_of(name);
    return !unfit.contains(name)
           && (unfit.contains(std::string{kind.feeds})
               || unfit.contains(std::string{kind.feeds_too}));
  };
  std::set<std::string> result;
  for (auto next = std::find_if(there.begin(), there.end(), is_new); next != there.end();
       next = std::find_if(there.begin(), there.end(), is_new)) {
    unfit.insert(*next);
    result.insert(*next);
  }
  return result;
}

void child_table::add(std::string name, std::string key, managed_actor handle) {
  const auto stops_at = kind_of(name).stops_at;
  all_.push_back({std::move(name), std::move(key), std::move(handle), stops_at});
}

std::optional<child> child_table::remove(const caf::actor_addr& who) {
  const auto place = std::find_if(all_.begin(), all_.end(), [&who](const child& x) {
    return caf::actor_cast<caf::actor_addr>(x.handle) == who;
  });
  if (place == all_.end())
    return std::nullopt;
  auto result = std::move(*place);
  all_.erase(place);
  return result;
}

void child_table::remove_joint() {
  std::erase_if(all_, [](const child& x) { return !kind_of(x.name).outlives_others; });
}

bool child_table::has(std::string_view name) const {
  return std::any_of(all_.begin(), all_.end(),
                     [name](const child& x) { return x.name == name; });
}

bool child_table::has(std::string_view name, std::string_view key) const {
  return std::any_of(all_.begin(), all_.end(), [name, key](const child& x) {
    return x.name == name && x.key == key;
  });
}

children child_table::find(const std::string& words) const {
  children result;
  std::copy_if(
    all_.begin(), all_.end(), std::back_inserter(result), [&words](const child& x) {
      return words == x.name || words == full_name(x.name, x.key)
             || words == x.name + "/" + x.key || words == std::to_string(x.handle->id());
    });
  return result;
}

children child_table::lasting() const {
  children result;
  std::copy_if(all_.begin(), all_.end(), std::back_inserter(result),
               [](const child& x) { return kind_of(x.name).outlives_others; });
  return result;
}

children child_table::joint() const {
  children result;
  std::copy_if(all_.begin(), all_.end(), std::back_inserter(result),
               [](const child& x) { return !kind_of(x.name).outlives_others; });
  return result;
}

} // namespace sluice
