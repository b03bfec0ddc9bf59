#include "bench/http_client.hpp"

#include "bench/http_message.hpp"
#include "bench/tcp.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <vector>

namespace sluice::bench {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto pause_after_refusal = std::chrono::milliseconds{10};

/// One keep-alive connection. Reads wait for epoll; a request is small enough for the
/// socket's buffer or is waited for.
class connection {
public:
  explicit connection(const std::string& address) : socket_(connect_to(address)) {}

  const unique_fd& socket() const { return socket_; }

  /// When the request at hand is to be sent, or nothing: none, or it is under way.
  std::optional<clock::time_point> due() const { return due_; }

  void schedule(std::string request, clock::time_point when) {
    request_ = std::move(request);
    due_ = when;
  }

  void postpone(clock::time_point when) { due_ = when; }

  void send() {
    due_.reset();
    if (!send_all(socket_, request_))
      fail("send");
  }

  /// Takes in what has arrived; the answer's status once it is whole, else 0.
  int receive() {
    char block[16'384];
    auto size = ::recv(socket_.get(), block, sizeof block, 0);
    if (size < 0)
      fail("receive");
    if (size == 0)
      throw std::runtime_error("the server hung up");
    received_.append(block, static_cast<size_t>(size));
    auto answer = parse_message(received_);
    if (answer.size == 0)
      return 0;
    if (answer.closes)
      throw std::runtime_error("the server closes: " + received_);
    auto status = parse_status(received_);
    if (status >= 300 && status != 429 && status != 503)
      throw std::runtime_error("refused: " + received_);
    received_.erase(0, answer.size);
    return status;
  }

private:
  unique_fd socket_;
  std::string request_;
  std::string received_;
  std::optional<clock::time_point> due_;
};

class generator {
public:
  explicit generator(const http_load& load) : load_(load) {
    for (uint64_t i = 0; i < load.connections; ++i)
      poller_.watch(connections_.emplace_back(load.address).socket(), i);
  }

  http_outcome run() {
    start_ = clock::now();
    for (auto& each : connections_)
      give_next(each);
    while (outcome_.accepted < load_.requests) {
      if (clock::now() - start_ > load_.limit)
        throw std::runtime_error("not done within the limit");
      send_what_is_due();
      receive_what_came();
    }
    outcome_.wall = clock::now() - start_;
    return outcome_;
  }

private:
  void give_next(connection& to) {
    if (next_ >= load_.requests)
      return;
    std::chrono::duration<double> offset{
      load_.rate > 0 ? static_cast<double>(next_) / load_.rate : 0};
    to.schedule(load_.make(next_++),
                start_ + std::chrono::duration_cast<clock::duration>(offset));
  }

  void send_what_is_due() {
    auto now = clock::now();
    earliest_.reset();
    for (auto& each : connections_) {
      if (!each.due())
        continue;
      if (*each.due() <= now)
        each.send();
      else if (!earliest_ || *each.due() < *earliest_)
        earliest_ = each.due();
    }
  }

  int timeout_ms() const {
    if (!earliest_)
      return 1000;
    auto wait = std::chrono::ceil<std::chrono::milliseconds>(*earliest_ - clock::now());
    return static_cast<int>(std::clamp<int64_t>(wait.count(), 0, 1000));
  }

  void receive_what_came() {
    poller_.wait(timeout_ms(), [this](uint64_t i) { answered(connections_[i]); });
  }

  void answered(connection& by) {
    auto status = by.receive();
    if (status == 0)
      return;
    if (status < 300) {
      ++outcome_.accepted;
      give_next(by);
    } else {
      ++outcome_.refused;
      by.postpone(clock::now() + pause_after_refusal);
    }
  }

  const http_load& load_;
  poller poller_;
  std::vector<connection> connections_;
  clock::time_point start_;
  std::optional<clock::time_point> earliest_;
  uint64_t next_ = 0;
  http_outcome outcome_;
};

} // namespace

http_outcome run(const http_load& load) {
  return generator{load}.run();
}

std::string http_request(const std::string& method, const std::string& target,
                         const std::string& content_type, const std::string& body) {
  return method + ' ' + target
         + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + content_type
         + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace sluice::bench
