#include "actors/storage/dead_letters.hpp"

#include "actors/detail/wall_clock.hpp"
#include "actors/storage/folder.hpp"
#include "actors/storage/lines_from_end.hpp"
#include "actors/storage/sync_token.hpp"
#include "actors/storage/system_error.hpp"
#include "messages/error.hpp"

#include <unistd.h>

#include <cerrno>

namespace sluice {

namespace {

/// Of a line these two tell what it is; between them may be megabytes.
constexpr uint64_t front_bytes_max = 128;
constexpr uint64_t end_bytes_max = 64;

/// What is in doubt and longer than this is not looked at again, but set aside.
constexpr uint64_t doubt_bytes_max = 67'108'864;

caf::expected<std::string> ends_of(const append_file& file, lines_from_end::place line,
                                   io_counts& io) {
  if (line.size <= front_bytes_max + end_bytes_max)
    return file.read(line.offset, line.size, io);
  auto front = file.read(line.offset, front_bytes_max, io);
  if (!front)
    return front;
  auto end = file.read(line.offset + line.size - end_bytes_max, end_bytes_max, io);
  if (!end)
    return end;
  return *front + '\0' + *end; // so that nothing is read across
}

} // namespace

caf::expected<int64_t> last_dead_letter_ms(const std::string& path) {
  const auto there = look_at(path);
  if (there.problem != 0 && !there.absent())
    return system_failure("look at", path, there.problem);
  return there.size == 0 ? int64_t{0} : there.modified_ns / 1'000'000;
}

caf::expected<uint64_t> dead_letter_bytes(const std::string& path) {
  const auto there = look_at(path);
  if (there.problem != 0 && !there.absent())
    return system_failure("look at", path, there.problem);
  return static_cast<uint64_t>(there.size);
}

caf::error dead_letters_full(const std::string& path, uint64_t bytes_max) {
  return caf::make_error(ec::disk_full,
                         path
                           + " holds as much SQL that the database refused as "
                             "sqlite.max-dead-letter-bytes allows, "
                           + std::to_string(bytes_max) + " bytes: move it away");
}

// -- what is there --------------------------------------------------------------

caf::error dead_letters::open() {
  if (file_) {
    auto named = file_->still_named();
    if (!named || *named)
      return named ? caf::error{} : std::move(named.error());
  }
  if (!cfg_.identity_file.empty() && ::access(cfg_.identity_file.c_str(), F_OK) != 0)
    return system_failure("the data directory is gone, find", cfg_.identity_file, errno);
  auto opened = append_file::open(cfg_.directory, cfg_.name, cfg_.rights);
  if (!opened)
    return std::move(opened.error());
  // Its lines may be gone with it, or never reach the disk: they are written anew.
  const auto lost = unsynced_ && !known_.empty();
  file_ = std::move(*opened);
  unsynced_ = false;
  if (!lost)
    return caf::none;
  forget();
  return caf::make_error(ec::unavailable, "somebody took " + file_->path()
                                            + " away before all its lines were on disk");
}

caf::error dead_letters::load(const std::string& spool, uint64_t after) {
  if (spool == spool_)
    return caf::none;
  known_.clear();
  auto there = folder{cfg_.directory}.find(cfg_.name);
  if (!there)
    return std::move(there.error());
  if (!*there) {
    spool_ = spool;
    return caf::none;
  }
  if (auto err = open())
    return err;
  spool_ = spool;
  auto err = learn(after);
  if (err)
    forget();
  return err;
}

/// Lines come in the order of their spools and numbers, so that none of interest is
/// before an older one. Half a line that a death left, or what others wrote, is none.
caf::error dead_letters::learn(uint64_t after) {
  // Somebody may have made it shorter than it was left, or longer.
  const auto size = dead_letter_bytes(file_->path());
  if (!size)
    return size.error();
  known_.clear();
  lines_from_end all{*file_, *size, io_};
  auto from = *size;
  size_t lines = 0;
  size_t lines_from_known = 0;
  for (;;) {
    auto line = all.next();
    if (!line)
      return std::move(line.error());
    if (!*line)
      break;
    auto text = ends_of(*file_, **line, io_);
    if (!text)
      return std::move(text.error());
    lines += text->ends_with('\n') ? 1 : 0;
    if (const auto seq = number_of(*text, spool_); seq && *seq > after) {
      known_.emplace(*seq, known_line{(*line)->offset, (*line)->size});
      from = (*line)->offset;
      lines_from_known = lines;
    } else if (is_dead_letter(*text)) {
      break;
    }
  }
  return doubt(from, *size, lines_from_known);
}

/// Whoever wrote the known lines died before their commit, and may have taken the
/// kernel's only word of a failed sync along: they are written again before any sync
/// counts. If others wrote in between, whose bytes are not ours to cut, the file is set
/// aside then.
caf::error dead_letters::doubt(uint64_t from, uint64_t size, size_t lines) {
  if (known_.empty())
    return caf::none;
  unsynced_ = true;
  file_->distrust();
  const auto ours = lines == known_.size() && size - from <= doubt_bytes_max;
  auto text = ours ? file_->read(from, size - from, io_)
                   : caf::expected<std::string>{std::string{}};
  return text ? file_->doubt_from(from, *text, io_) : std::move(text.error());
}

bool dead_letters::contains(const queued_write& x) {
  const auto place = known_.find(x.seq);
  if (place == known_.end())
    return false;
  auto& line = place->second;
  if (line.safe || !line.text.empty())
    return true;
  auto text = file_ ? file_->read(line.offset, line.size, io_)
                    : caf::expected<std::string>{ec::unavailable};
  if (!text || !is_line_of(*text, spool_, x)) {
    known_.erase(place);
    return false;
  }
  // What was synced since is on disk as it reads.
  line.safe = !unsynced_;
  if (unsynced_)
    line.text = std::move(*text);
  return true;
}

// -- adding ---------------------------------------------------------------------

size_t dead_letters::line_bytes(const dead_letter& letter) const {
  return line_of(spool_, letter, detail::wall_clock_ms()).size();
}

/// What cannot be looked at tells so as it is written to.
caf::error dead_letters::check_room(uint64_t bytes_before) const {
  const auto path = cfg_.directory + '/' + cfg_.name;
  const auto there = dead_letter_bytes(path);
  return there && *there + bytes_before >= cfg_.bytes_max
           ? dead_letters_full(path, cfg_.bytes_max)
           : caf::error{};
}

caf::error dead_letters::add(const std::vector<dead_letter>& letters) {
  if (letters.empty() && !unsynced_)
    return caf::none;
  if (auto err = open())
    return err;
  if (file_->suspect())
    if (auto err = mend()) {
      // What of our lines the file holds now, only a look into it tells.
      forget();
      return err;
    }
  if (auto err = append(letters))
    return err;
  return sync();
}

/// After a failed sync: what it was to bring to disk is written again. What counts comes
/// from memory, since the page cache may have lost it; what else is there is nobody's to
/// take away.
caf::error dead_letters::mend() {
  if (!file_->unsynced_is_ours()) {
    auto aside = file_->set_aside();
    file_.reset();
    if (!aside)
      return std::move(aside.error());
    return caf::make_error(ec::unavailable,
                           "a sync failed, and others wrote to the file, "
                           "which is set aside as "
                             + *aside);
  }
  auto lines = file_->read_unsynced(io_);
  if (!lines)
    return std::move(lines.error());
  const auto from = file_->synced_end();
  for (const auto& [seq, line] : known_)
    if (!line.text.empty() && line.offset >= from)
      lines->replace(line.offset - from, line.size, line.text);
  return file_->rewrite_unsynced(*lines, io_);
}

caf::error dead_letters::append(const std::vector<dead_letter>& letters) {
  std::string lines;
  std::vector<std::pair<uint64_t, size_t>> ends;
  const auto now = detail::wall_clock_ms();
  for (const auto& x : letters) {
    lines += line_of(spool_, x, now);
    ends.emplace_back(x.what->seq, lines.size());
  }
  if (lines.empty())
    return caf::none;
  const auto place = file_->make_ready(io_);
  if (!place)
    return place.error();
  auto done = file_->append(lines);
  io_ += done.io;
  size_t begin = 0;
  for (auto [seq, end] : ends) {
    if (end > done.bytes)
      break;
    known_.insert_or_assign(seq, known_line{place->offset + begin, end - begin, false,
                                            lines.substr(begin, end - begin)});
    unsynced_ = true;
    begin = end;
  }
  return done.problem;
}

caf::error dead_letters::sync() {
  ++io_.syncs;
  if (auto err = sync_token{file_}.run_here())
    return err;
  unsynced_ = false;
  for (auto& [seq, line] : known_)
    if (!line.text.empty())
      line = {line.offset, line.size, true, {}};
  return caf::none;
}

} // namespace sluice
