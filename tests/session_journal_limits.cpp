// Compaction, full disks and failing syncs of the session journal.
#define CAF_SUITE session_journal_limits

#include "tests/journal_fixture.hpp"

#include <sys/mount.h>

#include <caf/event_based_actor.hpp>

using namespace sluice;
using namespace sluice::test;

namespace {

/// An object of so many bytes.
std::string body(size_t bytes, char fill = 'x') {
  return R"({"x":")" + std::string(bytes - 8, fill) + R"("})";
}

/// A disk of a few pages, where the test may mount one.
class small_mount {
public:
  small_mount(std::string path, const char* size) : path_(std::move(path)) {
    fs::create_directory(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, size) == 0;
  }
  small_mount(const small_mount&) = delete;
  small_mount& operator=(const small_mount&) = delete;
  ~small_mount() {
    if (mounted_)
      ::umount2(path_.c_str(), MNT_DETACH);
  }

  explicit operator bool() const { return mounted_; }

  void resize(const char* size) const {
    ::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, size);
  }

private:
  std::string path_;
  bool mounted_ = false;
};

struct limits_fixture : journal_fixture {
  limits_fixture() {
    config.compact_bytes_min = 4'000;
    config.compact_snapshots = 1;
    config.max_journal_bytes = 20'000;
    restart();
  }

  /// An apply that may have to wait; `answer` is set once it is answered.
  struct later {
    std::shared_ptr<session_applied> answer = std::make_shared<session_applied>();
    std::shared_ptr<caf::error> failure = std::make_shared<caf::error>();
    bool open() const { return answer->now.store.empty() && !*failure; }
  };

