#include "actors/database/checkpoint_scheduler.hpp"

#include "actors/detail/wall_clock.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// The WAL may be so many times its limit before readers are held back, and before
/// readiness suffers. It is no shorter than what calls for so many checkpoints.
constexpr int64_t wal_limits_before_quiet = 2;
constexpr int64_t wal_limits_max = 4;
constexpr int64_t checkpoints_before_quiet = 4;

int64_t milliseconds_of(caf::timespan x) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(x).count();
}

} // namespace

void checkpoint_scheduler_state::init(checkpoint_scheduler_config cfg,
                                      sqlite_writer_actor writer) {
  cfg_ = cfg;
  writer_ = std::move(writer);
  self_->send(writer_, atom::attach_v,
              wal_listener_actor{checkpoint_scheduler_actor{self_}});
}

// -- what happens ---------------------------------------------------------------

void checkpoint_scheduler_state::on_wal(const wal_state& now) {
  auto waited = waiting_frames();
  wal_ = now;
  if (waiting_frames() > waited) { // only commits add waiting frames
    last_commit_at_ = self_->clock().now();
    if (waited == 0)
      first_waiting_at_ = last_commit_at_;
  }
  if (wal_.frames == 0) // somebody else got it done
    obstacle_.reset();
  reconsider();
}

caf::result<checkpoint_report>
checkpoint_scheduler_state::checkpoint(checkpoint_mode mode) {
  if (stopping_)
    return ec::stopping;
  auto promise = detail::owe<checkpoint_report>(self_);
  ask(writer_, mode, promise);
  return promise;
}

void checkpoint_scheduler_state::on_tick(uint64_t generation) {
  if (timer_.ends(self_, generation))
    reconsider();
}

// -- when, and how --------------------------------------------------------------

/// Says what is due next, or nothing while the WAL is empty.
std::optional<checkpoint_scheduler_state::plan> checkpoint_scheduler_state::next() const {
  if (wal_.frames == 0)
    return std::nullopt;
  auto now = self_->clock().now();
  auto idle_at = last_commit_at_ + cfg_.interval;
  auto cut = wal_.bytes > cfg_.journal_size_limit || now >= idle_at;
  auto mode = cut ? checkpoint_mode::truncate : cfg_.mode;
  if (needs_quiet())
    return plan{obstacle_->in_quiet ? obstacle_->retry_at : now,
                checkpoint_mode::truncate, true};
  if (obstacle_)
    return plan{obstacle_->retry_at, mode};
  if (wal_.bytes > cfg_.journal_size_limit || waiting_bytes() >= cfg_.checkpoint_bytes)
    return plan{now, mode};
  if (waiting_frames() == 0)
    return plan{idle_at, checkpoint_mode::truncate};
  return plan{first_waiting_at_ + cfg_.interval, mode};
}

bool checkpoint_scheduler_state::needs_quiet() const {
  return obstacle_ && quiet_
         && wal_.bytes > std::max(wal_limits_before_quiet * cfg_.journal_size_limit,
                                  checkpoints_before_quiet * cfg_.checkpoint_bytes);
}

/// Starts what is due, or sets the timer for it. A timer that runs and ends before is
/// left alone: what it wakes is this function.
void checkpoint_scheduler_state::reconsider() {
  if (running_ > 0 || stopping_)
    return;
  auto due = next();
  if (!due)
    return timer_.close();
  auto now = self_->clock().now();
  if (due->at <= now && due->in_quiet) {
    obstacle_->in_quiet = true;
    ++held_back_;
    return ask(quiet_, due->mode, {});
  }
  if (due->at <= now)
    return ask(writer_, due->mode, {});
  if (timer_.is_open() && timer_at_ <= due->at)
    return;
  timer_.close();
  timer_at_ = due->at;
  timer_.open(self_, due->at - now);
}

/// Whoever wants the answer too left a promise.
template <class Handle>
void checkpoint_scheduler_state::ask(const Handle& whom, checkpoint_mode mode,
                                     answer promise) {
  ++running_;
  self_->request(whom, caf::infinite, atom::checkpoint_v, mode, cfg_.budget)
    .then(
      [this, promise](const checkpoint_report& report) mutable {
        promise.deliver(report);
        on_report(report);
      },
      [this, promise](const caf::error& err) mutable {
        promise.deliver(err);
        on_failure(err);
      });
}

// -- how it went ----------------------------------------------------------------

