// One store's FILES, a snapshot and the journal of what changed since, and the index
// of what they hold. A flush is one write at the journal's end, whole or not at all.
// No actor, and nothing in it waits for a sync.
#pragma once

#include "actors/session/journal_recovery.hpp"
#include "actors/session/session_index.hpp"
#include "actors/session/store_compaction.hpp"
#include "actors/storage/append_file.hpp"
#include "actors/storage/folder.hpp"
#include "messages/session_store.hpp"
#include "messages/status.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// What a flush writes, and what the index says once it is written.
struct journal_plan {
  struct change {
    std::string key;
    bool erased = false;
    indexed_document document;
  };

  /// Nothing to write if empty.
  std::string bytes;
  /// Of them, what a new journal begins with.
  uint64_t head_bytes = 0;
  /// Where documents stand counts from the front of `bytes`.
  std::vector<change> changes;
  /// Documents that are as they are to be, with the number of the update that says so.
  std::vector<std::pair<std::string, uint64_t>> equal;
  /// Times that take the places of doubtful ones.
  std::vector<std::pair<std::string, int64_t>> times;
  session_mark mark;
  /// The bytes say the mark.
  bool says_mark = false;
};

class journal_store {
public:
  /// Reads what is in the files; none are made before the first write.
  static caf::expected<std::unique_ptr<journal_store>>
  open(const folder& in, const std::string& store, std::string identity_file,
       io_counts& io, uint64_t file_bytes_max = store_file_bytes_max);

  // -- reading ---------------------------------------------------------------------

  const session_index& index() const { return files_.index; }
  session_store_info info() const;
  caf::expected<session_lookup> load(const std::string& key, io_counts& io) const;
  /// All of it, ordered by key.
  caf::expected<session_changes> dump(io_counts& io) const;

  // -- writing ---------------------------------------------------------------------

  /// Gives what has a doubtful time another one too, if the right one is told.
  journal_plan plan(session_changes x, io_counts& io, int64_t right_now_ms = 0) const;
  /// Appends what was planned, with one write; on an error the store is as before.
  caf::error write(const journal_plan& x, io_counts& io);

  /// The open journal; null before the first write.
  const std::shared_ptr<append_file>& journal() const { return files_.journal; }

  // -- the files -------------------------------------------------------------------

  /// Whether the names mean the files that are open, and nobody else changed them. An
  /// error says that nobody knows.
  caf::expected<bool> as_left() const;
  /// Both have to be written anew before anything is appended.
  bool needs_rebuild() const { return needs_rebuild_; }
  /// Of what the files say they hold, no more than that is certain.
  void believe(const session_mark& safe) {
    if (files_.mark.spool_id == safe.spool_id)
      files_.mark.seq = std::min(files_.mark.seq, safe.seq);
  }
  void demand_rebuild() { needs_rebuild_ = true; }

  /// Bytes of changes in the journal.
  uint64_t journal_growth() const;
  uint64_t snapshot_bytes() const {
    return files_.snapshot ? files_.snapshot->size() : 0;
  }

  std::shared_ptr<store_compaction> prepare_compaction() const;
  /// Goes on with the files that the compaction made.
  caf::error adopt(const store_compaction& x);
  /// Notes how far a compaction came that failed.
  void compaction_failed(const store_compaction& x);

  /// What was found to be wrong with the files when they were opened.
  const std::vector<alert>& alerts() const { return files_.alerts; }
  uint64_t set_aside() const { return files_.set_aside; }

private:
  journal_store(folder in, std::string store, std::string identity_file,
                store_files files)
      : in_(std::move(in)), store_(std::move(store)),
        identity_file_(std::move(identity_file)), files_(std::move(files)),
        numbers_spool_(files_.named_spool), written_mark_(files_.mark) {}

  caf::expected<std::string> read(const indexed_document& x, io_counts& io) const;
  bool holds(const indexed_document& x, const std::string& document, io_counts& io) const;
  bool fresh() const { return !files_.journal || files_.journal->end() == 0; }
  std::vector<session_change> sort_out(session_changes& x, journal_plan& plan,
                                       io_counts& io) const;
  bool replaces_all(const std::vector<session_change>& changes,
                    const journal_plan& plan) const;
  void append_lines(const std::vector<session_change>& changes, journal_plan& plan) const;
  void append_whole(const std::vector<session_change>& changes, journal_plan& plan) const;
  line_numbers numbers(const journal_plan& plan, bool first, bool last) const;
  caf::error open_journal();
  void commit(const journal_plan& x, uint64_t offset);

  folder in_;
  std::string store_;
  std::string identity_file_;
  store_files files_;
  /// The spool that the numbers in the index are of.
  std::string numbers_spool_;
  /// What the files say; the store's own may be ahead where nothing had to be written.
  session_mark written_mark_;
  bool needs_rebuild_ = false;
  /// Of a compaction that failed at its end: they are ours, and not open.
  left_files left_;
};

} // namespace sluice
