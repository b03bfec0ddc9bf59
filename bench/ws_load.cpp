// The load that `bench/run websocket` puts on a server: subscribers on one thread, and a
// publisher which sends at a rate, or as fast as the subscribers get what it sends. It
// looks for messages without taking frames apart, so that it costs little beside the
// server.
#include "bench/latencies.hpp"
#include "bench/tcp.hpp"
#include "bench/ws_message.hpp"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::bench;

constexpr uint64_t ns_per_second = 1'000'000'000;
constexpr uint64_t warm_up_ns = ns_per_second;

constexpr std::string_view pong_frame{"\x8a\x80\0\0\0\0", 6};

/// At full rate, published and not yet with every subscriber. Enough for a window of
/// 50 ms at 40,000 messages a second, and little enough that no queue is cut.
constexpr uint64_t under_way_max = 2000;
constexpr uint64_t burst_max = 100;

/// Of the normal messages one in so many is timed; of the critical ones each.
constexpr uint64_t timed_every = 16;

struct options {
  std::string address;
  std::string protocol;
  uint64_t subscribers = 0;
  /// Messages a second; 0: as fast as they arrive.
  uint64_t rate = 0;
  /// One message in so many is critical; 0: none.
  uint64_t critical_every = 0;
  uint64_t seconds = 0;
};

/// One connection that has been upgraded.
class client {
public:
  explicit client(const options& from) : socket_(connect_to(from.address)) {
    send(upgrade_request(from.protocol));
  }

  void await_upgrade() {
    char byte = 0;
    for (std::string head; !head.ends_with("\r\n\r\n"); head += byte)
      if (::recv(socket_.get(), &byte, 1, 0) != 1)
        throw std::runtime_error("no upgrade: " + head);
  }

  const unique_fd& socket() const { return socket_; }

  void send(std::string_view bytes) {
    if (!send_all(socket_, bytes))
      fail("send");
  }

  /// Takes in what has arrived, and calls `each` with each message's stamp.
  template <class Each>
  void receive(Each each) {
    static std::vector<char> block(262'144);
    std::copy(rest_.begin(), rest_.end(), block.begin());
    const auto got =
      ::recv(socket_.get(), block.data() + rest_.size(), block.size() - rest_.size(), 0);
    if (got <= 0)
      throw std::runtime_error("the server hung up");
    const auto* at = block.data();
    const auto* const end = at + rest_.size() + got;
    rest_.clear();
    while ((at = static_cast<const char*>(
              std::memchr(at, '@', static_cast<size_t>(end - at))))) {
      if (static_cast<size_t>(end - at) < stamp_bytes) {
        rest_.assign(at, end);
        return;
      }
      // A frame's length may hold the same byte.
      if (at[2] == ':')
        each(at);
      ++at;
    }
  }

private:
  unique_fd socket_;
  /// The beginning of a stamp.
  std::string rest_;
};

class load {
public:
  explicit load(const options& from) : from_(from), publisher_(from) {
    publisher_.await_upgrade();
    poller_.watch(publisher_.socket(), from.subscribers);
    const auto subscribe = client_frame(R"({"op":"subscribe","topics":["bench"]})");
    for (uint64_t i = 0; i < from.subscribers; ++i) {
      subscribers_.emplace_back(from).await_upgrade();
      subscribers_.back().send(subscribe);
      poller_.watch(subscribers_.back().socket(), i);
    }
  }

  void run() {
    const auto start = now_ns() + warm_up_ns;
    next_due_ = start - warm_up_ns;
    go_on_until(start);
    std::puts("measuring");
    std::fflush(stdout);
    delivered_ = published_ = 0;
    normal_ = critical_ = {};
    const auto begun = now_ns();
    go_on_until(begun + from_.seconds * ns_per_second);
    report(now_ns() - begun);
  }

