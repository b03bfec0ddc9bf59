// How sessions get from rows to files and back, with their marks and times.
#define CAF_SUITE session_backend

#include "actors/session/session_backend.hpp"
#include "actors/database/checkpoint_scheduler.hpp"
#include "actors/database/database.hpp"
#include "actors/database/sqlite_reader.hpp"
#include "actors/database/sqlite_writer.hpp"
#include "actors/session/session_rows.hpp"

#include "tests/disk_calls.hpp"
#include "tests/journal_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

/// Lists what there is, and does not find it when it is asked for.
session_archive_actor::behavior_type forgetful(session_archive_actor::pointer self,
                                               const session_archive_actor& behind) {
  return {
    [=](atom::load x, const std::string& store, const std::string& key) {
      return self->delegate(behind, x, store, key);
    },
    [=](atom::load_all x, const std::string& store) {
      return self->delegate(behind, x, store);
    },
    [=](atom::stores x) { return self->delegate(behind, x); },
    [=](atom::stores x, uint64_t max) { return self->delegate(behind, x, max); },
    [=](atom::stores x, const std::string& store) {
      return self->delegate(behind, x, store);
    },
    [=](atom::apply x, const session_changes& changes, durability level) {
      return self->delegate(behind, x, changes, level);
    },
    [=](atom::prune x, const session_prune& what) {
      return self->delegate(behind, x, what);
    },
    [](atom::status) { return status_report{}; },
    [](atom::stop) { return stop_report{}; },
    [](atom::dump, const std::string& store) {
      return session_changes{store, {}, {}};
    },
  };
}

struct backend_fixture : journal_fixture {
  backend_fixture() {
    sqlite::settings settings;
    settings.path = dir / "sluice.db";
    sqlite_writer_config writer_config;
    writer_config.database = settings;
    auto writer =
      tracked(sys.spawn(sqlite_writer, writer_config, metrics_aggregator_actor{}));
    CAF_REQUIRE(ask<sqlite_opened>(writer, atom::open_v));
    sqlite_reader_config reader_config;
    reader_config.database = settings;
    auto reader = tracked(sys.spawn(sqlite_reader, reader_config));
    auto scheduler =
      tracked(sys.spawn(checkpoint_scheduler, checkpoint_scheduler_config{}, writer));
    base = tracked(sys.spawn(database, database_config{},
                             database_handles{writer, {reader}, scheduler}));
    rows = tracked(sys.spawn(session_rows, base));
  }

  caf::expected<session_conversion> convert(session_keeper wanted) {
    auto who = tracked(
      sys.spawn(session_backend,
                session_backend_config{config.directory, config.identity_file, wanted}));
    return ask<session_conversion>(who, atom::convert_v, session_archive_actor{aut},
                                   rows);
  }

  session_changes dump_of(const session_archive_actor& who, const std::string& store) {
    return get<session_changes>(who, atom::dump_v, store);
  }

  void fill(const session_archive_actor& who) {
    session_changes s{"s",
                      {{"a", false, R"({"n": 1.0})", 11, 1},
                       {"b", false, R"({"updatedAt":22})", 22, 2},
                       {"c", false, "{\n}", 33, 3}},
                      {"spool", 5}};
    session_changes t{"t", {{"a", false, "{}", 44, 1}}, {"spool", 1}};
    session_changes emptied{"u", {}, {"spool", 9}};
    for (auto& x : {s, t, emptied})
      get<session_applied>(who, atom::apply_v, x, durability::disk);
  }

  void check_same() {
    for (auto store : {"s", "t", "u"}) {
      auto here = dump_of(aut, store);
      auto there = dump_of(rows, store);
      CAF_CHECK(here == there);
      CAF_CHECK(!here.mark.spool_id.empty());
    }
    CAF_CHECK_EQUAL(dump_of(aut, "s").changes.size(), 3u);
  }

  void erase_row(const std::string& key) {
    session_changes x{"s", {{key, true, {}, 0, 0}}, {}};
    get<session_applied>(rows, atom::apply_v, x, durability::ram);
  }

  std::string name() { return read_file(config.directory + "/backend"); }

