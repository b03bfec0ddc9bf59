// The configuration file: CAF's INI without its silences.
#define CAF_SUITE config_file

#include "app/config/ini_file.hpp"
#include "app/config/keys.hpp"
#include "app/config/print.hpp"
#include "tests/config_refusals.hpp"

namespace {

using namespace sluice;
using namespace sluice::config;
using namespace sluice::test;

std::string refusal_of_file(const std::string& text) {
  auto result = read_ini("x.ini", text);
  return result ? "accepted" : text_of(result.error());
}

} // namespace

CAF_TEST(a file that cannot be read is refused) {
  check_refusal(refusal({"--config-file=/nowhere/x.ini"}), "No such file");
  check_refusal(refusal({"--config-file=/tmp"}), "directory");
  check_refusal(refusal({"--config-file="}), "one file");
  const config_file file{""};
  CAF_CHECK_EQUAL(refusal({file.option()}), "accepted");
  check_refusal(refusal({file.option(), file.option()}), "one file");
  check_refusal(refusal({config_file{std::string((1 << 20) + 1, ';')}.option()}),
                "1 MiB");
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
  check_refusal(refusal_of_file("[http]\nport=1 foo\n"),
                "http.port = 1 foo (x.ini line 2)");
  check_refusal(refusal_of_file("[http]\nplain=truely\n"), "http.plain");
  check_refusal(refusal_of_file("data-dir=\"x\" \"y\"\n"), "data-dir");
  check_refusal(refusal_of_file("[http] port=1\n"), "on a line of its own");
  check_refusal(refusal_of_file("[http]]\n"), "allowed are");
}

CAF_TEST(what CAF drops at the end of a file is refused) {
  check_refusal(refusal_of_file("[http]\nport="), "http.port");
  check_refusal(refusal_of_file("[http]\nport"), "port (x.ini line 2)");
  check_refusal(refusal_of_file("[http"), "[http");
  check_refusal(refusal_of_file("data-dir=\"abc"), "data-dir");
  check_refusal(refusal_of_file("[http]\nhosts=[\"a\",\n"), "http.hosts");
  check_refusal(refusal_of_file("[log]\nflush-interval=1m"), "log.flush-interval");
}

CAF_TEST(a key that stands twice is refused even across sections) {
  check_refusal(refusal_of_file("[http]\nport=1\nport=2\n"), "already in line 2");
  check_refusal(refusal_of_file("[http]\nport=1\n[log]\nsync=true\n[http]\nport=1\n"),
                "already in line 2");
  CAF_CHECK_EQUAL(refusal_of_file("[http]\nport=1\n[log]\n[http]\nplain=true\n"),
                  "accepted");
}

CAF_TEST(numbers that CAF reads otherwise than people do are refused) {
  for (auto text : {"010", "0x1F", "0b1", "+5", "-5", "5.0", "1e3", "1min", "\"5\""})
    check_refusal(refusal_of_file(std::string{"[http]\nport="} + text), text);
  for (auto text : {"5124095576h", "5m", "5", "1.5s", "5 s", "\"5s\"", "05s", "5d"})
    check_refusal(refusal_of_file(std::string{"[log]\nflush-interval="} + text), text);
  check_refusal(refusal_of_file("[log]\nmax-bytes=64kB\n"), "64kB");
}

CAF_TEST(text without double quotes is refused) {
  for (auto text : {"abc", "'abc'", "<abc>", "5", "true", "[\"abc\"]"})
    check_refusal(refusal_of_file(std::string{"data-dir="} + text), "in double quotes");
  check_refusal(refusal_of_file("[session]\nmaintenance=enforce\n"), "in double quotes");
  check_refusal(refusal_of_file("[http]\nhosts=[1]\n"), "http.hosts");
}

CAF_TEST(unknown keys and sections are refused) {
  check_refusal(refusal_of_file("dir=\"x\"\n"), "the nearest is");
  check_refusal(refusal_of_file("[htpp]\n"), "there is no such section");
  check_refusal(refusal_of_file("[global]\n"), "there is no such section");
  check_refusal(refusal_of_file("[http.x]\n"), "there is no such section");
  check_refusal(refusal_of_file("[http]\ndata-dir=\"x\"\n"), "http.data-dir");
  check_refusal(refusal_of_file("http.port=1\n"), "allowed are");
  check_refusal(refusal_of_file("http=3\n[http]\nport=1\n"), "http = 3");
  check_refusal(refusal_of_file("http { port=1 }\n"), "on a line of its own");
  check_refusal(refusal_of_file("http={ port=1 }\n"), "there is no such key");
  check_refusal(refusal_of_file("# comment\n"), "allowed are");
}

CAF_TEST(bytes that are no text are refused) {
  check_refusal(refusal_of_file(std::string("[http]\nport=1\0\nplain=true\n", 25)),
                "control");
  check_refusal(refusal_of_file("[http]\r\r\nport=1\r\n"), "control");
  check_refusal(refusal_of_file("data-dir=\"\xff\"\n"), "UTF-8");
  check_refusal(refusal({"--data-dir=\xc3"}), "data-dir");
  CAF_CHECK_EQUAL(refusal({"--data-dir=gr\xc3\xb6\xc3\x9f"}), "accepted");
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
