// What a start makes of a spool that is not as it should be: it goes on with what is
// whole, refuses the rest with a line that names the path, and changes nothing then.
#define CAF_SUITE spool_damage

#include "actors/storage/crc32c.hpp"
#include "actors/storage/spool.hpp"
#include "actors/storage/spool_format.hpp"
#include "messages/error.hpp"
#include "tests/spool_fixture.hpp"

#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;
using namespace sluice::spool_format;
namespace fs = std::filesystem;

/// What the record takes that names a lane of one letter.
constexpr auto named_bytes = record_bytes(sizeof(lane_statement) + 2);

struct fixture : test::spool_fixture {
  fixture() { reopen(); }

  /// Three records and a note, and the files that they leave.
  void leave_some() {
    auto lane = aut->lane(lane_kind::log, "a");
    for (uint64_t seq = 1; seq <= 3; ++seq)
      CAF_REQUIRE(!aut->append(lane, seq, 1, "item " + std::to_string(seq)));
    aut->begin_batch(lane, note);
    aut.reset();
    fs::copy(config.dir, saved);
  }

  void restore() {
    aut.reset();
    fs::remove_all(config.dir);
    fs::copy(saved, config.dir);
  }

  /// Whether the spool opens with all that was left in it.
  bool is_whole() {
    auto lane = aut->lane(lane_kind::log, "a");
    auto found = aut->read(lane, 0);
    return found.size() == 3 && found[0].data == "item 1" && found[2].data == "item 3"
           && found[2].last_seq == 3 && aut->state(lane).note == note;
  }

  /// Checks that what is there is refused with a line that has this text.
  void check_refused(const std::string& text) {
    auto before = files();
    auto err = refusal();
    CAF_CHECK(err == ec::unavailable);
    CAF_MESSAGE(text_of(err));
    CAF_CHECK_NOT_EQUAL(text_of(err).find(config.dir), std::string::npos);
    CAF_CHECK_NOT_EQUAL(text_of(err).find(text), std::string::npos);
    CAF_CHECK_EQUAL(text_of(err).find('\n'), std::string::npos);
    CAF_CHECK(files() == before);
  }

  std::string only_segment() {
    auto all = segments();
    CAF_REQUIRE_EQUAL(all.size(), 1u);
    return all[0];
  }

  void flip(const std::string& path, size_t offset, unsigned bit) {
    auto bytes = test::read_file(path);
    bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << bit));
    test::write_file(path, bytes);
  }

  batch_note note{{7, 8, 9}, 1, 3};
  std::string saved = ram.path() + "/saved";
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(spool_damage_tests, fixture)

CAF_TEST(no flipped bit of a segment goes unnoticed) {
  leave_some();
  const auto segment = only_segment();
  const auto used = sizeof(segment_header) + named_bytes + 3 * record_bytes(6);
  auto refused = 0;
  for (size_t offset = 0; offset < used + record_bytes(sizeof(lane_statement));
       ++offset) {
    restore();
    flip(segment, offset, static_cast<unsigned>(offset % 8));
    auto before = test::read_file(segment);
    if (auto err = refusal()) {
      ++refused;
      if (err != ec::unavailable || test::read_file(segment) != before)
        CAF_ERROR("byte " << offset << ": " << text_of(err));
    } else {
      // Bytes that fill up, and a count that death may leave behind by one.
      reopen();
      if (!is_whole())
        CAF_ERROR("byte " << offset << " was believed");
    }
  }
  CAF_CHECK_GREATER(refused, static_cast<int>(used / 10 * 9));
}

CAF_TEST(no flipped bit of the header goes unnoticed) {
  leave_some();
  const auto header = config.dir + "/header";
  for (size_t offset = 0; offset < entries_offset + 16; ++offset) {
    // What the slots say is allowed to be lost, and the rest is not used.
    if (offset == sizeof(header_identity))
      offset = entries_offset;
    restore();
    flip(header, offset, static_cast<unsigned>(offset % 8));
    auto err = refusal();
    if (err != ec::unavailable)
      CAF_ERROR("byte " << offset << ": " << text_of(err));
  }
}

CAF_TEST(records that are cut off are missed) {
  leave_some();
  auto bytes = test::read_file(only_segment());
  auto third = sizeof(segment_header) + named_bytes + 2 * record_bytes(6);
  bytes.replace(third, 8, std::string(8, '\0'));
  test::write_file(only_segment(), bytes);
  check_refused("records instead of");
}

CAF_TEST(a segment that is missing or cut off is refused) {
  leave_some();
  fs::resize_file(only_segment(), 100);
  check_refused("cut off");
  restore();
  fs::resize_file(only_segment(), 4096);
  check_refused("number and size");
  restore();
  fs::remove(only_segment());
  check_refused("No such file");
  restore();
  auto header = test::read_file(config.dir + "/header");
  header.replace(entries_offset, 8, std::string(8, '\0'));
  test::write_file(config.dir + "/header", header);
  check_refused("list");
}

