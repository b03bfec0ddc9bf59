// What the floors share: one thread that accepts whoever comes and reads whatever they
// send, until SIGTERM.
#pragma once

#include "bench/tcp.hpp"

#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <utility>

namespace sluice::bench {

/// A connection, and what a server knows of it.
template <class State>
struct tcp_client {
  unique_fd socket;
  std::string received = {};
  State state = {};
};

template <class State>
class tcp_server {
public:
  using client = tcp_client<State>;

  /// Says where it listens, as `sluiced` does.
  tcp_server() {
    std::fprintf(stderr, "ready http=127.0.0.1:%d\n", port_);
    poller_.watch(listener_, listening);
    poller_.watch(end_, ending);
  }

  /// Calls `take(client)` whenever more was received of one; false ends that client.
  template <class Take>
  void serve(Take take) {
    bool ended = false;
    while (!ended)
      poller_.wait(-1, [&](uint64_t number) {
        if (number == ending)
          ended = true;
        else if (number == listening)
          accept();
        else if (auto fd = static_cast<int>(number); !read(clients_.at(fd), take))
          clients_.erase(fd);
      });
  }

  template <class Use>
  void for_each_client(Use use) {
    for (auto& [fd, who] : clients_)
      use(who);
  }

private:
  /// Numbers that no descriptor has.
  static constexpr uint64_t listening = UINT64_MAX;
  static constexpr uint64_t ending = UINT64_MAX - 1;

  void accept() {
    auto socket = accept_from(listener_);
    if (!socket)
      return;
    const auto fd = socket.get();
    poller_.watch(socket, static_cast<uint64_t>(fd));
    clients_.insert_or_assign(fd, client{std::move(socket)});
  }

  template <class Take>
  bool read(client& who, Take& take) {
    char block[65'536];
    const auto size = ::recv(who.socket.get(), block, sizeof block, 0);
    if (size <= 0)
      return false;
    who.received.append(block, static_cast<size_t>(size));
    return take(who);
  }

  uint16_t port_ = 0;
  unique_fd listener_ = listen_on_loopback(port_);
  unique_fd end_ = termination();
  poller poller_;
  std::map<int, client> clients_;
};

} // namespace sluice::bench
