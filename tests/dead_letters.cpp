// The file of what the database refused: whole lines, each number once, on disk before
// anybody goes on.
#define CAF_SUITE dead_letters
#include "actors/storage/dead_letters.hpp"
#include "actors/detail/json_input.hpp"
#include "tests/disk_calls.hpp"
#include "tests/temp_dir.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace std::string_literals;

namespace {

const auto spool_id = std::string(32, 'a');

queued_write insert(uint64_t seq, std::string text = "x") {
  sql_write write;
  write.statements = {{"INSERT INTO t VALUES (?)", {std::move(text)}}};
  return {seq, {std::make_shared<const sql_write>(std::move(write))}};
}

struct local {
  local() { begin(); }

  /// As another start finds the file.
  void begin(uint64_t after = 0) {
    uut = dead_letters{{directory.path(), "dead-letter.ndjson", ""}};
    CAF_REQUIRE(!uut.load(spool_id, after));
  }

  void add(uint64_t seq, std::string text = "x") {
    auto what = insert(seq, std::move(text));
    CAF_REQUIRE(!uut.add({{&what, "no such table: t"}}));
  }

  bool knows(uint64_t seq, std::string text = "x") {
    return uut.contains(insert(seq, std::move(text)));
  }

  /// As the page cache shows what the disk never got.
  void lose(size_t from, size_t count) const {
    std::fstream{path, std::ios::in | std::ios::out}.seekp(static_cast<long>(from))
      << std::string(count, '\0');
  }

  std::string content() const { return read_file(path); }

  void append(const std::string& bytes) const {
    std::ofstream{path, std::ios::app | std::ios::binary} << bytes;
  }

  temp_dir directory;
  std::string path = directory.path() + "/dead-letter.ndjson"s;
  dead_letters uut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(dead_letters_tests, local)

CAF_TEST(a line is the request with its number and the error) {
  auto what = insert(7);
  CAF_CHECK_EQUAL(line_of("f0", {&what, "no \"t\""}, 12),
                  "{\"spool\":\"f0\",\"seq\":7,\"error\":\"no \\\"t\\\"\","
                  "\"sql\":\"INSERT INTO t VALUES (?)\",\"params\":[\"x\"],"
                  "\"time\":12}\n");
  sql_write batch;
  batch.statements = {{"S", {}}};
  batch.rows = {{int64_t{1}, sql_null{}}, {0.5, sql_blob{"\xff"}}};
  queued_write rows{8, {std::make_shared<const sql_write>(batch)}};
  CAF_CHECK_EQUAL(line_of("f0", {&rows, "e"}, 12),
                  "{\"spool\":\"f0\",\"seq\":8,\"error\":\"e\",\"sql\":\"S\",\"rows\":"
                  "[[1,null],[0.5,{\"$blob\":\"/w==\"}]],\"time\":12}\n");
  batch.rows.clear();
  batch.statements.push_back({"T", {int64_t{2}}});
  queued_write two{9, {std::make_shared<const sql_write>(batch)}};
  CAF_CHECK_EQUAL(line_of("f0", {&two, "e"}, 12),
                  "{\"spool\":\"f0\",\"seq\":9,\"error\":\"e\",\"statements\":"
                  "[{\"sql\":\"S\"},{\"sql\":\"T\",\"params\":[2]}],\"time\":12}\n");
  queued_write damaged{10, {}, "", "\x01"};
  CAF_CHECK_EQUAL(line_of("f0", {&damaged, "e"}, 12),
                  "{\"spool\":\"f0\",\"seq\":10,\"error\":\"e\",\"record\":"
                  "{\"$blob\":\"AQ==\"},\"time\":12}\n");
}

CAF_TEST(a line is known again whatever the clock said) {
  auto what = insert(7);
  for (int64_t time_ms : {INT64_MIN, int64_t{-1}, int64_t{0}, INT64_MAX})
    CAF_CHECK(number_of(line_of("f0", {&what, "e"}, time_ms), "f0") == 7u);
}

CAF_TEST(every line is JSON whatever the SQL holds) {
  add(1, "\"\\\n\x01\xff,\"time\":1}");
  const auto text = content();
  CAF_CHECK(!json::check_lines(text));
  CAF_CHECK_EQUAL(std::count(text.begin(), text.end(), '\n'), 1);
}

CAF_TEST(a start knows the numbers that are there and none of another spool) {
  append(line_of(std::string(32, 'b'),
                 {std::make_unique<queued_write>(insert(3)).get(), ""}, 1));
  for (uint64_t seq = 4; seq < 200; seq += 2)
    add(seq);
  begin(100);
  CAF_CHECK(!knows(3));
  CAF_CHECK(!knows(100));
  CAF_CHECK(knows(102));
  CAF_CHECK(!knows(103));
  CAF_CHECK(knows(198));
  uut.passed(198);
  CAF_CHECK(!knows(198));
}

CAF_TEST(a line of megabytes is known by its ends) {
  const auto odd = R"(","time":5)" + std::string(200'000, '\n');
  add(1, std::string(200'000, 'x'));
  add(2, odd);
  add(3);
  begin(1);
  CAF_CHECK(!knows(1));
  CAF_CHECK(knows(2, odd));
  CAF_CHECK(knows(3));
}

CAF_TEST(a file at its bound takes no line until it is moved away) {
  uut = dead_letters{{directory.path(), "dead-letter.ndjson", "", {}, 100}};
  CAF_REQUIRE(!uut.load(spool_id, 0));
  CAF_CHECK(!uut.check_room(99));
  CAF_CHECK_EQUAL(code_of(uut.check_room(100)), ec::disk_full);
  add(1, std::string(100, 'x'));
  CAF_CHECK_EQUAL(code_of(uut.check_room(0)), ec::disk_full);
  std::filesystem::remove(path);
  CAF_CHECK(!uut.check_room(0));
}

CAF_TEST(half a line behind many does not hide them) {
  for (uint64_t seq = 1; seq <= 150; ++seq)
    add(seq);
  append(R"({"spool":")");
  begin();
  CAF_CHECK(knows(1));
  CAF_CHECK(knows(150));
}

CAF_TEST(a line that a crash cut off does not count) {
  add(1);
  auto what = insert(2, ",\"time\":5}");
  auto line = line_of(spool_id, {&what, "e"}, 5);
  auto before = content();
  for (size_t n = 1; n + 1 < line.size(); ++n) {
    std::ofstream{path, std::ios::binary} << before << line.substr(0, n);
    begin();
    CAF_CHECK(knows(1));
    CAF_CHECK(!knows(2));
  }
  CAF_MESSAGE("and the next line does not join it");
  add(2);
  begin();
  CAF_CHECK(knows(2));
}

CAF_TEST(what is there is synced before it counts as set aside) {
  add(1);
  begin();
  uut.take();
  CAF_CHECK(!uut.add({}));
  CAF_CHECK_EQUAL(uut.take().syncs, 1u);
  CAF_CHECK(!uut.add({}));
  CAF_CHECK_EQUAL(uut.take().syncs, 0u);
}

CAF_TEST(what an earlier process left before its commit is written again) {
  add(1);
  add(2);
  add(3);
  const auto whole = content();
  begin(1);
  uut.take();
  CAF_CHECK(!uut.add({}));
  const auto rewritten = whole.size() - whole.find('\n') - 1;
  const auto io = uut.take();
  CAF_CHECK_EQUAL(io.writes, 1u);
  CAF_CHECK_EQUAL(io.write_bytes, rewritten);
  CAF_CHECK_EQUAL(io.syncs, 1u);
  CAF_CHECK_EQUAL(content(), whole);
  add(4);
  begin(3);
  CAF_CHECK(knows(4));
}

CAF_TEST(a line that a failed sync lost is written again from memory) {
  add(1);
  const auto before = content().size();
  auto what = insert(2);
  disk_calls disk{directory.path()};
  disk.fail_syncs("dead-letter.ndjson", 1);
  CAF_CHECK(uut.add({{&what, "no such table: t"}}));
  const auto whole = content();
  CAF_MESSAGE("GIVEN the kernel dropped its page");
  lose(before, whole.size() - before);
  CAF_CHECK(knows(2));
  CAF_CHECK(!uut.add({}));
  CAF_CHECK_EQUAL(content(), whole);
}

CAF_TEST(a line that an earlier process left comes anew where its pages are lost) {
  const auto text = std::string(20'000, 'y');
  add(1);
  const auto before = content().size();
  add(2, text);
  const auto whole = content();
  lose(before + 4096, 4096);
  begin();
  CAF_MESSAGE("GIVEN its ends are there, and the middle is not");
  CAF_CHECK(knows(1));
  CAF_CHECK(!knows(2, text));
  add(2, text);
  CAF_CHECK(is_line_of(content().substr(whole.size()), spool_id, insert(2, text)));
  begin(1);
  CAF_CHECK(knows(2, text));
}

CAF_TEST(where others wrote between the file is set aside and its lines come anew) {
  add(1);
  append("{\"mine\":1}\n");
  add(2);
  const auto whole = content();
  begin();
  CAF_CHECK(uut.add({}));
  CAF_CHECK_EQUAL(read_file(path + ".aside-1"), whole);
  CAF_CHECK(!std::filesystem::exists(path));
  CAF_REQUIRE(!uut.load(spool_id, 0));
  CAF_CHECK(!knows(1));
  CAF_CHECK(!knows(2));
  add(1);
  CAF_CHECK(content().find("\"seq\":1,") != std::string::npos);
}

CAF_TEST(lines in doubt that somebody took away come anew) {
  add(1);
  begin();
  std::filesystem::rename(path, path + ".done");
  CAF_CHECK(uut.add({}));
  CAF_REQUIRE(!uut.load(spool_id, 0));
  CAF_CHECK(!knows(1));
  add(1);
  CAF_CHECK(content().find("\"seq\":1,") != std::string::npos);
}

CAF_TEST(a half line that a crash left is kept behind what is written again) {
  add(1);
  append(R"({"spool":")");
  const auto whole = content();
  begin();
  CAF_CHECK(!uut.add({}));
  CAF_CHECK_EQUAL(content(), whole);
  add(2);
  CAF_CHECK(content().starts_with(whole + '\n'));
  begin();
  CAF_CHECK(knows(2));
}

CAF_TEST(a file that somebody took away is begun anew) {
  add(1);
  std::filesystem::rename(path, path + ".done");
  add(2);
  CAF_CHECK(content().find("\"seq\":2,") != std::string::npos);
  CAF_CHECK(content().find("\"seq\":1,") == std::string::npos);
}

CAF_TEST(without the data directory nothing is made in its place) {
  uut = dead_letters{{directory.path(), "dead-letter.ndjson", directory.path() + "/id"s}};
  CAF_REQUIRE(!uut.load(spool_id, 0));
  auto what = insert(1);
  CAF_CHECK(uut.add({{&what, "e"}}));
  CAF_CHECK(!std::filesystem::exists(path));
  CAF_CHECK(!knows(1));
}

CAF_TEST(the file tells when it was added to last) {
  CAF_CHECK(last_dead_letter_ms(path) == int64_t{0});
  add(1);
  CAF_CHECK(*last_dead_letter_ms(path) > 1'000'000'000'000);
  write_file(path, "");
  CAF_CHECK(last_dead_letter_ms(path) == int64_t{0});
}

CAF_TEST(a line counts once it is on disk with the name of its file) {
  disk_calls disk{directory.path()};
  auto what = insert(1);
  disk.fail_syncs("dead-letter.ndjson", 1);
  CAF_CHECK(uut.add({{&what, "no such table: t"}}));
  disk.take();
  CAF_CHECK(!uut.add({}));
  CAF_CHECK(disk.synced("dead-letter.ndjson"));
  disk.take();
  add(2);
  CAF_CHECK(disk.synced("dead-letter.ndjson"));
  std::filesystem::remove(path);
  begin();
  disk.fail_syncs(".", 1);
  CAF_CHECK(uut.add({{&what, "no such table: t"}}));
}

CAF_TEST_FIXTURE_SCOPE_END()
