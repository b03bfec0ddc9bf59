// A PUMP carries bytes both ways between a TLS connection and a local socket until one of
// them ends; then it ends the other. It reads no further than the other side takes.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>

namespace sluice::gate {

using tls_stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;
using local_socket = boost::asio::local::stream_protocol::socket;

class pump : public std::enable_shared_from_this<pump> {
public:
  /// `silence_max`: how long neither side may say anything; `ended` is called once.
  pump(tls_stream outside, local_socket inside, std::chrono::seconds silence_max,
       std::function<void()> ended);

  void start();
  void end();

private:
  static constexpr size_t buffer_bytes = 16'384;

  template <class From, class To>
  void carry(From& from, To& to, std::array<char, buffer_bytes>& through);
  void watch();

  tls_stream outside_;
  local_socket inside_;
  std::chrono::seconds silence_max_;
  std::function<void()> ended_;
  boost::asio::steady_timer silence_;
  std::array<char, buffer_bytes> inward_{};
  std::array<char, buffer_bytes> outward_{};
};

} // namespace sluice::gate
