// The least that a server of WebSocket messages can do: one thread that believes every
// client, takes the data out of what is published, and sends each 20 messages as one
// frame to all, with one call a client. No queue, no limit, no promise. Understands the
// arguments that `bench/run` gives to `sluiced`, of which it needs none.
#include "bench/tcp.hpp"
#include "bench/ws_message.hpp"

#include <sys/socket.h>

#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <tuple>

namespace {

using namespace sluice;
using namespace sluice::bench;

constexpr size_t batch = 20;

/// Numbers that no descriptor has.
constexpr uint64_t listening = UINT64_MAX;
constexpr uint64_t ending = UINT64_MAX - 1;

constexpr std::string_view upgraded =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

class floor_server {
public:
  floor_server() {
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
    bool upgraded = false;
    bool subscribed = false;
    std::string received = {};
  };

  void accept() {
    auto socket = accept_from(listener_);
    if (!socket)
      return;
    const auto fd = socket.get();
    poller_.watch(socket, static_cast<uint64_t>(fd));
    clients_.insert_or_assign(fd, client{std::move(socket)});
  }

  void read(int fd) {
    char block[65'536];
    const auto size = ::recv(fd, block, sizeof block, 0);
    if (size <= 0) {
      clients_.erase(fd);
      return;
    }
    auto& who = clients_.at(fd);
    who.received.append(block, static_cast<size_t>(size));
    if (!who.upgraded) {
      if (!who.received.ends_with("\r\n\r\n"))
        return;
      who.upgraded = send_all(who.socket, upgraded);
      who.received.clear();
    } else if (!who.subscribed && who.received.find("subscribe") != std::string::npos) {
      who.subscribed = true;
      who.received.clear();
    } else {
      take(who.received);
    }
  }

  void take(std::string& received) {
    constexpr std::string_view before = "\"data\":";
    size_t done = 0;
    for (auto at = received.find(before); at != std::string::npos;
         at = received.find(before, done)) {
      at += before.size();
      if (received.size() < at + data_bytes)
        break;
      add(std::string_view{received}.substr(at, data_bytes));
      done = at + data_bytes;
    }
    received.erase(0, done);
  }

  void add(std::string_view data) {
    text_ += text_.empty() ? "[" : ",";
    text_ += R"({"topic":"bench","seq":)";
    text_ += std::to_string(++seq_);
    text_.append(R"(,"data":)").append(data);
    text_ += '}';
    if (seq_ % batch != 0)
      return;
    text_ += ']';
    std::string frame;
    append_server_frame(frame, text_);
    text_.clear();
    // Who has gone is let go of when its end is read.
    for (const auto& [fd, who] : clients_)
      if (who.subscribed)
        std::ignore = send_all(who.socket, frame);
  }

  uint16_t port_ = 0;
  unique_fd listener_ = listen_on_loopback(port_);
  unique_fd end_ = termination();
  poller poller_;
  std::map<int, client> clients_;
  std::string text_;
  uint64_t seq_ = 0;
};

} // namespace

int main() {
  try {
    floor_server{}.serve();
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "bench-ws-floor: %s\n", problem.what());
    return 1;
  }
}
