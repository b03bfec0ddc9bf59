#include "app/websocket/layer.hpp"

#include <boost/beast/websocket/error.hpp>

#include <utility>

namespace sluice::websocket {

void layer::read(boost::asio::mutable_buffer into, transport::read_handler done) {
  if (paused_) {
    held_ = [this, into, done = std::move(done)] { read(into, done); };
    return;
  }
  if (watch_.is_too_long())
    return boost::asio::post(
      get_executor(), [this, done = std::move(done), held = to_.hold()] {
        go_on([&] {
          done(make_error_code(boost::beast::websocket::error::message_too_big), 0);
        });
      });
  if (!ahead_.empty())
    return read_ahead(into, done);
  from_.read(into, [this, into, done = std::move(done), held = to_.hold()](auto code,
                                                                           size_t count) {
    go_on([&] {
      if (code)
        return done(code, count);
      const auto passed = look(into, count);
      to_.on_bytes(count);
      done(code, passed);
    });
  });
}

void layer::read_ahead(boost::asio::mutable_buffer into,
                       const transport::read_handler& done) {
  const auto count = boost::asio::buffer_copy(into, boost::asio::buffer(ahead_));
  ahead_.erase(0, count);
  const auto passed = look(into, count);
  boost::asio::post(get_executor(), [this, done, passed, held = to_.hold()] {
    go_on([&] { done(boost::system::error_code{}, passed); });
  });
}

size_t layer::look(boost::asio::mutable_buffer at, size_t count) {
  return watch_.look({static_cast<const char*>(at.data()), count});
}

void layer::resume() {
  if (!std::exchange(paused_, false))
    return;
  if (auto read_on = std::exchange(held_, nullptr))
    go_on([&] { read_on(); });
}

} // namespace sluice::websocket
