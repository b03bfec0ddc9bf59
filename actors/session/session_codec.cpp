#include "actors/session/session_codec.hpp"

#include "messages/error.hpp"

#include <caf/optional.hpp>

namespace sluice {

namespace {

constexpr char version = 1;
constexpr char document_kind = 1;
constexpr char delete_kind = 2;

// -- writing -----------------------------------------------------------------------

/// Seven bits a byte, the lowest first, the top bit set on all but the last.
void put_number(std::string& to, uint64_t x) {
  for (; x >= 0x80; x >>= 7)
    to += static_cast<char>(x | 0x80);
  to += static_cast<char>(x);
}

void put_bytes(std::string& to, std::string_view x) {
  put_number(to, x.size());
  to += x;
}

// -- reading -----------------------------------------------------------------------

/// What is left of a record. A read that finds too little, or what no writer leaves,
/// returns none.
class record_reader {
public:
  explicit record_reader(std::string_view rest) : rest_(rest) {}

  bool at_end() const { return rest_.empty(); }

  caf::optional<char> byte() {
    if (rest_.empty())
      return caf::none;
    auto result = rest_.front();
    rest_.remove_prefix(1);
    return result;
  }

  caf::optional<uint64_t> number() {
    uint64_t result = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      auto next = byte();
      if (!next)
        return caf::none;
      auto bits = static_cast<uint64_t>(*next & 0x7f);
      if (bits << shift >> shift != bits)
        return caf::none;
      result |= bits << shift;
      if ((*next & 0x80) == 0)
        return result;
    }
    return caf::none;
  }

  caf::optional<std::string> bytes() {
    auto size = number();
    if (!size || *size > rest_.size())
      return caf::none;
    std::string result{rest_.substr(0, *size)};
    rest_.remove_prefix(*size);
    return result;
  }

private:
  std::string_view rest_;
};

caf::optional<session_change> read_change(record_reader& from) {
  auto kind = from.byte();
  if (!kind || (*kind != document_kind && *kind != delete_kind))
    return caf::none;
  auto key = from.bytes();
  auto updated_at = from.number();
  // Whatever a snapshot may hold for a key, the empty one too, comes here when it goes.
  if (!key || !updated_at)
    return caf::none;
  session_change result;
  result.erased = *kind == delete_kind;
  result.key = std::move(*key);
  result.updated_at_ms = static_cast<int64_t>(*updated_at);
  if (result.erased)
    return result;
  auto document = from.bytes();
  if (!document)
    return caf::none;
  result.document = std::move(*document);
  return result;
}

caf::error unreadable(const char* why) {
  return caf::make_error(ec::invalid_argument, std::string{why});
}

} // namespace

session_record_writer::session_record_writer() : data_(1, version) {}

void session_record_writer::add(char kind, std::string_view key, int64_t updated_at_ms) {
  ++count_;
  data_ += kind;
  put_bytes(data_, key);
  put_number(data_, static_cast<uint64_t>(updated_at_ms));
}

void session_record_writer::add_document(std::string_view key, int64_t updated_at_ms,
                                         std::string_view document) {
  add(document_kind, key, updated_at_ms);
  put_bytes(data_, document);
}

void session_record_writer::add_delete(std::string_view key, int64_t updated_at_ms) {
  add(delete_kind, key, updated_at_ms);
}

caf::expected<std::vector<session_change>>
read_session_record(const spool_record& record) {
  record_reader from{record.data};
  if (from.byte() != version)
    return unreadable("the record is of no version known here");
  std::vector<session_change> changes;
  while (!from.at_end()) {
    auto change = read_change(from);
    if (!change)
      return unreadable("a change in the record is malformed");
    changes.push_back(std::move(*change));
  }
  if (changes.empty() || changes.size() != record.count || record.last_seq < record.count)
    return unreadable("the record does not hold as many changes as the spool says");
  auto seq = record.last_seq - record.count;
  for (auto& change : changes)
    change.seq = ++seq;
  return changes;
}

} // namespace sluice
