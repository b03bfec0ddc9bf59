#include "app/service.hpp"

#include "actors/lifecycle/supervisor.hpp"
#include "actors/storage/process_io.hpp"
#include "app/http/server.hpp"
#include "messages/credit.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <utility>

namespace sluice {

namespace {

/// CAF's default scheduler polls, hundreds of times a second in an idle process; the
/// sharing one sleeps until there is work. Two workers, since what blocks is detached.
struct system_config : caf::actor_system_config {
  system_config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 2);
  }
};

log_buffer_config buffer_config(const log_settings& from) {
  log_buffer_config result;
  result.max_entries = from.max_entries;
  result.max_bytes = from.max_bytes;
  result.flush_interval = from.flush_interval;
  result.sync = from.sync;
  return result;
}

session_debouncer_config debouncer_config(const session_settings& from) {
  session_debouncer_config result;
  result.debounce = from.debounce;
  result.debounced = from.debounced;
  result.max_pending = from.max_pending;
  result.cache_ttl = from.cache_ttl;
  result.enforce_maintenance = from.enforce_maintenance;
  result.prune_after = from.prune_after;
  result.max_entries = from.max_entries;
  result.max_store_bytes = from.max_store_bytes;
  return result;
}

} // namespace

struct service::implementation {
  implementation(settings from, std::string config_json)
      : config(std::move(from)), json(std::move(config_json)), system(caf_config) {}

  supervisor_config actors() const;

  settings config;
  std::string json;
  system_config caf_config;
  caf::actor_system system;
  supervisor_actor root;
  std::unique_ptr<http::server> http;
};

service::service(settings config, std::string config_json)
    : impl_(std::make_unique<implementation>(std::move(config), std::move(config_json))) {
}

service::~service() {
  // nop
}

caf::error service::start() {
  auto& self = *impl_;
  self.root = self.system.spawn(supervisor, self.actors());
  caf::scoped_actor asker{self.system};
  subsystems actors;
  caf::error problem;
  asker->request(self.root, caf::infinite, atom::start_v)
    .receive([&](subsystems& x) { actors = std::move(x); },
             [&](caf::error& err) { problem = std::move(err); });
  if (!problem) {
    http::backend backend{self.root, std::move(actors),
                          std::make_shared<budget>(self.config.http.max_in_flight_bytes),
                          self.json};
    self.http = std::make_unique<http::server>(self.system, self.config.http,
                                               std::move(backend));
    problem = self.http->start();
  }
  if (problem)
    stop();
  return problem;
}

std::string service::address() const {
  return impl_->http->address();
}

std::vector<stop_report> service::stop() {
  auto& self = *impl_;
  if (self.http)
    self.http->stop_intake();
  caf::scoped_actor asker{self.system};
  std::vector<stop_report> reports;
  asker->request(self.root, caf::infinite, atom::stop_v)
    .receive([&](std::vector<stop_report>& x) { reports = std::move(x); },
             [&](const caf::error& err) {
               reports.push_back({"supervisor", "", 0, 1, text_of(err)});
             });
  if (self.http)
    self.http->finish();
  self.http.reset();
  return reports;
}

} // namespace sluice
