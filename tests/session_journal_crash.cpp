// What a crash leaves of a session store: at any byte of an append, between any two
// steps of a compaction and inside of each, and at any moment of a process that is
// killed.
#define CAF_SUITE session_journal_crash

#include "tests/journal_fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <span>

using namespace sluice;
using namespace sluice::test;

namespace {

using step = caf::error (store_compaction::*)();

constexpr step steps[] = {
  &store_compaction::write_snapshot, &store_compaction::write_journal,
  &store_compaction::install_snapshot, &store_compaction::install_journal};

struct crash_fixture : journal_fixture {
  /// A store whose documents are in a snapshot, in the journal, and changed in it.
  void fill() {
    fs::remove_all(config.directory);
    fs::create_directory(config.directory);
    write_file(snapshot_path, R"({"a": {"n":1}, "b": {"n":1}, "c": {}})");
    restart();
    put("b", R"({"n":2})", 2);
    apply({{"c", true, "", 0, 3}, {"d", false, "{\n}", 77, 4}}, {"spool", 4});
  }

  const documents filled{{"a", R"({"n":1})"}, {"b", R"({"n":2})"}, {"d", "{\n}"}};

  /// The compaction of what is there, of which a test runs some steps.
  std::shared_ptr<store_compaction> prepare() {
    io_counts io;
    auto store = journal_store::open(folder{config.directory}, "s", dir / "id", io);
    CAF_REQUIRE(store);
    return (*store)->prepare_compaction();
  }

  void run_steps(store_compaction& work, size_t count) { run_steps(work, 0, count); }

  void run_steps(store_compaction& work, size_t from, size_t to) {
    for (auto next : std::span{steps}.subspan(from, to - from)) {
      auto problem = (work.*next)();
      CAF_REQUIRE(!problem);
    }
  }

