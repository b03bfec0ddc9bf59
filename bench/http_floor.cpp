// The least that a server of logs can do: one thread takes requests from keep-alive
// connections, appends each body to a file with a write of its own, and answers. No
// check of anything, no promise. Understands the two arguments that `bench/run` gives
// to `sluiced`, and says `ready` as it does.
#include "actors/storage/unique_fd.hpp"
#include "bench/http_message.hpp"
#include "bench/plain_file.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdio>
#include <map>
#include <stdexcept>

namespace {

using namespace sluice;

constexpr std::string_view answer =
  "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"
  "{\"accepted\":\"all\"}";

class floor_server {
public:
  explicit floor_server(const std::string& directory)
      : file_(directory + "/floor.log", O_APPEND) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&where);
    socklen_t size = sizeof where;
    if (::bind(listener_.get(), address, size) != 0 || ::listen(listener_.get(), 100) != 0
        || ::getsockname(listener_.get(), address, &size) != 0)
      throw std::runtime_error("no port");
    std::fprintf(stderr, "ready http=127.0.0.1:%d\n", ntohs(where.sin_port));
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, nullptr);
    signal_ = unique_fd{::signalfd(-1, &end, SFD_CLOEXEC)};
    watch(listener_.get());
    watch(signal_.get());
  }

  /// Until SIGTERM.
  void serve() {
    for (epoll_event event{};;) {
      if (::epoll_wait(epoll_.get(), &event, 1, -1) != 1)
        continue;
      if (event.data.fd == signal_.get())
        return;
      if (event.data.fd == listener_.get())
        accept();
      else
        read(event.data.fd);
    }
  }

private:
  struct client {
    unique_fd socket;
    std::string received;
  };

  void watch(int fd) {
    epoll_event event{EPOLLIN, {.fd = fd}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
      throw std::runtime_error("epoll");
  }

  void accept() {
    auto fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0)
      return;
    clients_[fd].socket = unique_fd{fd};
    watch(fd);
  }

  void read(int fd) {
    char block[65'536];
    auto size = ::recv(fd, block, sizeof block, 0);
    if (size <= 0) {
      clients_.erase(fd);
      return;
    }
    auto& received = clients_[fd].received;
    received.append(block, static_cast<size_t>(size));
    auto request = bench::parse_message(received);
    if (request.size == 0)
      return;
    std::string_view body{received.data() + request.head_size,
                          request.size - request.head_size};
    if (!body.empty())
      file_.write(body);
    received.erase(0, request.size);
    if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0)
      clients_.erase(fd);
  }

  bench::plain_file file_;
  unique_fd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  unique_fd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  unique_fd signal_;
  std::map<int, client> clients_;
};

} // namespace

int main(int argc, char** argv) {
  constexpr std::string_view option = "--data-dir=";
  try {
    for (int i = 1; i < argc; ++i)
      if (std::string_view argument{argv[i]};
          argument.substr(0, option.size()) == option) {
        floor_server{std::string{argument.substr(option.size())}}.serve();
        return 0;
      }
    std::fputs("usage: bench-http-floor --data-dir=DIRECTORY\n", stderr);
    return 2;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "bench-http-floor: %s\n", problem.what());
    return 1;
  }
}
