// What a session store holds, without the documents: under each key where its document
// stands in the files, and what is to be known of it without reading it.
#pragma once

#include "actors/session/journal_line.hpp"
#include "messages/session_store.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

struct indexed_document {
  /// In the journal, else in the snapshot.
  bool in_journal = false;
  /// The document says itself when it was updated, and nothing else was told.
  bool own_time = false;
  document_range where;
  /// Of the document as it was sent: another hash is another document.
  uint64_t hash = 0;
  int64_t updated_at_ms = 0;
  /// Number of its newest update, of the spool that is in use; 0 if it has none of it.
  uint64_t seq = 0;
};

class session_index {
public:
  using map = std::map<std::string, indexed_document, std::less<>>;

  const map& all() const { return all_; }
  uint64_t entries() const { return all_.size(); }
  /// Keys and documents.
  uint64_t bytes() const { return bytes_; }
  const indexed_document* find(std::string_view key) const;

  void set(const std::string& key, const indexed_document& x);
  void erase(const std::string& key);
  void clear();
  void set_time(const std::string& key, int64_t updated_at_ms);
  /// The update of this number left the document as it was.
  void set_seq(const std::string& key, uint64_t seq);
  /// Another spool is in use from now on, with numbers of its own.
  void forget_numbers();
  /// The documents are in a new snapshot now, in the order of their keys.
  void move_to_snapshot(const std::vector<text_range>& places);

  /// Keys of what is too old or too many, oldest first. What has a doubtful time is not
  /// too old, and is the newest of all.
  std::vector<std::string> excess(const session_prune& x) const;

  /// What has a doubtful time, with the one that it is to have instead: this, or so much
  /// less that they keep their order.
  std::vector<std::pair<std::string, int64_t>> undated(int64_t right_now_ms) const;

private:
  map all_;
  uint64_t bytes_ = 0;
};

/// The hash that tells documents apart.
uint64_t hash_of(std::string_view document);

/// An entry for a document that stands there, but for its numbers. What was told of its
/// time counts before what it says itself.
indexed_document index_document(bool in_journal, document_range where,
                                const std::string& document,
                                std::optional<int64_t> told_ms, int64_t default_ms);

} // namespace sluice