void checkpoint_scheduler_state::on_report(const checkpoint_report& report) {
  ++checkpoints_;
  if (report.busy || report.checkpointed < report.wal_frames) {
    ++starved_;
    hinder({});
  } else {
    obstacle_.reset();
  }
  on_end();
}

void checkpoint_scheduler_state::on_failure(const caf::error& err) {
  hinder(text_of(err));
  on_end();
}

void checkpoint_scheduler_state::hinder(std::string failure) {
  auto now = self_->clock().now();
  auto pause = cfg_.retry_pause_min;
  if (obstacle_)
    pause = std::min(obstacle_->pause * 2, cfg_.retry_pause_max);
  else
    obstacle_ = obstacle{now, detail::wall_clock_ms(), {}, pause, now};
  obstacle_->failure = std::move(failure);
  obstacle_->pause = pause;
  obstacle_->retry_at = now + pause;
}

void checkpoint_scheduler_state::on_end() {
  --running_;
  if (stopping_ && running_ == 0) {
    stopped_.deliver(stop_report{name, {}, 0, 0, {}});
    self_->quit();
    return;
  }
  reconsider();
}

int64_t checkpoint_scheduler_state::waiting_bytes() const {
  return wal_.frames == 0 ? 0 : wal_.bytes / wal_.frames * waiting_frames();
}

// -- what it tells --------------------------------------------------------------

alert checkpoint_scheduler_state::alert_of(const obstacle& x) const {
  if (!x.failure.empty())
    return {"checkpoint-failed", x.failure, x.since_ms};
  auto age = milliseconds_of(self_->clock().now() - x.since);
  return {"checkpoint-starved",
          "a reader has kept the WAL from being checkpointed for " + std::to_string(age)
            + " ms; it holds " + std::to_string(wal_.bytes) + " bytes",
          x.since_ms};
}

status_report checkpoint_scheduler_state::status() const {
  status_report report;
  report.name = name;
  auto hindered = obstacle_ ? self_->clock().now() - obstacle_->since : caf::timespan{0};
  report.state = {
    {"walBytes", wal_.bytes},
    {"waitingFrames", waiting_frames()},
    {"running", running_ > 0},
    {"checkpoints", static_cast<int64_t>(checkpoints_)},
    {"starvedTimes", static_cast<int64_t>(starved_)},
    {"starvedSince", obstacle_ ? obstacle_->since_ms : int64_t{0}},
    {"starvedMs", milliseconds_of(hindered)},
  };
  auto limit = wal_limits_max * cfg_.journal_size_limit;
  report.checks = {
    {"wal-size", wal_.bytes <= limit,
     std::to_string(wal_.bytes) + " of at most " + std::to_string(limit) + " bytes"}};
  report.troubles = {{"checkpoint-starved", starved_},
                     {"checkpoint-held-readers", held_back_}};
  if (obstacle_)
    report.alerts.push_back(alert_of(*obstacle_));
  return report;
}

caf::result<stop_report> checkpoint_scheduler_state::stop() {
  stopping_ = true;
  timer_.close();
  if (running_ == 0) {
    self_->quit();
    return stop_report{name, {}, 0, 0, {}};
  }
  stopped_ = detail::owe<stop_report>(self_);
  return stopped_;
}

// -- the actor ------------------------------------------------------------------

caf::error validate(const checkpoint_scheduler_config& cfg) {
  if (cfg.interval <= caf::timespan{0})
    return caf::make_error(ec::invalid_setting,
                           "sqlite.checkpoint-interval must be longer than nothing");
  return caf::none;
}

checkpoint_scheduler_actor::behavior_type checkpoint_scheduler(
  checkpoint_scheduler_actor::stateful_pointer<checkpoint_scheduler_state> self,
  checkpoint_scheduler_config cfg, sqlite_writer_actor writer) {
  if (auto err = validate(cfg)) {
    self->quit(std::move(err));
    return checkpoint_scheduler_actor::behavior_type::make_empty_behavior();
  }
  auto* st = &self->state;
  st->init(cfg, std::move(writer));
  return {
    [st](atom::wal, const wal_state& now) { st->on_wal(now); },
    [st](atom::checkpoint, checkpoint_mode mode) { return st->checkpoint(mode); },
    [st](atom::attach, quiet_checkpointer_actor& quiet) { st->attach(std::move(quiet)); },
    [st](atom::tick, uint64_t generation) { st->on_tick(generation); },
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice
