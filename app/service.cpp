#include "app/service.hpp"

#include "actors/detail/workers.hpp"
#include "actors/observe/instrumented.hpp"
#include "actors/storage/device_meter.hpp"
#include "actors/storage/process_io.hpp"
#include "app/actors_config.hpp"
#include "app/config/settings_keeper.hpp"
#include "app/http/server.hpp"
#include "app/introspection/socket_keeper.hpp"
#include "app/introspection/unix_socket.hpp"
#include "app/introspection/wire.hpp"
#include "app/memory_keeper.hpp"
#include "messages/credit.hpp"
#include "messages/error.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <unistd.h>

#include <spdlog/spdlog.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace sluice {

namespace {

/// How long actors that were stopped may take to leave, and how often that is looked at.
constexpr auto leaving_time_max = std::chrono::seconds{1};
constexpr auto leaving_pause = std::chrono::milliseconds{2};

/// How soon a wish for the end is heard while the actors are started.
constexpr auto wish_pause = std::chrono::milliseconds{10};

struct system_config : caf::actor_system_config {
  system_config() {
    detail::use_workers(*this);
    wire::speak(*this);
  }
};

using reports = std::vector<stop_report>;

} // namespace

struct service::implementation {
  implementation(config::configuration from, spool_use with, std::string looked_into_at,
                 ruin_handler when_ruined)
      : whole(std::move(from)), keep(std::move(with)), socket(std::move(looked_into_at)),
        on_ruin(std::move(when_ruined)), system(caf_config) {
    // Whoever is let in asks the introspection, not CAF.
    system.registry().erase(caf::atom("SpawnServ"));
    system.registry().erase(caf::atom("ConfigServ"));
  }

  config::configuration whole;
  const sluice::settings& config = whole.settings;
  spool_use keep;
  std::string socket;
  std::shared_ptr<introspection_counts> counts = std::make_shared<introspection_counts>();
  ruin_handler on_ruin;
  system_config caf_config;
  caf::actor_system system;
  supervisor_actor root;
  subsystems actors;
  std::unique_ptr<http::server> http;
  config::settings_keeper_actor settings;
  wire::socket_keeper_actor keeper;
  memory_keeper_actor memory;
  /// Once a stop was asked for; waits for what comes of it.
  std::function<reports()> stopping;
  std::optional<reports> stopped;

  void ask_for_stop();
};

void service::implementation::ask_for_stop() {
  auto asker = std::make_shared<caf::scoped_actor>(system);
  auto asked = (*asker)->request(root, caf::infinite, atom::stop_v);
  stopping = [asker, asked]() mutable {
    reports result;
    asked.receive([&](reports& x) { result = std::move(x); },
                  [&](const caf::error& err) {
                    result.push_back({"supervisor", "", 0, 1, text_of(err)});
                  });
    return result;
  };
}

service::service(config::configuration config, spool_use spool,
                 std::string introspection_socket, ruin_handler on_ruin)
    : impl_(std::make_unique<implementation>(std::move(config), std::move(spool),
                                             std::move(introspection_socket),
                                             std::move(on_ruin))) {}

service::~service() {
  // nop
}

/// For those that nobody starts anew.
void service::ruin_with(const caf::actor& who, const std::string& name) {
  auto told = [name, ruin = impl_->on_ruin](const caf::error& why) {
    if (ruin && !ends_in_order(why))
      ruin(name + " has died: " + text_of(why));
  };
  caf::actor_cast<caf::abstract_actor*>(who)->attach_functor(std::move(told));
}

