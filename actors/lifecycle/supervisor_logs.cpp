// The logs: a buffer for each that is in use, made on request; and what can be asked of
// any, whether it has one or not. And what changes while they run.

#include "actors/detail/names.hpp"
#include "actors/lifecycle/supervisor.hpp"

#include <memory>
#include <utility>

namespace sluice {

// -- settings ---------------------------------------------------------------------

void supervisor_state::apply(const live_settings& x) {
  config_.log.max_entries = x.log.max_entries;
  config_.log.max_bytes = x.log.max_bytes;
  config_.log.flush_interval = x.log.flush_interval;
  config_.log.sync = x.log.sync;
  config_.sessions.debounced = x.sessions.debounce.count() > 0;
  config_.sessions.debounce = x.sessions.debounce;
  config_.sessions.max_pending = x.sessions.max_pending;
  config_.sessions.max_stores = x.sessions.max_stores;
  for (const auto& [log, buffer] : logs_)
    self_->send(buffer, atom::apply_v, x.log);
  if (sessions_)
    self_->send(sessions_, atom::apply_v, x.sessions);
}

// -- buffers ----------------------------------------------------------------------

log_buffer_actor supervisor_state::make_buffer(const std::string& log) {
  auto buffer = spawn_buffer(log);
  children_.add("log-buffer", log, buffer);
  return buffer;
}

log_buffer_actor supervisor_state::spawn_buffer(const std::string& log) {
  auto config = config_.log;
  config.log = log;
  config.spool = config_.spool;
  config.keeper = keeper_;
  config.past = log_pasts_.take(log);
  config.heir = supervisor_actor{self_};
  config.counted = is_restart();
  auto buffer = spawn_child(log, log_buffer, std::move(config), log_writer_, metrics_);
  meter(buffer);
  logs_.insert_or_assign(log, buffer);
  return buffer;
}

// -- on request -------------------------------------------------------------------

template <class Answer, class... Ts>
caf::result<Answer> supervisor_state::ask_log(const std::string& log,
                                              resting_log<Answer> resting, Ts... what) {
  if (!detail::valid_name(log))
    return caf::make_error(ec::invalid_argument, "this is no name of a log: " + log);
  auto answer = detail::owe<Answer>(self_);
  ask_buffer(log, answer, std::move(resting), std::move(what)...);
  return answer;
}

template <class Answer, class... Ts>
void supervisor_state::ask_buffer(const std::string& log, log_answer<Answer> answer,
                                  resting_log<Answer> resting, Ts... what) {
  auto place = logs_.find(log);
  if (place == logs_.end())
    return ask_resting(log, std::move(answer), resting);
  self_->request(place->second, caf::infinite, what...)
    .then([answer](Answer& x) mutable { answer.deliver(std::move(x)); },
          [this, log, asked = place->second, answer, resting,
           what...](caf::error& err) mutable {
            if (err == caf::sec::request_receiver_down && is_replaced(log, asked))
              ask_buffer(log, std::move(answer), std::move(resting), std::move(what)...);
            else
              answer.deliver(std::move(err));
          });
}

/// A log without a buffer is one of an earlier run, perhaps: then its file is there.
template <class Answer>
void supervisor_state::ask_resting(const std::string& log, log_answer<Answer> answer,
                                   const resting_log<Answer>& resting) {
  // The spool may hold what a buffer that is not there yet is to write.
  if (auto err = closed())
    return answer.deliver(std::move(err));
  if (log_pasts_.find(log) != nullptr)
    return resting(std::move(answer));
  self_->request(log_writer_, caf::infinite, atom::find_v, log)
    .then(
      [log, answer, resting](bool exists) mutable {
        if (exists)
          resting(std::move(answer));
        else
          answer.deliver(
            caf::make_error(ec::not_found, "nothing was written to log " + log));
      },
      [answer](caf::error& err) mutable { answer.deliver(std::move(err)); });
}

/// Whether the buffer that was asked has ended, and somebody else answers for its log.
bool supervisor_state::is_replaced(const std::string& log,
                                   const log_buffer_actor& asked) const {
  auto now = logs_.find(log);
  return now == logs_.end() || now->second != asked;
}

caf::result<log_stats> supervisor_state::stats(const std::string& log) {
  auto resting = [this, log](log_answer<log_stats> answer) {
    const auto* past = log_pasts_.find(log);
    answer.deliver(past == nullptr ? log_stats{} : past->stats);
  };
  return ask_log<log_stats>(log, resting, atom::stats_v);
}

caf::result<log_tail> supervisor_state::tail(const std::string& log,
                                             const tail_bounds& wanted) {
  auto resting = [this, log, wanted](log_answer<log_tail> answer) {
    self_->request(log_writer_, caf::infinite, atom::load_v, log, wanted)
      .then(
        [this, answer](log_tail& x) mutable {
          metrics_report told;
          told.counts.disk = x.io;
          self_->send(metrics_, atom::report_v, std::move(told));
          answer.deliver(std::move(x));
        },
        [answer](caf::error& err) mutable { answer.deliver(std::move(err)); });
  };
  return ask_log<log_tail>(log, resting, atom::tail_v, wanted);
}

caf::result<flush_report> supervisor_state::flush(const std::string& log) {
  auto resting = [](log_answer<flush_report> answer) { answer.deliver(flush_report{}); };
  return ask_log<flush_report>(log, resting, atom::flush_v);
}

caf::result<durability> supervisor_state::persist_log(const std::string& log,
                                                      uint64_t seq) {
  auto resting = [](log_answer<durability> answer) { answer.deliver(durability::disk); };
  return ask_log<durability>(log, resting, atom::persist_v, seq);
}

void supervisor_state::ask_logs(log_answer<std::vector<named_log_stats>> answer) {
  auto found = std::make_shared<std::map<std::string, log_stats>>();
  auto missing = std::make_shared<size_t>(logs_.size());
  auto told = [this, answer, found, missing] {
    if (--*missing == 0)
      told_logs(answer, std::move(*found));
  };
  if (logs_.empty())
    told_logs(answer, {});
  // One that ends meanwhile is among the pasts, or will be again.
  for (const auto& [log, buffer] : logs_)
    self_->request(buffer, config_.survey_timeout, atom::stats_v)
      .then(
        [found, told, name = log](const log_stats& x) {
          found->emplace(name, x);
          told();
        },
        [told](const caf::error&) { told(); });
}

void supervisor_state::told_logs(log_answer<std::vector<named_log_stats>> answer,
                                 std::map<std::string, log_stats> found) const {
  log_pasts_.tell(found);
  std::vector<named_log_stats> result;
  result.reserve(found.size());
  for (auto& [log, stats] : found)
    result.push_back({log, stats});
  answer.deliver(std::move(result));
}

} // namespace sluice
