// The SETTINGS KEEPER answers for the configuration while the service runs: what is set,
// by which layer, and what may be changed. A change is read, checked as a whole, and told
// to whoever keeps it, or it changes nothing.
#pragma once

#include "app/config/load.hpp"
#include "messages/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sluice::config {

/// What a start would read now.
struct fresh_configuration {
  std::shared_ptr<const configuration> what;

  bool operator==(const fresh_configuration&) const = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, fresh_configuration&) {
  return f(caf::meta::type_name("fresh_configuration"));
}

using settings_keeper_actor = settings_actor::extend<
  /// Takes what is new in these, as far as it can be changed while the service runs.
  caf::reacts_to<atom::apply, fresh_configuration>>;

class settings_keeper_state {
public:
  static inline const char* name = "settings-keeper";

  explicit settings_keeper_state(settings_keeper_actor::pointer self) : self_(self) {}

  void init(configuration from);

  caf::expected<std::vector<setting>> get(const std::string& key) const;
  caf::expected<setting> set(const std::string& key, const std::string& text,
                             const std::string& who);
  std::string dump() const;
  void attach(const live_settings_listener_actor& who);

  /// A value that somebody has set stays until the layers say something new of its key.
  void reload(const configuration& fresh);

private:
  caf::error keep(configuration next);

  settings_keeper_actor::pointer self_;
  configuration now_;
  /// The layers as they were read last, without what was set since.
  configuration layers_;
  live_settings_listener_actor listener_;
};

settings_keeper_actor::behavior_type
settings_keeper(settings_keeper_actor::stateful_pointer<settings_keeper_state> self,
                configuration from);

/// Those that can be changed, in the form in which they take effect.
live_settings live_part(const sluice::settings& from);

} // namespace sluice::config
