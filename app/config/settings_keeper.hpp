// The SETTINGS KEEPER answers for the configuration while the service runs: what is set,
// by which layer, and what may be changed. A change is read, checked as a whole, and told
// to whoever keeps it, or it changes nothing.
#pragma once

#include "app/config/load.hpp"
#include "messages/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <string>
#include <vector>

namespace sluice::config {

class settings_keeper_state {
public:
  static inline const char* name = "settings-keeper";

  explicit settings_keeper_state(settings_actor::pointer self) : self_(self) {}

  void init(configuration from);

  caf::expected<std::vector<setting>> get(const std::string& key) const;
  caf::expected<setting> set(const std::string& key, const std::string& text,
                             const std::string& who);
  std::string dump() const;
  void attach(const live_settings_listener_actor& who);

private:
  settings_actor::pointer self_;
  configuration now_;
  live_settings_listener_actor listener_;
};

settings_actor::behavior_type
settings_keeper(settings_actor::stateful_pointer<settings_keeper_state> self,
                configuration from);

/// Those that can be changed, in the form in which they take effect.
live_settings live_part(const sluice::settings& from);

} // namespace sluice::config
