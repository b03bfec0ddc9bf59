// The logs: a buffer for each, made on request. And what changes while they run.

#include "actors/detail/names.hpp"
#include "actors/lifecycle/supervisor.hpp"

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
  for (const auto& [log, buffer] : logs_)
    self_->send(buffer, atom::apply_v, x.log);
  if (sessions_)
    self_->send(sessions_, atom::apply_v, x.sessions);
}

// -- on request -------------------------------------------------------------------

caf::expected<log_buffer_actor> supervisor_state::open(const std::string& log) {
  if (auto known = logs_.find(log); known != logs_.end())
    return known->second;
  if (auto err = closed())
    return err;
  if (!detail::valid_name(log))
    return caf::make_error(ec::invalid_argument, "this is no name of a log: " + log);
  if (logs_.size() >= config_.max_logs)
    return caf::make_error(ec::overloaded, "all logs that log.max-logs allows, "
                                             + std::to_string(config_.max_logs)
                                             + ", are in use");
  return make_buffer(log);
}

log_buffer_actor supervisor_state::make_buffer(const std::string& log) {
  auto buffer = spawn_buffer(log);
  children_.push_back({"log-buffer", log, buffer, stage::intake});
  return buffer;
}

log_buffer_actor supervisor_state::spawn_buffer(const std::string& log) {
  auto config = config_.log;
  config.log = log;
  config.spool = config_.spool;
  config.keeper = keeper_;
  auto buffer = spawn_child(log, log_buffer, std::move(config), log_writer_, metrics_);
  meter(buffer);
  logs_.insert_or_assign(log, buffer);
  return buffer;
}

caf::result<log_buffer_actor> supervisor_state::find(const std::string& log) {
  if (logs_.contains(log) || !detail::valid_name(log))
    return open(log);
  // Written by an earlier run, perhaps: then its file is there.
  auto promise = self_->make_response_promise<log_buffer_actor>();
  self_->request(log_writer_, caf::infinite, atom::find_v, log)
    .then(
      [this, promise, log](bool exists) mutable {
        auto none = caf::make_error(ec::not_found, "nothing was written to log " + log);
        auto buffer = exists ? open(log) : std::move(none);
        if (buffer)
          promise.deliver(std::move(*buffer));
        else
          promise.deliver(std::move(buffer.error()));
      },
      [promise](caf::error& err) mutable { promise.deliver(std::move(err)); });
  return promise;
}

std::vector<log_entry> supervisor_state::logs() const {
  std::vector<log_entry> result;
  for (const auto& [log, buffer] : logs_)
    result.push_back({log, buffer});
  return result;
}

} // namespace sluice
