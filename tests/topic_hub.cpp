// What a topic's subscribers are promised: their messages in order, none later than a
// window, critical ones at once.
#define CAF_SUITE topic_hub
#include "tests/topic_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

CAF_TEST_FIXTURE_SCOPE(topic_hub_tests, topic_fixture)

CAF_TEST(a message waits for the end of its window and not a nanosecond longer) {
  start();
  auto client = follower("a");
  publish("a", "1");
  pass(100ms - 1ns);
  CAF_CHECK_EQUAL(client.take(), texts{});
  pass(1ns);
  CAF_CHECK_EQUAL(client.take(), texts{"[" + message("a", 1, "1") + "]"});
}

CAF_TEST(the window runs from the first message and does not slide) {
  start();
  auto client = follower("a");
  publish("a", "1");
  pass(60ms);
  publish("a", "2");
  pass(40ms);
  CAF_CHECK_EQUAL(client.take(),
                  texts{"[" + message("a", 1, "1") + "," + message("a", 2, "2") + "]"});
  CAF_CHECK_EQUAL(client.outlet->writes, 2u); // the answer, and the window
}

CAF_TEST(a client without batches gets a frame a message in one write) {
  start();
  auto client = follower("a", framing::single);
  publish("a", "1");
  publish("a", R"("two")");
  const auto before = client.outlet->writes;
  pass(100ms);
  CAF_CHECK_EQUAL(client.take(),
                  (texts{message("a", 1, "1"), message("a", 2, R"("two")")}));
  CAF_CHECK_EQUAL(client.outlet->writes, before + 1);
}

CAF_TEST(the topics of a window come in one write by their first messages) {
  start();
  auto client = follower("b");
  subscribe(client, {{"a", {}, {}}});
  client.take();
  const auto before = client.outlet->writes;
  publish("b", "1");
  publish("a", "2");
  publish("b", "3");
  pass(100ms);
  CAF_CHECK_EQUAL(client.take(),
                  (texts{"[" + message("b", 1, "1") + "," + message("b", 2, "3") + "]",
                         "[" + message("a", 1, "2") + "]"}));
  CAF_CHECK_EQUAL(client.outlet->writes, before + 1);
}

CAF_TEST(a full page does not wait) {
  config.max_batch = 3;
  start();
  auto client = follower("a");
  publish("a", "1");
  publish("a", "2");
  CAF_CHECK_EQUAL(client.take(), texts{});
  publish("a", "3");
  CAF_CHECK_EQUAL(client.take().size(), 1u);
}

CAF_TEST(what follows a full page has a window of its own) {
  config.max_batch = 2;
  start();
  auto client = follower("a");
  publish("a", "1");
  pass(60ms);
  publish("a", "2");
  publish("a", "3");
  client.take();
  pass(100ms - 1ns);
  CAF_CHECK_EQUAL(client.take(), texts{});
  pass(1ns);
  CAF_CHECK_EQUAL(client.take(), texts{"[" + message("a", 3, "3") + "]"});
}

CAF_TEST(a full page leaves the other topics their window) {
  config.max_batch = 2;
  start();
  auto client = follower("b");
  publish("b", "1");
  pass(60ms);
  publish("a", "1");
  publish("a", "2");
  pass(40ms - 1ns);
  CAF_CHECK_EQUAL(client.take(), texts{});
  pass(1ns);
  CAF_CHECK_EQUAL(client.take(), texts{"[" + message("b", 1, "1") + "]"});
}

CAF_TEST(pages that fill fast grow and shrink when they do so no more) {
  config.max_batch = 2;
  config.adaptive = true;
  start();
  auto client = follower("a");
  for (int size : {2, 4, 8}) {
    publish_many("a", size - 1);
    CAF_CHECK_EQUAL(client.take(), texts{});
    publish("a", "1");
    CAF_CHECK_EQUAL(client.take().size(), 1u);
  }
  for (int i = 0; i < 4; ++i) {
    publish("a", "1");
    pass(100ms);
    CAF_CHECK_EQUAL(client.take().size(), 1u);
  }
  publish_many("a", 2);
  CAF_CHECK_EQUAL(client.take().size(), 1u);
}

CAF_TEST(a page that fills in an eighth of the window is large enough) {
  config.max_batch = 2;
  config.adaptive = true;
  start();
  auto client = follower("a");
  for (int i = 0; i < 3; ++i) {
    publish("a", "1");
    pass(12'500us);
    CAF_CHECK_EQUAL(client.take(), texts{});
    publish("a", "1");
    CAF_CHECK_EQUAL(client.take().size(), 1u);
  }
}

CAF_TEST(a page is full at 64 KiB too) {
  start();
  auto client = follower("a");
  publish("a", '"' + std::string(65'536, 'x') + '"');
  CAF_CHECK_GREATER(client.outlet->got.size(), 65'536u);
}

CAF_TEST(a critical message goes at once behind what waits) {
  start();
  auto client = follower("a");
  publish("a", "1");
  publish("a", "2", true);
  CAF_CHECK_EQUAL(client.take(),
                  texts{"[" + message("a", 1, "1") + "," + message("a", 2, "2") + "]"});
}

CAF_TEST(a critical message takes along what waits on other topics) {
  start();
  auto client = follower("b");
  subscribe(client, {{"a", {}, {}}});
  client.take();
  publish("b", "1");
  publish("a", "2", true);
  CAF_CHECK_EQUAL(client.take(), (texts{"[" + message("b", 1, "1") + "]",
                                        "[" + message("a", 1, "2") + "]"}));
}

CAF_TEST(a critical message that overtakes says so) {
  config.overtake = true;
  start();
  auto client = follower("a");
  publish("a", "1");
  publish("a", "2", true);
  CAF_CHECK_EQUAL(client.take(),
                  texts{R"([{"topic":"a","seq":2,"critical":true,"data":2}])"});
  publish("a", "3");
  pass(100ms);
  CAF_CHECK_EQUAL(client.take(), (texts{"[" + message("a", 1, "1") + "]",
                                        "[" + message("a", 3, "3") + "]"}));
}

CAF_TEST(without batching a message goes at once) {
  config.batching = false;
  start();
  auto client = follower("a");
  publish("a", "1");
  CAF_CHECK_EQUAL(client.take(), texts{"[" + message("a", 1, "1") + "]"});
}

CAF_TEST(a flush sends what waits and the window after it is whole) {
  start();
  auto client = follower("a");
  publish("a", "1");
  pass(90ms);
  CAF_CHECK_EQUAL(get<uint64_t>(hub, atom::flush_v), 1u);
  CAF_CHECK_EQUAL(client.take().size(), 1u);
  publish("a", "2");
  pass(100ms - 1ns);
  CAF_CHECK_EQUAL(client.take(), texts{});
  pass(1ns);
  CAF_CHECK_EQUAL(client.take().size(), 1u);
}

CAF_TEST(clients that follow the same share the same bytes) {
  start();
  std::vector<ws_client> clients;
  clients.reserve(100);
  for (int i = 0; i < 100; ++i)
    clients.push_back(follower("a"));
  for (auto& each : clients)
    each.outlet->room = 0;
  publish("a", '"' + std::string(10'000, 'x') + '"');
  pass(100ms);
  CAF_CHECK_LESS(get<topic_hub_stats>(hub, atom::stats_v).held_bytes, 30'000u);
}

CAF_TEST(a receipt tells the number and the subscribers) {
  start();
  follower("a");
  follower("a");
  auto receipt =
    get<publish_receipt>(hub, atom::publish_v, publication{"a", "1", false, {}});
  CAF_CHECK_EQUAL(receipt, (publish_receipt{1, 2}));
}

CAF_TEST(who leaves gets nothing more) {
  start();
  auto client = follower("a");
  say(client, {"2", ws_unsubscribe{{"a"}}});
  CAF_CHECK_EQUAL(client.take(), texts{R"([{"id":2,"ok":true}])"});
  publish("a", "1", true);
  CAF_CHECK_EQUAL(client.take(), texts{});
}

CAF_TEST(a connection that ended is no subscriber) {
  start();
  auto client = follower("a");
  self->send(client.who, atom::leave_v);
  settle();
  CAF_CHECK(client.outlet->ended);
  auto receipt =
    get<publish_receipt>(hub, atom::publish_v, publication{"a", "1", false, {}});
  CAF_CHECK_EQUAL(receipt.subscribers, 0u);
}

CAF_TEST(too many topics are refused while all are in use) {
  config.max_topics = 2;
  start();
  follower("a");
  follower("b");
  CAF_CHECK_EQUAL(
    refusal<publish_receipt>(hub, atom::publish_v, publication{"c", "1", false, {}}),
    ec::overloaded);
}

CAF_TEST(a topic that nobody follows makes room and numbers never step back) {
  config.max_topics = 1;
  start();
  for (int i = 0; i < 5; ++i)
    publish("a", "1");
  pass(100ms);
  CAF_CHECK_EQUAL(publish("b", "1"), 6u);
  pass(100ms);
  CAF_CHECK_EQUAL(publish("a", "1"), 7u);
}

CAF_TEST(of topics that nobody follows the one that was unused for longest goes) {
  config.max_topics = 3;
  start();
  follower("followed");
  publish("a", "1");
  publish("b", "1");
  publish("a", "2");
  CAF_MESSAGE("b has to go now, and begins behind all that was given before");
  publish("c", "1");
  CAF_CHECK_EQUAL(publish("a", "3"), 3u);
  CAF_CHECK_EQUAL(publish("followed", "1"), 1u);
  CAF_CHECK_EQUAL(get<topic_hub_stats>(hub, atom::stats_v).topics, 3u);
}

CAF_TEST(a topic can go while its message waits for the window) {
  config.max_topics = 1;
  start();
  for (int i = 0; i < 10; ++i)
    CAF_CHECK_EQUAL(publish("t" + std::to_string(i), "1"), i + 1u);
  pass(100ms);
  CAF_CHECK_EQUAL(get<topic_hub_stats>(hub, atom::stats_v).topics, 1u);
}

CAF_TEST(a connection follows so many topics and a refused request changes nothing) {
  config.max_followed = 3;
  start();
  auto client = connect();
  subscribe(client, {{"a", {}, {}}, {"b", {}, {}}});
  client.take();
  subscribe(client, {{"a", {}, {}}, {"c", {}, {}}, {"d", {}, {}}});
  CAF_CHECK(first(client.take()).find("websocket.max-subscriptions")
            != std::string::npos);
  const auto numbers = get<topic_hub_stats>(hub, atom::stats_v);
  CAF_CHECK_EQUAL(numbers.subscriptions, 2u);
  CAF_CHECK_EQUAL(numbers.topics, 2u);
  CAF_MESSAGE("what it follows already costs nothing, and one more is there");
  subscribe(client, {{"a", {}, {}}, {"c", {}, {}}, {"c", {}, {}}});
  CAF_CHECK_EQUAL(get<topic_hub_stats>(hub, atom::stats_v).subscriptions, 3u);
}

CAF_TEST(names pay for themselves and what leaves pays no longer) {
  config.memory = std::make_shared<budget>(20'000);
  start();
  std::vector<subscription> many;
  for (int i = 0; i < 20; ++i)
    many.push_back({"t" + std::to_string(i), {}, {}});
  auto client = connect();
  subscribe(client, many);
  CAF_CHECK(first(client.take()).find("overloaded") != std::string::npos);
  CAF_CHECK_EQUAL(get<topic_hub_stats>(hub, atom::stats_v).subscriptions, 0u);
  many.resize(5);
  for (int round = 0; round < 10; ++round) {
    auto one = connect();
    subscribe(one, many);
    CAF_CHECK_EQUAL(first(one.take()).find("overloaded"), std::string::npos);
    caf::anon_send_exit(one.who, caf::exit_reason::user_shutdown);
    settle();
  }
  CAF_MESSAGE("messages are not paid from that");
  publish("t0", '"' + std::string(3'000, 'x') + '"');
}

CAF_TEST(a failed subscription follows nothing) {
  config.max_topics = 1;
  start();
  follower("b");
  auto client = connect();
  subscribe(client, {{"b", {}, {}}, {"a", {}, {}}});
  CAF_CHECK(first(client.take()).find("overloaded") != std::string::npos);
  publish("b", "1", true);
  CAF_CHECK_EQUAL(client.take(), texts{});
}

CAF_TEST(memory that is full is a refusal and an alert until it is there again) {
  config.memory = std::make_shared<budget>(100'000);
  start();
  auto slow = follower("a");
  slow.outlet->room = 3; // what is begun cannot give way
  const auto big = '"' + std::string(30'000, 'x') + '"';
  ec refused = ec::none;
  for (int i = 0; i < 5 && refused == ec::none; ++i)
    refused =
      refusal<publish_receipt>(hub, atom::publish_v, publication{"a", big, true, {}});
  CAF_CHECK_EQUAL(refused, ec::overloaded);
  auto status = get<status_report>(hub, atom::status_v);
  CAF_REQUIRE_EQUAL(status.alerts.size(), 1u);
  CAF_CHECK_EQUAL(status.alerts[0].id, "websocket-memory-short");
  slow.outlet->room = 1'000'000;
  self->send(slow.who, atom::writable_v);
  settle();
  publish("a", big);
  CAF_CHECK(get<status_report>(hub, atom::status_v).alerts.empty());
}

CAF_TEST(memory that is short makes slow clients drop and then there is room) {
  config.memory = std::make_shared<budget>(100'000);
  config.history.messages = 1;
  start();
  auto slow = follower("a");
  slow.outlet->room = 0;
  const auto big = '"' + std::string(30'000, 'x') + '"';
  while (refusal<publish_receipt>(hub, atom::publish_v, publication{"a", big, false, {}})
         == ec::none)
    get<uint64_t>(hub, atom::flush_v);
  CAF_CHECK_GREATER(get<topic_hub_stats>(hub, atom::stats_v).dropped, 0u);
  CAF_MESSAGE("THEN whoever asks again after a moment is let in, at the second try");
  pass(20ms);
  refusal<publish_receipt>(hub, atom::publish_v, publication{"a", big, false, {}});
  publish("a", big);
}

CAF_TEST(a stop sends what waits and takes nothing more) {
  start();
  auto client = follower("a");
  publish("a", "1");
  get<stop_report>(hub, atom::stop_v);
  CAF_CHECK_EQUAL(first(client.take()), "[" + message("a", 1, "1") + "]");
}

CAF_TEST_FIXTURE_SCOPE_END()
