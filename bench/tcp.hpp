// Sockets of the loopback interface, and a wait for many of them.
#pragma once

#include "actors/storage/unique_fd.hpp"

#include <sys/epoll.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::bench {

/// Throws what `errno` says.
[[noreturn]] void fail(const std::string& what);

/// A connection to `127.0.0.1:3000`, which sends without delay. Throws.
unique_fd connect_to(const std::string& address);

/// A socket that listens on 127.0.0.1, at a port that it chooses. Throws.
unique_fd listen_on_loopback(uint16_t& port);

/// Takes a connection in, which sends without delay; none if it is gone already.
unique_fd accept_from(const unique_fd& listener);

/// Sends all of it, waiting where the socket is full; false, with `errno`, if it cannot.
[[nodiscard]] bool send_all(const unique_fd& socket, std::string_view bytes);

/// A descriptor that becomes readable at SIGTERM, which no longer ends the process.
unique_fd termination();

/// Sockets that are waited for, each by a number of the caller's.
class poller {
public:
  void watch(const unique_fd& fd, uint64_t number);

  /// Calls `each` with the number of every socket that can be read.
  template <class Each>
  void wait(int timeout_ms, Each each) {
    epoll_event events[256];
    const auto count = wait_for(events, 256, timeout_ms);
    for (int i = 0; i < count; ++i)
      each(events[i].data.u64);
  }

private:
  int wait_for(epoll_event* events, int most, int timeout_ms);

  unique_fd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
};

} // namespace sluice::bench
