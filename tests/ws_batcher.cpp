// What a client is promised by its batcher, and the others when it is slow.
#define CAF_SUITE ws_batcher
#include "tests/topic_fixture.hpp"

#include <string>
#include <string_view>
#include <utility>

using namespace sluice;
using namespace sluice::test;

namespace {

struct batcher_fixture : topic_fixture {
  batcher_fixture() { config.batching = false; }

  void writable(const ws_client& x, size_t room) {
    x.outlet->room = room;
    self->send(x.who, atom::writable_v);
    settle();
  }

  ws_connection_stats stats(const ws_client& x) {
    return get<ws_connection_stats>(x.who, atom::stats_v);
  }

  void publish_heavy(int n, bool critical = false) {
    for (int i = 0; i < n; ++i)
      publish("a", '"' + std::string(10'000, 'x') + '"', critical);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(ws_batcher_tests, batcher_fixture)

CAF_TEST(an answer comes before the first message) {
  start();
  publish("a", "1");
  auto client = connect();
  subscribe(client, {{"a", 0, "e1"}});
  CAF_CHECK_EQUAL(client.take(), (texts{R"([{"id":1,"ok":true,"epoch":"e1"}])",
                                        "[" + message("a", 1, "1") + "]"}));
}

CAF_TEST(a goodbye waits for the answer to the handshake) {
  start();
  auto client = arrive();
  caf::anon_send_exit(hub, caf::exit_reason::kill);
  settle();
  CAF_CHECK_EQUAL(client.outlet->got, "");
  CAF_CHECK_EQUAL(client.outlet->farewells, 1u);
  answer_handshake(client);
  const auto all = std::exchange(client.outlet->got, {});
  CAF_REQUIRE_EQUAL(all.substr(0, handshake_answer.size()), handshake_answer);
  const auto goodbye = frames_in(std::string_view{all}.substr(handshake_answer.size()));
  CAF_CHECK_EQUAL(goodbye, texts{"close 1012 the topics are being started anew"});
}

CAF_TEST(a client that is gone before its handshake is answered ends its batcher) {
  start();
  auto client = arrive();
  client.outlet->broken = true;
  self->send(client.who, atom::close_v, uint16_t{1001}, "the service is stopping"s);
  self->send(client.who, atom::leave_v);
  settle();
  CAF_CHECK(client.outlet->ended);
}

CAF_TEST(a stop waits for the answer to a handshake) {
  start();
  auto client = arrive();
  auto stopping = self->request(client.who, caf::infinite, atom::stop_v);
  settle();
  CAF_CHECK_EQUAL(client.outlet->got, "");
  answer_handshake(client);
  stopping.receive([](const stop_report& x) { CAF_CHECK_EQUAL(x.left, 0u); },
                   [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
}

CAF_TEST(an answer waits for no window) {
  config.batching = true;
  start();
  auto client = connect(framing::single);
  say(client, {"7", publication{"a", "1", false, {}}});
  CAF_CHECK_EQUAL(client.take(), texts{R"({"id":7,"ok":true,"seq":1})"});
  say(client, {"", ws_flush{}});
  CAF_CHECK_EQUAL(client.take(), texts{R"({"ok":true})"});
}

CAF_TEST(a mistake is answered and the connection goes on) {
  start();
  auto client = connect();
  say(client, {"1", ws_mistake{"invalid-argument", "no \"such\" op"}});
  CAF_CHECK_EQUAL(
    client.take(),
    texts{R"([{"id":1,"error":{"code":"invalid-argument","detail":"no \"such\" op"}}])"});
  say(client, {"2", ws_flush{}});
  CAF_CHECK_EQUAL(client.take().size(), 1u);
}

CAF_TEST(a client says more once its answer is out) {
  start();
  auto client = connect();
  client.outlet->room = 0;
  say(client, {"1", ws_flush{}});
  CAF_CHECK_EQUAL(client.outlet->answers, 0u);
  writable(client, 1000);
  CAF_CHECK_EQUAL(client.outlet->answers, 1u);
}

CAF_TEST(a client that takes nothing is asked again only when it says so) {
  start();
  auto client = follower("a");
  client.outlet->room = 10;
  publish("a", "1");
  const auto writes = client.outlet->writes;
  publish("a", "2");
  CAF_CHECK_EQUAL(client.outlet->writes, writes);
  writable(client, 1'000'000);
  CAF_CHECK_EQUAL(client.take(), (texts{"[" + message("a", 1, "1") + "]",
                                        "[" + message("a", 2, "2") + "]"}));
}

CAF_TEST(a slow client loses the oldest and is told) {
  batcher.max_queue_bytes = 50'000;
  start();
  auto client = follower("a");
  client.outlet->room = 0;
  publish_heavy(10);
  CAF_CHECK_LESS_OR_EQUAL(stats(client).queued_bytes, 50'000u);
  const auto dropped = stats(client).dropped;
  CAF_CHECK_GREATER_OR_EQUAL(dropped, 5u);
  writable(client, 1'000'000);
  auto got = client.take();
  CAF_CHECK_EQUAL(got.front(), R"([{"topic":"a","dropped":)" + std::to_string(dropped)
                                 + R"(,"seq":)" + std::to_string(dropped) + "}]");
  CAF_CHECK_EQUAL(got.size(), 11 - dropped);
  CAF_CHECK_EQUAL(get<topic_hub_stats>(hub, atom::stats_v).dropped, dropped);
}

CAF_TEST(a client too slow for its critical messages is told what it lost) {
  batcher.max_queue_bytes = 50'000;
  start();
  auto client = follower("a");
  client.outlet->room = 3;
  publish_heavy(10, true);
  CAF_CHECK_LESS(stats(client).queued_bytes, 2 * batcher.max_queue_bytes);
  CAF_CHECK_GREATER(stats(client).dropped, 0u);
  writable(client, 1'000'000);
  CAF_CHECK_EQUAL(client.outlet->farewells, 0u);
  CAF_CHECK_EQUAL(stats(client).queued_bytes, 0u);
}

CAF_TEST(a message bigger than the queue passes who takes it) {
  batcher.max_queue_bytes = 5'000;
  start();
  auto client = follower("a");
  client.outlet->room = 3;
  publish_heavy(1, true);
  CAF_CHECK_EQUAL(stats(client).dropped, 0u);
  writable(client, 1'000'000);
  CAF_CHECK_EQUAL(client.take().size(), 1u);
}

CAF_TEST(where it is configured so a slow client is closed) {
  batcher.max_queue_bytes = 50'000;
  batcher.close_when_full = true;
  start();
  auto client = follower("a");
  client.outlet->room = 0;
  publish_heavy(10);
  writable(client, 1'000'000);
  CAF_CHECK_EQUAL(client.take(), texts{"close 1013 this client is too slow"});
}

CAF_TEST(a slow client harms no other) {
  start();
  auto slow = follower("a");
  auto quick = follower("a");
  slow.outlet->room = 0;
  publish_heavy(10);
  CAF_CHECK_EQUAL(quick.take().size(), 10u);
}

CAF_TEST(the numbers are of what the kernel took) {
  config.batching = true;
  start();
  auto client = follower("a");
  publish("a", "1");
  publish("a", "2");
  pass(100ms);
  publish("a", "3", true);
  client.outlet->room = 0;
  publish("a", "4", true);
  auto numbers = stats(client);
  CAF_CHECK_EQUAL(numbers.topics, 1u);
  CAF_CHECK_EQUAL(numbers.total_sent, 3u);
  CAF_CHECK_EQUAL(numbers.total_batched, 2u);
  CAF_CHECK_EQUAL(numbers.avg_batch_size, 1.5);
  CAF_CHECK_EQUAL(numbers.queued_messages, 1u);
}

CAF_TEST(a client follows so many topics and no more) {
  config.max_followed = 2;
  start();
  auto client = connect();
  subscribe(client, {{"a", {}, {}}, {"b", {}, {}}});
  client.take();
  subscribe(client, {{"c", {}, {}}});
  CAF_CHECK(first(client.take()).find("too-large") != std::string::npos);
  subscribe(client, {{"a", {}, {}}});
  CAF_CHECK(first(client.take()).find("ok") != std::string::npos);
}

CAF_TEST(a stop says goodbye behind the last message) {
  start();
  auto client = follower("a");
  client.outlet->room = 0;
  publish("a", "1");
  bool stopped = false;
  auto asked = self->request(client.who, caf::infinite, atom::stop_v);
  settle();
  CAF_CHECK_EQUAL(client.outlet->farewells, 1u);
  writable(client, 1'000'000);
  asked.receive([&](const stop_report&) { stopped = true; },
                [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
  CAF_CHECK(stopped);
  CAF_CHECK_EQUAL(client.take(), (texts{"[" + message("a", 1, "1") + "]",
                                        "close 1001 the service is stopping"}));
}

CAF_TEST(a stop is over when a deaf client is let go) {
  start();
  auto client = follower("a");
  client.outlet->room = 0;
  publish("a", "1");
  bool stopped = false;
  auto asked = self->request(client.who, caf::infinite, atom::stop_v);
  settle();
  client.outlet->broken = true; // its session has closed the socket
  self->send(client.who, atom::leave_v);
  settle();
  asked.receive([&](const stop_report& x) { stopped = x.left == 0; },
                [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
  CAF_CHECK(stopped);
  CAF_CHECK(client.outlet->ended);
}

CAF_TEST(without its hub a client is told to come back) {
  start();
  auto client = follower("a");
  caf::anon_send_exit(hub, caf::exit_reason::kill);
  settle();
  CAF_CHECK_EQUAL(client.take(), texts{"close 1012 the topics are being started anew"});
}

CAF_TEST(a socket that is gone ends the batcher) {
  start();
  auto client = follower("a");
  client.outlet->broken = true;
  publish("a", "1");
  CAF_CHECK(client.outlet->ended);
  CAF_CHECK_EQUAL(refusal<ws_connection_stats>(client.who, atom::stats_v),
                  ec::unavailable);
}

CAF_TEST_FIXTURE_SCOPE_END()
