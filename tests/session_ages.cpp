// Times of a clock that was not known to be right, in files.
#define CAF_SUITE session_ages

#include "tests/journal_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr int64_t right_ms = 1'800'000'000'000;

struct ages_fixture : journal_fixture {
  ages_fixture() { fs::create_directory(config.directory); }

  session_pruned prune(int64_t right_now_ms, bool enforce = true,
                       uint64_t max_entries = 500) {
    session_prune request{"s", right_now_ms - 1000, max_entries, enforce};
    request.right_now_ms = right_now_ms;
    return get<session_pruned>(aut, atom::prune_v, request);
  }

  std::vector<int64_t> times() {
    std::vector<int64_t> result;
    for (auto& x : dump().changes)
      result.push_back(x.updated_at_ms);
    return result;
  }

  void compact_now() {
    config.compact_bytes_min = 0;
    config.compact_snapshots = 0;
    restart();
    put("z", R"({"updatedAt":1000})");
    config.compact_bytes_min = 1'048'576;
    restart();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_ages_tests, ages_fixture)

CAF_TEST(a doubtful time makes nothing old and the first right moment counts instead) {
  auto early = doubtful_ms(1000);
  apply({{"a", false, "{}", early, 1},
         {"b", false, R"({"updatedAt":5})", early, 2},
         {"c", false, "{}", 5, 3}});
  CAF_MESSAGE("GIVEN a restart, and a right clock");
  restart();
  CAF_CHECK((times() == std::vector<int64_t>{early, early, 5}));
  CAF_CHECK((prune(right_ms).keys == std::vector<std::string>{"c"}));
  CAF_CHECK((times() == std::vector<int64_t>{right_ms - 1, right_ms}));
  CAF_MESSAGE("THEN that moment is what counts from then on, across restarts");
  restart();
  CAF_CHECK((times() == std::vector<int64_t>{right_ms - 1, right_ms}));
  compact_now();
  CAF_CHECK((times() == std::vector<int64_t>{right_ms - 1, right_ms, 1000}));
  CAF_CHECK_EQUAL(prune(right_ms + 2000).keys.size(), 3u);
}

CAF_TEST(a doubtful time stays one in a new snapshot) {
  apply({{"a", false, R"({"updatedAt":5})", doubtful_ms(7), 1}});
  compact_now();
  CAF_CHECK((times() == std::vector<int64_t>{doubtful_ms(7), 1000}));
}

CAF_TEST(a doubtful time stays one when a whole store is replaced) {
  put("a", "{}");
  auto early = doubtful_ms(7);
  apply({{"a", true, {}, 0, 2},
         {"b", false, R"({"updatedAt":5})", early, 3},
         {"c", false, "{}", early, 4}});
  restart();
  CAF_CHECK((times() == std::vector<int64_t>{early, early}));
  CAF_MESSAGE("AND beside a document that says its own");
  apply({{"b", true, {}, 0, 5},
         {"c", false, R"({"n":1})", early, 6},
         {"d", false, R"({"updatedAt":9})", 9, 7}});
  restart();
  CAF_CHECK((times() == std::vector<int64_t>{early, 9}));
}

CAF_TEST(the time of a file that somebody put there is a doubtful one) {
  write_file(snapshot_path, R"({"a":{},"b":{"updatedAt":5}})");
  fs::last_write_time(snapshot_path, fs::file_time_type{} + 1s);
  restart();
  CAF_CHECK(is_doubtful(updated_at(0)));
  CAF_CHECK_EQUAL(updated_at(1), 5);
  CAF_CHECK((prune(right_ms, false).keys == std::vector<std::string>{"b"}));
  CAF_CHECK_EQUAL(updated_at(0), right_ms);
  restart();
  CAF_CHECK_EQUAL(updated_at(0), right_ms);
}

CAF_TEST(of too many what has a doubtful time is the newest and keeps its order) {
  apply({{"a", false, "{}", doubtful_ms(3), 1},
         {"b", false, "{}", doubtful_ms(2), 2},
         {"c", false, "{}", doubtful_ms(1), 3},
         {"d", false, "{}", right_ms - 10, 4}});
  CAF_CHECK((prune(0, false, 2).keys == std::vector<std::string>{"d", "c"}));
  prune(right_ms, false);
  CAF_CHECK(
    (times()
     == std::vector<int64_t>{right_ms, right_ms - 1, right_ms - 2, right_ms - 10}));
}

CAF_TEST(more than may be removed are named and left) {
  for (auto key : {"a", "b", "c"})
    put(key, R"({"updatedAt":1})");
  session_prune request{"s", 2000, 500, true};
  request.removes_max = 2;
  auto held = get<session_pruned>(aut, atom::prune_v, request);
  CAF_CHECK(held.held);
  CAF_CHECK_EQUAL(held.keys.size(), 3u);
  CAF_CHECK_EQUAL(held.now.entries, 3u);
  CAF_CHECK_EQUAL(whole().size(), 3u);
  request.removes_max = 3;
  CAF_CHECK(!get<session_pruned>(aut, atom::prune_v, request).held);
  CAF_CHECK(whole().empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
