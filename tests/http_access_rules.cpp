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
                    "[::1]:3000", "192.0.2.1", "sluice.example", "Sluice.Example:3000"})
    CAF_CHECK(plain().serves_host(good, ""));
  for (auto bad : {"", "evil.example", "localhost:80", "localhost:", "localhost:x",
                   "localhost:70000", "localhost.evil.example", "127.0.0.1.evil.example",
                   "[::1", "::1", "localhost:3000:1"})
    CAF_CHECK(!plain().serves_host(bad, ""));
}

CAF_TEST(where all addresses are served a host may be the one that was called) {
  CAF_CHECK(plain().serves_host("198.51.100.7:3000", "198.51.100.7"));
  CAF_CHECK(!plain().serves_host("198.51.100.8:3000", "198.51.100.7"));
}

CAF_TEST(an origin has the scheme the host and the port of the service) {
  for (auto good :
       {"http://localhost:3000", "https://127.0.0.1:3000", "http://[::1]:3000",
        "http://sluice.example:3000", "https://sluice.example"})
    CAF_CHECK(plain().serves_origin(good, ""));
  for (auto bad : {"null", "", "http://localhost", "http://localhost:8080",
                   "https://localhost", "ftp://localhost:3000", "http://evil.example",
                   "http://evil.example:3000", "http://sluice.example:8080",
                   "http://localhost:3000/", "file://", "localhost:3000"})
    CAF_CHECK(!plain().serves_origin(bad, ""));
  access_rules web{"", "", {}, 80};
  CAF_CHECK(web.serves_origin("http://localhost", ""));
}
