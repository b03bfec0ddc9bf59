#include "app/websocket/layer.hpp"

#include <algorithm>
#include <utility>

namespace sluice::websocket {

void layer::read(boost::asio::mutable_buffer into, transport::read_handler done) {
  if (paused_) {
    held_ = [this, into, done = std::move(done)] { read(into, done); };
    return;
  }
  if (!ahead_.empty())
    return read_ahead(into, done);
  from_.read(into, [this, into, done = std::move(done)](auto code, size_t count) {
    if (!code) {
      look(into, count);
      to_.on_bytes(count);
    }
    done(code, count);
  });
}

void layer::look(boost::asio::mutable_buffer at, size_t count) {
  goodbye_.look({static_cast<const char*>(at.data()), count});
}

void layer::read_ahead(boost::asio::mutable_buffer into,
                       const transport::read_handler& done) {
  const auto count = boost::asio::buffer_copy(into, boost::asio::buffer(ahead_));
  ahead_.erase(0, count);
  look(into, count);
  boost::asio::post(get_executor(),
                    [done, count] { done(boost::system::error_code{}, count); });
}

void layer::resume() {
  if (!std::exchange(paused_, false))
    return;
  if (auto read_on = std::exchange(held_, nullptr))
    read_on();
}

} // namespace sluice::websocket
