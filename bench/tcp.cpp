#include "bench/tcp.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

namespace sluice::bench {

namespace {

constexpr int backlog = 1024;

void send_without_delay(const unique_fd& socket) {
  auto on = 1;
  if (::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
    fail("TCP_NODELAY");
}

} // namespace

void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

unique_fd connect_to(const std::string& address) {
  auto colon = address.rfind(':');
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<uint16_t>(std::stoul(address.substr(colon + 1))));
  if (::inet_pton(AF_INET, address.substr(0, colon).c_str(), &where.sin_addr) != 1)
    throw std::runtime_error("not an address: " + address);
  unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!socket
      || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) != 0)
    fail("connect to " + address);
  send_without_delay(socket);
  return socket;
}

unique_fd listen_on_loopback(uint16_t& port) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* address = reinterpret_cast<sockaddr*>(&where);
  socklen_t size = sizeof where;
  unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!socket || ::bind(socket.get(), address, size) != 0
      || ::listen(socket.get(), backlog) != 0
      || ::getsockname(socket.get(), address, &size) != 0)
    fail("listen");
  port = ntohs(where.sin_port);
  return socket;
}

unique_fd accept_from(const unique_fd& listener) {
  unique_fd result{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  if (result)
    send_without_delay(result);
  return result;
}

bool send_all(const unique_fd& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

unique_fd termination() {
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigprocmask(SIG_BLOCK, &end, nullptr);
  return unique_fd{::signalfd(-1, &end, SFD_CLOEXEC)};
}

void poller::watch(const unique_fd& fd, uint64_t number) {
  epoll_event event{EPOLLIN, {.u64 = number}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0)
    fail("epoll");
}

int poller::wait_for(epoll_event* events, int most, int timeout_ms) {
  const auto count = ::epoll_wait(epoll_.get(), events, most, timeout_ms);
  if (count < 0 && errno != EINTR)
    fail("epoll");
  return count;
}

} // namespace sluice::bench
