#include "app/gate/relay.hpp"

#include "actors/detail/owed.hpp"
#include "app/introspection/unix_stream.hpp"
#include "messages/error.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <set>
#include <utility>

namespace sluice::gate {

namespace {

/// As long as the service itself takes for either, and a little more.
constexpr auto telling = std::chrono::seconds{12};
constexpr auto working = std::chrono::seconds{65};

} // namespace

void relay_state::init(relay_config config) {
  config_ = std::move(config);
  self_->set_default_handler(caf::drop);
  self_->set_down_handler([this](const caf::down_msg& x) {
    if (service_ && x.source == service_.address())
      lost();
  });
}

template <class Answer, class... Ts>
caf::result<Answer> relay_state::ask(caf::timespan patience, Ts... xs) {
  if (!requests_.take(clock::now())) {
    if (config_.counts)
      ++config_.counts->refused_requests;
    return caf::make_error(ec::overloaded, "the gate is asked too often; try again");
  }
  auto answer = detail::owe<Answer>(self_);
  auto run = [this, answer, patience, xs...]() mutable {
    pass_on(answer, patience, std::move(xs)...);
  };
  if (service_) {
    run();
  } else {
    held_.push_back(
      {run, [answer](const caf::error& why) mutable { answer.deliver(why); }});
    connect();
  }
  return answer;
}

template <class Answer, class... Ts>
void relay_state::pass_on(detail::owed<Answer> answer, caf::timespan patience, Ts... xs) {
  const auto which = ++questions_;
  asked_.emplace(which, [answer]() mutable {
    answer.deliver(
      wire::in_words(caf::make_error(caf::exit_reason::remote_link_unreachable)));
  });
  self_->request(service_, patience, std::move(xs)...)
    .then(
      [this, which, answer](Answer& x) mutable {
        asked_.erase(which);
        answer.deliver(std::move(x));
      },
      [this, which, answer](caf::error& why) mutable {
        asked_.erase(which);
        answer.deliver(wire::in_words(std::move(why)));
      });
}

/// CAF tells nobody who has asked that the connection has ended over which the answer
/// would come.
void relay_state::lost() {
  service_ = nullptr;
  for (auto& [which, tell] : std::exchange(asked_, {}))
    tell();
}

template <class Answer, class... Ts>
caf::result<Answer> relay_state::control(caf::timespan patience, Ts... xs) {
  if (!config_.allow_control)
    return caf::make_error(ec::refused, "this gate only shows: it was started without "
                                        "gate.allow-control=true");
  return ask<Answer>(patience, std::move(xs)...);
}

// -- the connection ---------------------------------------------------------------------

void relay_state::connect() {
  if (std::exchange(connecting_, true))
    return;
  if (connector_)
    caf::anon_send_exit(connector_, caf::exit_reason::user_shutdown);
  connector_ = wire::spawn_connector(self_->system(), config_.service);
  self_
    ->request(connector_, wire::handshake_patience, caf::connect_atom::value,
              config_.service.name, wire::only_port)
    .then(
      [this](const caf::node_id&, caf::strong_actor_ptr& who,
             const std::set<std::string>& offered) {
        connected(wire::introspection_of(self_->system(), "the service behind the gate",
                                         std::move(who), offered));
      },
      // Paths of its machine are nobody's business outside.
      [this](const caf::error&) {
        connected(caf::make_error(ec::unavailable,
                                  "the gate cannot reach the service: does it run?"));
      });
}

void relay_state::connected(caf::expected<introspection_actor> found) {
  connecting_ = false;
  if (found) {
    service_ = std::move(*found);
    self_->monitor(service_);
  }
  for (auto& each : std::exchange(held_, {})) {
    if (service_)
      each.run();
    else
      each.refuse(found.error());
  }
}

introspection_actor::behavior_type
relay(introspection_actor::stateful_pointer<relay_state> self, relay_config config) {
  auto* state = &self->state;
  state->init(std::move(config));
  using log_numbers = std::vector<named_log_stats>;
  using client_numbers = std::vector<ws_connection_stats>;
  return {
    [state](atom::survey x) { return state->ask<service_status>(telling, x); },
    [state](atom::actors x, bool with_states) {
      return state->ask<actor_listing>(telling, x, with_states);
    },
    [state](atom::logs x) { return state->ask<log_numbers>(telling, x); },
    [state](atom::stores x) { return state->ask<session_stats>(telling, x); },
    [state](atom::database x) { return state->ask<database_numbers>(telling, x); },
    [state](atom::clients x) { return state->ask<client_numbers>(telling, x); },
    [state](atom::snapshot x) { return state->ask<metrics_window>(telling, x); },
    [state](atom::history x) {
      return state->ask<std::vector<metrics_window>>(telling, x);
    },
    [state](atom::ledger x) { return state->ask<ledger_report>(telling, x); },
    [state](atom::flush x, flush_target what) {
      return state->control<flush_report>(working, x, what);
    },
    [state](atom::checkpoint x, checkpoint_mode mode) {
      return state->control<checkpoint_report>(working, x, mode);
    },
    [state](atom::get x, const std::string& key) {
      return state->ask<std::vector<setting>>(telling, x, key);
    },
    [state](atom::put x, const std::string& key, const std::string& value,
            const std::string& who) {
      return state->control<setting>(telling, x, key, value, who + " through the gate");
    },
    [state](atom::restart x, const std::string& who) {
      return state->control<std::string>(telling, x, who);
    },
    [state](atom::confirm x, const std::string& alert_id) {
      return state->control<bool>(telling, x, alert_id);
    },
  };
}

} // namespace sluice::gate
