// Which of a store's files count: the snapshot, and the journal that goes with it. What
// cannot be read leaves all of them as they are.

#include "actors/detail/json_input.hpp"
#include "actors/session/journal_recovery.hpp"
#include "actors/storage/digest.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

constexpr uint64_t head_bytes_max = 65'536;

/// Whether these may be the first bytes of a journal, however few.
bool begins_as_head(std::string_view front) {
  static const auto head = R"({"format":")" + std::string{journal_format} + '"';
  return front.starts_with(head) || std::string_view{head}.starts_with(front);
}

} // namespace

/// A file may claim any size without taking any room, and is read into memory.
caf::error journal_recovery::check_size(const std::string& path, uint64_t bytes) const {
  if (bytes <= file_bytes_max_)
    return caf::none;
  return caf::make_error(ec::unavailable,
                         path + " has " + std::to_string(bytes)
                           + " bytes and is not read: a file of a session store has "
                           + std::to_string(file_bytes_max_)
                           + " at most; move it away, or raise session.max-store-bytes");
}

caf::error journal_recovery::read_snapshot() {
  auto file = stored_file::open(in_, snapshot_name_);
  if (!file)
    return std::move(file.error());
  if (!*file)
    return caf::none;
  if (auto err = check_size(in_.path_of(snapshot_name_), (*file)->size()))
    return err;
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
  if (auto err = check_size(journal.path(), journal.end()))
    return err;
  auto front = journal.read(0, std::min(head_bytes_max, journal.end()), io_);
  if (!front)
    return std::move(front.error());
  // The device has never had its first block, and nothing after it counted as on disk.
  if (front->front() == '\0')
    return fit::zeros;
  auto end = std::min(front->find('\n'), front->size());
  auto head = read_journal_line(std::string_view{*front}.substr(0, end));
  if (!head || head->what != journal_line::kind::head) {
    auto alone = end + 1 >= journal.end() && begins_as_head(*front);
    return alone ? caf::expected<fit>{fit::torn} : first_line_unreadable(journal);
  }
  if (head->version > journal_version)
    return caf::make_error(ec::unavailable, journal.path() + " is of version "
                                              + std::to_string(head->version)
                                              + ", which this service cannot read");
  if (head->head.snapshot != found_.digest)
    return fit::differs;
  found_.digest = head->head.snapshot;
  return fit::matches;
}

caf::error journal_recovery::first_line_unreadable(const append_file& journal) const {
  return caf::make_error(ec::unavailable,
                         journal.path()
                           + ": its first line cannot be read; put the file right, or "
                             "move it away to go on with what "
                           + in_.path_of(snapshot_name_) + " says");
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
  // One that a journal names by its digest was looked at before. Whatever else is there
  // stays as it is, until the snapshot can be read.
  if (!found_.journal)
    if (auto err = check_snapshot())
      return err;
  if ((*fits == fit::torn || *fits == fit::zeros) && !found_.journal) {
    // It was being made, and nothing in it was ever answered for.
    auto aside = in_.set_aside(journal_name_, "bad");
    if (!aside)
      return std::move(aside.error());
    ++found_.set_aside;
    if (*fits == fit::zeros)
      tell("session-journal-damaged", in_.path_of(journal_name_)
                                        + " began with zeros and was set aside to "
                                        + in_.path_of(*aside));
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
    auto there = in_.find(name);
    if (!there)
      return std::move(there.error());
    if (!*there)
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

caf::error journal_recovery::check_snapshot() const {
  if (found_.snapshot)
    if (auto err = json::check_store(snapshot_text_))
      return caf::make_error(ec::unavailable,
                             in_.path_of(snapshot_name_)
                               + " is no session store: " + text_of(err));
  return caf::none;
}

} // namespace sluice
