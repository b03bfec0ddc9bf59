// The least that a server of logs can do: one thread takes requests from keep-alive
// connections, appends each body to a file with a write of its own, and answers. No
// check of anything, no promise. Understands the two arguments that `bench/run` gives
// to `sluiced`, and says `ready` as it does.
#include "bench/http_message.hpp"
#include "bench/plain_file.hpp"
#include "bench/tcp.hpp"

#include <sys/socket.h>

#include <cstdio>
#include <map>
#include <stdexcept>

namespace {

using namespace sluice;

constexpr std::string_view answer =
  "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"
  "{\"accepted\":\"all\"}";

/// Numbers that no descriptor has.
constexpr uint64_t listening = UINT64_MAX;
constexpr uint64_t ending = UINT64_MAX - 1;

class floor_server {
public:
  explicit floor_server(const std::string& directory)
      : file_(directory + "/floor.log", O_APPEND) {
    std::fprintf(stderr, "ready http=127.0.0.1:%d\n", port_);
    poller_.watch(listener_, listening);
    poller_.watch(end_, ending);
  }

  /// Until SIGTERM.
  void serve() {
    for (bool ended = false; !ended;)
      poller_.wait(-1, [&](uint64_t number) {
        if (number == ending)
          ended = true;
        else if (number == listening)
          accept();
        else
          read(static_cast<int>(number));
      });
  }

private:
  struct client {
    unique_fd socket;
    std::string received;
  };

  void accept() {
    auto socket = bench::accept_from(listener_);
    if (!socket)
      return;
    const auto fd = socket.get();
    poller_.watch(socket, static_cast<uint64_t>(fd));
    clients_[fd].socket = std::move(socket);
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
  uint16_t port_ = 0;
  unique_fd listener_ = bench::listen_on_loopback(port_);
  unique_fd end_ = bench::termination();
  bench::poller poller_;
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
