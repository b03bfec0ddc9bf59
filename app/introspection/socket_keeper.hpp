// The SOCKET KEEPER has the introspection of the day served at one socket, by a broker of
// its own. A broker that dies is replaced; a socket that cannot be had is tried again.
#pragma once

#include "actors/detail/growing_pause.hpp"
#include "actors/storage/unique_fd.hpp"
#include "app/introspection/unix_stream.hpp"
#include "messages/supervisor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <caf/expected.hpp>

#include <functional>
#include <memory>

namespace sluice::wire {

using socket_keeper_actor = subsystems_listener_actor::extend<
  /// Serves this one from now on.
  caf::reacts_to<atom::attach, introspection_actor>,
  // internal: the pause after a failure is over.
  caf::reacts_to<atom::retry>>;

struct socket_keeper_config {
  /// Listens, anew for each broker.
  std::function<caf::expected<unique_fd>()> listen;
  std::shared_ptr<introspection_counts> counts;
  /// Who asks.
  asker_words asker = asker_by_kernel;
};

class socket_keeper_state {
public:
  static inline const char* name = "socket-keeper";

  explicit socket_keeper_state(socket_keeper_actor::pointer self) : self_(self) {}

  void init(socket_keeper_config config);

  void serve(const introspection_actor& who);
  void serve_again();

private:
  void start_broker();
  void on_down(const caf::down_msg& x);
  caf::io::network::default_multiplexer& multiplexer();

  socket_keeper_actor::pointer self_;
  socket_keeper_config config_;
  std::shared_ptr<guests> guests_;
  introspection_actor introspection_;
  caf::actor broker_;
  uint64_t brokers_ = 0;
  detail::growing_pause pause_;
};

socket_keeper_actor::behavior_type
socket_keeper(socket_keeper_actor::stateful_pointer<socket_keeper_state> self,
              socket_keeper_config config);

} // namespace sluice::wire
