#include "actors/storage/dead_letters.hpp"

#include "actors/detail/json_text.hpp"
#include "actors/detail/wall_clock.hpp"
#include "actors/storage/system_error.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

/// Lines looked at first; more if all of them are of interest.
constexpr uint64_t lines_first = 64;
constexpr size_t read_bytes_max = 1'073'741'824;

constexpr std::string_view before_number = R"(","seq":)";

/// Only a whole line has it: within strings the quotes are escaped.
constexpr std::string_view before_end = R"(,"time":)";

std::string front_of(const std::string& spool) {
  return R"({"spool":")" + spool + std::string{before_number};
}

/// LF included, if there is one.
std::string_view first_line(std::string_view lines) {
  return lines.substr(0, std::min(lines.find('\n'), lines.size() - 1) + 1);
}

/// A crash may leave a line's beginning, which somebody's newline ended later.
bool is_whole(std::string_view line) {
  auto at = line.rfind(before_end);
  if (at == line.npos || !line.ends_with("}\n"))
    return false;
  auto digits = line.substr(at + before_end.size());
  digits.remove_suffix(2);
  return !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

std::optional<uint64_t> number_of(std::string_view line, std::string_view front) {
  if (!line.starts_with(front) || !is_whole(line))
    return std::nullopt;
  uint64_t seq = 0;
  auto digits = line.substr(front.size());
  auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), seq);
  if (bad != std::errc{})
    return std::nullopt;
  return seq;
}

// -- values -----------------------------------------------------------------------

template <class T>
void append_number(std::string& out, T x) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, x).ptr);
}

void append_blob(std::string& out, std::string_view bytes) {
  out += R"({"$blob":")";
  json::append_base64(out, bytes);
  out += R"("})";
}

struct value_appender {
  std::string& out;

  void operator()(const sql_null&) const { out += "null"; }
  void operator()(int64_t x) const { append_number(out, x); }
  void operator()(double x) const {
    if (std::isfinite(x))
      append_number(out, x);
    else
      out += "null";
  }
  void operator()(const std::string& x) const { json::append_quoted(out, x); }
  void operator()(const sql_blob& x) const { append_blob(out, x.bytes); }
};

void append_row(std::string& out, const sql_row& row) {
  out += '[';
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0)
      out += ',';
    caf::visit(value_appender{out}, row[i]);
  }
  out += ']';
}

void append_statement(std::string& out, const sql_statement& x) {
  out += "\"sql\":";
  json::append_quoted(out, x.sql);
  if (x.params.empty())
    return;
  out += ",\"params\":";
  append_row(out, x.params);
}

/// The members of the request that the write came with.
void append_write(std::string& out, const sql_write& x) {
  if (x.statements.size() != 1) {
    out += "\"statements\":[";
    for (size_t i = 0; i < x.statements.size(); ++i) {
      out += i > 0 ? ",{" : "{";
      append_statement(out, x.statements[i]);
      out += '}';
    }
    out += ']';
    return;
  }
  append_statement(out, x.statements.front());
  if (x.rows.empty())
    return;
  out += ",\"rows\":[";
  for (size_t i = 0; i < x.rows.size(); ++i) {
    if (i > 0)
      out += ',';
    append_row(out, x.rows[i]);
  }
  out += ']';
}

} // namespace

std::string line_of(const std::string& spool, const dead_letter& letter,
                    int64_t time_ms) {
  auto out = front_of(spool);
  append_number(out, letter.what->seq);
  out += ",\"error\":";
  json::append_quoted(out, letter.error);
  out += ',';
  if (letter.what->write.data) {
    append_write(out, *letter.what->write.data);
  } else {
    out += "\"record\":";
    append_blob(out, letter.what->unreadable);
  }
  out += before_end;
  append_number(out, time_ms);
  out += "}\n";
  return out;
}

int64_t last_dead_letter_ms(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || info.st_size == 0)
    return 0;
  return int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000;
}

// -- the file -------------------------------------------------------------------------

caf::error dead_letters::open() {
  if (file_ && file_->still_named())
    return caf::none;
  if (!cfg_.identity_file.empty() && ::access(cfg_.identity_file.c_str(), F_OK) != 0)
    return system_failure("the data directory is gone, find", cfg_.identity_file, errno);
  auto opened = append_file::open(cfg_.directory, cfg_.name);
  if (!opened)
    return std::move(opened.error());
  file_ = std::move(*opened);
  suspect_ = false;
  return caf::none;
}

caf::error dead_letters::load(const std::string& spool, uint64_t after) {
  if (spool == spool_)
    return caf::none;
  known_.clear();
  auto path = cfg_.directory + "/" + cfg_.name;
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    spool_ = spool;
    return caf::none;
  }
  if (auto err = open())
    return err;
  spool_ = spool;
  for (auto n = lines_first;; n *= 2) {
    auto lines = file_->tail(n, read_bytes_max, io_);
    if (!lines) {
      forget();
      return std::move(lines.error());
    }
    auto all = static_cast<uint64_t>(std::count(lines->begin(), lines->end(), '\n')) < n;
    if (learn(*lines, after) || all)
      return doubt(*lines);
  }
}

/// Whoever wrote the known lines died before their commit, and may have taken the
/// kernel's only word of a failed sync along: they are written again before any sync
/// counts. Not if others wrote in between, whose bytes are not ours to cut.
caf::error dead_letters::doubt(std::string_view lines) {
  if (known_.empty())
    return caf::none;
  unsynced_ = true;
  const auto front = front_of(spool_);
  while (!is_known(first_line(lines), front))
    lines.remove_prefix(first_line(lines).size());
  if (static_cast<size_t>(std::count(lines.begin(), lines.end(), '\n')) != known_.size())
    return caf::none;
  suspect_ = true;
  return file_->doubt_from(file_->end() - lines.size(), lines, io_);
}

bool dead_letters::is_known(std::string_view line, std::string_view front) const {
  const auto seq = number_of(line, front);
  return seq && known_.contains(*seq);
}

/// Returns whether an older line is among them: lines come in the order of their
/// numbers, so that none of interest is before it.
bool dead_letters::learn(std::string_view lines, uint64_t after) {
  const auto front = front_of(spool_);
  auto older = false;
  known_.clear();
  while (!lines.empty()) {
    const auto line = first_line(lines);
    lines.remove_prefix(line.size());
    auto seq = number_of(line, front);
    if (seq && *seq > after)
      known_.insert(*seq);
    else
      older = true;
  }
  return older;
}

caf::error dead_letters::add(const std::vector<dead_letter>& letters) {
  if (letters.empty() && !unsynced_)
    return caf::none;
  if (auto err = open())
    return err;
  if (suspect_)
    if (auto err = mend()) {
      // What of our lines the file holds now, only a look into it tells.
      forget();
      return err;
    }
  if (auto err = append(letters))
    return err;
  return sync();
}

/// After a failed sync: what it was to bring to disk is written again.
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
  if (auto err = file_->rewrite_unsynced(*lines, io_))
    return err;
  suspect_ = false;
  return caf::none;
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
  if (auto place = file_->make_ready(io_); !place)
    return std::move(place.error());
  auto done = file_->append(lines);
  io_ += done.io;
  for (auto [seq, end] : ends)
    if (end <= done.bytes) {
      known_.insert(seq);
      unsynced_ = true;
    }
  return done.problem;
}

caf::error dead_letters::sync() {
  auto end = file_->end();
  ++io_.syncs;
  if (auto err = file_->sync()) {
    suspect_ = true;
    return err;
  }
  file_->mark_synced(end);
  unsynced_ = false;
  return caf::none;
}

} // namespace sluice
