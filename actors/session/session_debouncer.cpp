#include "actors/session/session_debouncer.hpp"

#include "actors/detail/alert_sum.hpp"

#include <algorithm>

namespace sluice {

namespace {

constexpr uint64_t cache_bytes_max = uint64_t{8} * 1024 * 1024;

/// Stores that the numbers name, of those that are in use.
constexpr size_t stores_told_max = 1000;

/// How late a flush may be before the service does not count as ready.
constexpr auto unflushed_grace = std::chrono::seconds{30};

int64_t to_ms(caf::timespan span) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

} // namespace

void session_debouncer_state::init(session_debouncer_config config,
                                   session_store_actor store,
                                   metrics_aggregator_actor metrics) {
  config_ = std::move(config);
  store_ = std::move(store);
  metrics_ = std::move(metrics);
  // Whoever ends it takes nothing with it that was counted and not told.
  self_->set_exit_handler([this](const caf::exit_msg& x) {
    report_counts();
    self_->quit(x.reason);
  });
  cache_.configure(config_.cache_ttl, cache_bytes_max);
  files_.bound(config_.files_directory, config_.files_max);
  clock_ = detail::clock_watch{
    {config_.wall_now_ms, config_.boot_now_ms, config_.clock_synchronised}};
  ask_totals();
}

// -- numbers -----------------------------------------------------------------------

caf::result<session_stats> session_debouncer_state::stats() {
  auto rp = detail::owe<session_stats>(self_);
  auto answer = [this, rp]() mutable {
    auto result = *config_.totals;
    result.store_count = stores_elsewhere_;
    for (auto& [store, line] : lines_) {
      auto info = line.sessions.stored();
      if (info.entries == 0) {
        info.bytes = line.sessions.projected_bytes();
        info.entries = line.sessions.new_sessions();
      }
      result.store_count += info.entries > 0;
      if (info.entries > 0 && result.stores.size() < stores_told_max)
        result.stores.push_back(std::move(info));
      result.pending += line.sessions.sessions();
      result.failing = result.failing || line.failures > 0;
    }
    for (auto& [store, unread] : unread_)
      if (unread.problem)
        result.unreadable.push_back({store, 0, 0, {}, text_of(unread.problem)});
    rp.deliver(std::move(result));
    return true;
  };
  with_totals({answer, [rp](const caf::error& err) mutable { rp.deliver(err); }});
  return rp;
}

void session_debouncer_state::apply(const session_limits& limits) {
  config_.debounced = limits.debounce.count() > 0;
  config_.debounce = limits.debounce;
  config_.max_pending = limits.max_pending;
  config_.max_stores = limits.max_stores;
}

metrics_report session_debouncer_state::collect() {
  return {std::exchange(untold_, {}), booked_.take()};
}

void session_debouncer_state::report_counts() {
  if (metrics_ && untold_ != metrics_delta{})
    self_->send(metrics_, atom::report_v, collect());
}

status_report session_debouncer_state::status() {
  status_report report{name, {}, cache_.bytes(), {}, {}, {}};
  check write{"last-write", true, {}};
  check sync{"last-sync", true, {}};
  uint64_t pending = 0;
  caf::timespan oldest{0};
  for (auto& [store, line] : lines_) {
    report.held_bytes += line.sessions.held_bytes();
    pending += line.sessions.sessions();
    if (auto since = line.sessions.oldest())
      oldest = std::max<caf::timespan>(oldest, self_->clock().now() - *since);
    if (line.failures > 0) {
      auto text = "store " + store + ": " + text_of(line.last_error);
      (line.failed_level == durability::disk ? sync : write).detail = text;
      report.alerts.push_back({"session-write-failed", text, line.failing_since_ms});
    }
    add_maintenance_alerts(line, report);
  }
  report.troubles = {{"session-write-failed", write_troubles_},
                     {"session-tries-failed", write_failures_},
                     {"session-maintenance-failed", maintenance_failures_},
                     {"session-store-over-limit", excesses_},
                     {"session-removal-held", removals_held_},
                     {"session-store-refused", stores_refused_},
                     {"session-maintenance-held-rounds", maintenance_held_},
                     {"session-records-set-aside", records_set_aside_}};
  detail::sum_up_alerts(report);
  set_aside_.tell(report);
  files_.tell(report, self_->clock().now());
  write.ok = write.detail.empty();
  sync.ok = sync.detail.empty();
  check age{"oldest-unflushed", oldest <= config_.debounce + unflushed_grace, {}};
  age.detail = std::to_string(to_ms(oldest)) + " ms";
  report.checks = {write, sync, age};
  report.state = {{"stores", static_cast<int64_t>(lines_.size())},
                  {"unreadStores", static_cast<int64_t>(unread_.size())},
                  {"pending", static_cast<int64_t>(pending)},
                  {"cacheEntries", static_cast<int64_t>(cache_.entries())},
                  {"cacheBytes", static_cast<int64_t>(cache_.bytes())},
                  {"recordsSetAside", static_cast<int64_t>(records_set_aside_)},
                  {"oldestMs", to_ms(oldest)}};
  tell_of_clock(report);
  return report;
}

// -- the end -----------------------------------------------------------------------

caf::result<stop_report> session_debouncer_state::stop() {
  auto rp = detail::owe<stop_report>(self_);
  auto first = stopping_.empty();
  stopping_.push_back(rp);
  if (first) {
    refuse_held(caf::make_error(ec::stopping, "the service is stopping"));
    // Nothing is left in the spool, so that it brings nothing back over files that
    // somebody puts there before the next start.
    for (auto& [store, line] : lines_)
      if (line.restored && !line.is_on_disk())
        bring_to_disk(line);
  }
  finish_stop();
  return rp;
}

void session_debouncer_state::finish_stop() {
  auto done = [](const auto& x) {
    return !x.second.busy && x.second.sessions.waiting().empty();
  };
  if (stopping_.empty() || !std::all_of(lines_.begin(), lines_.end(), done))
    return;
  report_counts();
  auto left = not_taken_up();
  for (auto& rp : stopping_)
    rp.deliver(stop_report{name, {}, drained_, left, left > 0 ? "in the spool" : ""});
  self_->quit();
}

session_debouncer_actor::behavior_type
session_debouncer(session_debouncer_actor::stateful_pointer<session_debouncer_state> self,
                  session_debouncer_config config, session_store_actor sessions,
                  metrics_aggregator_actor metrics) {
  auto* st = &self->state;
  st->init(std::move(config), std::move(sessions), std::move(metrics));
  return {
    [st](atom::put, session_update& x) { return st->put(x); },
    [st](atom::patch, session_update& x) { return st->patch(x); },
    [st](atom::erase, std::string& store, std::string& key, durability at_least) {
      return st->erase(store, key, at_least);
    },
    [st](atom::replace, session_replacement& x) { return st->replace(x); },
    [st](atom::get, std::string& store, std::string& key, credit& room) {
      return st->get(store, key, std::move(room));
    },
    [st](atom::get_all, std::string& store, credit& room) {
      return st->get_all(store, std::move(room));
    },
    [st](atom::flush) { return st->flush(caf::none, durability::ram); },
    [st](atom::flush, const std::string& store) {
      return st->flush(store, durability::ram);
    },
    [st](atom::flush, durability level) { return st->flush(caf::none, level); },
    [st](atom::persist, const std::string& store, uint64_t seq, durability level) {
      return st->persist(store, seq, level);
    },
    [st](atom::prune, const std::string& store) { return st->prune(store); },
    [st](atom::apply, const session_limits& limits) { st->apply(limits); },
    [st](atom::stats) { return st->stats(); },
    [st](atom::tick, const std::string& store, uint64_t generation) {
      st->on_tick(store, generation);
    },
    [st](atom::retry, const std::string& store, uint64_t generation) {
      st->on_retry(store, generation);
    },
    [st](atom::recover, const std::vector<session_store_info>& stores) {
      st->on_recovered(stores);
    },
    // -- every actor ---------------------------------------------------------------
    [st](atom::collect) { return st->collect(); },
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice
