#include "app/config/settings_keeper.hpp"

#include "app/config/invalid.hpp"
#include "app/config/keys.hpp"
#include "app/config/print.hpp"
#include "app/config/text.hpp"
#include "app/config/whole.hpp"
#include "messages/error.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace sluice::config {

namespace {

constexpr size_t who_bytes_max = 256;

} // namespace

void settings_keeper_state::init(configuration from) {
  now_ = std::move(from);
}

caf::expected<std::vector<setting>>
settings_keeper_state::get(const std::string& key) const {
  std::vector<setting> result;
  for (const auto& each : keys())
    if (key.empty() || each.name == key)
      result.push_back(setting_of(each, now_));
  if (result.empty())
    return caf::make_error(ec::not_found, "there is no setting " + key);
  return result;
}

caf::expected<setting> settings_keeper_state::set(const std::string& key,
                                                  const std::string& text,
                                                  const std::string& who) {
  if (who.empty() || who.size() > who_bytes_max || !is_printable(who))
    return caf::make_error(ec::invalid_argument,
                           "whoever sets something is told in the log: up to "
                             + std::to_string(who_bytes_max) + " printable bytes");
  const auto* which = find_key(key);
  if (!which)
    return unknown_key(key, text, "set");
  const auto what = read(*which, text);
  if (!what)
    return invalid_value(*which, text, "set");
  if (!which->live)
    return caf::make_error(ec::refused,
                           key
                             + " cannot be changed while the service runs: set it in "
                               "the file or on the command line, and start anew");
  auto next = now_;
  store(*which, next.settings, *what);
  next.sources[which->name] = layer::set;
  complete(next.settings);
  if (auto err = check_whole(next.settings))
    return err;
  now_ = std::move(next);
  if (listener_)
    self_->send(listener_, atom::apply_v, live_part(now_.settings));
  auto result = setting_of(*which, now_);
  spdlog::info("setting-changed {} set {} to {}", who, key, result.value);
  return result;
}

std::string settings_keeper_state::dump() const {
  return json_text(now_);
}

void settings_keeper_state::attach(const live_settings_listener_actor& who) {
  listener_ = who;
}

settings_actor::behavior_type
settings_keeper(settings_actor::stateful_pointer<settings_keeper_state> self,
                configuration from) {
  auto* state = &self->state;
  state->init(std::move(from));
  return {
    [state](atom::get, const std::string& key) { return state->get(key); },
    [state](atom::put, const std::string& key, const std::string& text,
            const std::string& who) { return state->set(key, text, who); },
    [state](atom::dump) { return state->dump(); },
    [state](atom::attach, const live_settings_listener_actor& who) {
      state->attach(who);
    },
  };
}

live_settings live_part(const sluice::settings& from) {
  live_settings result;
  result.log = {from.log.max_entries, from.log.max_bytes, from.log.flush_interval,
                from.log.sync};
  result.sessions.debounce =
    from.session.debounced ? from.session.debounce : caf::timespan{0};
  result.sessions.max_pending = from.session.max_pending;
  return result;
}

} // namespace sluice::config
