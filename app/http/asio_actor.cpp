#include "app/http/asio_actor.hpp"

#include <boost/asio/post.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>

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
        boost::asio::post(
          *io_, [this, alive = caf::strong_actor_ptr{ctrl()}] { consume_all(); });
      return;
    }
  }
  bounce(message);
}

void asio_actor::launch(caf::execution_unit*, bool, bool hide) {
  if (!hide)
    register_at_system();
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

void asio_actor::consume_all() {
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
