// What the spool's files look like, to the byte, in the order of bytes of the machine
// (a spool never leaves it). A directory holds
//
//   header                    whose it is; how starts ended; a list of the segments
//   NUMBER.segment            a header, then records, back to back
//   spare, *.new              a segment without content; what was not finished
//
// A record is there once its first word, the length, is not zero. The word behind it is
// zeroed before that one is set, so that what an earlier use left there never reads as
// a record; and its sum begins with the spool's id and the record's own number, so that
// no copy of a record is one either.
#pragma once

#include "actors/storage/spool.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::spool_format {

constexpr uint32_t version = 1;
constexpr uint64_t header_magic = 0x6c6f6f70532e4853;  // "SH.Spool"
constexpr uint64_t segment_magic = 0x6c6f6f70532e5353; // "SS.Spool"
/// Takes the place of the segment's: nothing in it is held, and it is about to go.
constexpr uint64_t retired_magic = 0x6c6f6f70532e5252; // "RR.Spool"
constexpr size_t page_bytes = 4096;

constexpr const char* header_name = "header";
constexpr const char* spare_name = "spare";
constexpr std::string_view segment_suffix = ".segment";

using id_bytes = std::array<unsigned char, 16>;

/// A text of at most 63 bytes, the rest zero.
using short_text = std::array<char, 64>;

// -- the header file ----------------------------------------------------------------

struct header_identity {
  uint64_t magic = header_magic;
  uint32_t format = version;
  /// Of what follows.
  uint32_t crc = 0;
  id_bytes spool_id{};
  id_bytes boot_id{};
  short_text data_id{};
  /// Where that identity is to be found, if it is not moved; cut off if it is longer.
  std::array<char, 1024> data_dir{};
};

/// What is being replayed, and in which record earlier starts died, how often in a row.
struct replay_slot {
  uint64_t number = 0;
  uint64_t current_seq = 0;
  uint64_t suspect_seq = 0;
  uint64_t suspect_deaths = 0;
  uint32_t current_lane = 0;
  uint32_t suspect_lane = 0;
  /// Not that record alone, but all behind it in the lane too.
  bool current_and_later = false;
  bool suspect_and_later = false;
  uint16_t reserved = 0;
  /// Of what precedes. Of two slots the valid one with the higher number counts.
  uint32_t crc = 0;

  /// Whether starts died inside this record, or in several at once with it among them.
  bool suspects(uint32_t lane, uint64_t seq) const {
    return suspect_lane == lane
           && (suspect_seq == seq || (suspect_and_later && suspect_seq < seq));
  }
};

static_assert(sizeof(replay_slot) == 48);

constexpr size_t slots_offset = 2048;
/// From here to the file's end the segments in use: of each the number and, in the upper
/// half, the sum of that. Zero: no entry.
constexpr size_t entries_offset = page_bytes;

static_assert(sizeof(header_identity) <= slots_offset);

// -- segments -----------------------------------------------------------------------

struct segment_header {
  uint64_t magic = segment_magic;
  uint32_t format = version;
  /// Of what follows, but for the last member.
  uint32_t crc = 0;
  id_bytes spool_id{};
  id_bytes boot_id{};
  short_text data_id{};
  uint64_t number = 0;
  uint64_t bytes = 0;
  /// How many records there are, set after each: one less than that if death came
  /// between.
  uint64_t committed = 0;
};

static_assert(sizeof(segment_header) == 136);

enum class record_kind : uint16_t {
  /// Items of a lane.
  data = 1,
  /// All that is known about a lane, its name included. Stands before the first record
  /// of the lane in each segment, so that every segment explains itself.
  lane = 2,
  /// The same without the name.
  mark = 3,
};

struct record_header {
  /// This header and the data behind it. Zero: no record. Set last.
  uint32_t length = 0;
  /// Of the spool's id, and what follows.
  uint32_t crc = 0;
  /// The segment's number in the upper half, in the lower the record's place in it.
  uint64_t number = 0;
  uint32_t lane = 0;
  record_kind kind = record_kind::data;
  uint16_t reserved = 0;
  uint64_t last_seq = 0;
  uint64_t count = 0;
};

static_assert(sizeof(record_header) == 40);

/// The data of a mark, a doubt behind it if there is one; in a lane record the kind and
/// the name follow.
struct lane_statement {
  /// Of a lane's statements the one with the highest version counts.
  uint64_t version = 0;
  uint64_t appended = 0;
  uint64_t written = 0;
  uint64_t released = 0;
  uint64_t parts = 0;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t offset = 0;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
};

static_assert(sizeof(lane_statement) == 80);

/// What a statement has, in its `parts`.
constexpr uint64_t part_note = 1;
constexpr uint64_t part_doubt = 2;

/// Stands behind a statement that says so.
struct doubt_statement {
  uint64_t failed = 0;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t offset = 0;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
};

static_assert(sizeof(doubt_statement) == 48);

constexpr size_t statement_bytes_max = sizeof(lane_statement) + sizeof(doubt_statement);

constexpr size_t lane_name_max = 1024;

constexpr size_t aligned(size_t bytes) {
  return (bytes + 7) & ~size_t{7};
}

/// What a record with so much data takes.
constexpr size_t record_bytes(size_t data_bytes) {
  return aligned(sizeof(record_header) + data_bytes);
}

/// What a mark takes at most.
constexpr size_t mark_bytes = record_bytes(statement_bytes_max);

/// What a lane record takes at most.
constexpr size_t lane_bytes(size_t name_bytes) {
  return record_bytes(statement_bytes_max + 1 + name_bytes);
}

} // namespace sluice::spool_format
