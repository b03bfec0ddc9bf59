// The DEAD LETTERS are queued writes that the database refused, each with its error: one
// line of JSON in a file that only grows. A line is synced before the commit that passes
// its write, and a write that has a line is never run again: so each is either in the
// database or in this file, and once.
#pragma once

#include "actors/storage/append_file.hpp"
#include "actors/storage/dead_letter_line.hpp"
#include "actors/storage/file_rights.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

struct dead_letters_config {
  /// The data directory.
  std::string directory;
  std::string name = "dead-letter.ndjson";
  /// A file that must exist whenever a new file is begun: without it the data directory
  /// is not mounted, and nothing may be made in its place. Empty: any directory will do.
  std::string identity_file;
  file_rights rights = {};
  /// Bytes from which the file takes no further line until it is moved away.
  uint64_t bytes_max = 67'108'864;
};

class dead_letters {
public:
  explicit dead_letters(dead_letters_config cfg = {}) : cfg_(std::move(cfg)) {}

  /// Learns which numbers beyond `after` have a line already; once for each spool.
  caf::error load(const std::string& spool, uint64_t after);

  /// Whether this write has its line already. What an earlier process left is compared
  /// with the write: pages of it may be lost, and then its line comes anew.
  bool contains(const queued_write& x);

  /// Bytes of the letter's line.
  size_t line_bytes(const dead_letter& letter) const;

  /// `disk_full` if the file takes no further line behind so many bytes of others that
  /// are not there yet. The last that it takes may go beyond its bound.
  caf::error check_room(uint64_t bytes_before) const;

  /// Adds a line each, and brings all lines to disk.
  caf::error add(const std::vector<dead_letter>& letters);

  /// Writes up to here are passed, and will not come again.
  void passed(uint64_t seq) { known_.erase(known_.begin(), known_.upper_bound(seq)); }

  /// What is passed is in doubt: the next `load` looks into the file again.
  void forget() { spool_.clear(); }

  /// What was done to the file since this was last asked.
  io_counts take() { return std::exchange(io_, {}); }

private:
  /// Where it is, and whether it is known to be on disk. One that is not counts only with
  /// its text, which is in memory until it is: that is what is written again.
  struct known_line {
    uint64_t offset = 0;
    uint64_t size = 0;
    bool safe = false;
    std::string text = {};
  };

  caf::error open();
  caf::error mend();
  caf::error append(const std::vector<dead_letter>& letters);
  caf::error sync();
  caf::error learn(uint64_t after);
  caf::error doubt(uint64_t from, uint64_t size, size_t lines);

  dead_letters_config cfg_;
  std::shared_ptr<append_file> file_;
  /// The spool whose numbers are known.
  std::string spool_;
  std::map<uint64_t, known_line> known_;
  /// Lines of known numbers are perhaps not on disk.
  bool unsynced_ = false;
  io_counts io_;
};

/// When a line was added last, in ms since 1970; 0 if the file is not there, or empty. An
/// error says that nobody knows.
caf::expected<int64_t> last_dead_letter_ms(const std::string& path);

/// That the file has grown to its bound.
caf::error dead_letters_full(const std::string& path, uint64_t bytes_max);

/// How long that file is; 0 if it is not there.
caf::expected<uint64_t> dead_letter_bytes(const std::string& path);

} // namespace sluice
