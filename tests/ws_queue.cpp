// What a connection's queue promises: order, a bound, and a word about what was lost in
// the place where it was lost.
#define CAF_SUITE ws_queue
#include "actors/websocket/ws_queue.hpp"
#include "actors/websocket/page_builder.hpp"
#include "actors/websocket/ws_deflater.hpp"

#include "tests/topic_fixture.hpp"

#include <chrono>

using namespace sluice;
using namespace sluice::test;

namespace {

struct queue_fixture {
  page_ptr page(const std::string& topic, uint64_t seq, bool critical = false) {
    page_builder builder{topic, deflater};
    builder.add(seq, data);
    return builder.seal({true, false}, critical);
  }

  void push(const std::string& topic, uint64_t seq, bool critical = false) {
    queue.push(page(topic, seq, critical));
  }

  /// Writes everything, some bytes at a time, and tells what came.
  texts drain(size_t step = 1'000'000) {
    std::string got;
    while (!queue.empty()) {
      std::string offered;
      for (auto piece : queue.pieces())
        offered += piece;
      offered.resize(std::min(step, offered.size()));
      got += offered;
      queue.wrote(offered.size());
    }
    CAF_CHECK_EQUAL(queue.bytes(), 0u);
    CAF_CHECK_EQUAL(queue.messages(), 0u);
    return frames_in(got);
  }

  /// Heavier than what tells of its loss.
  const std::string data = '"' + std::string(300, 'x') + '"';
  ws_deflater deflater;
  ws_queue queue{framing::single};
};

std::string lost(const std::string& topic, int count, int seq) {
  return R"({"topic":")" + topic + R"(","dropped":)" + std::to_string(count)
         + R"(,"seq":)" + std::to_string(seq) + '}';
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(ws_queue_tests, queue_fixture)

CAF_TEST(what is pushed comes out in order whatever a write takes) {
  for (size_t step : {1u, 7u, 1000u}) {
    push("a", 1);
    push("b", 1);
    push("a", 2);
    CAF_CHECK_EQUAL(drain(step), (texts{message("a", 1, data), message("b", 1, data),
                                        message("a", 2, data)}));
  }
}

CAF_TEST(the smallest message counts for what it takes to keep it) {
  queue.push(notice_page("1", framing::single));
  CAF_CHECK_GREATER(queue.bytes(), 64u);
  drain();
}

CAF_TEST(the oldest is dropped first and told in its place) {
  push("a", 1);
  push("b", 1);
  push("a", 2);
  queue.shrink_to(queue.bytes() - 1);
  CAF_CHECK_EQUAL(drain(),
                  (texts{lost("a", 1, 1), message("b", 1, data), message("a", 2, data)}));
}

CAF_TEST(losses of one topic are told in one) {
  for (uint64_t i = 1; i <= 100; ++i)
    push("a", i);
  queue.shrink_to(queue.bytes() / 2);
  auto got = drain();
  const auto kept = got.size() - 1;
  CAF_CHECK_EQUAL(got.front(),
                  lost("a", 100 - static_cast<int>(kept), 100 - static_cast<int>(kept)));
  CAF_CHECK_GREATER(kept, 40u);
  CAF_CHECK_EQUAL(queue.dropped(), 100 - kept);
}

CAF_TEST(a critical message is dropped last and losses are told around it) {
  push("a", 1);
  push("a", 2, true);
  push("a", 3);
  queue.shrink_to(queue.bytes() * 3 / 4);
  CAF_CHECK_EQUAL(drain(),
                  (texts{lost("a", 1, 1), message("a", 2, data), lost("a", 1, 3)}));
}

CAF_TEST(a critical message that is dropped is told too) {
  push("a", 1);
  push("a", 2, true);
  push("a", 3, true);
  queue.shrink_to(200);
  CAF_CHECK_EQUAL(drain(), (texts{lost("a", 3, 3)}));
}

CAF_TEST(what was missed is not cut down but goes with all the rest) {
  queue.push(page("a", 1), true);
  push("a", 2);
  queue.shrink_to(0);
  CAF_CHECK_EQUAL(queue.messages(), 1u);
  queue.drop_all();
  CAF_CHECK_EQUAL(drain(), texts{lost("a", 2, 2)});
}

CAF_TEST(to drop takes time by what waits and not by how many topics it is of) {
  constexpr int topics = 10'000;
  constexpr uint64_t rounds = 30;
  std::vector<page_ptr> pages;
  for (int i = 0; i < topics; ++i)
    pages.push_back(page("t" + std::to_string(i), 1));
  for (uint64_t i = 0; i < rounds; ++i)
    for (const auto& each : pages)
      queue.push(each, true);
  queue.push(page("t0", 2));
  const auto began = std::chrono::steady_clock::now();
  queue.shrink_to(0);
  queue.drop_all();
  // It takes a fraction of a second, and was minutes.
  CAF_CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{30});
  CAF_CHECK_EQUAL(queue.dropped(), topics * rounds + 1);
  CAF_CHECK_EQUAL(drain().size(), static_cast<size_t>(topics));
}

CAF_TEST(losses with nothing of their topic left between them are told in one) {
  push("a", 1);
  queue.push(page("a", 2), true);
  push("b", 1);
  push("a", 3);
  queue.shrink_to(0);
  queue.drop_all();
  CAF_CHECK_EQUAL(drain(), (texts{lost("a", 3, 3), lost("b", 1, 1)}));
}

CAF_TEST(a loss that a write did not reach is told by the next) {
  texts expected;
  for (int i = 0; i < 70; ++i) {
    auto topic = "t" + std::to_string(i);
    push(topic, 1);
    expected.push_back(lost(topic, 1, 1));
  }
  queue.shrink_to(0);
  CAF_CHECK_EQUAL(drain(), expected);
}

CAF_TEST(what is on its way is not dropped) {
  push("a", 1);
  push("a", 2);
  std::string begun{queue.pieces().front().substr(0, 3)};
  queue.wrote(3);
  queue.shrink_to(0);
  auto rest = queue.pieces();
  for (auto piece : rest)
    begun += piece;
  CAF_CHECK_EQUAL(frames_in(begun), (texts{message("a", 1, data), lost("a", 1, 2)}));
}

CAF_TEST(a loss holds none of the lost bytes) {
  auto heavy = page("a", 1);
  queue.push(heavy);
  queue.shrink_to(0);
  CAF_CHECK_EQUAL(heavy.use_count(), 1);
}

CAF_TEST(a control frame passes what waits but not what is on its way) {
  push("a", 1);
  push("a", 2);
  std::string got{queue.pieces().front().substr(0, 3)};
  queue.wrote(3);
  queue.push_control("\x81\x01X");
  queue.push_control("\x81\x01Y");
  for (auto piece : queue.pieces())
    got += piece;
  CAF_CHECK_EQUAL(frames_in(got),
                  (texts{message("a", 1, data), "X", "Y", message("a", 2, data)}));
}

CAF_TEST(progress tells messages and answers) {
  push("a", 1);
  queue.push_answer(notice_page("{}", framing::single));
  queue.push_control("\x81\x01X");
  size_t all = 0;
  for (auto piece : queue.pieces())
    all += piece.size();
  auto progress = queue.wrote(all);
  CAF_CHECK_EQUAL(progress.messages, 1u);
  CAF_CHECK_EQUAL(progress.answers, 2u);
}

CAF_TEST_FIXTURE_SCOPE_END()
