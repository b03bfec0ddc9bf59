// How one request's changes stand in the spool: a RECORD that holds them all, in their
// order, each a whole document or a delete. The first byte is the format's version;
// the numbers are the spool's own. Only what is well formed to the last byte is read.
#pragma once

#include "actors/storage/spool.hpp"
#include "messages/session_store.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

class session_record_writer {
public:
  session_record_writer();

  void add_document(std::string_view key, int64_t updated_at_ms,
                    std::string_view document);
  void add_delete(std::string_view key, int64_t updated_at_ms);

  const std::string& data() const { return data_; }
  /// Changes that were added.
  uint64_t count() const { return count_; }

private:
  void add(char kind, std::string_view key, int64_t updated_at_ms);

  std::string data_;
  uint64_t count_ = 0;
};

/// Returns the record's changes with their numbers, or `invalid_argument`.
caf::expected<std::vector<session_change>>
read_session_record(const spool_record& record);

} // namespace sluice
