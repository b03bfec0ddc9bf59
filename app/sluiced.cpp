// The program: reads its settings, owns the data directory, holds one `service`, and
// turns signals into a drain. Its lines on standard error and its exit codes are part
// of the public contract.
#include "actors/storage/file_rights.hpp"
#include "app/config/load.hpp"
#include "app/config/print.hpp"
#include "app/data_dir.hpp"
#include "app/descriptors.hpp"
#include "app/introspection/socket_place.hpp"
#include "app/last_run.hpp"
#include "app/last_word.hpp"
#include "app/log.hpp"
#include "app/service.hpp"
#include "app/signals.hpp"
#include "app/standard_streams.hpp"
#include "messages/error.hpp"

#include <unistd.h>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace sluice {

namespace {

enum exit_code : int {
  drained = 0,
  failed = 1,
  bad_setting = 2,
  data_unavailable = 3,
  address_unavailable = 4,
};

constexpr auto lock_patience = std::chrono::seconds{10};

exit_code code_for(const caf::error& err) {
  switch (code_of(err)) {
    case ec::invalid_setting:
      return bad_setting;
    case ec::unavailable:
      return address_unavailable;
    default:
      return failed;
  }
}

exit_code report(const std::vector<stop_report>& reports) {
  auto& log = whole_log();
  uint64_t written = 0;
  uint64_t left = 0;
  for (const auto& each : reports) {
    written += each.drained;
    left += each.left;
    const auto who = each.key.empty() ? each.name : each.name + ' ' + each.key;
    if (each.left == 0)
      log.info("drained {} wrote {}", who, each.drained);
    else
      log.error("not-drained {} wrote {} and left {}: {}", who, each.drained, each.left,
                each.detail);
  }
  if (left > 0) {
    log.error("stopped {} actors wrote {} items; {} could not be brought to disk",
              reports.size(), written, left);
    return failed;
  }
  log.info("stopped {} actors wrote {} items and left none", reports.size(), written);
  return drained;
}

// What the start found: where the sessions came from, and what a service that died had
// left.
void tell_start(const subsystems& started, const spool_use& keep) {
  auto& log = whole_log();
  if (!keep.elsewhere.empty())
    log.warn("spool-elsewhere {}", keep.elsewhere);
  for (const auto& words : keep.reservations)
    log.warn("spool-place {}", words);
  if (const auto& x = started.conversion; x.converted)
    log.info("sessions-moved start brought {} sessions of {} stores to the {}",
             x.documents, x.stores, to_string(x.keeper));
  for (const auto& each : started.replay)
    log.info("replayed start found {} items of {} in the spool", each.items, each.what);
  if (!started.ties.empty())
    log.warn("database-schema-tied {}", started.ties);
  for (const auto& words : started.unplaced)
    log.error("not-placed start could not bring to disk: {}", words);
}

exit_code failed_start(const caf::error& err, exit_code code) {
  tell(text_of(err));
  return code;
}

// What the surroundings did to the directory and to its spool since the last run.
caf::error look_back(const spool_settings& from, data_dir& data) {
  const auto original = part_from_original(from, data);
  if (!original)
    return original.error();
  if (!original->empty())
    spdlog::warn("data-directory-copied {} is a copy of {}, which keeps its identity and "
                 "its spool; the copy is {} from now on",
                 data.path(), *original, data.id());
  const auto lost = tell_lost_spool(data);
  if (!lost)
    return lost.error();
  if (!lost->empty())
    spdlog::error("spool-lost-with-data {}", *lost);
  return caf::none;
}

// A run that cannot be noted is served all the same: the next start knows less.
void note(const caf::error& err) {
  if (err)
    spdlog::warn("run-not-noted the next start will not know how this one ended: {}",
                 text_of(err));
}

// An actor that is stuck, in the kernel or in SQLite, would hold the end up for ever.
exit_code leave(const service& sluice, exit_code code) {
  if (code != drained || sluice.is_stuck()) {
    close_log();
    std::_Exit(code);
  }
  return code;
}

// What an earlier start left in a place that is not this one's is brought to disk by a
// service that nobody is served by.
caf::error take_over(const config::configuration& from, const data_dir& data,
                     const service::end_wish& wants_end) {
  auto earlier = open_earlier_spool(from.settings.spool, data);
  if (!earlier)
    return std::move(earlier.error());
  if (!earlier->spool)
    return caf::none;
  service sluice{from, *earlier, {}};
  if (const auto err = sluice.start(wants_end))
    leave(sluice, failed_start(err, wants_end() ? failed : data_unavailable));
  tell_start(sluice.actors(), *earlier);
  sluice.stop();
  if (holds_anything(*earlier->spool))
    return caf::make_error(ec::unavailable,
                           "the spool of data directory " + data.path()
                             + " lies in an earlier place, and what it holds cannot be "
                               "brought to disk");
  return caf::none;
}

/// Beside the spool, where there is one: in RAM, and its path is short.
std::string introspection_socket(const settings& from, const spool_use& keep) {
  if (!from.introspection.socket.empty())
    return from.introspection.socket;
  return wire::socket_in(keep.dir.empty() ? from.data_dir : keep.dir);
}

/// What a start would read now.
using reading = std::function<caf::expected<config::configuration>()>;

// A hang-up asks for no end. Returns the signal that does.
int await_end(service& sluice, const sigset_t& held, const reading& read_anew) {
  for (int received = 0;;) {
    sigwait(&held, &received);
    if (received != SIGHUP)
      return received;
    spdlog::info("hangup sluiced received {}", sigabbrev_np(received));
    reopen_log();
    sluice.reload(read_anew());
  }
}

/// Where descriptors are few, less is served than was asked for.
caf::error fit_descriptors(settings& of) {
  demand plan{of.log.max_logs, of.session.max_stores, of.http.max_connections,
              of.websocket.max_connections};
  if (auto err = raise_descriptor_limit(plan))
    return err;
  of.log.open_files = plan.logs;
  of.session.open_stores = plan.stores;
  of.http.max_connections = plan.http;
  of.websocket.max_connections = plan.websocket;
  return caf::none;
}

// What a start that was cut short did not bring to disk is the next one's.
exit_code end(service& sluice, data_dir& data, const spool_use& keep, int received,
              bool cut_short) {
  spdlog::info("stopping sluiced received {}", sigabbrev_np(received));
  data.announce_end();
  // A second signal stays held: it can neither cut the drain short nor hurry it.
  auto code = report(sluice.stop());
  if (code == drained && cut_short && keep.spool && holds_anything(*keep.spool)) {
    spdlog::error("not-drained the spool holds what the start had not brought to disk");
    code = failed;
  }
  if (code == drained)
    note(note_run_ended(data, keep.spool ? keep.dir : std::string{}));
  return code;
}

exit_code serve(config::configuration from, const sigset_t& held,
                const reading& read_anew) {
  if (auto err = fit_descriptors(from.settings))
    return failed_start(err, failed);
  const file_rights rights{from.settings.files.bits};
  auto data = data_dir::open(from.settings.data_dir, lock_patience, rights.directory());
  if (!data)
    return failed_start(
      data.error(), data.error() == ec::invalid_setting ? bad_setting : data_unavailable);
  if (auto err = look_back(from.settings.spool, *data))
    return failed_start(err, data_unavailable);
  end_signal early;
  const auto wants_end = [&early] { return early.heard() != 0; };
  if (auto err = take_over(from, *data, wants_end))
    return failed_start(err, data_unavailable);
  auto keep = open_spool(from.settings.spool, *data);
  if (!keep)
    return failed_start(keep.error(), data_unavailable);
  std::atomic<bool> ruined = false;
  const auto socket = introspection_socket(from.settings, *keep);
  service sluice{std::move(from), *keep, socket, [&ruined](const std::string& why) {
                   spdlog::critical("ruined {}", why);
                   ruined = true;
                   kill(getpid(), SIGTERM);
                 }};
  const auto problem = sluice.start(wants_end);
  if (problem && problem != ec::stopping)
    return leave(sluice, failed_start(problem, code_of(problem) == ec::invalid_setting
                                                 ? bad_setting
                                                 : failed));
  if (!problem)
    tell_start(sluice.actors(), *keep);
  auto received = early.heard();
  if (received == 0) {
    const auto spool_dir = keep->spool ? keep->dir : std::string{};
    note(note_run_begins(*data, spool_dir));
    if (auto err = sluice.serve()) {
      if (!keep->spool || !holds_anything(*keep->spool))
        note(note_run_ended(*data, spool_dir));
      return leave(sluice, failed_start(err, code_for(err)));
    }
    tell("ready http=" + sluice.address() + " introspection=" + socket);
    received = await_end(sluice, held, read_anew);
  }
  const auto code = end(sluice, *data, *keep, received, problem != caf::none);
  return leave(sluice, ruined ? failed : code);
}

std::string printed(const config::configuration& what) {
  switch (what.what) {
    case config::command::help:
      return config::help_text();
    case config::command::version:
      return "sluiced " SLUICE_VERSION "\n";
    case config::command::print_ini:
      return config::ini_text();
    case config::command::print_markdown:
      return config::markdown_text();
    case config::command::print_effective:
      return config::effective_text(what);
    case config::command::serve:
      break;
  }
  return {};
}

int run(const std::vector<std::string>& arguments) {
  const auto variables = [](const char* name) { return getenv(name); };
  auto loaded = config::load_all(arguments, variables);
  if (loaded && loaded->what != config::command::serve) {
    print(printed(*loaded));
    return after_printing(drained);
  }
  const auto held = hold_signals();
  open_log();
  if (!loaded)
    return failed_start(loaded.error(), bad_setting);
  return serve(std::move(*loaded), held,
               [&] { return config::load_again(arguments, variables); });
}

} // namespace

} // namespace sluice

int main(int argc, char** argv) {
  sluice::hold_standard_streams();
  sluice::end_with_a_word("sluiced");
  const auto code = sluice::run({argv + std::min(argc, 1), argv + argc});
  sluice::close_log();
  return code;
}
