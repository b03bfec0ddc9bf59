#include "actors/lifecycle/spool_keeper.hpp"

#include "actors/detail/wall_clock.hpp"
#include "messages/error.hpp"

#include <utility>

namespace sluice {

void spool_keeper_state::init(spool_keeper_config config, supervisor_actor supervisor) {
  config_ = std::move(config);
  supervisor_ = std::move(supervisor);
  for (auto& words : config_.reservations)
    reservations_.push_back({"spool-place", words, detail::wall_clock_ms()});
}

void spool_keeper_state::check() {
  if (mending_ || retry_.is_open())
    return;
  if (!config_.spool->needs_care())
    return crowded_.clear();
  if (config_.spool->available())
    return relieve();
  lost_.note("the spool's files were deleted: answers promise memory alone until "
             "everything is on disk and there are new ones");
  mend();
}

void spool_keeper_state::on_retry(uint64_t generation) {
  if (!retry_.ends<atom::retry>(self_, generation))
    return;
  if (lost_)
    mend();
  else
    check();
}

// -- others have filled the file system, or taken most lanes -----------------------

/// What is on disk leaves its place to what comes next.
void spool_keeper_state::relieve() {
  note_crowd({});
  ++reliefs_;
  mending_ = true;
  self_->request(supervisor_, caf::infinite, atom::persist_v)
    .then([this](bool) { on_relieved({}); },
          [this](const caf::error& err) { on_relieved("; " + text_of(err)); });
}

void spool_keeper_state::on_relieved(const std::string& reason) {
  mending_ = false;
  if (!config_.spool->needs_care()) {
    pause_.reset();
    crowded_.clear();
    return;
  }
  note_crowd(reason);
  retry_.open<atom::retry>(self_, pause_.next());
}

void spool_keeper_state::note_crowd(const std::string& reason) {
  const auto words = config_.spool->fill().crowded_out;
  if (words.empty())
    crowded_.clear();
  else
    crowded_.note(words + reason);
}

// -- the files are gone -----------------------------------------------------------

void spool_keeper_state::mend() {
  mending_ = true;
  self_->request(supervisor_, caf::infinite, atom::persist_v)
    .then([this](bool) { begin_anew(); },
          [this](const caf::error& err) { try_later(text_of(err)); });
}

void spool_keeper_state::begin_anew() {
  if (auto err = config_.spool->renew())
    return try_later(text_of(err));
  mending_ = false;
  ++renewals_;
  pause_.reset();
  lost_.clear();
}

void spool_keeper_state::try_later(const std::string& reason) {
  mending_ = false;
  lost_.note("the spool's files were deleted, and there are no new ones: " + reason);
  retry_.open<atom::retry>(self_, pause_.next());
}

// -- telling ----------------------------------------------------------------------

status_report spool_keeper_state::status() {
  check();
  const auto fill = config_.spool->fill();
  const auto percent =
    fill.max_bytes > 0 ? fill.unwritten_bytes * 100 / fill.max_bytes : 0;
  auto words = std::to_string(percent) + " % of spool.max-bytes wait to be written";
  if (!fill.crowded_out.empty())
    words = fill.crowded_out;
  else if (fill.refusing)
    words += ", and what came last found no room";
  const auto roomy = percent < config_.fill_percent_max && !fill.refusing;
  if (fill.crowded_out.empty())
    crowded_.clear();
  if (roomy || crowded_)
    full_.clear();
  else
    full_.note(words);
  tell_of_lanes(fill);
  status_report report;
  report.name = name;
  report.held_bytes = fill.unwritten_bytes;
  report.state = {{"available", config_.spool->available()},
                  {"maxBytes", static_cast<int64_t>(fill.max_bytes)},
                  {"allocatedBytes", static_cast<int64_t>(fill.allocated_bytes)},
                  {"unwrittenBytes", static_cast<int64_t>(fill.unwritten_bytes)},
                  {"keptBytes", static_cast<int64_t>(fill.kept_bytes)},
                  {"segments", static_cast<int64_t>(fill.segments)},
                  {"refusals", static_cast<int64_t>(fill.refusals)},
                  {"lanes", static_cast<int64_t>(fill.lanes)},
                  {"laneRefusals", static_cast<int64_t>(fill.lane_refusals)},
                  {"reliefs", static_cast<int64_t>(reliefs_)},
                  {"movedBytes", static_cast<int64_t>(fill.moved_bytes)},
                  {"renewals", static_cast<int64_t>(renewals_)}};
  report.checks = {{"spool-fill", roomy, words},
                   {"spool-there", !lost_, lost_ ? "its files are gone" : "it is there"}};
  report.troubles = {{"spool-refused", fill.refusals},
                     {"spool-lane-refused", fill.lane_refusals},
                     {"spool-relieved", reliefs_},
                     {"spool-renewed", renewals_},
                     {"spool-place", reservations_.size()}};
  lost_.tell(report);
  full_.tell(report);
  crowded_.tell(report);
  lanes_.tell(report);
  report.alerts.insert(report.alerts.end(), reservations_.begin(), reservations_.end());
  return report;
}

void spool_keeper_state::tell_of_lanes(const spool_fill& fill) {
  if (fill.lanes_short)
    lanes_.note(
      "the spool has places for " + std::to_string(fill.lanes)
      + " logs and session stores, and all are taken: what they hold is brought "
        "to disk, and others answer memory until then; a larger "
        "spool.max-bytes has more");
  else
    lanes_.clear();
}

stop_report spool_keeper_state::stop() {
  self_->quit();
  stop_report report;
  report.name = name;
  return report;
}

spool_keeper_actor::behavior_type
spool_keeper(spool_keeper_actor::stateful_pointer<spool_keeper_state> self,
             spool_keeper_config config, supervisor_actor supervisor) {
  auto* state = &self->state;
  state->init(std::move(config), std::move(supervisor));
  return {
    [state](atom::check) { state->check(); },
    [state](atom::retry, uint64_t generation) { state->on_retry(generation); },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice
