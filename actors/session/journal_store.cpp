#include "actors/session/journal_store.hpp"

#include "actors/storage/system_error.hpp"

#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

namespace sluice {

caf::expected<std::unique_ptr<journal_store>>
journal_store::open(const folder& in, const std::string& store, std::string identity_file,
                    io_counts& io, uint64_t file_bytes_max) try {
  auto files = journal_recovery{in, store, file_bytes_max, io}.run();
  if (!files)
    return std::move(files.error());
  return std::unique_ptr<journal_store>{
    new journal_store(in, store, std::move(identity_file), std::move(*files))};
} catch (const std::bad_alloc&) {
  return caf::make_error(ec::unavailable, "there is not enough memory to read "
                                            + in.path_of(store + snapshot_suffix)
                                            + " and its journal");
}

// -- reading -----------------------------------------------------------------------

session_store_info journal_store::info() const {
  return {store_, files_.index.entries(), files_.index.bytes(), files_.mark};
}

caf::expected<std::string> journal_store::read(const indexed_document& x,
                                               io_counts& io) const {
  return read_document(x, files_.snapshot.get(), files_.journal.get(), io);
}

caf::expected<session_lookup> journal_store::load(const std::string& key,
                                                  io_counts& io) const {
  auto* x = files_.index.find(key);
  if (!x)
    return session_lookup{};
  auto document = read(*x, io);
  if (!document)
    return std::move(document.error());
  return session_lookup{true, std::move(*document)};
}

caf::expected<session_changes> journal_store::dump(io_counts& io) const {
  session_changes result{store_, {}, files_.mark};
  result.changes.reserve(files_.index.entries());
  for (auto& [key, x] : files_.index.all()) {
    auto document = read(x, io);
    if (!document)
      return std::move(document.error());
    result.changes.push_back({key, false, std::move(*document), x.updated_at_ms, 0});
  }
  return result;
}

// -- the files ---------------------------------------------------------------------

caf::expected<bool> journal_store::as_left() const {
  auto means = [this](const std::string& suffix,
                      const std::optional<file_identity>& file) -> caf::expected<bool> {
    auto there = in_.find(store_ + suffix);
    if (!there)
      return std::move(there.error());
    return *there == file;
  };
  auto journal_is_there = [&]() -> caf::expected<bool> {
    auto& journal = files_.journal;
    if (left_.journal || !journal)
      return means(journal_suffix, left_.journal);
    auto named = journal->still_named();
    return named ? *named && journal->ends_as_left() : std::move(named);
  };
  auto as_left = journal_is_there();
  if (!as_left || !*as_left)
    return as_left;
  if (left_.snapshot || !files_.snapshot)
    return means(snapshot_suffix, left_.snapshot);
  return files_.snapshot->unchanged();
}

uint64_t journal_store::journal_growth() const {
  return files_.journal ? files_.journal->end() - files_.base : 0;
}

caf::error journal_store::open_journal() {
  if (::access(identity_file_.c_str(), F_OK) != 0)
    return system_failure("the data directory is gone, find", identity_file_, errno);
  if (auto err = in_.make())
    return err;
  auto file = append_file::open(in_.path(), store_ + journal_suffix, in_.rights());
  if (!file)
    return std::move(file.error());
  if ((*file)->end() > 0)
    return caf::make_error(ec::disk_failed, (*file)->path() + " is somebody else's");
  files_.journal = std::move(*file);
  return caf::none;
}

std::shared_ptr<store_compaction> journal_store::prepare_compaction() const {
  return std::make_shared<store_compaction>(
    compaction_input{in_, store_, identity_file_, files_.snapshot, files_.journal,
                     files_.index, files_.mark, left_});
}

caf::error journal_store::adopt(const store_compaction& x) {
  auto other = caf::make_error(ec::disk_failed,
                               in_.path_of(store_) + ": somebody replaced a new file");
  auto snapshot = stored_file::open(in_, store_ + snapshot_suffix);
  if (!snapshot)
    return std::move(snapshot.error());
  if (!*snapshot || x.snapshot_identity() != (*snapshot)->identity()
      || (*snapshot)->size() != x.written().bytes)
    return other;
  auto journal = append_file::find(in_.path(), store_ + journal_suffix);
  if (!journal)
    return std::move(journal.error());
  if (!*journal || (*journal)->end() != x.journal_bytes()
      || x.journal_identity() != file_identity{(*journal)->device(), (*journal)->inode()})
    return other;
  files_.snapshot = std::move(*snapshot);
  files_.journal = std::move(*journal);
  files_.digest = x.written();
  files_.base = x.journal_bytes();
  files_.named_spool = files_.mark.spool_id;
  files_.index.move_to_snapshot(x.places());
  written_mark_ = files_.mark;
  left_ = {};
  needs_rebuild_ = false;
  return caf::none;
}

void journal_store::compaction_failed(const store_compaction& x) {
  if (!x.snapshot_installed())
    return;
  // What would be appended to the old journal would not be read again.
  needs_rebuild_ = true;
  left_.snapshot = x.snapshot_identity();
  if (x.journal_installed())
    left_.journal = x.journal_identity();
}

} // namespace sluice
