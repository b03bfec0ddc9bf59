// The EDGE asks the other actors on behalf of the connections. It lives on their
// thread, knows the logs that were asked for before, and tells the metrics what went
// over the sockets.
#pragma once

#include "app/http/asio_actor.hpp"
#include "app/http/exchange.hpp"
#include "app/http/liveness.hpp"
#include "app/http/server.hpp"
#include "app/http/shared_answers.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sluice::http {

/// How long an actor may take to tell its numbers.
constexpr caf::timespan telling_time_max = std::chrono::seconds{10};

/// Room for what tells how the service is, where all other room is taken.
constexpr size_t kept_back_bytes = 4'194'304;

class edge : public asio_actor {
public:
  edge(caf::actor_config& config, boost::asio::io_context& io, http_settings settings,
       backend what);

  const http_settings& settings() const { return settings_; }
  const backend& actors() const { return backend_; }
  boost::asio::io_context& io() { return io_; }

  /// Since the edge was made.
  int64_t uptime_ms() const;

  /// The account for an answer that may be large.
  credit open_room(exchange& x);

  /// Holds a finished answer. One for which there is no room becomes a refusal.
  void hold(answer& what);

  /// A client was let go that took its answer too slowly.
  void count_slow_reader() { ++slow_readers_; }

  void count_received(size_t bytes) { traffic_.network_received += bytes; }
  void count_sent(size_t bytes) { traffic_.network_sent += bytes; }

  /// Where other threads count what they sent.
  std::shared_ptr<std::atomic<uint64_t>> sent_elsewhere() const {
    return sent_elsewhere_;
  }

  /// Has `look` called once a window of the metrics, and `tell` for whoever asks how it
  /// is. Before it begins.
  void watch(std::function<void()> look, std::function<void(status_report&)> tell) {
    look_ = std::move(look);
    tell_ = std::move(tell);
  }

  using log_user = std::function<void(const log_buffer_actor&)>;

  /// Calls `use` with the buffer of a log, made if need be; or refuses `x`. What is
  /// appended must be on its way when `use` returns: the log may be closed then.
  void open_log(const std::string& name, const exchange_ptr& x, log_user use);

  /// Answers `x` together with all others like it.
  void share(const route& to, exchange_ptr x) { shared_.join(to, std::move(x)); }

  /// Whether the service lives.
  void tell_liveness(const exchange_ptr& x) { liveness_.tell(*this, x); }

  /// Refuses `x` because nothing more fits: with 507 if that is because writing fails,
  /// else with 429 and the reason.
  void refuse_no_room(const exchange_ptr& x, const std::string& why);

private:
  caf::behavior make_behavior() override;

  /// Others may have handles of it when the connections are no more.
  void on_exit() override { shared_.end(); }

  /// Some of those that are asked have been started anew.
  void use(const subsystems& now);

  void remember(const std::string& name, const log_buffer_actor& buffer);
  void forget(const caf::actor_addr& who);
  bool forget_all(const std::vector<std::string>& names);

  boost::asio::io_context& io_;
  const http_settings settings_;
  backend backend_;
  const std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  metrics_report collect();
  status_report status() const;

  std::function<void()> look_ = [] {};
  std::function<void(status_report&)> tell_ = [](status_report&) {};
  metrics_delta traffic_;
  uint64_t slow_readers_ = 0;
  /// For whoever asks how the service is, while others have taken all room.
  std::shared_ptr<budget> kept_back_ = std::make_shared<budget>(kept_back_bytes);
  std::shared_ptr<std::atomic<uint64_t>> sent_elsewhere_ =
    std::make_shared<std::atomic<uint64_t>>(0);
  /// The buffers that were asked for before and live.
  std::map<std::string, log_buffer_actor, std::less<>> logs_;
  liveness liveness_;
  shared_answers shared_{*this};
  /// What the last survey said about writing, and until when that is believed.
  bool writing_fails_ = false;
  std::chrono::steady_clock::time_point believed_until_;
};

} // namespace sluice::http
