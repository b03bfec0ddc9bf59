#define CAF_SUITE checkpoint_scheduler
#include "actors/database/checkpoint_scheduler.hpp"
#include "tests/sqlite_fixture.hpp"

#include <functional>
#include <memory>

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr auto instant = caf::timespan{1};

/// A page of the database and its header in the WAL.
constexpr int64_t frame_bytes = 4120;

struct local : sqlite_fixture {
  local() {
    config.interval = 5min;
    config.budget = 1ms;
    config.checkpoint_bytes = 1'000'000;
    config.retry_pause_min = 1s;
    config.retry_pause_max = 4s;
    begin();
  }

  /// Starts over: an empty WAL, and nothing known.
  void begin() {
    start_writer();
    must("CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b)");
    CAF_REQUIRE(!ask<checkpoint_report>(writer, atom::checkpoint_v,
                                        checkpoint_mode::truncate, caf::timespan{1ms})
                   ->busy);
    scheduler = tracked(sys.spawn(checkpoint_scheduler, config, writer));
    settle();
    done = checkpoints();
  }

  uint64_t checkpoints() { return stats().checkpoints; }

  /// Checkpoints since this was last asked.
  uint64_t news() { return checkpoints() - std::exchange(done, checkpoints()); }

  /// A lone write: no time passes.
  void insert(size_t bytes = 10) {
    auto answer = send(one("INSERT INTO t(b) VALUES (?)", {std::string(bytes, 'x')}));
    settle();
    CAF_REQUIRE(receive(answer).engaged());
  }

  status_report status() { return *ask<status_report>(scheduler, atom::status_v); }

  int64_t number(const std::string& key) {
    for (const auto& x : status().state)
      if (x.name == key)
        return caf::get<int64_t>(x.value);
    CAF_FAIL("no " << key);
  }

  /// One that counts how often it is asked, and does this before it checkpoints.
  quiet_checkpointer_actor spawn_quiet(std::function<void()> before) {
    using quiet = quiet_checkpointer_actor;
    return tracked(sys.spawn([this, before](quiet::pointer me) -> quiet::behavior_type {
      return {[=, this](atom::checkpoint, checkpoint_mode mode, caf::timespan budget) {
        ++times_quiet;
        before();
        return me->delegate(writer, atom::checkpoint_v, mode, budget);
      }};
    }));
  }

  checkpoint_scheduler_config config;
  checkpoint_scheduler_actor scheduler;
  uint64_t times_quiet = 0;
  uint64_t done = 0;
};

/// A snapshot that somebody holds on to.
struct holder {
  explicit holder(const std::string& path)
      : other(path), held(other.db.prepare("SELECT b FROM t", sql_origin::user)) {
    CAF_REQUIRE(held->step().engaged());
  }

