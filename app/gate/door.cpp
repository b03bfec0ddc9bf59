#include "app/gate/door.hpp"

#include "app/printable.hpp"
#include "messages/error.hpp"

#include <openssl/x509.h>

#include <spdlog/spdlog.h>

#include <utility>

namespace sluice::gate {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr size_t name_bytes_max = 128;

std::string printed(const tcp::endpoint& where) {
  const auto host = where.address().to_string();
  return (where.address().is_v6() ? '[' + host + ']' : host) + ':'
         + std::to_string(where.port());
}

/// The name in the certificate that was shown. All of it counts, what stands behind a NUL
/// too.
std::string subject_of(tls_stream& stream) {
  constexpr auto none = "a certificate without a name";
  auto* shown = SSL_get0_peer_certificate(stream.native_handle());
  if (!shown)
    return none;
  auto* subject = X509_get_subject_name(shown);
  const auto at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0)
    return none;
  unsigned char* bytes = nullptr;
  const auto size = ASN1_STRING_to_UTF8(
    &bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0)
    return none;
  auto result = printable({reinterpret_cast<char*>(bytes), static_cast<size_t>(size)});
  OPENSSL_free(bytes);
  return result.size() > name_bytes_max ? "a certificate with a long name" : result;
}

} // namespace

struct door::arrival {
  arrival(tcp::socket peer, boost::asio::ssl::context& tls)
      : stream(std::move(peer), tls), patience(stream.get_executor()) {}

  void end() {
    error_code ignored;
    patience.cancel();
    stream.lowest_layer().close(ignored);
  }

  tls_stream stream;
  boost::asio::steady_timer patience;
  std::string from;
};

door::door(std::unique_ptr<tls_renewal> tls, std::string inside,
           std::shared_ptr<visitors> guests)
    : tls_(std::move(tls)), inside_(std::move(inside)), guests_(std::move(guests)) {}

caf::error door::listen(const std::string& address, uint16_t port) {
  error_code code;
  const tcp::endpoint where{boost::asio::ip::make_address(address, code), port};
  if (code)
    return caf::make_error(ec::invalid_setting,
                           "gate.address = \"" + address
                             + "\": allowed is an IPv4 or IPv6 address");
  loop_.acceptor().open(where.protocol(), code);
  if (!code)
    loop_.acceptor().set_option(tcp::acceptor::reuse_address{true}, code);
  if (!code)
    loop_.acceptor().bind(where, code);
  if (!code)
    loop_.acceptor().listen(boost::asio::socket_base::max_listen_connections, code);
  if (code)
    return caf::make_error(ec::unavailable,
                           "cannot listen at " + printed(where) + ": " + code.message()
                             + "; take another port with --gate.port=PORT");
  return caf::none;
}

std::string door::address() const {
  error_code ignored;
  return printed(loop_.acceptor().local_endpoint(ignored));
}

void door::at_hangup(const std::function<void()>& what) {
  hangups_.add(SIGHUP);
  await_hangup(what);
}

void door::await_hangup(const std::function<void()>& what) {
  hangups_.async_wait([this, what](error_code stopped, int) {
    if (stopped)
      return;
    what();
    await_hangup(what);
  });
}

void door::run() {
  ends_.async_wait([this](error_code, int) { io_.stop(); });
  loop_.run([this](tcp::socket peer) { greet(std::move(peer)); },
            [this](error_code why) { fail(why); });
  io_.run();
}

void door::renew() {
  tls_->renew();
}

/// One line at the beginning and one at the end, however long it lasts.
void door::fail(error_code why) {
  if (failures_++ == 0)
    spdlog::warn("gate-accept-failed the system lets nobody in: {}", why.message());
  // A descriptor of one who has shown nothing may be all that is missing.
  if (!arrivals_.empty()) {
    arrivals_.front()->end();
    arrivals_.pop_front();
  }
}

void door::greet(tcp::socket peer) {
  if (const auto failures = std::exchange(failures_, 0); failures > 0)
    spdlog::info("gate-accepts again, after {} failures", failures);
  error_code code;
  const auto from = peer.remote_endpoint(code);
  if (code)
    return;
  if (arrivals_.size() >= arrivals_max) {
    arrivals_.front()->end();
    arrivals_.pop_front();
  }
  auto who = std::make_shared<arrival>(std::move(peer), tls_->context());
  who->from = printed(from);
  arrivals_.push_back(who);
  who->patience.expires_after(arrival_patience);
  who->patience.async_wait([who](error_code stopped) {
    if (!stopped)
      who->end();
  });
  who->stream.async_handshake(boost::asio::ssl::stream_base::server,
                              [this, who](error_code failed) { shown(who, failed); });
}

void door::shown(const std::shared_ptr<arrival>& who, error_code code) {
  who->patience.cancel();
  arrivals_.remove(who);
  if (code) {
    spdlog::warn("gate-refused {}: {}", who->from, code.message());
    return;
  }
  if (connections_ >= connections_max) {
    spdlog::warn("gate-full {}: {} are connected", who->from, connections_);
    return;
  }
  let_in(who);
}

void door::let_in(const std::shared_ptr<arrival>& who) {
  const auto name = subject_of(who->stream);
  local_socket inside{io_, boost::asio::local::stream_protocol{}};
  const auto place = guests_->enter(inside.native_handle(), name + " of " + who->from);
  error_code code;
  inside.connect({inside_}, code);
  if (code) {
    guests_->leave(place);
    spdlog::error("gate-broken {}: {}", who->from, code.message());
    return;
  }
  spdlog::info("gate-opened {} {}", who->from, name);
  ++connections_;
  std::make_shared<pump>(std::move(who->stream), std::move(inside), silence_max,
                         [this, from = who->from, name, place] {
                           --connections_;
                           guests_->leave(place);
                           spdlog::info("gate-closed {} {}", from, name);
                         })
    ->start();
}

} // namespace sluice::gate
