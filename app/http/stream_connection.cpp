#include "app/http/stream_connection.hpp"

#include "app/websocket/plain_transport.hpp"
#include "app/websocket/tls_transport.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

namespace sluice::http {

namespace {

using boost::system::error_code;

/// Bytes that wait in the kernel for the peer to take them.
int64_t in_kernel(stream_socket& socket) {
  int bytes = 0;
  return ::ioctl(socket.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

/// A peer that closed a TCP connection has done no more than one that only stopped to
/// send, until something is sent to it.
connection::peer look_at(stream_socket& socket) {
  pollfd what{socket.native_handle(), POLLRDHUP, 0};
  if (::poll(&what, 1, 0) <= 0)
    return connection::peer::there;
  const bool is_gone = (what.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  return is_gone ? connection::peer::gone : connection::peer::silent;
}

void drop_unsent_of(stream_socket& socket) {
  error_code ignored;
  socket.set_option(boost::asio::socket_base::linger{true, 0}, ignored);
}

class plain_connection final : public connection {
public:
  plain_connection(connection_pool& pool, stream_socket socket, entrance where)
      : connection(pool, std::move(where)), socket_(std::move(socket)) {}

private:
  std::shared_ptr<plain_connection> self() {
    return std::static_pointer_cast<plain_connection>(shared_from_this());
  }

  void prepare() override { on_ready({}); }

  void read(boost::asio::mutable_buffer into) override {
    socket_.async_read_some(into, [me = self()](error_code code, size_t bytes) {
      me->actor().count_received(bytes);
      me->on_read(code, bytes);
    });
  }

  size_t write_at_once(boost::asio::const_buffer from) override {
    const auto sent = ::send(socket_.native_handle(), from.data(), from.size(),
                             MSG_DONTWAIT | MSG_NOSIGNAL);
    const auto bytes = static_cast<size_t>(std::max<ssize_t>(sent, 0));
    sent_ += bytes;
    actor().count_sent(bytes);
    return bytes;
  }

  void write(boost::asio::const_buffer from) override {
    auto done = [me = self()](error_code code, size_t bytes) {
      me->sent_ += bytes;
      me->in_work_ = 0;
      me->actor().count_sent(bytes);
      me->on_written(code);
    };
    // Counts what of a long write has gone so far.
    auto more = [this](error_code code, size_t bytes) {
      in_work_ = bytes;
      return boost::asio::transfer_all()(code, bytes);
    };
    boost::asio::async_write(socket_, boost::asio::buffer(from), std::move(more),
                             std::move(done));
  }

  int64_t taken() override {
    return static_cast<int64_t>(sent_ + in_work_) - in_kernel(socket_);
  }
  void drop_unsent() override { drop_unsent_of(socket_); }
  peer look_at_peer() override { return look_at(socket_); }

  void shut_down() override {
    error_code ignored;
    socket_.shutdown(stream_socket::shutdown_send, ignored);
    on_shut_down();
  }

  void cancel() override {
    error_code ignored;
    socket_.cancel(ignored);
  }

  void close_socket() override {
    error_code ignored;
    socket_.close(ignored);
  }

  std::unique_ptr<websocket::transport> release() override {
    return websocket::make_plain_transport(actor().io(), std::move(socket_));
  }

  stream_socket socket_;
  /// Bytes written, and those of the write under way.
  uint64_t sent_ = 0;
  uint64_t in_work_ = 0;
};

class tls_connection final : public connection {
public:
  tls_connection(connection_pool& pool, stream_socket socket, entrance where,
                 boost::asio::ssl::context& tls)
      : connection(pool, std::move(where)), stream_(std::move(socket), tls) {}

private:
  using stream = boost::asio::ssl::stream<stream_socket>;

  std::shared_ptr<tls_connection> self() {
    return std::static_pointer_cast<tls_connection>(shared_from_this());
  }

  void prepare() override {
    auto done = [me = self()](error_code code) {
      me->count();
      me->on_ready(code);
    };
    stream_.async_handshake(stream::server, std::move(done));
  }

  void read(boost::asio::mutable_buffer into) override {
    auto done = [me = self()](error_code code, size_t bytes) {
      me->count();
      me->on_read(code, bytes);
    };
    if (shut_down_)
      stream_.next_layer().async_read_some(into, std::move(done));
    else
      stream_.async_read_some(into, std::move(done));
  }

  void write(boost::asio::const_buffer from) override {
    auto done = [me = self()](error_code code, size_t) {
      me->count();
      me->on_written(code);
    };
    boost::asio::async_write(stream_, from, std::move(done));
  }

  int64_t taken() override {
    const auto written = BIO_number_written(SSL_get_wbio(stream_.native_handle()));
    return static_cast<int64_t>(written) - in_kernel(stream_.next_layer());
  }
  void drop_unsent() override { drop_unsent_of(stream_.next_layer()); }
  peer look_at_peer() override { return look_at(stream_.next_layer()); }

  void shut_down() override {
    // The peer's own goodbye, or whatever else it sends, ends the wait.
    stream_.async_shutdown([me = self()](error_code) {
      me->shut_down_ = true;
      error_code ignored;
      me->stream_.next_layer().shutdown(stream_socket::shutdown_send, ignored);
      me->on_shut_down();
    });
  }

  void cancel() override {
    error_code ignored;
    stream_.next_layer().cancel(ignored);
  }

  void close_socket() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

  std::unique_ptr<websocket::transport> release() override {
    return websocket::make_tls_transport(actor().io(), std::move(stream_));
  }

  /// Counts what went over the wire: the TLS engine knows.
  void count() {
    const auto received = BIO_number_read(SSL_get_rbio(stream_.native_handle()));
    const auto sent = BIO_number_written(SSL_get_wbio(stream_.native_handle()));
    actor().count_received(received - received_);
    actor().count_sent(sent - sent_);
    received_ = received;
    sent_ = sent;
  }

  stream stream_;
  uint64_t received_ = 0;
  uint64_t sent_ = 0;
  bool shut_down_ = false;
};

} // namespace

std::shared_ptr<connection> make_plain_connection(connection_pool& pool,
                                                  stream_socket socket, entrance where) {
  return std::make_shared<plain_connection>(pool, std::move(socket), std::move(where));
}

std::shared_ptr<connection> make_tls_connection(connection_pool& pool,
                                                stream_socket socket, entrance where,
                                                boost::asio::ssl::context& tls) {
  return std::make_shared<tls_connection>(pool, std::move(socket), std::move(where), tls);
}

} // namespace sluice::http
