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

bool is_new(const key& which, const configuration& fresh, const configuration& known) {
  return load(which, fresh.settings) != load(which, known.settings)
         || source_of(which, fresh) != source_of(which, known);
}

void take(configuration& to, const key& which, const configuration& from) {
  store(which, to.settings, load(which, from.settings));
  if (const auto source = from.sources.find(which.name); source != from.sources.end())
    to.sources[which.name] = source->second;
  else
    to.sources.erase(which.name);
}

} // namespace

void settings_keeper_state::init(configuration from) {
  now_ = std::move(from);
  layers_ = now_;
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
  if (auto err = keep(std::move(next)))
    return err;
  auto result = setting_of(*which, now_);
  spdlog::info("setting-changed {} set {} to {}", who, key, result.value);
  return result;
}

void settings_keeper_state::reload(const configuration& fresh) {
  const auto before = now_;
  auto next = now_;
  for (const auto& each : keys())
    if (each.live && is_new(each, fresh, layers_))
      take(next, each, fresh);
  if (auto err = keep(std::move(next))) {
    spdlog::error("settings-refused {}; nothing is changed", text_of(err));
    return;
  }
  layers_ = fresh;
  size_t changes = 0;
  for (const auto& each : keys()) {
    const auto now = setting_of(each, now_);
    const auto wanted = setting_of(each, fresh);
    if (is_new(each, now_, before)) {
      ++changes;
      spdlog::info("setting-changed hangup set {} to {} ({})", now.key, now.value,
                   now.source);
    } else if (!each.live && now.value != wanted.value) {
      spdlog::warn("setting-waits {} = {} ({}) needs a new start; until then it is {}",
                   now.key, wanted.value, wanted.source, now.value);
    }
  }
  if (changes == 0)
    spdlog::info("settings-kept hangup found nothing new that can be changed now");
}

/// Takes them as a whole and tells them, or changes nothing.
caf::error settings_keeper_state::keep(configuration next) {
  complete(next.settings);
  if (auto err = check_whole(next.settings))
    return err;
  now_ = std::move(next);
  if (listener_)
    self_->send(listener_, atom::apply_v, live_part(now_.settings));
  return caf::none;
}

std::string settings_keeper_state::dump() const {
  return json_text(now_);
}

void settings_keeper_state::attach(const live_settings_listener_actor& who) {
  listener_ = who;
}

settings_keeper_actor::behavior_type
settings_keeper(settings_keeper_actor::stateful_pointer<settings_keeper_state> self,
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
    [state](atom::apply, const fresh_configuration& x) { state->reload(*x.what); },
  };
}

live_settings live_part(const sluice::settings& from) {
  live_settings result;
  result.log = {from.log.max_entries, from.log.max_bytes, from.log.flush_interval,
                from.log.sync};
  result.sessions.debounce =
    from.session.debounced ? from.session.debounce : caf::timespan{0};
  result.sessions.max_pending = from.session.max_pending;
  result.sessions.max_stores = from.session.max_stores;
  return result;
}

} // namespace sluice::config
