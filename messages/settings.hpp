// The SETTINGS are those of the configuration as they are now: some can be changed while
// the service runs, and whoever they concern is told.
#pragma once

#include "messages/log_buffer.hpp"
#include "messages/session_debouncer.hpp"

#include <string>
#include <vector>

namespace sluice {

struct setting {
  std::string key;
  /// As JSON spells it.
  std::string value;
  /// The layer that it comes from, or `set`.
  std::string source;
  /// Whether it can be changed while the service runs.
  bool live = false;

  bool operator==(const setting&) const = default;
};

/// All that can be changed, in the form in which it takes effect.
struct live_settings {
  log_limits log;
  session_limits sessions;

  bool operator==(const live_settings&) const = default;
};

/// Whoever keeps them.
using live_settings_listener_actor = caf::typed_actor<
  /// Keeps these from now on.
  caf::reacts_to<atom::apply, live_settings>>;

using settings_actor = caf::typed_actor<
  /// The setting of that key, or without one all of them; `not_found`.
  caf::replies_to<atom::get, std::string>::with<std::vector<setting>>,
  /// Sets a key to what the command line would spell so, for this person; or says why not
  /// and changes nothing.
  caf::replies_to<atom::put, std::string, std::string, std::string>::with<setting>,
  /// The answer to `GET /v1/config`.
  caf::replies_to<atom::dump>::with<std::string>,
  /// Tells this one of changes.
  caf::reacts_to<atom::attach, live_settings_listener_actor>>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, setting& x) {
  return f(caf::meta::type_name("setting"), x.key, x.value, x.source, x.live);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, live_settings& x) {
  return f(caf::meta::type_name("live_settings"), x.log, x.sessions);
}

} // namespace sluice
