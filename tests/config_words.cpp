// How people write keys and values, and what they are told.
#define CAF_SUITE config_words

#include "app/config/ini_file.hpp"
#include "app/config/keys.hpp"
#include "tests/config_refusals.hpp"

namespace {

using namespace sluice;
using namespace sluice::config;
using namespace sluice::test;

std::string refusal_of_file(const std::string& text) {
  auto result = read_ini("x.ini", text);
  return result ? "accepted" : text_of(result.error());
}

value only_value(const std::string& file) {
  auto entries = read_ini("x.ini", file);
  CAF_REQUIRE(entries);
  CAF_REQUIRE_EQUAL(entries->size(), 1u);
  return (*entries)[0].what;
}

} // namespace

CAF_TEST(the nearest key has the words that were written) {
  const auto check = [](const std::string& written, const std::string& meant) {
    check_refusal(refusal({"--" + written + "=1"}), "the nearest is " + meant);
  };
  check("port", "http.port");
  check("prot", "http.port");
  check("http-port", "http.port");
  check("HTTP_PORT", "http.port");
  check("http.prot", "http.port");
  check("gate.prot", "gate.port");
  check("hosts", "http.hosts");
  check("token", "http.token-file");
  check("tls.certificate", "http.certificate");
  check("datadir", "data-dir");
  check("data_dir", "data-dir");
  check("log.flsh", "log.flush-interval");
  check("log.flush", "log.flush-interval");
  check("flush-interval", "log.flush-interval");
  check("session.flush-interval", "log.flush-interval");
  check("log.entries", "log.max-entries");
  check("max-logs", "log.max-logs");
  check("wal", "sqlite.wal");
  check("spool.max-byte", "spool.max-bytes");
  check("websocket.max-queue", "websocket.max-queue-bytes");
  check("profil", "profile");
}

CAF_TEST(a size may have a unit and other numbers may not ) {
  const auto size = [](const std::string& text) {
    auto result = loaded({"--spool.max-bytes=" + text});
    return result ? result->settings.spool.max_bytes : 0;
  };
  CAF_CHECK_EQUAL(size("32M"), 33'554'432u);
  CAF_CHECK_EQUAL(size("32MiB"), 33'554'432u);
  CAF_CHECK_EQUAL(size("1024K"), 1'048'576u);
  CAF_CHECK_EQUAL(size("1024KiB"), 1'048'576u);
  CAF_CHECK_EQUAL(size("1G"), 1'073'741'824u);
  CAF_CHECK_EQUAL(size("1024GiB"), uint64_t{1} << 40);
  for (auto bad : {"1025G", "M", "0M", "-1M", "1.5M", "032M", "17592186044417M",
                   "18446744073709551616", "1T", "1023K", "16777216G"})
    CAF_CHECK_EQUAL(size(bad), 0u);
  check_refusal(refusal({"--log.max-entries=1K"}), "log.max-entries");
}

CAF_TEST(a file may give a size its unit) {
  const auto size = [](const std::string& text) {
    return only_value("[spool]\n" + text + "\n");
  };
  CAF_CHECK(size("max-bytes=32M") == value{uint64_t{33'554'432}});
  CAF_CHECK(size("max-bytes = 2MiB ; enough") == value{uint64_t{2'097'152}});
  CAF_CHECK(size("  max-bytes=1048576") == value{uint64_t{1'048'576}});
  check_refusal(refusal_of_file("[spool]\nmax-bytes=1023K\n"),
                "spool.max-bytes = 1023K (x.ini line 2)");
  check_refusal(refusal_of_file("[log]\nmax-entries=1K\n"), "log.max-entries = 1K");
}

CAF_TEST(a value in other units is told how it is written here) {
  const auto check = [](const std::string& option, const std::string& advice) {
    check_refusal(refusal({"--" + option}), "write " + advice);
  };
  check("log.flush-interval=5", "5s");
  check("log.flush-interval=5m", "5min");
  check("log.flush-interval=5 s", "5s");
  check("log.flush-interval=5sec", "5s");
  check("log.flush-interval=2 Hours", "2h");
  check("session.prune-after=30d", "720h");
  check("spool.max-bytes=32m", "32M");
  check("spool.max-bytes=32MB", "32M");
  check("spool.max-bytes=32 MiB", "32M");
  check("spool.max-bytes=33554432 bytes", "33554432");
  check_refusal(refusal_of_file("[log]\nflush-interval=5\n"), "write 5s");
  check_refusal(refusal_of_file("[log]\nflush-interval=\"5s\"\n"), "write 5s");
  check_refusal(refusal_of_file("[log]\nflush-interval=5m\n"), "write 5min");
  check_refusal(refusal_of_file("[spool]\nmax-bytes=32mb\n"), "write 32M");
  CAF_MESSAGE("what would not be taken either is not recommended");
  for (auto hopeless : {"--log.flush-interval=0", "--spool.max-bytes=1k",
                        "--log.flush-interval=soon", "--log.flush-interval=90000000h"})
    CAF_CHECK(!contains(refusal({hopeless}), "write "));
}

CAF_TEST(a file of an editor on Windows is read) {
  const std::string mark = "\xef\xbb\xbf";
  CAF_CHECK(only_value(mark + "[http]\r\nport=5\r\n") == value{uint64_t{5}});
  CAF_CHECK(only_value(mark + "data-dir=\"a\"") == value{std::string{"a"}});
  CAF_CHECK(only_value("; why\r\n\r\n[http]\r\nport=5 ; so\r") == value{uint64_t{5}});
  auto list = only_value("[http]\r\nhosts=[\"a\",\r\n\"b\"]\r\n");
  CAF_CHECK((list == value{std::vector<std::string>{"a", "b"}}));
  CAF_CHECK_EQUAL(refusal_of_file(mark), "accepted");
  check_refusal(refusal_of_file("[http]\r\nport=70000\r\n"), "(x.ini line 2)");
  CAF_MESSAGE("elsewhere both are what they were");
  check_refusal(refusal_of_file("[http]\nport=5\rplain=true\n"), "control character");
  check_refusal(refusal_of_file("[http]\n" + mark + "port=5\n"), "x.ini line 2");
}
