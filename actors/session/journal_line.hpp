// A line of a session journal: how it is written, and what it says when it is read.
//
// Each is one JSON object, for jq and people, and ends with a check over what is before
// it, so that a line that was torn or has rotted is known by itself. A document keeps
// its bytes, but for the newlines in it: they stand as blanks in the line, and a list
// says where they were.
#pragma once

#include "messages/session_store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

inline constexpr std::string_view journal_format = "sluice-session-journal";
inline constexpr uint64_t journal_version = 1;

/// A part of a text.
struct text_range {
  uint64_t offset = 0;
  uint64_t length = 0;

  bool operator==(const text_range&) const = default;
};

/// Where a document stands, and the list of its newlines if it has any.
struct document_range {
  text_range document;
  text_range newlines;

  bool operator==(const document_range&) const = default;
};

/// Which snapshot a journal extends.
struct snapshot_digest {
  uint64_t bytes = 0;
  std::string sha256;
  /// A compaction wrote it, so that a document's place is known to the byte.
  bool ours = false;

  bool operator==(const snapshot_digest& x) const {
    return bytes == x.bytes && sha256 == x.sha256;
  }
};

struct journal_head {
  session_mark mark;
  std::optional<snapshot_digest> snapshot;

  bool operator==(const journal_head&) const = default;
};

/// What stands at the front and at the end of a line beside its change.
struct line_numbers {
  /// Named where it is not the line before's.
  std::optional<std::string> spool_id;
  uint64_t seq = 0;
  /// The store's mark with this line: on the last one of a flush.
  std::optional<uint64_t> mark;

  bool operator==(const line_numbers&) const = default;
};

// -- writing -----------------------------------------------------------------------

std::string head_line(const journal_head& x);

/// Appends a document or a delete; returns where the document stands in `out`.
document_range append_change_line(std::string& out, const session_change& x,
                                  const line_numbers& numbers);

/// Appends what replaces the whole store, none of it with newlines, and all that have
/// no time of their own with this one; with a doubtful one, all. Returns where the
/// documents stand.
std::vector<document_range> append_store_line(std::string& out,
                                              const std::vector<session_change>& all,
                                              std::optional<int64_t> updated_at_ms,
                                              const line_numbers& numbers);

/// Appends when a document of the snapshot was updated that does not say it itself.
void append_time_line(std::string& out, const std::string& key, int64_t updated_at_ms);

void append_mark_line(std::string& out, const line_numbers& numbers);

// -- reading -----------------------------------------------------------------------

struct journal_line {
  enum class kind { head, document, erased, time, store, mark };

  kind what = kind::mark;
  line_numbers numbers;
  std::string key;
  /// Of the document, or of all in the store that have none of their own; of all that are
  /// in it if it is doubtful.
  std::optional<int64_t> updated_at_ms;
  document_range document;
  /// Of a whole store.
  std::vector<std::pair<std::string, text_range>> documents;
  /// Of a head.
  uint64_t version = 0;
  journal_head head;
};

/// Reads a line without its newline; none if it is damaged.
std::optional<journal_line> read_journal_line(std::string_view line);

/// Puts the newlines back.
void restore_newlines(std::string& document, std::string_view list);

} // namespace sluice