  later put_later(const std::string& store, const std::string& key,
                  const std::string& document, int64_t updated_at_ms = 1) {
    later result;
    session_changes x{store, {{key, false, document, updated_at_ms, 0}}, {}};
    sys.spawn([=, who = aut](caf::event_based_actor* me) {
      me->request(who, caf::infinite, atom::apply_v, x, durability::ram)
        .then([=](session_applied& got) { *result.answer = std::move(got); },
              [=](caf::error& err) { *result.failure = std::move(err); });
    });
    settle();
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_journal_limits_tests, limits_fixture)

CAF_TEST(a journal that has grown enough is compacted and a smaller one is not ) {
  put("a", body(1000), 1);
  put("b", body(1000), 2);
  put("a", body(1000, 'y'), 3);
  CAF_CHECK_EQUAL(state("compactions"), 0);
  put("b", body(1000, 'y'), 4);
  CAF_CHECK_EQUAL(state("compactions"), 1);
  CAF_CHECK(snapshot()
            == "{\n\"a\": " + body(1000, 'y') + ",\n\"b\": " + body(1000, 'y') + "\n}\n");
  CAF_CHECK_LESS(fs::file_size(journal_path), 400u);
  CAF_CHECK_EQUAL(names("s.").size(), 2u);
  documents expected{{"a", body(1000, 'y')}, {"b", body(1000, 'y')}};
  CAF_CHECK(whole() == expected);
  put("c", "{}", 5);
  restart();
  expected["c"] = "{}";
  CAF_CHECK(whole() == expected);
  CAF_CHECK_EQUAL(mark(), (session_mark{"spool", 5}));
  CAF_CHECK(status().alerts.empty());
}

CAF_TEST(a journal of a large snapshot grows as large as that before it is compacted) {
  for (auto key : {"a", "b", "c", "d"})
    put(key, body(3000));
  CAF_CHECK_EQUAL(state("compactions"), 2);
  put("a", body(3000, 'y'));
  put("b", body(3000, 'y'));
  put("c", body(3000, 'y'));
  CAF_CHECK_EQUAL(state("compactions"), 2);
  put("d", body(3000, 'y'));
  CAF_CHECK_EQUAL(state("compactions"), 3);
}

CAF_TEST(a compaction delays the writes of its own store alone and no read) {
  put("a", body(3000));
  script->holds = true;
  put("a", body(3000, 'y'));
  CAF_REQUIRE_EQUAL(script->held.size(), 1u);
  auto same = put_later("s", "b", "{}");
  auto other = put_later("t", "b", "{}");
  CAF_CHECK(same.open());
  CAF_CHECK(!other.open());
  CAF_CHECK_EQUAL(load("a"), body(3000, 'y'));
  CAF_CHECK_EQUAL(load("b"), "<none>");
  release_compaction();
  CAF_CHECK(!same.open());
  CAF_CHECK_EQUAL(load("b"), "{}");
  CAF_CHECK_EQUAL(load("a"), body(3000, 'y'));
}

CAF_TEST(a prune that waits for a compaction sees what was written before it) {
  put("old", body(3000));
  script->holds = true;
  put("new", body(3000));
  auto update = put_later("s", "old", "{}", 5000);
  auto pruned = std::make_shared<session_pruned>();
  sys.spawn([=, who = aut](caf::event_based_actor* me) {
    me->request(who, caf::infinite, atom::prune_v, session_prune{"s", 2000, 500, true})
      .then([=](session_pruned& x) { *pruned = std::move(x); });
  });
  settle();
  release_compaction();
  CAF_CHECK((pruned->keys == std::vector<std::string>{"new"}));
}

CAF_TEST(a compaction without room waits and is told and tried again later) {
  put("a", body(3000));
  script->failing_compactions = 1;
  put("a", body(3000, 'y'));
  CAF_CHECK(has_alert("session-compaction-failed"));
  put("a", body(3000));
  CAF_CHECK_EQUAL(state("compactions"), 0);
  pass(100ms);
  put("a", body(3000, 'y'));
  CAF_CHECK_EQUAL(state("compactions"), 1);
  CAF_CHECK(!has_alert("session-compaction-failed"));
}

CAF_TEST(room for the snapshot is reserved before anything of it is written) {
  small_mount disk{config.directory, "size=32k"};
  if (!disk) {
    CAF_MESSAGE("skipped: nothing can be mounted here");
    return;
  }
  config.compact_bytes_min = 1'048'576;
  config.max_journal_bytes = 1'048'576;
  restart();
  for (auto key : {"a", "b", "c", "d", "e"})
    put(key, body(3500));
  script->failing_syncs = 1;
  put("f", "{}", 0, durability::disk);
  auto writes = state("writes");
  put("f", "{}", 0, durability::disk);
  CAF_CHECK(code_of(refusal) == ec::disk_full);
  CAF_CHECK(has_alert("session-compaction-failed"));
  CAF_CHECK_EQUAL(state("writes"), writes);
  CAF_CHECK_EQUAL(names("s.").size(), 1u);
  CAF_CHECK_EQUAL(load("a"), body(3500));
  CAF_MESSAGE("WHEN there is room THEN it is done");
  disk.resize("size=128k");
  put("f", "{}", 0, durability::disk);
  CAF_CHECK(!refusal);
  CAF_CHECK(!has_alert("session-compaction-failed"));
  CAF_CHECK_EQUAL(whole().size(), 6u);
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  settle();
}

CAF_TEST(a journal that may not grow takes nothing more until it can be compacted) {
  script->failing_compactions = 1'000;
  uint64_t n = 0;
  while (!refusal && n < 50)
    put("a", body(3000, static_cast<char>('a' + n++ % 2)));
  CAF_CHECK(code_of(refusal) == ec::disk_full);
  auto size = fs::file_size(journal_path);
  CAF_CHECK_GREATER_OR_EQUAL(size, config.max_journal_bytes);
  CAF_CHECK_LESS(size, config.max_journal_bytes + 4000);
  put("b", "{}");
  CAF_CHECK(code_of(refusal) == ec::disk_full);
  CAF_CHECK_EQUAL(fs::file_size(journal_path), size);
  script->failing_compactions = 0;
  put("b", "{}");
  CAF_CHECK(!refusal);
  CAF_CHECK_EQUAL(state("compactions"), 1);
  CAF_CHECK_EQUAL(load("b"), "{}");
}

CAF_TEST(a full disk changes nothing and what was refused can be written later) {
  put("a", R"({"n":1})", 1);
  auto before = journal();
  {
    small_disk disk{before.size() + 400};
    apply({{"a", false, R"({"n":2})", 1, 2}, {"b", false, body(1000), 1, 3}},
          {"spool", 3});
    CAF_CHECK(code_of(refusal) == ec::disk_full);
    CAF_CHECK(has_alert("session-write-failed"));
    CAF_CHECK(journal() == before);
    CAF_CHECK_EQUAL(load("a"), R"({"n":1})");
    CAF_CHECK_EQUAL(mark(), (session_mark{"spool", 1}));
  }
  apply({{"a", false, R"({"n":2})", 1, 2}, {"b", false, body(1000), 1, 3}}, {"spool", 3});
  CAF_CHECK(!refusal);
  CAF_CHECK(!has_alert("session-write-failed"));
  restart();
  CAF_CHECK_EQUAL(load("b"), body(1000));
}

CAF_TEST(a full disk at the first write leaves a store that can begin) {
  {
    small_disk disk{50};
    put("a", "{}");
    CAF_CHECK(code_of(refusal) == ec::disk_full);
  }
  restart();
  CAF_CHECK(stores().empty());
  CAF_CHECK(status().alerts.empty());
  put("a", "{}");
  restart();
  CAF_CHECK_EQUAL(load("a"), "{}");
}

CAF_TEST(after a failed sync the store is written anew before one counts) {
  put("a", R"({"n":1})", 1);
  script->failing_syncs = 1;
  put("b", "{}", 2, durability::disk);
  CAF_CHECK(code_of(refusal) == ec::disk_failed);
  CAF_CHECK(has_alert("session-sync-failed"));
  auto inode = folder{config.directory}.find("s.journal");
  put("b", "{}", 2, durability::disk);
  CAF_CHECK(!refusal);
  CAF_CHECK(last.level == durability::disk);
  CAF_CHECK(folder{config.directory}.find("s.journal") != inode);
  CAF_CHECK_EQUAL(state("compactions"), 1);
  CAF_CHECK(!has_alert("session-sync-failed"));
  restart();
  CAF_CHECK((whole() == documents{{"a", R"({"n":1})"}, {"b", "{}"}}));
}

CAF_TEST(after a failed sync nothing counts as long as it cannot be written anew) {
  script->failing_syncs = 1;
  put("a", "{}", 1, durability::disk);
  script->failing_compactions = 2;
  put("a", "{}", 1, durability::disk);
  CAF_CHECK(refusal);
  put("a", "{}", 1, durability::disk);
  CAF_CHECK(refusal);
  CAF_CHECK_EQUAL(load("a"), "{}");
  put("a", "{}", 1, durability::disk);
  CAF_CHECK(!refusal);
}

CAF_TEST(a stop after a failed sync writes the store anew) {
  script->failing_syncs = 1;
  put("a", "{}", 1, durability::disk);
  auto report = get<stop_report>(aut, atom::stop_v);
  CAF_CHECK_EQUAL(report.drained, 1u);
  CAF_CHECK_EQUAL(report.left, 0u);
  start();
  CAF_CHECK_EQUAL(load("a"), "{}");
}

CAF_TEST(a stop whose sync fails writes the store anew) {
  put("a", "{}");
  script->failing_syncs = 1;
  auto report = get<stop_report>(aut, atom::stop_v);
  CAF_CHECK_EQUAL(report.left, 0u);
  CAF_CHECK(fs::exists(snapshot_path));
}

CAF_TEST(a stop that cannot sync says what is left) {
  put("a", "{}");
  script->failing_syncs = 1;
  script->failing_compactions = 1;
  auto report = get<stop_report>(aut, atom::stop_v);
  CAF_CHECK_EQUAL(report.left, 1u);
  CAF_CHECK(!report.detail.empty());
}

CAF_TEST(a stop lets a compaction end and answers what waited for it) {
  put("a", body(3000));
  script->holds = true;
  put("a", body(3000, 'y'));
  auto waiting = put_later("s", "b", "{}");
  auto stopped = std::make_shared<stop_report>();
  sys.spawn([=, who = aut](caf::event_based_actor* me) {
    me->request(who, caf::infinite, atom::stop_v).then([=](stop_report& x) {
      *stopped = std::move(x);
    });
  });
  settle();
  CAF_CHECK(stopped->name.empty());
  release_compaction();
  CAF_CHECK_EQUAL(stopped->name, "session-journal");
  CAF_CHECK(!waiting.open());
  start();
  CAF_CHECK_EQUAL(load("b"), "{}");
}

CAF_TEST(a large store is read compacted and read back in full) {
  config.compact_bytes_min = 1'048'576;
  config.max_journal_bytes = 67'108'864;
  restart();
  documents expected;
  for (int i = 0; i < 24; ++i) {
    auto key = "k" + std::to_string(i);
    expected[key] = body(1'000'000, static_cast<char>('a' + i));
    put(key, expected[key]);
  }
  CAF_CHECK_GREATER(state("compactions"), 1);
  CAF_CHECK(whole() == expected);
  restart();
  CAF_CHECK(whole() == expected);
}

CAF_TEST(many small documents do not have the store compacted with every flush) {
  std::vector<session_change> changes;
  changes.reserve(2'000);
  for (int i = 0; i < 2'000; ++i)
    changes.push_back({"agent:main/session/" + std::to_string(i), false, "{}", i, 0});
  apply(changes);
  auto compactions = state("compactions");
  for (int i = 0; i < 10; ++i)
    put("a", "{\"n\":" + std::to_string(i) + "}");
  CAF_CHECK_EQUAL(state("compactions"), compactions);
  restart();
  put("a", "{}");
  CAF_CHECK_EQUAL(state("compactions"), 0);
  CAF_CHECK_EQUAL(updated_at(1), 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
