// After a death. What the dead one held is in the spool, and whoever comes after it goes
// on from there. A buffer, the log writer, the hub, the introspection, the alert keeper
// and the disk watch are started anew alone; of the others each has handles of the next,
// and all are drained and started together.

#include "actors/lifecycle/supervisor.hpp"
#include "messages/error.hpp"

#include <caf/mailbox_element.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace sluice {

namespace {

/// Those that know nothing of the others, and so may outlive them.
bool outlives_others(const std::string& name) {
  return name == "directory" || name == "metrics-aggregator" || name == "disk-watch"
         || name == "alert-keeper" || name == "spool-keeper" || name == "topic-hub"
         || name == "introspection";
}

constexpr auto nobody_can_start = " has died, whom nobody can start anew";

/// Whoever is ended may be the one through whom it was asked for, and is to pass on the
/// answer.
constexpr auto answer_first = std::chrono::milliseconds{50};

/// How long those that are started anew may take to end where the spool has what they do
/// not finish: the one that died may be the one whom they need for that.
constexpr caf::timespan renewal_time_max = std::chrono::seconds{2};

bool is_restarted_alone(const std::string& name) {
  return name == "disk-watch" || name == "alert-keeper" || name == "topic-hub"
         || name == "introspection";
}

} // namespace

void supervisor_state::on_down(const caf::down_msg& x) {
  batchers_.erase(x.source);
  alive_->erase(x.source);
  const auto was_leaving = renewal_.leaving.erase(x.source) > 0;
  const auto is_dead = [&x](const child& y) {
    return caf::actor_cast<caf::actor_addr>(y.handle) == x.source;
  };
  troubles_->ended(x.source.id());
  if (stopping_)
    return;
  if (const auto guest = std::find_if(guests_.begin(), guests_.end(), is_dead);
      guest != guests_.end())
    return forget(child{*guest});
  if (was_leaving)
    return start_when_all_are_gone();
  const auto place = std::find_if(children_.begin(), children_.end(), is_dead);
  if (place == children_.end())
    return;
  if (drain_ || !is_restart())
    renewal_.fallen.emplace_back(*place, text_of(x.reason));
  else
    bury(child{*place}, text_of(x.reason));
}

/// Somebody else's, and the whole of the service needs it.
void supervisor_state::forget(const child& guest) {
  std::erase_if(guests_, [&](const child& x) { return x.handle == guest.handle; });
  give_up(guest.name + nobody_can_start);
}

void supervisor_state::bury(const child& dead, const std::string& cause) {
  const auto who = full_name(dead.name, dead.key);
  auto& [deaths, last] = pasts_[who];
  ++deaths;
  last = cause;
  if (dead.name == "directory")
    return give_up(who + nobody_can_start);
  if (!restarts_.allow(who, self_->clock().now()))
    return give_up(who + " died too often to be started anew");
  if (std::erase_if(children_, [&](const child& x) { return x.handle == dead.handle; })
      > 0)
    restart(dead);
}

void supervisor_state::restart(const child& dead) {
  try {
    start_one(dead);
  } catch (const std::exception& why) {
    renewal_.missing.push_back(dead);
    try_later(full_name(dead.name, dead.key), why.what());
  }
}

void supervisor_state::try_later(const std::string& who, const std::string& why) {
  renewal_.trouble.note(who + " cannot be started anew: " + why);
  self_->delayed_send(self_, renewal_.pause.next(), atom::retry_v);
}

void supervisor_state::try_together_later(const std::string& why) {
  renewal_.together_missing = true;
  try_later("those that depend on each other", why);
}

void supervisor_state::start_missing() {
  if (stopping_)
    return;
  if (std::exchange(renewal_.together_missing, false))
    return restart_together();
  for (const auto& each : std::exchange(renewal_.missing, {}))
    restart(each);
  if (renewal_.missing.empty() && !drain_)
    started_all();
}

void supervisor_state::started_all() {
  renewal_.pause.reset();
  renewal_.trouble.clear();
}

void supervisor_state::start_one(const child& dead) {
  if (dead.name == "log-buffer") {
    make_buffer(dead.key);
  } else if (dead.name == "log-writer") {
    start_log_writer();
    for (const auto& [log, buffer] : logs_)
      self_->send(buffer, atom::attach_v, log_writer_);
  } else if (dead.name == "disk-watch") {
    start_disk_watch();
  } else if (dead.name == "alert-keeper") {
    start_alert_keeper();
  } else if (dead.name == "topic-hub") {
    start_topics();
    running_.topics = topics_;
    tell_listeners();
  } else if (dead.name == "introspection") {
    start_introspection();
    running_.introspection = introspection_;
    tell_listeners();
  } else {
    restart_together();
  }
}

// -- on request -----------------------------------------------------------------------