  onlooker other;
  caf::expected<sqlite::statement> held;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(checkpoint_scheduler_tests, local)

CAF_TEST(without a commit no timer runs) {
  CAF_CHECK(!sched.has_pending_timeout());
  pass(24h);
  CAF_CHECK_EQUAL(news(), 0u);
}

CAF_TEST(the interval counts from the first frame that waits and never slides) {
  insert();
  pass(4min);
  insert();
  pass(1min - instant);
  CAF_CHECK_EQUAL(news(), 0u);
  pass(instant);
  CAF_CHECK_EQUAL(news(), 1u);
  auto wal = stats().wal;
  CAF_CHECK_EQUAL(wal.checkpointed, wal.frames);
  CAF_CHECK_GREATER(wal.frames, 0);
}

CAF_TEST(a database that rests for an interval has its WAL cut and then costs nothing) {
  insert();
  pass(4min);
  insert();
  pass(5min - instant);
  CAF_CHECK_EQUAL(news(), 1u);
  pass(instant);
  CAF_CHECK_EQUAL(news(), 1u);
  CAF_CHECK_EQUAL(copy(stats().wal.frames), 0);
  CAF_CHECK_EQUAL(std::filesystem::file_size(path + "-wal"), 0u);
  CAF_CHECK(!sched.has_pending_timeout());
  pass(24h);
  CAF_CHECK_EQUAL(news(), 0u);
}

CAF_TEST(one commit and then silence is one checkpoint) {
  insert();
  pass(5min);
  CAF_CHECK_EQUAL(news(), 1u);
  CAF_CHECK_EQUAL(copy(stats().wal.frames), 0);
}

CAF_TEST(enough waiting bytes are moved at once and one frame less waits) {
  config.checkpoint_bytes = 10 * frame_bytes;
  begin();
  insert();
  while (stats().wal.frames < 9)
    insert();
  CAF_CHECK_EQUAL(stats().wal.frames, 9);
  CAF_CHECK_EQUAL(news(), 0u);
  insert();
  CAF_CHECK_EQUAL(news(), 1u);
  insert();
  CAF_CHECK_EQUAL(news(), 0u);
}

CAF_TEST(a WAL over its limit is cut) {
  config.journal_size_limit = 20'000;
  config.checkpoint_bytes = 1'000'000;
  begin();
  insert(30'000);
  CAF_CHECK_EQUAL(news(), 1u);
  CAF_CHECK_EQUAL(std::filesystem::file_size(path + "-wal"), 0u);
}

CAF_TEST(a WAL that an earlier process left is checkpointed too) {
  insert();
  auto other = sys.spawn(checkpoint_scheduler, config, writer);
  tracked(other);
  settle();
  pass(5min);
  CAF_CHECK_GREATER(news(), 0u);
  CAF_CHECK_EQUAL(copy(stats().wal.frames), 0);
}

// -- readers in the way ---------------------------------------------------------

CAF_TEST(a reader that holds a snapshot is told and the checkpoint succeeds after it) {
  insert();
  {
    holder reader{path};
    insert();
    pass(5min);
    CAF_CHECK_EQUAL(news(), 1u);
    CAF_CHECK_EQUAL(number("starvedTimes"), 1);
    auto report = status();
    CAF_REQUIRE_EQUAL(report.alerts.size(), 1u);
    CAF_CHECK_EQUAL(copy(report.alerts[0].id), "checkpoint-starved");
    CAF_CHECK_GREATER(copy(report.alerts[0].since_ms), 0);
    CAF_MESSAGE("it is tried again, ever more rarely");
    pass(1s - instant);
    CAF_CHECK_EQUAL(news(), 0u);
    pass(instant);
    CAF_CHECK_EQUAL(news(), 1u);
    pass(2s - instant);
    CAF_CHECK_EQUAL(news(), 0u);
    pass(instant);
    CAF_CHECK_EQUAL(news(), 1u);
    CAF_CHECK_EQUAL(number("starvedMs"), 3000);
    pass(4s);
    pass(4s);
    CAF_CHECK_EQUAL(news(), 2u);
  }
  pass(4s);
  CAF_CHECK_EQUAL(news(), 1u);
  CAF_CHECK(status().alerts.empty());
  CAF_CHECK_EQUAL(number("starvedMs"), 0);
  CAF_CHECK_EQUAL(copy(stats().wal.frames), 0);
}

CAF_TEST(a starved checkpoint is not tried again for the same bytes) {
  config.checkpoint_bytes = 4 * frame_bytes;
  begin();
  insert();
  holder reader{path};
  for (int i = 0; i < 20; ++i)
    insert();
  CAF_CHECK_LESS(news(), 3u);
  CAF_CHECK_EQUAL(number("starvedTimes"), 1);
}

CAF_TEST(the WAL is well up to four times its limit) {
  config.journal_size_limit = 5 * frame_bytes;
  begin();
  insert();
  holder reader{path};
  insert();
  auto ok = [this] { return status().checks[0].ok; };
  CAF_CHECK_EQUAL(copy(status().checks[0].name), "wal-size");
  while (stats().wal.bytes + frame_bytes <= 4 * config.journal_size_limit) {
    CAF_CHECK(ok());
    insert();
  }
  insert();
  insert();
  CAF_CHECK(!ok());
}

CAF_TEST(readers that starve a WAL far too long are held back for it at once) {
  config.journal_size_limit = 5 * frame_bytes;
  config.checkpoint_bytes = frame_bytes;
  begin();
  insert();
  auto reader = std::make_unique<holder>(path);
  const auto quiet = spawn_quiet([&] { reader.reset(); });
  self->send(scheduler, atom::attach_v, quiet);
  for (int i = 0; i < 40 && times_quiet == 0; ++i)
    insert();
  CAF_CHECK_EQUAL(times_quiet, 1u);
  CAF_CHECK_EQUAL(copy(stats().wal.frames), 0);
  CAF_CHECK(status().alerts.empty());
  CAF_CHECK_EQUAL(copy(status().troubles.at(1).id), "checkpoint-held-readers");
  CAF_CHECK_EQUAL(copy(status().troubles.at(1).times), 1u);
}

CAF_TEST(a reader of another program has others held back ever more rarely) {
  config.journal_size_limit = 5 * frame_bytes;
  config.checkpoint_bytes = frame_bytes;
  begin();
  insert();
  const holder reader{path};
  self->send(scheduler, atom::attach_v, spawn_quiet([] {}));
  for (int i = 0; i < 40; ++i)
    insert();
  CAF_CHECK_EQUAL(times_quiet, 1u);
  for (int second = 0; second < 8; ++second)
    pass(1s);
  CAF_CHECK_GREATER(times_quiet, 1u);
  CAF_CHECK_LESS(times_quiet, 5u);
}

// -- by hand, and the end -------------------------------------------------------

CAF_TEST(a checkpoint by hand happens now and in its mode) {
  insert();
  auto report =
    ask<checkpoint_report>(scheduler, atom::checkpoint_v, checkpoint_mode::passive);
  CAF_REQUIRE(report.engaged());
  CAF_CHECK(!report->busy);
  CAF_CHECK_GREATER(copy(report->wal_frames), 0);
  CAF_CHECK_EQUAL(copy(report->checkpointed), copy(report->wal_frames));
  CAF_CHECK_GREATER(copy(report->wal_bytes), 4096);
  report =
    ask<checkpoint_report>(scheduler, atom::checkpoint_v, checkpoint_mode::truncate);
  CAF_CHECK(*report == checkpoint_report{});
}

CAF_TEST(a checkpoint that the disk refuses is told and tried again) {
  insert();
  inside().files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 1);
  pass(5min);
  auto report = status();
  CAF_REQUIRE_EQUAL(report.alerts.size(), 1u);
  CAF_CHECK_EQUAL(copy(report.alerts[0].id), "checkpoint-failed");
  pass(1s);
  CAF_CHECK(status().alerts.empty());
  CAF_CHECK_EQUAL(copy(stats().wal.frames), 0);
}

CAF_TEST(stopping waits for the checkpoint that runs and refuses another) {
  insert();
  auto running =
    self->request(scheduler, caf::infinite, atom::checkpoint_v, checkpoint_mode::passive);
  auto stopping = self->request(scheduler, caf::infinite, atom::stop_v);
  auto late =
    self->request(scheduler, caf::infinite, atom::checkpoint_v, checkpoint_mode::passive);
  settle();
  auto fail = [](caf::error& err) { CAF_FAIL(text_of(err)); };
  running.receive([](const checkpoint_report& x) { CAF_CHECK(!x.busy); }, fail);
  stopping.receive([](const stop_report& x) { CAF_CHECK_EQUAL(x.left, 0u); }, fail);
  late.receive([](const checkpoint_report&) { CAF_FAIL("late"); },
               [](caf::error& err) { CAF_CHECK_EQUAL(code_of(err), ec::stopping); });
}

CAF_TEST(an interval of nothing is refused) {
  config.interval = caf::timespan{0};
  CAF_CHECK_EQUAL(code_of(validate(config)), ec::invalid_setting);
}

CAF_TEST_FIXTURE_SCOPE_END()
