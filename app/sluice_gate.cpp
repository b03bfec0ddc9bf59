// The gate: lets sluicectl of other machines look into the service of this one. A process
// of its own, with no rights, that the service does not know of: whatever is sent here
// cannot hurt it. Its lines on standard error and its exit codes are part of the public
// contract.
#include "actors/detail/workers.hpp"
#include "app/config/load.hpp"
#include "app/config/print.hpp"
#include "app/gate/door.hpp"
#include "app/gate/relay.hpp"
#include "app/gate/rights.hpp"
#include "app/introspection/socket_keeper.hpp"
#include "app/introspection/socket_place.hpp"
#include "app/introspection/unix_socket.hpp"
#include "app/introspection/wire.hpp"
#include "app/last_word.hpp"
#include "app/log.hpp"
#include "app/signals.hpp"
#include "app/standard_streams.hpp"
#include "messages/error.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <fcntl.h>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace sluice::gate {

namespace {

enum exit_code : int { done = 0, failed = 1, bad_setting = 2, address_unavailable = 4 };

struct system_config : caf::actor_system_config {
  system_config() {
    detail::use_workers(*this, 1);
    wire::speak(*this);
  }
};

/// Who comes through the door talks to the relay, over a socket that is in no directory.
class house {
public:
  house(const wire::destination& service, bool allow_control, unique_fd inside,
        std::shared_ptr<visitors> guests)
      : inside_(std::move(inside)), system_(config_) {
    system_.registry().erase(caf::atom("SpawnServ"));
    system_.registry().erase(caf::atom("ConfigServ"));
    relay_ = system_.spawn(relay, relay_config{service, allow_control, counts_});
    wire::socket_keeper_config config;
    config.listen = [this]() -> caf::expected<unique_fd> {
      return unique_fd{fcntl(inside_.get(), F_DUPFD_CLOEXEC, 0)};
    };
    config.counts = counts_;
    // What a client says of itself counts for nothing here: its certificate does.
    config.asker = [guests = std::move(guests)](int fd, const std::string&) {
      const auto named = guests->at_other_end(fd);
      return named.empty() ? wire::asker_by_kernel(fd, {}) : named;
    };
    keeper_ = system_.spawn(wire::socket_keeper, std::move(config));
    caf::anon_send(keeper_, atom::attach_v, relay_);
  }

  ~house() {
    spdlog::info("gate-ended {} connections; let go of {} peers, dropped {} messages, "
                 "refused {} requests, started the socket anew {} times",
                 counts_->connections, counts_->closed_peers, counts_->dropped_messages,
                 counts_->refused_requests, counts_->socket_restarts);
    caf::anon_send_exit(keeper_, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(relay_, caf::exit_reason::user_shutdown);
  }

private:
  unique_fd inside_;
  std::shared_ptr<introspection_counts> counts_ =
    std::make_shared<introspection_counts>();
  system_config config_;
  caf::actor_system system_;
  introspection_actor relay_;
  wire::socket_keeper_actor keeper_;
};

exit_code refuse(const caf::error& why) {
  tell(text_of(why));
  return code_of(why) == ec::invalid_setting ? bad_setting : address_unavailable;
}

std::string service_socket(const settings& from) {
  if (!from.introspection.socket.empty())
    return from.introspection.socket;
  const auto places = wire::socket_places(from.data_dir);
  const auto there = std::find_if(places.begin(), places.end(), wire::is_socket);
  return there == places.end() ? places.front() : *there;
}

/// A gate cannot do without any of the three, which nobody has at first.
caf::error check_files(const gate_settings& own) {
  std::string missing;
  for (const auto& [name, file] : {std::pair{"gate.ca-file=", &own.ca_file},
                                   std::pair{"gate.certificate=", &own.certificate},
                                   std::pair{"gate.key=", &own.key}})
    if (file->empty())
      missing += name + std::string{" "};
  if (missing.empty())
    return caf::none;
  return caf::make_error(ec::invalid_setting,
                         missing
                           + "must name a PEM file each: conf/make-gate-certificates "
                             "makes all that a gate and its clients need");
}

exit_code serve(const settings& from) {
  const auto& own = from.gate;
  if (auto err = check_files(own))
    return refuse(err);
  auto tls = server_tls({"gate.", own.ca_file, own.certificate, own.key});
  if (!tls)
    return refuse(tls.error());
  const auto service = service_socket(from);
  std::string inside;
  auto listening = wire::listen_privately(inside);
  if (!listening)
    return refuse(listening.error());
  const auto guests = std::make_shared<visitors>();
  door outside{std::move(*tls), inside, guests};
  if (auto err = outside.listen(own.address, own.port))
    return refuse(err);
  // From here on no file is opened any more, that of the time zone included, but those
  // that take the place of these.
  tzset();
  for (const auto& kept : give_up_rights({own.ca_file, own.certificate, own.key}))
    spdlog::warn("gate-rights cannot give up {}", kept);
  // Whoever it is that listens where the settings say, there are no rights to be had
  // here.
  house served{wire::local_service(service, wire::connect_to), own.allow_control,
               std::move(*listening), guests};
  tell("ready gate=" + outside.address() + " service=" + service
       + (own.allow_control ? " control" : ""));
  if (!ignores_hangups())
    outside.at_hangup([&outside] {
      spdlog::info("hangup sluice-gate looks for renewed certificates");
      outside.renew();
    });
  outside.run();
  return done;
}

int run(const std::vector<std::string>& arguments) {
  auto loaded =
    config::load_all(arguments, [](const char* name) { return getenv(name); });
  if (loaded
      && (loaded->what == config::command::help
          || loaded->what == config::command::version)) {
    print(loaded->what == config::command::help ? config::gate_help_text()
                                                : "sluice-gate " SLUICE_VERSION "\n");
    return after_printing(done);
  }
  ignore_signals();
  open_log();
  if (!loaded)
    return refuse(loaded.error());
  if (loaded->what == config::command::serve)
    return serve(loaded->settings);
  tell("sluiced prints its configuration, sluice-gate does not");
  return bad_setting;
}

} // namespace

} // namespace sluice::gate

int main(int argc, char** argv) {
  sluice::hold_standard_streams();
  sluice::end_with_a_word("sluice-gate");
  const auto code = sluice::gate::run({argv + std::min(argc, 1), argv + argc});
  sluice::close_log();
  return code;
}