CAF_TEST(a segment that was about to go is let go) {
  auto lane = aut->lane(lane_kind::log, "a");
  CAF_REQUIRE(!aut->append(lane, 1, 1, "x"));
  aut->released(lane, 1);
  aut.reset();
  auto bytes = test::read_file(only_segment());
  std::memcpy(bytes.data(), &retired_magic, sizeof retired_magic);
  test::write_file(only_segment(), bytes);
  reopen();
  CAF_CHECK(aut->check_place());
  CAF_CHECK_EQUAL(segments().size(), 1u);
  CAF_CHECK(!aut->append(aut->lane(lane_kind::log, "a"), 2, 1, "y"));
  reopen();
  CAF_CHECK_EQUAL(aut->read(aut->lane(lane_kind::log, "a"), 0).size(), 1u);
}

CAF_TEST(segments without a header are refused) {
  leave_some();
  fs::remove(config.dir + "/header");
  check_refused("no header");
}

CAF_TEST(another version is refused) {
  leave_some();
  flip(config.dir + "/header", offsetof(header_identity, format), 4);
  check_refused("version");
}

CAF_TEST(items of another data directory are refused with both paths) {
  leave_some();
  config.data_id = "data-2";
  config.data_dir = "/data/2";
  check_refused("/data/1 (data-1), not to /data/2");
}

CAF_TEST(what another data directory left empty is made anew) {
  auto id = aut->id();
  auto lane = aut->lane(lane_kind::log, "a");
  CAF_REQUIRE(!aut->append(lane, 1, 1, "x"));
  aut->released(lane, 1);
  config.data_id = "data-2";
  reopen();
  CAF_CHECK_NOT_EQUAL(aut->id(), id);
  CAF_CHECK(aut->lanes().empty());
}

CAF_TEST(unfinished and foreign files do no harm) {
  leave_some();
  for (const auto* name :
       {"/segment.new", "/header.new", "/spare", "/foreign", "/0000000000000abc.segment"})
    test::write_file(config.dir + name, "junk");
  reopen();
  CAF_CHECK(is_whole());
  CAF_CHECK(fs::exists(config.dir + "/foreign"));
  CAF_CHECK(!fs::exists(config.dir + "/0000000000000abc.segment"));
  reopen();
  CAF_CHECK(is_whole());
}

CAF_TEST(a directory that others may write is refused) {
  aut.reset();
  ::chmod(config.dir.c_str(), 0777);
  check_refused("everybody");
}

CAF_TEST(the directory is for its owner alone) {
  struct stat info {};
  ::stat(config.dir.c_str(), &info);
  CAF_CHECK_EQUAL(info.st_mode & 0777, 0700u);
  for (const auto& each : segments()) {
    ::stat(each.c_str(), &info);
    CAF_CHECK_EQUAL(info.st_mode & 0777, 0600u);
  }
}

CAF_TEST(a note of another boot is dropped and that is told) {
  leave_some();
  // As a file on a real disk is after a reboot.
  auto bytes = test::read_file(only_segment());
  segment_header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.boot_id[0] ^= 1;
  header.crc =
    crc32c(0, &header.spool_id,
           offsetof(segment_header, committed) - offsetof(segment_header, spool_id));
  std::memcpy(bytes.data(), &header, sizeof header);
  test::write_file(only_segment(), bytes);
  reopen();
  auto lane = aut->lane(lane_kind::log, "a");
  CAF_CHECK_EQUAL(aut->notes_dropped(), 1u);
  CAF_CHECK(!aut->state(lane).note);
  CAF_CHECK_EQUAL(aut->read(lane, 0).size(), 3u);
  reopen();
  CAF_CHECK_EQUAL(aut->notes_dropped(), 0u);
  CAF_CHECK(!aut->state(lane).note);
}

CAF_TEST(a copy of a record in the data never reads as one) {
  auto lane = aut->lane(lane_kind::log, "a");
  CAF_REQUIRE(!aut->append(lane, 1, 1, std::string(88, 'x')));
  auto record = test::read_file(only_segment())
                  .substr(sizeof(segment_header) + named_bytes, record_bytes(88));
  // Lines that hold nothing but copies of it, at every place that a record may have,
  // in segments that are used again and again.
  std::string line;
  while (line.size() < 40 * record.size())
    line += record;
  uint64_t seq = 1;
  for (auto lap = 0; lap < 100; ++lap) {
    while (aut->fill().unwritten_bytes < config.max_bytes / 2) {
      line.resize(40 * record.size() - 8 * (seq % 16));
      ++seq;
      CAF_REQUIRE(!aut->append(lane, seq, 1, line));
    }
    if (lap % 10 == 9) {
      auto before = aut->read(lane, 0);
      CAF_REQUIRE(!before.empty());
      reopen();
      CAF_CHECK(aut->read(lane, 0) == before);
      CAF_CHECK_EQUAL(aut->state(lane).appended, seq);
    }
    aut->released(lane, seq - lap % 3);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
