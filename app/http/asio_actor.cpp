#include "app/http/asio_actor.hpp"

#include <boost/asio/post.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/sec.hpp>

#include <exception>

namespace sluice::http {

asio_actor::asio_actor(caf::actor_config& config, boost::asio::io_context& io)
    : caf::event_based_actor(config), unit_(&system()), io_(&io) {
  // nop
}

void asio_actor::enqueue(caf::mailbox_element_ptr message, caf::execution_unit*) {
  {
    std::lock_guard guard{mutex_};
    if (io_ != nullptr) {
      waiting_.push_back(std::move(message));
      // One wake-up serves all messages that come before the thread looks.
      if (waiting_.size() == 1)
        wake();
      return;
    }
  }
  bounce(message);
}

/// What waits unannounced would wait for ever, and all that comes after it.
void asio_actor::wake() {
  try {
    boost::asio::post(*io_,
                      [this, alive = caf::strong_actor_ptr{ctrl()}] { consume_all(); });
  } catch (...) {
    waiting_.pop_back();
    throw;
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

void asio_actor::begin() {
  activate(&unit_);
}

void asio_actor::end() {
  if (!getf(is_terminated_flag)) {
    quit(caf::exit_reason::normal);
    finalize();
  }
  std::vector<caf::mailbox_element_ptr> rest;
  {
    std::lock_guard guard{mutex_};
    io_ = nullptr;
    rest.swap(waiting_);
  }
  for (auto& message : rest)
    bounce(message);
}

void asio_actor::consume_all() noexcept {
  {
    std::lock_guard guard{mutex_};
    batch_.swap(waiting_);
  }
  for (auto& message : batch_) {
    if (activate(&unit_, *message) == activation_result::terminated)
      bounce(message);
  }
  batch_.clear();
}

} // namespace sluice::http
