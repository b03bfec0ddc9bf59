// The promises of a log buffer, with a writer that does what the test tells it to.
#define CAF_SUITE log_buffer
#include "actors/log/log_buffer.hpp"

#include "tests/fixture.hpp"

#include <deque>
#include <memory>

using namespace sluice;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

/// What the disk did, and will do.
struct disk {
  std::string file;
  uint64_t writes = 0;
  uint64_t syncs = 0;
  uint64_t synced_bytes = 0;
  uint64_t closes = 0;
  /// Bytes the next writes take; past these the disk is full.
  std::deque<uint64_t> room;
  uint64_t failing_syncs = 0;
  /// While set, writes wait until the writer is told to go on.
  bool held = false;
  std::deque<std::pair<log_batch, caf::typed_response_promise<log_outcome>>> waiting;
};

log_outcome perform(disk& to, const log_batch& batch) {
  auto rest = std::string_view{*batch.lines.data}.substr(batch.skip_bytes);
  log_outcome outcome;
  outcome.io.writes = 1;
  auto bytes = rest.size();
  if (!to.room.empty()) {
    bytes = std::min<size_t>(bytes, to.room.front());
    to.room.pop_front();
  }
  to.file += rest.substr(0, bytes);
  ++to.writes;
  outcome.written_bytes = batch.skip_bytes + bytes;
  outcome.io.write_bytes = bytes;
  if (bytes < rest.size()) {
    outcome.code = ec::disk_full;
    outcome.detail = "no space left";
  }
  return outcome;
}

log_writer_actor::behavior_type mock_writer(log_writer_actor::pointer self,
                                            const std::shared_ptr<disk>& to) {
  return {
    [self, to](atom::write, const log_batch& batch) -> caf::result<log_outcome> {
      if (!to->held)
        return perform(*to, batch);
      auto promise = self->make_response_promise<log_outcome>();
      to->waiting.emplace_back(batch, promise);
      return promise;
    },
    [to](atom::sync, const std::string&) -> caf::result<io_counts> {
      ++to->syncs;
      if (to->failing_syncs > 0) {
        --to->failing_syncs;
        return caf::make_error(ec::disk_failed, "input/output error"s);
      }
      to->synced_bytes = to->file.size();
      io_counts io;
      io.syncs = 1;
      return io;
    },
    [to](atom::tail, const std::string&, const tail_bounds& wanted) {
      return last_lines(to->file, wanted);
    },
    [](atom::load, const std::string&, const tail_bounds&) { return log_tail{}; },
    [](atom::find, const std::string&) { return true; },
    [to](atom::close, const std::string&) -> caf::result<bool> {
      if (to->synced_bytes < to->file.size())
        return caf::make_error(ec::refused, "not on disk"s);
      ++to->closes;
      return true;
    },
    [](atom::status) { return status_report{}; },
    // Promises are kept inside the actor, so the test has it told to go on.
    [to](atom::stop) {
      to->held = false;
      for (auto& [batch, promise] : std::exchange(to->waiting, {}))
        promise.deliver(perform(*to, batch));
      return stop_report{};
    },
  };
}

struct fixture : test::fixture {
  fixture() { writer = tracked(sys.spawn(mock_writer, to)); }

  void start(log_buffer_config config = {}) {
    config.log = "app";
    aut = tracked(
      sys.spawn(log_buffer, std::move(config), writer, metrics_aggregator_actor{}));
    settle();
  }

  log_receipt append(const std::string& lines, credit charge = {}) {
    auto count = static_cast<uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    return get<log_receipt>(aut, atom::append_v,
                            log_chunk{lines, count, std::move(charge)});
  }

  log_stats stats() { return get<log_stats>(aut, atom::stats_v); }
  uint64_t flush() { return get<flush_report>(aut, atom::flush_v).flushed; }
  durability persist(uint64_t seq) { return get<durability>(aut, atom::persist_v, seq); }
  std::string tail(uint64_t lines) {
    return get<log_tail>(aut, atom::tail_v, tail_bounds{lines}).lines;
  }
  status_report status() { return get<status_report>(aut, atom::status_v); }

  void release() { get<stop_report>(writer, atom::stop_v); }

  std::shared_ptr<disk> to = std::make_shared<disk>();
  log_writer_actor writer;
  log_buffer_actor aut;
};

