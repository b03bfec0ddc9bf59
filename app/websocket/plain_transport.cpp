#include "app/websocket/plain_transport.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <mutex>

namespace sluice::websocket {

namespace {

using socket_type = boost::asio::generic::stream_protocol::socket;
using boost::system::error_code;

class plain_transport final : public transport {
public:
  plain_transport(boost::asio::io_context& io, socket_type socket)
      : io_(io), socket_(std::move(socket)) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
  }

  boost::asio::io_context& io() override { return io_; }

  void read(boost::asio::mutable_buffer into, read_handler done) override {
    socket_.async_read_some(into, std::move(done));
  }

  void await_room(std::function<void()> then) override {
    socket_.async_wait(socket_type::wait_write,
                       [then = std::move(then)](error_code) { then(); });
  }

  void close() override {
    // Whoever writes now has the descriptor in hand: it must not name another file yet.
    std::lock_guard guard{mutex_};
    error_code ignored;
    socket_.close(ignored);
  }

  std::optional<size_t> write(std::span<const std::string_view> pieces) override {
    std::array<iovec, pieces_max> parts;
    msghdr message{};
    message.msg_iov = parts.data();
    for (auto piece : pieces.first(std::min(pieces.size(), pieces_max)))
      parts[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
    std::lock_guard guard{mutex_};
    if (!socket_.is_open())
      return std::nullopt;
    const auto sent =
      sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
      return static_cast<size_t>(sent);
    if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
      return 0;
    return std::nullopt;
  }

private:
  static constexpr size_t pieces_max = 64;

  boost::asio::io_context& io_;
  std::mutex mutex_;
  socket_type socket_;
};

} // namespace

std::unique_ptr<transport> make_plain_transport(boost::asio::io_context& io,
                                                socket_type socket) {
  return std::make_unique<plain_transport>(io, std::move(socket));
}

} // namespace sluice::websocket
