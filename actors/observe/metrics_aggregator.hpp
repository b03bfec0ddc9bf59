// The METRICS AGGREGATOR adds up what actors did, window by window, and keeps the last
// windows; and it keeps the ledger of who caused that. Actors hand over their counts with
// each flush; before a window ends, and before anybody reads, it asks each for the rest,
// so that a reading includes all that happened before it. An actor that is busy is waited
// for only shortly: what it counts is told later, never lost.
#pragma once

#include "messages/metrics_aggregator.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice {

struct metrics_aggregator_config {
  caf::timespan window = std::chrono::minutes{1};
  /// Finished windows that are kept.
  uint64_t history = 60;
  /// Longest wait for an actor's counts.
  caf::timespan collect_timeout = std::chrono::milliseconds{250};
  /// Reads the kernel's own counts, of the process and of the device below it.
  std::function<process_io()> kernel;
  std::function<device_io()> device = [] { return device_io{}; };
  /// How long both have counted.
  std::function<caf::timespan()> uptime = [] { return caf::timespan{}; };
  /// Terabytes that the device is said to endure; 0: not known.
  uint64_t endurance_tbw = 0;
  /// What those before it have counted, and who is told what this one has; may be null.
  metrics_past past = {};
  metrics_heir_actor heir = {};
};

class metrics_aggregator_state {
public:
  static inline const char* name = "metrics-aggregator";

  explicit metrics_aggregator_state(metrics_aggregator_actor::pointer self)
      : self_(self) {}
  metrics_aggregator_state(const metrics_aggregator_state&) = delete;
  metrics_aggregator_state& operator=(const metrics_aggregator_state&) = delete;
  ~metrics_aggregator_state();

  void init(metrics_aggregator_config config);

  void report(metrics_report& told);
  void report_from(const caf::actor_addr& who, metrics_report& told);
  void attach(const metered_actor& who);
  caf::result<ledger_report> ledger();
  caf::result<metrics_totals> totals();
  caf::result<metrics_window> snapshot();
  std::vector<metrics_window> history() const;
  void on_tick();
  status_report status() const;
  stop_report stop();

private:
  using continuation = std::function<void()>;
  struct account {
    ledger_counts counts;
    /// How many of the subsystem are older.
    uint64_t place = 0;
  };
  using accounts = std::map<std::string, account>;

  /// Accounts of a subsystem, past which the rest share one. None is ever given up, so
  /// that no sum falls.
  static constexpr size_t accounts_max = 4'096;

  void collect(continuation next);
  void book(ledger_entry& x);
  std::vector<ledger_entry> entries() const;
  ledger_report balance() const;
  metrics_window current() const;
  uint64_t log_lines_held() const;
  void open_window();
  void close_window();

  metrics_aggregator_actor::pointer self_;
  metrics_aggregator_config config_;
  struct source {
    metered_actor handle = {};
    /// As it told last.
    uint64_t log_lines_held = 0;
  };

  std::unordered_map<caf::actor_addr, source> sources_;
  metrics_delta total_;
  /// By subsystem, then by name.
  std::map<std::string, accounts> ledger_;
  metrics_delta counts_;
  int64_t start_ms_ = 0;
  caf::actor_clock::time_point start_;
  std::deque<metrics_window> history_;
};

metrics_aggregator_actor::behavior_type metrics_aggregator(
  metrics_aggregator_actor::stateful_pointer<metrics_aggregator_state> self,
  metrics_aggregator_config config);

} // namespace sluice
