#include "app/http/asio_actor.hpp"

#include "messages/error.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

#include <exception>
#include <utility>

namespace sluice::http {

namespace {

/// After so many in one go it is the sockets' turn.
constexpr size_t messages_max = 32;

/// From the newest first to the oldest first.
caf::mailbox_element* reversed(caf::mailbox_element* newest) {
  caf::intrusive::singly_linked<caf::mailbox_element>* oldest = nullptr;
  for (auto* next = newest; next != nullptr;) {
    auto* each = next;
    next = static_cast<caf::mailbox_element*>(each->next);
    each->next = std::exchange(oldest, each);
  }
  return static_cast<caf::mailbox_element*>(oldest);
}

} // namespace

asio_actor::asio_actor(caf::actor_config& config, boost::asio::io_context& io)
    : caf::event_based_actor(config), io_(io), unit_(&system()) {
  // nop
}

/// Of all who come while the Asio thread waits, exactly one takes the mark away and
/// rings: after its message is in the inbox, and with no lock that the thread could need.
/// Whoever comes later is found before the thread sets the mark again. The caller's
/// reference keeps the doorbell, wherever the end comes in between.
void asio_actor::enqueue(caf::mailbox_element_ptr message, caf::execution_unit*) {
  using caf::intrusive::inbox_result;
  const auto id = message->mid;
  const auto asker = id.is_request() ? message->sender : nullptr;
  switch (inbox_.push_front(std::move(message))) {
    case inbox_result::success:
      break;
    case inbox_result::unblocked_reader:
      bell_.ring();
      break;
    case inbox_result::queue_closed:
      caf::detail::sync_request_bouncer{fail_state()}(asker, id);
  }
}

void asio_actor::launch(caf::execution_unit*, bool, bool hide) {
  if (!hide)
    register_at_system();
}

caf::invoke_message_result asio_actor::consume(caf::mailbox_element& message) {
  try {
    return caf::event_based_actor::consume(message);
  } catch (const std::exception&) {
    if (message.mid.is_request())
      make_response_promise().deliver(caf::make_error(caf::sec::runtime_error));
    return caf::invoke_message_result::consumed;
  }
}

/// Nobody rings before the inbox is marked for the first time, which orders their use of
/// the doorbell after its opening. What came until then is looked at once the loop runs.
caf::error asio_actor::begin() {
  if (auto code = bell_.open(io_))
    return caf::make_error(ec::unavailable, "cannot open a descriptor to wait for "
                                            "messages with: "
                                              + code.message()
                                              + "; allow more with ulimit -n");
  activate(&unit_);
  bell_.ring();
  wait();
  return caf::none;
}

void asio_actor::end() {
  if (!getf(is_terminated_flag)) {
    quit(caf::exit_reason::normal);
    finalize();
  }
  // Who pushed before this is bounced here; who comes later sees that it is closed.
  auto refuse = [this](caf::mailbox_element* message) {
    caf::mailbox_element_ptr owned{message};
    bounce(owned);
  };
  if (!inbox_.closed())
    inbox_.close(refuse);
  bell_.close();
}

void asio_actor::wait() {
  bell_.await([this, alive = caf::strong_actor_ptr{ctrl()}] { consume_all(); });
}

/// What comes while a batch is handled found no mark, so that nobody has rung for it. Few
/// messages are handled as well, which costs no look at the sockets and no ring; after
/// many it is the sockets' turn.
void asio_actor::consume_all() noexcept {
  for (size_t handled = 0; handled < messages_max;) {
    handled += consume_batch();
    if (inbox_.try_block())
      return wait();
  }
  bell_.ring();
  wait();
}

/// The mark, if there is one, is gone: who rang has taken it away before.
size_t asio_actor::consume_batch() {
  size_t count = 0;
  for (auto* next = reversed(inbox_.take_head()); next != nullptr;) {
    caf::mailbox_element_ptr message{next};
    next = static_cast<caf::mailbox_element*>(next->next);
    ++count;
    if (activate(&unit_, *message) == activation_result::terminated)
      bounce(message);
  }
  return count;
}

} // namespace sluice::http