  database_actor base;
  session_archive_actor rows;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_backend_tests, backend_fixture)

CAF_TEST(rows have marks and times that come through a restart) {
  fill(rows);
  auto before = dump_of(rows, "s");
  CAF_CHECK_EQUAL(before.mark, (session_mark{"spool", 5}));
  CAF_CHECK_EQUAL(before.changes.at(0).updated_at_ms, 11);
  rows = tracked(sys.spawn(session_rows, base));
  auto after = dump_of(rows, "s");
  CAF_CHECK(after == before);
  auto all = get<std::vector<session_store_info>>(rows, atom::stores_v);
  CAF_REQUIRE_EQUAL(all.size(), 3u);
  CAF_CHECK_EQUAL(all[2], (session_store_info{"u", 0, 0, {"spool", 9}}));
}

CAF_TEST(a new data directory only gets its name) {
  auto done = convert(session_keeper::journal);
  CAF_CHECK(done == (session_conversion{session_keeper::journal, false, 0, 0}));
  CAF_CHECK_EQUAL(name(), "journal\n");
}

CAF_TEST(rows of a version that named no keeper are taken over) {
  fill(rows);
  auto done = convert(session_keeper::journal);
  CAF_CHECK(done == (session_conversion{session_keeper::journal, true, 3, 4}));
  CAF_CHECK_EQUAL(name(), "journal\n");
  CAF_CHECK_GREATER(script->syncs, 0);
  check_same();
  restart();
  check_same();
  CAF_MESSAGE("WHEN it is asked again THEN nothing is done");
  done = convert(session_keeper::journal);
  CAF_CHECK(!done->converted);
}

CAF_TEST(rows that are to stay rows are not touched) {
  fill(rows);
  auto done = convert(session_keeper::database);
  CAF_CHECK(!done->converted);
  CAF_CHECK_EQUAL(name(), "database\n");
  CAF_CHECK(stores().empty());
}

CAF_TEST(files that somebody put there stay beside the rows taken over) {
  fill(rows);
  fs::create_directory(config.directory);
  write_file(snapshot_path, R"({"a":{},"theirs":{}})");
  convert(session_keeper::journal);
  auto all = whole();
  CAF_CHECK_EQUAL(all.size(), 4u);
  CAF_CHECK_EQUAL(all["a"], R"({"n": 1.0})");
  CAF_CHECK_EQUAL(all["theirs"], "{}");
}

CAF_TEST(sessions go to files and back and what is out of date there goes) {
  fill(aut);
  write_file(config.directory + "/backend", "journal\n");
  session_changes stale{"old", {{"x", false, "{}", 1, 0}}, {}};
  get<session_applied>(rows, atom::apply_v, stale, durability::ram);
  stale.store = "s";
  get<session_applied>(rows, atom::apply_v, stale, durability::ram);
  auto done = convert(session_keeper::database);
  CAF_REQUIRE(done);
  CAF_CHECK_EQUAL(done->documents, 4u);
  CAF_CHECK_EQUAL(name(), "database\n");
  check_same();
  CAF_CHECK(dump_of(rows, "old").changes.empty());

  CAF_MESSAGE("WHEN rows change and files are wanted again");
  session_changes changes{
    "s", {{"a", true, "", 0, 6}, {"d", false, "{}", 55, 7}}, {"spool", 7}};
  get<session_applied>(rows, atom::apply_v, changes, durability::ram);
  CAF_CHECK(convert(session_keeper::journal));
  restart();
  check_same();
  CAF_CHECK_EQUAL(load("a"), "<none>");
  CAF_CHECK_EQUAL(mark(), (session_mark{"spool", 7}));
}

CAF_TEST(a conversion that fails names nobody and can be tried again) {
  fill(rows);
  script->failing_syncs = 1;
  CAF_CHECK(!convert(session_keeper::journal));
  CAF_CHECK(!fs::exists(config.directory + "/backend"));
  CAF_CHECK(convert(session_keeper::journal));
  check_same();
  CAF_CHECK_EQUAL(name(), "journal\n");
}

CAF_TEST(what no conversion brought over is deleted by none) {
  fill(aut);
  CAF_REQUIRE(convert(session_keeper::journal));
  CAF_MESSAGE("GIVEN files that were away when the sessions became rows");
  auto away = dir / "away";
  fs::rename(journal_path, away);
  restart();
  CAF_REQUIRE(convert(session_keeper::database));
  CAF_CHECK(dump_of(rows, "s").changes.empty());
  CAF_MESSAGE("WHEN they are back and files are wanted again");
  fs::rename(away, journal_path);
  restart();
  CAF_REQUIRE(convert(session_keeper::journal));
  CAF_CHECK_EQUAL(load("a"), R"({"n": 1.0})");
  CAF_CHECK_EQUAL(whole().size(), 3u);
  CAF_MESSAGE("AND nothing hides what comes of the others");
  CAF_CHECK_EQUAL(dump_of(aut, "t").changes.size(), 1u);
}

CAF_TEST(what was left and is as it was left does not come back) {
  fill(aut);
  CAF_REQUIRE(convert(session_keeper::journal));
  CAF_REQUIRE(convert(session_keeper::database));
  CAF_MESSAGE("GIVEN a conversion back that could not end");
  erase_row("a");
  script->failing_syncs = 1;
  CAF_CHECK(!convert(session_keeper::journal));
  erase_row("b");
  CAF_MESSAGE("WHEN it is tried again THEN nothing is there but what there is now");
  restart();
  CAF_REQUIRE(convert(session_keeper::journal));
  CAF_CHECK_EQUAL(whole().size(), 1u);
  CAF_CHECK_EQUAL(load("c"), "{\n}");
}

CAF_TEST(what is about to be out of date is noted on disk before any of it changes) {
  fill(aut);
  CAF_REQUIRE(convert(session_keeper::journal));
  CAF_REQUIRE(convert(session_keeper::database));
  erase_row("a");
  script->failing_syncs = 1;
  disk_calls disk{config.directory};
  CAF_CHECK(!convert(session_keeper::journal));
  CAF_CHECK(disk.synced("backend-left"));
  disk.fail_syncs("backend-left", 1);
  const auto before = whole();
  CAF_CHECK(!convert(session_keeper::journal));
  CAF_CHECK(whole() == before);
}

CAF_TEST(a store that is gone since it was found ends the conversion) {
  fill(aut);
  CAF_REQUIRE(convert(session_keeper::journal));
  CAF_REQUIRE(convert(session_keeper::database));
  session_changes newer{"s", {{"d", false, "{}", 55, 6}}, {"spool", 6}};
  get<session_applied>(rows, atom::apply_v, newer, durability::ram);
  auto before = whole();
  rows = tracked(sys.spawn(forgetful, rows));
  auto done = convert(session_keeper::journal);
  CAF_REQUIRE(!done);
  CAF_CHECK(text_of(done.error()).find("store s") != std::string::npos);
  CAF_CHECK(whole() == before);
  CAF_CHECK_EQUAL(name(), "database\n");
}

CAF_TEST(a large store is brought over in pieces) {
  std::vector<session_change> changes;
  changes.reserve(2'500);
  for (int i = 0; i < 2'500; ++i)
    changes.push_back({"k" + std::to_string(i), false,
                       R"({"x":")" + std::string(i % 7 == 0 ? 20'000 : 10, 'x') + R"("})",
                       i, 0});
  get<session_applied>(rows, atom::apply_v, session_changes{"s", changes, {"spool", 1}},
                       durability::ram);
  CAF_CHECK(convert(session_keeper::journal));
  auto here = dump_of(aut, "s");
  auto there = dump_of(rows, "s");
  CAF_CHECK(here == there);
  CAF_CHECK_EQUAL(here.changes.size(), 2'500u);
}

CAF_TEST(a name that is none is refused) {
  fs::create_directory(config.directory);
  write_file(config.directory + "/backend", "paper\n");
  CAF_CHECK(code_of(convert(session_keeper::journal).error()) == ec::unavailable);
  CAF_CHECK_EQUAL(name(), "paper\n");
}

CAF_TEST_FIXTURE_SCOPE_END()
