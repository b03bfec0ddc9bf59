// How far items have come, and who waits for them.
#define CAF_SUITE progress
#include "actors/coalesce/progress.hpp"

#include <caf/sec.hpp>

#include <caf/test/dsl.hpp>

#include <string>

using namespace sluice;
using coalesce::progress;

namespace {

struct fixture {
  /// Lets somebody wait; what he is told is told in order.
  void wait(const std::string& who, durability level, uint64_t seq) {
    const auto err = aut.await(level, seq, [this, who](const caf::error& why) {
      told += who + (why ? "! " : " ");
    });
    CAF_CHECK(!err);
  }

  progress aut;
  std::string told;
};

constexpr auto written = durability::ram;
constexpr auto synced = durability::disk;

} // namespace

CAF_TEST_FIXTURE_SCOPE(progress_tests, fixture)

CAF_TEST(numbers are given one by one or many at once and none twice) {
  CAF_CHECK_EQUAL(aut.accept(), 1u);
  CAF_CHECK_EQUAL(aut.accept(3), 4u);
  CAF_CHECK_EQUAL(aut.unwritten(), 4u);
}

CAF_TEST(nothing is written before it is accepted nor synced before it is written) {
  aut.accept(5);
  aut.wrote(9);
  CAF_CHECK_EQUAL(aut.written(), 5u);
  aut.accept(5);
  aut.sync(9);
  CAF_CHECK_EQUAL(aut.synced(), 5u);
}

CAF_TEST(older news takes nothing back) {
  aut.accept(5);
  aut.wrote(4);
  aut.sync(4);
  aut.wrote(2);
  aut.sync(1);
  CAF_CHECK_EQUAL(aut.written(), 4u);
  CAF_CHECK_EQUAL(aut.synced(), 4u);
}

CAF_TEST(who waits is answered when his number is reached and not one before) {
  aut.accept(5);
  wait("a", written, 3);
  wait("b", written, 4);
  aut.wrote(2);
  CAF_CHECK_EQUAL(told, "");
  aut.wrote(3);
  CAF_CHECK_EQUAL(told, "a ");
  aut.wrote(5);
  CAF_CHECK_EQUAL(told, "a b ");
}

CAF_TEST(who waits for the disk is not answered by a write) {
  aut.accept(2);
  wait("a", synced, 2);
  aut.wrote(2);
  CAF_CHECK_EQUAL(told, "");
  CAF_CHECK(aut.is_awaited());
  aut.sync(2);
  CAF_CHECK_EQUAL(told, "a ");
  CAF_CHECK(!aut.is_awaited());
}

CAF_TEST(a failure answers those of its level and each once) {
  aut.accept(2);
  wait("a", written, 1);
  wait("b", synced, 1);
  aut.fail(written, caf::make_error(ec::disk_full));
  CAF_CHECK_EQUAL(told, "a! ");
  aut.wrote(2);
  aut.sync(2);
  CAF_CHECK_EQUAL(told, "a! b ");
  aut.fail(caf::make_error(ec::stopping));
  CAF_CHECK_EQUAL(told, "a! b ");
}

CAF_TEST(an end answers everybody) {
  aut.accept();
  wait("a", written, 1);
  wait("b", synced, 1);
  aut.fail(caf::make_error(ec::stopping));
  CAF_CHECK_EQUAL(told, "a! b! ");
}

CAF_TEST(who is answered may ask again at once) {
  aut.accept(2);
  wait("a", written, 2);
  const auto again = [this](const caf::error&) {
    told += "b ";
    wait("c", written, 3);
  };
  CAF_CHECK(!aut.await(written, 1, again));
  aut.wrote(1);
  CAF_CHECK_EQUAL(told, "b ");
  aut.accept();
  aut.wrote(3);
  CAF_CHECK_EQUAL(told, "b a c ");
}

CAF_TEST(what was lost is written again before anybody is answered) {
  aut.accept(5);
  aut.wrote(5);
  aut.sync(3);
  aut.lose(2);
  CAF_CHECK_EQUAL(aut.written(), 2u);
  CAF_CHECK_EQUAL(aut.synced(), 2u);
  wait("a", synced, 5);
  aut.sync(5);
  CAF_CHECK_EQUAL(told, "");
  aut.wrote(5);
  aut.sync(5);
  CAF_CHECK_EQUAL(told, "a ");
}

CAF_TEST(a sync is wanted once what somebody waits for can be synced) {
  aut.accept(5);
  wait("a", synced, 3);
  CAF_CHECK(!aut.wants_sync(2));
  CAF_CHECK(aut.wants_sync(3));
}

CAF_TEST(ten thousand wait for each level and one more is refused) {
  aut.accept();
  size_t answered = 0;
  const auto count = [&answered](const caf::error&) { ++answered; };
  for (auto level : {written, synced}) {
    for (size_t i = 0; i < progress::waiters_max; ++i)
      CAF_REQUIRE(!aut.await(level, 1, count));
    CAF_CHECK(code_of(aut.await(level, 1, count)) == ec::overloaded);
  }
  aut.wrote(1);
  CAF_CHECK_EQUAL(answered, progress::waiters_max);
  CAF_CHECK(!aut.await(written, 2, count));
  CAF_CHECK(code_of(aut.await(synced, 1, count)) == ec::overloaded);
}

CAF_TEST(what is begun with numbers of before answers nobody by that) {
  wait("a", written, 2);
  aut.resume(4, 3, 2);
  CAF_CHECK_EQUAL(told, "");
  CAF_CHECK_EQUAL(aut.accept(), 5u);
  aut.wrote(3);
  CAF_CHECK_EQUAL(told, "a ");
}

CAF_TEST_FIXTURE_SCOPE_END()
