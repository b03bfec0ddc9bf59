// How answers go out: at once where the kernel takes them, else bit by bit.
#define CAF_SUITE http_answers
#include "tests/http_fixture.hpp"
#include "tests/temp_dir.hpp"

#include <caf/scoped_actor.hpp>

using namespace sluice;
using namespace sluice::test;

namespace {

/// Joined with its head, and several times as much as the kernel keeps for a unix socket
/// that nobody reads.
constexpr size_t document_bytes = 60'000;
constexpr int documents = 24;

/// A unix socket: what the kernel keeps of it does not grow.
struct local : http_fixture {
  temp_dir dir;

  local() { settings.socket = dir / "http.sock"; }

  client connect_here() { return client{settings.socket}; }

  std::string put_document() {
    std::string text = R"({"x":")" + std::string(document_bytes, 'x') + R"("})";
    CAF_REQUIRE_EQUAL(
      connect_here().ask(post_json("PUT /v1/sessions/main/a", text)).status, 202u);
    return text;
  }
};

const auto get_document = request("GET /v1/sessions/main/a");

} // namespace

CAF_TEST_FIXTURE_SCOPE(http_answers_tests, local)

CAF_TEST(answers that fill the kernel up arrive whole and in order once they are read) {
  open();
  const auto document = put_document();
  auto slow = connect_here();
  auto other = connect_here();
  for (int i = 0; i < documents; ++i) {
    CAF_REQUIRE(slow.send(get_document));
    // Asked behind it, and answered behind it: so its own answer was given by then.
    CAF_REQUIRE_EQUAL(other.ask(get_document).status, 200u);
  }
  for (int i = 0; i < documents; ++i) {
    const auto answer = slow.read();
    CAF_REQUIRE_EQUAL(answer.status, 200u);
    CAF_REQUIRE(answer.body == document);
  }
  CAF_CHECK_EQUAL(slow.ask(get_document).status, 200u);
}

CAF_TEST(who goes away while answers fill the kernel up harms nobody) {
  open();
  const auto document = put_document();
  for (int round = 0; round < 8; ++round) {
    auto slow = connect_here();
    for (int i = 0; i < 8; ++i)
      CAF_REQUIRE(slow.send(get_document));
    CAF_REQUIRE_EQUAL(connect_here().ask(get_document).status, 200u);
    slow.close();
  }
  CAF_CHECK(connect_here().ask(get_document).body == document);
}

CAF_TEST(an answer to one who has gone meanwhile ends his connection and no other) {
  open();
  cast->x->hold_appends = true;
  auto other = connect_here();
  {
    auto gone = connect_here();
    gone.send(post_lines("app", "x"));
    CAF_REQUIRE(soon([&] {
      std::lock_guard guard{cast->x->mutex};
      return cast->x->held.size() == 1;
    }));
  }
  {
    std::lock_guard guard{cast->x->mutex};
    cast->x->held[0].second.deliver(log_receipt{1, 1});
    cast->x->held.clear();
  }
  CAF_CHECK(soon([&] { return cast->in_flight->used_bytes() == 0; }));
  CAF_CHECK_EQUAL(other.ask(request("GET /health/live")).status, 200u);
}

CAF_TEST(many requests at once that are answered on the spot are answered one by one) {
  open();
  constexpr int requests = 2000;
  std::string all;
  for (int i = 0; i < requests; ++i)
    all += request(i % 2 ? "GET /nowhere" : "GET /v1/sessions/.bad/a");
  auto peer = connect_here();
  std::thread sender{[&] { peer.send(all); }};
  for (int i = 0; i < requests; ++i)
    CAF_CHECK_EQUAL(peer.read().status, i % 2 ? 404u : 400u);
  sender.join();
}

CAF_TEST(the bytes of an answer that went at once are counted) {
  open();
  const auto document = put_document();
  auto peer = connect_here();
  CAF_REQUIRE_EQUAL(peer.ask(get_document).status, 200u);
  caf::scoped_actor self{*sys};
  self->request(cast->back.actors.metrics, std::chrono::seconds{10}, atom::totals_v)
    .receive(
      [&](const metrics_totals& told) {
        const auto sent = told.total.network_sent;
        CAF_CHECK_GREATER(sent, document.size());
      },
      [&](caf::error& e) { CAF_FAIL(text_of(e)); });
}

CAF_TEST(an answer that ends its connection goes at once too) {
  open();
  auto peer = connect_here();
  const auto answer = peer.ask(request("GET /health/live", {}, "Connection: close\r\n"));
  CAF_CHECK_EQUAL(answer.status, 200u);
  CAF_CHECK(peer.ended());
}

CAF_TEST_FIXTURE_SCOPE_END()
