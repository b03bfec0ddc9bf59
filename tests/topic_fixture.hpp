// A topic hub, and connections whose sockets take as much as the test says. Include it
// after defining CAF_SUITE.
#pragma once

#include "actors/websocket/topic_hub.hpp"
#include "actors/websocket/ws_batcher.hpp"

#include "tests/fixture.hpp"

#include <limits>
#include <string>
#include <vector>

namespace sluice::test {

using namespace std::string_literals;
using texts = std::vector<std::string>;

/// The payloads of the frames in `bytes`, Close frames as `close CODE REASON`; frames of
/// up to 65,535 bytes, as a server sends them.
inline texts frames_in(std::string_view bytes) {
  texts result;
  while (!bytes.empty()) {
    const auto first = static_cast<uint8_t>(bytes[0]);
    size_t length = static_cast<uint8_t>(bytes[1]);
    size_t head = 2;
    if (length == 126) {
      length = static_cast<uint8_t>(bytes[2]) * 256u + static_cast<uint8_t>(bytes[3]);
      head = 4;
    }
    auto payload = bytes.substr(head, length);
    if (first == 0x88)
      result.push_back("close "
                       + std::to_string(static_cast<uint8_t>(payload[0]) * 256
                                        + static_cast<uint8_t>(payload[1]))
                       + ' ' + std::string{payload.substr(2)});
    else
      result.emplace_back(payload);
    bytes.remove_prefix(head + length);
  }
  return result;
}

inline const std::string handshake_answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

/// A socket that takes `room` bytes and tells what came over it.
struct test_outlet : ws_outlet {
  std::optional<size_t> write(std::span<const std::string_view> pieces) override {
    if (broken)
      return std::nullopt;
    ++writes;
    size_t taken = 0;
    for (auto piece : pieces) {
      const auto part = piece.substr(0, room - std::min(room, taken));
      got += part;
      taken += part.size();
    }
    room -= taken;
    return taken;
  }
  void answered() override { ++answers; }
  void farewell() override { ++farewells; }
  void end() override { ended = true; }

  size_t room = std::numeric_limits<size_t>::max();
  bool broken = false;
  std::string got;
  size_t writes = 0;
  size_t answers = 0;
  size_t farewells = 0;
  bool ended = false;
};

/// A connection with its batcher.
struct ws_client {
  ws_batcher_actor who;
  std::shared_ptr<test_outlet> outlet;

  /// The payloads that came since the last time.
  texts take() const {
    auto result = frames_in(outlet->got);
    outlet->got.clear();
    return result;
  }
};

struct topic_fixture : fixture {
  topic_fixture() {
    config.epoch = "e1";
    config.adaptive = false;
  }

  void start() { hub = tracked(sys.spawn(topic_hub, config)); }

  /// A connection whose handshake is not answered yet.
  ws_client arrive(framing how = framing::batch) {
    auto outlet = std::make_shared<test_outlet>();
    ws_connection who{1, "127.0.0.1:1", how, outlet};
    return {tracked(sys.spawn(ws_batcher, batcher, hub, who)), outlet};
  }

  /// What the service answers a handshake goes the way of all frames.
  void answer_handshake(const ws_client& x) {
    self->send(x.who, atom::control_v, handshake_answer);
    settle();
  }

  ws_client connect(framing how = framing::batch) {
    auto result = arrive(how);
    answer_handshake(result);
    *result.outlet = test_outlet{};
    return result;
  }

  /// A connection that follows `topic`, and was told so.
  ws_client follower(const std::string& topic, framing how = framing::batch) {
    auto result = connect(how);
    subscribe(result, {{topic, {}, {}}});
    result.outlet->got.clear();
    return result;
  }

  void subscribe(const ws_client& x, std::vector<subscription> topics) {
    say(x, ws_request{"1", ws_subscribe{std::move(topics)}});
  }

  void say(const ws_client& x, ws_request what) {
    self->send(x.who, atom::append_v, std::move(what));
    settle();
  }

  void publish_many(const std::string& topic, int count) {
    for (int i = 0; i < count; ++i)
      publish(topic, "1");
  }

  uint64_t publish(const std::string& topic, const std::string& data,
                   bool critical = false) {
    return get<publish_receipt>(hub, atom::publish_v,
                                publication{topic, data, critical, {}})
      .seq;
  }

  topic_hub_config config;
  ws_batcher_config batcher;
  topic_hub_actor hub;
};

inline std::string first(const texts& x) {
  return x.empty() ? "nothing" : x.front();
}

inline std::string last(const texts& x) {
  return x.empty() ? "nothing" : x.back();
}

/// What a subscriber gets for a message.
inline std::string message(const std::string& topic, uint64_t seq,
                           const std::string& data) {
  return R"({"topic":")" + topic + R"(","seq":)" + std::to_string(seq) + R"(,"data":)"
         + data + '}';
}

} // namespace sluice::test
