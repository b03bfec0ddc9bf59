// What logs promise with a spool: the lines of a buffer, a writer or a process that died
// are in their file once, whole and in order, whatever was written before.
#define CAF_SUITE log_spool
#include "tests/log_spool_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

CAF_TEST_FIXTURE_SCOPE(log_spool_tests, log_spool_fixture)

// -- levels and room -----------------------------------------------------------------

CAF_TEST(lines in the spool are ram and their credit is back at once) {
  start();
  auto money = std::make_shared<budget>(100);
  log_chunk chunk{"a\n", 1, money->try_draw(50).first};
  CAF_CHECK_EQUAL(get<log_receipt>(aut, atom::append_v, chunk).level, durability::ram);
  chunk = {};
  CAF_CHECK_EQUAL(money->used_bytes(), 0u);
  CAF_CHECK_EQUAL(file(), "");
}

CAF_TEST(ram that cannot be had is refused and takes nothing) {
  keep.reset();
  start();
  CAF_CHECK_EQUAL(refused("a\n", durability::ram), ec::unavailable);
  CAF_CHECK_EQUAL(append("b\n").seq, 1u);
}

CAF_TEST(a full spool refuses a chunk whole and takes it when there is room) {
  open_spool(small);
  start_writer();
  log_buffer_config config;
  config.max_bytes = 2 * small;
  start_buffer(config);
  auto chunk = std::string(small / 8, 'x') + "\n";
  uint64_t taken = 0;
  while (refused(chunk) == ec::none)
    ++taken;
  CAF_CHECK(taken >= 4 && taken < 8);
  CAF_CHECK_EQUAL(refused(chunk), ec::overloaded);
  flush();
  CAF_CHECK_EQUAL(append(chunk).seq, taken + 1);
  flush();
  CAF_CHECK_EQUAL(file().size(), (taken + 1) * chunk.size());
}

CAF_TEST(while the spool has room the window decides and not the count) {
  start_writer();
  log_buffer_config config;
  config.max_entries = 2;
  config.adaptive = true;
  start_buffer(config);
  append("a\nb\nc\n");
  pass(5s - 1ns);
  CAF_CHECK_EQUAL(file(), "");
  pass(1ns);
  CAF_CHECK_EQUAL(file(), "a\nb\nc\n");
}

CAF_TEST(without room in the spool the count decides) {
  open_spool(small);
  start_writer();
  log_buffer_config config;
  config.max_entries = 2;
  config.max_bytes = small;
  config.adaptive = true;
  start_buffer(config);
  append(std::string(small / 3, 'x') + "\n");
  CAF_CHECK_EQUAL(file(), "");
  append(std::string(small / 3, 'y') + "\n");
  CAF_CHECK_EQUAL(file().size(), 2 * (small / 3 + 1));
}

// -- deaths ----------------------------------------------------------------------------

CAF_TEST(what a killed process held is in the file once) {
  start();
  append("a\n");
  append("b\n");
  die();
  start();
  flush();
  CAF_CHECK_EQUAL(file(), "a\nb\n");
  die();
  start();
  CAF_CHECK_EQUAL(flush(), 0u);
  CAF_CHECK_EQUAL(file(), "a\nb\n");
}

CAF_TEST(numbers go on after a death) {
  start();
  append("a\nb\n");
  flush();
  die();
  start();
  CAF_CHECK_EQUAL(append("c\n").seq, 3u);
}

CAF_TEST(a batch that was begun is finished from wherever it came to) {
  for (size_t length = 0; length <= lines.size(); ++length) {
    leave_begun_batch(lines.substr(0, length));
    start();
    settle();
    CAF_CHECK_EQUAL(file(), lines);
    CAF_CHECK(!writer_alerts("log-tail-foreign"));
    CAF_CHECK_EQUAL(persist(), durability::disk);
    die();
  }
}

CAF_TEST(a batch that was begun is not doubled where its file cannot be opened at first) {
  leave_begun_batch(lines);
  fs::remove(dir / "id");
  start();
  pass(1s);
  write_file(dir / "id", "x");
  pass(10s);
  CAF_CHECK_EQUAL(persist(), durability::disk);
  CAF_CHECK_EQUAL(file(), lines);
}

