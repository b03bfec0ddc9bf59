#include "app/websocket/tls_transport.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <mutex>
#include <string>

namespace sluice::websocket {

namespace {

using boost::system::error_code;

/// Taken before the bytes before it are out.
constexpr size_t handed_over_max = 65'536;

/// What both threads see. It outlives the transport while an operation is under way.
struct tls_state : std::enable_shared_from_this<tls_state> {
  tls_state(boost::asio::io_context& context, tls_stream x)
      : io(context), stream(std::move(x)) {}

  void send() {
    auto done = [me = shared_from_this()](error_code code, size_t) { me->on_sent(code); };
    boost::asio::async_write(stream, boost::asio::buffer(out), std::move(done));
  }

  void on_sent(error_code code) {
    std::function<void()> then;
    {
      std::lock_guard guard{mutex};
      out.clear();
      busy = false;
      closed = closed || code;
      then = std::exchange(waiting, nullptr);
    }
    if (then)
      then();
  }

  boost::asio::io_context& io;
  tls_stream stream;
  std::mutex mutex;
  /// Belongs to the Asio thread while `busy`.
  std::string out;
  bool busy = false;
  bool closed = false;
  std::function<void()> waiting;
};

class tls_transport final : public transport {
public:
  tls_transport(boost::asio::io_context& io, tls_stream stream)
      : state_(std::make_shared<tls_state>(io, std::move(stream))) {}

  boost::asio::io_context& io() override { return state_->io; }

  void read(boost::asio::mutable_buffer into, read_handler done) override {
    auto keep = [done = std::move(done), me = state_](error_code code, size_t bytes) {
      done(code, bytes);
    };
    state_->stream.async_read_some(into, std::move(keep));
  }

  void await_room(std::function<void()> then) override {
    {
      std::lock_guard guard{state_->mutex};
      if (state_->busy && !state_->closed) {
        state_->waiting = std::move(then);
        return;
      }
    }
    then();
  }

  void close() override {
    std::function<void()> then;
    {
      std::lock_guard guard{state_->mutex};
      state_->closed = true;
      then = std::exchange(state_->waiting, nullptr);
    }
    error_code ignored;
    state_->stream.next_layer().close(ignored);
    if (then)
      then();
  }

  std::optional<size_t> write(std::span<const std::string_view> pieces) override {
    std::lock_guard guard{state_->mutex};
    if (state_->closed)
      return std::nullopt;
    if (state_->busy)
      return 0;
    for (auto piece : pieces)
      state_->out += piece.substr(0, handed_over_max - state_->out.size());
    state_->busy = true;
    boost::asio::post(state_->io, [me = state_] { me->send(); });
    return state_->out.size();
  }

private:
  std::shared_ptr<tls_state> state_;
};

} // namespace

std::unique_ptr<transport> make_tls_transport(boost::asio::io_context& io,
                                              tls_stream stream) {
  return std::make_unique<tls_transport>(io, std::move(stream));
}

} // namespace sluice::websocket
