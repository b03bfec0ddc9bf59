// Who is still at work with what is about to go: batchers use the Asio context from their
// own threads, which must be done before it ends.
#pragma once

#include <caf/timespan.hpp>

#include <future>
#include <memory>

namespace sluice::websocket {

class presence {
public:
  /// Held by whoever is present.
  using token = std::shared_ptr<void>;

  presence() {
    auto all_gone = std::make_shared<std::promise<void>>();
    gone_ = all_gone->get_future();
    token_ = token{nullptr, [all_gone](void*) { all_gone->set_value(); }};
  }

  const token& here() const { return token_; }

  /// Waits until nobody is present any more; false if that takes longer.
  bool await_end(caf::timespan patience) {
    token_.reset();
    return gone_.wait_for(patience) == std::future_status::ready;
  }

private:
  std::future<void> gone_;
  token token_;
};

} // namespace sluice::websocket
