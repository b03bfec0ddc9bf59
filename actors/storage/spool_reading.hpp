// Reads what a spool's directory holds without changing anything: for the start that
// adopts it, and for whoever looks at what a dead service left.
#pragma once

#include "actors/storage/spool.hpp"
#include "actors/storage/spool_header.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct spool_contents {
  /// A record that is not released, and where it lies.
  struct held_record {
    uint64_t last_seq = 0;
    uint64_t count = 0;
    /// All that it takes, and its data alone.
    uint64_t bytes = 0;
    uint64_t data_bytes = 0;
    uint64_t segment = 0;
  };

  struct lane {
    lane_state state;
    /// The version of its latest statement, and the segment that holds it.
    uint64_t version = 0;
    uint64_t stated_in = 0;
    /// The last segment that holds anything of it.
    uint64_t last_in = 0;
    /// There was a note, of another boot: its file's numbers mean nothing now.
    bool note_void = false;
    /// By number, each once.
    std::vector<held_record> records;
  };

  struct segment {
    uint64_t number = 0;
    uint64_t bytes = 0;
    uint64_t records = 0;
  };

  spool_identity identity;
  std::string data_dir;
  spool_format::replay_slot replay;
  std::map<lane_id, lane> lanes;
  std::vector<segment> segments;
  /// On the list still, but nothing in them is held.
  std::vector<uint64_t> retired;

  bool has_unreleased() const;

  /// The replay slot as a start begins with it: if the last one died inside a record,
  /// that is counted.
  spool_format::replay_slot after_death() const;
};

/// Returns nothing if there is no spool. `unavailable`: there is one, and it cannot be
/// read; the text names the paths.
caf::expected<std::optional<spool_contents>> read_spool(const std::string& dir);

/// What is held, in words for a message.
std::string summary_of(const spool_contents& contents);

/// Whose spool it is, as its header tells.
struct spool_owner_info {
  std::string data_id;
  std::string data_dir;
};

/// Returns nothing if there is no spool; reads no more than the header. `unavailable`:
/// there is one, and it cannot be told whose.
caf::expected<std::optional<spool_owner_info>> spool_owner(const std::string& dir);

/// Whether a running service has the spool.
bool spool_in_use(const std::string& dir);

} // namespace sluice
