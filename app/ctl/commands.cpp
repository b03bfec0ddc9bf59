#include "app/ctl/commands.hpp"

#include "app/ctl/actor_table.hpp"
#include "app/ctl/stats_text.hpp"
#include "app/ctl/text.hpp"
#include "app/http/ledger_json.hpp"
#include "app/http/metrics_json.hpp"
#include "app/http/stats_json.hpp"
#include "app/printable.hpp"
#include "app/standard_streams.hpp"

#include <fmt/core.h>

#include <functional>
#include <map>
#include <string>

namespace sluice::ctl {

namespace {

using wire::client;

constexpr auto telling = std::chrono::seconds{15};
constexpr auto working = std::chrono::seconds{90};

/// Prints the answer in one of the two ways.
template <class Answer, class AsJson, class AsText>
exit_code tell(const caf::expected<Answer>& answer, bool json, AsJson as_json,
               AsText as_text) {
  if (!answer)
    return refuse(answer.error());
  print((json ? as_json(*answer) : as_text(*answer)) + '\n');
  return done;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string result;
  for (const auto& each : lines)
    result += (result.empty() ? "" : "\n") + each;
  return result;
}

// -- looking ----------------------------------------------------------------------------

exit_code tell_status(client& service, const request& asked) {
  return tell(service.ask<service_status>(telling, atom::survey_v), asked.json,
              status_json, status_text);
}

exit_code tell_actors(client& service, const request& asked) {
  return tell(service.ask<actor_listing>(telling, atom::actors_v, true), asked.json,
              actors_json,
              [](const auto& x) { return joined(actor_lines(x, order::tree)); });
}

exit_code tell_stats(client& service, const request& asked) {
  const auto& what = asked.words[0];
  if (what == "log")
    return tell(service.ask<std::vector<named_log_stats>>(telling, atom::logs_v),
                asked.json, logs_json, logs_text);
  if (what == "session")
    return tell(service.ask<session_stats>(telling, atom::stores_v), asked.json,
                http::sessions_json, sessions_text);
  if (what == "database")
    return tell(
      service.ask<database_numbers>(telling, atom::database_v), asked.json,
      [](const auto& x) { return http::database_json(x.database, x.queue); },
      database_text);
  if (what == "websocket")
    return tell(service.ask<std::vector<ws_connection_stats>>(telling, atom::clients_v),
                asked.json, http::connections_json, clients_text);
  return tell(service.ask<metrics_window>(telling, atom::snapshot_v), asked.json,
              http::window_json, window_text);
}

exit_code tell_history(client& service, const request& asked) {
  return tell(service.ask<std::vector<metrics_window>>(telling, atom::history_v),
              asked.json, http::windows_json, history_text);
}

exit_code tell_ledger(client& service, const request& asked) {
  return tell(service.ask<ledger_report>(telling, atom::ledger_v), asked.json,
              http::ledger_json, ledger_text);
}

exit_code tell_settings(client& service, const request& asked) {
  const auto key = asked.words.empty() ? std::string{} : asked.words[0];
  return tell(
    service.ask<std::vector<setting>>(telling, atom::get_v, key), asked.json,
    [&key](const auto& x) { return key.empty() ? settings_json(x) : setting_json(x[0]); },
    [](const auto& x) {
      table lines;
      for (const auto& each : x)
        lines.add(
          {each.key, each.value, "  " + each.source + (each.live ? ", live" : "")});
      return joined(lines.lines());
    });
}

// -- touching ---------------------------------------------------------------------------

flush_target target_named(const std::string& word) {
  for (auto each : {flush_target::logs, flush_target::sessions, flush_target::queue,
                    flush_target::websocket})
    if (to_string(each) == word)
      return each;
  return flush_target::all;
}

exit_code flush(client& service, const request& asked) {
  const auto what = target_named(asked.words.empty() ? "all" : asked.words[0]);
  return tell(
    service.ask<flush_report>(working, atom::flush_v, what), asked.json,
    [](const auto& x) { return fmt::format(R"({{"flushed":{}}})", x.flushed); },
    [](const auto& x) { return fmt::format("flushed {}", x.flushed); });
}

exit_code checkpoint(client& service, const request& asked) {
  auto mode = checkpoint_mode::passive;
  for (auto each :
       {checkpoint_mode::full, checkpoint_mode::restart, checkpoint_mode::truncate})
    if (!asked.words.empty() && to_string(each) == asked.words[0])
      mode = each;
  return tell(service.ask<checkpoint_report>(working, atom::checkpoint_v, mode),
              asked.json, checkpoint_json, checkpoint_text);
}

/// Who asks is for the other side to tell.
exit_code set(client& service, const request& asked) {
  return tell(service.ask<setting>(telling, atom::put_v, asked.words[0], asked.words[1],
                                   std::string{}),
              asked.json, setting_json, [](const auto& x) {
                return printable(
                  fmt::format("{} = {} from the next window on", x.key, x.value));
              });
}

exit_code restart(client& service, const request& asked) {
  return tell(
    service.ask<std::string>(telling, atom::restart_v, asked.words[0]), asked.json,
    [](const auto& x) {
      http::json_writer json;
      return json.open_object().member("restarted", x).close_object().take();
    },
    [](const auto& x) { return printable(x) + " is started anew"; });
}

exit_code acknowledge(client& service, const request& asked) {
  return tell(
    service.ask<bool>(telling, atom::confirm_v, asked.words[0]), asked.json,
    [&asked](bool) {
      http::json_writer json;
      return json.open_object()
        .member("acknowledged", asked.words[0])
        .close_object()
        .take();
    },
    [&asked](bool) { return printable(asked.words[0]) + " is acknowledged"; });
}

} // namespace

exit_code refuse(const caf::error& why) {
  print_error("sluicectl: " + printable(text_of(why)) + '\n');
  return refused;
}

exit_code run_command(client& service, const request& asked) {
  using command = exit_code (*)(client&, const request&);
  static const std::map<std::string, command> all = {
    {"status", tell_status},   {"actors", tell_actors},      {"stats", tell_stats},
    {"history", tell_history}, {"ledger", tell_ledger},      {"get", tell_settings},
    {"flush", flush},          {"checkpoint", checkpoint},   {"set", set},
    {"restart", restart},      {"acknowledge", acknowledge},
  };
  return all.at(asked.command)(service, asked);
}

} // namespace sluice::ctl