  /// Everything is there, nothing is said to be wrong, and the store can go on.
  void check_filled() {
    restart();
    CAF_CHECK(whole() == filled);
    CAF_CHECK_EQUAL(mark(), (session_mark{"spool", 4}));
    CAF_CHECK_EQUAL(updated_at(filled.size() - 1), 77);
    CAF_CHECK(status().alerts.empty());
    CAF_CHECK_EQUAL(names("s.").size(), 2u);
    put("e", "{}", 5);
    restart();
    CAF_CHECK_EQUAL(whole().size(), filled.size() + 1);
    CAF_CHECK_EQUAL(mark(), (session_mark{"spool", 5}));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_journal_crash_tests, crash_fixture)

CAF_TEST(a compaction renames no file that another one is writing) {
  for (size_t done = 1; done <= std::size(steps); ++done) {
    fill();
    auto orphan = prepare();
    run_steps(*orphan, 2);
    CAF_MESSAGE("GIVEN another compaction that has come through " << done << " steps");
    auto other = prepare();
    run_steps(*other, done);
    CAF_CHECK(orphan->install_snapshot());
    if (done < std::size(steps))
      run_steps(*other, done, std::size(steps));
    other.reset();
    orphan.reset();
    check_filled();
  }
}

CAF_TEST(an append that ends at any byte leaves whole lines and the mark before it) {
  put("a", R"({"n":1})", 1);
  put("b", R"({"n":1})", 2);
  auto before = journal();
  apply({{"a", false, R"({"n":2})", 1000, 3},
         {"b", true, "", 0, 4},
         {"c", false, "{\n}", 5, 5}},
        {"spool", 6});
  auto after = journal();
  for (auto length = before.size(); length <= after.size(); ++length) {
    fs::remove_all(config.directory);
    fs::create_directory(config.directory);
    write_file(journal_path, after.substr(0, length));
    restart();
    auto lines = std::count(after.begin() + static_cast<long>(before.size()),
                            after.begin() + static_cast<long>(length), '\n');
    documents expected{{"a", lines > 0 ? R"({"n":2})" : R"({"n":1})"}};
    if (lines < 2)
      expected["b"] = R"({"n":1})";
    if (lines == 3)
      expected["c"] = "{\n}";
    CAF_CHECK(whole() == expected);
    CAF_CHECK_EQUAL(mark(), (session_mark{"spool", lines == 3 ? 6u : 2u}));
    CAF_CHECK(status().alerts.empty());
    put("z", "{}", 7);
    CAF_CHECK(!refusal);
    restart();
    expected["z"] = "{}";
    CAF_CHECK(whole() == expected);
  }
}

CAF_TEST(a first append that ends at any byte leaves an empty store or whole lines) {
  put("a", "{}", 1);
  auto all = journal();
  for (size_t length = 0; length <= all.size(); ++length) {
    fs::remove_all(config.directory);
    fs::create_directory(config.directory);
    write_file(journal_path, all.substr(0, length));
    restart();
    CAF_CHECK_EQUAL(load("a"), length == all.size() ? "{}" : "<none>");
    CAF_CHECK(status().alerts.empty());
    put("z", "{}", 2);
    restart();
    CAF_CHECK_EQUAL(load("z"), "{}");
  }
}

CAF_TEST(a first append to a file that was put there may end at any byte) {
  fill();
  auto all = journal();
  auto taken_over = snapshot();
  for (size_t length = 0; length < all.size(); ++length) {
    fs::remove_all(config.directory);
    fs::create_directory(config.directory);
    write_file(snapshot_path, taken_over);
    write_file(journal_path, all.substr(0, length));
    restart();
    CAF_CHECK_EQUAL(load("a"), R"({"n":1})");
    CAF_CHECK(status().alerts.empty());
    put("z", "{}", 2);
    CAF_CHECK_EQUAL(load("z"), "{}");
  }
}

CAF_TEST(a crash after any step of a compaction is harmless) {
  for (size_t count = 0; count <= std::size(steps); ++count) {
    CAF_MESSAGE("WHEN it ends after step " << count);
    fill();
    run_steps(*prepare(), count);
    check_filled();
  }
}

CAF_TEST(a crash inside a step of a compaction is harmless) {
  for (auto [count, name] : {std::pair{1, "s.json.new"}, {2, "s.journal.new"}}) {
    fill();
    run_steps(*prepare(), static_cast<size_t>(count));
    auto size = fs::file_size(dir / ("sessions/"s + name));
    for (uintmax_t length = 0; length < size; ++length) {
      fill();
      run_steps(*prepare(), static_cast<size_t>(count));
      fs::resize_file(dir / ("sessions/"s + name), length);
      check_filled();
    }
  }
}

CAF_TEST(a compaction that is cut short again and again loses nothing) {
  fill();
  for (size_t count : {3u, 1u, 3u, 2u, 4u, 3u}) {
    run_steps(*prepare(), count);
    restart();
    CAF_CHECK(whole() == filled);
    CAF_CHECK(status().alerts.empty());
  }
  check_filled();
}

CAF_TEST(times of documents that do not say them come through a compaction) {
  apply({{"a", false, "{}", 11, 0}, {"b", false, R"({"updatedAt":22})", 22, 0}});
  run_steps(*prepare(), 4);
  restart();
  auto all = dump().changes;
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK_EQUAL(all[0].updated_at_ms, 11);
  CAF_CHECK_EQUAL(all[1].updated_at_ms, 22);
}

CAF_TEST_FIXTURE_SCOPE_END()

namespace {

/// Writes versions of a few sessions until it is killed, telling each that is written.
[[noreturn]] void write_for_ever(const temp_dir& dir, int told) {
  io_counts io;
  auto store = journal_store::open(folder{dir / "sessions"}, "s", dir / "id", io);
  if (!store)
    ::_exit(1);
  auto from = (*store)->info().mark.seq;
  for (auto seq = from + 1;; ++seq) {
    auto key = "k" + std::to_string(seq % 7);
    auto document =
      R"({"n":)" + std::to_string(seq) + R"(,"x":")" + std::string(500, 'x') + R"("})";
    session_changes x{"s", {{key, false, document, 1, seq}}, {"spool", seq}};
    if ((*store)->write((*store)->plan(std::move(x), io), io))
      ::_exit(2);
    if (::write(told, &seq, sizeof seq) != sizeof seq)
      ::_exit(3);
    if ((*store)->journal_growth() < 20'000)
      continue;
    auto work = (*store)->prepare_compaction();
    if (work->run() || (*store)->adopt(*work))
      ::_exit(4);
  }
}

/// Runs the writer for so long, kills it, and returns what it told last.
uint64_t kill_after(const temp_dir& dir, useconds_t span) {
  int ends[2];
  CAF_REQUIRE_EQUAL(::pipe(ends), 0);
  auto child = ::fork();
  if (child == 0)
    write_for_ever(dir, ends[1]);
  ::close(ends[1]);
  ::usleep(span);
  ::kill(child, SIGKILL);
  int outcome = 0;
  ::waitpid(child, &outcome, 0);
  CAF_CHECK(WIFSIGNALED(outcome));
  uint64_t last = 0;
  for (uint64_t seq; ::read(ends[0], &seq, sizeof seq) == sizeof seq;)
    last = seq;
  ::close(ends[0]);
  return last;
}

} // namespace

CAF_TEST(a process that is killed at any moment loses nothing that it told) {
  temp_dir dir;
  write_file(dir / "id", "x");
  fs::create_directory(dir / "sessions");
  std::mt19937 random{5};
  uint64_t told = 0;
  for (int kill = 0; kill < 40; ++kill) {
    told = std::max(told, kill_after(dir, 2'000 + random() % 20'000));
    io_counts io;
    auto store = journal_store::open(folder{dir / "sessions"}, "s", dir / "id", io);
    CAF_REQUIRE(store);
    auto mark = (*store)->info().mark.seq;
    CAF_CHECK_GREATER_OR_EQUAL(mark, told);
    auto most = told + 1;
    CAF_CHECK_LESS_OR_EQUAL(mark, most);
    CAF_CHECK((*store)->alerts().empty());
    auto all = (*store)->dump(io);
    CAF_REQUIRE(all);
    uint64_t newest = 0;
    for (auto& x : all->changes)
      newest = std::max<uint64_t>(newest, std::stoull(x.document.substr(5)));
    CAF_CHECK_EQUAL(newest, mark);
    auto sessions = std::min<uint64_t>(mark, 7);
    CAF_CHECK_EQUAL(all->changes.size(), sessions);
    told = mark;
  }
  CAF_MESSAGE("40 kills, " << told << " writes");
}
