// How a store is read from its two files when nobody has it open: which journal goes
// with the snapshot, what its lines say, and what is set aside because it is damaged
// or belongs to something else. Nothing is thrown away.
#pragma once

#include "actors/session/session_index.hpp"
#include "actors/storage/append_file.hpp"
#include "actors/storage/folder.hpp"
#include "actors/storage/stored_file.hpp"
#include "messages/status.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

inline const std::string snapshot_suffix = ".json";
inline const std::string journal_suffix = ".journal";
/// Of a file that is to take the other's place once it is whole.
inline const std::string beside_suffix = ".new";

/// What a store consists of.
struct store_files {
  /// Null where there is none.
  std::shared_ptr<stored_file> snapshot;
  std::shared_ptr<append_file> journal;
  std::optional<snapshot_digest> digest;
  session_index index;
  session_mark mark;
  /// The spool that the journal's last line is of.
  std::string named_spool;
  /// Where the lines end that came with the journal.
  uint64_t base = 0;
  std::vector<alert> alerts;
  /// Lines and files that were set aside.
  uint64_t set_aside = 0;
};

/// Bytes that a file of a store may have, where nothing else is said: more is not read.
constexpr uint64_t store_file_bytes_max = 268'435'456;

/// The same for stores and journals that may grow so large. A name may take more in a
/// file than it counts, and a journal has one write more than it may grow by.
inline uint64_t store_file_bytes(uint64_t store_bytes_max, uint64_t journal_bytes_max) {
  constexpr uint64_t most = uint64_t{1} << 56;
  return std::max(store_file_bytes_max, 4 * std::min(store_bytes_max, most)
                                          + std::min(journal_bytes_max, most));
}

class journal_recovery {
public:
  journal_recovery(const folder& in, std::string store, uint64_t file_bytes_max,
                   io_counts& io)
      : in_(in), store_(std::move(store)), snapshot_name_(store_ + snapshot_suffix),
        journal_name_(store_ + journal_suffix), file_bytes_max_(file_bytes_max), io_(io) {
  }

  /// Reads the store; one without files is empty. `unavailable`: a file is of a later
  /// version, damaged, larger than any of ours, or no store at all; nothing was changed
  /// then.
  caf::expected<store_files> run();

private:
  enum class fit { none, matches, torn, zeros, differs };

  caf::error check_size(const std::string& path, uint64_t bytes) const;
  caf::error read_snapshot();
  caf::error choose_journal();
  caf::expected<fit> judge(const append_file& journal);
  caf::error first_line_unreadable(const append_file& journal) const;
  caf::error take_journal_beside();
  caf::error check_snapshot() const;
  caf::error index_snapshot();
  caf::error replay();
  caf::error set_damage_aside(uint64_t good_end);
  caf::error set_bytes_aside(text_range bytes, bool told);
  void take_line(const journal_line& line, std::string_view text, uint64_t offset);
  void take_document(const std::string& key, const journal_line& line,
                     document_range where, std::string_view text, uint64_t offset);
  void tell(const std::string& id, const std::string& text);

  const folder& in_;
  std::string store_;
  std::string snapshot_name_;
  std::string journal_name_;
  const uint64_t file_bytes_max_;
  io_counts& io_;
  std::string snapshot_text_;
  store_files found_;
  /// Lines that do not say what was written to them.
  std::vector<text_range> bad_;
  bool only_times_ = true;
};

} // namespace sluice
