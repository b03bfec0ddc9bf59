// The INTROSPECTION answers those who look at the service from outside: it asks the
// others for them, and hands out nothing but plain values, so that nobody outside ever
// holds an actor of the service.
#pragma once

#include "actors/detail/owed.hpp"
#include "actors/detail/shared_question.hpp"
#include "actors/observe/joint_answer.hpp"
#include "messages/supervisor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace sluice {

struct introspection_config {
  std::string version;
  std::string data_dir;
  /// May be null.
  settings_actor settings = {};
  /// Written by whoever serves the socket; null where nobody does.
  std::shared_ptr<const introspection_counts> counts = nullptr;
  /// Longest time that an actor may take to tell its numbers.
  caf::timespan telling_time_max = std::chrono::seconds{10};
  /// Longest time that a flush or a checkpoint may take.
  caf::timespan working_time_max = std::chrono::seconds{60};
};

class introspection_state {
public:
  static inline const char* name = "introspection";

  explicit introspection_state(local_introspection_actor::pointer self) : self_(self) {}

  void init(introspection_config config, supervisor_actor supervisor);
  void use(const subsystems& now);

  caf::result<service_status> survey();
  caf::result<actor_listing> list(bool with_states);
  caf::result<std::vector<named_log_stats>> logs();
  caf::result<session_stats> sessions();
  caf::result<database_numbers> database();
  caf::result<std::vector<ws_connection_stats>> clients();
  caf::result<metrics_window> snapshot();
  caf::result<std::vector<metrics_window>> history();
  caf::result<ledger_report> ledger();
  caf::result<flush_report> flush(flush_target what);
  caf::result<checkpoint_report> checkpoint(checkpoint_mode mode);
  caf::result<std::vector<setting>> get(const std::string& key);
  caf::result<setting> set(const std::string& key, const std::string& value,
                           const std::string& who);
  caf::result<std::string> restart(const std::string& who);
  caf::result<bool> confirm(const std::string& alert_id);
  status_report status() const;
  stop_report stop();

private:
  using clock = std::chrono::steady_clock;

  template <class Answer, class Handle, class... Ts>
  caf::result<Answer> relay(caf::timespan patience, const Handle& who, Ts&&... xs);
  void ask_survey(detail::owed<service_status> answer);
  void ask_listing(bool with_states, detail::owed<actor_listing> answer);
  void ask_for_clients(detail::owed<std::vector<ws_connection_stats>> answer);
  void ask_flush(flush_target what, detail::owed<flush_report> answer);
  void ask_clients(const std::vector<ws_batcher_actor>& clients,
                   detail::owed<std::vector<ws_connection_stats>> promise);
  template <class Handle, class... Ts>
  void flush_one(const joint_answer_ptr<flush_report>& round, const Handle& who,
                 Ts... what);
  void flush_logs(const joint_answer_ptr<flush_report>& round);
  service_status overview() const;

  local_introspection_actor::pointer self_;
  introspection_config config_;
  supervisor_actor supervisor_;
  subsystems actors_;
  detail::shared_question<service_status> survey_{
    [this](auto answer) { ask_survey(std::move(answer)); }};
  std::map<bool, detail::shared_question<actor_listing>> listings_;
  detail::shared_question<std::vector<ws_connection_stats>> clients_{
    [this](auto answer) { ask_for_clients(std::move(answer)); }};
  std::map<flush_target, detail::shared_question<flush_report>> flushes_;
  clock::time_point since_ = clock::now();
  uint64_t requests_ = 0;
};

local_introspection_actor::behavior_type
introspection(local_introspection_actor::stateful_pointer<introspection_state> self,
              introspection_config config, supervisor_actor supervisor);

} // namespace sluice
