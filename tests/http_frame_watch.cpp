// What is seen of a client's frames, whatever comes before and however it comes: the code
// of a Close frame, what is too long, and whether a message is under way.
#define CAF_SUITE http_frame_watch

#include "actors/websocket/ws_frame.hpp"
#include "app/websocket/frame_watch.hpp"
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
  frame_watch x;
  for (size_t i = 0; i < bytes.size(); i += step)
    x.look(std::string_view{bytes}.substr(i, step));
  return x.goodbye_code();
}

/// The header of a long frame, as if its payload were to follow.
std::string claim(uint8_t first, uint64_t size) {
  std::string text{static_cast<char>(first), static_cast<char>(0xff)};
  for (int shift = 56; shift >= 0; shift -= 8)
    text += static_cast<char>(size >> shift);
  return text + "mask";
}

bool is_too_long(const std::string& bytes) {
  frame_watch x;
  return x.look(bytes) < bytes.size() && x.is_too_long();
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

CAF_TEST(a frame that is too long is seen by its header and Beast gets none of it whole) {
  const std::string before = frame(0x81, "{}") + frame(0x89, "ping");
  for (uint64_t size :
       {uint64_t{message_bytes_max} + 1, uint64_t{1} << 40, ~uint64_t{}}) {
    const auto header = claim(0xc1, size);
    for (size_t step : {1, 2, 5, 13, 4096}) {
      const auto bytes = before + header + "more";
      frame_watch x;
      size_t passed = 0;
      for (size_t i = 0; i < bytes.size() && !x.is_too_long(); i += step)
        passed += x.look(std::string_view{bytes}.substr(i, step));
      CAF_CHECK(x.is_too_long());
      CAF_CHECK_EQUAL(passed, before.size() + header.size() - 1);
    }
  }
}

CAF_TEST(a frame of the limit passes and so does what Beast refuses by its header) {
  for (uint8_t first : {0x81, 0x01, 0xc1, 0x80})
    CAF_CHECK(!is_too_long(claim(first, message_bytes_max)));
  CAF_MESSAGE("a control frame, an opcode that means nothing, and no mask");
  CAF_CHECK(!is_too_long(claim(0x89, uint64_t{1} << 40)));
  CAF_CHECK(!is_too_long(claim(0x83, uint64_t{1} << 40)));
  auto unmasked = claim(0x81, uint64_t{1} << 40);
  unmasked[1] = static_cast<char>(unmasked[1] & 0x7f);
  CAF_CHECK(!is_too_long(unmasked));
}

CAF_TEST(a message is under way from its first byte to its last however empty it is) {
  frame_watch x;
  const auto look = [&](const std::string& bytes) {
    x.look(bytes);
    return x.is_amid();
  };
  CAF_CHECK(!x.is_amid());
  CAF_CHECK(look("\x81"));
  CAF_CHECK(!look(frame(0x81, "{}").substr(1)));
  CAF_CHECK_EQUAL(x.ended(), 1u);
  CAF_MESSAGE("fragments, and a ping between them, are one message");
  CAF_CHECK(look(frame(0x01, "")));
  CAF_CHECK(look(frame(0x00, "")));
  CAF_CHECK(look(frame(0x89, "ping")));
  CAF_CHECK(look(frame(0x00, "x").substr(0, 3)));
  CAF_CHECK(look(frame(0x00, "x").substr(3)));
  CAF_CHECK_EQUAL(x.ended(), 1u);
  CAF_CHECK(!look(frame(0x80, "")));
  CAF_CHECK_EQUAL(x.ended(), 2u);
  CAF_CHECK(!look(frame(0x89, "ping")));
  CAF_CHECK_EQUAL(x.ended(), 3u);
  CAF_MESSAGE("one that ends while the next begins is none that lasts");
  CAF_CHECK(look(frame(0x01, "{") + frame(0x80, "}") + frame(0x01, "{")));
  CAF_CHECK_EQUAL(x.ended(), 4u);
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