/// Whoever is ended so goes the way of those that die, and is counted with them.
caf::expected<std::string> supervisor_state::end(const std::string& who) {
  if (auto err = closed())
    return err;
  const auto is_meant = [&who](const child& x) {
    return who == x.name || who == full_name(x.name, x.key) || who == x.name + "/" + x.key
           || who == std::to_string(caf::actor_cast<caf::actor_addr>(x.handle).id());
  };
  const auto found = std::find_if(children_.begin(), children_.end(), is_meant);
  if (found == children_.end())
    return caf::make_error(ec::not_found, "no actor is called " + who);
  if (std::count_if(children_.begin(), children_.end(), is_meant) > 1)
    return caf::make_error(ec::invalid_argument, "several actors are called " + who
                                                   + ": name one by NAME/KEY "
                                                     "or id");
  if (outlives_others(found->name) && !is_restarted_alone(found->name))
    return caf::make_error(ec::refused,
                           who + " outlives all others and is not started anew");
  const auto reason = caf::make_error(ec::stopping, "a restart was asked for");
  self_->clock().schedule_message(
    self_->clock().now() + answer_first,
    caf::actor_cast<caf::strong_actor_ptr>(found->handle),
    caf::make_mailbox_element(nullptr, caf::make_message_id(), {},
                              caf::exit_msg{self_->address(), reason}));
  return full_name(found->name, found->key);
}

// -- what the dead had counted --------------------------------------------------------

/// Comes ahead of the news of its death. What it told of its failures stays with its
/// troubles.
void supervisor_state::remember(const std::string& log, const log_past& past) {
  log_pasts_.keep(log, {past.stats, 0});
}

void supervisor_state::remember(const database_past& past) {
  std::get<database_past>(others_pasts_).raise_to(past);
}

void supervisor_state::remember(const metrics_past& past) {
  std::get<metrics_past>(others_pasts_) = past;
}

// -- together -----------------------------------------------------------------------

/// Lets all who depend on each other finish what they can, and starts them again. Of an
/// earlier try some may be there whom only that knew.
void supervisor_state::restart_together() {
  children dependent;
  // Whoever is missing is among those that a start looks after.
  renewal_.missing.clear();
  renewal_.leaving = *alive_;
  for (const auto& [address, batcher] : batchers_)
    renewal_.leaving.erase(address);
  for (const auto& each : children_)
    if (outlives_others(each.name))
      renewal_.leaving.erase(caf::actor_cast<caf::actor_addr>(each.handle));
    else
      dependent.push_back(each);
  renewal_.all_drained = false;
  const auto patience = config_.spool ? std::min(config_.stop_deadline, renewal_time_max)
                                      : config_.stop_deadline;
  drain_ =
    drain::begin(self_, dependent, patience, [this](const std::vector<stop_report>&) {
      if (stopping_)
        return;
      for (const auto& each : renewal_.leaving)
        self_->send_exit(each, caf::exit_reason::kill);
      renewal_.all_drained = true;
      start_when_all_are_gone();
    });
}

/// Two of a kind at once would write to one file.
void supervisor_state::start_when_all_are_gone() {
  if (!renewal_.all_drained || !renewal_.leaving.empty())
    return;
  renewal_.all_drained = false;
  logs_.clear();
  std::erase_if(children_, [](const child& x) { return !outlives_others(x.name); });
  self_->request(supervisor_actor{self_}, caf::infinite, atom::start_v)
    .then([this](const subsystems&) { started_together(); },
          [this](const caf::error& err) {
            if (stopping_)
              return;
            if (is_no_answer(err))
              try_together_later(text_of(err));
            else
              give_up("the start: " + text_of(err));
          });
}

void supervisor_state::started_together() {
  if (stopping_)
    return;
  drain_.reset();
  tell_listeners();
  started_all();
  bury_fallen();
}

/// Who died while others were started.
void supervisor_state::bury_fallen() {
  for (auto& [dead, cause] : std::exchange(renewal_.fallen, {}))
    if (drain_) // for one of those before
      renewal_.fallen.emplace_back(dead, cause);
    else
      bury(dead, cause);
}

// -- what others are told -------------------------------------------------------------

void supervisor_state::attach(const subsystems_listener_actor& who) {
  listeners_.push_back(who);
}

void supervisor_state::attach(const std::string& guest, const guest_actor& who) {
  self_->monitor(who);
  troubles_->began(who.id());
  guests_.push_back({guest, "", caf::actor_cast<managed_actor>(who), std::nullopt});
}

void supervisor_state::tell_listeners() {
  for (const auto& each : listeners_)
    self_->send(each, atom::attach_v, running_);
  self_->send(introspection_, atom::attach_v, running_);
}

void supervisor_state::give_up(const std::string& why) {
  if (config_.on_ruin)
    config_.on_ruin(why);
}

} // namespace sluice
