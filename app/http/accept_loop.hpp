// An ACCEPT LOOP takes connections in. Where the system has nothing left to take one in
// with, it pauses and tells so: whoever waits outside waits on, and to try again at once
// would only burn time.
#pragma once

#include "app/http/single_place.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <utility>

namespace sluice::http {

template <class Protocol>
class accept_loop {
public:
  using acceptor_type = typename Protocol::acceptor;
  using socket_type = typename Protocol::socket;
  using error_code = boost::system::error_code;
  using taker = std::function<void(socket_type)>;
  using teller = std::function<void(error_code)>;

  static constexpr auto pause = std::chrono::milliseconds{100};

  explicit accept_loop(boost::asio::io_context& io) : acceptor_(io), timer_(io) {}

  /// For who opens and binds it.
  acceptor_type& acceptor() { return acceptor_; }
  const acceptor_type& acceptor() const { return acceptor_; }

  /// Hands each socket to `take`, and each failure to `tell`.
  void run(taker take, teller tell) {
    take_ = std::move(take);
    tell_ = std::move(tell);
    acceptor_.non_blocking(true);
    accept();
  }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
  }

private:
  /// A loop that stops for want of memory would be missed by nobody, so to wait needs
  /// none. Nor does Asio take the peer in: it would call nobody back if it had no memory
  /// for that.
  void accept() noexcept {
    acceptor_.async_wait(acceptor_type::wait_read, in_place([this](error_code code) {
                           if (is_over(code))
                             return;
                           if (!code)
                             code = try_to_take();
                           if (!code)
                             return accept();
                           try_to_tell(code);
                           wait();
                         }));
  }

  bool is_over(error_code code) const {
    return code == boost::asio::error::operation_aborted || !acceptor_.is_open();
  }

  /// What takes it may find no memory; the next must come in all the same. Whoever came
  /// may have left again.
  error_code try_to_take() {
    try {
      error_code code;
      auto peer = acceptor_.accept(code);
      if (code == boost::asio::error::would_block)
        return {};
      if (!code)
        take_(std::move(peer));
      return code;
    } catch (const std::exception&) {
      return boost::asio::error::no_memory;
    }
  }

  /// What cannot be told for want of memory is no reason to stop.
  void try_to_tell(error_code code) {
    try {
      tell_(code);
    } catch (const std::exception&) {
      // The next failure is told.
    }
  }

  /// As little as `accept` may it fail unseen.
  void wait() noexcept {
    timer_.expires_after(pause);
    timer_.async_wait(in_place([this](error_code stopped) {
      if (!stopped)
        accept();
    }));
  }

  /// The loop waits for a connection or for the end of a pause, never for both.
  template <class F>
  auto in_place(F then) {
    return boost::asio::bind_allocator(single_place::allocator<std::byte>{place_},
                                       std::move(then));
  }

  single_place place_;
  acceptor_type acceptor_;
  boost::asio::steady_timer timer_;
  taker take_;
  teller tell_;
};

} // namespace sluice::http
