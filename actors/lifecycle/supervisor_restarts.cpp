// After a death. What the dead one held is in the spool, and whoever comes after it goes
// on from there. The child table says who is started anew alone, and who with others
// (supervisor_renewal.cpp).

#include "actors/lifecycle/supervisor.hpp"
#include "messages/error.hpp"

#include <caf/actor_cast.hpp>

#include <chrono>
#include <exception>
#include <map>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr auto nobody_can_start = " has died, whom nobody can start anew";

/// Whoever is ended may be the one through whom it was asked for, and is to pass on the
/// answer.
constexpr auto answer_first = std::chrono::milliseconds{50};

} // namespace

void supervisor_state::on_down(const caf::down_msg& x) {
  crew_->left(x.source);
  batchers_.erase(x.source);
  troubles_->ended(x.source.id());
  if (const auto guest = guests_.remove(x.source))
    return forget(*guest);
  if (const auto dead = children_.remove(x.source)) {
    if (!ends_in_order(x.reason))
      tell_drains(*dead);
    if (!leaves(*dead))
      bury(*dead, text_of(x.reason));
  }
  revive_held_up();
  start_when_all_are_gone();
}

/// One that was stopped, by whoever does that, has let all go that it was handed.
void supervisor_state::tell_drains(const child& dead) {
  for (const auto& each : {renewal_.leaving, stopping_})
    if (each)
      each->fell(dead.name);
}

/// Whether a child that ends now does what it was told to.
bool supervisor_state::leaves(const child& who) const {
  return phases_.now() == phase::stopping
         || (phases_.now() == phase::clearing && !kind_of(who.name).outlives_others);
}

/// One that was not yet known as whose child it is was not missed when it died.
void supervisor_state::look_whether_it_lives(const caf::actor_addr& who) {
  if (crew_->has(who))
    return;
  if (const auto dead = children_.remove(who))
    bury(*dead, "it ended before those that it is started with were there");
}

/// Somebody else's, and the whole of the service needs it.
void supervisor_state::forget(const child& guest) {
  if (!phases_.ends())
    give_up(guest.name + nobody_can_start);
}

void supervisor_state::bury(const child& dead, const std::string& cause) {
  const auto who = full_name(dead.name, dead.key);
  auto& [deaths, last] = pasts_[who];
  ++deaths;
  last = cause;
  if (kind_of(dead.name).after_death == revival::never)
    return give_up(who + nobody_can_start);
  if (!restarts_.allow(who, self_->clock().now())) {
    renewal_.lost.push_back(dead);
    return give_up(who + " died too often to be started anew");
  }
  replace(dead);
}

/// Has somebody take the place, now or when the others are there.
void supervisor_state::replace(const child& dead) {
  const auto alone = kind_of(dead.name).after_death == revival::alone;
  switch (phases_.on(alone ? event::one_died : event::joint_died)) {
    case action::revive:
      return revive(dead);
    case action::clear:
      renewal_.fallen.push_back(dead);
      return clear();
    case action::note:
      renewal_.fallen.push_back(dead);
      return;
    default:
      return;
  }
}

// -- alone --------------------------------------------------------------------------

/// It may be about to end, and a helper of it too: either may still write where its
/// successor would.
void supervisor_state::revive(const child& dead) {
  const auto helpers = crew_->helpers_of(dead.name);
  for (const auto& each : helpers)
    self_->send_exit(each, caf::exit_reason::kill);
  if (!helpers.empty() || crew_->has(caf::actor_cast<caf::actor_addr>(dead.handle))) {
    phases_.expect_one(true);
    return renewal_.held_up.push_back(dead);
  }
  try {
    start_one(dead);
  } catch (const std::exception& why) {
    renewal_.missing.push_back(dead);
    try_later(full_name(dead.name, dead.key), why.what());
  }
}

void supervisor_state::revive_held_up() {
  if (phases_.now() != phase::running)
    return;
  for (const auto& each : std::exchange(renewal_.held_up, {}))
    revive(each);
  phases_.expect_one(!renewal_.held_up.empty());
  if (phases_.on(event::ones_came) == action::stop)
    begin_stop();
}

void supervisor_state::start_one(const child& dead) {
  using starter = void (*)(supervisor_state&, const child&);
  static const std::map<std::string_view, starter> starters{
    {"log-buffer", [](auto& x, const child& who) { x.make_buffer(who.key); }},
    {"log-writer",
     [](auto& x, const child&) {
       x.start_log_writer();
       for (const auto& [log, buffer] : x.logs_)
         x.self_->send(buffer, atom::attach_v, x.log_writer_);
     }},
    {"disk-watch", [](auto& x, const child&) { x.start_disk_watch(); }},
    {"alert-keeper", [](auto& x, const child&) { x.start_alert_keeper(); }},
    {"topic-hub",
     [](auto& x, const child&) {
       x.start_topics();
       x.running_.topics = x.topics_;
       x.tell_listeners();
     }},
    {"introspection",
     [](auto& x, const child&) {
       x.start_introspection();
       x.running_.introspection = x.introspection_;
       x.tell_listeners();
     }},
  };
  starters.at(dead.name)(*this, dead);
}

// -- later --------------------------------------------------------------------------

void supervisor_state::try_later(const std::string& who, const std::string& why) {
  renewal_.trouble.note(who + " cannot be started anew: " + why);
  const auto pause = renewal_.pause.next();
  renewal_.retry_at = self_->clock().now() + pause;
  self_->delayed_send(self_, pause, atom::retry_v);
}

/// Looks for what is due: of several that were set one may be early.
void supervisor_state::on_retry() {
  const auto now = self_->clock().now();
  end_doomed(now);
  if (now >= stop_due_at_ && phases_.on(event::stop_due) == action::stop)
    return begin_stop();
  if (now < renewal_.retry_at)
    return;
  if (phases_.on(event::retry_due) == action::clear)
    return clear();
  if (!phases_.is_running())
    return;
  for (const auto& each : std::exchange(renewal_.missing, {}))
    revive(each);
  look_whether_all_are_there();
}

void supervisor_state::look_whether_all_are_there() {
  if (!all_are_there())
    return;
  renewal_.pause.reset();
  renewal_.trouble.clear();
}

bool supervisor_state::all_are_there() const {
  return phases_.is_running() && renewal_.dead().empty();
}

// -- on request -----------------------------------------------------------------------

/// Whoever is ended so goes the way of those that die, and is counted with them.
caf::expected<std::string> supervisor_state::end(const std::string& who) {
  if (auto err = closed())
    return err;
  const auto found = children_.find(who);
  if (found.empty())
    return caf::make_error(ec::not_found, "no actor is called " + who);
  if (found.size() > 1)
    return caf::make_error(ec::invalid_argument, "several actors are called " + who
                                                   + ": name one by NAME/KEY "
                                                     "or id");
  const auto& meant = found.front();
  const auto& kind = kind_of(meant.name);
  if (kind.outlives_others && kind.after_death != revival::alone)
    return caf::make_error(ec::refused,
                           who + " outlives all others and is not started anew");
  renewal_.doomed.emplace(self_->clock().now() + answer_first,
                          caf::actor_cast<caf::actor_addr>(meant.handle));
  self_->delayed_send(self_, answer_first, atom::retry_v);
  return full_name(meant.name, meant.key);
}

/// Those whose restart was asked for. A stop comes before it. From here on they count as
/// dead: one may be at the disk yet, and a stop would hand it what it does not take.
void supervisor_state::end_doomed(caf::actor_clock::time_point now) {
  const auto reason = caf::make_error(ec::stopping, "a restart was asked for");
  while (!renewal_.doomed.empty() && renewal_.doomed.begin()->first <= now) {
    const auto who = renewal_.doomed.begin()->second;
    renewal_.doomed.erase(renewal_.doomed.begin());
    if (phases_.ends())
      continue;
    self_->send_exit(who, reason);
    if (phases_.is_running())
      if (const auto dead = children_.remove(who))
        bury(*dead, text_of(reason));
  }
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

// -- what others are told -------------------------------------------------------------

void supervisor_state::attach(const subsystems_listener_actor& who) {
  listeners_.push_back(who);
}

void supervisor_state::attach(const std::string& guest, const guest_actor& who) {
  self_->monitor(who);
  troubles_->began(who.id());
  guests_.add(guest, "", caf::actor_cast<managed_actor>(who));
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
