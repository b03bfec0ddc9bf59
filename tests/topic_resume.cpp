// What a client that comes back is promised: what it missed, in order, or to be told.
#define CAF_SUITE topic_resume
#include "tests/topic_fixture.hpp"

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
  CAF_CHECK_EQUAL(resume(9),
                  (texts{"[" + gap(1) + "]", "[" + message("a", 1, "1") + "]"}));
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

CAF_TEST_FIXTURE_SCOPE_END()
