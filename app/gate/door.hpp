// The DOOR of the gate: TCP outside, and behind it, for whoever shows a certificate of
// the authority, a connection to a local socket.
#pragma once

#include "app/gate/pump.hpp"
#include "app/gate/tls.hpp"
#include "app/gate/visitors.hpp"
#include "app/http/accept_loop.hpp"

#include <caf/error.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

namespace sluice::gate {

class door {
public:
  /// Connections at once, and those that have shown nothing yet: of these the oldest
  /// gives way to one more, so that nobody can hold the door shut.
  static constexpr size_t connections_max = 16;
  static constexpr size_t arrivals_max = 64;
  static constexpr auto arrival_patience = std::chrono::seconds{10};
  static constexpr auto silence_max = std::chrono::seconds{120};

  /// `inside`: the local socket's name; `guests`: those who are let in.
  door(std::unique_ptr<tls_renewal> tls, std::string inside,
       std::shared_ptr<visitors> guests);

  /// `invalid_setting`: no such address; `unavailable`: it is in use.
  caf::error listen(const std::string& address, uint16_t port);

  /// Where it listens, as `ADDRESS:PORT`.
  std::string address() const;

  /// Does this at each SIGHUP, between two connections.
  void at_hangup(const std::function<void()>& what);

  /// Takes the certificates that are in the files now, if they are good.
  void renew();

  /// Lets them in until SIGTERM or SIGINT comes.
  void run();

private:
  struct arrival;

  void await_hangup(const std::function<void()>& what);
  void fail(boost::system::error_code why);
  void greet(boost::asio::ip::tcp::socket peer);
  void shown(const std::shared_ptr<arrival>& who, boost::system::error_code code);
  void let_in(const std::shared_ptr<arrival>& who);

  boost::asio::io_context io_{1};
  boost::asio::signal_set ends_{io_, SIGTERM, SIGINT};
  boost::asio::signal_set hangups_{io_};
  std::unique_ptr<tls_renewal> tls_;
  std::string inside_;
  std::shared_ptr<visitors> guests_;
  http::accept_loop<boost::asio::ip::tcp> loop_{io_};
  /// How often the system let nobody in since it last let somebody in.
  uint64_t failures_ = 0;
  std::list<std::shared_ptr<arrival>> arrivals_;
  size_t connections_ = 0;
};

} // namespace sluice::gate
