#include "actors/detail/alert_sum.hpp"
#include "app/ctl/commands.hpp"
#include "app/ctl/live.hpp"
#include "app/http/json_writer.hpp"
#include "app/printable.hpp"
#include "app/standard_streams.hpp"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <chrono>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <thread>

namespace sluice::ctl {

namespace {

constexpr auto sight_patience = std::chrono::seconds{5};
constexpr auto pause = std::chrono::seconds{1};

/// What a look at the service found, as far as changes of it are told.
struct sight {
  std::map<std::string, std::string> alerts;
  std::map<std::string, uint64_t> restarts;
  std::map<std::string, std::string> last_errors;
  uint64_t checkpoints = 0;
};

std::string named(const std::string& name, const std::string& key) {
  return key.empty() ? name : name + ' ' + key;
}

caf::expected<sight> sight_of(wire::client& service) {
  sight result;
  auto all = service.ask<actor_listing>(sight_patience, atom::actors_v, true);
  if (!all)
    return all.error();
  auto database = service.ask<database_numbers>(sight_patience, atom::database_v);
  if (!database)
    return database.error();
  for (const auto& x : all->actors) {
    result.restarts[named(x.name, x.key)] = x.restarts;
    result.last_errors[named(x.name, x.key)] = x.last_error;
  }
  for (const auto& [id, told] : all->states)
    for (const auto& x : told.alerts)
      result.alerts.emplace(named(told.name, told.key) + ' ' + x.id, detail::words_of(x));
  result.checkpoints = database->database.writer.checkpoints;
  return result;
}

class teller {
public:
  explicit teller(bool json) : json_(json) {}

  void tell(const char* event, const std::string& who, const std::string& text) const {
    const auto now = std::chrono::system_clock::now();
    if (json_) {
      http::json_writer line;
      using std::chrono::milliseconds;
      line.open_object()
        .member("at",
                std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count())
        .member("event", event)
        .member("who", who)
        .member("text", text);
      print(line.close_object().take() + '\n');
    } else {
      std::string line;
      append_line(line, "{:%H:%M:%S} {} {}{}{}",
                  fmt::localtime(std::chrono::system_clock::to_time_t(now)), event, who,
                  text.empty() ? "" : ": ", text);
      print(line);
    }
  }

  void tell_changes(const sight& before, const sight& now) const {
    for (const auto& [who, text] : now.alerts)
      if (!before.alerts.contains(who))
        tell("alert", who, text);
    for (const auto& [who, text] : before.alerts)
      if (!now.alerts.contains(who))
        tell("alert-over", who, "");
    for (const auto& [who, count] : now.restarts) {
      const auto known = before.restarts.find(who);
      if (count > (known == before.restarts.end() ? 0 : known->second))
        tell("restart", who, now.last_errors.at(who));
    }
    if (now.checkpoints > before.checkpoints)
      tell("checkpoint", "database",
           std::to_string(now.checkpoints) + " since its start");
  }

private:
  bool json_;
};

} // namespace

exit_code run_watch(wire::client& service, const request& asked) {
  const auto& where = service.name();
  const teller out{asked.json};
  auto seen = sight_of(service);
  if (!seen)
    return refuse(seen.error());
  out.tell("watching", where, "");
  // What is wrong already is news for whoever begins to look.
  out.tell_changes({{}, seen->restarts, {}, seen->checkpoints}, *seen);
  for (auto there = true; flush_printed();) {
    std::this_thread::sleep_for(pause);
    auto now = sight_of(service);
    if (now) {
      out.tell_changes(*seen, *now);
      seen = std::move(now);
      continue;
    }
    if (there)
      out.tell("lost", where, text_of(now.error()));
    there = !service.connect();
    if (there)
      out.tell("connected", where, "");
  }
  return done;
}

} // namespace sluice::ctl
