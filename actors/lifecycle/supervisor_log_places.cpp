// Places of logs. The bound is for logs that hold something: when all places are taken,
// and now and then, those that hold nothing give theirs away, the least recently used
// first, and their open files with them. Such a buffer ends in order. What it has is
// synced; then whoever appends lets go of its handle, so that nothing can be on its way
// to it; then it ends, or says that it holds something again. Who wants the log meanwhile
// waits for that.

#include "actors/detail/names.hpp"
#include "actors/lifecycle/supervisor.hpp"
#include "actors/log/log_writer.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <utility>

namespace sluice {

namespace {

/// A number that no log has reached: everything so far.
constexpr auto all_lines = std::numeric_limits<uint64_t>::max();

/// One place in so many is made at once, so that not each new log has to look for its
/// own.
constexpr uint64_t places_share = 8;

/// Longest wait for whoever appends to let go of a handle.
constexpr caf::timespan letting_go_max = std::chrono::seconds{10};

} // namespace

/// Buffers that are asked to end together.
struct supervisor_state::retirement_round {
  size_t open = 1;
  /// Somebody wanted a place when they were chosen.
  bool places_wanted = false;
  bool freed_any = false;
};

// -- who wants a place --------------------------------------------------------------

caf::result<log_buffer_actor> supervisor_state::open(const std::string& log) {
  const auto leaves = retiring_.contains(log);
  if (auto known = logs_.find(log); known != logs_.end() && !leaves)
    return known->second;
  if (auto err = closed())
    return err;
  if (!detail::valid_name(log))
    return caf::make_error(ec::invalid_argument, "this is no name of a log: " + log);
  if (auto err = leaves ? caf::error{} : let_in(log))
    return err;
  if (!leaves && logs_.size() < config_.max_logs)
    return make_buffer(log);
  auto answer = detail::owe<log_buffer_actor>(self_);
  opens_.emplace_back(log, answer);
  make_places();
  return answer;
}

/// Whether the log may come to have a file.
caf::error supervisor_state::let_in(const std::string& log) {
  return log_pasts_.find(log) != nullptr
           ? caf::error{}
           : log_files_.let_in({log_file_name(log)}, self_->clock().now());
}

/// Gives those who wait what there is now.
void supervisor_state::serve_opens() {
  std::erase_if(opens_, [this](auto& x) {
    auto& [log, answer] = x;
    const auto known = logs_.find(log);
    if (retiring_.contains(log))
      return false;
    if (known != logs_.end())
      answer.deliver(known->second);
    else if (auto err = closed())
      answer.deliver(std::move(err));
    else if (logs_.size() < config_.max_logs)
      answer.deliver(make_buffer(log));
    else
      return false;
    return true;
  });
}

void supervisor_state::refuse_opens() {
  for (auto& [log, answer] : std::exchange(opens_, {}))
    answer.deliver(caf::make_error(
      ec::overloaded, "log " + log
                        + " finds no place: " + std::to_string(config_.max_logs)
                        + " logs hold lines that are not on disk yet, which is all that "
                          "log.max-logs allows"));
}

// -- who gives one away -------------------------------------------------------------

void supervisor_state::on_tick() {
  self_->delayed_send(self_, config_.log_rest, atom::tick_v);
  if (!closed())
    make_places();
}

/// Asks all how long they have been idle.
void supervisor_state::make_places() {
  if (std::exchange(making_places_, true))
    return;
  auto idle = std::make_shared<std::vector<idle_log>>();
  auto missing = std::make_shared<size_t>(1);
  auto told = [this, idle, missing] {
    if (--*missing == 0)
      choose(*idle);
  };
  for (const auto& [log, buffer] : logs_) {
    ++*missing;
    self_->request(buffer, config_.survey_timeout, atom::idle_v)
      .then(
        [idle, told, name = log](caf::timespan since) {
          idle->push_back({name, since});
          told();
        },
        [told](const caf::error&) { told(); });
  }
  told();
}

/// All that have rested long enough go; and if places are short, those that have rested
/// longest.
void supervisor_state::choose(const std::vector<idle_log>& idle) {
  auto chosen = idle;
  std::sort(chosen.begin(), chosen.end(), [](const idle_log& x, const idle_log& y) {
    return std::pair{y.since, x.name} < std::pair{x.since, y.name};
  });
  const auto share = std::max<uint64_t>(opens_.size(), config_.max_logs / places_share);
  const auto wanted = opens_.empty() ? 0 : share;
  const auto rested =
    std::find_if(chosen.begin(), chosen.end(),
                 [this](const idle_log& x) { return x.since < config_.log_rest; });
  const auto count = std::max<uint64_t>(rested - chosen.begin(), wanted);
  chosen.resize(std::min<uint64_t>(count, chosen.size()));
  auto round = std::make_shared<retirement_round>();
  round->places_wanted = wanted > 0;
  for (const auto& each : chosen) {
    ++round->open;
    sync(each.name, round);
  }
  ended_one({}, round);
}

void supervisor_state::sync(const std::string& log, const retirement_ptr& round) {
  const auto place = logs_.find(log);
  if (place == logs_.end())
    return ended_one(log, round);
  self_->request(place->second, config_.replay_patience, atom::persist_v, all_lines)
    .then([this, log, round](durability) { have_forgotten(log, round); },
          [this, log, round](const caf::error&) { ended_one(log, round); });
}

void supervisor_state::have_forgotten(const std::string& log,
                                      const retirement_ptr& round) {
  retiring_.insert(log);
  auto missing = std::make_shared<size_t>(1);
  auto all_let_go = std::make_shared<bool>(true);
  auto told = [this, log, round, missing, all_let_go] {
    if (--*missing > 0)
      return;
    if (*all_let_go)
      retire(log, round);
    else
      ended_one(log, round);
  };
  for (const auto& user : log_users_) {
    ++*missing;
    self_->request(user, letting_go_max, atom::forget_v, std::vector{log})
      .then([told](bool) { told(); },
            [told, all_let_go](const caf::error& err) {
              // Who is gone appends nothing.
              *all_let_go = *all_let_go && err == caf::sec::request_receiver_down;
              told();
            });
  }
  told();
}

void supervisor_state::retire(const std::string& log, const retirement_ptr& round) {
  const auto place = logs_.find(log);
  if (place == logs_.end())
    return ended_one(log, round);
  self_->request(place->second, caf::infinite, atom::retire_v)
    .then(
      [this, log, round](const log_past& past) {
        retired(log, past);
        round->freed_any = true;
        ended_one(log, round);
      },
      [this, log, round](const caf::error&) { ended_one(log, round); });
}

void supervisor_state::retired(const std::string& log, const log_past& past) {
  const auto place = logs_.find(log);
  if (place == logs_.end())
    return;
  troubles_->handed_over(place->second.id());
  children_.remove(caf::actor_cast<caf::actor_addr>(place->second));
  logs_.erase(place);
  log_pasts_.keep(log, past);
}

/// One of the round has ended, or goes on; with the last one the round is over.
void supervisor_state::ended_one(const std::string& log, const retirement_ptr& round) {
  retiring_.erase(log);
  serve_opens();
  if (--round->open > 0)
    return;
  making_places_ = false;
  if (opens_.empty())
    return;
  if (round->freed_any || !round->places_wanted)
    make_places();
  else
    refuse_opens();
}

void supervisor_state::attach(const log_user_actor& who) {
  log_users_.push_back(who);
}

} // namespace sluice
