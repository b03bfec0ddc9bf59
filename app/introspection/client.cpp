#include "app/introspection/client.hpp"

#include "app/introspection/quiet_broker.hpp"
#include "app/introspection/unix_socket.hpp"
#include "app/introspection/unix_stream.hpp"
#include "app/introspection/wire.hpp"

#include <caf/io/middleman.hpp>
#include <caf/io/middleman_actor_impl.hpp>
#include <caf/io/network/default_multiplexer.hpp>

#include <set>
#include <thread>

namespace sluice::wire {

namespace {

constexpr auto handshake_patience = std::chrono::seconds{5};
constexpr int tries_max = 4;
constexpr auto pause = std::chrono::milliseconds{250};

/// CAF's own connector, for paths instead of hosts.
class unix_connector : public caf::io::middleman_actor_impl {
public:
  using middleman_actor_impl::middleman_actor_impl;

  const char* name() const override { return "unix-connector"; }

protected:
  caf::expected<caf::io::scribe_ptr> connect(const std::string& path, uint16_t) override {
    auto fd = connect_to(path);
    if (!fd)
      return std::move(fd.error());
    using caf::io::network::default_multiplexer;
    auto& multiplexer = static_cast<default_multiplexer&>(system().middleman().backend());
    caf::io::network::nonblocking(fd->get(), true);
    return caf::io::scribe_ptr{
      caf::make_counted<unix_scribe>(multiplexer, fd->release())};
  }
};

caf::error unreachable(const std::string& what) {
  return caf::make_error(ec::unavailable, what);
}

} // namespace

client::config::config() {
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", 1);
  speak(*this);
}

client::client() : system_(config_), self_(system_) {
  // nop
}

client::~client() {
  caf::anon_send_exit(connector_, caf::exit_reason::user_shutdown);
}

caf::error client::connect(const std::string& path) {
  caf::error problem;
  for (auto tries = tries_max; tries > 0; --tries) {
    problem = try_to_connect(path);
    // One that cannot come in at all is told so in the service's own words.
    if (!problem || code_of(problem) != ec::overloaded)
      return problem;
    std::this_thread::sleep_for(pause);
  }
  return unreachable(text_of(problem));
}

/// `overloaded`: somebody listens, and let go at once, as those do who are asked too
/// often.
caf::error client::try_to_connect(const std::string& path) {
  if (connector_)
    caf::anon_send_exit(connector_, caf::exit_reason::user_shutdown);
  auto broker = system_.middleman().named_broker<quiet_broker>(caf::atom("introspect"));
  connector_ =
    caf::actor_cast<caf::actor>(system_.spawn<unix_connector, caf::hidden>(broker));
  caf::error problem;
  self_
    ->request(caf::actor_cast<caf::io::middleman_actor>(connector_), handshake_patience,
              caf::connect_atom::value, path, only_port)
    .receive(
      [&](const caf::node_id&, caf::strong_actor_ptr& who,
          const std::set<std::string>& offered) {
        if (!who || !system_.assignable(offered, system_.message_types(service_)))
          problem = unreachable("the service at " + path
                                + " is of another version than this sluicectl");
        else
          service_ = caf::actor_cast<introspection_actor>(std::move(who));
      },
      [&](const caf::error& why) {
        if (why.category() == caf::atom("sluice"))
          problem = unreachable(text_of(why)
                                + "; does sluiced run, as this user, and is this its "
                                  "introspection.socket?");
        else
          problem = caf::make_error(
            ec::overloaded, "whoever listens at " + path
                              + " does not answer: it is no sluiced of this version, or "
                                "it is asked too often");
      });
  return problem;
}

caf::error client::in_words(caf::error why) {
  if (why.category() == caf::atom("sluice"))
    return why;
  if (why == caf::sec::request_timeout)
    return unreachable("the service does not answer in time");
  return unreachable("the service has ended the connection");
}

} // namespace sluice::wire
