// Tokens, hosts and origins.
#define CAF_SUITE http_access_rules

#include "app/http/access_rules.hpp"
#include "messages/error.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::http;

namespace {

const doorway far{"", false};
const doorway here{"", true};

access_rules plain() {
  return {"", "192.0.2.1", {"sluice.example"}, 3000};
}

} // namespace

CAF_TEST(without a token everybody is let in) {
  CAF_CHECK(plain().knows(""));
  CAF_CHECK(plain().knows("Bearer anything"));
}

CAF_TEST(with a token only its bearer is let in) {
  access_rules x{"secret", "", {}, 3000};
  CAF_CHECK(x.knows("Bearer secret"));
  CAF_CHECK(x.knows("bearer secret"));
  for (auto bad : {"", "secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets",
                   "Bearer Secret", "Basic secret", "Bearer  secret"})
    CAF_CHECK(!x.knows(bad));
}

CAF_TEST(the newline at the end of a token file is not part of it) {
  char path[] = "/tmp/sluice-token-XXXXXX";
  ::close(::mkstemp(path));
  auto read = [&](const char* text) -> std::string {
    std::ofstream{path} << text;
    auto token = read_token(path);
    return token ? *token : to_string(code_of(token.error()));
  };
  CAF_CHECK_EQUAL(read("secret\n"), "secret");
  CAF_CHECK_EQUAL(read("secret"), "secret");
  CAF_CHECK_EQUAL(read("a b\r\n"), "a b");
  CAF_CHECK_EQUAL(read("\n"), "invalid-setting");
  CAF_CHECK_EQUAL(read(""), "invalid-setting");
  ::unlink(path);
  CAF_CHECK(!read_token(path));
}

CAF_TEST(a host is the service itself or a name from the settings) {
  for (auto good : {"localhost", "LOCALHOST:3000", "127.0.0.1:3000", "[::1]",
                    "[::1]:3000", "192.0.2.1", "sluice.example", "Sluice.Example:3000",
                    "sluice.example:443", "localhost.", "127.3.2.1"})
    CAF_CHECK(plain().serves_host(good, far));
  for (auto bad : {"", "evil.example", "localhost:80", "localhost:", "localhost:x",
                   "localhost:70000", "localhost.evil.example", "127.0.0.1.evil.example",
                   "[::1", "::1", "localhost:3000:1", "sluice.example:8080"})
    CAF_CHECK(!plain().serves_host(bad, far));
}

CAF_TEST(loopback has any port for who is on this machine and nobody else) {
  for (auto host : {"localhost:8080", "127.0.0.1:8080", "127.9.9.9:1", "[::1]:65535"}) {
    CAF_CHECK(plain().serves_host(host, here));
    CAF_CHECK(!plain().serves_host(host, far));
  }
  for (auto host : {"192.0.2.1:8080", "evil.example:8080", "localhost.evil.example:8080"})
    CAF_CHECK(!plain().serves_host(host, here));
}

CAF_TEST(where all addresses are served a host may be the one that was called) {
  CAF_CHECK(plain().serves_host("198.51.100.7:3000", {"198.51.100.7"}));
  CAF_CHECK(!plain().serves_host("198.51.100.8:3000", {"198.51.100.7"}));
  CAF_MESSAGE("a socket for both kinds of addresses spells IPv4 as IPv6");
  CAF_CHECK(plain().serves_host("198.51.100.7:3000", {"[::ffff:198.51.100.7]"}));
}

CAF_TEST(an origin is that of the host that was asked) {
  const std::pair<const char*, const char*> good[] = {
    {"http://localhost:3000", "localhost:3000"},
    {"https://127.0.0.1:3000", "127.0.0.1:3000"},
    {"http://[::1]:3000", "[0::1]:3000"},
    {"http://localhost", "localhost"},
    {"https://localhost", "localhost:443"},
    {"https://localhost:443", "localhost"},
    {"http://sluice.example", "sluice.example:80"}};
  for (auto [origin, host] : good)
    CAF_CHECK(plain().serves_origin(origin, host, here));
  const std::pair<const char*, const char*> bad[] = {
    {"null", "localhost:3000"},
    {"", "localhost:3000"},
    {"http://localhost:3000", ""},
    {"http://localhost:3000", "127.0.0.1:3000"},
    {"http://localhost:3000", "localhost:8080"},
    {"http://localhost:5173", "localhost:3000"},
    {"http://localhost", "localhost:443"},
    {"ftp://localhost:3000", "localhost:3000"},
    {"http://localhost:3000/", "localhost:3000"},
    {"localhost:3000", "localhost:3000"},
    {"http://evil.example", "evil.example"},
    {"http://evil.example:3000", "evil.example:3000"},
    {"file://", "localhost:3000"}};
  for (auto [origin, host] : bad)
    CAF_CHECK(!plain().serves_origin(origin, host, here));
}

CAF_TEST(an origin may be one from the settings whatever host was asked) {
  const access_rules x{"", "", {"a.example", "B.example:8080", "c.example:*"}, 3000};
  for (auto good : {"http://a.example", "https://a.example", "http://a.example:3000",
                    "http://b.example:8080", "https://c.example:1", "http://c.example"})
    CAF_CHECK(x.serves_origin(good, "localhost:3000", far));
  for (auto bad : {"http://a.example:8080", "http://b.example", "http://b.example:3000",
                   "http://c.example.evil", "http://xa.example"})
    CAF_CHECK(!x.serves_origin(bad, "localhost:3000", far));
}

CAF_TEST(a refusal tells the rule that would allow it) {
  const auto rules = plain();
  const auto ends = [](const std::string& text, std::string_view end) {
    return std::string_view{text}.ends_with(end);
  };
  CAF_CHECK(ends(rules.refused_host("Pi.Local:3000"), "--http.hosts=pi.local"));
  CAF_CHECK(ends(rules.refused_host("pi.local:8443"), "--http.hosts=pi.local:8443"));
  CAF_CHECK(ends(rules.refused_origin("https://pi.local"), "--http.hosts=pi.local"));
  CAF_MESSAGE("what is no name is not repeated");
  CAF_CHECK(rules.refused_host("\xff").find('\xff') == std::string::npos);
  CAF_CHECK(rules.refused_origin("http://\xff").find('\xff') == std::string::npos);
}
