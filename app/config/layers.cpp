#include "app/config/layers.hpp"

#include "actors/storage/regular_file.hpp"
#include "app/config/ini_file.hpp"
#include "app/config/invalid.hpp"
#include "app/config/keys.hpp"
#include "app/config/text.hpp"
#include "messages/error.hpp"

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

namespace sluice::config {

namespace {

constexpr size_t file_bytes_max = 1 << 20;

constexpr const char* debounced_variable = "SECURECLAW_DEBOUNCED_SESSION_WRITES";
constexpr const char* batching_variable = "SECURECLAW_WS_MESSAGE_BATCHING";
constexpr const char* cache_variable = "SECURECLAW_SESSION_CACHE_TTL_MS";

caf::error invalid_variable(const char* name, const char* text,
                            std::string_view allowed) {
  return invalid(std::string{name} + " = " + shown(text) + " (environment): allowed is "
                 + std::string{allowed});
}

std::optional<bool> read_variable_switch(std::string_view text) {
  if (text == "true" || text == "1")
    return true;
  if (text == "false" || text == "0")
    return false;
  return std::nullopt;
}

// What a switch is set to; nothing where it is not set.
caf::expected<std::optional<bool>> switch_variable(const environment& variables,
                                                   const char* name) {
  const auto* text = variables(name);
  if (text == nullptr)
    return std::optional<bool>{};
  auto flag = read_variable_switch(text);
  if (!flag)
    return invalid_variable(name, text, "true, 1, false or 0");
  return flag;
}

// Adds a value that Sluice itself spells; false if the key does not accept it.
bool assign(assignments& to, std::string_view name, std::string_view text) {
  const auto* which = find_key(name);
  auto what = read(*which, text);
  if (what)
    to.push_back({which, std::move(*what)});
  return what.has_value();
}

caf::error read_option(command_line& into, std::string_view option) {
  constexpr std::string_view where = "command line";
  const auto equals = option.find('=');
  const auto name = option.substr(2, equals == option.npos ? equals : equals - 2);
  const auto text =
    equals == option.npos ? std::string_view{} : option.substr(equals + 1);
  if (name == "config-file") {
    if (!into.file.empty() || text.empty())
      return invalid("config-file = " + shown(text)
                     + " (command line): allowed is the path of one file");
    into.file = text;
    return caf::none;
  }
  const auto* which = find_key(name);
  if (which == nullptr)
    return unknown_key(name, text, where);
  if (equals == option.npos)
    return invalid(std::string{name} + " (command line): allowed is --"
                   + std::string{name} + "=VALUE, " + allowed(*which));
  auto what = read(*which, text);
  if (!what)
    return invalid_value(*which, text, where);
  into.values.push_back({which, std::move(*what)});
  return caf::none;
}

std::optional<command> command_of(std::string_view argument) {
  if (argument == "--help" || argument == "-h")
    return command::help;
  if (argument == "--version")
    return command::version;
  if (argument == "--print-config")
    return command::print_ini;
  if (argument == "--print-config=markdown")
    return command::print_markdown;
  return std::nullopt;
}

} // namespace

caf::expected<command_line> read_command_line(const std::vector<std::string>& arguments) {
  command_line result;
  for (const auto& argument : arguments) {
    if (auto what = command_of(argument)) {
      result.what = *what;
      continue;
    }
    if (!argument.starts_with("--"))
      return invalid(shown(argument) + " (command line): allowed is --KEY=VALUE");
    if (auto err = read_option(result, argument))
      return err;
  }
  return result;
}

caf::expected<assignments> read_file(const std::string& file) {
  const auto text = read_regular(file, {file_bytes_max, true});
  if (!text)
    return invalid("config-file = " + shown(file)
                   + " (command line): allowed is a file of 1 MiB at most that can be "
                     "read again: "
                   + text_of(text.error()));
  if (!*text)
    return invalid("config-file = " + shown(file)
                   + " (command line): it cannot be read: " + std::strerror(ENOENT));
  auto entries = read_ini(shown(file), **text);
  if (!entries)
    return entries.error();
  assignments result;
  for (auto& entry : *entries)
    result.push_back({entry.which, std::move(entry.what)});
  return result;
}

caf::expected<assignments> read_environment(const environment& variables,
                                            const settings& weaker) {
  assignments result;
  auto debounced = switch_variable(variables, debounced_variable);
  if (!debounced)
    return debounced.error();
  if (*debounced == false)
    assign(result, "session.debounce", "0s");
  else if (*debounced == true && weaker.session.debounce == caf::timespan::zero())
    assign(result, "session.debounce", print_time(settings{}.session.debounce));
  auto batching = switch_variable(variables, batching_variable);
  if (!batching)
    return batching.error();
  if (*batching)
    assign(result, "websocket.batching", **batching ? "true" : "false");
  const auto* ttl = variables(cache_variable);
  if (ttl != nullptr && !assign(result, "session.cache-ttl", ttl + std::string{"ms"}))
    return invalid_variable(cache_variable, ttl,
                            "milliseconds from 1 to 315360000000, or 0 (off)");
  return result;
}

caf::expected<assignments> read_profile(const std::string& name) {
  if (name == "production")
    return invalid("profile = production: it needs PostgreSQL, which is not there yet; "
                   "allowed are minimal, embedded and raspberry-pi");
  assignments result;
  for (const auto& preset : presets())
    if (preset.profile == name)
      assign(result, preset.key, preset.text);
  return result;
}

} // namespace sluice::config