CAF_TEST(lines behind the batch that was begun follow it) {
  leave_begun_batch("first\nsec");
  auto lane = keep->lane(lane_kind::log, "app");
  CAF_REQUIRE(!keep->append(lane, 4, 1, "fourth\n"));
  open_spool();
  start();
  flush();
  CAF_CHECK_EQUAL(file(), lines + "fourth\n");
}

CAF_TEST(bytes of somebody else behind a begun batch are left and told) {
  leave_begun_batch("first\nsectheirs");
  start();
  flush();
  CAF_CHECK_EQUAL(file(), "first\nsectheirs\nsecond\nthird\n");
  CAF_CHECK(writer_alerts("log-tail-foreign"));
}

CAF_TEST(a batch that is whole in the file stays alone when others wrote behind it) {
  leave_begun_batch(lines + "theirs\n");
  start();
  flush();
  CAF_CHECK_EQUAL(file(), lines + "theirs\n");
}

CAF_TEST(a line that imitates nothing is compared as bytes and not doubled) {
  auto twice = "same\nsame\n"s;
  write_file(path, "same\n");
  auto lane = keep->lane(lane_kind::log, "app");
  auto where = start_of_file();
  where.offset = 5;
  CAF_REQUIRE(!keep->append(lane, 2, 2, twice));
  keep->begin_batch(lane, {where, 1, 2});
  open_spool();
  start();
  flush();
  CAF_CHECK_EQUAL(file(), "same\nsame\nsame\n");
}

CAF_TEST(a new writer takes up the batch that died with the old one) {
  auto last = std::make_shared<log_batch>();
  writer = tracked(sys.spawn(mute_writer, last));
  start_buffer();
  append(lines);
  self->send(aut, atom::persist_v, uint64_t{3});
  settle();
  CAF_CHECK_EQUAL(*last->lines.data, lines);
  CAF_MESSAGE("GIVEN the old writer had begun and brought half of it to the file");
  write_file(path, "first\nsec");
  keep->begin_batch(keep->lane(lane_kind::log, "app"), {start_of_file(), 1, 3});
  caf::anon_send_exit(writer, caf::exit_reason::kill);
  settle();
  start_writer();
  self->send(aut, atom::attach_v, writer);
  pass(10s);
  CAF_CHECK_EQUAL(file(), lines);
}

CAF_TEST(what a restarted buffer sends again is not written again) {
  start();
  append("a\n");
  flush();
  log_batch batch{"app", {std::make_shared<const std::string>("a\n")}, 0, 1, 1, {}};
  CAF_CHECK_EQUAL(get<log_outcome>(writer, atom::write_v, batch).written_bytes, 2u);
  CAF_CHECK_EQUAL(file(), "a\n");
}

CAF_TEST(a short write and a death leave a note of where the rest begins) {
  start();
  append("0\n");
  flush();
  auto lane = keep->lane(lane_kind::log, "app");
  {
    small_disk disk{10};
    append(lines);
    CAF_CHECK_EQUAL((refusal<flush_report>(aut, atom::flush_v)), ec::disk_full);
  }
  CAF_CHECK_EQUAL(file(), "0\nfirst\n");
  const auto state = keep->state(lane);
  CAF_CHECK_EQUAL(state.written, 2u);
  CAF_REQUIRE(state.note.has_value());
  CAF_CHECK_EQUAL(state.note.value().where.offset, 8u);
  die();
  start();
  flush();
  CAF_CHECK_EQUAL(file(), "0\n" + lines);
  CAF_CHECK(!writer_alerts("log-tail-foreign"));
}

// -- syncs -----------------------------------------------------------------------------

CAF_TEST(a sync lets the spool go and a write alone does not ) {
  start();
  append("a\n");
  flush();
  auto lane = keep->lane(lane_kind::log, "app");
  CAF_CHECK_EQUAL(keep->state(lane).written, 1u);
  CAF_CHECK_EQUAL(keep->state(lane).released, 0u);
  CAF_CHECK_EQUAL(persist(), durability::disk);
  CAF_CHECK_EQUAL(keep->state(lane).released, 1u);
}

CAF_TEST(after a failed sync the spool mends what the page cache lost) {
  start();
  leave_doubtful_line();
  drop_pages(5, 9);
  pass(10s);
  CAF_CHECK_EQUAL(file(), "kept\ndoubtful\n");
  CAF_CHECK_EQUAL(kept().released, 2u);
}

CAF_TEST(after a failed sync a file that others changed is set aside and begun anew) {
  start();
  append("doubtful\n");
  *failing_syncs = 1;
  self->send(aut, atom::persist_v, uint64_t{1});
  settle();
  std::ofstream{path, std::ios::app} << "theirs\n";
  pass(10s);
  CAF_CHECK_EQUAL(file(), "doubtful\n");
  CAF_CHECK_EQUAL(read_file(path + ".aside-1"), "doubtful\ntheirs\n");
  CAF_CHECK(writer_alerts("log-set-aside"));
}

CAF_TEST(what an earlier process wrote and did not sync is mended too) {
  start();
  append("old\n");
  flush();
  die();
  start();
  *failing_syncs = 1;
  self->send(aut, atom::persist_v, uint64_t{1});
  settle();
  std::fstream{path, std::ios::in | std::ios::out} << std::string(4, '\0');
  pass(10s);
  CAF_CHECK_EQUAL(file(), "old\n");
}

CAF_TEST(a death between cutting and writing again loses nothing) {
  start();
  append("a\nb\n");
  flush();
  CAF_MESSAGE("GIVEN a mend noted what it cuts, cut it, and died");
  auto lane = keep->lane(lane_kind::log, "app");
  keep->begin_batch(lane, {start_of_file(), 1, 2});
  fs::resize_file(path, 0);
  die();
  start();
  flush();
  CAF_CHECK_EQUAL(file(), "a\nb\n");
}

CAF_TEST(a batch that overlaps what its predecessor brought in is not doubled) {
  start();
  append("a\n");
  flush();
  log_batch batch{"app", {std::make_shared<const std::string>("a\nb\n")}, 0, 1, 2, {}};
  CAF_CHECK_EQUAL(get<log_outcome>(writer, atom::write_v, batch).written_bytes, 4u);
  CAF_CHECK_EQUAL(file(), "a\nb\n");
}

CAF_TEST(a tail that would be too long holds the last whole lines that fit) {
  open_spool(64 * small);
  start();
  const auto y = std::string(200'000, 'y') + "\n";
  append(std::string(17'000'000, 'x') + "\n" + y);
  flush();
  append("z\n");
  const auto tail = [this](uint64_t count, uint64_t bytes) {
    return get<log_tail>(aut, atom::tail_v, tail_bounds{count, bytes});
  };
  CAF_MESSAGE("the file is not read further back than it takes to know");
  auto two = tail(3, 16'777'216);
  CAF_CHECK(two.cut);
  CAF_CHECK(two.lines == y + "z\n");
  CAF_CHECK_LESS(two.io.read_bytes, 17'000'000u);
  CAF_MESSAGE("a byte more or less decides");
  CAF_CHECK(tail(2, y.size() + 2).lines == y + "z\n");
  CAF_CHECK(!tail(2, y.size() + 2).cut);
  CAF_CHECK_EQUAL(tail(2, y.size() + 1).lines, "z\n");
  CAF_CHECK(tail(2, y.size() + 1).cut);
  CAF_MESSAGE("and where not even the last line fits there is none");
  CAF_CHECK_EQUAL(tail(2, 1).lines, "");
  CAF_CHECK(tail(2, 1).cut);
  CAF_MESSAGE("what is not asked for is not left out");
  CAF_CHECK(!tail(1, 2).cut);
  CAF_CHECK(!tail(0, 1).cut);
}

// -- the spool's files --------------------------------------------------------------

CAF_TEST(without its files the spool is not promised and nothing is lost) {
  start();
  append("a\n");
  fs::remove_all(dir / "spool");
  flush();
  CAF_CHECK_EQUAL(append("b\n").level, durability::memory);
  CAF_CHECK_EQUAL(refused("c\n", durability::ram), ec::unavailable);
  CAF_CHECK_EQUAL(persist(), durability::disk);
  CAF_CHECK_EQUAL(file(), "a\nb\n");
  CAF_CHECK(!keep->renew());
  CAF_CHECK_EQUAL(refused("c\n", durability::ram), ec::none);
  die();
  start();
  flush();
  CAF_CHECK_EQUAL(file(), "a\nb\nc\n");
}

CAF_TEST_FIXTURE_SCOPE_END()
