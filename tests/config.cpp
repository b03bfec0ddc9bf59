// The layers of the configuration, how values are spelled, and what is refused.
#define CAF_SUITE config

#include "app/config/host_name.hpp"
#include "app/config/keys.hpp"
#include "app/config/print.hpp"
#include "app/config/text.hpp"
#include "tests/config_refusals.hpp"

#include <sys/stat.h>

namespace {

using namespace sluice;
using namespace sluice::config;
using namespace sluice::test;
using namespace std::chrono_literals;

layer source(const configuration& from, std::string_view name) {
  const auto hit = from.sources.find(name);
  return hit == from.sources.end() ? layer::fallback : hit->second;
}

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
  const config_file file{
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
  const config_file file{"profile=\"minimal\"\n"};
  auto result = loaded({file.option(), "--profile=raspberry-pi"});
  CAF_REQUIRE(result);
  CAF_CHECK(result->settings.log.flush_interval == caf::timespan{30s});
  CAF_CHECK_EQUAL(result->settings.sqlite.cache_kib, 10'000u);
}

CAF_TEST(the environment switches debouncing off and on) {
  const auto debounce = [](const char* text, const std::vector<std::string>& arguments) {
    auto result = loaded(arguments, {{"SECURECLAW_DEBOUNCED_SESSION_WRITES", text}});
    CAF_REQUIRE(result);
    CAF_CHECK_EQUAL(result->settings.session.debounced,
                    result->settings.session.debounce != caf::timespan{0});
    return result->settings.session.debounce;
  };
  const config_file off{"[session]\ndebounce=0s\n"};
  const config_file on{"[session]\ndebounce=7s\n"};
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
  CAF_CHECK_EQUAL(result->settings.websocket.batching, false);
  CAF_CHECK(result->settings.session.cache_ttl == caf::timespan{0});
}

CAF_TEST(any other value in the environment is refused) {
  for (auto name : {"SECURECLAW_DEBOUNCED_SESSION_WRITES",
                    "SECURECLAW_WS_MESSAGE_BATCHING", "SECURECLAW_SESSION_CACHE_TTL_MS"})
    for (auto text : {"", "yes", "TRUE", "01", " 1", "-1", "1.5", "315360000001"})
      check_refusal(refusal({}, {{name, text}}), name);
}

CAF_TEST(a wrong option is refused with its key and value and what is allowed) {
  check_refusal(
    refusal({"--http.port=70000"}),
    "http.port = 70000 (command line): allowed is a whole number from 0 to 65535");
  check_refusal(refusal({"--http.prot=1"}), "the nearest is http.port");
  check_refusal(refusal({"--http.port"}), "--http.port=VALUE");
  check_refusal(refusal({"--http.port", "3000"}), "http.port");
  check_refusal(refusal({"serve"}), "allowed is --KEY=VALUE");
  check_refusal(refusal({"--http.plain=yes"}), "true or false");
  check_refusal(refusal({"--sqlite.synchronous=NORMAL"}), "off, normal, full or extra");
  check_refusal(refusal({"--data-dir="}), "data-dir");
  check_refusal(refusal({"--data-dir=a\nb"}), "a?b");
  check_refusal(refusal({"--database.type=postgresql"}), "sqlite");
  check_refusal(refusal({"--http.hosts=a,,b"}), "a list of names");
  check_refusal(refusal({"--"}), "there is no such key");
}

CAF_TEST(rules for hosts are names with or without a port) {
  const auto spelled = [](std::string_view text) -> std::string {
    const auto x = read_host_rule(text);
    if (!x)
      return "none";
    return x->name + (x->any_port ? ":*" : x->port ? ":" + std::to_string(*x->port) : "");
  };
  CAF_CHECK_EQUAL(spelled("Pi.Local."), "pi.local");
  CAF_CHECK_EQUAL(spelled("pi_2-x:18443"), "pi_2-x:18443");
  CAF_CHECK_EQUAL(spelled("pi:*"), "pi:*");
  CAF_CHECK_EQUAL(spelled("[FD00::0:1]:*"), "[fd00::1]:*");
  CAF_CHECK_EQUAL(spelled("[::ffff:10.0.0.1]:80"), "10.0.0.1:80");
  CAF_CHECK_EQUAL(spelled("xn--p-1ga.example"), "xn--p-1ga.example");
  CAF_CHECK_EQUAL(spelled(std::string(253, 'x')), std::string(253, 'x'));
  for (auto bad :
       {"",      ".",         "..",       ".a",      "a..b",      "*",
        "*.a",   "a:",        "a:0",      "a:65536", "a:-1",      "a:+1",
        "a: 1",  "a:1:1",     "a:*:1",    "a:1:*",   "::1",       "[]",
        "[",     "[::1",      "[::1]x",   "[::1]:",  "[1.2.3.4]", "[fe80::1%eth0]",
        "1.2.3", "1.2.3.256", "01.2.3.4", "0x7f.1",  "1",         "http://a",
        "a/",    "a b",       " a",       "a ",      "a,b",       "a@b",
        "a%41",  "\xc3\xa4",  "\xff",     "a\n"})
    CAF_CHECK_EQUAL(spelled(bad), "none");
  CAF_CHECK_EQUAL(spelled(std::string(254, 'x')), "none");
  CAF_CHECK_EQUAL(spelled({"a\0b", 3}), "none");
  CAF_CHECK_EQUAL(spelled({"[::1\0b]", 7}), "none");
}

CAF_TEST(a rule that matches nothing is refused wherever it stands) {
  for (auto bad : {"http://x", "*", "a, b", "a,,b", "a:"})
    check_refusal(refusal({std::string{"--http.hosts="} + bad}),
                  "names, each as name, name:port or name:*");
  CAF_CHECK_EQUAL(refusal({"--http.hosts=a,b:1,c:*,[::1]"}), "accepted");
}

CAF_TEST(the profile for production is refused until there is PostgreSQL) {
  check_refusal(refusal({"--profile=production"}), "PostgreSQL");
}

CAF_TEST(beyond loopback a token and either TLS or consent are needed) {
  const std::string everywhere = "--http.address=0.0.0.0";
  check_refusal(refusal({everywhere}), "http.token-file");
  check_refusal(refusal({everywhere, "--http.plain=true"}), "http.token-file");
  check_refusal(refusal({everywhere, "--http.token-file=t"}), "http.plain = true");
  CAF_CHECK_EQUAL(refusal({everywhere, "--http.token-file=t", "--http.plain=true"}),
                  "accepted");
  CAF_CHECK_EQUAL(
    refusal({everywhere, "--http.token-file=t", "--http.certificate=c", "--http.key=k"}),
    "accepted");
  check_refusal(refusal({"--http.address=::"}), "http.token-file");
  for (auto own : {"127.0.0.1", "127.255.255.254", "::1"})
    CAF_CHECK_EQUAL(refusal({std::string{"--http.address="} + own}), "accepted");
  for (auto bad : {"localhost", "127.0.0", "127.0.0.1:80", "[::1]"})
    check_refusal(refusal({std::string{"--http.address="} + bad}),
                  "an IPv4 or IPv6 address");
}

CAF_TEST(settings that need each other are refused alone) {
  check_refusal(refusal({"--http.certificate=c"}), "http.key");
  check_refusal(refusal({"--http.key=k"}), "http.certificate");
  check_refusal(refusal({"--http.address="}), "http.socket");
  CAF_CHECK_EQUAL(refusal({"--http.address=", "--http.socket=s"}), "accepted");
  CAF_CHECK_EQUAL(refusal({"--http.socket=" + std::string(107, 's')}), "accepted");
  check_refusal(refusal({"--http.socket=" + std::string(108, 's')}), "107 bytes");
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
        R"("session.debounce":{"value":"0s","source":"environment","live":true})",
        R"("session.prune-after":{"value":"720h","source":"default","live":false})",
        R"("http.socket":{"value":null,"source":"default","live":false})"})
    if (!contains(text, part))
      CAF_ERROR("expected " << part);
}