caf::error service::start(const end_wish& wants_end) {
  auto& self = *impl_;
  auto config = actors_config(self.config);
  config.spool = self.keep.spool;
  config.spool_reservations = self.keep.reservations;
  config.introspection.counts = self.counts;
  config.on_ruin = self.on_ruin;
  auto [keeper, entrance] =
    spawn_metered(self.system, {}, config::settings_keeper, self.whole);
  self.settings = keeper;
  ruin_with(caf::actor_cast<caf::actor>(keeper), "settings-keeper");
  config.introspection.settings = keeper;
  self.root = start_supervisor(self.system, std::move(config));
  caf::anon_send(self.settings, atom::attach_v, live_settings_listener_actor{self.root});
  caf::scoped_actor asker{self.system};
  auto asked = asker->request(self.root, caf::infinite, atom::start_v);
  while (!asker->await_data(std::chrono::high_resolution_clock::now() + wish_pause))
    if (!self.stopping && wants_end())
      self.ask_for_stop();
  caf::error problem;
  asked.receive([&](subsystems& x) { self.actors = std::move(x); },
                [&](caf::error& err) { problem = std::move(err); });
  if (problem)
    stop();
  else
    caf::anon_send(self.actors.directory, atom::enter_v, std::move(entrance));
  return problem;
}

caf::error service::serve() {
  auto& self = *impl_;
  http::backend backend{self.root, self.actors,
                        std::make_shared<budget>(self.config.http.max_in_flight_bytes),
                        std::make_shared<budget>(self.config.http.max_answer_bytes_total),
                        self.settings};
  self.http = std::make_unique<http::server>(self.system, self.config.http,
                                             self.config.websocket, std::move(backend));
  auto problem = self.http->start();
  if (!problem)
    problem = serve_introspection();
  self.memory = spawn_listed(self.system, self.actors.directory, {}, memory_keeper,
                             memory_keeper_config{});
  if (problem)
    stop();
  return problem;
}

/// Whoever keeps the socket tries again where it cannot be had. At the start that is an
/// error, so it is looked at before.
caf::error service::serve_introspection() {
  auto& self = *impl_;
  if (auto listening = wire::listen_at(self.socket); !listening)
    return std::move(listening.error());
  self.keeper =
    spawn_listed(self.system, self.actors.directory, {}, wire::socket_keeper,
                 wire::socket_keeper_config{
                   [path = self.socket] { return wire::listen_at(path); }, self.counts});
  ruin_with(caf::actor_cast<caf::actor>(self.keeper), "socket-keeper");
  caf::anon_send(self.root, atom::attach_v, subsystems_listener_actor{self.keeper});
  caf::anon_send(self.keeper, atom::attach_v, self.actors);
  return caf::none;
}

const subsystems& service::actors() const {
  return impl_->actors;
}

std::string service::address() const {
  return impl_->http->address();
}

void service::reload(const caf::expected<config::configuration>& fresh) {
  auto& self = *impl_;
  if (self.http)
    self.http->renew_certificates();
  if (fresh)
    caf::anon_send(
      self.settings, atom::apply_v,
      config::fresh_configuration{std::make_shared<const config::configuration>(*fresh)});
  else
    spdlog::error("settings-refused {}; nothing is changed", text_of(fresh.error()));
}

std::vector<stop_report> service::stop() {
  auto& self = *impl_;
  if (self.stopped)
    return *self.stopped;
  if (self.http)
    self.http->stop_intake();
  if (!self.stopping)
    self.ask_for_stop();
  self.stopped = std::exchange(self.stopping, nullptr)();
  if (self.http)
    self.http->finish();
  self.http.reset();
  if (self.keeper) {
    caf::anon_send_exit(self.keeper, caf::exit_reason::user_shutdown);
    self.keeper = nullptr;
    unlink(self.socket.c_str());
  }
  if (self.memory)
    caf::anon_send_exit(std::exchange(self.memory, nullptr),
                        caf::exit_reason::user_shutdown);
  caf::anon_send_exit(self.settings, caf::exit_reason::user_shutdown);
  self.settings = nullptr;
  self.actors = {};
  return *self.stopped;
}

bool service::is_stuck() const {
  const auto until = std::chrono::steady_clock::now() + leaving_time_max;
  while (impl_->system.registry().running() > 0) {
    if (std::chrono::steady_clock::now() >= until)
      return true;
    std::this_thread::sleep_for(leaving_pause);
  }
  return false;
}

} // namespace sluice
