#include "actors/storage/sqlite_files.hpp"

#include "actors/detail/wall_clock.hpp"
#include "actors/storage/folder.hpp"
#include "messages/error.hpp"

#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

namespace sluice::sqlite {

namespace {

/// A file that was not written for so long is taken to be whole...
constexpr int64_t quiet_time_ms = 300;
/// ...and is waited for so often, so long.
constexpr int quiet_looks_max = 40;
constexpr std::chrono::milliseconds quiet_look_pause{50};

constexpr std::string_view label = "replaced";

folder folder_of(const std::string& path) {
  auto parent = std::filesystem::path{path}.parent_path();
  return folder{parent.empty() ? "." : parent.string()};
}

std::string name_of(const std::string& path) {
  return std::filesystem::path{path}.filename().string();
}

/// The first name that is free, made as `folder::set_aside` makes them.
std::string free_path(const std::string& path) {
  for (int i = 1;; ++i) {
    auto result = path + '.' + std::string{label} + '-' + std::to_string(i);
    if (!stamp_of(result))
      return result;
  }
}

caf::error copy_into(connection& db, const std::string& to) {
  const sql_row where{to}; // SQLite reads it while it runs
  auto copy = db.prepare("VACUUM INTO ?", sql_origin::sluice);
  auto err = copy ? copy->bind(where) : copy.error();
  if (err)
    return err;
  auto done = copy->step();
  return done ? caf::error{} : done.error();
}

/// Copies what the connection sees into a new file.
rescue copy_aside(connection& db, const std::string& path) {
  auto to = free_path(path);
  auto err = copy_into(db, to);
  if (!err)
    err = folder_of(path).sync();
  if (err) {
    std::error_code ignored;
    std::filesystem::remove(to, ignored); // a part of it is worth nothing
    return {false, "what was in it could not be saved: " + text_of(err)};
  }
  return {false, "what was in it until then is in " + to, to};
}

/// Takes a file of ours away from a name at which SQLite would look for it.
void take_away(rescue& result, const std::string& path,
               const std::optional<file_stamp>& ours, bool keep) {
  auto now = stamp_of(path);
  if (!ours || !now || !now->is_file(*ours))
    return;
  auto where = folder_of(path);
  if (!keep || now->size == 0) {
    if (auto err = where.remove(name_of(path)))
      result.text += "; " + text_of(err);
    return;
  }
  auto kept = where.set_aside(name_of(path), label);
  if (!kept) {
    result.text += "; " + text_of(kept.error());
    return;
  }
  if (result.file.empty()) {
    result.file = where.path_of(*kept);
    result.text +=
      "; what was committed and not moved into it is in the WAL " + result.file;
  }
}

} // namespace

// -- looking --------------------------------------------------------------------

file_watch::file_watch(vfs& files, std::string path, bool wal)
    : files_(files), path_(std::move(path)), wal_path_(files.opened().path + "-wal"),
      index_path_(files.opened().path + "-shm"), wal_(wal) {
  seen_ = files.opened().database.value_or(file_stamp{});
  progress_ = files.progress();
}

std::optional<replacement> file_watch::look() {
  using enum replacement::kind;
  const auto& opened = files_.opened();
  if (!opened.database)
    return std::nullopt;
  auto now = stamp_of(path_);
  if (!now)
    return replacement{database, path_ + " was removed, or its directory"};
  if (!now->is_file(*opened.database))
    return replacement{database, path_ + " was replaced by another file"};
  if (!wal_)
    return std::nullopt;
  auto other = find_other();
  // Whoever has opened it without our WAL may have changed any of its pages.
  auto explained = is_explained(*now, !other);
  if (other && other->by_others)
    return replacement{content, other->path + " was replaced by another file"};
  if (other)
    return replacement{explained ? beside : content, other->path + " was removed"};
  if (!explained)
    return replacement{content, path_ + " was written over"};
  if (is_cut())
    return replacement{content, wal_path_ + " was cut"};
  return std::nullopt;
}

/// Whether the database holds what SQLite has written to it, and nothing else.
bool file_watch::is_explained(const file_stamp& now, bool by_its_pages) {
  auto progress = files_.progress();
  // Somebody's checkpoint moved pages, or is about to.
  auto moved = progress != progress_ || progress.moved != progress.to_move;
  if (progress.salt1 != progress_.salt1 || progress.salt2 != progress_.salt2)
    wal_bytes_ = 0; // the WAL was begun anew
  progress_ = progress;
  auto written = files_.take_written();
  if (now != seen_ && !written && !moved
      && !(by_its_pages && files_.holds_what_was_written()))
    return false;
  seen_ = now;
  return true;
}

/// The WAL or its index, if its path does not name the open one.
std::optional<file_watch::other_file> file_watch::find_other() {
  const auto& opened = files_.opened();
  const auto wal = stamp_of(wal_path_);
  const auto index = stamp_of(index_path_);
  auto is_other = [](const std::optional<file_stamp>& was,
                     const std::optional<file_stamp>& now) {
    return was && (!now || !now->is_file(*was));
  };
  wal_bytes_now_ = wal ? wal->size : 0;
  const auto other_wal = is_other(opened.wal, wal);
  const auto other_index = is_other(opened.index, index);
  if (!other_wal && !other_index)
    return std::nullopt;
  return other_file{other_wal ? wal_path_ : index_path_,
                    (other_wal && wal) || (other_index && index)};
}

bool file_watch::is_cut() {
  if (wal_bytes_now_ < wal_bytes_)
    return true;
  wal_bytes_ = wal_bytes_now_;
  return false;
}

// -- saving ---------------------------------------------------------------------

rescue save_and_close(connection& db, const vfs& files, const replacement& what) {
  using enum replacement::kind;
  const auto opened = files.opened(); // closing forgets them
  const auto& path = opened.path;
  rescue result{false, "what was in it could not be saved"};
  if (what.what == beside) {
    auto moved = db.checkpoint(checkpoint_mode::truncate);
    result.in_place = moved && !moved->busy;
    if (result.in_place)
      result.text = "nothing is lost: what it held was moved into " + path;
  }
  // Over what was written into the file, SQLite's view is a mixture: better than nothing
  // where the WAL cannot be kept as a file.
  auto wal = stamp_of(path + "-wal");
  auto has_wal = wal && opened.wal && wal->is_file(*opened.wal);
  if (!result.in_place && (what.what != content || !has_wal))
    result = copy_aside(db, path);
  if (what.what == content && !result.file.empty())
    result.text += ", mixed with what was written over it";
  db.close();
  auto saved = result.in_place || !result.file.empty();
  take_away(result, path + "-wal", opened.wal, !saved);
  take_away(result, path + "-shm", opened.index, false);
  return result;
}

std::optional<std::string> find_saved(const std::string& path) {
  auto where = folder_of(path);
  auto names = where.names();
  if (!names)
    return std::nullopt;
  for (const auto* suffix : {"", "-wal"}) {
    auto begin = name_of(path) + suffix + '.' + std::string{label} + '-';
    for (const auto& name : *names)
      if (name.starts_with(begin)
          && name.find_first_not_of("0123456789", begin.size()) == name.npos)
        return where.path_of(name);
  }
  return std::nullopt;
}

void wait_until_settled(const std::string& path) {
  for (int i = 0; i < quiet_looks_max; ++i) {
    auto now = stamp_of(path);
    auto age = detail::wall_clock_ms() - (now ? now->written_ns / 1'000'000 : 0);
    if (age < 0 || age > quiet_time_ms)
      return;
    std::this_thread::sleep_for(quiet_look_pause);
  }
}

} // namespace sluice::sqlite
