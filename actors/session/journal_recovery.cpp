#include "actors/session/journal_recovery.hpp"

#include "actors/detail/json_index.hpp"
#include "actors/detail/json_input.hpp"
#include "actors/detail/wall_clock.hpp"
#include "actors/session/store_compaction.hpp"
#include "actors/storage/digest.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

constexpr uint64_t read_block_bytes = 1'048'576;
constexpr size_t alerts_max = 8;

/// Calls `each` with every whole line and its offset; returns where the last one ends.
template <class Each>
caf::expected<uint64_t> for_each_line(const append_file& file, io_counts& io, Each each) {
  std::string waiting;
  uint64_t start = 0;
  for (uint64_t at = 0; at < file.end();) {
    auto block = file.read(at, std::min(read_block_bytes, file.end() - at), io);
    if (!block)
      return std::move(block.error());
    at += block->size();
    auto scanned = waiting.size();
    waiting += *block;
    size_t from = 0;
    for (auto end = waiting.find('\n', scanned); end != waiting.npos;
         end = waiting.find('\n', from)) {
      each(std::string_view{waiting}.substr(from, end - from), start + from);
      from = end + 1;
    }
    waiting.erase(0, from);
    start += from;
  }
  return start;
}

} // namespace

caf::expected<store_files> journal_recovery::run() {
  if (auto err = read_snapshot())
    return err;
  if (auto err = choose_journal())
    return err;
  if (auto err = index_snapshot())
    return err;
  if (auto err = replay())
    return err;
  return std::move(found_);
}

// -- what they say -----------------------------------------------------------------

caf::error journal_recovery::index_snapshot() {
  if (!found_.snapshot)
    return caf::none;
  std::string space;
  // Nobody knows how right the clock was when somebody put the file there.
  auto default_ms = doubtful_ms(found_.snapshot->modified_ms());
  auto list = json::list_members(snapshot_text_, 1);
  for (size_t i = 1; i < list.size(); ++i) {
    auto value =
      found_.digest->ours ? document_in(snapshot_text_, list[i].value) : list[i].value;
    auto at = static_cast<uint64_t>(value.data() - snapshot_text_.data());
    found_.index.set(std::string{json::plain_name(list[i].name, space)},
                     index_document(false, {{at, value.size()}, {}}, std::string{value},
                                    std::nullopt, default_ms));
  }
  snapshot_text_ = {};
  return caf::none;
}

caf::error journal_recovery::replay() {
  if (!found_.journal)
    return caf::none;
  uint64_t good_end = 0;
  auto take = [&](std::string_view text, uint64_t offset) {
    auto line = read_journal_line(text);
    auto known = line && (line->what == journal_line::kind::head) == (offset == 0);
    if (!known) {
      bad_.push_back({offset, text.size() + 1});
      return;
    }
    take_line(*line, text, offset);
    good_end = offset + text.size() + 1;
    only_times_ = only_times_
                  && (line->what == journal_line::kind::head
                      || line->what == journal_line::kind::time);
    if (only_times_)
      found_.base = good_end;
  };
  auto read = for_each_line(*found_.journal, io_, take);
  if (!read)
    return std::move(read.error());
  if (auto err = set_damage_aside(good_end))
    return err;
  found_.journal->doubt();
  return caf::none;
}

void journal_recovery::take_line(const journal_line& line, std::string_view text,
                                 uint64_t offset) {
  auto& index = found_.index;
  if (line.numbers.spool_id && *line.numbers.spool_id != found_.named_spool) {
    found_.named_spool = *line.numbers.spool_id;
    index.forget_numbers();
  }
  if (line.numbers.mark)
    found_.mark = {found_.named_spool, *line.numbers.mark};
  switch (line.what) {
    case journal_line::kind::document:
      take_document(line.key, line, line.document, text, offset);
      break;
    case journal_line::kind::erased:
      index.erase(line.key);
      break;
    case journal_line::kind::time:
      index.set_time(line.key, line.updated_at_ms.value_or(0));
      break;
    case journal_line::kind::store:
      index.clear();
      for (auto& [key, where] : line.documents)
        take_document(key, line, {where, {}}, text, offset);
      break;
    case journal_line::kind::head:
    case journal_line::kind::mark:
      break;
  }
}

void journal_recovery::take_document(const std::string& key, const journal_line& line,
                                     document_range where, std::string_view text,
                                     uint64_t offset) {
  std::string document{text.substr(where.document.offset, where.document.length)};
  if (where.newlines.length > 0)
    restore_newlines(document, text.substr(where.newlines.offset, where.newlines.length));
  where.document.offset += offset;
  where.newlines.offset += offset;
  // In a line for the whole store a right time is of those that do not say their own.
  auto told = line.updated_at_ms;
  if (told && line.what == journal_line::kind::store && !is_doubtful(*told))
    told.reset();
  auto x = index_document(true, where, document, told, line.updated_at_ms.value_or(0));
  x.seq = line.numbers.seq;
  found_.index.set(key, x);
}

// -- what is damaged ---------------------------------------------------------------

caf::error journal_recovery::set_damage_aside(uint64_t good_end) {
  auto& journal = *found_.journal;
  auto whole_lines = !bad_.empty() && bad_.back().offset >= good_end;
  for (auto& x : bad_)
    if (x.offset < good_end)
      if (auto err = set_bytes_aside(x, true))
        return err;
  if (journal.end() == good_end)
    return caf::none;
  // What a write had brought in when it was cut short needs nobody's attention.
  if (auto err = set_bytes_aside({good_end, journal.end() - good_end}, whole_lines))
    return err;
  return journal.cut(good_end);
}

caf::error journal_recovery::set_bytes_aside(text_range bytes, bool told) {
  constexpr size_t name_digits = 8;
  auto text = found_.journal->read(bytes.offset, bytes.length, io_);
  if (!text)
    return std::move(text.error());
  // Named after its bytes, so that the next start does not set it aside once more.
  auto name = journal_name_ + ".bad-" + digest_of(*text).substr(0, name_digits);
  if (auto err = in_.write_once(name, *text))
    return err;
  ++found_.set_aside;
  if (told)
    tell("session-journal-damaged", "a damaged line of " + found_.journal->path()
                                      + " was set aside to " + in_.path_of(name));
  return caf::none;
}

void journal_recovery::tell(const std::string& id, const std::string& text) {
  if (found_.alerts.size() < alerts_max)
    found_.alerts.push_back({id, text, detail::wall_clock_ms()});
}

} // namespace sluice
