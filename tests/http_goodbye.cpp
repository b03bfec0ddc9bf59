// The code of a Close frame, whatever comes before it and however it comes.
#define CAF_SUITE http_goodbye

#include "actors/websocket/ws_frame.hpp"
#include "app/websocket/goodbye.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::websocket;

namespace {

/// A client's frame, masked.
std::string frame(uint8_t first, const std::string& payload) {
  constexpr std::string_view key = "\x12\x34\x56\x78";
  std::string text;
  append_text_header(text, payload.size());
  text[0] = static_cast<char>(first);
  text[1] = static_cast<char>(text[1] | 0x80);
  text += key;
  for (size_t i = 0; i < payload.size(); ++i)
    text += static_cast<char>(payload[i] ^ key[i % key.size()]);
  return text;
}

std::string leaving(uint16_t code, const std::string& reason = {}) {
  return frame(0x88, std::string{static_cast<char>(code >> 8), static_cast<char>(code)}
                       + reason);
}

std::optional<uint16_t> code_of(const std::string& bytes, size_t step) {
  goodbye x;
  for (size_t i = 0; i < bytes.size(); i += step)
    x.look(std::string_view{bytes}.substr(i, step));
  return x.code();
}

std::string answered(uint16_t to, uint16_t by_beast) {
  const auto text = answer_to_goodbye(close_frame(by_beast, "why"), to);
  return std::to_string(static_cast<uint8_t>(text[2]) << 8
                        | static_cast<uint8_t>(text[3]));
}

} // namespace

CAF_TEST(a goodbye is found behind frames of every length and in every cut) {
  std::string talk;
  for (size_t size : {0, 1, 125, 126, 1000, 65'535, 65'536, 70'000})
    talk += frame(0x81, std::string(size, '\x88')) + frame(0x89, "ping");
  CAF_CHECK(!code_of(talk, 4096));
  for (uint16_t code : {1000, 1014, 5000, 65'535, 0})
    for (size_t step : {1, 2, 3, 7, 4096, 1 << 20})
      CAF_CHECK_EQUAL(code_of(talk + leaving(code, "bye"), step), code);
}

CAF_TEST(a goodbye without a code or with half of one has none) {
  CAF_CHECK(!code_of(frame(0x88, ""), 1));
  CAF_CHECK(!code_of(frame(0x88, "\x03"), 1));
  CAF_CHECK(!code_of(frame(0x88, "") + leaving(1000), 1));
  CAF_MESSAGE("only the first counts");
  CAF_CHECK_EQUAL(code_of(leaving(1001) + leaving(5000), 1), uint16_t{1001});
  CAF_MESSAGE("a length that no control frame has holds nothing up");
  CAF_CHECK(!code_of(frame(0x88, std::string(200, 'x')), 1));
}

CAF_TEST(codes that Beast judges otherwise than the registry are answered right) {
  CAF_CHECK_EQUAL(answered(1014, 1002), "1014");
  CAF_CHECK_EQUAL(answered(5000, 5000), "1002");
  CAF_CHECK_EQUAL(answered(65'535, 65'535), "1002");
  CAF_CHECK_EQUAL(answered(4999, 4999), "4999");
  CAF_CHECK_EQUAL(answered(1000, 1000), "1000");
  CAF_MESSAGE("what is no goodbye and what answers none passes");
  CAF_CHECK_EQUAL(answer_to_goodbye("\x8a\x04ping", 5000), "\x8a\x04ping");
  CAF_CHECK_EQUAL(answer_to_goodbye(close_frame(1009, ""), {}), close_frame(1009, ""));
}