CAF_TEST(beside other options the effective values are printed) {
  const config_file file{"[log]\nmax-entries=7\n[http]\nhosts=[\"a\", \"b\"]\n"};
  auto what = loaded({"--print-config", file.option(), "--http.port=3001"},
                     {{"SECURECLAW_SESSION_CACHE_TTL_MS", "0"}});
  CAF_REQUIRE(what);
  CAF_CHECK(what->what == command::print_effective);
  const auto text = effective_text(*what);
  for (auto line :
       {"\n[http]\n", "\nport=3001 ; command-line\n", "\nmax-entries=7 ; file\n",
        "\nhosts=[\"a\", \"b\"] ; file\n", "\ncache-ttl=0s ; environment\n",
        "\nplain=false ; default\n", "data-dir=\"var\" ; default\n"})
    if (!contains(text, line))
      CAF_ERROR("expected " << line << " in " << text);
  CAF_MESSAGE("which are a file that sets the same");
  auto again = loaded({config_file{text}.option()});
  CAF_REQUIRE(again);
  for (const auto& each : keys())
    CAF_CHECK(load(each, again->settings) == load(each, what->settings));
  CAF_MESSAGE("and what a start would refuse is refused");
  check_refusal(refusal({"--print-config", "--config-file=/nowhere/x.ini"}),
                "No such file");
  check_refusal(refusal({"--print-config", "--http.address=0.0.0.0"}), "http.token-file");
}

CAF_TEST(only what can be read twice is read again) {
  const auto read_again = [](const std::string& option) {
    auto result = load_again({option}, [](const char*) { return nullptr; });
    return result ? "accepted" : text_of(result.error());
  };
  const config_file file{"[log]\nmax-entries=7\n"};
  CAF_CHECK_EQUAL(read_again(file.option()), "accepted");
  CAF_CHECK_EQUAL(read_again("--log.max-entries=7"), "accepted");
  check_refusal(read_again("--config-file=/nowhere/x.ini"), "No such file");
  CAF_MESSAGE("a pipe without a writer would be waited for");
  const temp_dir dir;
  const auto pipe = dir / "pipe";
  CAF_REQUIRE_EQUAL(mkfifo(pipe.c_str(), 0600), 0);
  check_refusal(read_again("--config-file=" + pipe), "can be read again");
}

CAF_TEST(a question is answered before anything else is looked at) {
  const auto asked = [](const char* option) { return loaded({option})->what; };
  CAF_CHECK(asked("--help") == command::help);
  CAF_CHECK(asked("-h") == command::help);
  CAF_CHECK(asked("--version") == command::version);
  CAF_CHECK(asked("--print-config") == command::print_ini);
  CAF_CHECK(asked("--print-config=markdown") == command::print_markdown);
}
