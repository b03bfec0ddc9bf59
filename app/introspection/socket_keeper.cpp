#include "app/introspection/socket_keeper.hpp"

#include "app/introspection/quiet_broker.hpp"

#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/send.hpp>

#include <utility>

namespace sluice::wire {

void socket_keeper_state::init(socket_keeper_config config) {
  config_ = std::move(config);
  guests_ = std::make_shared<guests>(config_.counts, config_.asker);
  self_->set_down_handler([this](const caf::down_msg& x) { on_down(x); });
}

void socket_keeper_state::serve(const introspection_actor& who) {
  if (!who || who == introspection_)
    return;
  // With it go the door, and those who came to talk to it.
  if (broker_)
    caf::anon_send_exit(std::exchange(broker_, nullptr), caf::exit_reason::kill);
  introspection_ = who;
  serve_again();
}

void socket_keeper_state::serve_again() {
  // A try that was put off comes late where somebody has come to be served since.
  if (broker_)
    return;
  auto listening = config_.listen();
  if (!listening) {
    self_->delayed_send(self_, pause_.next(), atom::retry_v);
    return;
  }
  pause_.reset();
  start_broker();
  auto& sys = self_->system();
  auto who = caf::actor_cast<caf::strong_actor_ptr>(introspection_);
  const auto id = who->id();
  caf::io::doorman_ptr door = caf::make_counted<unix_doorman>(
    multiplexer(), listening->release(), guests_, wire::serve(sys, id));
  caf::anon_send(broker_, caf::publish_atom::value, std::move(door), only_port,
                 std::move(who), sys.message_types(introspection_));
}

/// The middleman knows its brokers by name, the dead ones too, and ends them all.
void socket_keeper_state::start_broker() {
  const auto called = "sluice" + std::to_string(++brokers_ % 1000);
  broker_ =
    self_->system().middleman().named_broker<quiet_broker>(caf::atom_from_string(called));
  self_->monitor(broker_);
}

caf::io::network::default_multiplexer& socket_keeper_state::multiplexer() {
  auto& any = self_->system().middleman().backend();
  return static_cast<caf::io::network::default_multiplexer&>(any);
}

void socket_keeper_state::on_down(const caf::down_msg& x) {
  // With a broker go those whom it served.
  multiplexer().post([all = guests_] { all->sweep(); });
  if (!broker_ || x.source != broker_)
    return;
  broker_ = nullptr;
  ++config_.counts->socket_restarts;
  self_->delayed_send(self_, pause_.next(), atom::retry_v);
}

socket_keeper_actor::behavior_type
socket_keeper(socket_keeper_actor::stateful_pointer<socket_keeper_state> self,
              socket_keeper_config config) {
  auto* state = &self->state;
  state->init(std::move(config));
  return {
    [state](atom::attach, const subsystems& now) { state->serve(now.introspection); },
    [state](atom::attach, const introspection_actor& who) { state->serve(who); },
    [state](atom::retry) { state->serve_again(); },
  };
}

} // namespace sluice::wire
