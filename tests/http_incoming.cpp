// What is taken for a request, however its bytes are cut.
#define CAF_SUITE http_incoming

#include "app/http/incoming.hpp"
#include "tests/feed.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::http;

namespace {

constexpr auto endless = std::string::npos;

/// The body of the first request, or why there is none.
std::string read_one(std::string_view bytes, size_t piece) {
  const auto memory = std::make_shared<budget>(1'048'576);
  incoming aut;
  aut.begin();
  for (;;) {
    switch (aut.advance()) {
      case incoming::event::more:
        if (!test::feed(aut, bytes, piece))
          return "more is needed";
        break;
      case incoming::event::header:
        aut.charge_header(*memory);
        aut.expect_body(1'048'576, false);
        if (aut.complete())
          return "";
        break;
      case incoming::event::complete:
        return aut.body().text;
      case incoming::event::piece:
        break;
      case incoming::event::starved:
      case incoming::event::spoilt:
      case incoming::event::malformed:
        return aut.problem().body;
    }
  }
}

std::string post(std::string_view lines, std::string_view body,
                 std::string_view version = "1.1") {
  return std::string{"POST /v1/logs/a HTTP/"}.append(version).append(
           "\r\nHost: localhost\r\n")
         + std::string{lines} + "\r\n" + std::string{body};
}

std::string chunked(std::string_view body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

bool is_refused(const std::string& text) {
  const auto result = read_one(text, endless);
  for (size_t piece : {1, 2, 7, 1000})
    if (read_one(text, piece) != result)
      CAF_FAIL("cut into pieces of " << piece << ": " << text.substr(0, 200));
  return result.find(R"("code":"invalid-argument")") != result.npos;
}

} // namespace

CAF_TEST(a length is one number or chunks and never both) {
  for (auto lines :
       {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2, 2\r\n",
        "Content-Length: +2\r\n", "Content-Length:\r\n", "Transfer-Encoding:\r\n",
        "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Content-Length: 2\r\nTransfer-Encoding:\r\n"})
    CAF_CHECK(is_refused(post(lines, "0\r\n\r\n")));
  CAF_CHECK(is_refused(post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "1.0")));
  CAF_CHECK_EQUAL(read_one(post("Content-Length:  002 \r\n", "ab"), endless), "ab");
  CAF_CHECK_EQUAL(
    read_one(post("Transfer-Encoding: Chunked \r\n", "1\r\na\r\n0\r\n\r\n"), endless),
    "a");
}

CAF_TEST(a line that goes on in the next is refused) {
  for (auto lines :
       {"X: a\r\n b\r\n", "X:\r\n\tb\r\n", "X: a\r\n \r\n", "Content-Length:\r\n 2\r\n"})
    CAF_CHECK(is_refused(post(lines, "ab")));
}

CAF_TEST(a field that says one thing is given once) {
  for (auto name : {"Host", "Origin", "Authorization", "Content-Type"}) {
    const auto line = std::string{name} + ": a\r\n";
    CAF_CHECK(is_refused(post(line + line, "")));
  }
  CAF_CHECK_EQUAL(read_one(post("Accept: a\r\nAccept: b\r\n", ""), endless), "");
}

CAF_TEST(the number of a chunk has sixteen digits at most) {
  const auto zeros = [](size_t n) { return std::string(n, '0'); };
  CAF_CHECK(!is_refused(chunked(zeros(15) + "1\r\na\r\n" + zeros(16) + "\r\n\r\n")));
  CAF_CHECK(is_refused(chunked(zeros(16) + "1\r\na\r\n0\r\n\r\n")));
  CAF_CHECK(is_refused(chunked("1\r\na\r\n" + zeros(17) + "\r\n\r\n")));
  CAF_CHECK(is_refused(chunked("1;x=y\r\na\r\n1\r\na\r\n" + zeros(17) + "\r\n\r\n")));
}

CAF_TEST(what stands behind the numbers is bounded and holds no controls) {
  const auto signed_chunks = [](size_t count, size_t extra) {
    std::string body;
    for (size_t i = 0; i < count; ++i)
      body += "8;" + std::string(i == 0 ? 1 + extra : 1, 'x') + "\r\n12345678\r\n";
    return chunked(body + "0\r\n\r\n");
  };
  // Two bytes behind each number, of which the eight in the chunk allow one.
  constexpr size_t count = 4000;
  CAF_CHECK(!is_refused(signed_chunks(count, 16'384 - count)));
  CAF_CHECK(is_refused(signed_chunks(count, 16'384 - count + 1)));
  CAF_CHECK(!is_refused(chunked("1;a=\"b\tc\"\r\na\r\n0;d\r\n\r\n")));
  for (char control : {'\n', '\0', '\x7f', '\x1b'})
    CAF_CHECK(
      is_refused(chunked(std::string{"1;a=\""} + control + "\"\r\na\r\n0\r\n\r\n")));
}
