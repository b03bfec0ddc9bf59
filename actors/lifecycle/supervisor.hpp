// The SUPERVISOR starts all actors in dependency order, makes a buffer for each log
// that is asked for, surveys them, and stops them upstream first. It alone knows which
// actors there are; everybody else has handles of those they talk to.
//
// Nothing is taken in before what a dead service left in the spool is on disk. Who dies
// is started anew, a few times a minute, and goes on from the spool. Who cannot be
// started, for want of threads or memory, is tried again later.
#pragma once

#include "actors/database/database.hpp"
#include "actors/detail/owed.hpp"
#include "actors/detail/shared_question.hpp"
#include "actors/lifecycle/child_table.hpp"
#include "actors/lifecycle/crew.hpp"
#include "actors/lifecycle/drain.hpp"
#include "actors/lifecycle/log_pasts.hpp"
#include "actors/lifecycle/persist_round.hpp"
#include "actors/lifecycle/phases.hpp"
#include "actors/lifecycle/renewal.hpp"
#include "actors/lifecycle/restarts.hpp"
#include "actors/lifecycle/supervisor_config.hpp"
#include "actors/lifecycle/trouble_memory.hpp"
#include "actors/observe/directory.hpp"
#include "actors/observe/instrumented.hpp"
#include "actors/storage/file_quota.hpp"
#include "messages/alert_keeper.hpp"
#include "messages/log_writer.hpp"
#include "messages/session_journal.hpp"
#include "messages/spool_keeper.hpp"
#include "messages/supervisor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice {

class supervisor_state {
public:
  static inline const char* name = "supervisor";

  explicit supervisor_state(supervisor_actor::pointer self) : self_(self) {}

  void init(supervisor_config config);

  caf::result<subsystems> start();
  caf::result<log_buffer_actor> open(const std::string& log);
  caf::result<log_stats> stats(const std::string& log);
  caf::result<log_tail> tail(const std::string& log, const tail_bounds& wanted);
  caf::result<flush_report> flush(const std::string& log);
  caf::result<durability> persist_log(const std::string& log, uint64_t seq);
  caf::result<std::vector<named_log_stats>> logs() { return logs_question_.put(self_); }
  caf::result<ws_batcher_actor> connect(ws_connection& client);
  std::vector<ws_batcher_actor> clients() const;
  caf::result<std::vector<status_report>> survey() { return survey_.put(self_); }
  caf::result<bool> persist();
  caf::result<std::vector<stop_report>> stop();
  caf::expected<std::string> end(const std::string& who);
  caf::result<bool> confirm(const std::string& alert_id);
  void apply(const live_settings& x);
  void attach(const subsystems_listener_actor& who);
  void attach(const std::string& guest, const guest_actor& who);
  void attach(const log_user_actor& who);
  void remember(const std::string& log, const log_past& past);
  void remember(const database_past& past);
  void remember(const metrics_past& past);
  void on_tick();
  void on_retry();

private:
  // -- the start (supervisor_start.cpp, supervisor_replay.cpp) -----------------------
  /// Does one step of it, unless it was given up; if that fails, so does the start. What
  /// fails once the start is over nobody would try again: this ends by it.
  template <class F>
  void attempt(F step) {
    if (!phases_.starts())
      return;
    try {
      step();
    } catch (const std::exception& why) {
      if (!phases_.starts())
        throw;
      start_failed(died_of(why));
    }
  }
  void begin_start();
  void start_writers();
  void start_failed(const caf::error& why);
  void start_files();
  void start_disk_watch();
  void start_alert_keeper();
  void start_spool_keeper();
  void start_log_writer();
  void place_dead_letters();
  subsystems start_database(const sqlite_writer_actor& writer);
  void start_queue(subsystems& started);
  void start_sessions(subsystems started);
  session_journal_actor start_journal();
  void use_sessions(subsystems& started, const session_archive_actor& rows,
                    const session_journal_actor& journal);
  void replay(subsystems started);
  void replay_queue(subsystems started);
  void started_up(subsystems started);
  void start_topics();
  void start_introspection();
  caf::timespan replay_patience() const;
  persist_targets everybody() const;
  void ask_all(detail::owed<std::vector<status_report>> answer);
  /// Why nothing is taken in, or none.
  caf::error closed() const;
  bool runs(std::string_view who) const { return children_.has(who); }
  bool all_are_there() const;
  /// Whether the service has run before, in this process.
  bool is_restart() const { return running_.metrics != nullptr; }

  // -- the stop (supervisor_stop.cpp) ------------------------------------------------
  void begin_stop();
  void end_the_rest();

  // -- clients (supervisor_clients.cpp) ----------------------------------------------
  children with_batchers() const;

  // -- logs (supervisor_logs.cpp) ----------------------------------------------------
  template <class Answer>
  using log_answer = detail::owed<Answer>;
  /// Answers for a log that has no buffer: all of it is in its file.
  template <class Answer>
  using resting_log = std::function<void(log_answer<Answer>)>;

  log_buffer_actor spawn_buffer(const std::string& log);
  log_buffer_actor make_buffer(const std::string& log);
  template <class Answer, class... Ts>
  caf::result<Answer> ask_log(const std::string& log, resting_log<Answer> resting,
                              Ts... what);
  template <class Answer, class... Ts>
  void ask_buffer(const std::string& log, log_answer<Answer> answer,
                  resting_log<Answer> resting, Ts... what);
  template <class Answer>
  void ask_resting(const std::string& log, log_answer<Answer> answer,
                   const resting_log<Answer>& resting);
  bool is_replaced(const std::string& log, const log_buffer_actor& asked) const;
  void ask_logs(log_answer<std::vector<named_log_stats>> answer);
  void told_logs(log_answer<std::vector<named_log_stats>> answer,
                 std::map<std::string, log_stats> found) const;

  // -- places of logs (supervisor_log_places.cpp) ------------------------------------
  struct idle_log {
    std::string name;
    caf::timespan since;
  };
  struct retirement_round;
  using retirement_ptr = std::shared_ptr<retirement_round>;

  void make_places();
  void choose(const std::vector<idle_log>& idle);
  void sync(const std::string& log, const retirement_ptr& round);
  void have_forgotten(const std::string& log, const retirement_ptr& round);
  void retire(const std::string& log, const retirement_ptr& round);
  void retired(const std::string& log, const log_past& past);
  void ended_one(const std::string& log, const retirement_ptr& round);
  caf::error let_in(const std::string& log);
  void serve_opens();
  void refuse_opens();

  // -- deaths (supervisor_restarts.cpp, supervisor_renewal.cpp) ----------------------
  void on_down(const caf::down_msg& x);
  void tell_drains(const child& dead);
  bool leaves(const child& who) const;
  void look_whether_it_lives(const caf::actor_addr& who);
  void forget(const child& guest);
  void bury(const child& dead, const std::string& cause);
  void replace(const child& dead);
  void revive(const child& dead);
  void revive_held_up();
  void start_one(const child& dead);
  void try_later(const std::string& who, const std::string& why);
  void end_doomed(caf::actor_clock::time_point now);
  void look_whether_all_are_there();
  void clear();
  std::vector<caf::actor_addr> leaving(std::vector<caf::actor_addr> among) const;
  std::string awaited() const;
  void start_when_all_are_gone();
  void serve();
  void tell_listeners();
  void give_up(const std::string& why);

  // -- children (supervisor_start.cpp) ------------------------------------------------
  /// Starts an actor, has the directory list it, and watches over its life.
  template <caf::spawn_options Options = caf::no_spawn_options, class Fun, class... Ts>
  auto spawn_child(const std::string& key, Fun* fun, Ts&&... xs) {
    const auto known = pasts_.find(full_name(name_of(fun), key));
    const auto& [deaths, last] =
      known == pasts_.end() ? std::pair<uint64_t, std::string>{} : known->second;
    auto who =
      spawn_listed<Options>(*self_, config_.directory, {key, self_->id(), deaths, last},
                            fun, std::forward<Ts>(xs)...);
    crew_->enlist(who, name_of(fun), self_->address());
    troubles_->began(who.id());
    return who;
  }
  /// Has an actor go on from what those before it counted.
  template <class Config>
  Config with_past(Config config) {
    config.past = std::get<decltype(config.past)>(others_pasts_);
    config.heir = supervisor_actor{self_};
    return config;
  }
  /// Starts such actors for another one, which may want several.
  template <class Fun, class... Ts>
  auto helpers_of(std::string whose, Fun* fun, Ts... xs) {
    return crew_->helpers_of(self_->system(), config_.directory, self_->address(),
                             std::move(whose), fun, std::move(xs)...);
  }
  /// Takes an actor into the survey and the drain.
  template <class Handle>
  Handle adopt(std::string child_name, std::string key, Handle who) {
    children_.add(std::move(child_name), std::move(key), who);
    look_whether_it_lives(who.address());
    return who;
  }
  /// Has an actor's counts collected.
  void meter(const metered_actor& who) { self_->send(metrics_, atom::attach_v, who); }

  supervisor_actor::pointer self_;
  supervisor_config config_;
  detail::shared_question<std::vector<status_report>> survey_{
    [this](auto answer) { ask_all(std::move(answer)); }};
  detail::shared_question<std::vector<named_log_stats>> logs_question_{
    [this](auto answer) { ask_logs(std::move(answer)); }};
  phases phases_;
  child_table children_;
  /// Who is asked in surveys, and is started, stopped and missed by somebody else.
  child_table guests_;
  std::shared_ptr<crew> crew_ = std::make_shared<crew>();
  /// Of the first start.
  detail::owed<subsystems> start_answer_;
  detail::owed<std::vector<stop_report>> stop_answer_;
  /// While all stop.
  std::shared_ptr<drain> stopping_;
  caf::actor_clock::time_point stop_deadline_;
  /// Until then a stop waits for those that are being started.
  caf::actor_clock::time_point stop_due_at_;
  restarts restarts_;
  /// By full name, how often one has died, and of what last.
  std::map<std::string, std::pair<uint64_t, std::string>> pasts_;
  renewal renewal_;
  subsystems running_;
  std::vector<subsystems_listener_actor> listeners_;
  std::shared_ptr<trouble_memory> troubles_ = std::make_shared<trouble_memory>();
  metrics_aggregator_actor metrics_;
  log_writer_actor log_writer_;
  sqlite_writer_actor writer_;
  spool_keeper_actor keeper_;
  alert_keeper_actor alerts_;
  session_debouncer_actor sessions_;
  sql_queue_actor queue_;
  std::map<std::string, log_buffer_actor> logs_;
  /// Of those that had a buffer in this run and have none.
  log_pasts log_pasts_;
  file_quota log_files_{"log.max-files", "log-files-full"};
  /// What others had counted that have ended.
  std::tuple<database_past, metrics_past> others_pasts_;
  std::vector<log_user_actor> log_users_;
  /// Those whose buffers are about to end: nobody gets their handles.
  std::set<std::string> retiring_;
  /// Who waits for a log to get a place.
  std::vector<std::pair<std::string, log_answer<log_buffer_actor>>> opens_;
  bool making_places_ = false;
  topic_hub_actor topics_;
  local_introspection_actor introspection_;
  /// No children to the survey: there may be thousands, and their hub tells of them.
  std::unordered_map<caf::actor_addr, ws_batcher_actor> batchers_;
};

supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self,
           supervisor_config config);

/// Starts one, and the directory that lists it, itself, and all others.
supervisor_actor start_supervisor(caf::actor_system& sys, supervisor_config config);

} // namespace sluice
