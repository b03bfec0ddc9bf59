// An ASIO ACTOR lives on the thread that runs an io_context: its handlers, and the
// continuations of its requests, run there, between the callbacks of the sockets.
// So an answer goes from the actor that gives it to the socket without another hop.
//
// It serves many, and nobody could take its place: what fails for one message is that
// message's failure, and not its end.
#pragma once

#include <caf/event_based_actor.hpp>
#include <caf/invoke_message_result.hpp>
#include <caf/scoped_execution_unit.hpp>

#include <boost/asio/io_context.hpp>

#include <mutex>
#include <vector>

namespace sluice::http {

class asio_actor : public caf::event_based_actor {
public:
  asio_actor(caf::actor_config& config, boost::asio::io_context& io);

  // -- called by CAF --------------------------------------------------------------

  /// Hands a message over to the Asio thread. From any thread; a request to an actor
  /// that has ended is answered with an error.
  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* from) override;

  void launch(caf::execution_unit* from, bool lazy, bool hide) override;

  using caf::event_based_actor::consume;
  caf::invoke_message_result consume(caf::mailbox_element& message) override;

  // -- called on the Asio thread ------------------------------------------------------

  /// Sets the behaviour up. Before this, nothing may be requested.
  void begin();

  /// Ends the actor: what waits is refused, and so is whatever comes later. Afterwards
  /// it no longer touches the io_context, which may go before the last handle does.
  void end();

private:
  void wake();
  /// Half of a batch cannot be handled twice: a failure to fail ends the process.
  void consume_all() noexcept;

  caf::scoped_execution_unit unit_;
  /// Filled before a drain, emptied by it: only the Asio thread uses it.
  std::vector<caf::mailbox_element_ptr> batch_;

  std::mutex mutex_;
  /// Null once the actor has ended.
  boost::asio::io_context* io_;
  std::vector<caf::mailbox_element_ptr> waiting_;
};

} // namespace sluice::http
