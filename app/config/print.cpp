#include "app/config/print.hpp"

#include "app/config/keys.hpp"
#include "app/config/text.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace sluice::config {

namespace {

constexpr std::string_view usage =
  R"(Sluice holds small writes back for a promised time and lets them through in few.

Usage: sluiced [--config-file=FILE] [--KEY=VALUE]...
       sluiced [--config-file=FILE] [--KEY=VALUE]... --print-config
       sluiced --help | --version | --print-config[=markdown]

SIGTERM and SIGINT stop it: it drains what it holds, tells what it drained, and exits
with 0, or with 1 if something could not be brought to disk. Other exit codes: 2 an
invalid setting, 3 the data directory is in use or cannot be read, 4 the address is in
use. SIGHUP has it read FILE again, and begin a new log if its own was renamed.

--print-config beside other options prints what a start with these would use, and which
layer each value comes from; by itself, a file with every key to begin with.

Values, weakest first: defaults, profile, file, environment, command line.
Environment: SECURECLAW_DEBOUNCED_SESSION_WRITES, SECURECLAW_WS_MESSAGE_BATCHING
(true, 1, false, 0), SECURECLAW_SESSION_CACHE_TTL_MS (milliseconds, 0 is off).

)";

constexpr std::string_view gate_usage =
  R"(The gate of Sluice: lets sluicectl of other machines look into the service of this.

Usage: sluice-gate [--config-file=FILE] [--KEY=VALUE]...
       sluice-gate --help | --version

Who comes must show a certificate of gate.ca-file that is made for a client. SIGTERM
and SIGINT end it. Exit codes: 0, 2 an invalid setting, 4 the address is in use.
It reads all that sluiced reads, and uses:

)";

constexpr std::string_view ini_head =
  R"(; This file holds every key of sluiced with its default. It is what
; `sluiced --print-config` prints. The keys of [gate] are for sluice-gate, which
; reads the same file.
; To set a value, take the ; from its line. Then start with --config-file=FILE.
; The environment and the command line are stronger than this file (--http.port=3000).
)";

constexpr std::string_view markdown_head = R"(# Configuration

`sluice.ini` holds every key with its default. `sluiced --print-config` makes that file,
and `sluiced --print-config=markdown` makes this page. A test compares them.

Values come in layers. Each layer is stronger than those before it:

1. the defaults
2. the profile
3. the file that `--config-file=FILE` names
4. the environment
5. the command line (`--http.port=3000`)

The service reads no file that was not named. These stop the start with exit code 2: an
unknown key, a wrong type, a value out of range, and a word left over. One line names the
key, the value and what is allowed:

```
invalid setting http.plain = maybe (command line): allowed is true or false
```

The file is CAF's INI. Keys without a dot stand before the first `[section]`. Strings are
in double quotes, lists are `["a", "b"]`, and comments stand after `;`. On the command
line strings stand bare, and lists have commas. An example of such a file:

```ini
data-dir="/var/lib/sluice"
[http]
port=3000
hosts=["pi.local", "localhost:8080"] ; as --http.hosts=pi.local,localhost:8080
```

Three environment variables have the names that the system which Sluice implements
documents:

- `SECURECLAW_DEBOUNCED_SESSION_WRITES` is for `session.debounce`. `false` or `0` sets it
  to `0s`. `true` or `1` sets it to its default, if a weaker layer has set it to `0s`.
- `SECURECLAW_WS_MESSAGE_BATCHING` is for `websocket.batching`. It is `true`, `1`, `false`
  or `0`.
- `SECURECLAW_SESSION_CACHE_TTL_MS` is for `session.cache-ttl`, in milliseconds. `0` is
  off.
)";

// As JSON, and CAF's INI, spell it.
struct spelling {
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }

  std::string operator()(uint64_t number) const { return std::to_string(number); }

  std::string operator()(caf::timespan span) const { return print_time(span); }

  std::string operator()(const std::string& text) const { return quoted(text); }

  std::string operator()(const std::vector<std::string>& items) const {
    std::string result;
    for (const auto& item : items)
      result += (result.empty() ? "" : ", ") + quoted(item);
    return '[' + result + ']';
  }
};

