#include "actors/observe/metrics_aggregator.hpp"

#include "actors/detail/last_words.hpp"
#include "actors/detail/owed.hpp"
#include "actors/detail/wall_clock.hpp"
#include "messages/error.hpp"

#include <memory>
#include <utility>

namespace sluice {

void metrics_aggregator_state::init(metrics_aggregator_config config) {
  config_ = std::move(config);
  self_->set_down_handler(
    [this](const caf::down_msg& down) { sources_.erase(down.source); });
  total_ = config_.past.total;
  for (auto& x : std::exchange(config_.past.ledger, {}))
    ledger_[x.subsystem].emplace(x.name, account{x.counts, x.place});
  open_window();
}

metrics_aggregator_state::~metrics_aggregator_state() {
  detail::say_at_last(self_, [this] {
    if (config_.heir)
      self_->send(config_.heir, atom::retire_v, metrics_past{total_, entries()});
  });
}

void metrics_aggregator_state::report(metrics_report& told) {
  report_from(caf::actor_cast<caf::actor_addr>(self_->current_sender()), told);
}

void metrics_aggregator_state::report_from(const caf::actor_addr& who,
                                           metrics_report& told) {
  // What somebody holds is not added up like what it did: it goes with its holder.
  if (auto known = sources_.find(who); known != sources_.end())
    known->second.log_lines_held = told.log_lines_held;
  total_ += told.counts;
  counts_ += told.counts;
  for (auto& each : told.ledger)
    book(each);
}

void metrics_aggregator_state::book(ledger_entry& x) {
  auto& all = ledger_[x.subsystem];
  if (all.size() >= accounts_max && !all.contains(x.name))
    x.name = other_accounts;
  const auto [known, is_new] = all.try_emplace(x.name, account{{}, all.size()});
  known->second.counts += x.counts;
}

void metrics_aggregator_state::attach(const metered_actor& who) {
  self_->monitor(who);
  sources_.insert_or_assign(who.address(), source{who});
}

void metrics_aggregator_state::collect(continuation next) {
  if (sources_.empty()) {
    next();
    return;
  }
  auto left = std::make_shared<size_t>(sources_.size());
  auto arrived = [left, next = std::move(next)] {
    if (--*left == 0)
      next();
  };
  for (const auto& [address, each] : sources_)
    self_->request(each.handle, config_.collect_timeout, atom::collect_v)
      .then(
        [this, arrived, who = address](metrics_report& told) {
          report_from(who, told);
          arrived();
        },
        [arrived](const caf::error&) { arrived(); });
}

caf::result<metrics_totals> metrics_aggregator_state::totals() {
  auto promise = detail::owe<metrics_totals>(self_);
  collect([this, promise]() mutable {
    promise.deliver(metrics_totals{total_, history_.empty() ? current() : history_.back(),
                                   config_.kernel(), log_lines_held()});
  });
  return promise;
}

caf::result<ledger_report> metrics_aggregator_state::ledger() {
  auto promise = detail::owe<ledger_report>(self_);
  collect([this, promise]() mutable { promise.deliver(balance()); });
  return promise;
}

std::vector<ledger_entry> metrics_aggregator_state::entries() const {
  std::vector<ledger_entry> result;
  for (const auto& [subsystem, all] : ledger_)
    for (const auto& [owner, x] : all)
      result.push_back({subsystem, owner, x.counts, x.place});
  return result;
}

ledger_report metrics_aggregator_state::balance() const {
  using std::chrono::milliseconds;
  ledger_report result;
  result.duration_ms = std::chrono::duration_cast<milliseconds>(config_.uptime()).count();
  result.entries = entries();
  result.process = config_.kernel();
  result.device = config_.device();
  result.endurance_tbw = config_.endurance_tbw;
  return result;
}

caf::result<metrics_window> metrics_aggregator_state::snapshot() {
  auto promise = detail::owe<metrics_window>(self_);
  collect([this, promise]() mutable { promise.deliver(current()); });
  return promise;
}

std::vector<metrics_window> metrics_aggregator_state::history() const {
  return {history_.begin(), history_.end()};
}

uint64_t metrics_aggregator_state::log_lines_held() const {
  auto result = uint64_t{0};
  for (const auto& [address, each] : sources_)
    result += each.log_lines_held;
  return result;
}

metrics_window metrics_aggregator_state::current() const {
  auto length = self_->clock().now() - start_;
  return {start_ms_, detail::wall_clock_ms(),
          std::chrono::duration_cast<caf::timespan>(length).count(), counts_};
}

void metrics_aggregator_state::on_tick() {
  collect([this] { close_window(); });
}

void metrics_aggregator_state::close_window() {
  history_.push_back(current());
  if (history_.size() > config_.history)
    history_.pop_front();
  open_window();
}

void metrics_aggregator_state::open_window() {
  counts_ = {};
  start_ = self_->clock().now();
  start_ms_ = detail::wall_clock_ms();
  self_->delayed_send(self_, config_.window, atom::tick_v);
}

status_report metrics_aggregator_state::status() const {
  status_report report;
  report.name = name;
  report.state = {{"sources", static_cast<int64_t>(sources_.size())},
                  {"windows", static_cast<int64_t>(history_.size())}};
  return report;
}

stop_report metrics_aggregator_state::stop() {
  self_->quit();
  stop_report report;
  report.name = name;
  return report;
}

metrics_aggregator_actor::behavior_type metrics_aggregator(
  metrics_aggregator_actor::stateful_pointer<metrics_aggregator_state> self,
  metrics_aggregator_config config) {
  auto* state = &self->state;
  state->init(std::move(config));
  return {
    [state](atom::report, metrics_report& told) { state->report(told); },
    [state](atom::attach, const metered_actor& source) { state->attach(source); },
    [state](atom::ledger) { return state->ledger(); },
    [state](atom::totals) { return state->totals(); },
    [state](atom::snapshot) { return state->snapshot(); },
    [state](atom::history) { return state->history(); },
    [state](atom::tick) { state->on_tick(); },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice
