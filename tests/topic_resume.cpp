// What a client that comes back is promised: what it missed, in order, or to be told.
#define CAF_SUITE topic_resume
#include "tests/topic_fixture.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

struct resume_fixture : topic_fixture {
  /// What a client gets behind its answer.
  texts resume(uint64_t after, const std::string& epoch = "e1",
               framing how = framing::batch) {
    auto client = connect(how);
    subscribe(client, {{"a", after, epoch}});
    auto got = client.take();
    CAF_REQUIRE(!got.empty());
    CAF_CHECK(got.front().find(R"("epoch":"e1")") != std::string::npos);
    got.erase(got.begin());
    return got;
  }

  void publish_some(int n) {
    for (int i = 1; i <= n; ++i)
      publish("a", std::to_string(i));
  }

  void publish_heavy(int n) {
    for (int i = 0; i < n; ++i)
      publish("a", heavy);
  }

  /// A client that asked for all of `a`, and took its answer and a little more.
  ws_client begin_to_resume() {
    auto client = connect();
    client.outlet->room = 100;
    subscribe(client, {{"a", 0, "e1"}});
    return client;
  }

  /// All that comes once it takes what comes.
  texts take_all(const ws_client& client) {
    client.outlet->room = 1'000'000'000;
    self->send(client.who, atom::writable_v);
    settle();
    auto got = client.take();
    CAF_REQUIRE(!got.empty());
    got.erase(got.begin());
    return got;
  }

  /// Messages of `a` with these numbers.
  texts heavy_messages(uint64_t first, uint64_t last) {
    texts result;
    for (auto seq = first; seq <= last; ++seq)
      result.push_back("[" + message("a", seq, heavy) + "]");
    return result;
  }

  const std::string heavy = '"' + std::string(10'000, 'x') + '"';
};

std::string gap(uint64_t seq) {
  return R"({"topic":"a","gap":true,"seq":)" + std::to_string(seq) + '}';
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(topic_resume_tests, resume_fixture)

CAF_TEST(who comes back gets what it missed and no more) {
  config.max_batch = 2;
  start();
  publish_some(5);
  CAF_CHECK_EQUAL(resume(3), (texts{"[" + message("a", 4, "4") + "]",
                                    "[" + message("a", 5, "5") + "]"}));
  CAF_CHECK_EQUAL(resume(5), texts{});
}

CAF_TEST(a page is cut where the client has its beginning) {
  start();
  publish_some(4);
  CAF_CHECK_EQUAL(resume(2),
                  texts{"[" + message("a", 3, "3") + "," + message("a", 4, "4") + "]"});
  CAF_CHECK_EQUAL(resume(2, "e1", framing::single),
                  (texts{message("a", 3, "3"), message("a", 4, "4")}));
}

CAF_TEST(a client with a frame a message resumes from pages made without it) {
  start();
  publish_some(2);
  pass(100ms);
  CAF_CHECK_EQUAL(resume(0, "e1", framing::single),
                  (texts{message("a", 1, "1"), message("a", 2, "2")}));
}

CAF_TEST(messages that came while it was away are followed by those that come) {
  start();
  publish_some(2);
  auto client = connect();
  subscribe(client, {{"a", 1, "e1"}});
  publish("a", "3");
  pass(100ms);
  auto got = client.take();
  CAF_REQUIRE_EQUAL(got.size(), 3u);
  CAF_CHECK_EQUAL(got[1], "[" + message("a", 2, "2") + "]");
  CAF_CHECK_EQUAL(got[2], "[" + message("a", 3, "3") + "]");
}

CAF_TEST(what the history no longer holds is a gap) {
  config.max_batch = 1;
  config.history.messages = 2;
  start();
  publish_some(5);
  CAF_CHECK_EQUAL(resume(1), (texts{"[" + gap(4) + "]", "[" + message("a", 4, "4") + "]",
                                    "[" + message("a", 5, "5") + "]"}));
  CAF_CHECK_EQUAL(resume(3), (texts{"[" + message("a", 4, "4") + "]",
                                    "[" + message("a", 5, "5") + "]"}));
}

CAF_TEST(the history is bounded in bytes) {
  config.max_batch = 1;
  config.history.bytes = 30'000;
  start();
  for (int i = 0; i < 5; ++i)
    publish("a", '"' + std::string(10'000, 'x') + '"');
  CAF_CHECK_LESS_OR_EQUAL(get<topic_hub_stats>(hub, atom::stats_v).history_bytes,
                          30'000u);
  CAF_CHECK_EQUAL(first(resume(0)), "[" + gap(4) + "]");
}

CAF_TEST(another run is a gap and then all that there is of this one) {
  config.max_batch = 2;
  start();
  CAF_CHECK_EQUAL(resume(1, "e0"), texts{"[" + gap(1) + "]"});
  publish_some(3);
  const texts all{"[" + gap(1) + "]",
                  "[" + message("a", 1, "1") + "," + message("a", 2, "2") + "]",
                  "[" + message("a", 3, "3") + "]"};
  for (auto after : {0, 1, 3, 9})
    CAF_CHECK_EQUAL(resume(after, "e0"), all);
  CAF_CHECK_EQUAL(
    resume(2, "e0", framing::single),
    (texts{gap(1), message("a", 1, "1"), message("a", 2, "2"), message("a", 3, "3")}));
}

CAF_TEST(another run is a gap up to where the history begins) {
  config.max_batch = 1;
  config.history.messages = 2;
  start();
  publish_some(5);
  CAF_CHECK_EQUAL(resume(4, "e0"),
                  (texts{"[" + gap(4) + "]", "[" + message("a", 4, "4") + "]",
                         "[" + message("a", 5, "5") + "]"}));
}

CAF_TEST(of several topics each has its own gap before what follows it) {
  start();
  publish("a", "1");
  publish("b", "2");
  auto client = connect();
  subscribe(client, {{"b", 7, "e0"}, {"a", 0, "e1"}, {"c", 1, "e0"}, {"d", {}, {}}});
  auto got = client.take();
  CAF_REQUIRE(!got.empty());
  got.erase(got.begin());
  CAF_CHECK_EQUAL(
    got,
    (texts{R"([{"topic":"b","gap":true,"seq":1}])", "[" + message("b", 1, "2") + "]",
           "[" + message("a", 1, "1") + "]", R"([{"topic":"c","gap":true,"seq":1}])"}));
}

CAF_TEST(a number that was never given is one of another run) {
  start();
  publish_some(1);
  for (auto never : {2, 9})
    CAF_CHECK_EQUAL(resume(never),
                    (texts{"[" + gap(1) + "]", "[" + message("a", 1, "1") + "]"}));
  CAF_CHECK_EQUAL(resume(1), texts{});
}

CAF_TEST(a number without its epoch is refused) {
  start();
  auto client = connect();
  subscribe(client, {{"a", 1, ""}});
  CAF_CHECK(first(client.take()).find("invalid-argument") != std::string::npos);
}

CAF_TEST(whoever follows already is sent nothing twice) {
  start();
  auto client = follower("a");
  publish("a", "1", true);
  client.take();
  subscribe(client, {{"a", 0, "e1"}});
  CAF_CHECK_EQUAL(client.take().size(), 1u); // the answer
}

CAF_TEST(of what was missed a part is held and the rest comes as the client takes it) {
  config.max_batch = 1;
  start();
  publish_heavy(40);
  auto client = connect();
  client.outlet->room = 0;
  subscribe(client, {{"a", 0, "e1"}});
  CAF_MESSAGE("a client that does not even take its answer is sent nothing");
  CAF_CHECK_LESS(get<ws_connection_stats>(client.who, atom::stats_v).queued_bytes, 1000u);
  client.outlet->room = 100;
  self->send(client.who, atom::writable_v);
  settle();
  const auto held = get<ws_connection_stats>(client.who, atom::stats_v).queued_bytes;
  CAF_CHECK_GREATER(held, 10'000u);
  CAF_CHECK_LESS(held, 80'000u);
  CAF_CHECK(take_all(client) == heavy_messages(1, 40));
}

CAF_TEST(what is new comes once and behind what is yet to be caught up with) {
  config.max_batch = 1;
  start();
  publish_heavy(20);
  auto client = begin_to_resume();
  auto other = follower("a");
  publish("a", heavy, true);
  CAF_CHECK_EQUAL(other.take().size(), 1u);
  CAF_CHECK(take_all(client) == heavy_messages(1, 21));
  publish("a", heavy, true);
  CAF_CHECK(client.take() == heavy_messages(22, 22));
}

CAF_TEST(who leaves a topic is sent no more of what it missed) {
  config.max_batch = 1;
  start();
  publish_heavy(40);
  auto client = begin_to_resume();
  say(client, {"2", ws_unsubscribe{{"a"}}});
  const auto got = take_all(client);
  CAF_CHECK_LESS(got.size(), 10u);
  CAF_CHECK_EQUAL(last(got), R"([{"id":2,"ok":true}])");
  publish("a", heavy, true);
  CAF_CHECK_EQUAL(client.take(), texts{});
  CAF_CHECK_EQUAL(get<topic_hub_stats>(hub, atom::stats_v).subscriptions, 0u);
}

CAF_TEST(a client that goes amid what it missed is forgotten) {
  config.max_batch = 1;
  config.max_topics = 1;
  start();
  publish_heavy(40);
  auto client = begin_to_resume();
  CAF_MESSAGE("a topic that somebody is yet to catch up with is followed");
  const publication more{"b", "1", false, {}};
  CAF_CHECK_EQUAL(refusal<publish_receipt>(hub, atom::publish_v, more), ec::overloaded);
  const publication same{"a", "1", false, {}};
  CAF_CHECK_EQUAL(get<publish_receipt>(hub, atom::publish_v, same).subscribers, 1u);
  client.outlet->broken = true;
  self->send(client.who, atom::leave_v);
  settle();
  CAF_CHECK_EQUAL(get<publish_receipt>(hub, atom::publish_v, more).seq, 42u);
}

CAF_TEST(what the history lets go before a client has caught up is a gap) {
  config.max_batch = 1;
  config.history.bytes = 300'000;
  start();
  publish_heavy(20);
  auto client = begin_to_resume();
  publish_heavy(40);
  const auto got = take_all(client);
  const auto at = std::find_if(got.begin(), got.end(), [](const auto& each) {
    return each.find("gap") != each.npos;
  });
  CAF_REQUIRE(at != got.end());
  const auto before = static_cast<uint64_t>(at - got.begin());
  const auto behind = static_cast<uint64_t>(got.end() - at) - 1;
  CAF_CHECK(texts(got.begin(), at) == heavy_messages(1, before));
  CAF_CHECK_EQUAL(*at, "[" + gap(61 - behind) + "]");
  CAF_CHECK(texts(at + 1, got.end()) == heavy_messages(61 - behind, 60));
}

CAF_TEST(a stop sends one part more to who has yet to catch up) {
  config.max_batch = 1;
  start();
  publish_some(2);
  auto client = connect();
  client.outlet->room = 10;
  subscribe(client, {{"a", 0, "e1"}});
  static_cast<void>(get<stop_report>(hub, atom::stop_v));
  CAF_CHECK_EQUAL(take_all(client), (texts{"[" + message("a", 1, "1") + "]",
                                           "[" + message("a", 2, "2") + "]",
                                           "close 1001 the service is stopping"}));
}

CAF_TEST(a page that cannot be framed for want of memory is a gap) {
  config.memory = std::make_shared<budget>(45'000);
  config.max_batch = 1;
  start();
  publish_heavy(2);
  CAF_CHECK(resume(0, "e1", framing::single)
            == (texts{message("a", 1, heavy), message("a", 2, heavy)}));
  config.memory = std::make_shared<budget>(35'000);
  start();
  publish_heavy(1);
  auto [others, paid] = config.memory->try_draw(20'000);
  CAF_CHECK(paid);
  CAF_CHECK_EQUAL(resume(0, "e1", framing::single), texts{gap(2)});
}

CAF_TEST(all histories together take half of the memory at most) {
  config.memory = std::make_shared<budget>(100'000);
  config.max_batch = 1;
  start();
  for (int i = 0; i < 20; ++i)
    publish("t" + std::to_string(i), '"' + std::string(10'000, 'x') + '"');
  CAF_CHECK_LESS_OR_EQUAL(get<topic_hub_stats>(hub, atom::stats_v).history_bytes,
                          50'000u);
}

CAF_TEST(a message that overtook is resumed in its place) {
  config.overtake = true;
  start();
  publish("a", "1");
  publish("a", "2", true);
  publish("a", "3");
  CAF_CHECK_EQUAL(resume(0), (texts{"[" + message("a", 1, "1") + "]",
                                    R"([{"topic":"a","seq":2,"critical":true,"data":2}])",
                                    "[" + message("a", 3, "3") + "]"}));
}

CAF_TEST(one message that the history no longer holds is a gap too) {
  config.max_batch = 1;
  config.history.messages = 2;
  start();
  publish_some(4);
  const auto behind = resume(1);
  CAF_CHECK(behind
            == (texts{"[" + gap(3) + "]", "[" + message("a", 3, "3") + "]",
                      "[" + message("a", 4, "4") + "]"}));
  const auto abreast = resume(2);
  CAF_CHECK(
    abreast
    == (texts{"[" + message("a", 3, "3") + "]", "[" + message("a", 4, "4") + "]"}));
}

CAF_TEST(the last message is a gap where the history holds nothing) {
  config.max_batch = 1;
  config.history.bytes = 1;
  start();
  publish_some(2);
  const auto behind = resume(1);
  CAF_CHECK(behind == texts{"[" + gap(3) + "]"});
  const auto abreast = resume(2);
  CAF_CHECK(abreast == texts{});
}

CAF_TEST_FIXTURE_SCOPE_END()
