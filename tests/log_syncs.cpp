// When the lines of a log are on disk: what the kernel was asked for, what a sync covers,
// and what becomes of it all when the log writer dies.
#define CAF_SUITE log_syncs
#include "actors/log/file_syncer.hpp"
#include "actors/storage/set_aside.hpp"

#include "tests/disk_calls.hpp"
#include "tests/log_spool_fixture.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <deque>
#include <utility>

using namespace sluice;
using namespace sluice::test;

namespace {

/// Syncs that have begun, and how they will end.
struct held_syncs {
  std::deque<caf::typed_response_promise<io_counts>> waiting;
  bool fail = false;
};

/// Whoever asks for its status has the oldest of them end.
file_syncer_actor::behavior_type held_syncer(file_syncer_actor::pointer self,
                                             const std::shared_ptr<held_syncs>& syncs) {
  return {
    [=](atom::sync, const file_handle&) -> caf::result<io_counts> {
      return syncs->waiting.emplace_back(self->make_response_promise<io_counts>());
    },
    [=](atom::status) {
      auto oldest = syncs->waiting.front();
      syncs->waiting.pop_front();
      if (syncs->fail)
        oldest.deliver(caf::make_error(ec::disk_failed, "input/output error"s));
      else
        oldest.deliver(io_counts{0, 0, 0, 0, 1});
      return status_report{};
    },
    [](atom::stop) { return stop_report{}; },
  };
}

/// Takes batches and syncs, and answers none of them.
log_writer_actor::behavior_type deaf_writer(log_writer_actor::pointer self,
                                            const std::shared_ptr<int>& asked) {
  return {
    [=](atom::write, const log_batch&) -> caf::result<log_outcome> {
      ++*asked;
      return self->make_response_promise<log_outcome>();
    },
    [=](atom::sync, const std::string&) -> caf::result<io_counts> {
      ++*asked;
      return self->make_response_promise<io_counts>();
    },
    [](atom::tail, const std::string&, const tail_bounds&) { return log_tail{}; },
    [](atom::load, const std::string&, const tail_bounds&) { return log_tail{}; },
    [](atom::find, const std::string&) { return true; },
    [](atom::close, const std::string&) { return true; },
    [](atom::status) { return status_report{}; },
    [](atom::stop) { return stop_report{}; },
  };
}

struct syncs_fixture : log_spool_fixture {
  log_writer_config files() {
    log_writer_config config;
    config.directory = dir / "logs";
    config.identity_file = dir / "id";
    config.spool = keep;
    config.make_syncer = [this] { return tracked(sys.spawn(file_syncer)); };
    return config;
  }

  void start_with(log_writer_config config) {
    writer = tracked(sys.spawn(log_writer, std::move(config)));
    start_buffer();
  }

  /// With real syncs.
  void start_syncing() { start_with(files()); }

  /// With syncs that end when the test says so.
  void start_held() {
    auto config = files();
    config.make_syncer = [this] {
      return syncer = tracked(sys.spawn(held_syncer, held));
    };
    start_with(std::move(config));
  }

  /// Asks the writer for a sync, as one who comes beside the buffer.
  void ask_for_sync() {
    self->send(writer, atom::sync_v, "app"s);
    settle();
  }

  void end_sync(bool fail) {
    held->fail = fail;
    get<status_report>(syncer, atom::status_v);
  }

  /// Puts another writer in the place of one that died.
  void succeed(log_writer_actor next) {
    caf::anon_send_exit(writer, caf::exit_reason::kill);
    settle();
    writer = std::move(next);
    self->send(aut, atom::attach_v, writer);
    settle();
  }

  stop_report stop(const log_writer_actor& who) {
    return get<stop_report>(who, atom::stop_v);
  }

  disk_calls disk{dir.path()};
  std::shared_ptr<held_syncs> held = std::make_shared<held_syncs>();
  std::shared_ptr<int> asked = std::make_shared<int>(0);
  file_syncer_actor syncer;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(log_syncs_tests, syncs_fixture)

// -- what the kernel is asked for ------------------------------------------------------

CAF_TEST(a stop has the file on disk before the spool lets its lines go) {
  start_syncing();
  append("a\n");
  flush();
  disk.take();
  CAF_CHECK_EQUAL(stop(writer).left, 0u);
  CAF_CHECK(disk.synced("logs/app.log"));
  CAF_CHECK_EQUAL(kept().released, 1u);
}

CAF_TEST(a stop whose sync fails lets nothing go and says so) {
  start_syncing();
  append("a\n");
  flush();
  disk.fail_syncs("logs/app.log", 100);
  CAF_CHECK_EQUAL(stop(writer).left, 1u);
  CAF_CHECK_EQUAL(kept().released, 0u);
  CAF_CHECK(kept().doubt.has_value());
}

CAF_TEST(a stop has renamed files on disk too) {
  start_syncing();
  append("old\n");
  flush();
  fs::rename(path, dir / "logs/app.log.1");
  disk.fail_syncs("logs/app.log.1", 1);
  append("new\n");
  flush();
  CAF_CHECK_EQUAL(kept().released, 0u);
  disk.take();
  CAF_CHECK_EQUAL(stop(writer).left, 0u);
  CAF_CHECK(disk.synced("logs/app.log.1"));
  CAF_CHECK(disk.synced("logs/app.log"));
  CAF_CHECK_EQUAL(kept().released, 2u);
}

CAF_TEST(without a place for a helper disk means synced all the same) {
  auto config = files();
  config.open_files_max = 1;
  start_with(std::move(config));
  append("a\n");
  flush();
  disk.take();
  CAF_CHECK_EQUAL(persist(), durability::disk);
  CAF_CHECK(disk.synced("logs/app.log"));
}

CAF_TEST(the name of a new log is on disk with its first lines) {
  fs::remove(dir / "logs");
  start_syncing();
  append("a\n");
  disk.take();
  CAF_CHECK_EQUAL(persist(), durability::disk);
  const auto calls = disk.take();
  CAF_MESSAGE("its directory's name, its own, and what is in it");
  CAF_CHECK(calls == (std::vector{"sync ."s, "sync logs"s, "sync logs/app.log"s}));
}

CAF_TEST(a name that cannot be brought to disk is not answered with disk) {
  start_syncing();
  append("a\n");
  disk.fail_syncs("logs", 1);
  ask_for_disk();
  CAF_CHECK_EQUAL(kept().released, 0u);
  CAF_MESSAGE("and is once it can be");
  disk.take();
  pass(10s);
  CAF_CHECK(disk.synced("logs"));
  CAF_CHECK_EQUAL(kept().released, 1u);
}

CAF_TEST(the name of a file that was set aside is on disk before its successor counts) {
  start_syncing();
  append("doubtful\n");
  disk.fail_syncs("logs/app.log", 1);
  ask_for_disk();
  std::ofstream{path, std::ios::app} << "theirs\n";
  disk.take();
  pass(10s);
  CAF_CHECK_EQUAL(kept().released, 1u);
  CAF_CHECK(disk.synced("logs"));
}

CAF_TEST(a record is set aside on disk before the spool lets it go) {
  const auto lane = keep->lane(lane_kind::log, "app");
  CAF_REQUIRE(!keep->append(lane, 1, 1, "a\n"));
  const auto aside = "logs/"s + set_aside_name;
  for (int death = 0; death < 2; ++death) {
    if (keep->begin_replay_from(lane, 1) > 0)
      keep->begin_replay(lane, 1);
    open_spool();
  }
  disk.fail_syncs(aside, 1);
  start_syncing();
  CAF_CHECK_EQUAL(keep->read(keep->lane(lane_kind::log, "app"), 0).size(), 1u);
  disk.take();
  pass(10s);
  CAF_CHECK(disk.synced(aside));
  CAF_CHECK(keep->read(keep->lane(lane_kind::log, "app"), 0).empty());
}

CAF_TEST(no file is closed for good before it is on disk) {
  start_syncing();
  append("a\n");
  flush();
  CAF_CHECK_EQUAL(refusal<bool>(writer, atom::close_v, "app"s), ec::refused);
  CAF_CHECK_EQUAL(persist(), durability::disk);
  CAF_CHECK(get<bool>(writer, atom::close_v, "app"s));
}

// -- what a sync covers ----------------------------------------------------------------

CAF_TEST(a sync covers no line that was written after it began) {
  start_held();
  append("a\n");
  ask_for_disk();
  append("b\n");
  flush();
  CAF_REQUIRE_EQUAL(held->waiting.size(), 1u);
  end_sync(false);
  CAF_CHECK_EQUAL(kept().released, 1u);
  CAF_MESSAGE("whoever asks for the later one gets a sync of its own");
  auto answer = self->request(aut, caf::infinite, atom::persist_v, uint64_t{2});
  settle();
  CAF_REQUIRE_EQUAL(held->waiting.size(), 1u);
  end_sync(false);
  answer.receive([](durability level) { CAF_CHECK_EQUAL(level, durability::disk); },
                 [](const caf::error& err) { CAF_FAIL(text_of(err)); });
  CAF_CHECK_EQUAL(kept().released, 2u);
}

CAF_TEST(the success of a sync that another overlapped that failed does not count) {
  start_held();
  append("doubtful\n");
  flush();
  ask_for_sync();
  ask_for_sync();
  end_sync(true);
  CAF_MESSAGE("the kernel has told of the lost pages once, and says that all is well");
  while (!held->waiting.empty())
    end_sync(false);
  CAF_CHECK(kept().released == 0 || writer_counts("bytesWritten") == 18);
}

CAF_TEST(that of a renamed file does not count either) {
  start_held();
  append("doubtful\n");
  flush();
  ask_for_sync();
  fs::rename(path, dir / "logs/app.log.1");
  append("new\n");
  flush();
  end_sync(true);
  while (!held->waiting.empty())
    end_sync(false);
  CAF_CHECK(kept().released == 0 || writer_counts("bytesWritten") == 22);
}

CAF_TEST(lines whose file is not found are not believed once the file system failed) {
  start_syncing();
  append("old\n");
  flush();
  die();
  fs::rename(path, dir / "logs/app.log.1");
  disk.fail_syncs("logs/*", 1);
  start_syncing();
  append("new\n");
  ask_for_disk();
  pass(10s);
  pass(10s);
  CAF_CHECK_EQUAL(file(), "old\nnew\n");
  CAF_CHECK_EQUAL(kept().released, 2u);
}

CAF_TEST(nor are those before a batch that was begun) {
  start_syncing();
  append("old\n");
  flush();
  std::ofstream{path, std::ios::app} << "theirs\n";
  auto where = start_of_file();
  where.offset = 11;
  const auto id = keep->lane(lane_kind::log, "app");
  CAF_REQUIRE(!keep->append(id, 2, 1, "begun\n"));
  keep->begin_batch(id, {where, 2, 2});
  die();
  disk.fail_syncs("logs/*", 1);
  start_syncing();
  ask_for_disk();
  pass(10s);
  pass(10s);
  CAF_CHECK_EQUAL(file(), "old\ntheirs\nold\nbegun\n");
  CAF_CHECK_EQUAL(kept().released, 2u);
}

CAF_TEST(a death in the second of two syncs puts nothing of the first in doubt) {
  start_held();
  append("a\n");
  flush();
  ask_for_sync();
  append("b\n");
  flush();
  ask_for_sync();
  end_sync(false);
  CAF_REQUIRE_EQUAL(kept().released, 1u);
  die();
  start_syncing();
  CAF_CHECK_EQUAL(persist(), durability::disk);
  CAF_CHECK_EQUAL(file(), "a\nb\n");
  CAF_CHECK(!writer_alerts("log-set-aside"));
}

// -- when the writer dies --------------------------------------------------------------

CAF_TEST(a sync that dies with its writer is asked of the next one) {
  start_syncing();
  append("a\n");
  flush();
  succeed(tracked(sys.spawn(deaf_writer, asked)));
  auto answer = self->request(aut, caf::infinite, atom::persist_v, uint64_t{1});
  settle();
  CAF_REQUIRE_EQUAL(*asked, 1);
  disk.take();
  succeed(tracked(sys.spawn(log_writer, files())));
  pass(10s);
  CAF_REQUIRE(disk.synced("logs/app.log"));
  answer.receive([](durability level) { CAF_CHECK_EQUAL(level, durability::disk); },
                 [](const caf::error& err) { CAF_FAIL(text_of(err)); });
}

CAF_TEST(a batch that dies with its writer is in the file once without a spool too) {
  keep.reset();
  start_syncing();
  append("a\n");
  flush();
  for (size_t part = 0; part <= 2; ++part) {
    succeed(tracked(sys.spawn(deaf_writer, asked)));
    append("b\n");
    self->send(aut, atom::flush_v);
    settle();
    CAF_REQUIRE_EQUAL(*asked, static_cast<int>(part) + 1);
    CAF_MESSAGE("GIVEN the writer has brought " << part << " bytes of it to the file");
    std::ofstream{path, std::ios::app} << std::string("b\n").substr(0, part);
    succeed(tracked(sys.spawn(log_writer, files())));
    pass(10s);
    CAF_CHECK_EQUAL(file(), "a\n" + std::string("b\nb\nb\n").substr(0, 2 * (part + 1)));
  }
}

// -- bounds ----------------------------------------------------------------------------

CAF_TEST(ten thousand wait for the disk and one more is refused) {
  start_held();
  append("a\n");
  std::vector<ec> codes;
  tracked(sys.spawn([&](caf::event_based_actor* me) {
    for (int n = 0; n < 10'001; ++n)
      me->request(aut, caf::infinite, atom::persist_v, uint64_t{1})
        .then([&](durability) { codes.push_back(ec::none); },
              [&](const caf::error& err) { codes.push_back(code_of(err)); });
  }));
  settle();
  CAF_CHECK(codes == std::vector{ec::overloaded});
  CAF_MESSAGE("those who wait are answered, and then there is room again");
  end_sync(false);
  CAF_CHECK_EQUAL(std::ranges::count(codes, ec::none), 10'000);
  append("b\n");
  ask_for_disk();
  end_sync(false);
  CAF_CHECK_EQUAL(kept().released, 2u);
}

CAF_TEST(sixteen renamed files of a log wait for the disk and then its lines do) {
  start_held();
  const auto renamed = [this](int n) {
    return dir / ("logs/app.log." + std::to_string(n));
  };
  for (int n = 0; n <= 16; ++n) {
    append("x\n");
    CAF_CHECK_EQUAL(flush(), 1u);
    fs::rename(path, renamed(n));
  }
  append("y\n");
  CAF_CHECK_EQUAL(refusal<flush_report>(aut, atom::flush_v), ec::disk_failed);
  CAF_CHECK(!fs::exists(path));
  CAF_MESSAGE("and goes on once the oldest is on disk");
  end_sync(false);
  CAF_CHECK_EQUAL(flush(), 1u);
  CAF_CHECK_EQUAL(file(), "y\n");
}

CAF_TEST_FIXTURE_SCOPE_END()
