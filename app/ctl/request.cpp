#include "app/ctl/request.hpp"

#include "actors/storage/spool_place.hpp"
#include "app/introspection/socket_place.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace sluice::ctl {

const std::string_view usage =
  R"(usage: sluicectl [--socket=PATH] [--json] COMMAND
       sluicectl --connect=HOST:PORT --ca-file=FILE --certificate=FILE --key=FILE ...

  status               how the service is
  actors               all its actors, as a tree
  top                  the same, live: m sorts by mailbox, w by work, q ends
  stats SUBSYSTEM      numbers of log, session, database, websocket or metrics
  history              the past windows, as sparklines
  ledger               who asked for which writes, what they took, and how long the
                       card lasts at that
  flush [WHAT]         lets through what waits: logs, sessions, queue, websocket or all
  checkpoint [MODE]    passive, full, restart or truncate
  get [KEY]            settings, and where they come from
  set KEY VALUE        changes a setting while the service runs
  watch                alerts, restarts and checkpoints as they happen
  restart ACTOR        has an actor (NAME, NAME/KEY or id) started anew
  acknowledge ALERT    ends an alert that stands until somebody has seen it
  spool DIR            what a service that has ended left in its spool, and what the next
                       start makes of it; DIR is the spool's directory or the data
                       directory. Nothing is changed

  --socket=PATH        the service's introspection.socket; without it that of the data
                       directory var, or of the only service of this user
  --connect=HOST:PORT  the sluice-gate of another machine, with the authority that it
                       belongs to, and one's own certificate and key, for a client
  --json               for programs
  --help, --version
)";

namespace {

struct command {
  std::string_view name;
  size_t words_min;
  size_t words_max;
  /// What the first word may be; empty: anything.
  std::vector<std::string_view> choices = {};
};

const std::vector<command>& commands() {
  static const std::vector<command> all = {
    {"status", 0, 0},
    {"actors", 0, 0},
    {"top", 0, 0},
    {"stats", 1, 1, {"log", "session", "database", "websocket", "metrics"}},
    {"history", 0, 0},
    {"ledger", 0, 0},
    {"flush", 0, 1, {"logs", "sessions", "queue", "websocket", "all"}},
    {"checkpoint", 0, 1, {"passive", "full", "restart", "truncate"}},
    {"get", 0, 1},
    {"set", 2, 2},
    {"watch", 0, 0},
    {"restart", 1, 1},
    {"acknowledge", 1, 1},
    {"spool", 1, 1},
  };
  return all;
}

bool fits(const request& x) {
  const auto known = std::find_if(commands().begin(), commands().end(),
                                  [&x](const command& y) { return y.name == x.command; });
  if (known == commands().end() || x.words.size() < known->words_min
      || x.words.size() > known->words_max)
    return false;
  if (x.words.empty())
    return true;
  if (x.words[0].empty())
    return false;
  return known->choices.empty()
         || std::find(known->choices.begin(), known->choices.end(), x.words[0])
              != known->choices.end();
}

} // namespace

namespace {

/// `--name=value`, into the place of that name.
bool read_option(const std::string& word, request& to) {
  const std::pair<std::string_view, std::string*> options[] = {
    {"--socket=", &to.socket},         {"--connect=", &to.connect},
    {"--ca-file=", &to.shown.ca_file}, {"--certificate=", &to.shown.certificate},
    {"--key=", &to.shown.key},
  };
  for (const auto& [name, value] : options)
    if (word.starts_with(name)) {
      *value = word.substr(name.size());
      return !value->empty();
    }
  return false;
}

/// A way to one service: a socket's, or a gate's with all that it takes.
bool leads_somewhere(const request& x) {
  const auto shows =
    !x.shown.ca_file.empty() && !x.shown.certificate.empty() && !x.shown.key.empty();
  const auto shows_nothing =
    x.shown.ca_file.empty() && x.shown.certificate.empty() && x.shown.key.empty();
  return x.connect.empty() ? shows_nothing : shows && x.socket.empty();
}

} // namespace

std::optional<request> read_request(const std::vector<std::string>& arguments) {
  request result;
  for (const auto& each : arguments) {
    if (each == "--json")
      result.json = true;
    else if (read_option(each, result))
      continue;
    else if (each.starts_with('-'))
      return std::nullopt;
    else if (result.command.empty())
      result.command = each;
    else
      result.words.push_back(each);
  }
  if (!fits(result) || !leads_somewhere(result))
    return std::nullopt;
  return result;
}

std::string find_socket() {
  for (const auto& path : wire::socket_places("var"))
    if (wire::is_socket(path))
      return path;
  namespace fs = std::filesystem;
  std::error_code none;
  std::vector<std::string> found;
  for (const auto& base : spool_bases())
    for (const auto& each : fs::directory_iterator{base, none})
      if (auto path = wire::socket_in(each.path()); wire::is_socket(path))
        found.push_back(path);
  return found.size() == 1 ? found.front() : std::string{};
}

} // namespace sluice::ctl