  /// Only holds the connections: what comes is a ping, and is answered.
  void idle() {
    std::puts("measuring");
    std::fflush(stdout);
    const auto end = now_ns() + from_.seconds * ns_per_second;
    while (now_ns() < end)
      poller_.wait(1000, [this](uint64_t number) {
        auto& who = number == from_.subscribers ? publisher_ : subscribers_[number];
        who.receive([](const char*) {});
        who.send(pong_frame);
      });
    report(from_.seconds * ns_per_second);
  }

private:
  void go_on_until(uint64_t end) {
    for (auto now = now_ns(); now < end; now = now_ns()) {
      publish(now);
      receive(from_.rate > 0 ? 1 : 0);
    }
  }

  void publish(uint64_t now) {
    std::string frames;
    if (from_.rate > 0) {
      for (; next_due_ <= now; next_due_ += ns_per_second / from_.rate)
        frames += next_frame(now);
    } else {
      const auto arrived = arrived_ / from_.subscribers;
      const auto room = under_way_max - std::min(under_way_max, sent_ - arrived);
      for (uint64_t i = 0; i < std::min(room, burst_max); ++i)
        frames += next_frame(now);
    }
    publisher_.send(frames);
  }

  std::string next_frame(uint64_t now) {
    ++sent_;
    ++published_;
    const auto critical = from_.critical_every > 0 && sent_ % from_.critical_every == 0;
    return publish_frame(critical ? urgency::critical : urgency::normal, now);
  }

  void receive(int timeout_ms) {
    poller_.wait(timeout_ms, [this](uint64_t number) {
      if (number == from_.subscribers)
        return publisher_.receive([](const char*) {});
      const auto now = now_ns();
      subscribers_[number].receive([this, now](const char* stamp) { take(stamp, now); });
    });
  }

  void take(const char* stamp, uint64_t now) {
    ++arrived_;
    ++delivered_;
    const auto is_critical = stamp[1] == static_cast<char>(urgency::critical);
    if (!is_critical && arrived_ % timed_every != 0)
      return;
    uint64_t then = 0;
    std::from_chars(stamp + 3, stamp + stamp_bytes, then);
    (is_critical ? critical_ : normal_).add(now - then);
  }

  void report(uint64_t wall_ns) const {
    std::printf(R"({"published": %ju, "delivered": %ju, "wall_ns": %ju)",
                uintmax_t{published_}, uintmax_t{delivered_}, uintmax_t{wall_ns});
    report("normal", normal_);
    report("critical", critical_);
    std::puts("}");
    std::fflush(stdout);
    // Whoever looks at the server's sockets has them open until then.
    std::getchar();
  }

  static void report(const char* name, const latencies& x) {
    std::printf(R"(, "%s": {"p50_ns": %ju, "p99_ns": %ju, "max_ns": %ju})", name,
                uintmax_t{x.quantile(0.5)}, uintmax_t{x.quantile(0.99)},
                uintmax_t{x.max()});
  }

  const options from_;
  client publisher_;
  std::vector<client> subscribers_;
  poller poller_;
  uint64_t next_due_ = 0;
  /// Since the first, and in the time that counts.
  uint64_t sent_ = 0, published_ = 0;
  uint64_t arrived_ = 0, delivered_ = 0;
  latencies normal_, critical_;
};

void allow_all_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 7 && argc != 5) {
    std::fprintf(
      stderr,
      "usage: %s ADDRESS PROTOCOL SUBSCRIBERS SECONDS [RATE CRITICAL_EVERY]\n"
      "without a rate nothing is published; at rate 0, as fast as it arrives\n",
      argv[0]);
    return 2;
  }
  try {
    allow_all_descriptors();
    options from{argv[1], argv[2], std::stoull(argv[3])};
    from.seconds = std::stoull(argv[4]);
    if (argc == 5) {
      load{from}.idle();
      return 0;
    }
    from.rate = std::stoull(argv[5]);
    from.critical_every = std::stoull(argv[6]);
    load{from}.run();
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n", argv[0], problem.what());
    return 1;
  }
}
