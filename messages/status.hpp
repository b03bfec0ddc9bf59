// What every actor can be asked: how are you, and please finish. Each interface
// in this folder ends with these two requests.
#pragma once

#include "messages/type_ids.hpp"

#include <caf/meta/type_name.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <caf/variant.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

/// One value of an actor's own state.
struct named_value {
  /// In camelCase, with the unit last (`oldestMs`).
  std::string name;
  caf::variant<bool, int64_t, double, std::string> value;

  bool operator==(const named_value&) const = default;
};

/// One condition that readiness depends on.
struct check {
  /// In kebab case (`last-sync`).
  std::string name;
  bool ok = true;
  /// What was found, in words.
  std::string detail;

  bool operator==(const check&) const = default;
};

/// Something that a person must look at.
struct alert {
  /// Stable, in kebab case (`log-write-failed`).
  std::string id;
  /// What it is about, in words, with the file or key concerned.
  std::string text;
  /// Since when, in ms since 1970.
  int64_t since_ms = 0;
  /// How many of this id it stands for, itself included: where there are many, a few are
  /// told, and the last of them stands for the rest.
  uint64_t count = 1;

  bool operator==(const alert&) const = default;
};

/// How often a trouble has come up since the actor was started.
struct trouble_count {
  /// As the alert that told of it, or what went wrong without one.
  std::string id;
  uint64_t times = 0;

  bool operator==(const trouble_count&) const = default;
};

struct status_report {
  /// The actor's file name in kebab case (`log-buffer`).
  std::string name;
  /// What it serves (a log's name), or empty.
  std::string key;
  /// Payload bytes that it holds, by its own count.
  uint64_t held_bytes = 0;
  std::vector<named_value> state;
  std::vector<check> checks;
  std::vector<alert> alerts;
  /// Of a trouble that is over, too.
  std::vector<trouble_count> troubles = {};
  /// The actor's id, as a survey fills it in.
  uint64_t id = 0;

  bool operator==(const status_report&) const = default;
};

struct stop_report {
  std::string name;
  std::string key;
  /// Items that the stop itself brought to disk.
  uint64_t drained = 0;
  /// Items that could not be: lost with the process unless a spool holds them.
  uint64_t left = 0;
  /// Why something was left, or empty.
  std::string detail;

  bool operator==(const stop_report&) const = default;
};

using managed_actor = caf::typed_actor<
  /// Tells its state, its checks and its alerts. Never waits for anything.
  caf::replies_to<atom::status>::with<status_report>,
  /// Refuses new work, drains what it holds, says what it drained, and ends.
  caf::replies_to<atom::stop>::with<stop_report>>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, named_value& x) {
  return f(caf::meta::type_name("named_value"), x.name, x.value);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, check& x) {
  return f(caf::meta::type_name("check"), x.name, x.ok, x.detail);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, alert& x) {
  return f(caf::meta::type_name("alert"), x.id, x.text, x.since_ms, x.count);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, trouble_count& x) {
  return f(caf::meta::type_name("trouble_count"), x.id, x.times);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, status_report& x) {
  return f(caf::meta::type_name("status_report"), x.name, x.key, x.held_bytes, x.state,
           x.checks, x.alerts, x.troubles);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stop_report& x) {
  return f(caf::meta::type_name("stop_report"), x.name, x.key, x.drained, x.left,
           x.detail);
}

} // namespace sluice
