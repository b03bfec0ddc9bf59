// Gzip, whole and broken, in pieces of every size.
#define CAF_SUITE http_gunzip

#include "app/http/gunzip.hpp"

#include <zlib.h>

#include <array>

#include <caf/test/dsl.hpp>

using namespace sluice::http;

namespace {

std::string packed(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string result(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

/// What comes out, or why nothing does.
std::string taken(const std::string& bytes, size_t step) {
  gunzip x;
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += step) {
    const auto result = x.feed(std::string_view{bytes}.substr(i, step), [&](auto piece) {
      text += piece;
      return true;
    });
    if (result == gunzip::outcome::garbled)
      return "garbled";
  }
  return x.is_whole() ? text : "cut off";
}

} // namespace

CAF_TEST(what was packed comes out in pieces of every size) {
  for (const auto& text : {std::string{}, std::string{"a"}, std::string(32'768, 'x'),
                           std::string(100'000, 'y'), std::string(65'536, 'z')})
    for (size_t step : {1, 2, 10, 1000, 1'000'000})
      CAF_CHECK(taken(packed(text), step) == text);
}

CAF_TEST(members follow each other without a seam) {
  for (size_t step : {1, 7, 1'000'000})
    CAF_CHECK_EQUAL(taken(packed("one\n") + packed("") + packed("two\n"), step),
                    "one\ntwo\n");
}

CAF_TEST(every cut is found and nothing at all is whole) {
  const auto bytes = packed("some lines\nof a log\n");
  for (size_t size = 1; size < bytes.size(); ++size)
    CAF_CHECK_EQUAL(taken(bytes.substr(0, size), size), "cut off");
  CAF_CHECK_EQUAL(taken("", 1), "");
}

CAF_TEST(what is no gzip is found) {
  const auto good = packed("some lines\nof a log\n");
  CAF_CHECK_EQUAL(taken(good + "x\n", 1'000'000), "garbled");
  CAF_CHECK_EQUAL(taken(good + std::string(10, '\0'), 1), "garbled");
  CAF_CHECK_EQUAL(taken("plain text", 3), "garbled");
  CAF_CHECK_EQUAL(taken(good.substr(10), 3), "garbled");
  size_t silent = 0;
  for (size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x55);
    const auto result = taken(bad, 1'000'000);
    // Time, flags and system of the header mean nothing to the content.
    silent += result == "some lines\nof a log\n" ? 1 : 0;
  }
  CAF_CHECK(silent <= 6);
}

CAF_TEST(who has enough is given no more) {
  const auto bomb = packed(std::string(50'000'000, '\0'));
  CAF_CHECK(bomb.size() < 65'536);
  gunzip x;
  size_t seen = 0;
  const auto result = x.feed(bomb, [&](auto piece) {
    seen += piece.size();
    return seen < 100'000;
  });
  CAF_CHECK(result == gunzip::outcome::stopped);
  CAF_CHECK(seen < 200'000);
}
