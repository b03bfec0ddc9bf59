// The LAYER that Beast's WebSocket stream runs on. It reads from the transport; what
// Beast writes, its answers to control frames, it hands to the batcher, which alone
// writes to the socket. A frame that is too long ends what is read, as `message_too_big`.
#pragma once

#include "app/websocket/frame_watch.hpp"
#include "app/websocket/transport.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace sluice::websocket {

class layer {
public:
  using executor_type = boost::asio::io_context::executor_type;

  /// What the layer tells the session.
  class listener {
  public:
    virtual ~listener() = default;
    /// Keeps both of them for as long as something is under way.
    virtual std::shared_ptr<void> hold() = 0;
    /// There was no memory for what was to come next, and so nothing comes.
    virtual void on_failure() = 0;
    virtual void on_bytes(size_t count) = 0;
    virtual void on_frame(std::string frame) = 0;
  };

  /// `ahead` was read behind the request.
  layer(transport& from, listener& to, std::string ahead)
      : from_(from), to_(to), ahead_(std::move(ahead)) {}

  executor_type get_executor() { return from_.io().get_executor(); }

  /// Reads nothing until `resume`.
  void pause() { paused_ = true; }
  void resume();

  /// What is known of the frames that came.
  const frame_watch& watch() const { return watch_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& into, Token&& token) {
    const auto start = [this](auto handler, const boost::asio::mutable_buffer& room) {
      read(room, erased(std::move(handler)));
    };
    return boost::asio::async_initiate<Token, signature>(
      start, token,
      boost::asio::mutable_buffer(*boost::asio::buffer_sequence_begin(into)));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    const auto start = [this](auto handler, std::string bytes) {
      const auto count = bytes.size();
      to_.on_frame(std::move(bytes));
      boost::asio::post(get_executor(), [this, handler = std::move(handler), count,
                                         held = to_.hold()]() mutable {
        go_on([&] { handler(boost::system::error_code{}, count); });
      });
    };
    std::string bytes(boost::asio::buffer_size(from), '\0');
    boost::asio::buffer_copy(boost::asio::buffer(bytes), from);
    return boost::asio::async_initiate<Token, signature>(start, token, std::move(bytes));
  }

private:
  using signature = void(boost::system::error_code, size_t);

  /// Beast's handlers are not to be copied.
  template <class Handler>
  static transport::read_handler erased(Handler handler) {
    auto shared = std::make_shared<Handler>(std::move(handler));
    return [shared](boost::system::error_code code, size_t count) {
      std::move (*shared)(code, count);
    };
  }

  /// What fails in a callback nobody above would hear of.
  template <class F>
  void go_on(F what) {
    try {
      what();
    } catch (const std::exception&) {
      to_.on_failure();
    }
  }

  void read(boost::asio::mutable_buffer into, transport::read_handler done);
  void read_ahead(boost::asio::mutable_buffer into, const transport::read_handler& done);
  size_t look(boost::asio::mutable_buffer at, size_t count);

  transport& from_;
  listener& to_;
  std::string ahead_;
  frame_watch watch_;
  bool paused_ = false;
  /// A read that waits for `resume`.
  std::function<void()> held_;
};

/// Closing is the session's business, and so are Beast's own timeouts.
inline void beast_close_socket(layer&) {}

inline void teardown(boost::beast::role_type, layer&, boost::system::error_code& code) {
  code = {};
}

template <class Handler>
void async_teardown(boost::beast::role_type, layer& x, Handler&& handler) {
  boost::asio::post(x.get_executor(),
                    [handler = std::forward<Handler>(handler)]() mutable {
                      handler(boost::system::error_code{});
                    });
}

} // namespace sluice::websocket
