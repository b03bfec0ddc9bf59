// The layers of the configuration, how values are spelled, and what is refused.
#define CAF_SUITE config

#include "app/config/ini_file.hpp"
#include "app/config/keys.hpp"
#include "app/config/load.hpp"
#include "app/config/print.hpp"
#include "app/config/text.hpp"
#include "messages/error.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;
using namespace sluice::config;
using namespace std::chrono_literals;

using variables = std::map<std::string, std::string>;

caf::expected<configuration> loaded(const std::vector<std::string>& arguments,
                                    const variables& set = {}) {
  return load_all(arguments, [&](const char* name) -> const char* {
    const auto hit = set.find(name);
    return hit == set.end() ? nullptr : hit->second.c_str();
  });
}

// A configuration file, for as long as the object lives.
class temporary_file {
public:
  explicit temporary_file(const std::string& text) {
    ::close(::mkstemp(path_));
    std::ofstream{path_} << text;
  }

  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;

  ~temporary_file() { ::unlink(path_); }

  std::string option() const { return std::string{"--config-file="} + path_; }

private:
  char path_[32] = "/tmp/sluice-config-XXXXXX";
};

// The one line that refuses, or "accepted".
std::string refusal(const std::vector<std::string>& arguments,
                    const variables& set = {}) {
  auto result = loaded(arguments, set);
  return result ? "accepted" : text_of(result.error());
}

std::string refusal_of_file(const std::string& text) {
  auto result = read_ini("x.ini", text);
  return result ? "accepted" : text_of(result.error());
}

layer source(const configuration& from, std::string_view name) {
  const auto hit = from.sources.find(name);
  return hit == from.sources.end() ? layer::fallback : hit->second;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

#define REFUSES(text, part)                                                              \
  do {                                                                                   \
    const std::string line = (text);                                                     \
    CAF_CHECK_EQUAL(line.substr(0, 16), "invalid setting ");                             \
    CAF_CHECK_EQUAL(line.find('\n'), std::string::npos);                                 \
    if (!contains(line, part))                                                           \
      CAF_ERROR("expected " << part << " in " << line);                                  \
  } while (false)

} // namespace

CAF_TEST(every key has a default that it accepts itself) {
  for (const auto& each : keys())
    CAF_CHECK(each.name == "http.address" || accepts(each, load(each, settings{})));
}

CAF_TEST(no two keys have the same name or the same field) {
  settings whole;
  std::map<std::string_view, int> names;
  std::map<const void*, int> fields;
  for (const auto& each : keys()) {
    CAF_CHECK_EQUAL(++names[each.name], 1);
    std::visit([&](const auto* where) { CAF_CHECK_EQUAL(++fields[where], 1); },
               each.where(whole));
  }
}

