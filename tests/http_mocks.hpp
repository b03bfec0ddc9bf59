// The actors behind the HTTP side, as a test needs them: they do as they are told,
// and keep what they were given.
#pragma once

#include "app/http/server.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

/// What the mocks do, and what they saw. Shared between their threads and the test's.
struct backstage {
  std::atomic<bool> hold_appends = false;
  std::atomic<bool> never_sync = false;
  std::atomic<bool> writing_fails = false;
  std::atomic<bool> supervisor_fails = false;
  std::atomic<bool> hold_surveys = false;
  std::atomic<uint64_t> surveys = 0;
  std::atomic<uint64_t> looks_at_life = 0;
  std::atomic<uint64_t> accepted = 0;
  std::atomic<uint64_t> lookups = 0;
  std::mutex mutex;
  std::string lines;
  std::string document;
  /// Appends that were held back.
  std::vector<std::pair<log_chunk, caf::typed_response_promise<log_receipt>>> held;
  /// Surveys that were held back.
  std::vector<caf::typed_response_promise<std::vector<status_report>>> held_surveys;

  void tell_surveys() {
    for (auto& each : std::exchange(held_surveys, {}))
      each.deliver(std::vector<status_report>{});
  }

  void refuse_surveys() {
    for (auto& each : std::exchange(held_surveys, {}))
      each.deliver(caf::make_error(ec::unavailable));
  }

  std::string text() {
    std::lock_guard guard{mutex};
    return lines;
  }
};

using stage = std::shared_ptr<backstage>;

inline log_buffer_actor::behavior_type mock_log(log_buffer_actor::pointer self,
                                                const stage& x) {
  return {
    [self, x](atom::append, log_chunk& chunk) -> caf::result<log_receipt> {
      std::lock_guard guard{x->mutex};
      if (x->hold_appends) {
        auto promise = self->make_response_promise<log_receipt>();
        x->held.emplace_back(std::move(chunk), promise);
        return promise;
      }
      x->lines += chunk.lines;
      x->accepted += chunk.count;
      return log_receipt{chunk.count, x->accepted};
    },
    [](atom::flush) { return flush_report{3}; },
    [self, x](atom::persist, uint64_t) -> caf::result<durability> {
      if (!x->never_sync)
        return durability::disk;
      return self->make_response_promise<durability>(); // and nobody delivers it
    },
    [](atom::tail, const tail_bounds&) { return log_tail{}; },
    [x](atom::stats) {
      log_stats stats;
      stats.accepted = x->accepted;
      return stats;
    },
    [](atom::apply, const log_limits&) {},
    [](atom::attach, const log_writer_actor&) {},
    [](atom::idle) { return caf::timespan{}; },
    [](atom::retire) { return log_past{}; },
    [](atom::tick, uint64_t) {},
    [](atom::check, uint64_t) {},
    [](atom::collect) { return metrics_report{}; },
    [](atom::status) { return status_report{}; },
    [self](atom::stop) {
      self->quit();
      return stop_report{};
    },
  };
}

inline session_debouncer_actor::behavior_type
mock_sessions(session_debouncer_actor::pointer self, const stage& x) {
  auto keep = [x](session_update& update) {
    std::lock_guard guard{x->mutex};
    x->document = std::move(update.document);
    return session_receipt{1};
  };
  return {
    [keep](atom::put, session_update& update) { return keep(update); },
    [keep](atom::patch, session_update& update) { return keep(update); },
    [](atom::erase, const std::string&, const std::string&,
       durability) -> caf::result<session_receipt> { return ec::not_found; },
    [](atom::replace, const session_replacement& all) {
      return session_receipt{all.documents.size()};
    },
    [x](atom::get, const std::string&, const std::string& key,
        const credit&) -> caf::result<std::string> {
      std::lock_guard guard{x->mutex};
      if (key == "absent")
        return caf::make_error(ec::not_found, "no such session");
      return key == "echo/key" ? R"({"slash":true})" : x->document;
    },
    [](atom::get_all, const std::string&, const credit&) {
      return std::vector<session_document>{{"a", "{\"n\": 1}"}, {"b", "{}"}};
    },
    [](atom::flush) { return flush_report{2}; },
    [](atom::flush, const std::string&) { return flush_report{1}; },
    [](atom::flush, durability) { return flush_report{2}; },
    [](atom::persist, const std::string&, uint64_t, durability level) { return level; },
    [](atom::prune, const std::string& store) {
      return session_pruned{{"a", "b"}, {store}};
    },
    [](atom::apply, const session_limits&) {},
    [](atom::stats) { return session_stats{}; },
    [](atom::tick, const std::string&, uint64_t) {},
    [](atom::retry, const std::string&, uint64_t) {},
    [](atom::recover, const std::vector<session_store_info>&) {},
    [](atom::collect) { return metrics_report{}; },
    [](atom::status) { return status_report{}; },
    [self](atom::stop) {
      self->quit();
      return stop_report{};
    },
  };
}

inline database_actor::behavior_type mock_database(database_actor::pointer self) {
  return {
    [](atom::query, const sql_statement& what, sql_origin) -> caf::result<sql_result> {
      if (what.sql == "bad")
        return caf::make_error(ec::refused, "near \"bad\": syntax error");
      sql_result result;
      result.columns = {"n", "blob"};
      result.rows = {{sql_value{int64_t{7}}, sql_value{sql_blob{"abc"}}}};
      return result;
    },
    [](atom::execute, const sql_write& what, durability level) {
      sql_receipt receipt;
      receipt.results.resize(what.rows.empty() ? what.statements.size() : 1);
      receipt.results[0].changes = 1;
      receipt.level = level;
      return receipt;
    },
    [](atom::apply, const sql_batch&) { return sql_batch_outcome{}; },
    [](atom::checkpoint, checkpoint_mode) { return checkpoint_report{}; },
    [](atom::checkpoint, checkpoint_mode, caf::timespan) { return checkpoint_report{}; },
    [](atom::tick, uint64_t) {},
    [](atom::maintain, maintenance_kind) { return maintenance_report{}; },
    [](atom::stats) { return database_stats{}; },
    [](atom::sync, bool) {},
    [](atom::replace, const std::string&) {},
    [](atom::check, uint64_t) {},
    [](atom::recover, uint64_t) {},
    [](atom::recover, const std::string&) {},
    [](atom::collect) { return metrics_report{}; },
    [](atom::status) { return status_report{}; },
    [self](atom::stop) {
      self->quit();
      return stop_report{};
    },
  };
}

inline metrics_aggregator_actor::behavior_type
mock_metrics(metrics_aggregator_actor::pointer self, const stage&) {
  auto edge = std::make_shared<metered_actor>();
  return {
    [](atom::report, const metrics_report&) {},
    [edge](atom::attach, const metered_actor& who) { *edge = who; },
    [](atom::ledger) { return ledger_report{}; },
    [self, edge](atom::totals) -> caf::result<metrics_totals> {
      auto promise = self->make_response_promise<metrics_totals>();
      self->request(*edge, caf::infinite, atom::collect_v)
        .then(
          [promise](const metrics_report& told) mutable {
            metrics_totals totals;
            totals.total = told.counts;
            promise.deliver(totals);
          },
          [promise](caf::error& err) mutable { promise.deliver(std::move(err)); });
      return promise;
    },
    [](atom::snapshot) { return metrics_window{}; },
    [](atom::history) { return std::vector<metrics_window>{}; },
    [](atom::tick) {},
    [](atom::status) { return status_report{}; },
    [self](atom::stop) {
      self->quit();
      return stop_report{};
    },
  };
}

