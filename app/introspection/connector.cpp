#include "app/introspection/connector.hpp"

#include "app/introspection/quiet_broker.hpp"
#include "app/introspection/unix_stream.hpp"
#include "messages/error.hpp"

#include <caf/io/middleman.hpp>
#include <caf/io/middleman_actor_impl.hpp>
#include <caf/io/network/default_multiplexer.hpp>

#include <utility>

namespace sluice::wire {

namespace {

/// CAF's own connector, for any stream socket instead of TCP alone.
class socket_connector : public caf::io::middleman_actor_impl {
public:
  socket_connector(caf::actor_config& config, caf::actor broker, destination to)
      : middleman_actor_impl(config, std::move(broker)), to_(std::move(to)) {}

  const char* name() const override { return "socket-connector"; }

protected:
  caf::expected<caf::io::scribe_ptr> connect(const std::string&, uint16_t) override {
    auto fd = to_.dial();
    if (!fd)
      return std::move(fd.error());
    using caf::io::network::default_multiplexer;
    auto& multiplexer = static_cast<default_multiplexer&>(system().middleman().backend());
    caf::io::network::nonblocking(fd->get(), true);
    return caf::io::scribe_ptr{
      caf::make_counted<unix_scribe>(multiplexer, fd->release())};
  }

private:
  destination to_;
};

} // namespace

destination local_service(const std::string& path, dialler* dial) {
  return {path, [path, dial]() -> caf::expected<unique_fd> {
            auto fd = dial(path);
            if (!fd && fd.error() == ec::refused)
              return fd;
            if (!fd)
              return caf::make_error(ec::unavailable,
                                     text_of(fd.error())
                                       + "; does sluiced run, as this user, and is this "
                                         "its introspection.socket?");
            return fd;
          }};
}

caf::io::middleman_actor spawn_connector(caf::actor_system& sys, destination to) {
  auto broker = sys.middleman().named_broker<quiet_broker>(caf::atom("introspect"));
  return caf::actor_cast<caf::io::middleman_actor>(
    sys.spawn<socket_connector, caf::hidden>(std::move(broker), std::move(to)));
}

caf::expected<introspection_actor>
introspection_of(caf::actor_system& sys, const std::string& name,
                 caf::strong_actor_ptr who, const std::set<std::string>& offered) {
  if (!who || !sys.assignable(offered, sys.message_types(introspection_actor{})))
    return caf::make_error(ec::unavailable,
                           name
                             + " is of another version than this program: use the one "
                               "that came with it");
  return caf::actor_cast<introspection_actor>(std::move(who));
}

caf::error in_words(caf::error why) {
  if (why.category() == caf::atom("sluice"))
    return why;
  return caf::make_error(ec::unavailable, why == caf::sec::request_timeout
                                            ? "the service does not answer in time"
                                            : "the service has ended the connection");
}

} // namespace sluice::wire
