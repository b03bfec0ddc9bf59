#include "actors/session/journal_recovery.hpp"

#include "actors/detail/json_index.hpp"
#include "actors/detail/json_input.hpp"
#include "actors/detail/wall_clock.hpp"
#include "actors/storage/digest.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

constexpr uint64_t read_block_bytes = 1'048'576;
constexpr uint64_t head_bytes_max = 65'536;
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

// -- which files -------------------------------------------------------------------

caf::error journal_recovery::read_snapshot() {
  auto file = stored_file::open(in_, snapshot_name_);
  if (!file)
    return std::move(file.error());
  if (!*file)
    return caf::none;
  auto text = (*file)->read(0, (*file)->size(), io_);
  if (!text)
    return std::move(text.error());
  snapshot_text_ = std::move(*text);
  found_.digest = snapshot_digest{snapshot_text_.size(), digest_of(snapshot_text_)};
  found_.snapshot = std::move(*file);
  return caf::none;
}

caf::expected<journal_recovery::fit> journal_recovery::judge(const append_file& journal) {
  if (journal.end() == 0)
    return fit::none;
  auto front = journal.read(0, std::min(head_bytes_max, journal.end()), io_);
  if (!front)
    return std::move(front.error());
  auto end = front->find('\n');
  if (end == front->npos)
    return journal.end() <= head_bytes_max ? fit::torn : fit::differs;
  auto head = read_journal_line(std::string_view{*front}.substr(0, end));
  if (!head || head->what != journal_line::kind::head)
    return end + 1 == journal.end() ? fit::torn : fit::differs;
  if (head->version > journal_version)
    return caf::make_error(ec::unavailable, journal.path() + " is of version "
                                              + std::to_string(head->version)
                                              + ", which this service cannot read");
  return head->head.snapshot == found_.digest ? fit::matches : fit::differs;
}

caf::error journal_recovery::choose_journal() {
  auto journal = append_file::find(in_.path(), journal_name_);
  if (!journal)
    return std::move(journal.error());
  auto fits = *journal ? judge(**journal) : fit::none;
  if (!fits)
    return std::move(fits.error());
  if (*fits == fit::matches)
    found_.journal = std::move(*journal);
  else if (auto err = take_journal_beside())
    return err;
  if (*fits == fit::torn && !found_.journal) {
    // It was being made, and nothing in it was ever answered for.
    auto aside = in_.set_aside(journal_name_, "bad");
    if (!aside)
      return std::move(aside.error());
    ++found_.set_aside;
  }
  auto mismatch = *fits == fit::differs && !found_.journal;
  if (mismatch) {
    auto aside = in_.set_aside(journal_name_, "mismatch");
    if (!aside)
      return std::move(aside.error());
    ++found_.set_aside;
    tell("session-journal-mismatch", in_.path_of(*aside) + " does not go with "
                                       + in_.path_of(snapshot_name_)
                                       + " and was not replayed");
  }
  for (auto& name : {snapshot_name_ + beside_suffix, journal_name_ + beside_suffix}) {
    // They repeat what the other files say, unless those are not the ones that they
    // were made from.
    if (!in_.find(name))
      continue;
    auto err = caf::error{};
    if (!mismatch)
      err = in_.remove(name);
    else if (auto aside = in_.set_aside(name, "mismatch"); !aside)
      err = std::move(aside.error());
    if (err)
      return err;
  }
  if (!found_.journal && *fits == fit::none)
    found_.journal = std::move(*journal);
  return caf::none;
}

/// A compaction that was cut short had the snapshot in place, and its journal ready.
caf::error journal_recovery::take_journal_beside() {
  auto name = journal_name_ + beside_suffix;
  auto beside = append_file::find(in_.path(), name);
  if (!beside || !*beside)
    return beside ? caf::error{} : std::move(beside.error());
  auto fits = judge(**beside);
  if (!fits || *fits != fit::matches)
    return fits ? caf::error{} : std::move(fits.error());
  if (auto err = in_.rename(name, journal_name_))
    return err;
  if (auto err = in_.sync())
    return err;
  auto journal = append_file::find(in_.path(), journal_name_);
  if (!journal)
    return std::move(journal.error());
  found_.journal = std::move(*journal);
  return caf::none;
}

// -- what they say -----------------------------------------------------------------

caf::error journal_recovery::index_snapshot() {
  if (!found_.snapshot)
    return caf::none;
  // One that a journal names by its digest was looked at before.
  if (!found_.journal || found_.journal->end() == 0)
    if (auto err = json::check_store(snapshot_text_))
      return caf::make_error(ec::unavailable,
                             in_.path_of(snapshot_name_)
                               + " is no session store: " + text_of(err));
  std::string space;
  auto default_ms = found_.snapshot->modified_ms();
  auto list = json::list_members(snapshot_text_, 1);
  for (size_t i = 1; i < list.size(); ++i) {
    auto value = list[i].value;
    text_range where{static_cast<uint64_t>(value.data() - snapshot_text_.data()),
                     value.size()};
    found_.index.set(
      std::string{json::plain_name(list[i].name, space)},
      index_document(false, {where, {}}, std::string{value}, -1, default_ms));
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
      index.set_time(line.key, line.updated_at_ms);
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
  // In a line for the whole store the time is of those that do not say their own.
  auto told = line.what == journal_line::kind::store ? -1 : line.updated_at_ms;
  auto x =
    index_document(true, where, document, told, std::max<int64_t>(line.updated_at_ms, 0));
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
