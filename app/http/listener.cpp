#include "app/http/listener.hpp"

#include "app/http/accept_loop.hpp"
#include "messages/error.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice::http {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using unix_protocol = boost::asio::local::stream_protocol;

template <class Protocol>
class socket_listener : public listener {
public:
  explicit socket_listener(boost::asio::io_context& io) : loop_(io) {}

  void run(accept_handler on_accept, failure_handler on_failure) override {
    loop_.run(
      [this, taken = std::move(on_accept)](socket peer) {
        auto where = describe(peer);
        taken(stream_socket{std::move(peer)}, std::move(where));
      },
      std::move(on_failure));
  }

  void close() override { loop_.close(); }

protected:
  using socket = typename Protocol::socket;

  virtual entrance describe(socket&) const { return {{}, true, true}; }

  /// Opens, binds and listens; `prepare` runs between the first two.
  template <class F>
  error_code open(const typename Protocol::endpoint& where, F prepare) {
    error_code code;
    acceptor().open(where.protocol(), code);
    if (!code)
      prepare(code);
    if (!code)
      acceptor().bind(where, code);
    if (!code)
      acceptor().listen(boost::asio::socket_base::max_listen_connections, code);
    return code;
  }

  auto& acceptor() { return loop_.acceptor(); }
  const auto& acceptor() const { return loop_.acceptor(); }

private:
  accept_loop<Protocol> loop_;
};

class tcp_listener final : public socket_listener<tcp> {
public:
  using socket_listener::socket_listener;

  error_code open_at(const tcp::endpoint& where) {
    any_address_ = where.address().is_unspecified();
    return open(where, [this](error_code& code) {
      acceptor().set_option(tcp::acceptor::reuse_address{true}, code);
    });
  }

  std::string name() const override {
    error_code ignored;
    const auto where = acceptor().local_endpoint(ignored);
    return bracketed(where.address()) + ":" + std::to_string(where.port());
  }

  uint16_t port() const override {
    error_code ignored;
    return acceptor().local_endpoint(ignored).port();
  }

private:
  /// A socket for both kinds of addresses spells those of IPv4 as IPv6.
  static boost::asio::ip::address plain(const boost::asio::ip::address& x) {
    if (x.is_v6() && x.to_v6().is_v4_mapped())
      return make_address_v4(boost::asio::ip::v4_mapped, x.to_v6());
    return x;
  }

  /// A client that has an address of IPv6 has all of its /64.
  static std::string network_of(const boost::asio::ip::address& x) {
    if (x.is_v4())
      return x.to_string();
    constexpr size_t bytes_of_network = 8;
    auto bytes = x.to_v6().to_bytes();
    std::fill(bytes.begin() + bytes_of_network, bytes.end(), uint8_t{0});
    return boost::asio::ip::address_v6{bytes}.to_string();
  }

  static std::string bracketed(const boost::asio::ip::address& x) {
    return x.is_v6() ? "[" + x.to_string() + "]" : x.to_string();
  }

  entrance describe(socket& peer) const override {
    error_code ignored;
    peer.set_option(tcp::no_delay{true}, ignored);
    const auto from = peer.remote_endpoint(ignored);
    const auto to = peer.local_endpoint(ignored);
    entrance result;
    // Who reaches an address from that address is at home there.
    result.from_here =
      plain(from.address()).is_loopback() || from.address() == to.address();
    if (!result.from_here)
      result.network = network_of(plain(from.address()));
    result.remote = bracketed(from.address()) + ':' + std::to_string(from.port());
    if (any_address_)
      result.local_address = bracketed(to.address());
    return result;
  }

  bool any_address_ = false;
};

class unix_listener final : public socket_listener<unix_protocol> {
public:
  unix_listener(boost::asio::io_context& io, std::string path)
      : socket_listener(io), path_(std::move(path)) {}

  ~unix_listener() override {
    if (bound_)
      ::unlink(path_.c_str());
  }

  error_code open_here() {
    const auto code = open(unix_protocol::endpoint{path_}, [this](error_code& failed) {
      // What `bind` makes gets the rights of the socket, whatever the umask would leave.
      if (::fchmod(acceptor().native_handle(), 0600) != 0)
        failed.assign(errno, boost::system::system_category());
    });
    bound_ = !code;
    return code;
  }

  std::string name() const override { return "unix:" + path_; }

private:
  std::string path_;
  bool bound_ = false;
};

caf::error cannot_have(const std::string& what, const error_code& code,
                       const std::string& way_out) {
  return caf::make_error(ec::unavailable, "cannot listen on " + what + ": "
                                            + code.message() + "; " + way_out);
}

std::string way_out(const error_code& code) {
  if (code == boost::asio::error::address_in_use)
    return "stop whoever listens there, or take another port with --http.port=PORT";
  if (code == boost::asio::error::access_denied)
    return "take a port from 1024 on with --http.port=PORT";
  return "name an address of this machine with --http.address=ADDRESS";
}

/// Removes a socket file that nobody listens on.
error_code remove_stale(boost::asio::io_context& io, const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0)
    return {};
  if (!S_ISSOCK(info.st_mode))
    return boost::asio::error::already_connected; // a file of somebody's
  error_code code;
  unix_protocol::socket probe{io};
  probe.connect(unix_protocol::endpoint{path}, code);
  if (code != boost::asio::error::connection_refused)
    return boost::asio::error::address_in_use;
  ::unlink(path.c_str());
  return {};
}

} // namespace

caf::expected<std::unique_ptr<listener>>
listen_tcp(boost::asio::io_context& io, const std::string& address, uint16_t port) {
  error_code code;
  const auto parsed = boost::asio::ip::make_address(address, code);
  if (code)
    return caf::make_error(ec::invalid_setting,
                           "http.address=" + address + " is not an IP address");
  auto result = std::make_unique<tcp_listener>(io);
  if ((code = result->open_at({parsed, port})))
    return cannot_have(address + ":" + std::to_string(port), code, way_out(code));
  return std::unique_ptr<listener>{std::move(result)};
}

caf::expected<std::unique_ptr<listener>> listen_unix(boost::asio::io_context& io,
                                                     const std::string& path) {
  constexpr size_t path_bytes_max = 107;
  if (path.size() > path_bytes_max)
    return caf::make_error(ec::invalid_setting,
                           "http.socket=" + path + " is longer than 107 bytes");
  const std::string take_another = "take another path with --http.socket=PATH";
  if (auto code = remove_stale(io, path))
    return cannot_have("unix:" + path, code, take_another);
  auto result = std::make_unique<unix_listener>(io, path);
  if (auto code = result->open_here())
    return cannot_have("unix:" + path, code, take_another);
  return std::unique_ptr<listener>{std::move(result)};
}

} // namespace sluice::http