inline supervisor_actor::behavior_type
mock_supervisor(supervisor_actor::pointer self, const stage& x, log_buffer_actor log) {
  const auto absent = caf::make_error(ec::not_found, "nobody wrote to this log");
  return {
    [](atom::start) { return subsystems{}; },
    [x, log](atom::open, const std::string&) {
      ++x->lookups;
      return log;
    },
    [x, absent](atom::stats, const std::string& name) -> caf::result<log_stats> {
      if (name == "absent")
        return absent;
      log_stats stats;
      stats.accepted = x->accepted;
      return stats;
    },
    [x, absent](atom::tail, const std::string& name,
                const tail_bounds& wanted) -> caf::result<log_tail> {
      if (name == "absent")
        return absent;
      auto text = x->text();
      const auto fits = text.size() <= wanted.bytes;
      return log_tail{fits ? std::move(text) : std::string{}, {}, !fits};
    },
    [absent](atom::flush, const std::string& name) -> caf::result<flush_report> {
      if (name == "absent")
        return absent;
      return flush_report{3};
    },
    [](atom::persist, const std::string&, uint64_t) { return durability::disk; },
    [](atom::connect, const ws_connection&) -> caf::result<ws_batcher_actor> {
      return caf::make_error(ec::stopping, "nobody is let in");
    },
    [](atom::clients) { return std::vector<ws_batcher_actor>{}; },
    [x](atom::logs) {
      named_log_stats app{"app", {}};
      app.stats.accepted = x->accepted;
      return std::vector<named_log_stats>{app};
    },
    [self, x](atom::survey) -> caf::result<std::vector<status_report>> {
      ++x->surveys;
      if (x->hold_surveys) {
        std::lock_guard guard{x->mutex};
        x->held_surveys.push_back(
          self->make_response_promise<std::vector<status_report>>());
        return x->held_surveys.back();
      }
      status_report report{"log-buffer", "app", 0, {}, {{"log-disk", true, "fine"}}, {}};
      if (x->writing_fails) {
        report.checks[0].ok = false;
        report.alerts.push_back({"log-write-failed", "no space left", 1});
      }
      return std::vector<status_report>{report};
    },
    [](atom::persist) { return true; },
    [](atom::restart, const std::string&) { return std::string{}; },
    [](atom::confirm, const std::string&) { return true; },
    [](atom::apply, const live_settings&) {},
    [](atom::attach, const subsystems_listener_actor&) {},
    [](atom::attach, const std::string&, const guest_actor&) {},
    [](atom::attach, const log_user_actor&) {},
    [](atom::tick) {},
    [](atom::retire, const std::string&, const log_past&) {},
    [](atom::retire, const database_past&) {},
    [](atom::retire, const metrics_past&) {},
    [](atom::retry) {},
    [x](atom::check) -> caf::result<bool> {
      ++x->looks_at_life;
      if (x->supervisor_fails)
        return caf::make_error(caf::sec::runtime_error);
      return true;
    },
    [](atom::stop) { return std::vector<stop_report>{}; },
  };
}

inline settings_actor::behavior_type mock_settings() {
  return {
    [](atom::get, const std::string&) { return std::vector<setting>{}; },
    [](atom::put, const std::string&, const std::string&, const std::string&) {
      return setting{};
    },
    [](atom::dump) { return std::string{"{}"}; },
    [](atom::attach, const live_settings_listener_actor&) {},
  };
}

/// The mocks, and a server in front of them.
struct theatre {
  stage x = std::make_shared<backstage>();
  log_buffer_actor log;
  std::shared_ptr<budget> in_flight;
  http::backend back;

  explicit theatre(caf::actor_system& sys, size_t budget_bytes = 67'108'864)
      : log(sys.spawn(mock_log, x)), in_flight(std::make_shared<budget>(budget_bytes)) {
    back.supervisor = sys.spawn(mock_supervisor, x, log);
    back.actors.sessions = sys.spawn(mock_sessions, x);
    back.actors.database = sys.spawn(mock_database);
    back.actors.metrics = sys.spawn(mock_metrics, x);
    back.in_flight = in_flight;
    back.answers = std::make_shared<budget>(http_settings{}.max_answer_bytes_total);
    back.settings = sys.spawn(mock_settings);
  }

  ~theatre() {
    {
      std::lock_guard guard{x->mutex};
      x->held.clear();
      x->held_surveys.clear();
    }
    caf::anon_send_exit(back.supervisor, caf::exit_reason::kill);
    caf::anon_send_exit(back.actors.sessions, caf::exit_reason::kill);
    caf::anon_send_exit(back.actors.database, caf::exit_reason::kill);
    caf::anon_send_exit(back.actors.metrics, caf::exit_reason::kill);
    caf::anon_send_exit(back.settings, caf::exit_reason::kill);
    caf::anon_send_exit(log, caf::exit_reason::kill);
  }
};

} // namespace sluice::test
