// An ASIO ACTOR lives on the thread that runs an io_context: its handlers, and the
// continuations of its requests, run there, between the callbacks of the sockets.
// So an answer goes from the actor that gives it to the socket without another hop.
//
// It serves many, and nobody could take its place: what fails for one message is that
// message's failure, and not its end.
#pragma once

#include "app/http/doorbell.hpp"

#include <caf/error.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/intrusive/lifo_inbox.hpp>
#include <caf/invoke_message_result.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/scoped_execution_unit.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>

namespace sluice::http {

class asio_actor : public caf::event_based_actor {
public:
  asio_actor(caf::actor_config& config, boost::asio::io_context& io);

  // -- called by CAF --------------------------------------------------------------

  /// Hands a message over to the Asio thread. From any thread; a request to an actor
  /// that has ended is answered with an error. It keeps no order with what the same
  /// thread posts to the io_context.
  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* from) override;

  void launch(caf::execution_unit* from, bool lazy, bool hide) override;

  using caf::event_based_actor::consume;
  caf::invoke_message_result consume(caf::mailbox_element& message) override;

  // -- called on the Asio thread ------------------------------------------------------

  /// Sets the behaviour up. Before this, nothing may be requested. `unavailable` where
  /// there is no descriptor to wait with.
  caf::error begin();

  /// Ends the actor: what waits is refused, and so is whatever comes later. Afterwards
  /// it no longer touches the io_context, which may go before the last handle does.
  void end();

private:
  struct policy {
    using mapped_type = caf::mailbox_element;
    using unique_pointer = caf::mailbox_element_ptr;
  };

  void wait();
  /// Half of a batch cannot be handled twice: a failure to fail ends the process.
  void consume_all() noexcept;
  /// Returns how many there were.
  size_t consume_batch();

  boost::asio::io_context& io_;
  caf::scoped_execution_unit unit_;
  /// What waits, newest first. It is marked as blocked while the Asio thread waits for
  /// the doorbell, and closed once the actor has ended.
  caf::intrusive::lifo_inbox<policy> inbox_;
  doorbell bell_;
};

} // namespace sluice::http
