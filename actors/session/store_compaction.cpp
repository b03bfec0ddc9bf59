#include "actors/session/store_compaction.hpp"

#include "actors/detail/json_index.hpp"
#include "actors/detail/json_text.hpp"
#include "actors/session/journal_recovery.hpp"
#include "actors/storage/digest.hpp"
#include "actors/storage/system_error.hpp"

#include <unistd.h>

#include <cerrno>

namespace sluice {

namespace {

constexpr size_t write_block_bytes = 1'048'576;
constexpr std::string_view opening = "{\n";
constexpr std::string_view between = ": ";
constexpr std::string_view separator = ",\n";
constexpr std::string_view closing = "\n}\n";

/// Whether the name means the file still that was made under it.
caf::error check_named(const new_file& file, const folder& in, const std::string& name) {
  auto there = in.find(name);
  if (!there)
    return std::move(there.error());
  auto mine = file.identity();
  if (!mine)
    return std::move(mine.error());
  return *there == *mine
           ? caf::error{}
           : caf::make_error(ec::disk_failed,
                             in.path_of(name) + " was replaced while it was written");
}

} // namespace

caf::expected<std::string> read_document(const indexed_document& x,
                                         const stored_file* snapshot,
                                         const append_file* journal, io_counts& io) {
  auto read = [&](const text_range& where) {
    return x.in_journal ? journal->read(where.offset, where.length, io)
                        : snapshot->read(where.offset, where.length, io);
  };
  auto document = read(x.where.document);
  if (document && x.where.newlines.length > 0) {
    auto list = read(x.where.newlines);
    if (!list)
      return list;
    restore_newlines(*document, *list);
  }
  if (document && hash_of(*document) != x.hash)
    return caf::make_error(ec::disk_failed,
                           (x.in_journal ? journal->path() : snapshot->path())
                             + " was changed: a document in it no longer reads as it "
                               "was written");
  return document;
}

std::string_view document_in(std::string_view snapshot, std::string_view value) {
  auto document = json::with_blanks(snapshot, value);
  // The blank behind the colon, and the newline before the last bracket, are the
  // layout's.
  document.remove_prefix(between.size() - 1);
  auto end = static_cast<size_t>(document.data() + document.size() - snapshot.data());
  if (snapshot.substr(end) == closing.substr(1))
    document.remove_suffix(1);
  return document;
}

caf::error store_compaction::run() {
  if (::access(input_.identity_file.c_str(), F_OK) != 0)
    return system_failure("the data directory is gone, find", input_.identity_file,
                          errno);
  auto err = write_snapshot();
  if (!err)
    err = write_journal();
  if (!err)
    err = install_snapshot();
  if (!err)
    err = install_journal();
  if (err && !snapshot_installed_) {
    // A file that stays behind is no harm: it is removed before the next is made.
    for (const auto* file : {&journal_file_, &snapshot_file_})
      if (*file)
        (*file)->discard(input_.in);
  }
  return err;
}

// -- new files ---------------------------------------------------------------------

std::string store_compaction::beside(const std::string& suffix) const {
  return input_.store + suffix + beside_suffix;
}

uint64_t store_compaction::snapshot_bytes() const {
  auto sum = opening.size() + closing.size();
  std::string quoted;
  for (auto& [key, x] : input_.index.all()) {
    quoted.clear();
    json::append_quoted(quoted, key);
    sum += quoted.size() + between.size() + x.where.document.length + separator.size();
  }
  return sum;
}

caf::error store_compaction::write_snapshot() {
  auto names = open_folder::at(input_.in.path());
  if (!names)
    return std::move(names.error());
  names_ = std::move(*names);
  failures_heard_ = names_->failures();
  // One that was made for another snapshot must not be found with this one.
  if (auto err = input_.in.remove(beside(journal_suffix)))
    return err;
  auto file = new_file::create(input_.in, beside(snapshot_suffix));
  if (!file)
    return std::move(file.error());
  snapshot_file_ = std::move(*file);
  if (auto err = snapshot_file_->reserve(snapshot_bytes()))
    return err;
  digest sum;
  if (auto err = write_documents(*snapshot_file_, sum))
    return err;
  written_.sha256 = sum.hex();
  written_.ours = true;
  auto identity = snapshot_file_->identity();
  if (!identity)
    return std::move(identity.error());
  snapshot_ = *identity;
  return snapshot_file_->sync(io_);
}

caf::error store_compaction::write_documents(new_file& file, digest& sum) {
  std::string block{opening};
  auto write_block = [&]() -> caf::error {
    sum.add(block);
    written_.bytes += block.size();
    auto err = file.write(block, io_);
    block.clear();
    return err;
  };
  auto first = true;
  for (auto& [key, x] : input_.index.all()) {
    auto document = read_document(x, input_.snapshot.get(), input_.journal.get(), io_);
    if (!document)
      return std::move(document.error());
    if (!std::exchange(first, false))
      block += separator;
    json::append_quoted(block, key);
    block += between;
    places_.push_back({written_.bytes + block.size(), document->size()});
    block += *document;
    if (block.size() >= write_block_bytes)
      if (auto err = write_block())
        return err;
  }
  block += closing;
  return write_block();
}

caf::error store_compaction::write_journal() {
  auto lines = head_line({input_.mark, written_});
  for (auto& [key, x] : input_.index.all())
    if (!x.own_time)
      append_time_line(lines, key, x.updated_at_ms);
  journal_bytes_ = lines.size();
  auto file = new_file::create(input_.in, beside(journal_suffix));
  if (!file)
    return std::move(file.error());
  journal_file_ = std::move(*file);
  if (auto err = journal_file_->write(lines, io_))
    return err;
  auto identity = journal_file_->identity();
  if (!identity)
    return std::move(identity.error());
  journal_ = *identity;
  if (auto err = journal_file_->sync(io_))
    return err;
  return sync_names();
}

caf::error store_compaction::sync_names() {
  const auto problem = names_->sync(failures_heard_);
  return problem == 0 ? caf::error{} : sync_failure(input_.in.path(), problem);
}

// -- in their places ---------------------------------------------------------------

caf::expected<bool> store_compaction::is_our_snapshot(const file_identity& x) const {
  if (input_.left.snapshot == x)
    return true;
  if (!input_.snapshot || input_.snapshot->identity() != x)
    return false;
  return input_.snapshot->unchanged();
}

bool store_compaction::is_our_journal(const file_identity& x) const {
  auto& file = input_.journal;
  if (input_.left.journal == x)
    return true;
  return file && file_identity{file->device(), file->inode()} == x
         && file->ends_as_left();
}

caf::error store_compaction::put_aside(const std::string& name) {
  auto aside = input_.in.set_aside(name, "foreign");
  if (!aside)
    return std::move(aside.error());
  set_aside_.push_back(*aside);
  return caf::none;
}

/// Nothing of the store is touched where another compaction has begun since.
caf::error store_compaction::install_snapshot() {
  auto name = input_.store + snapshot_suffix;
  if (auto err = check_named(*snapshot_file_, input_.in, beside(snapshot_suffix)))
    return err;
  auto there = input_.in.find(name);
  if (!there)
    return std::move(there.error());
  auto ours = *there ? is_our_snapshot(**there) : caf::expected<bool>{true};
  if (!ours)
    return std::move(ours.error());
  if (!*ours)
    if (auto err = put_aside(name))
      return err;
  if (auto err = snapshot_file_->take_place(input_.in, name))
    return err;
  snapshot_installed_ = true;
  return sync_names();
}

caf::error store_compaction::install_journal() {
  auto name = input_.store + journal_suffix;
  if (auto err = check_named(*journal_file_, input_.in, beside(journal_suffix)))
    return err;
  auto there = input_.in.find(name);
  if (!there)
    return std::move(there.error());
  if (*there && !is_our_journal(**there))
    if (auto err = put_aside(name))
      return err;
  if (auto err = journal_file_->take_place(input_.in, name))
    return err;
  journal_installed_ = true;
  return sync_names();
}

} // namespace sluice
