#include "app/ctl/request.hpp"

#include "actors/detail/nearest.hpp"
#include "actors/storage/spool_place.hpp"
#include "app/introspection/socket_place.hpp"
#include "app/introspection/unix_socket.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

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

constexpr std::string_view plain_options[] = {"--json", "--help", "--version"};
constexpr std::string_view options[] = {
  "--socket=", "--connect=", "--ca-file=", "--certificate=", "--key="};

caf::error asked_wrongly_for(const std::string& why) {
  return caf::make_error(ec::invalid_argument, why);
}

/// How far a word is from what was written: a beginning of it is the least of all slips.
size_t slips(std::string_view written, std::string_view word) {
  constexpr size_t beginning_min = 2;
  const auto begins = written.size() >= beginning_min && word.starts_with(written);
  return begins ? 1 : detail::distance(written, word);
}

/// `; the nearest is WORD`, if one of these may have been meant.
std::string advice(std::string_view written, const std::vector<std::string_view>& known) {
  constexpr size_t letters_of_slip = 4;
  const auto nearest =
    std::min_element(known.begin(), known.end(), [written](auto a, auto b) {
      return std::pair{slips(written, a), a.size()}
             < std::pair{slips(written, b), b.size()};
    });
  if (nearest == known.end()
      || slips(written, *nearest) > 1 + written.size() / letters_of_slip)
    return {};
  return "; the nearest is " + std::string{*nearest};
}

std::string listed(const std::vector<std::string_view>& words) {
  std::string result;
  for (size_t i = 0; i < words.size(); ++i)
    result.append(i == 0 ? "" : i + 1 == words.size() ? " or " : ", ").append(words[i]);
  return result;
}

caf::error unknown(const std::string& kind, const std::string& written,
                   const std::vector<std::string_view>& known) {
  const auto nearest = advice(written, known);
  return asked_wrongly_for(
    nearest.empty() ? "" : '"' + written + "\" is no " + kind + nearest);
}

/// What one of several words must be, and is not.
caf::error check_choice(const command& known, const request& x) {
  if (known.choices.empty() || x.words.empty())
    return caf::none;
  const auto& word = x.words[0];
  if (std::find(known.choices.begin(), known.choices.end(), word) != known.choices.end())
    return caf::none;
  const auto nearest = advice(word, known.choices);
  return asked_wrongly_for(nearest.empty()
                             ? ""
                             : std::string{known.name} + " takes " + listed(known.choices)
                                 + ", not \"" + word + '"' + nearest);
}

caf::error check_command(const request& x) {
  const auto known = std::find_if(commands().begin(), commands().end(),
                                  [&x](const command& y) { return y.name == x.command; });
  if (known == commands().end()) {
    std::vector<std::string_view> names;
    for (const auto& each : commands())
      names.push_back(each.name);
    return unknown("command", x.command, names);
  }
  if (auto err = check_choice(*known, x))
    return err;
  const auto empty = !x.words.empty() && x.words[0].empty();
  if (empty || x.words.size() < known->words_min || x.words.size() > known->words_max)
    return asked_wrongly_for("");
  return caf::none;
}

/// `--name=value`, into the place of that name.
bool read_option(const std::string& word, request& to) {
  std::string* places[] = {&to.socket, &to.connect, &to.shown.ca_file,
                           &to.shown.certificate, &to.shown.key};
  for (size_t i = 0; i < std::size(options); ++i)
    if (word.starts_with(options[i])) {
      *places[i] = word.substr(options[i].size());
      return !places[i]->empty();
    }
  return false;
}

caf::error unknown_option(const std::string& word) {
  std::vector<std::string_view> known{std::begin(plain_options), std::end(plain_options)};
  known.insert(known.end(), std::begin(options), std::end(options));
  const auto name = word.substr(0, word.find('='));
  return unknown("option", name + (name == word ? "" : "="), known);
}

/// A way to one service: a socket's, or a gate's with all that it takes.
bool leads_somewhere(const request& x) {
  const auto shows =
    !x.shown.ca_file.empty() && !x.shown.certificate.empty() && !x.shown.key.empty();
  const auto shows_nothing =
    x.shown.ca_file.empty() && x.shown.certificate.empty() && x.shown.key.empty();
  return x.connect.empty() ? shows_nothing : shows && x.socket.empty();
}

/// The sockets of this user's services, wherever their data directories are.
std::vector<std::string> sockets_found() {
  namespace fs = std::filesystem;
  std::error_code none;
  std::vector<std::string> result;
  for (const auto& base : own_spool_bases())
    for (const auto& each : fs::directory_iterator{base, none})
      if (auto path = wire::socket_in(each.path()); wire::is_socket(path))
        result.push_back(path);
  return result;
}

} // namespace

caf::expected<request> read_request(const std::vector<std::string>& arguments) {
  request result;
  for (const auto& each : arguments) {
    if (each == "--json")
      result.json = true;
    else if (read_option(each, result))
      continue;
    else if (each.starts_with('-'))
      return unknown_option(each);
    else if (result.command.empty())
      result.command = each;
    else
      result.words.push_back(each);
  }
  if (auto err = check_command(result))
    return err;
  if (!leads_somewhere(result))
    return asked_wrongly_for("");
  return result;
}

caf::expected<std::string> find_socket() {
  for (const auto& path : wire::socket_places("var"))
    if (wire::is_socket(path))
      return path;
  auto found = sockets_found();
  // A service that died has left its socket: nobody listens there.
  if (found.size() > 1)
    std::erase_if(found,
                  [](const std::string& path) { return !wire::connect_to_own(path); });
  if (found.size() == 1)
    return found.front();
  if (found.empty())
    return caf::make_error(ec::not_found,
                           "no service is found. Name its socket with --socket=PATH, as "
                           "the service did in its line `ready`");
  std::string all;
  for (const auto& path : found)
    all += (all.empty() ? "--socket=" : " or --socket=") + path;
  return caf::make_error(ec::not_found, "which service? Several run: take " + all);
}

} // namespace sluice::ctl
