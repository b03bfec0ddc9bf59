#include "app/gate/link.hpp"

#include "app/gate/pump.hpp"
#include "messages/error.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>

#include <array>
#include <future>
#include <utility>

namespace sluice::gate {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

/// Less than CAF's handshake may take.
constexpr auto dial_patience = std::chrono::seconds{4};
/// The client decides when it has heard enough.
constexpr auto link_silence_max = std::chrono::hours{24};

bool is_address(const std::string& host) {
  error_code code;
  boost::asio::ip::make_address(host, code);
  return !code;
}

} // namespace

/// One connection on its way: resolved, connected, shown, and heard from. The gate speaks
/// first once it has let somebody in, so its first bytes are the proof that it did.
struct link::attempt : std::enable_shared_from_this<attempt> {
  attempt(boost::asio::io_context& where, boost::asio::ssl::context& tls)
      : io(where), resolver(where), stream(where, tls) {}

  void begin(const std::string& host, const std::string& port) {
    if (!is_address(host))
      SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
    stream.set_verify_callback(boost::asio::ssl::host_name_verification{host});
    resolver.async_resolve(
      host, port, [me = shared_from_this()](error_code code, const auto& found) {
        if (code)
          return me->fail("no such host", code);
        boost::asio::async_connect(
          me->stream.lowest_layer(), found,
          [me](error_code failed, const tcp::endpoint&) { me->connected(failed); });
      });
  }

  void connected(error_code code) {
    if (code)
      return fail("it cannot be reached", code);
    stream.async_handshake(boost::asio::ssl::stream_base::client,
                           [me = shared_from_this()](error_code failed) {
                             if (failed)
                               me->fail("it is not the gate that we trust", failed);
                             else
                               me->listen();
                           });
  }

  void listen() {
    stream.async_read_some(boost::asio::buffer(first),
                           [me = shared_from_this()](error_code failed, size_t bytes) {
                             if (failed)
                               me->fail("it does not let us in", failed);
                             else
                               me->hand_over(bytes);
                           });
  }

  void hand_over(size_t bytes) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      return fail("no socket can be had", {errno, boost::system::system_category()});
    unique_fd mine{ends[0]};
    local_socket inside{io, boost::asio::local::stream_protocol{}, ends[1]};
    error_code code;
    boost::asio::write(inside, boost::asio::buffer(first.data(), bytes), code);
    if (code)
      return fail("no socket can be had", code);
    std::make_shared<pump>(std::move(stream), std::move(inside), link_silence_max, [] {
    })->start();
    done.set_value(std::move(mine));
  }

  void fail(const std::string& what, error_code code) {
    done.set_value(caf::make_error(ec::unavailable, what + ": " + code.message()));
  }

  boost::asio::io_context& io;
  tcp::resolver resolver;
  tls_stream stream;
  std::array<char, 4096> first{};
  std::promise<caf::expected<unique_fd>> done;
};

caf::expected<std::unique_ptr<link>> link::make(const std::string& where,
                                                const credentials& shown) {
  const auto colon = where.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == where.size())
    return caf::make_error(ec::invalid_argument,
                           "--connect=" + where + ": it takes HOST:PORT");
  auto host = where.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  auto tls = client_context(shown);
  if (!tls)
    return std::move(tls.error());
  return std::make_unique<link>(std::move(host), where.substr(colon + 1),
                                std::move(*tls));
}

link::link(std::string host, std::string port, tls_context tls)
    : host_(std::move(host)), port_(std::move(port)), tls_(std::move(tls)),
      thread_([this] { io_.run(); }) {}

link::~link() {
  io_.stop();
  thread_.join();
}

caf::expected<unique_fd> link::dial() {
  auto one = std::make_shared<attempt>(io_, *tls_);
  auto result = one->done.get_future();
  boost::asio::post(io_, [this, one] { one->begin(host_, port_); });
  const auto in_time = result.wait_for(dial_patience) == std::future_status::ready;
  auto found = in_time ? result.get()
                       : caf::expected<unique_fd>{
                         caf::make_error(ec::unavailable, "it does not answer in time")};
  if (found)
    return found;
  return caf::make_error(ec::unavailable, "the gate at " + host_ + ':' + port_ + ": "
                                            + text_of(found.error()));
}

} // namespace sluice::gate