CAF_TEST(what is stored in a key is loaded from it) {
  settings whole;
  store(*find_key("http.port"), whole, value{uint64_t{65'535}});
  CAF_CHECK_EQUAL(whole.http.port, 65'535);
  CAF_CHECK(load(*find_key("http.port"), whole) == value{uint64_t{65'535}});
}

CAF_TEST(every preset names a key and a value that it accepts) {
  for (const auto& each : presets()) {
    const auto* which = find_key(each.key);
    CAF_REQUIRE(which != nullptr);
    CAF_CHECK(read(*which, each.text).has_value());
  }
}

CAF_TEST(times are whole numbers with a unit from one millisecond to ten years) {
  CAF_CHECK(read_time("5min") == caf::timespan{5min});
  CAF_CHECK(read_time("87600h") == time_max);
  CAF_CHECK(read_time("1000000ns") == time_min);
  CAF_CHECK(read_time("0s") == caf::timespan{0});
  for (auto bad : {"", "5", "s", "5m", "5 s", "1.5s", "-1s", "+1s", "05s", "1h1min",
                   "87601h", "5124095576h", "99999999999999999999s"})
    CAF_CHECK(!read_time(bad));
  const auto& window = *find_key("log.flush-interval");
  CAF_CHECK(read(window, "1ms").has_value());
  CAF_CHECK(!read(window, "999us").has_value());
  CAF_CHECK(!read(window, "0s").has_value());
}

CAF_TEST(times are printed in their largest whole unit) {
  CAF_CHECK_EQUAL(print_time(5s), "5s");
  CAF_CHECK_EQUAL(print_time(60s), "1min");
  CAF_CHECK_EQUAL(print_time(90min), "90min");
  CAF_CHECK_EQUAL(print_time(24h * 30), "720h");
  CAF_CHECK_EQUAL(print_time(1500ms), "1500ms");
  CAF_CHECK_EQUAL(print_time(0s), "0s");
}

CAF_TEST(numbers keep to their bounds) {
  const auto check = [](const char* name, const char* least, const char* below,
                        const char* most, const char* above) {
    const auto& which = *find_key(name);
    CAF_CHECK(read(which, least).has_value());
    CAF_CHECK(read(which, most).has_value());
    CAF_CHECK(!read(which, below).has_value());
    CAF_CHECK(!read(which, above).has_value());
  };
  check("http.port", "0", "-1", "65535", "65536");
  check("log.max-entries", "1", "0", "10000000", "10000001");
  check("log.max-bytes", "4096", "4095", "1099511627776", "1099511627777");
}

CAF_TEST(without any layer everything has its default) {
  auto result = loaded({});
  CAF_REQUIRE(result);
  CAF_CHECK(result->sources.empty());
  CAF_CHECK_EQUAL(result->settings.sqlite.path, "var/sluice.db");
  CAF_CHECK_EQUAL(result->settings.session.debounced, true);
}

CAF_TEST(the stronger layer wins) {
  const temporary_file file{
    "profile=\"minimal\"\n[log]\nmax-entries=7\n[session]\ncache-ttl=9s\n"
    "[http]\nport=1\n"};
  const variables set = {{"SECURECLAW_SESSION_CACHE_TTL_MS", "1500"}};
  auto result = loaded({file.option(), "--http.port=2", "--http.port=3"}, set);
  CAF_REQUIRE(result);
  CAF_CHECK_EQUAL(result->settings.log.max_entries, 7u);
  CAF_CHECK(source(*result, "log.max-entries") == layer::file);
  CAF_CHECK(result->settings.log.flush_interval == caf::timespan{3s});
  CAF_CHECK(source(*result, "log.flush-interval") == layer::profile);
  CAF_CHECK_EQUAL(result->settings.sqlite.cache_kib, 2000u);
  CAF_CHECK(result->settings.session.cache_ttl == caf::timespan{1500ms});
  CAF_CHECK(source(*result, "session.cache-ttl") == layer::environment);
  CAF_CHECK_EQUAL(result->settings.http.port, 3);
  CAF_CHECK(source(*result, "http.port") == layer::command_line);
  CAF_CHECK(source(*result, "http.plain") == layer::fallback);
}

CAF_TEST(the profile of the command line beats the profile of the file) {
  const temporary_file file{"profile=\"minimal\"\n"};
  auto result = loaded({file.option(), "--profile=raspberry-pi"});
  CAF_REQUIRE(result);
  CAF_CHECK(result->settings.log.flush_interval == caf::timespan{30s});
  CAF_CHECK_EQUAL(result->settings.sqlite.cache_kib, 10'000u);
}

CAF_TEST(the environment switches debouncing off and on) {
  const auto debounce = [](const char* text, std::vector<std::string> arguments) {
    auto result = loaded(arguments, {{"SECURECLAW_DEBOUNCED_SESSION_WRITES", text}});
    CAF_REQUIRE(result);
    CAF_CHECK_EQUAL(result->settings.session.debounced,
                    result->settings.session.debounce != caf::timespan{0});
    return result->settings.session.debounce;
  };
  const temporary_file off{"[session]\ndebounce=0s\n"};
  const temporary_file on{"[session]\ndebounce=7s\n"};
  CAF_CHECK(debounce("false", {on.option()}) == caf::timespan{0});
  CAF_CHECK(debounce("0", {}) == caf::timespan{0});
  CAF_CHECK(debounce("true", {off.option()}) == caf::timespan{2s});
  CAF_CHECK(debounce("1", {on.option()}) == caf::timespan{7s});
  CAF_CHECK(debounce("false", {"--session.debounce=4s"}) == caf::timespan{4s});
}

CAF_TEST(the environment sets batching and the cache) {
  auto result = loaded({}, {{"SECURECLAW_WS_MESSAGE_BATCHING", "0"},
                            {"SECURECLAW_SESSION_CACHE_TTL_MS", "0"}});
  CAF_REQUIRE(result);
  CAF_CHECK_EQUAL(result->settings.websocket_batching, false);
  CAF_CHECK(result->settings.session.cache_ttl == caf::timespan{0});
}

CAF_TEST(any other value in the environment is refused) {
  for (auto name : {"SECURECLAW_DEBOUNCED_SESSION_WRITES",
                    "SECURECLAW_WS_MESSAGE_BATCHING", "SECURECLAW_SESSION_CACHE_TTL_MS"})
    for (auto text : {"", "yes", "TRUE", "01", " 1", "-1", "1.5", "315360000001"})
      REFUSES(refusal({}, {{name, text}}), name);
}

CAF_TEST(a wrong option is refused with its key and value and what is allowed) {
  REFUSES(refusal({"--http.port=70000"}),
          "http.port = 70000 (command line): allowed is a whole number from 0 to 65535");
  REFUSES(refusal({"--http.prot=1"}), "the nearest is http.port");
  REFUSES(refusal({"--http.port"}), "--http.port=VALUE");
  REFUSES(refusal({"--http.port", "3000"}), "http.port");
  REFUSES(refusal({"serve"}), "allowed is --KEY=VALUE");
  REFUSES(refusal({"--http.plain=yes"}), "true or false");
  REFUSES(refusal({"--sqlite.synchronous=NORMAL"}), "off, normal, full or extra");
  REFUSES(refusal({"--data-dir="}), "data-dir");
  REFUSES(refusal({"--data-dir=a\nb"}), "a?b");
  REFUSES(refusal({"--database.type=postgresql"}), "sqlite");
  REFUSES(refusal({"--http.hosts=a,,b"}), "a list of names");
  REFUSES(refusal({"--"}), "there is no such key");
}

CAF_TEST(the profile for production is refused until there is PostgreSQL) {
  REFUSES(refusal({"--profile=production"}), "PostgreSQL");
}

CAF_TEST(a file that cannot be read is refused) {
  REFUSES(refusal({"--config-file=/nowhere/x.ini"}), "No such file");
  REFUSES(refusal({"--config-file=/tmp"}), "directory");
  REFUSES(refusal({"--config-file="}), "one file");
  const temporary_file file{""};
  CAF_CHECK_EQUAL(refusal({file.option()}), "accepted");
  REFUSES(refusal({file.option(), file.option()}), "one file");
  REFUSES(refusal({temporary_file{std::string((1 << 20) + 1, ';')}.option()}), "1 MiB");
}

CAF_TEST(a file may hold comments and lists over several lines) {
  auto entries = read_ini("x.ini", "; first\ndata-dir = \"a;b\" ; why\n[http]\n"
                                   "hosts=[\"a\", ; one\n \"b\"\n]\nport=5");
  CAF_REQUIRE(entries);
  CAF_REQUIRE_EQUAL(entries->size(), 3u);
  CAF_CHECK((*entries)[0].what == value{std::string{"a;b"}});
  CAF_CHECK((*entries)[1].what == value{std::vector<std::string>{"a", "b"}});
  CAF_CHECK((*entries)[2].what == value{uint64_t{5}});
}

CAF_TEST(words after a value are refused) {
  REFUSES(refusal_of_file("[http]\nport=1 foo\n"), "http.port = 1 foo (x.ini line 2)");
  REFUSES(refusal_of_file("[http]\nplain=truely\n"), "http.plain");
  REFUSES(refusal_of_file("data-dir=\"x\" \"y\"\n"), "data-dir");
  REFUSES(refusal_of_file("[http] port=1\n"), "on a line of its own");
  REFUSES(refusal_of_file("[http]]\n"), "allowed are");
}

CAF_TEST(what CAF drops at the end of a file is refused) {
  REFUSES(refusal_of_file("[http]\nport="), "http.port");
  REFUSES(refusal_of_file("[http]\nport"), "port (x.ini line 2)");
  REFUSES(refusal_of_file("[http"), "[http");
  REFUSES(refusal_of_file("data-dir=\"abc"), "data-dir");
  REFUSES(refusal_of_file("[http]\nhosts=[\"a\",\n"), "http.hosts");
  REFUSES(refusal_of_file("[log]\nflush-interval=1m"), "log.flush-interval");
}

CAF_TEST(a key that stands twice is refused even across sections) {
  REFUSES(refusal_of_file("[http]\nport=1\nport=2\n"), "already in line 2");
  REFUSES(refusal_of_file("[http]\nport=1\n[log]\nsync=true\n[http]\nport=1\n"),
          "already in line 2");
  CAF_CHECK_EQUAL(refusal_of_file("[http]\nport=1\n[log]\n[http]\nplain=true\n"),
                  "accepted");
}

CAF_TEST(numbers that CAF reads otherwise than people do are refused) {
  for (auto text : {"010", "0x1F", "0b1", "+5", "-5", "5.0", "1e3", "1min", "\"5\""})
    REFUSES(refusal_of_file(std::string{"[http]\nport="} + text), text);
  for (auto text : {"5124095576h", "5m", "5", "1.5s", "5 s", "\"5s\"", "05s", "5d"})
    REFUSES(refusal_of_file(std::string{"[log]\nflush-interval="} + text), text);
  REFUSES(refusal_of_file("[log]\nmax-bytes=64KiB\n"), "64KiB");
}

CAF_TEST(text without double quotes is refused) {
  for (auto text : {"abc", "'abc'", "<abc>", "5", "true", "[\"abc\"]"})
    REFUSES(refusal_of_file(std::string{"data-dir="} + text), "in double quotes");
  REFUSES(refusal_of_file("[session]\nmaintenance=enforce\n"), "in double quotes");
  REFUSES(refusal_of_file("[http]\nhosts=[1]\n"), "http.hosts");
}

CAF_TEST(unknown keys and sections are refused) {
  REFUSES(refusal_of_file("dir=\"x\"\n"), "the nearest is");
  REFUSES(refusal_of_file("[htpp]\n"), "there is no such section");
  REFUSES(refusal_of_file("[global]\n"), "there is no such section");
  REFUSES(refusal_of_file("[http.x]\n"), "there is no such section");
  REFUSES(refusal_of_file("[http]\ndata-dir=\"x\"\n"), "http.data-dir");
  REFUSES(refusal_of_file("http.port=1\n"), "allowed are");
  REFUSES(refusal_of_file("http=3\n[http]\nport=1\n"), "http = 3");
  REFUSES(refusal_of_file("http { port=1 }\n"), "on a line of its own");
  REFUSES(refusal_of_file("http={ port=1 }\n"), "there is no such key");
  REFUSES(refusal_of_file("# comment\n"), "allowed are");
}

CAF_TEST(bytes that are no text are refused) {
  REFUSES(refusal_of_file(std::string("[http]\nport=1\0\nplain=true\n", 25)), "control");
  REFUSES(refusal_of_file("[http]\r\nport=1\r\n"), "control");
  REFUSES(refusal_of_file("data-dir=\"\xff\"\n"), "UTF-8");
  REFUSES(refusal({"--data-dir=\xc3"}), "data-dir");
  CAF_CHECK_EQUAL(refusal({"--data-dir=gr\xc3\xb6\xc3\x9f"}), "accepted");
}

CAF_TEST(beyond loopback a token and either TLS or consent are needed) {
  const std::string everywhere = "--http.address=0.0.0.0";
  REFUSES(refusal({everywhere}), "http.token-file");
  REFUSES(refusal({everywhere, "--http.plain=true"}), "http.token-file");
  REFUSES(refusal({everywhere, "--http.token-file=t"}), "http.plain = true");
  CAF_CHECK_EQUAL(refusal({everywhere, "--http.token-file=t", "--http.plain=true"}),
                  "accepted");
  CAF_CHECK_EQUAL(
    refusal({everywhere, "--http.token-file=t", "--http.certificate=c", "--http.key=k"}),
    "accepted");
  REFUSES(refusal({"--http.address=::"}), "http.token-file");
  for (auto own : {"127.0.0.1", "127.255.255.254", "::1"})
    CAF_CHECK_EQUAL(refusal({std::string{"--http.address="} + own}), "accepted");
  for (auto bad : {"localhost", "127.0.0", "127.0.0.1:80", "[::1]"})
    REFUSES(refusal({std::string{"--http.address="} + bad}), "an IPv4 or IPv6 address");
}

CAF_TEST(settings that need each other are refused alone) {
  REFUSES(refusal({"--http.certificate=c"}), "http.key");
  REFUSES(refusal({"--http.key=k"}), "http.certificate");
  REFUSES(refusal({"--http.address="}), "http.socket");
  CAF_CHECK_EQUAL(refusal({"--http.address=", "--http.socket=s"}), "accepted");
  CAF_CHECK_EQUAL(refusal({"--http.socket=" + std::string(107, 's')}), "accepted");
  REFUSES(refusal({"--http.socket=" + std::string(108, 's')}), "107 bytes");
}

CAF_TEST(the printed file with every key set is read back as the defaults) {
  std::string text = ini_text();
  for (const auto& each : keys()) {
    const auto name = std::string{each.name.substr(each.name.find('.') + 1)};
    const auto at = text.find("\n;" + name + '=');
    CAF_REQUIRE_NOT_EQUAL(at, std::string::npos);
    text.erase(at + 1, 1);
  }
  auto entries = read_ini("printed", text);
  CAF_REQUIRE(entries);
  CAF_CHECK_EQUAL(entries->size(), keys().size());
  for (const auto& each : *entries)
    CAF_CHECK(each.what == load(*each.which, settings{}));
}

CAF_TEST(the answer for programs tells value and source of every key) {
  auto result = loaded({"--http.port=0", "--http.hosts=a,b", "--data-dir=a\"b\\c"},
                       {{"SECURECLAW_DEBOUNCED_SESSION_WRITES", "0"}});
  CAF_REQUIRE(result);
  const auto text = json_text(*result);
  for (const auto& each : keys())
    CAF_CHECK(contains(text, quoted(each.name) + ":{\"value\":"));
  for (auto part :
       {R"("http.port":{"value":0,"source":"command-line","live":false})",
        R"("http.hosts":{"value":["a", "b"],"source":"command-line","live":false})",
        R"("data-dir":{"value":"a\"b\\c","source":"command-line","live":false})",
        R"("session.debounce":{"value":"0s","source":"environment","live":false})",
        R"("session.prune-after":{"value":"720h","source":"default","live":false})",
        R"("http.socket":{"value":null,"source":"default","live":false})"})
    if (!contains(text, part))
      CAF_ERROR("expected " << part);
}

CAF_TEST(a question is answered before anything else is looked at) {
  const auto asked = [](const char* option) { return loaded({option})->what; };
  CAF_CHECK(asked("--help") == command::help);
  CAF_CHECK(asked("-h") == command::help);
  CAF_CHECK(asked("--version") == command::version);
  CAF_CHECK(asked("--print-config") == command::print_ini);
  CAF_CHECK(asked("--print-config=markdown") == command::print_markdown);
}
