// A LINK is sluicectl's way to a gate: each call of it is a new connection, with its TLS
// ended here, as a local socket.
#pragma once

#include "actors/storage/unique_fd.hpp"
#include "app/gate/tls.hpp"

#include <caf/expected.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <thread>

namespace sluice::gate {

class link {
public:
  /// `where`: HOST:PORT, an IPv6 address in brackets.
  static caf::expected<std::unique_ptr<link>> make(const std::string& where,
                                                   const credentials& shown);

  link(std::string host, std::string port, tls_context tls);
  ~link();

  link(const link&) = delete;
  link& operator=(const link&) = delete;

  /// Waits until the gate has let us in. The error is one line that says what to do.
  caf::expected<unique_fd> dial();

private:
  struct attempt;

  std::string host_;
  std::string port_;
  tls_context tls_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
    io_.get_executor()};
  std::thread thread_;
};

} // namespace sluice::gate
