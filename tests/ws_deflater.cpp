// What is deflated once is read by any client, whatever it read before.
#define CAF_SUITE ws_deflater
#include "actors/websocket/ws_deflater.hpp"

#include <caf/test/dsl.hpp>

#include <zlib.h>

using namespace sluice;

namespace {

/// The payload of a short deflated frame, inflated as RFC 7692 says.
std::string inflated(const std::string& frame) {
  CAF_REQUIRE_EQUAL(static_cast<uint8_t>(frame[0]), 0xC1);
  const auto head = static_cast<uint8_t>(frame[1]) == 126 ? 4u : 2u;
  auto packed = frame.substr(head) + std::string("\0\0\xff\xff", 4);
  std::string text(100'000, '\0');
  z_stream stream = {};
  CAF_REQUIRE_EQUAL(inflateInit2(&stream, -15), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  CAF_CHECK_EQUAL(inflate(&stream, Z_SYNC_FLUSH), Z_OK);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

} // namespace

CAF_TEST(each frame is read by itself) {
  ws_deflater deflater;
  for (auto letter : {'a', 'b', 'a'}) {
    const std::string text(50'000, letter);
    auto frame = deflater.frame(text);
    CAF_CHECK_LESS(frame.size(), 1'000u);
    CAF_CHECK_EQUAL(inflated(frame), text);
  }
}

CAF_TEST(what does not shrink is not deflated) {
  ws_deflater deflater;
  CAF_CHECK_EQUAL(deflater.frame("x"), "");
}
