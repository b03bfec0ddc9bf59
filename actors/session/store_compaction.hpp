// COMPACTION of one store: a new snapshot of all that it holds, and a new journal that
// extends it, take the places of the old ones. Both are whole and on disk before the
// first of them is renamed; whichever step is the last, the files that are there say
// the same:
//
//   1  snapshot beside   the old two count
//   2  journal beside    the old two count
//   3  snapshot renamed  the journal beside is the one that names it, and counts
//   4  journal renamed   done
//
// Reads what it copies through the files that the store has open, so that it also puts
// right what somebody deleted or replaced. Nothing may be appended meanwhile.
#pragma once

#include "actors/session/session_index.hpp"
#include "actors/storage/append_file.hpp"
#include "actors/storage/folder.hpp"
#include "actors/storage/new_file.hpp"
#include "actors/storage/open_folder.hpp"
#include "actors/storage/stored_file.hpp"
#include "messages/session_store.hpp"

#include <caf/error.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Reads a document and holds it against its hash: what no longer reads as it was
/// written is an error.
caf::expected<std::string> read_document(const indexed_document& x,
                                         const stored_file* snapshot,
                                         const append_file* journal, io_counts& io);

/// The bytes of a document in a snapshot that a compaction wrote, of which `value` are
/// all but the blanks around it.
std::string_view document_in(std::string_view snapshot, std::string_view value);

/// What an earlier try put under its name, and could not go on from.
struct left_files {
  std::optional<file_identity> snapshot;
  std::optional<file_identity> journal;
};

struct compaction_input {
  folder in;
  std::string store;
  /// Must exist: without it the data directory is not mounted.
  std::string identity_file;
  std::shared_ptr<stored_file> snapshot;
  std::shared_ptr<append_file> journal;
  session_index index;
  session_mark mark;
  left_files left;
};

class store_compaction {
public:
  explicit store_compaction(compaction_input input) : input_(std::move(input)) {}

  /// Runs all steps. If one before the first rename fails, all is as before.
  caf::error run();

  // -- steps -----------------------------------------------------------------------

  caf::error write_snapshot();
  caf::error write_journal();
  caf::error install_snapshot();
  caf::error install_journal();

  // -- what came of it -------------------------------------------------------------

  const io_counts& io() const { return io_; }
  const snapshot_digest& written() const { return written_; }
  /// Where the documents stand in the new snapshot, in the order of their keys.
  const std::vector<text_range>& places() const { return places_; }
  const std::optional<file_identity>& snapshot_identity() const { return snapshot_; }
  const std::optional<file_identity>& journal_identity() const { return journal_; }
  uint64_t journal_bytes() const { return journal_bytes_; }
  /// The old journal does not go with the snapshot that is there now.
  bool snapshot_installed() const { return snapshot_installed_; }
  bool journal_installed() const { return journal_installed_; }
  /// Names of somebody else's files that were in the way.
  const std::vector<std::string>& set_aside() const { return set_aside_; }

private:
  std::string beside(const std::string& suffix) const;
  uint64_t snapshot_bytes() const;
  caf::error write_documents(new_file& file, class digest& sum);
  caf::error put_aside(const std::string& name);
  caf::error sync_names();
  caf::expected<bool> is_our_snapshot(const file_identity& x) const;
  bool is_our_journal(const file_identity& x) const;

  compaction_input input_;
  /// Shared with the files in it: who syncs it for one hears of what it lost for all.
  std::shared_ptr<open_folder> names_;
  std::atomic<uint64_t> failures_heard_ = 0;
  io_counts io_;
  snapshot_digest written_;
  std::vector<text_range> places_;
  /// Open until they are in their places: their names may come to mean files of others.
  std::optional<new_file> snapshot_file_;
  std::optional<new_file> journal_file_;
  std::optional<file_identity> snapshot_;
  std::optional<file_identity> journal_;
  uint64_t journal_bytes_ = 0;
  bool snapshot_installed_ = false;
  bool journal_installed_ = false;
  std::vector<std::string> set_aside_;
};

} // namespace sluice