std::string default_of(const key& which) {
  return std::visit(spelling{}, load(which, settings{}));
}

std::string json_value(const key& which, const settings& from) {
  const auto what = load(which, from);
  if (const auto* span = std::get_if<caf::timespan>(&what))
    return quoted(print_time(*span));
  const auto none = what == value{std::string{}} || what == value{uint64_t{0}};
  if (none && !which.accepts.when_none.empty() && load(which, settings{}) == what)
    return "null";
  return std::visit(spelling{}, what);
}

// `http.port` is `port` in the section `http`.
std::pair<std::string_view, std::string_view> split_name(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == name.npos)
    return {{}, name};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

void print_key(std::string& out, const key& which) {
  fmt::format_to(std::back_inserter(out), "  --{}={}\n      {}; {}\n", which.name,
                 default_of(which), which.meaning, allowed(which));
}

void print_presets(std::string& out) {
  out += "\n## Profiles\n\n| profile | key | value | why |\n| --- | --- | --- | --- |\n";
  for (const auto& each : presets())
    fmt::format_to(std::back_inserter(out), "| `{}` | `{}` | `{}` | {} |\n", each.profile,
                   each.key, each.text, each.why);
  out += "\n`embedded` is the defaults. `production` needs PostgreSQL, and is refused "
         "until that is there.\n";
}

} // namespace

std::string help_text() {
  std::string out{usage};
  for (const auto& each : keys())
    print_key(out, each);
  return out;
}

std::string gate_help_text() {
  std::string out{gate_usage};
  for (const auto& each : keys())
    if (each.name.starts_with("gate.") || each.name.starts_with("introspection.")
        || each.name == "data-dir")
      print_key(out, each);
  return out;
}

std::string ini_text() {
  std::string out{ini_head};
  std::string_view open_section;
  for (const auto& each : keys()) {
    const auto [section, name] = split_name(each.name);
    if (section != open_section)
      fmt::format_to(std::back_inserter(out), "\n[{}]\n", section);
    open_section = section;
    fmt::format_to(std::back_inserter(out), "\n; {}\n; {}\n;{}={}\n", each.meaning,
                   allowed(each), name, default_of(each));
  }
  return out;
}

std::string effective_text(const configuration& from) {
  std::string out;
  std::string_view open_section;
  for (const auto& each : keys()) {
    const auto [section, name] = split_name(each.name);
    if (section != open_section)
      fmt::format_to(std::back_inserter(out), "\n[{}]\n", section);
    open_section = section;
    fmt::format_to(std::back_inserter(out), "{}={} ; {}\n", name,
                   std::visit(spelling{}, load(each, from.settings)),
                   source_of(each, from));
  }
  return out;
}

std::string markdown_text() {
  std::string out{markdown_head};
  out +=
    "\n## Keys\n\n| key | default | allowed | meaning |\n| --- | --- | --- | --- |\n";
  for (const auto& each : keys())
    fmt::format_to(std::back_inserter(out), "| `{}` | `{}` | {} | {} |\n", each.name,
                   default_of(each), allowed(each), each.meaning);
  print_presets(out);
  return out;
}

setting setting_of(const key& which, const configuration& from) {
  return {std::string{which.name}, json_value(which, from.settings),
          source_of(which, from), which.live};
}

std::string source_of(const key& which, const configuration& from) {
  const auto source = from.sources.find(which.name);
  return to_string(source == from.sources.end() ? layer::fallback : source->second);
}

std::string json_text(const configuration& from) {
  std::string out;
  for (const auto& each : keys()) {
    const auto now = setting_of(each, from);
    fmt::format_to(
      std::back_inserter(out), R"({}{}:{{"value":{},"source":"{}","live":{}}})",
      out.empty() ? '{' : ',', quoted(now.key), now.value, now.source, now.live);
  }
  return out += '}';
}

} // namespace sluice::config