std::string numbered(uint64_t from, uint64_t to) {
  std::string lines;
  for (auto i = from; i <= to; ++i)
    lines += std::to_string(i) + "\n";
  return lines;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(log_buffer_tests, fixture)

CAF_TEST(lines stay in memory until the window of the first one ends) {
  start();
  append("one\n");
  pass(4s);
  append("two\n");
  CAF_MESSAGE("WHEN the window is one nanosecond short");
  pass(1s - 1ns);
  CAF_CHECK_EQUAL(to->file, "");
  CAF_MESSAGE("THEN the next nanosecond writes both with one call");
  pass(1ns);
  CAF_CHECK_EQUAL(to->file, "one\ntwo\n");
  CAF_CHECK_EQUAL(to->writes, 1u);
}

CAF_TEST(the window never slides and starts anew with the next first line) {
  start();
  append("a\n");
  for (int i = 0; i < 9; ++i) {
    pass(500ms);
    append("b\n");
  }
  pass(500ms);
  CAF_CHECK_EQUAL(to->writes, 1u);
  pass(1h);
  append("c\n");
  pass(5s - 1ns);
  CAF_CHECK_EQUAL(to->writes, 1u);
  pass(1ns);
  CAF_CHECK_EQUAL(to->writes, 2u);
}

CAF_TEST(ninety nine lines wait and the hundredth flushes) {
  start();
  append(numbered(1, 99));
  CAF_CHECK_EQUAL(to->writes, 0u);
  append(numbered(100, 100));
  CAF_CHECK_EQUAL(to->file, numbered(1, 100));
  CAF_CHECK_EQUAL(to->writes, 1u);
}

CAF_TEST(bytes flush at the limit and not one byte before) {
  log_buffer_config config;
  config.max_bytes = 10;
  start(config);
  append("12345678\n");
  CAF_CHECK_EQUAL(to->writes, 0u);
  append("\n");
  CAF_CHECK_EQUAL(to->writes, 1u);
}

CAF_TEST(a chunk of thousands is one write) {
  start();
  append(numbered(1, 5000));
  CAF_CHECK_EQUAL(to->writes, 1u);
  CAF_CHECK_EQUAL(to->file, numbered(1, 5000));
}

CAF_TEST(numbers rise by one a line and an empty chunk takes none) {
  start();
  CAF_CHECK_EQUAL(append("a\nb\n").seq, 2u);
  CAF_CHECK_EQUAL(append("c\n").seq, 3u);
  auto nothing = append("");
  CAF_CHECK_EQUAL(nothing.accepted, 0u);
  CAF_CHECK_EQUAL(nothing.seq, 3u);
}

CAF_TEST(lines taken during a write follow it in order with one write more) {
  start();
  to->held = true;
  append(numbered(1, 100));
  append(numbered(101, 200));
  append(numbered(201, 300));
  CAF_CHECK_EQUAL(to->waiting.size(), 1u);
  release();
  CAF_CHECK_EQUAL(to->file, numbered(1, 300));
  CAF_CHECK_EQUAL(to->writes, 2u);
}

CAF_TEST(an explicit flush waits for the write in flight and for its own) {
  start();
  to->held = true;
  append(numbered(1, 100));
  append(numbered(101, 110));
  auto answer = self->request(aut, caf::infinite, atom::flush_v);
  settle();
  CAF_MESSAGE("GIVEN a write that takes its time THEN there is no answer yet");
  CAF_CHECK(to->file.empty());
  release();
  answer.receive([&](const flush_report& x) { CAF_CHECK_EQUAL(x.flushed, 110u); },
                 [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
  CAF_CHECK_EQUAL(to->file, numbered(1, 110));
}

CAF_TEST(a flush of nothing answers at once and writes nothing) {
  start();
  CAF_CHECK_EQUAL(flush(), 0u);
  CAF_CHECK_EQUAL(to->writes, 0u);
}

CAF_TEST(a short write is continued where it stopped) {
  start();
  to->room = {7};
  append(numbered(1, 100));
  CAF_CHECK(stats().failing);
  pass(100ms - 1ns);
  CAF_CHECK_EQUAL(to->writes, 1u);
  pass(1ns);
  CAF_CHECK_EQUAL(to->file, numbered(1, 100));
  CAF_CHECK(!stats().failing);
}

CAF_TEST(tries grow further apart while the disk refuses) {
  start();
  to->room = {0, 0, 0, 0};
  append(numbered(1, 100));
  for (auto pause : {100ms, 200ms, 400ms}) {
    auto before = to->writes;
    pass(pause - 1ns);
    CAF_CHECK_EQUAL(to->writes, before);
    pass(1ns);
    CAF_CHECK_EQUAL(to->writes, before + 1);
  }
  pass(800ms);
  CAF_CHECK_EQUAL(to->file, numbered(1, 100));
}

CAF_TEST(two hundred thousand lines queued while the disk refuses all arrive in order) {
  start();
  to->room = std::deque<uint64_t>(20, 0);
  for (uint64_t i = 0; i < 2000; ++i)
    append(numbered(i * 100 + 1, i * 100 + 100));
  CAF_CHECK_EQUAL(to->file, "");
  CAF_CHECK_EQUAL(stats().buffered_lines, 200'000u);
  auto told = status();
  CAF_REQUIRE_EQUAL(told.alerts.size(), 1u);
  CAF_CHECK_EQUAL(told.alerts[0].id, "log-write-failed");
  for (int pauses = 0; pauses < 20; ++pauses)
    pass(10s);
  CAF_CHECK(to->file == numbered(1, 200'000));
  CAF_CHECK_EQUAL(stats().buffered_lines, 0u);
  CAF_CHECK_EQUAL(stats().dropped, 0u);
}

CAF_TEST(an explicit flush that fails says so and keeps the lines) {
  start();
  append("a\n");
  to->room = {0};
  CAF_CHECK_EQUAL(refusal<flush_report>(aut, atom::flush_v), ec::disk_full);
  CAF_MESSAGE("WHEN it is asked again THEN it does not wait for the pause");
  CAF_CHECK_EQUAL(flush(), 1u);
  CAF_CHECK_EQUAL(to->file, "a\n");
}

CAF_TEST(disk is answered after write and sync and covers all that came before) {
  start();
  append("before\n");
  auto seq = append("mine\n").seq;
  CAF_CHECK_EQUAL(persist(seq), durability::disk);
  CAF_CHECK_EQUAL(to->synced_bytes, "before\nmine\n"s.size());
  CAF_CHECK_EQUAL(to->syncs, 1u);
  CAF_MESSAGE("WHEN the same is asked again THEN no second sync is made");
  CAF_CHECK_EQUAL(persist(seq), durability::disk);
  CAF_CHECK_EQUAL(to->syncs, 1u);
}

CAF_TEST(requests for disk that wait together share one sync) {
  start();
  to->held = true;
  append("first\n");
  auto first = self->request(aut, caf::infinite, atom::persist_v, uint64_t{1});
  settle();
  for (int i = 0; i < 20; ++i)
    append("more\n");
  auto second = self->request(aut, caf::infinite, atom::persist_v, uint64_t{10});
  auto third = self->request(aut, caf::infinite, atom::persist_v, uint64_t{21});
  settle();
  release();
  auto ok = [](durability level) { CAF_CHECK_EQUAL(level, durability::disk); };
  auto bad = [&](const caf::error& err) { CAF_FAIL(sys.render(err)); };
  first.receive(ok, bad);
  second.receive(ok, bad);
  third.receive(ok, bad);
  CAF_MESSAGE("THEN one sync served the first and one the two that came meanwhile");
  CAF_CHECK(to->syncs <= 2u);
}

CAF_TEST(a failed sync is told and tried again and disk is answered only then) {
  start();
  to->failing_syncs = 1;
  append("a\n");
  auto answer = self->request(aut, caf::infinite, atom::persist_v, uint64_t{1});
  settle();
  auto told = status();
  CAF_REQUIRE_EQUAL(told.alerts.size(), 1u);
  CAF_CHECK_EQUAL(told.alerts[0].id, "log-sync-failed");
  pass(100ms);
  answer.receive([](durability level) { CAF_CHECK_EQUAL(level, durability::disk); },
                 [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
  CAF_CHECK_EQUAL(to->syncs, 2u);
  CAF_CHECK(status().alerts.empty());
}

CAF_TEST(with sync set every flush is synced without being asked) {
  log_buffer_config config;
  config.sync = true;
  start(config);
  append("a\n");
  pass(5s);
  CAF_CHECK_EQUAL(to->syncs, 1u);
  CAF_CHECK_EQUAL(to->synced_bytes, 2u);
}

CAF_TEST(the tail joins the file with what is in flight and what waits) {
  start();
  append(numbered(1, 100));
  to->held = true;
  append(numbered(101, 200));
  append(numbered(201, 203));
  CAF_CHECK_EQUAL(tail(2), numbered(202, 203));
  auto across = tail(150);
  CAF_CHECK_EQUAL(across, numbered(54, 203));
  CAF_CHECK_EQUAL(tail(0), "");
  CAF_CHECK_EQUAL(tail(999), numbered(1, 203));
  release();
}

CAF_TEST(credit comes back when the lines are in the file and not before) {
  start();
  auto account = std::make_shared<budget>(1000);
  append("a\n", account->draw(100));
  CAF_CHECK_EQUAL(account->used_bytes(), 100u);
  to->room = {0};
  pass(5s);
  CAF_CHECK_EQUAL(account->used_bytes(), 100u);
  pass(100ms);
  CAF_CHECK_EQUAL(to->file, "a\n");
  CAF_CHECK_EQUAL(account->used_bytes(), 0u);
}

CAF_TEST(stop waits for the write in flight and for what came behind it) {
  start();
  to->held = true;
  append(numbered(1, 100));
  append(numbered(101, 105));
  auto answer = self->request(aut, caf::infinite, atom::stop_v);
  settle();
  auto late = refusal<log_receipt>(aut, atom::append_v, log_chunk{"late\n", 1, {}});
  CAF_CHECK_EQUAL(late, ec::stopping);
  release();
  answer.receive([](const stop_report& x) { CAF_CHECK_EQUAL(x.drained, 105u); },
                 [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
  CAF_CHECK_EQUAL(to->file, numbered(1, 105));
}

CAF_TEST(stop keeps trying while the disk refuses) {
  start();
  append("a\n");
  to->room = {0, 0};
  auto answer = self->request(aut, caf::infinite, atom::stop_v);
  settle();
  pass(100ms);
  CAF_CHECK_EQUAL(to->file, "");
  pass(200ms);
  answer.receive([](const stop_report& x) { CAF_CHECK_EQUAL(x.drained, 1u); },
                 [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
  CAF_CHECK_EQUAL(to->file, "a\n");
}

CAF_TEST(what was counted is handed over once) {
  start();
  append(numbered(1, 100));
  const auto told = get<metrics_report>(aut, atom::collect_v);
  const auto& delta = told.counts;
  CAF_CHECK_EQUAL(delta.log_lines_accepted, 100u);
  CAF_CHECK_EQUAL(delta.log_lines_written, 100u);
  CAF_CHECK_EQUAL(delta.log_writes, 1u);
  CAF_CHECK_EQUAL(delta.disk.writes, 1u);
  CAF_CHECK_EQUAL(delta.log_bytes_written, numbered(1, 100).size());
  const auto bytes = numbered(1, 100).size();
  CAF_CHECK((told.ledger
             == std::vector<ledger_entry>{{"log", "app", {100, bytes, 1, bytes, 0}}}));
  CAF_CHECK(get<metrics_report>(aut, atom::collect_v) == metrics_report{});
}

CAF_TEST(what it holds is told as it is and not as a sum) {
  start();
  append("a\nb\n");
  for (int i = 0; i < 2; ++i)
    CAF_CHECK_EQUAL(get<metrics_report>(aut, atom::collect_v).log_lines_held, 2u);
  flush();
  CAF_CHECK_EQUAL(get<metrics_report>(aut, atom::collect_v).log_lines_held, 0u);
}

// -- giving its place away --------------------------------------------------------------

CAF_TEST(a log that holds something does not rest and says so) {
  start();
  append("a\n");
  CAF_CHECK_EQUAL(refusal<caf::timespan>(aut, atom::idle_v), ec::refused);
  CAF_CHECK_EQUAL(refusal<log_past>(aut, atom::retire_v), ec::refused);
  flush();
  pass(3s);
  CAF_CHECK_EQUAL(get<caf::timespan>(aut, atom::idle_v).count(),
                  caf::timespan{3s}.count());
  CAF_MESSAGE("what is written and not synced is held too");
  CAF_CHECK_EQUAL(refusal<log_past>(aut, atom::retire_v), ec::refused);
  CAF_CHECK_EQUAL(append("b\n").seq, 2u);
  CAF_CHECK_EQUAL(to->closes, 0u);
}

CAF_TEST(a buffer that retires closes its file and the next one goes on counting) {
  start();
  append("a\nb\n");
  persist(2);
  const auto past = get<log_past>(aut, atom::retire_v);
  CAF_CHECK_EQUAL(to->closes, 1u);
  CAF_CHECK_EQUAL(past.stats.accepted, 2u);
  CAF_CHECK_EQUAL(past.stats.total_writes, 1u);
  CAF_CHECK_EQUAL(refusal<log_stats>(aut, atom::stats_v), ec::unavailable);
  log_buffer_config config;
  config.past = past;
  start(config);
  CAF_CHECK(stats() == past.stats);
  CAF_CHECK_EQUAL(append("c\n").seq, 3u);
  CAF_CHECK_EQUAL(flush(), 1u);
  CAF_CHECK_EQUAL(stats().total_writes, 2u);
  CAF_CHECK_EQUAL(to->file, "a\nb\nc\n");
}

CAF_TEST_FIXTURE_SCOPE_END()
