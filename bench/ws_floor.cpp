// The least that a server of WebSocket messages can do: one thread that believes every
// client, takes the data out of what is published, and sends each 20 messages as one
// frame to all, with one call a client. No queue, no limit, no promise. Understands the
// arguments that `bench/run` gives to `sluiced`, of which it needs none.
#include "bench/tcp_server.hpp"
#include "bench/ws_message.hpp"

#include <exception>
#include <tuple>

namespace {

using namespace sluice::bench;

constexpr size_t batch = 20;

constexpr std::string_view upgrade_answer =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

enum class stage { asking, upgraded, subscribed };

class floor_server {
public:
  /// Until SIGTERM.
  void serve() {
    server_.serve([this](client& who) { return read(who); });
  }

private:
  using client = tcp_client<stage>;

  bool read(client& who) {
    if (who.state == stage::asking) {
      if (!who.received.ends_with("\r\n\r\n"))
        return true;
      who.state = stage::upgraded;
      who.received.clear();
      return send_all(who.socket, upgrade_answer);
    }
    if (who.state == stage::upgraded
        && who.received.find("subscribe") != std::string::npos) {
      who.state = stage::subscribed;
      who.received.clear();
    } else {
      take(who.received);
    }
    return true;
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
    server_.for_each_client([&](const client& who) {
      // Who has gone is let go of when its end is read.
      if (who.state == stage::subscribed)
        std::ignore = send_all(who.socket, frame);
    });
  }

  tcp_server<stage> server_;
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
