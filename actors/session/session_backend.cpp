#include "actors/session/session_backend.hpp"

#include "actors/storage/folder.hpp"
#include "actors/storage/stored_file.hpp"
#include "actors/storage/system_error.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <utility>

namespace sluice {

namespace {

constexpr auto name_file = "backend";

/// What one write brings over at most, a larger document apart.
constexpr uint64_t piece_bytes_max = 4'194'304;
constexpr size_t piece_changes_max = 1000;

} // namespace

void session_backend_state::init(session_backend_config config) {
  config_ = std::move(config);
  left_ = left_sessions{folder{config_.directory, config_.rights}};
}

// -- the name ----------------------------------------------------------------------

caf::expected<std::optional<session_keeper>> session_backend_state::read_name() const {
  auto file = stored_file::open(folder{config_.directory}, name_file);
  if (!file)
    return std::move(file.error());
  std::optional<session_keeper> nobody;
  if (!*file)
    return nobody;
  io_counts unused;
  auto text = (*file)->read(0, std::min<uint64_t>((*file)->size(), 64), unused);
  if (!text)
    return std::move(text.error());
  for (auto keeper : {session_keeper::journal, session_keeper::database})
    if (*text == to_string(keeper) + "\n" || *text == to_string(keeper))
      return std::optional{keeper};
  return caf::make_error(ec::unavailable,
                         (*file)->path() + " must say journal or database");
}

/// What is left first: who dies in between leaves what is true of either keeper, since
/// they have the same.
caf::error session_backend_state::write_names() const {
  if (::access(config_.identity_file.c_str(), F_OK) != 0)
    return system_failure("the data directory is gone, find", config_.identity_file,
                          errno);
  folder in{config_.directory, config_.rights};
  if (auto err = in.make())
    return err;
  if (auto err = left_.write())
    return err;
  return in.replace(name_file, to_string(config_.wanted) + "\n");
}

// -- who has what ------------------------------------------------------------------

const session_archive_actor& session_backend_state::wanted_one() const {
  return config_.wanted == session_keeper::journal ? journal_ : rows_;
}

const session_archive_actor& session_backend_state::other_one() const {
  return config_.wanted == session_keeper::journal ? rows_ : journal_;
}

template <class Answer, class... Args, class Then>
void session_backend_state::ask(const session_archive_actor& who, Then then,
                                Args... args) {
  self_->request(who, caf::infinite, std::move(args)...)
    .then([then](Answer& x) mutable { then(x); },
          [this](caf::error& err) { fail(std::move(err)); });
}

caf::result<session_conversion>
session_backend_state::convert(session_archive_actor journal,
                               session_archive_actor rows) {
  if (answer_.pending())
    return caf::make_error(ec::overloaded, "a conversion is running");
  auto named = read_name();
  if (!named)
    return std::move(named.error());
  named_ = *named;
  done_ = {config_.wanted, false, 0, 0};
  if (named_ == config_.wanted)
    return done_;
  if (auto err = left_.read())
    return err;
  journal_ = std::move(journal);
  rows_ = std::move(rows);
  answer_ = detail::owe<session_conversion>(self_);
  auto rp = answer_;
  // Without a name the files are looked through only if they are to be brought over.
  if (!named_ && config_.wanted == session_keeper::journal)
    ask_other({});
  else
    ask<infos>(
      wanted_one(), [this](infos& wanted) { ask_other(wanted); }, atom::stores_v);
  return rp;
}

void session_backend_state::ask_other(const infos& wanted) {
  ask<infos>(
    other_one(), [this, wanted](infos& other) { know_both(wanted, other); },
    atom::stores_v);
}

void session_backend_state::know_both(const infos& wanted, const infos& other) {
  // Without a name the sessions are rows, as in the version that named no keeper; if
  // there are none, they are where there are any.
  auto here = !named_ && config_.wanted == session_keeper::database && !wanted.empty();
  infos concerned;
  if (!here)
    concerned = other;
  // What an earlier time left with the wanted keeper is out of date.
  if (named_)
    concerned.insert(concerned.end(), wanted.begin(), wanted.end());
  for (auto& x : concerned) {
    // One that nobody can read would be left behind, or written over.
    if (!x.unreadable.empty()) {
      fail(caf::make_error(ec::unavailable,
                           "the sessions cannot be brought to session.backend="
                             + to_string(config_.wanted) + ": " + x.unreadable));
      return;
    }
    stores_.push_back(x.store);
  }
  found_.clear();
  for (auto& x : other)
    found_.emplace(x.store, x);
  std::sort(stores_.begin(), stores_.end(), std::greater<>{});
  stores_.erase(std::unique(stores_.begin(), stores_.end()), stores_.end());
  done_.converted = named_.has_value() || !stores_.empty();
  next_store();
}

// -- one store after the other -----------------------------------------------------

void session_backend_state::next_store() {
  if (stores_.empty()) {
    finish();
    return;
  }
  auto store = std::move(stores_.back());
  stores_.pop_back();
  ++done_.stores;
  ask<session_changes>(
    other_one(), [this](session_changes& all) { take_over(std::move(all)); },
    atom::dump_v, store);
}

caf::error session_backend_state::check(const session_changes& from) const {
  auto found = found_.find(from.store);
  auto entries = found == found_.end() ? 0 : found->second.entries;
  auto mark = found == found_.end() ? session_mark{} : found->second.mark;
  if (from.changes.size() == entries && from.mark == mark)
    return caf::none;
  return caf::make_error(ec::unavailable,
                         "the sessions cannot be brought to session.backend="
                           + to_string(config_.wanted) + ": store " + from.store
                           + " was changed, or taken away, since it was found");
}

void session_backend_state::take_over(session_changes from) {
  if (auto err = check(from)) {
    fail(std::move(err));
    return;
  }
  auto store = from.store;
  ask<session_changes>(
    wanted_one(),
    [this, all = std::move(from)](const session_changes& there) mutable {
      bring(std::move(all), there);
    },
    atom::dump_v, store);
}

/// Plans what makes the store there the same as this one.
void session_backend_state::bring(session_changes all, const session_changes& there) {
  std::map<std::string_view, const session_change*> stored;
  for (auto& x : there.changes)
    stored.emplace(x.key, &x);
  // What nobody brought from there is not ours to delete, whatever it is.
  auto out_of_date = named_ && left_.is_out_of_date(there);
  if (auto err = out_of_date ? left_.begin(all.store) : caf::error{}) {
    fail(std::move(err));
    return;
  }
  left_.leave(all);
  rest_ = {all.store, {}, all.mark};
  done_.documents += all.changes.size();
  for (auto& x : all.changes) {
    auto found = stored.find(x.key);
    auto same = found != stored.end() && found->second->document == x.document;
    if (found != stored.end())
      stored.erase(found);
    if (!same)
      rest_.changes.push_back(std::move(x));
  }
  if (out_of_date)
    for (auto& [key, x] : stored)
      rest_.changes.push_back({std::string{key}, true, {}, 0, 0});
  brought_ = 0;
  next_piece();
}

/// Writes a part of it; the last one says the mark, and is synced.
void session_backend_state::next_piece() {
  session_changes piece{rest_.store, {}, {}};
  uint64_t bytes = 0;
  for (; brought_ < rest_.changes.size(); ++brought_) {
    auto& x = rest_.changes[brought_];
    bytes += x.key.size() + x.document.size();
    auto full = bytes > piece_bytes_max || piece.changes.size() >= piece_changes_max;
    if (full && !piece.changes.empty())
      break;
    piece.changes.push_back(std::move(x));
  }
  auto is_last = brought_ == rest_.changes.size();
  if (is_last)
    piece.mark = rest_.mark;
  auto level = is_last ? durability::disk : durability::ram;
  ask<session_applied>(
    wanted_one(),
    [this, is_last, level](const session_applied& done) {
      if (done.level < level)
        fail(caf::make_error(ec::disk_failed, "converted sessions were not synced"));
      else if (is_last)
        next_store();
      else
        next_piece();
    },
    atom::apply_v, std::move(piece), level);
}

// -- the end -----------------------------------------------------------------------

void session_backend_state::finish() {
  if (auto err = write_names())
    fail(std::move(err));
  else
    std::exchange(answer_, {}).deliver(done_);
  journal_ = session_archive_actor{};
  rows_ = session_archive_actor{};
}

void session_backend_state::fail(caf::error reason) {
  stores_.clear();
  rest_ = {};
  std::exchange(answer_, {}).deliver(std::move(reason));
}

status_report session_backend_state::status() const {
  status_report report;
  report.name = name;
  report.state = {{"keeper", to_string(config_.wanted)},
                  {"stores", static_cast<int64_t>(done_.stores)},
                  {"documents", static_cast<int64_t>(done_.documents)}};
  return report;
}

stop_report session_backend_state::stop() {
  self_->quit();
  stop_report report;
  report.name = name;
  return report;
}

session_backend_actor::behavior_type
session_backend(session_backend_actor::stateful_pointer<session_backend_state> self,
                session_backend_config config) {
  auto* st = &self->state;
  st->init(std::move(config));
  return {
    [st](atom::convert, session_archive_actor& journal, session_archive_actor& rows) {
      return st->convert(std::move(journal), std::move(rows));
    },
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice
